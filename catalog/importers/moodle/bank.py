"""The question bank of a backup, of old Moodles and of 4.x: questions by their id, and the newest version of each.

* A question is parsed when a quiz asks for it; until then only its place in the document is known.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from catalog.importers.moodle.backup import value, words
from catalog.importers.moodle.files import Files
from catalog.importers.questions import moodle_kinds
from catalog.importers.questions.moodle_drawn import KINDS as DRAWN
from catalog.importers.questions.moodle_drawn import Formula, drawn
from catalog.importers.questions.moodle_kinds import Answer, Asked, Sub
from catalog.importers.questions.quiz import thousandths
from catalog.importers.source import Tree, contents
from catalog.importers.xml import Element, descendants, parse_xml
from catalog.questions.bank import PERMILLE, Question
from catalog.questions.markup import from_text

DOCUMENT = "questions.xml"
DOCUMENT_BYTES_MAX = 64 << 20
SUBS_MAX = 100

_TOKENS = re.compile(
    rb"<question_category id=\"(\d+)\"|<question_bank_entry id=\"(\d+)\"|<version>(\d{1,9})</version>"
    rb"|<status>(\w+)</status>|<question id=\"(\d+)\""
)
_NESTED = re.compile(rb"</?question>")
_PLUGINFILE = re.compile(r"@@PLUGINFILE@@/([^\"'<>\s?#]{1,500})")
_PART = re.compile(r"\{#(\d{1,3})\}")
_GROUP = re.compile(r"draggroup\";[si]:(?:\d+:)?\"?(\d{1,3})")
MEDIA = "~mbz/"
"""Before the place of a question's file in the backup."""


