"""A book's contents: its headings, from the page of EPUB 3 (`nav`) or the list of EPUB 2 (NCX)."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from catalog.importers.repairs.zawgyi import unicode_of
from catalog.importers.xml import Element, child, children, descendants, text_of

DEPTH_MAX = 6
TITLE_LETTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the contents, and the file and place it leads to."""

    title: str
    path: str
    fragment: str
    depth: int


def headings_of(document: Element, place: str) -> list[Heading]:
    """The headings in `document`, which lies at `place` in the book."""
    folder = posixpath.dirname(place)
    if document.tag == "ncx":
        return list(_points(child(document, "navMap"), folder, 0))
    lists = [nav for nav in descendants(document, "nav") if "toc" in nav.get("type", "toc").split()]
    return list(_lines(child(lists[0], "ol"), folder, 0)) if lists else []


def _points(parent: Element | None, folder: str, depth: int) -> Iterator[Heading]:
    for point in children(parent, "navPoint"):
        target = child(point, "content")
        yield from _heading(
            text_of(point, "navLabel"), target.get("src", "") if target is not None else "", folder, depth
        )
        if depth < DEPTH_MAX:
            yield from _points(point, folder, depth + 1)


def _lines(parent: Element | None, folder: str, depth: int) -> Iterator[Heading]:
    for line in children(parent, "li"):
        link = child(line, "a")
        if link is not None:
            yield from _heading(text_of(link), link.get("href", ""), folder, depth)
        if depth < DEPTH_MAX:
            yield from _lines(child(line, "ol"), folder, depth + 1)


def _heading(title: str, reference: str, folder: str, depth: int) -> Iterator[Heading]:
    path, _, fragment = reference.partition("#")
    if title and path:
        whole = posixpath.normpath(posixpath.join(folder, unquote(path)))
        yield Heading(unicode_of(title)[:TITLE_LETTERS_MAX], whole, fragment[:TITLE_LETTERS_MAX], depth)
