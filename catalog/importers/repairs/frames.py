"""Frames: courses made of frames, in which a menu leads the frame beside it.

* The box shows strangers' pages where they can lead no window away, and there browsers let no frame lead another. A
  script of ours in each page asks the page around both, which may.
* Only a course that has a `<frameset>` gets it, and the report says so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from posixpath import dirname, relpath
from urllib.parse import quote

from catalog.importers.intake import Intake
from catalog.importers.source import Tree, beginning

SCRIPT = Path(__file__).parent / "static" / "frames.js"
PLACE = "vendored/frames.js"
PAGES_LOOKED_AT_MAX = 300
LOOKED_AT_BYTES = 16 << 10
HEAD_BYTES_MAX = 64 << 10

_PAGE = (".html", ".htm", ".xhtml")
_FRAMESET = re.compile(rb"<frameset[\s>]", re.IGNORECASE)
_BEGINNING = re.compile(rb"<head(?:\s[^>]{0,500})?>|<(?:body|frameset|script|meta|title)[\s>]", re.IGNORECASE)
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,200}(?:<!doctype[^>]{0,500}>)?", re.IGNORECASE)
_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")


def framed(tree: Tree, files: Mapping[str, str]) -> str | None:
    """The path in the package of a page that is made of frames, among those that lie highest; None where none is."""
    pages = [(path.count("/"), path, found) for found, path in files.items() if path.lower().endswith(_PAGE)]
    for _, path, found in sorted(pages)[:PAGES_LOOKED_AT_MAX]:
        if _FRAMESET.search(beginning(tree, found, LOOKED_AT_BYTES)):
            return path
    return None


def led(path: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of the page at `path` with the script at the beginning of its head."""
    pieces = iter(pieces)
    held = b""
    found = None
    for piece in pieces:
        held += piece
        found = _BEGINNING.search(held)
        if found is not None or len(held) > HEAD_BYTES_MAX:
            break
    if held.startswith(_MARKS_16):
        yield held
    else:
        found = found or _BEFORE.match(held)
        at = 0 if found is None else found.start() if _is_after(found[0]) else found.end()
        address = quote(relpath(PLACE, dirname(path) or "."))
        yield held[:at] + f'<script src="{address}"></script>'.encode() + held[at:]
    yield from pieces


def _is_after(tag: bytes) -> bool:
    """Tell whether the script belongs before what was found, rather than behind it."""
    return re.match(rb"<(?!head|!)", tag, re.IGNORECASE) is not None


def add(page: str, folder: str, intake: Intake) -> None:
    """Take in the script, under the package's folder, for a package whose `page` is made of frames."""
    intake.add(f"{folder}/{PLACE}", [SCRIPT.read_bytes()], is_counted=False)
    intake.report.repaired.append(f"{page}: made of frames; a script was put into the pages, so that menus lead them.")
