"""Moodle's kinds of questions as ours: the same for an exported bank and for one inside a course's backup.

* One question in, one of ours out; or a few words that say why not.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from catalog.importers.questions.cloze import read_cloze
from catalog.importers.questions.numbers import accepted_number, decimal_of
from catalog.importers.questions.quiz import part_ids
from catalog.questions.bank import PERMILLE, Accepted, Gap, Option, Pair, Question
from catalog.questions.markup import cleaned, from_text, plain

CANNOT = {
    "calculated": "its numbers are drawn anew for everybody, which we cannot do yet",
    "calculatedmulti": "its numbers are drawn anew for everybody, which we cannot do yet",
    "calculatedsimple": "its numbers are drawn anew for everybody, which we cannot do yet",
    "ddimageortext": "it lets things be dragged onto a picture, which we cannot do yet",
    "ddmarker": "it lets markers be dragged onto a picture, which we cannot do yet",
    "randomsamatch": "it is made of other questions at random, which we cannot do yet",
    "random": "it stands for any question of a category",
    "coderunner": "it runs programs, which we cannot do",
    "stack": "it computes with formulas, which we cannot do",
    "recordrtc": "it records a voice, which we cannot do yet",
}

_PLACE = re.compile(r"\[\[(\d{1,3})\]\]")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as Moodle keeps it; `share` in thousandths."""

    text: str
    share: int
    feedback: str = ""
    tolerance: str = ""


