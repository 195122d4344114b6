"""Questions whose numbers Moodle draws: each row of its numbers is a question, and a quiz draws one of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from catalog.importers.questions.formula import value_of, with_values
from catalog.importers.questions.numbers import accepted_number, between, decimal_of
from catalog.importers.questions.quiz import part_ids, question_id
from catalog.questions.bank import Accepted, Gap, Option, Question

KINDS = ("calculated", "calculatedsimple", "calculatedmulti")
ROWS_MAX = 10
DIGITS_MAX = 12
_INLINE = re.compile(r"\{=((?:[^{}]|\{[^{}]{1,60}\}){1,300})\}")
_SIGNIFICANT = "2"


@dataclass(frozen=True, slots=True)
class Formula:
    """One answer as Moodle keeps it: what is computed, and how near and in how many digits."""

    text: str
    share: int
    feedback: str = ""
    tolerance: str = ""
    kind_of_tolerance: str = "1"
    digits: str = "2"
    kind_of_digits: str = "1"


def drawn(
    kind: str, question: Question, formulas: Sequence[Formula], sets: Mapping[str, Sequence[str]], taken: set[str]
) -> list[Question]:
    """The question with each row of its numbers; the first bears its id. None where a formula has no value."""
    made: list[Question] = []
    count = min([ROWS_MAX, *(len(values) for values in sets.values())]) if sets else 0
    for row in range(count):
        values = {name: numbers[row] for name, numbers in sets.items()}
        name = question_id(f"{question.id}-{row + 1}", taken) if made else question.id
        one = replace(question, id=name, text=_shown(question.text, values))
        asked = _choice(one, formulas, values) if kind == "calculatedmulti" else _number(one, formulas, values)
        if asked is None:
            return made
        made.append(asked)
    return made


def _number(question: Question, formulas: Sequence[Formula], values: Mapping[str, str]) -> Question | None:
    accepted = [_accepted(one, values) for one in formulas]
    told = tuple(one for one in accepted if one is not None)
    if len(told) < len(formulas) or not told:
        return None
    return replace(question, kind="number", gaps=(Gap("1", "number", told),), is_shuffled=False)


def _accepted(formula: Formula, values: Mapping[str, str]) -> Accepted | None:
    if formula.text.strip() == "*":
        return accepted_number("*", "", formula.share, formula.feedback)
    written = _written(value_of(formula.text, values), formula)
    answer, near = decimal_of(written), decimal_of(formula.tolerance or "0")
    if answer is None or near is None:
        return None
    match formula.kind_of_tolerance:
        case "3":
            least, most = answer / (1 + abs(near)), answer * (1 + abs(near))
        case "1":
            least, most = answer - abs(answer * near), answer + abs(answer * near)
        case _:
            least, most = answer - abs(near), answer + abs(near)
    return between(least, most, formula.share, formula.feedback)


def _choice(question: Question, formulas: Sequence[Formula], values: Mapping[str, str]) -> Question:
    texts = [_shown(one.text, values, one) for one in formulas]
    ids = part_ids(question.id, texts)
    options = tuple(
        Option(part, text, one.share, one.feedback) for part, text, one in zip(ids, texts, formulas, strict=True)
    )
    return replace(question, kind="choice", options=options)


def _shown(text: str, values: Mapping[str, str], formula: Formula | None = None) -> str:
    """Words with their numbers, and with what `{=...}` in them gives."""

    def given(found: re.Match[str]) -> str:
        value = value_of(found[1], values)
        if value is None:
            return found[0]
        return _written(value, formula) if formula is not None else f"{value:.{DIGITS_MAX}g}"

    return with_values(_INLINE.sub(given, text), values)


def _written(value: float | None, formula: Formula) -> str:
    """A value in as many digits as Moodle would show."""
    if value is None:
        return ""
    digits = min(DIGITS_MAX, int(formula.digits)) if formula.digits.isdecimal() and len(formula.digits) < 4 else 2
    if formula.kind_of_digits == _SIGNIFICANT:
        return format(Decimal(f"{value:.{max(1, digits)}g}"), "f")
    return f"{value:.{digits}f}"