class MoodleBank:
    """The questions of one backup."""

    def __init__(self, tree: Tree, files: Files) -> None:
        self._data = contents(tree, DOCUMENT, DOCUMENT_BYTES_MAX) if DOCUMENT in tree.paths else b""
        self._places: dict[str, tuple[int, int]] = {}
        self._newest: dict[str, tuple[int, str]] = {}
        self._categories: dict[str, list[str]] = {}
        self._files = {(one.item, one.path): one.place for one in files.questions()}
        self._by_name = {one.path: one.place for one in files.questions()}
        self._look_through()

    def newest(self, entry: str) -> str:
        """The question that an entry of the bank means now; "" where it is not here."""
        return self._newest.get(entry, (0, ""))[1]

    def in_category(self, category: str) -> list[str]:
        """The questions of a category that may be asked by themselves: no parts of others."""
        found = self._categories.get(category, [])
        return [one for one in found if value(self.element(one), "parent") in ("", "0")]

    def category_of(self, question_id: str) -> str:
        return next((name for name, members in self._categories.items() if question_id in members), "")

    def kind(self, question_id: str) -> str:
        element = self.element(question_id)
        return value(element, "qtype") if element is not None else ""

    def element(self, question_id: str) -> Element | None:
        place = self._places.get(question_id)
        return None if place is None else parse_xml(self._data[place[0] : place[1]], DOCUMENT)

    def question(self, question_id: str, name: str) -> Question | str:
        """Our question, called `name`; or why there is none."""
        element = self.element(question_id)
        if element is None:
            return "it is not in the backup"
        kind, asked = value(element, "qtype"), self._asked(question_id, element)
        if kind == "multianswer":
            return self._gaps(element, asked, name)
        return moodle_kinds.question_of(kind, asked, name)

    def drawn(self, question_id: str, name: str, taken: set[str]) -> list[Question]:
        """The questions that one is whose numbers Moodle draws; none of any other."""
        element = self.element(question_id)
        kind = value(element, "qtype")
        if element is None or kind not in DRAWN:
            return []
        plugin = next((one for one in element if one.tag.startswith("plugin_qtype_")), None)
        records = {value(one, "answer"): one for one in descendants(plugin, "calculated_record")}
        given = [one for one in descendants(plugin, "answer") if one.get("id")]
        formulas = [
            Formula(
                words(one, "answertext").strip(), answer.share, answer.feedback, value(record, "tolerance"),
                value(record, "tolerancetype"), value(record, "correctanswerlength"),
                value(record, "correctanswerformat"),
            )
            for one, answer in zip(given, self._answers(plugin, kind), strict=True)
            for record in [records.get(one.get("id", ""))]
        ]  # fmt: skip
        sets = {
            value(one, "name"): [value(item, "value") for item in descendants(one, "dataset_item")]
            for one in descendants(plugin, "dataset_definition")
        }
        return drawn(kind, moodle_kinds.bare(self._asked(question_id, element), name), formulas, sets, taken)

    def description(self, question_id: str) -> str:
        element = self.element(question_id)
        return "" if element is None else self._markup(question_id, element, "questiontext")

    def _look_through(self) -> None:
        """Note where each question stands, which entry it belongs to and how new it is."""
        category, entry, version, is_ready, at = "", "", 0, True, 0
        while found := _TOKENS.search(self._data, at):
            at = found.end()
            if found[1]:
                category, entry = found[1].decode(), ""
            elif found[2]:
                entry, version, is_ready = found[2].decode(), 0, True
            elif found[3]:
                version = int(found[3])
            elif found[4]:
                is_ready = found[4] != b"hidden"
            elif found[5]:
                at = self._end(at)
                name = found[5].decode()
                self._places[name] = (found.start(), at)
                self._note(category, entry, version, name, is_ready)

    def _end(self, at: int) -> int:
        """Where the question ends that begins before `at`: gaps name their question in an element of the same name."""
        depth = 1
        while depth and (found := _NESTED.search(self._data, at)):
            depth += -1 if found[0].startswith(b"</") else 1
            at = found.end()
        return at if not depth else len(self._data)

    def _note(self, category: str, entry: str, version: int, name: str, is_ready: bool) -> None:
        before = self._newest.get(entry)
        members = self._categories.setdefault(category, [])
        if entry and is_ready and (before is None or version >= before[0]):
            if before is not None and before[1] in members:
                members.remove(before[1])
            self._newest[entry] = (version, name)
            members.append(name)
        elif not entry:
            members.append(name)

    def _gaps(self, element: Element, asked: Asked, name: str) -> Question | str:
        """Gaps are questions of their own, named in their order."""
        sequence = next((value(one, "sequence") for one in descendants(element, "multianswer")), "")
        parts = [one.strip() for one in sequence.split(",")][:SUBS_MAX]
        gaps = []
        for index, part in enumerate(parts, 1):
            made = self.question(part, f"{name}-{index}") if part in self._places else "a gap of it is missing"
            if isinstance(made, str):
                return made
            gap = moodle_kinds.as_gap(str(index), made)
            if gap is None:
                return f"it has a gap of the kind {made.kind}, which is not known here"
            gaps.append(gap)
        text = _PART.sub(lambda found: f"[[{found[1]}]]", asked.text.replace("[[", "[ ["))
        question = moodle_kinds.question_of("essay", replace(asked, text=text), name)
        return question if isinstance(question, str) else replace(question, kind="gaps", gaps=tuple(gaps))

    def _asked(self, question_id: str, element: Element) -> Asked:
        plugin = next((one for one in element if one.tag.startswith("plugin_qtype_")), None)
        options = next((one for one in plugin if one.tag in _OPTIONS), None) if plugin is not None else None
        kind = value(element, "qtype")
        return Asked(
            name=value(element, "name"),
            text=self._markup(question_id, element, "questiontext"),
            points=max(0, thousandths(value(element, "defaultmark"))),
            feedback={
                when: said
                for when, said in (
                    ("general", self._markup(question_id, element, "generalfeedback")),
                    ("right", self._markup(question_id, options, "correctfeedback")),
                    ("partly", self._markup(question_id, options, "partiallycorrectfeedback")),
                    ("wrong", self._markup(question_id, options, "incorrectfeedback")),
                )
                if said
            },
            answers=list(self._answers(plugin, kind)),
            subs=[
                Sub(self._markup(one.get("id", ""), one, "questiontext"), value(one, "answertext"))
                for one in descendants(plugin, "match")
            ],
            is_single=value(options, "single") != "0",
            is_shuffled=value(options, "shuffleanswers") == "1",
            is_case_sensitive=any(value(one, "usecase") == "1" for one in descendants(plugin, "shortanswer"))
            or value(options, "casesensitive") == "1",
            units={
                value(one, "unit"): value(one, "multiplier") or "1" for one in descendants(plugin, "numerical_unit")
            },
            drags=[
                (value(one, "answertext"), _group(words(one, "feedback")))
                for one in descendants(plugin, "answer")
                if kind in ("gapselect", "ddwtos")
            ],
            grading=value(options, "gradingtype"),
            marks=value(options, "delimitchars"),
            display=value(options, "answerdisplay"),
            is_pattern=value(options, "disableregex") != "1",
        )

    def _answers(self, plugin: Element | None, kind: str) -> Iterator[Answer]:
        near = {value(one, "answer"): value(one, "tolerance") for one in descendants(plugin, "numerical_record")}
        truth = next((value(one, "trueanswer") for one in descendants(plugin, "truefalse")), "")
        for one in descendants(plugin, "answer"):
            if not one.get("id"):
                continue
            name = one.get("id", "")
            text = self._markup(name, one, "answertext", format_field="answerformat")
            if kind == "truefalse":
                text = "true" if name == truth else "false"
            share = max(-PERMILLE, min(PERMILLE, thousandths(value(one, "fraction"), 0)))
            yield Answer(text, share, self._markup(name, one, "feedback"), near.get(name, ""))

    def _markup(self, item: str, element: Element | None, name: str, format_field: str = "") -> str:
        """A field's markup; its files are named by their place in the backup."""
        text = words(element, name).strip()
        if value(element, format_field or f"{name}format") in ("2", "4"):
            return from_text(text)

        def place(found: re.Match[str]) -> str:
            path = unquote(found[1])
            at = self._files.get((item, path)) or self._by_name.get(path)
            return f"{MEDIA}{at}/{path}" if at else found[0]

        return _PLUGINFILE.sub(place, text)


_OPTIONS = (
    "multichoice",
    "matchoptions",
    "ordering",
    "gapselect",
    "ddwtos",
    "essay",
    "shortanswer",
    "numerical_options",
    "gapfill",
)


def _group(feedback: str) -> str:
    """The group of a choice: a number alone, or inside what PHP wrote down."""
    found = _GROUP.search(feedback)
    return found[1] if found else feedback.strip() or "1"
