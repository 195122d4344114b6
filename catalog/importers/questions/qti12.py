"""QTI 1.2: tests and banks as cartridges carry them, and as Canvas, Blackboard and Moodle write them.

* One document may hold a test, a bank or loose items; a section that draws becomes a pool.
* Words between questions stand before the next one. What cannot be asked is left out by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from catalog.importers.questions.qti12_item import Item, question_of
from catalog.importers.questions.qti12_words import material, metadata
from catalog.importers.questions.quiz import Found, named, question_id
from catalog.importers.xml import Element, child, descendants, text_of
from catalog.questions.bank import ATTEMPTS_MAX, Question

ROOT = "questestinterop"
BankOf = Callable[[str], "Element | None"]
"""The document of the bank of this identifier, where a test draws from one."""


@dataclass(slots=True)
class _Reading:
    found: Found
    taken: set[str]
    bank_of: BankOf
    before: str = ""


def read_qti12(root: Element, bank_of: BankOf = lambda _: None) -> Found:
    """Read the tests and banks, or all loose items of the document; the first of them says how it is done."""
    tests = [one for one in root if one.tag in ("assessment", "objectbank")] or [root]
    test = tests[0]
    said = metadata(test)
    found = Found(test.get("title", "") or said.get("bank_title", "") or said.get("qmd_assessmenttitle", ""))
    found.attempts = _attempts(said)
    found.intro = material(child(test, "presentation_material"))
    reading = _Reading(found, set(), bank_of)
    for one in tests:
        _section(one, "", reading)
    if reading.before and found.questions:
        last = found.questions[-1]
        found.questions[-1] = replace(last, text=f"{last.text}<div>{reading.before}</div>")
    return found


def _section(section: Element, pool: str, reading: _Reading) -> None:
    for one in section:
        match one.tag:
            case "section":
                _section(one, _pool(one, reading) or pool, reading)
            case "item":
                _item(one, pool, reading)
            case "bankentry_item":
                _entry(one, pool, reading)
            case "presentation_material" | "rubric" if section.tag == "section":
                reading.before += material(one)
            case _:
                pass


def _pool(section: Element, reading: _Reading) -> str:
    """The pool that a section draws from; its questions may lie in a bank elsewhere."""
    selection = child(section, "selection_ordering", "selection")
    order = child(section, "selection_ordering", "order")
    reading.found.is_shuffled |= order is not None and order.get("order_type") == "Random"
    number = text_of(selection, "selection_number")
    if not number.isdecimal() or int(number) == 0:
        return ""
    name = section.get("ident") or f"pool-{len(reading.found.draws) + 1}"
    reading.found.draws[name] = int(number)
    bank = text_of(selection, "sourcebank_ref")
    if bank:
        document = reading.bank_of(bank)
        items = list(descendants(document, "item"))
        for item in items:
            _item(item, name, reading)
        if not items:
            reading.found.left_out.append(f"“{section.get('title') or name}” draws from a bank that is not here.")
    return name


def _entry(element: Element, pool: str, reading: _Reading) -> None:
    """One question of a bank, by its name there."""
    bank, name = element.get("sourcebank_ref", ""), element.get("item_ref", "")
    found = next((one for one in descendants(reading.bank_of(bank), "item") if one.get("ident") == name), None)
    if found is not None:
        _item(found, pool, reading)
    else:
        reading.found.left_out.append(f"a question ({name}) of a bank that is not here.")


def _item(element: Element, pool: str, reading: _Reading) -> None:
    item = Item.of(element)
    if item.kind == "text_only_question":
        reading.before += item.text
        return
    question = question_of(item, question_id(element.get("ident", "") or item.title, reading.taken))
    if isinstance(question, str):
        reading.found.left_out.append(f"“{named(item.title, item.text)}”: {question}.")
        return
    reading.found.questions.append(_after(reading.before, replace(question, pool=pool)))
    reading.before = ""


def _after(before: str, question: Question) -> Question:
    return replace(question, text=f"<div>{before}</div>{question.text}") if before else question


def _attempts(said: Mapping[str, str]) -> int:
    wanted = said.get("cc_maxattempts", "")
    return min(ATTEMPTS_MAX, int(wanted)) if wanted.isdecimal() else 0
