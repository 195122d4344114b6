"""Moodle XML: a question bank as Moodle exports it, one quiz for each category.

* Files stand inside the document, in base64; a question names them by @@PLUGINFILE@@.
* What Moodle draws is a pool of the numbers that it kept; what people drag over a picture is left out by name.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from catalog.importers.questions import moodle_kinds as kinds
from catalog.importers.questions.moodle_drawn import KINDS as DRAWN
from catalog.importers.questions.moodle_drawn import Formula, drawn
from catalog.importers.questions.moodle_kinds import Answer, Asked, Sub
from catalog.importers.questions.quiz import Found, Media, named, percent, question_id, thousandths
from catalog.importers.xml import Element, child, children, descendants, text_of
from catalog.questions.bank import Question
from catalog.questions.markup import from_text

PLUGINFILE = "@@PLUGINFILE@@/"
TRUE = ("true", "1")
HTML = ("html", "moodle_auto_format")


def read_moodle_xml(root: Element) -> list[Found]:
    """The quizzes in the document, in its order."""
    banks: dict[str, Found] = {}
    taken: set[str] = set()
    category, before = "", ""
    for element in children(root, "question"):
        kind = element.get("type", "")
        if kind == "category":
            category = text_of(element, "category", "text")
            continue
        bank = banks.setdefault(category, Found(category.rpartition("/")[2].replace("$course$", "").strip()))
        asked = _asked(element)
        if kind == "description":
            before += asked.text
            continue
        name = question_id(_identifier(element, asked), taken)
        if kind in DRAWN and (made := drawn(kind, kinds.bare(asked, name), _formulas(element), _sets(element), taken)):
            pool = name if len(made) > 1 else ""
            bank.draws |= {pool: 1} if pool else {}
            bank.questions += [_after(before, replace(one, pool=pool)) for one in made]
            before = ""
            continue
        question = kinds.question_of(kind, asked, name)
        if isinstance(question, str):
            bank.left_out.append(f"“{named(asked.name, asked.text)}”: {question}.")
            continue
        bank.questions.append(_after(before, question))
        before = ""
    return [bank for bank in banks.values() if bank.questions or bank.left_out]


def media_of(root: Element) -> Media:
    """The files that stand in the document."""
    found: dict[str, Element] = {}
    for file in descendants(root, "file"):
        name = file.get("name", "")
        found.setdefault(f"{file.get('path', '/').strip('/')}/{name}".lstrip("/"), file)

    def media(source: str) -> Iterator[bytes] | None:
        file = found.get(unquote(source.removeprefix(PLUGINFILE)).lstrip("/"))
        if file is None or file.get("encoding", "base64") != "base64":
            return None
        try:
            return iter([base64.b64decode(file.text or "", validate=False)])
        except (binascii.Error, ValueError):
            return None

    return media


def words_in(element: Element) -> str:
    """The words in a `<text>`, as they stand."""
    text = child(element, "text")
    return "" if text is None else "".join(text.itertext()).strip()


def markup_in(element: Element | None) -> str:
    """The words in a `<... format="html"><text>...`; plain text becomes markup."""
    if element is None:
        return ""
    text = child(element, "text")
    words = element.text or "" if text is None else "".join(text.itertext())
    return words.strip() if element.get("format", "html") in HTML else from_text(words)


def _asked(element: Element) -> Asked:
    feedback = {
        "general": markup_in(child(element, "generalfeedback")),
        "right": markup_in(child(element, "correctfeedback")),
        "partly": markup_in(child(element, "partiallycorrectfeedback")),
        "wrong": markup_in(child(element, "incorrectfeedback")),
    }
    return Asked(
        name=text_of(element, "name", "text"),
        text=markup_in(child(element, "questiontext")),
        points=max(0, thousandths(text_of(element, "defaultgrade"))),
        feedback={when: words for when, words in feedback.items() if words},
        answers=[_answer(one) for one in children(element, "answer")],
        subs=[Sub(markup_in(one), text_of(one, "answer", "text")) for one in children(element, "subquestion")],
        is_single=text_of(element, "single") not in ("false", "0"),
        is_shuffled=_is_shuffled(element),
        is_case_sensitive=text_of(element, "usecase") in TRUE or text_of(element, "casesensitive") in TRUE,
        units=_units(element),
        drags=[
            (text_of(one, "text"), text_of(one, "draggroup") or text_of(one, "group") or "1")
            for one in (*children(element, "dragbox"), *children(element, "selectoption"))
        ],
        grading=text_of(element, "gradingtype"),
        marks=text_of(element, "delimitchars"),
        display=text_of(element, "answerdisplay"),
        is_pattern=text_of(element, "disableregex") not in TRUE,
    )


def _answer(element: Element) -> Answer:
    return Answer(
        text=markup_in(element),
        share=percent(element.get("fraction", "0")),
        feedback=markup_in(child(element, "feedback")),
        tolerance=text_of(element, "tolerance"),
    )


def _formulas(element: Element) -> list[Formula]:
    return [
        Formula(
            words_in(one),
            percent(one.get("fraction", "0")),
            markup_in(child(one, "feedback")),
            text_of(one, "tolerance"),
            text_of(one, "tolerancetype"),
            text_of(one, "correctanswerlength"),
            text_of(one, "correctanswerformat"),
        )
        for one in children(element, "answer")
    ]


def _sets(element: Element) -> dict[str, list[str]]:
    """The numbers that each name in braces may have, row by row."""
    definitions = children(element, "dataset_definitions", "dataset_definition")
    return {
        text_of(one, "name", "text"): [
            text_of(item, "value") for item in children(one, "dataset_items", "dataset_item")
        ]
        for one in definitions
    }


def _is_shuffled(element: Element) -> bool:
    said = child(element, "shuffleanswers")
    return text_of(element, "shuffleanswers") in TRUE if said is not None else False


def _units(element: Element) -> Mapping[str, str]:
    return {text_of(one, "unit_name"): text_of(one, "multiplier") or "1" for one in children(element, "units", "unit")}


def _identifier(element: Element, asked: Asked) -> str:
    return element.get("id") or text_of(element, "idnumber") or asked.name or asked.text


def _after(before: str, question: Question) -> Question:
    return replace(question, text=f"<div>{before}</div>{question.text}") if before else question
