"""Kinds: what a file is by its first bytes, beside what its name says.

* A page that lies under the name of a script or a picture is said: it is the error page that was saved in its place.
* A page under a name that no browser opens (`lesson.php`) gets a name that one does; its links follow.
* Names decide what a browser is told (`catalog/media.py`); so nothing here can make a program of a picture.
"""

import re
from pathlib import PurePosixPath

from catalog.media import BYTES, media_type

HEAD_BYTES = 1_024
PAGE = "text/html"
PICTURE_BYTES_MAX = 8 << 20
PAGE_BYTES_MAX = 4 << 20

_PAGE = re.compile(
    rb"\s{0,200}(?:<\?xml[^>]{0,200}>\s{0,200})?(?:<!--.{0,500}?-->\s{0,200})?<(?:!doctype\s{1,20}html|html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"), (b"wOFF", "font/woff"), (b"wOF2", "font/woff2"), (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"), (b"fLaC", "audio/flac"), (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\0asm", "application/wasm"), (b"PK\x03\x04", "application/zip"), (b"BM", "image/bmp"),
)  # fmt: skip
_PAGES = {PAGE, "application/xhtml+xml"}
_LIVING = {"text/javascript", "text/css", "application/json", "application/wasm", "text/vtt"}
_SAME = {
    frozenset(pair)
    for pair in (("audio/ogg", "video/ogg"), ("video/webm", "audio/webm"), ("application/zip", "application/epub+zip"))
}


def by_content(head: bytes) -> str:
    """The media type that the first bytes tell; "" where they tell none."""
    if _PAGE.match(head.removeprefix(b"\xef\xbb\xbf")):
        return PAGE
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "")


def name_for(path: str, head: bytes) -> str:
    """The name under which a browser opens it: its own, or with the suffix that its content wants."""
    return f"{path}.html" if media_type(path) == BYTES and by_content(head) == PAGE else path


def type_of(path: str, head: bytes) -> str:
    """Its media type: by its name; where that says nothing, or names another kind of picture, by its content."""
    named, found = media_type(path), by_content(head)
    is_picture = named.startswith("image/") and found.startswith("image/") and named != "image/svg+xml"
    return found if (named == BYTES and found not in ("", PAGE)) or is_picture else named


def complaint(path: str, head: bytes) -> str:
    """What is wrong with a file whose content is not what its name says; "" where nothing is."""
    named, found = media_type(path), by_content(head)
    what = PurePosixPath(path).suffix.lower()
    if found == PAGE and named not in _PAGES and named not in (BYTES, "application/xml", "text/plain", "image/svg+xml"):
        return f"{path}: holds a web page in place of a {what} file, probably a saved error page; what needs it fails."
    is_other = found and named in _LIVING and found != named and frozenset((found, named)) not in _SAME
    return f"{path}: is called {what} and holds {found}; what needs it fails." if is_other else ""


def is_oversize(media_type: str, size_bytes: int) -> bool:
    """Tell whether a file is heavier than a phone on a shared Wi-Fi should be asked to load at once."""
    is_page = media_type in _PAGES or media_type in ("text/css", "text/javascript")
    return (media_type.startswith("image/") and size_bytes > PICTURE_BYTES_MAX) or (
        is_page and size_bytes > PAGE_BYTES_MAX
    )
