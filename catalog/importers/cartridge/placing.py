"""Where a cartridge's files go: each page in the folder of its activity, what pages share in one folder beside them.

* A page of the order is an activity with a folder of its own, so that a place in it is its own; its files go with it
  where they are nobody else's, as in `unit1/` below.
* All else keeps its path under `files/`: links among these need no change, and pages reach them as `../files/...`.
"""

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.importers.cartridge.manifest import Resource
from catalog.importers.intake import slug

SHARED = "files"
PAGES = (".html", ".htm", ".xhtml")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where every file of the package would go, and which activity each resource is."""

    paths: Mapping[str, str]
    activities: Mapping[str, str]
    shared: str = SHARED

    def of(self, path: str) -> str:
        return self.paths.get(path) or f"{self.shared}/{path}"


def placed(pages: Iterable[tuple[Resource, str]], known: frozenset[str], shared: str) -> Placed:
    """Place the start pages, each with the id of its activity, among the files that are there; `shared` is the folder
    of what pages share."""
    pages = list(pages)
    users = Counter(_folder(path) for resource, _ in pages for path in {resource.start})
    paths: dict[str, str] = {}
    activities: dict[str, str] = {}
    for resource, name in pages:
        activities[resource.id] = name
        start, folder = resource.start, _folder(resource.start)
        paths[start] = f"{name}/{posixpath.basename(start)}"
        if folder and users[folder] == 1 and all(_is_in(path, folder) for path in resource.files):
            for path in resource.files:
                if path in known:
                    paths[path] = f"{name}/{posixpath.relpath(path, folder)}"
    return Placed(paths, activities, shared)


def activity_id(resource: Resource) -> str:
    """The same from import to import: it comes from the resource's own identifier."""
    return slug(resource.id or resource.start, "part")


def is_page(path: str) -> bool:
    return path.lower().endswith(PAGES)


def _folder(path: str) -> str:
    return posixpath.dirname(path)


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
