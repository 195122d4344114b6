"""Moodle's course backups, as zip or as tar with gzip.

* Sections give the headings, in their order; a short label is a heading of its own, a long one a page.
* What is hidden, and what belongs to learners or to a program elsewhere, stays out and is said, kind by kind.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, slug
from catalog.importers.moodle.backup import (
    INDEX,
    OUTLINE,
    Module,
    Outline,
    Section,
    document,
    is_hidden,
    read_outline,
    words,
)  # fmt: skip
from catalog.importers.moodle.parts import LEGACY, Parts, shown_title
from catalog.importers.source import CountedTree, Source, Tree
from catalog.importers.tar import TarTree, first_names, is_gzip
from catalog.importers.xml import child
from catalog.manifest import Activity
from catalog.questions.markup import cleaned, is_rich, plain

COURSE = "course/course.xml"
HEADING_LETTERS_MAX = 80
_BLOCKS = re.compile(r"</(?:p|div|h\d|li|td)>|<br>")
SUBSECTION = "subsection"
OLD = "moodle.xml"
"""The list of a backup of Moodle 1.x."""

KINDS_LEFT_OUT = {
    "forum": "forums belong to the people who wrote in them",
    "chat": "chats belong to the people who wrote in them",
    "workshop": "workshops are handed in to other learners",
    "wiki": "wikis belong to the people who wrote in them",
    "data": "databases belong to the people who wrote in them",
    "lti": "a tool of another program (LTI), which needs the internet",
    "bigbluebuttonbn": "meetings need the internet",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A module in its place."""

    module: Module
    section: str


class MoodleBackup:
    """A course's backup of Moodle 2 to 4."""

    format = "moodle-backup"

    def recognises(self, source: Source) -> bool:
        if is_gzip(source.head):
            names = [name.removeprefix("./") for name in first_names(source.path)]
            return INDEX in names or OUTLINE in names
        if not (source.is_zip or source.is_folder) or source.tree is None:
            return False
        return OUTLINE in source.tree.paths or OLD in source.tree.paths

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        if is_gzip(source.head):
            with intake.scratch() as folder:
                return _read(TarTree(source.path, folder, intake.advance), source.name, intake)
        assert source.tree is not None, "it was recognised"
        tree = CountedTree(source.tree, intake.advance)
        found = _read(tree, source.name, intake)
        tree.finish()
        return found


def _read(tree: Tree, name: str, intake: Intake) -> list[Activity]:
    outline = read_outline(tree)
    intake.report.left_out += outline.damaged
    _read_about(tree, outline, intake)
    shared = intake.claim_id(LEGACY)
    names = {one.id: intake.claim_id(slug(f"{one.kind}-{one.id}", "part")) for one in outline.modules.values()}
    parts = Parts(tree, intake, outline, names, shared)
    activities: list[Activity] = []
    for section in outline.sections:
        if not section.part:
            activities += _section(section, tree, outline, parts, intake)
    if not activities:
        left_out = intake.report.left_out
        why = f": {left_out[0].rstrip('.')}" if left_out else ""
        more = f" ({len(left_out) - 1} more were left out)" if len(left_out) > 1 else ""
        raise ContentFault(f"{name} holds nothing that can be taken{why}{more}.", "Back it up with its content.")
    parts.finish()
    return activities


def _section(
    section: Section, tree: Tree, outline: Outline, parts: Parts, intake: Intake, above: str = ""
) -> Iterator[Activity]:
    """The activities of a section; `above` is the heading of the one that it is a part of."""
    report = intake.report
    said = plain(cleaned(section.summary, lambda _: None))
    is_words = len(said) > HEADING_LETTERS_MAX or is_rich(section.summary)
    own = section.name or (_first_words(section.summary) if is_words else said)
    heading = " · ".join(one for one in (above, own) if one)
    if section.is_hidden:
        if section.order or said:
            report.left_out.append(f"The section “{heading or section.number}” is hidden in the course it came from.")
        return
    if is_words or (section.name and said):
        name = intake.claim_id(f"section-{section.id or section.number}")
        title = own or said[:HEADING_LETTERS_MAX] or str(section.number)
        yield _under(parts.section_page(name, title, section.summary, parts.section_files(section.id)), heading)
    below = heading
    for module_id in section.order:
        module = outline.modules.get(module_id)
        if module is None:
            continue
        if is_hidden(tree, outline, module):
            report.left_out.append(f"“{shown_title(module.title)}” is hidden in the course it came from.")
        elif (inner := _inner_section(tree, outline, module)) is not None and not above:
            yield from _section(inner, tree, outline, parts, intake, heading)
        elif not parts.is_known(module):
            why = KINDS_LEFT_OUT.get(module.kind, f"parts of the kind {module.kind} are not known here")
            report.left_out.append(f"“{shown_title(module.title)}” ({module.kind}): {why}.")
        elif (label := _short_label(tree, outline, module)) is not None:
            below = " · ".join(one for one in (heading, label) if one)
        else:
            yield from (_under(one, below) for one in parts.activities(module))


def _inner_section(tree: Tree, outline: Outline, module: Module) -> Section | None:
    """The section that a `subsection` of Moodle 4.5 stands for."""
    if module.kind != SUBSECTION or module.document not in outline.known:
        return None
    try:
        number = document(tree, module.document).get("id", "")
    except ContentFault:
        return None
    return next((one for one in outline.sections if one.part and one.part == number), None)


def _first_words(markup: str) -> str:
    """What stands in the first block of a text that has no name."""
    blocks = (plain(one) for one in _BLOCKS.split(cleaned(markup, lambda _: None)))
    first = next((one for one in blocks if one), "")
    return first if len(first) <= HEADING_LETTERS_MAX else first[:HEADING_LETTERS_MAX].rpartition(" ")[0] + " …"


def _short_label(tree: Tree, outline: Outline, module: Module) -> str | None:
    """The words of a label that is a heading; None of anything else."""
    if module.kind != "label" or module.document not in outline.known:
        return None
    try:
        markup = words(child(document(tree, module.document), "label"), "intro")
    except ContentFault:
        return None
    said = plain(cleaned(markup, lambda _: None))
    return said if len(said) <= HEADING_LETTERS_MAX and not is_rich(markup) and "<a " not in markup else None


def _under(activity: Activity, heading: str) -> Activity:
    return replace(activity, attributes={**activity.attributes, "section": heading}) if heading else activity


def _read_about(tree: Tree, outline: Outline, intake: Intake) -> None:
    about = intake.about
    about.title = about.title or outline.title
    if COURSE in outline.known:
        try:
            root = document(tree, COURSE)
        except ContentFault as fault:
            intake.report.left_out.append(f"What the course says of itself: {fault.sentence}")
            return
        about.title = words(root, "fullname").strip() or about.title
        about.description = plain(cleaned(words(root, "summary"), lambda _: None))
        about.language = about.language or words(root, "lang").strip().partition("_")[0]