@dataclass(frozen=True, slots=True)
class Sub:
    """Something to match, and what belongs to it."""

    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as Moodle keeps it, wherever it was found."""

    name: str
    text: str
    points: int = PERMILLE
    feedback: Mapping[str, str] = field(default_factory=dict)
    answers: Sequence[Answer] = ()
    subs: Sequence[Sub] = ()
    is_single: bool = True
    is_shuffled: bool = False
    is_case_sensitive: bool = False
    units: Mapping[str, str] = field(default_factory=dict)
    drags: Sequence[tuple[str, str]] = ()
    """What may be dragged or chosen, and its group."""
    grading: str = ""


def question_of(kind: str, asked: Asked, name: str) -> Question | str:
    """Our question, called `name`; or why there is none."""
    question = Question(
        name, "essay", asked.text, asked.name, asked.points, is_shuffled=asked.is_shuffled, feedback=asked.feedback
    )
    match kind:
        case "multichoice" | "oumultiresponse":
            return _choice(question, asked)
        case "truefalse":
            return _truth(question, asked)
        case "shortanswer":
            return _written(question, asked)
        case "numerical":
            return _number(question, asked)
        case "match" | "matching" | "ddmatch":
            return _match(question, asked)
        case "essay" | "essayautograde":
            return question
        case "cloze" | "multianswer":
            return _cloze(question, asked)
        case "gapselect" | "ddwtos":
            return _places(question, asked)
        case "ordering":
            return _order(question, asked)
        case _:
            return CANNOT.get(kind, f"questions of the kind {kind or '?'} are not known here")


def _with(question: Question, kind: str, **parts: object) -> Question:
    return replace(question, kind=kind, **parts)  # type: ignore[arg-type]


def _choice(question: Question, asked: Asked) -> Question:
    ids = part_ids(question.id, [one.text for one in asked.answers])
    options = tuple(
        Option(part, one.text, one.share, one.feedback) for part, one in zip(ids, asked.answers, strict=True)
    )
    return _with(question, "choice", options=options, is_many=not asked.is_single)


def _truth(question: Question, asked: Asked) -> Question:
    """Which of the two stands first, or is called what, differs from version to version; which is right does not."""
    said = {_is_true(one, index): one for index, one in enumerate(asked.answers)}
    options = tuple(
        Option(name, "", PERMILLE if one and one.share > 0 else 0, one.feedback if one else "")
        for name, one in (("true", said.get(True)), ("false", said.get(False)))
    )
    return _with(question, "truefalse", options=options, is_shuffled=False)


def _is_true(answer: Answer, index: int) -> bool:
    word = plain(cleaned(answer.text, lambda _: None)).casefold()
    return word == "true" if word in ("true", "false") else index == 0


def _written(question: Question, asked: Asked) -> Question:
    accepted = tuple(Accepted(_plain(one.text), share=one.share, feedback=one.feedback) for one in asked.answers)
    gap = Gap("1", "text", accepted, is_case_sensitive=asked.is_case_sensitive)
    return _with(question, "text", gaps=(gap,), is_shuffled=False)


def _number(question: Question, asked: Asked) -> Question:
    told = [accepted_number(_plain(one.text), one.tolerance, one.share, one.feedback) for one in asked.answers]
    units = {name: times for name, times in asked.units.items() if name and (decimal_of(times) or Decimal(0)) > 0}
    gap = Gap("1", "number", tuple(one for one in told if one), units=units)
    return _with(question, "number", gaps=(gap,), is_shuffled=False)


def _match(question: Question, asked: Asked) -> Question:
    answers = list(dict.fromkeys(one.answer for one in asked.subs if one.answer.strip()))
    ids = dict(zip(answers, part_ids(question.id, answers), strict=True))
    prompts = [one for one in asked.subs if plain(cleaned(one.text, lambda _: "x")) or "<img" in one.text]
    pairs = tuple(
        Pair(part, one.text, ids[one.answer])
        for part, one in zip(part_ids(f"{question.id} pair", [one.text for one in prompts]), prompts, strict=True)
        if one.answer in ids
    )
    return _with(question, "match", options=tuple(Option(ids[one], from_text(one)) for one in answers), pairs=pairs)


def _cloze(question: Question, asked: Asked) -> Question | str:
    text, gaps, unknown = read_cloze(asked.text)
    if unknown:
        return f"it has gaps of the kind {', '.join(sorted(set(unknown)))}, which are not known here"
    return _with(question, "gaps", text=text, gaps=tuple(gaps), is_shuffled=False)


def _places(question: Question, asked: Asked) -> Question | str:
    """Places in the words, filled out of groups of choices; each place is a gap to choose in."""
    gaps: list[Gap] = []

    def place(found: re.Match[str]) -> str:
        index = int(found[1]) - 1
        if not 0 <= index < len(asked.drags):
            return ""
        right, group = asked.drags[index]
        choices = tuple(dict.fromkeys(_plain(words) for words, other in asked.drags if other == group))
        gaps.append(Gap(str(len(gaps) + 1), "choice", (Accepted(_plain(right)),), tuple(sorted(choices))))
        return f"[[{gaps[-1].id}]]"

    text = _PLACE.sub(place, asked.text)
    return _with(question, "gaps", text=text, gaps=tuple(gaps), is_shuffled=False)


def _order(question: Question, asked: Asked) -> Question:
    ids = part_ids(question.id, [one.text for one in asked.answers])
    options = tuple(Option(part, one.text) for part, one in zip(ids, asked.answers, strict=True))
    return _with(question, "order", options=options, is_whole=asked.grading == "-1", is_shuffled=True)


def _plain(markup: str) -> str:
    return plain(cleaned(markup, lambda _: None))


def as_gap(name: str, question: Question) -> Gap | None:
    """A whole question as one gap in the words of another; None where it is of no kind that fits."""
    weight = max(1, question.points // PERMILLE)
    if question.gaps and question.kind in ("text", "number"):
        return replace(question.gaps[0], id=name, weight=weight)
    if question.kind == "choice" and not question.is_many:
        named = [(_plain(one.text), one) for one in question.options]
        told = [(said, one) for said, one in named if one.share > 0 or one.feedback]
        accepted = tuple(Accepted(said, share=max(0, one.share), feedback=one.feedback) for said, one in told)
        return Gap(name, "choice", accepted, tuple(dict.fromkeys(said for said, _ in named)), weight)
    return None
