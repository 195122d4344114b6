"""The files of a backup: which file stands where, by context, component and area.

* `files.xml` may list very many: it is read a slice at a time, and only areas of the course are kept. What learners
  handed in, wrote or were given is passed over unread.
* The bytes lie under their SHA-1, as Moodle names them; what is listed but not there is missing.
"""

import posixpath
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.importers.moodle.backup import value
from catalog.importers.source import Tree, contents
from catalog.importers.xml import children, parse_xml

LIST = "files.xml"
LIST_BYTES_MAX = 64 << 20
SLICE = 400
AREAS = frozenset(
    {"course", "question", "mod_page", "mod_book", "mod_resource", "mod_folder", "mod_label", "mod_url", "mod_scorm",
     "mod_h5pactivity", "mod_hvp", "mod_imscp", "mod_quiz", "mod_glossary", "mod_lesson", "mod_assign",
     "mod_assignment", "contentbank"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the course: its name, where it stands, and where its bytes are."""

    path: str
    """Its folder and name in its area, such as `pictures/well.png`."""
    place: str
    """Its path in the backup."""
    item: str
    area: str
    component: str
    order: int


class Files:
    """What `files.xml` lists of the course itself."""

    def __init__(self, tree: Tree) -> None:
        self._by_context: dict[str, list[Kept]] = defaultdict(list)
        known = frozenset(tree.paths)
        if LIST in known:
            for context, kept in _listed(contents(tree, LIST, LIST_BYTES_MAX)):
                if kept.place in known:
                    self._by_context[context].append(kept)

    def of(self, context: str, component: str, *areas: str) -> list[Kept]:
        """The files of one area, the first one first."""
        found = [one for one in self._by_context[context] if one.component == component]
        return sorted((one for one in found if not areas or one.area in areas), key=lambda one: (-one.order, one.path))

    def questions(self) -> Iterator[Kept]:
        """All files that questions show."""
        for files in self._by_context.values():
            yield from (one for one in files if one.component == "question" or one.component.startswith("qtype_"))


def _listed(data: bytes) -> Iterator[tuple[str, Kept]]:
    slices: list[bytes] = []
    at = 0
    while (start := data.find(b"<file ", at)) >= 0:
        end = data.find(b"</file>", start)
        if end < 0:
            break
        at = end + len(b"</file>")
        slices.append(data[start:at])
        if len(slices) == SLICE:
            yield from _read(slices)
            slices = []
    yield from _read(slices)


def _read(slices: list[bytes]) -> Iterator[tuple[str, Kept]]:
    root = parse_xml(b"<files>" + b"".join(slices) + b"</files>", LIST)
    for one in children(root, "file"):
        component, name, digest = value(one, "component"), value(one, "filename"), value(one, "contenthash")
        is_ours = component in AREAS or component.startswith("qtype_")
        if not is_ours or name in ("", ".") or len(digest) != 40 or not digest.isalnum():
            continue
        path = posixpath.join(value(one, "filepath").strip("/"), name)
        order = value(one, "sortorder")
        yield (
            value(one, "contextid"),
            Kept(
                path, f"files/{digest[:2]}/{digest}", value(one, "itemid"), value(one, "filearea"), component,
                int(order) if order.isdecimal() and len(order) < 10 else 0,
            ),
        )  # fmt: skip
