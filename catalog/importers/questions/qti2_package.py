"""QTI 2.1, 2.2 and 3.0 as files: an item or a test alone, and packages of them with a manifest or without.

* A test is a quiz: its sections in their order, what it draws as a pool. Without a test, all items are one quiz.
* Items are read one at a time; an item that cannot be asked is left out by name, and so is one that is missing.
* A package may mean several things at once: where it is a cartridge too, it is read as that.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from urllib.parse import unquote

from catalog.fault import ContentFault
from catalog.importers.cartridge.manifest import read_about
from catalog.importers.intake import Intake, pieces_of, slug, title_of
from catalog.importers.questions.files import root_of
from catalog.importers.questions.inner import inner_markup
from catalog.importers.questions.qti2 import ITEM, TEST, normal, read_item
from catalog.importers.questions.quiz import Found, keep, named, nothing_asked, question_id, thousandths
from catalog.importers.rewriting import joined
from catalog.importers.site import is_junk
from catalog.importers.source import CountedTree, Source, Tree, beginning, contents
from catalog.importers.xml import Element, child, children, descendants, parse_xml, text_of
from catalog.manifest import Activity
from catalog.questions.bank import ATTEMPTS_MAX, PERMILLE

MANIFEST = "imsmanifest.xml"
MARK = re.compile(rb"imsqti_(?:apip)?(?:item|test)_xmlv[23]", re.IGNORECASE)
WORDS_LETTERS_MAX = 16 << 10
"""What is read before a question, beside the question's own words."""
ITEM_BYTES_MAX = 8 << 20
LOOKS_MAX = 20
ITEMS_MAX = 2_000
DEPTH_MAX = 20
NOT_BESIDE = (".html", ".htm", ".xhtml", ".zip", ".imscc", ".mbz", ".epub", ".h5p")
"""What does not lie beside items that have no manifest: then they are a part of something else."""
PARTS = ("assessmentStimulus", "qti-assessment-stimulus", "assessmentSection", "qti-assessment-section")
ROOTS = ("assessmentItem", "qti-assessment-item", "assessmentTest", "qti-assessment-test")


class Qti2:
    """Items and tests of QTI 2 and 3."""

    format = "qti-2"

    def recognises(self, source: Source) -> bool:
        if not (source.is_zip or source.is_folder):
            return root_of(source.head) in ROOTS
        tree = source.tree
        if tree is None or "index.html" in tree.paths:
            return False
        if MANIFEST in tree.paths:
            return MARK.search(contents(tree, MANIFEST, ITEM_BYTES_MAX).replace(b"\0", b"")) is not None
        documents = [path for path in tree.paths if path.lower().endswith(".xml") and not is_junk(path)]
        is_other = any(PurePosixPath(path).suffix.lower() in NOT_BESIDE for path in tree.paths)
        is_alone = bool(documents) and not is_other
        return is_alone and all(root_of(beginning(tree, path)) in ROOTS + PARTS for path in documents[:LOOKS_MAX])

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        tree = CountedTree(source.tree or _OneFile(source), intake.advance)
        package = _Package(tree)
        if package.manifest is not None:
            read_about(package.manifest, intake.about)
        tests = package.paths(TEST)
        quizzes = [package.test(path) for path in tests] or [package.items(package.paths(ITEM))]
        if tests and not any(found.questions for found in quizzes):
            # The tests are damaged, or ask for items that are not there: the items are a quiz by themselves.
            alone = package.items(package.paths(ITEM))
            alone.left_out = [line for found in quizzes for line in found.left_out] + alone.left_out
            tests, quizzes = [], [alone]
        activities = []
        said = len(intake.report.left_out)
        for path, found in zip(tests or [""], quizzes, strict=True):
            wanted = slug(PurePosixPath(path).stem if path and len(tests) > 1 else source.path.stem, "quiz")
            found.left_out += [f"{one}: named in the manifest, and missing in the package." for one in package.missing]
            package.missing.clear()
            title = found.title or intake.about.title or title_of(source.path)
            made = keep(found, intake, intake.claim_id(wanted), title, package.media)
            activities += [made] if made is not None else []
        tree.finish()
        if not activities:
            raise nothing_asked(source.name, intake.report.left_out[said:])
        return activities


@dataclass(slots=True)
class _Reading:
    """One test while it is read."""

    found: Found
    taken: set[str] = field(default_factory=set)
    before: str = ""


