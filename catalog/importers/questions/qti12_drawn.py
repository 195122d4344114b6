"""Questions whose numbers Canvas draws: each set of numbers that it kept is a question, and a quiz draws one of them.

* Canvas writes the sets and their answers down; its formula is not computed here.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from catalog.importers.questions.numbers import accepted_number, decimal_of
from catalog.importers.questions.quiz import question_id
from catalog.importers.xml import Element, children, descendants, text_of
from catalog.questions.bank import Gap, Question

KIND = "calculated_question"
SETS_MAX = 10
_NAME = re.compile(r"\[([A-Za-z_]\w{0,40})\]")


def drawn(element: Element, question: Question, taken: set[str]) -> list[Question]:
    """The question with each set of its numbers; the first bears its id. None where no set has an answer."""
    calculated = next(descendants(element, "calculated"), None)
    tolerance = text_of(calculated, "answer_tolerance")
    made: list[Question] = []
    for one in children(calculated, "var_sets", "var_set"):
        answer = decimal_of(text_of(one, "answer"))
        accepted = accepted_number(str(answer), _near(tolerance, answer)) if answer is not None else None
        if accepted is None:
            continue
        values = {var.get("name", ""): _short(text_of(var)) for var in children(one, "var")}
        name = question_id(f"{question.id}-{one.get('ident', '')}", taken) if made else question.id
        text = _placed(question.text, values)
        made.append(replace(question, id=name, kind="number", text=text, gaps=(Gap("1", "number", (accepted,)),)))
        if len(made) == SETS_MAX:
            break
    return made


def _placed(text: str, values: Mapping[str, str]) -> str:
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def _near(tolerance: str, answer: Decimal) -> str:
    """How far off an answer may be: as a number, or in hundredths of the answer."""
    if not tolerance.endswith("%"):
        return tolerance
    share = decimal_of(tolerance.removesuffix("%"))
    return str(abs(answer) * share / 100) if share is not None else ""


def _short(value: str) -> str:
    """7.0 is written 7."""
    number = decimal_of(value)
    return format(number.normalize(), "f") if number is not None and abs(number.adjusted()) < 20 else value
