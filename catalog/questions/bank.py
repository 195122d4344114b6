"""The question bank: the document `~quiz.json` of a quiz, whatever format its questions came in.

* It is canonical JSON like every document: the same questions have the same bytes. Points, shares and the mark to pass
  are thousandths; numbers that may have a fraction are text.
* What comes from outside enters by `from_bytes`, which refuses with a reason; fields of newer formats are kept.
* Words of questions are HTML of a few safe tags (`markup.py`), cleaned at import and again wherever they are shown.
  Names, accepted answers and the choices inside a gap are plain text.
* Where a gap stands in a question's words is written [[its id]].
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from catalog.fault import ContentFault
from catalog.manifest import canonical, parsed
from catalog.questions.reading import Fields, demand

FORMAT = 1
FILE = "~quiz.json"
"""A name that packages do not use: it tells what is right, and no content origin gives it out."""
MEDIA = "media"
"""The folder beside the document for what the questions show or sound."""
PERMILLE = 1000
BANK_BYTES_MAX = 2 << 20
QUESTIONS_MAX = 2_000
PARTS_MAX = 200
"""Options, pairs, gaps or accepted answers of one question."""
POINTS_MAX = 1000 * PERMILLE
ATTEMPTS_MAX = 100

KINDS = ("choice", "truefalse", "match", "order", "number", "text", "gaps", "essay")
GAP_KINDS = ("text", "number", "choice")
WHEN = ("general", "right", "partly", "wrong")
"""When a question's feedback is said."""

Change = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose, or a place in an order. Of an order the options stand as is right."""

    id: str
    text: str
    share: int = 0
    """What choosing it gives, in thousandths of the question; below 0 it takes away."""
    feedback: str = ""

    def document(self) -> dict[str, Any]:
        return {"feedback": self.feedback, "id": self.id, "share": self.share, "text": self.text}


@dataclass(frozen=True, slots=True)
class Pair:
    """Something to match, and the option that belongs to it."""

    id: str
    text: str
    option: str

    def document(self) -> dict[str, Any]:
        return {"id": self.id, "option": self.option, "text": self.text}


@dataclass(frozen=True, slots=True)
class Accepted:
    """An answer that counts. Of text `*` stands for anything; of a number it is the least, `most` the greatest."""

    answer: str
    most: str = ""
    share: int = PERMILLE
    feedback: str = ""

    def document(self) -> dict[str, Any]:
        return {"answer": self.answer, "feedback": self.feedback, "most": self.most, "share": self.share}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something to write or choose: a whole question of the kinds text and number, or a part of one with gaps."""

    id: str
    kind: str
    accepted: tuple[Accepted, ...]
    choices: tuple[str, ...] = ()
    weight: int = 1
    is_case_sensitive: bool = False
    units: Mapping[str, str] = field(default_factory=dict)
    """Units that may follow a number, and how many of each make one of what is asked for."""

    def document(self) -> dict[str, Any]:
        return {
            "accepted": [one.document() for one in self.accepted],
            "choices": list(self.choices),
            "id": self.id,
            "is_case_sensitive": self.is_case_sensitive,
            "kind": self.kind,
            "units": dict(self.units),
            "weight": self.weight,
        }


@dataclass(frozen=True, slots=True)
class Question:
    """One question. Its id stays from import to import, so that answers keep their place."""

    id: str
    kind: str
    text: str
    name: str = ""
    points: int = PERMILLE
    options: tuple[Option, ...] = ()
    pairs: tuple[Pair, ...] = ()
    gaps: tuple[Gap, ...] = ()
    is_many: bool = False
    """Of a choice: whether more than one may be chosen."""
    is_whole: bool = False
    """Whether all of it must be right to count."""
    is_shuffled: bool = False
    feedback: Mapping[str, str] = field(default_factory=dict)
    pool: str = ""
    """The pool out of which it may be drawn; "" where it is always asked."""

    def document(self) -> dict[str, Any]:
        return {
            "feedback": dict(self.feedback),
            "gaps": [one.document() for one in self.gaps],
            "id": self.id,
            "is_many": self.is_many,
            "is_shuffled": self.is_shuffled,
            "is_whole": self.is_whole,
            "kind": self.kind,
            "name": self.name,
            "options": [one.document() for one in self.options],
            "pairs": [one.document() for one in self.pairs],
            "points": self.points,
            "pool": self.pool,
            "text": self.text,
        }

    def with_markup(self, change: Change) -> Self:
        """The question with its HTML changed, all of it."""
        gaps = tuple(
            replace(gap, accepted=tuple(replace(one, feedback=change(one.feedback)) for one in gap.accepted))
            for gap in self.gaps
        )
        return replace(
            self,
            text=change(self.text),
            options=tuple(replace(one, text=change(one.text), feedback=change(one.feedback)) for one in self.options),
            pairs=tuple(replace(one, text=change(one.text)) for one in self.pairs),
            gaps=gaps,
            feedback={when: said for when, words in self.feedback.items() if (said := change(words))},
        )


