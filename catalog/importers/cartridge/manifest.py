"""A cartridge's manifest: its resources, its order, and what it says of itself.

* A path is that of a file in the tree, however the manifest writes it (its capitals, its escapes, its alphabet), and
  where it is written otherwise that is said; a resource may name files that are not there.
* Items without a resource are headings for what stands in them, or behind them.
"""

import posixpath
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from catalog.importers.intake import About
from catalog.importers.report import Report
from catalog.importers.rewriting import Paths
from catalog.importers.xml import Element, child, children, descendants, text_of

DEPTH_MAX = 20


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its kind, the file that opens, and all of its files."""

    id: str
    kind: str
    href: str
    files: tuple[str, ...]
    dependencies: tuple[str, ...]
    element: Element = field(repr=False, compare=False)

    @property
    def start(self) -> str:
        return self.href or (self.files[0] if self.files else "")

    def is_a(self, *kinds: str) -> bool:
        return any(kind in self.kind for kind in kinds)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the order: a resource under a heading; `id` is the item's own."""

    id: str
    resource: str
    title: str
    section: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A cartridge as its manifest has it."""

    resources: Mapping[str, Resource]
    items: tuple[Item, ...]


def read_manifest(root: Element, paths: Paths, report: Report) -> Manifest:
    """Read it; `paths` are the files that are there."""
    listed = child(root, "resources")
    base = posixpath.join(root.get("base", ""), listed.get("base", "") if listed is not None else "")
    found = [_resource(one, base, paths, report) for one in children(root, "resources", "resource")]
    organisation = child(root, "organizations", "organization")
    return Manifest({one.id: one for one in found}, tuple(_items(organisation, (), 0)))


def read_about(root: Element, about: About) -> None:
    """What the manifest says of the course: title, description, language, licence, subjects."""
    lom = next(descendants(child(root, "metadata"), "lom"), None)
    general = child(lom, "general")
    about.title = about.title or _words(child(general, "title"))
    about.description = about.description or _words(child(general, "description"))
    about.language = about.language or text_of(general, "language").replace("_", "-").partition("-")[0].lower()
    about.licence = about.licence or _words(child(lom, "rights", "description"))
    about.subjects += [word for one in children(general, "keyword") if (word := _words(one))][:12]


def _resource(element: Element, base: str, paths: Paths, report: Report) -> Resource:
    folder = posixpath.join("/", base, element.get("base", ""))

    def path(href: str) -> str:
        return _path(folder, href, paths, report) if href else ""

    return Resource(
        id=element.get("identifier", ""),
        kind=element.get("type", "").lower(),
        href=path(element.get("href", "")),
        files=tuple(dict.fromkeys(one for file in children(element, "file") if (one := path(file.get("href", ""))))),
        dependencies=tuple(one.get("identifierref", "") for one in children(element, "dependency")),
        element=element,
    )


def _path(folder: str, href: str, paths: Paths, report: Report) -> str:
    written = posixpath.normpath(posixpath.join(folder, href.partition("?")[0])).replace("\\", "/").lstrip("/")
    found, plain = paths.find(written), unquote(written)
    if found is None:
        return plain
    if found not in (written, plain, unicodedata.normalize("NFC", plain)):
        line = f"{href[:200]}: the file is called {found}."
        report.repaired += [line] if line not in report.repaired else []
    return found


def _items(parent: Element | None, headings: tuple[str, ...], depth: int) -> Iterator[Item]:
    """The items in their order; a heading without items heads what follows it."""
    below = headings
    for one in children(parent, "item") if depth < DEPTH_MAX else ():
        title, resource = text_of(one, "title"), one.get("identifierref", "")
        if resource:
            yield Item(one.get("identifier", ""), resource, title, " · ".join(below))
        if children(one, "item"):
            # The one item around all others is no heading.
            is_root = depth == 0 and not title
            yield from _items(one, headings if is_root else (*headings, title) if title else headings, depth + 1)
            below = headings
        elif not resource and title:
            below = (*headings, title)


def _words(element: Element | None) -> str:
    """The words of a LOM field: in its `string`, its `langstring`, or itself."""
    if element is None:
        return ""
    inner = children(element, "string") + children(element, "langstring")
    return next((words for one in inner or [element] if (words := text_of(one))), "")[:4000]
