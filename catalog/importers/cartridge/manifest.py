"""A cartridge's manifest: its resources, its order, and what it says of itself.

* Paths are as they would be in the tree; a resource may name files that are not there.
* Items without a resource are headings for what stands in them, or behind them.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from catalog.importers.intake import About
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


def read_manifest(root: Element) -> Manifest:
    found = [_resource(one) for one in children(root, "resources", "resource")]
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


def _resource(element: Element) -> Resource:
    return Resource(
        id=element.get("identifier", ""),
        kind=element.get("type", "").lower(),
        href=_path(element, element.get("href", "")),
        files=tuple(path for one in children(element, "file") if (path := _path(element, one.get("href", "")))),
        dependencies=tuple(one.get("identifierref", "") for one in children(element, "dependency")),
        element=element,
    )


def _path(element: Element, href: str) -> str:
    if not href:
        return ""
    path = posixpath.normpath(posixpath.join("/", element.get("base", ""), unquote(href.partition("?")[0])))
    return path.replace("\\", "/").lstrip("/")


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