@dataclass(frozen=True, slots=True)
class Bank:
    """The questions of one quiz, and how it is held."""

    title: str
    questions: tuple[Question, ...]
    intro: str = ""
    attempts: int = 0
    """How often it may be handed in; 0: as often as one likes."""
    is_shuffled: bool = False
    pass_permille: int = 0
    """0: there is nothing to pass."""
    draws: Mapping[str, int] = field(default_factory=dict)
    """How many questions each pool gives."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields of newer formats, kept as they came."""

    def question(self, question_id: str) -> Question | None:
        return next((one for one in self.questions if one.id == question_id), None)

    def with_markup(self, change: Change) -> Self:
        """The bank with its HTML changed, all of it."""
        questions = tuple(one.with_markup(change) for one in self.questions)
        return replace(self, intro=change(self.intro), questions=questions)

    def to_bytes(self) -> bytes:
        return canonical(
            {
                **self.extra,
                "attempts": self.attempts,
                "draws": dict(self.draws),
                "format": FORMAT,
                "intro": self.intro,
                "is_shuffled": self.is_shuffled,
                "pass": self.pass_permille,
                "questions": [one.document() for one in self.questions],
                "title": self.title,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises ContentFault where a field is missing or not of its kind, or the parts do not fit each other."""
        demand(len(data) <= BANK_BYTES_MAX, f"it has more than {BANK_BYTES_MAX >> 20} MiB")
        fields = Fields(parsed(data, dict))
        questions = tuple(_question(Fields(row)) for row in fields.rows("questions", QUESTIONS_MAX))
        ids = [one.id for one in questions]
        demand(len(ids) == len(set(ids)), "two questions have one id")
        draws = fields.counts("draws", QUESTIONS_MAX)
        for pool in {one.pool for one in questions if one.pool}:
            demand(pool in draws, f"nothing says how many questions the pool {pool} gives")
        known = {"attempts", "draws", "format", "intro", "is_shuffled", "pass", "questions", "title"}
        return cls(
            title=fields.text("title"),
            questions=questions,
            intro=fields.text("intro"),
            attempts=fields.count("attempts", ATTEMPTS_MAX),
            is_shuffled=fields.truth("is_shuffled"),
            pass_permille=fields.count("pass", PERMILLE),
            draws=draws,
            extra={name: value for name, value in fields.items.items() if name not in known},
        )


def _question(fields: Fields) -> Question:
    options = tuple(_option(Fields(row)) for row in fields.rows("options", PARTS_MAX))
    pairs = tuple(_pair(Fields(row)) for row in fields.rows("pairs", PARTS_MAX))
    gaps = tuple(_gap(Fields(row)) for row in fields.rows("gaps", PARTS_MAX))
    question = Question(
        id=fields.name("id"),
        kind=fields.one_of("kind", KINDS),
        text=fields.text("text"),
        name=fields.text("name"),
        points=fields.count("points", POINTS_MAX),
        options=options,
        pairs=pairs,
        gaps=gaps,
        is_many=fields.truth("is_many"),
        is_whole=fields.truth("is_whole"),
        is_shuffled=fields.truth("is_shuffled"),
        feedback={when: words for when, words in fields.texts("feedback").items() if when in WHEN},
        pool=fields.text("pool"),
    )
    why = why_not(question)
    demand(not why, f"question {question.id}: {why}")
    return question


def is_readable(question: Question) -> bool:
    """Tell whether a box would read this question as it is written."""
    try:
        return _question(Fields(parsed(canonical(question.document()), dict))) == question
    except ContentFault:
        return False


def why_not(question: Question) -> str:
    """Why this question cannot be asked, in words; "" where it can."""
    for parts in (question.options, question.pairs, question.gaps):
        ids = [one.id for one in parts]
        if len(ids) != len(set(ids)):
            return "two of its parts have one id"
        if len(ids) > PARTS_MAX:
            return f"it has more than {PARTS_MAX} parts"
    options = {one.id for one in question.options}
    match question.kind:
        case "choice" | "truefalse":
            fits = len(options) >= 2 and any(one.share > 0 for one in question.options)
            return "" if fits else "it has fewer than two answers to choose from, or none of them is right"
        case "match":
            fits = bool(question.pairs) and all(one.option in options for one in question.pairs)
            return "" if fits else "it has nothing to match"
        case "order":
            return "" if len(options) >= 2 else "it has fewer than two things to put in order"
        case "number" | "text":
            fits = len(question.gaps) == 1 and question.gaps[0].kind == question.kind and _is_answerable(question.gaps)
            return "" if fits else "no answer to it is right"
        case "gaps":
            fits = _is_answerable(question.gaps) and all(f"[[{gap.id}]]" in question.text for gap in question.gaps)
            return "" if fits else "it has no gaps, or one that no answer fills"
        case _:
            return ""


def _is_answerable(gaps: tuple[Gap, ...]) -> bool:
    return bool(gaps) and all(any(one.share > 0 for one in gap.accepted) for gap in gaps)


def _option(fields: Fields) -> Option:
    return Option(fields.name("id"), fields.text("text"), fields.share("share"), fields.text("feedback"))


def _pair(fields: Fields) -> Pair:
    return Pair(fields.name("id"), fields.text("text"), fields.name("option"))


def _gap(fields: Fields) -> Gap:
    rows = [Fields(row) for row in fields.rows("accepted", PARTS_MAX)]
    accepted = [
        Accepted(one.text("answer"), one.text("most"), one.share("share"), one.text("feedback")) for one in rows
    ]
    return Gap(
        id=fields.name("id"),
        kind=fields.one_of("kind", GAP_KINDS),
        accepted=tuple(accepted),
        choices=tuple(fields.list_of_texts("choices", PARTS_MAX)),
        weight=fields.count("weight", POINTS_MAX),
        is_case_sensitive=fields.truth("is_case_sensitive"),
        units=fields.texts("units"),
    )