class _Package:
    """The items and tests of one source."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known = frozenset(tree.paths)
        self._folded = {path.casefold(): path for path in tree.paths}
        self.missing: list[str] = []
        is_packed = MANIFEST in self._known
        self.manifest = parse_xml(contents(tree, MANIFEST, ITEM_BYTES_MAX), MANIFEST) if is_packed else None

    def paths(self, tag: str) -> list[str]:
        """The documents of a kind: as the manifest lists them, else all that are there."""
        if self.manifest is not None:
            kind = "item_xml" if tag == ITEM else "test_xml"
            resources = children(self.manifest, "resources", "resource")
            listed = [one for one in resources if kind in one.get("type", "").lower()]
            named = list(dict.fromkeys(self._named(one) for one in listed))
            found = [path for path in named if path in self._known]
            self.missing += [path or "a part without a name" for path in named if path not in self._known]
        else:
            names = [name for name in ROOTS if name.removeprefix("qti-").replace("I", "-i").replace("T", "-t") == tag]
            found = [path for path in self._tree.paths if root_of(beginning(self._tree, path)) in names]
        return found[:ITEMS_MAX]

    def _named(self, resource: Element) -> str:
        """The file that a resource opens, whatever the capitals it is written with."""
        hrefs = [resource.get("href", ""), *(one.get("href", "") for one in children(resource, "file"))]
        path = posixpath.normpath(unquote(next((one for one in hrefs if one), "")).replace("\\", "/")).lstrip("/")
        return self._found(path) if path != "." else ""

    def _found(self, path: str) -> str:
        return path if path in self._known else self._folded.get(path.casefold(), path)

    def items(self, paths: list[str]) -> Found:
        """All items as one quiz."""
        reading = _Reading(Found())
        for path in paths:
            self._item(path, "", "", PERMILLE, reading)
        _finish(reading)
        if len(paths) == 1 and reading.found.questions:
            reading.found.title = reading.found.questions[0].name
        return reading.found

    def test(self, path: str) -> Found:
        try:
            root = self._document(path)
        except ContentFault as fault:
            return Found(left_out=[fault.sentence])
        reading = _Reading(Found(root.get("title", "")))
        control = next(descendants(root, "item-session-control"), None)
        attempts = control.get("max-attempts", "") if control is not None else ""
        reading.found.attempts = min(ATTEMPTS_MAX, int(attempts)) if attempts.isdecimal() and len(attempts) < 4 else 0
        for part in children(root, "test-part"):
            self._sections(part, path, "", reading, 0)
        _finish(reading)
        return reading.found

    def media(self, source: str) -> Iterator[bytes] | None:
        path = self._found(unquote(source))
        return self._tree.pieces(path) if path in self._known else None

    def _sections(self, parent: Element, path: str, pool: str, reading: _Reading, depth: int) -> None:
        for one in parent if depth < DEPTH_MAX else ():
            match one.tag:
                case "assessment-section":
                    self._sections(one, path, self._pool(one, reading) or pool, reading, depth + 1)
                case "assessment-section-ref":
                    other = self._found(joined(path, unquote(one.get("href", ""))))
                    section = self._document(other) if other in self._known else None
                    if section is not None:
                        self._sections(section, other, self._pool(section, reading) or pool, reading, depth + 1)
                case "assessment-item-ref":
                    weight = next((thousandths(w.get("value", "")) for w in children(one, "weight")), PERMILLE)
                    self._item(
                        joined(path, unquote(one.get("href", ""))), one.get("identifier", ""), pool, weight, reading
                    )
                case "rubric-block" if "candidate" in one.get("view", "candidate"):
                    reading.before += inner_markup(one)
                case _:
                    pass

    def _pool(self, section: Element, reading: _Reading) -> str:
        ordering, selection = child(section, "ordering"), child(section, "selection")
        reading.found.is_shuffled |= ordering is not None and ordering.get("shuffle") == "true"
        count = selection.get("select", "") if selection is not None else ""
        if not count.isdecimal() or len(count) > 4 or int(count) == 0:
            return ""
        name = section.get("identifier") or f"pool-{len(reading.found.draws) + 1}"
        reading.found.draws[name] = int(count)
        return name

    def _item(self, path: str, identifier: str, pool: str, weight: int, reading: _Reading) -> None:
        found, path = reading.found, self._found(path)
        if path not in self._known:
            found.left_out.append(f"{path}: the item is missing.")
            return
        try:
            root = self._document(path)
        except ContentFault as fault:
            found.left_out.append(fault.sentence)
            return
        name = question_id(identifier or root.get("identifier", "") or path, reading.taken)
        item = read_item(root, name, path, self._stimulus)
        if item.words and len(reading.before) + len(item.words) <= WORDS_LETTERS_MAX:
            reading.before += item.words
            return
        if item.why_not:
            text = text_of(root, "item-body")
            found.left_out.append(f"“{named(item.title, text)}”: {item.why_not}.")
            return
        for at, question in enumerate(item.questions):
            text = f"<div>{reading.before}</div>{question.text}" if reading.before and not at else question.text
            points = question.points * weight // PERMILLE
            found.questions.append(replace(question, text=text, pool=pool, points=points))
        reading.before = ""

    def _document(self, path: str) -> Element:
        return normal(parse_xml(contents(self._tree, path, ITEM_BYTES_MAX), path))

    def _stimulus(self, path: str) -> Element | None:
        return parse_xml(contents(self._tree, path, ITEM_BYTES_MAX), path) if path in self._known else None


def _finish(reading: _Reading) -> None:
    """Words to read come before a question; where none follows, they come behind the last."""
    questions = reading.found.questions
    if reading.before and questions:
        last = questions[-1]
        questions[-1] = replace(last, text=f"{last.text}<div>{reading.before}</div>")
    elif reading.before:
        reading.found.left_out.append(f"“{named('', reading.before)}”: it asks for nothing.")
    reading.before = ""


class _OneFile:
    """A file that stands alone, as a tree of one."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self.paths: Sequence[str] = [source.name]

    def size_bytes(self, path: str) -> int:
        return self._path.stat().st_size

    def source_bytes(self, path: str) -> int:
        return self._path.stat().st_size

    def pieces(self, path: str) -> Iterator[bytes]:
        return pieces_of(self._path)
