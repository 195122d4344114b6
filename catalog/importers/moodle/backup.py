"""A backup's outline: the course, its sections and its activities in their order.

* Only the documents of the course are opened; those with people in them (users, grades, logs) never are.
* Moodle writes $@NULL@$ where there is nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.fault import ContentFault
from catalog.importers.source import Tree, contents
from catalog.importers.xml import Element, child, children, parse_xml, text_of

OUTLINE = "moodle_backup.xml"
INDEX = ".ARCHIVE_INDEX"
DOCUMENT_BYTES_MAX = 16 << 20
NULL = "$@NULL@$"


@dataclass(frozen=True, slots=True)
class Module:
    """One activity of the backup."""

    id: str
    kind: str
    title: str
    section: str
    folder: str

    @property
    def document(self) -> str:
        return f"{self.folder}/{self.kind}.xml"


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its heading, its words, and the order of its activities."""

    id: str
    number: int
    name: str
    summary: str
    order: tuple[str, ...]
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """A backup as it says it is."""

    title: str
    release: str
    context: str
    modules: Mapping[str, Module]
    sections: Sequence[Section]


def read_outline(tree: Tree) -> Outline:
    """Raises ContentFault where the backup's own list is not there or not readable."""
    if OUTLINE not in tree.paths:
        raise ContentFault(
            "The backup is of a Moodle older than 2.0, which kept courses in another way.",
            "Restore it in a newer Moodle, and make a backup there.",
        )
    information = child(document(tree, OUTLINE), "information")
    listed = child(information, "contents")
    modules = [
        Module(
            value(one, "moduleid"), value(one, "modulename"), value(one, "title"), value(one, "sectionid"),
            value(one, "directory").strip("/"),
        )
        for one in children(listed, "activities", "activity")
    ]  # fmt: skip
    sections = [
        section
        for one in children(listed, "sections", "section")
        if (section := _section(tree, value(one, "directory").strip("/"), value(one, "title"))) is not None
    ]
    return Outline(
        value(information, "original_course_fullname"),
        value(information, "moodle_release"),
        value(information, "original_course_contextid"),
        {one.id: one for one in modules},
        sorted(sections, key=lambda one: one.number),
    )


def is_hidden(tree: Tree, module: Module) -> bool:
    """Whether learners did not see it on the course's page."""
    path = f"{module.folder}/module.xml"
    if path not in tree.paths:
        return False
    root = document(tree, path)
    return value(root, "visible") == "0"


def document(tree: Tree, path: str) -> Element:
    """One of the backup's documents."""
    return parse_xml(contents(tree, path, DOCUMENT_BYTES_MAX), path)


def value(element: Element | None, *names: str) -> str:
    """A field's text on one line; nothing where Moodle wrote that there is none."""
    text = text_of(element, *names)
    return "" if text == NULL else text


def words(element: Element | None, *names: str) -> str:
    """A field's text as it stands."""
    found = child(element, *names)
    text = "" if found is None else "".join(found.itertext())
    return "" if text.strip() == NULL else text


def _section(tree: Tree, folder: str, title: str) -> Section | None:
    path = f"{folder}/section.xml"
    if path not in tree.paths:
        return None
    root = document(tree, path)
    number = value(root, "number")
    return Section(
        id=root.get("id", ""),
        number=int(number) if number.isdecimal() and len(number) < 7 else 0,
        name=value(root, "name") or ("" if title.isdecimal() else title),
        summary=words(root, "summary"),
        order=tuple(one.strip() for one in value(root, "sequence").split(",") if one.strip()),
        is_hidden=value(root, "visible") == "0",
    )
