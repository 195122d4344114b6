"""The bank's document, and the paper that is made of it."""

import json
from typing import Any

import pytest

from catalog.fault import ContentFault
from catalog.questions.bank import Accepted, Bank, Gap, Option, Pair, Question
from catalog.questions.paper import paper_of

OPTIONS = (Option("a", "<b>Ice</b>", 1000, "Yes"), Option("b", "Steam"))
BANK = Bank(
    "Water",
    (
        Question("q1", "choice", "<p>What?</p>", options=OPTIONS, feedback={"right": "Good"}, is_shuffled=True),
        Question("q2", "match", "?", options=OPTIONS, pairs=(Pair("1", "cold", "a"),), points=2000),
        Question("q3", "order", "?", options=OPTIONS),
        Question("q4", "number", "?", gaps=(Gap("1", "number", (Accepted("1", "2"),), units={"m": "1"}),)),
        Question("q5", "gaps", "a [[1]]", gaps=(Gap("1", "choice", (Accepted("x"),), ("x", "y"), 3),)),
        Question("q6", "essay", "Why?", pool="last"),
        Question("q7", "truefalse", "Is it?", options=(Option("true", "", 1000), Option("false", "")), pool="last"),
    ),
    intro="<p>Think.</p>",
    attempts=2,
    pass_permille=600,
    draws={"last": 1},
    extra={"later": [1]},
)


def document(**changes: Any) -> bytes:
    return json.dumps({**json.loads(BANK.to_bytes()), **changes}).encode()


def question(**changes: Any) -> bytes:
    first = json.loads(BANK.to_bytes())["questions"][0]
    return document(questions=[{**first, **changes}])


def test_a_bank_comes_back_as_it_went() -> None:
    again = Bank.from_bytes(BANK.to_bytes())

    assert BANK == again
    assert BANK.to_bytes() == again.to_bytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[]", "should be a dict"),
        (b"{", "not readable JSON"),
        (document(questions={}), "questions is not a list"),
        (document(questions=[1]), "not a table"),
        (document(attempts=-1), "attempts is not a whole number"),
        (document(draws={}), "how many questions the pool last gives"),
        (document(**{"pass": 1001}), "pass is not a whole number"),
        (document(questions=json.loads(BANK.to_bytes())["questions"][:1] * 2), "two questions have one id"),
        (question(id="../x"), "id cannot be"),
        (question(kind="poem"), "kind cannot be"),
        (question(options=[]), "fewer than two answers"),
        (question(options=[{"id": "a", "text": "x", "share": 2000}] * 2), "not in thousandths"),
        (question(options=[{"id": "a", "text": "x", "share": 1}] * 2), "two of its parts have one id"),
        (question(options=[{"id": "a", "text": "x" * 70_000}] * 2), "too long"),
        (question(kind="match"), "nothing to match"),
        (question(kind="number"), "no answer to it is right"),
        (question(kind="gaps"), "no gaps"),
        (question(is_many=1), "neither true nor false"),
        (question(feedback=[]), "not words by name"),
        (question(points=1.5), "not readable JSON"),
    ],
)
def test_what_is_no_bank_is_refused_with_a_reason(data: bytes, words: str) -> None:
    with pytest.raises(ContentFault, match=words):
        Bank.from_bytes(data)


def test_all_markup_is_changed_and_nothing_else() -> None:
    changed = BANK.with_markup(lambda markup: markup and "~")

    first, second = changed.questions[:2]
    assert ("~", "~", "~", "~") == (changed.intro, first.text, first.options[0].text, second.pairs[0].text)
    assert {"right": "~"} == first.feedback
    assert ("Water", "x") == (changed.title, changed.questions[4].gaps[0].accepted[0].answer)


def test_a_paper_is_the_same_for_the_same_seed_and_another_for_others() -> None:
    papers = {tuple(one.id for one in paper_of(BANK, f"amina {number}")) for number in range(20)}

    assert paper_of(BANK, "amina 1") == paper_of(BANK, "amina 1")
    assert {("q1", "q2", "q3", "q4", "q5", "q6"), ("q1", "q2", "q3", "q4", "q5", "q7")} == papers


def test_an_order_is_never_shown_as_it_is_right() -> None:
    assert {("b", "a")} == {
        tuple(option.id for option in one.options)
        for number in range(20)
        for one in paper_of(BANK, str(number))
        if one.kind == "order"
    }
