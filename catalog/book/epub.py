"""Writing an EPUB: chapters and pictures, packed so that every reader opens them.

* EPUB 3 with a list of contents of EPUB 2 beside it: phones have readers of both ages.
* The same course gives the same bytes: no clock, no chance.
* It has limits of its own in pages and bytes; pictures that would pass them stay out, the words stay.
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from catalog.book.chapter import Chapter, chapter
from catalog.search.texts.page import PAGE_BYTES_MAX

PAGES_MAX = 500
BOOK_BYTES_MAX = 40 << 20
PICTURE_BYTES_MAX = 6 << 20
LETTERS_MIN = 200
"""With less text than this it is a program and no book."""
PICTURES = {
    ".gif": "image/gif", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".png": "image/png", ".svg": "image/svg+xml",
    ".webp": "image/webp",
}  # fmt: skip
_MOMENT = (1980, 1, 1, 0, 0, 0)
_CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?><container version="1.0"'
    ' xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


@dataclass(frozen=True, slots=True)
class Book:
    """What a book is made of: files of the course under `tree`, `start` before the other pages."""

    tree: Path
    start: str
    pages: Sequence[str]
    title: str
    language: str
    identifier: str
    licence: str = ""
    is_ordered: bool = False
    """A book from the beginning: its pages come as they are named, however few words it has."""


def write_book(book: Book, target: Path) -> bool:
    """Write it to `target`; False, and nothing written, where there is too little to read."""
    pages = list(book.pages[:PAGES_MAX]) if book.is_ordered else _in_order(book)
    names = {path: f"p{number:03}.xhtml" for number, path in enumerate(pages, 1)}
    chapters: list[tuple[str, Chapter]] = []
    pictures: dict[str, str] = {}
    for path in pages:
        one = chapter(_page(book, path), path, lambda found: _picture(book, found, pictures), names.get)
        if one.letters or one.pictures:
            chapters.append((names[path], one))
    if not chapters or (not book.is_ordered and sum(one.letters for _, one in chapters) < LETTERS_MIN):
        return False
    with zipfile.ZipFile(target, "w") as archive:
        _add(archive, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
        _add(archive, "META-INF/container.xml", _CONTAINER.encode())
        _add(archive, "book/book.opf", _package(book, chapters, pictures).encode())
        _add(archive, "book/nav.xhtml", _contents(book, chapters).encode())
        _add(archive, "book/toc.ncx", _old_contents(book, chapters).encode())
        for name, one in chapters:
            _add(archive, f"book/{name}", _document(book, one.title, one.body).encode())
        for path, name in pictures.items():
            _add(archive, f"book/{name}", (book.tree / path).read_bytes(), zipfile.ZIP_STORED)
    return True


def _in_order(book: Book) -> list[str]:
    """The pages as somebody reads them who follows the links; those that no link leads to come last."""
    known = dict.fromkeys(book.pages)
    order = [book.start] if book.start in known else []
    for path in order:  # grows as it goes
        for link in chapter(
            _page(book, path), path, lambda _: None, lambda found: found if found in known else None
        ).links:
            if link not in order and len(order) < PAGES_MAX:
                order.append(link)
    return [*order, *(path for path in known if path not in order)][:PAGES_MAX]


def _page(book: Book, path: str) -> bytes:
    with (book.tree / path).open("rb") as file:
        return file.read(PAGE_BYTES_MAX)


def _picture(book: Book, path: str, pictures: dict[str, str]) -> str | None:
    """What a picture is called in the book; None where it is none, is missing, or would be too much."""
    suffix = Path(path).suffix.lower()
    if path in pictures or suffix not in PICTURES or path.startswith(("/", "..")):
        return pictures.get(path)
    try:
        size = (book.tree / path).stat().st_size
        taken = sum((book.tree / one).stat().st_size for one in pictures)
    except OSError:
        return None
    if size > PICTURE_BYTES_MAX or taken + size > BOOK_BYTES_MAX * 3 // 4:
        return None
    pictures[path] = f"i{len(pictures) + 1:03}{suffix}"
    return pictures[path]


def _package(book: Book, chapters: Sequence[tuple[str, Chapter]], pictures: Mapping[str, str]) -> str:
    items = "".join(
        [
            '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
            '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
            *(f'<item id="{name[:-6]}" href="{name}" media-type="application/xhtml+xml"/>' for name, _ in chapters),
            *(_picture_item(name) for name in pictures.values()),
        ]
    )
    order = "".join(f'<itemref idref="{name[:-6]}"/>' for name, _ in chapters)
    rights = f"<dc:rights>{escape(book.licence)}</dc:rights>" if book.licence else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"'
        ' unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">{escape(book.identifier)}</dc:identifier><dc:title>{escape(book.title)}</dc:title>'
        f"<dc:language>{escape(book.language)}</dc:language>{rights}"
        '<meta property="dcterms:modified">1980-01-01T00:00:00Z</meta></metadata>'
        f'<manifest>{items}</manifest><spine toc="ncx">{order}</spine></package>'
    )


def _picture_item(name: str) -> str:
    stem, _, suffix = name.partition(".")
    return f'<item id="{stem}" href="{name}" media-type="{PICTURES["." + suffix]}"/>'


def _contents(book: Book, chapters: Sequence[tuple[str, Chapter]]) -> str:
    rows = "".join(f'<li><a href="{name}">{escape(title)}</a></li>' for name, title in _titles(book, chapters))
    body = f'<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol>{rows}</ol></nav>'
    return _document(book, book.title, body)


def _old_contents(book: Book, chapters: Sequence[tuple[str, Chapter]]) -> str:
    points = "".join(
        f'<navPoint id="n{number}" playOrder="{number}"><navLabel><text>{escape(title)}</text></navLabel>'
        f'<content src="{name}"/></navPoint>'
        for number, (name, title) in enumerate(_titles(book, chapters), 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">'
        f'<head><meta name="dtb:uid" content="{escape(book.identifier)}"/></head>'
        f"<docTitle><text>{escape(book.title)}</text></docTitle><navMap>{points}</navMap></ncx>"
    )


def _titles(book: Book, chapters: Sequence[tuple[str, Chapter]]) -> Iterator[tuple[str, str]]:
    for number, (name, one) in enumerate(chapters, 1):
        yield name, one.title or f"{book.title} {number}"


def _document(book: Book, title: str, body: str) -> str:
    side = "rtl" if book.language.partition("-")[0] in ("ar", "fa", "he", "ps", "sd", "ug", "ur") else "ltr"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"'
        f' lang="{escape(book.language)}" xml:lang="{escape(book.language)}" dir="{side}">'
        f"<head><title>{escape(title or book.title)}</title></head><body>{body}</body></html>"
    )


def _add(archive: zipfile.ZipFile, name: str, data: bytes, compression: int = zipfile.ZIP_DEFLATED) -> None:
    info = zipfile.ZipInfo(name, _MOMENT)
    info.compress_type = compression
    archive.writestr(info, data)
