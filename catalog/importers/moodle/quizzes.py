"""A quiz of a backup: which questions it asks, as old Moodles and 4.x write it down.

* A question drawn at random becomes a pool: all of its category that may be asked, and how many it gives.
* What learners did in the quiz stands in the same document, and is not looked at.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from catalog.importers.moodle.backup import value, words
from catalog.importers.moodle.bank import MoodleBank
from catalog.importers.questions.quiz import Found, named, question_id, thousandths
from catalog.importers.xml import Element, child, children
from catalog.questions.bank import ATTEMPTS_MAX, PERMILLE, Question


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a quiz: a question, or one of a category."""

    question: str
    category: str
    points: int | None


def read_quiz(root: Element | None, bank: MoodleBank) -> Found:
    """The quiz in the element `quiz`."""
    found = Found(value(root, "name"))
    attempts = value(root, "attempts_number")
    found.attempts = min(ATTEMPTS_MAX, int(attempts)) if attempts.isdecimal() and len(attempts) < 7 else 0
    found.is_shuffled = value(root, "shufflequestions") == "1"
    found.intro = words(root, "intro")
    taken: set[str] = set()
    slots = list(_slots(root, bank))
    asked = {slot.question for slot in slots}
    before = ""
    for slot in slots:
        if slot.category:
            _draw(slot, bank, found, taken, asked)
            continue
        if bank.kind(slot.question) == "description":
            before += bank.description(slot.question)
            continue
        asked_for = _questions(slot.question, slot.points, bank, found, taken)
        pool = asked_for[0].id if len(asked_for) > 1 else ""
        found.draws |= {pool: 1} if pool else {}
        for question in asked_for:
            text = f"<div>{before}</div>{question.text}" if before else question.text
            found.questions.append(replace(question, text=text, pool=pool))
        before = "" if asked_for else before
    return found


def _slots(root: Element | None, bank: MoodleBank) -> Iterator[Slot]:
    instances = children(root, "question_instances", "question_instance")
    points = {value(one, "question"): _points(value(one, "grade")) for one in instances if value(one, "question")}
    order = [one.strip() for one in value(root, "questions").split(",") if one.strip().strip("0")]
    for question in order:
        yield _slot(question, points.get(question), bank)
    if order:
        return
    for one in sorted(instances, key=lambda one: _number(value(one, "slot"))):
        worth = _points(value(one, "maxmark"))
        drawn = child(one, "question_set_reference")
        reference = child(one, "question_reference")
        if drawn is not None:
            yield Slot("", _category(words(drawn, "filtercondition")) or "?", worth)
        elif reference is not None:
            yield _slot(bank.newest(value(reference, "questionbankentryid")), worth, bank)
        else:
            yield _slot(value(one, "questionid") or value(one, "question"), worth, bank)


def _slot(question: str, points: int | None, bank: MoodleBank) -> Slot:
    """An old Moodle draws by a question of its own kind, which knows its category."""
    element = bank.element(question)
    if element is not None and value(element, "qtype") == "random":
        return Slot("", bank.category_of(question), points)
    return Slot(question, "", points)


def _draw(slot: Slot, bank: MoodleBank, found: Found, taken: set[str], asked: set[str]) -> None:
    pool = f"category-{slot.category}"
    if pool in found.draws:
        found.draws[pool] += 1
        return
    members = []
    for one in bank.in_category(slot.category):
        if one not in asked and bank.kind(one) not in ("random", "description"):
            members += [replace(made, pool=pool) for made in _questions(one, slot.points, bank, found, taken)[:1]]
    if not members:
        found.left_out.append("a question drawn at random: its category is not in the backup.")
        return
    found.draws[pool] = 1
    found.questions += members


def _questions(name: str, points: int | None, bank: MoodleBank, found: Found, taken: set[str]) -> list[Question]:
    """The question of this name; several, of which one is asked, where its numbers are drawn."""
    wanted = question_id(name or "missing", taken)
    made = bank.drawn(name, wanted, taken) or bank.question(name, wanted)
    if isinstance(made, str):
        element = bank.element(name)
        called = named(value(element, "name"), words(element, "questiontext")) if element is not None else name
        found.left_out.append(f"“{called}”: {made}.")
        return []
    several = made if isinstance(made, list) else [made]
    return [replace(one, points=points) if points is not None else one for one in several]


def _category(condition: str) -> str:
    """The category in a condition of 4.x, as it was written before and since 4.3."""
    try:
        said = json.loads(condition)
        if "filter" in said:
            return str(said["filter"]["category"]["values"][0])
        return str(said.get("questioncategoryid", ""))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return ""


def _points(text: str) -> int | None:
    return max(0, thousandths(text, PERMILLE)) if text else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 0
