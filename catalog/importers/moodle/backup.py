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
    part: str = ""
    """Of a section inside another: which of the activities called `subsection` stands for it, by its number."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A backup as it says it is."""

    title: str
    release: str
    context: str
    modules: Mapping[str, Module]
    sections: Sequence[Section]
    known: frozenset[str]
    """The paths of the backup's files."""
    damaged: tuple[str, ...] = ()
    """What is wrong with documents of sections, in words."""


def read_outline(tree: Tree) -> Outline:
    """Raises ContentFault where the backup's own list is not there or not readable."""
    known = frozenset(tree.paths)
    if OUTLINE not in known:
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
    damaged: list[str] = []
    sections = [
        _section(tree, known, one, number, modules, damaged)
        for number, one in enumerate(children(listed, "sections", "section"))
    ]
    placed = {name for section in sections for name in section.order}
    if loose := tuple(one.id for one in modules if one.id not in placed and one.section not in _ids(sections)):
        # The backup of one activity alone has no sections.
        sections.append(Section("", len(sections), "", "", loose, is_hidden=False))
    return Outline(
        value(information, "original_course_fullname"),
        value(information, "moodle_release"),
        value(information, "original_course_contextid"),
        {one.id: one for one in modules},
        sorted(sections, key=lambda one: one.number),
        known,
        tuple(damaged),
    )


def is_hidden(tree: Tree, outline: Outline, module: Module) -> bool:
    """Whether learners did not see it on the course's page."""
    path = f"{module.folder}/module.xml"
    if path not in outline.known:
        return False
    try:
        return value(document(tree, path), "visible") == "0"
    except ContentFault:
        return False


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


def _ids(sections: Sequence[Section]) -> set[str]:
    return {one.id for one in sections}


def _section(
    tree: Tree, known: frozenset[str], listed: Element, number: int, modules: Sequence[Module], damaged: list[str]
) -> Section:
    """A section as its document has it; where that is missing or damaged, as far as the backup's list tells."""
    path, title = f"{value(listed, 'directory').strip('/')}/section.xml", value(listed, "title")
    own = value(listed, "sectionid")
    name = "" if title.isdecimal() else title
    try:
        root = document(tree, path) if path in known else None
    except ContentFault as fault:
        damaged.append(fault.sentence)
        root = None
    if root is None:
        return Section(own, number, name, "", tuple(one.id for one in modules if one.section == own), is_hidden=False)
    written = value(root, "number")
    return Section(
        id=root.get("id", ""),
        number=int(written) if written.isdecimal() and len(written) < 7 else 0,
        name=value(root, "name") or name,
        summary=words(root, "summary"),
        order=tuple(one.strip() for one in value(root, "sequence").split(",") if one.strip()),
        is_hidden=value(root, "visible") == "0",
        part=value(root, "itemid") if value(root, "component") == "mod_subsection" else "",
    )
