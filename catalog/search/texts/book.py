"""The text of an EPUB: its chapters in the order in which they are read.

* Its lists are read as HTML is: no entity is followed, and broken ones give what they have.
* What a chapter unpacks to has a limit, whatever the archive says of itself.
"""

import posixpath
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from catalog.search.texts.page import PAGE_BYTES_MAX, decoded, page_text
from catalog.search.texts.piece import Piece, cut

CHAPTERS_MAX = 1000
LIST_BYTES_MAX = 2 << 20


def book_pieces(path: Path) -> Iterator[Piece]:
    """The chapters' texts, each with its path inside the book as its place."""
    with zipfile.ZipFile(path) as archive:
        for name in _chapters(archive)[:CHAPTERS_MAX]:
            try:
                data = _read(archive, name, PAGE_BYTES_MAX)
            except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
                continue
            title, text = page_text(data)
            yield from cut(name, title, text)


def _chapters(archive: zipfile.ZipFile) -> list[str]:
    container = _Tags(_read(archive, "META-INF/container.xml", LIST_BYTES_MAX))
    package = next(
        (tag["full-path"] for name, tag in container.found if name == "rootfile" and tag.get("full-path")), ""
    )
    found = _Tags(_read(archive, package, LIST_BYTES_MAX)).found
    items = {tag.get("id", ""): tag.get("href", "") for name, tag in found if name.rpartition(":")[2] == "item"}
    folder = posixpath.dirname(package)
    order = [tag.get("idref", "") for name, tag in found if name.rpartition(":")[2] == "itemref"]
    return [posixpath.normpath(posixpath.join(folder, unquote(items[one]))) for one in order if items.get(one)]


def _read(archive: zipfile.ZipFile, name: str, bytes_max: int) -> bytes:
    with archive.open(name) as member:
        return member.read(bytes_max)


class _Tags(HTMLParser):
    """The elements of a small XML document, with their attributes."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(decoded(data))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
