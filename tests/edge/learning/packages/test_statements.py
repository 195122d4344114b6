"""Statements of packages, read: what moves a learner, what is an answer, what says nothing."""

from typing import Any

import pytest

from edge.learning.packages.cmi import answers_of, standing_of
from edge.learning.packages.statements import ITEMS_MAX, PROGRESS, begun, is_ending, learnt

SELF = "https://example.org/well"


def said(verb: str, about: str = SELF, **result: Any) -> dict[str, Any]:
    return {"verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}"}, "object": {"id": about}, "result": result}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([said("completed")], (True, None, None)),
        ([said("passed", score={"scaled": 0.8})], (True, True, 800)),
        ([said("failed", score={"raw": 3, "max": 10})], (False, False, 300)),
        ([said("failed"), said("passed")], (True, True, None)),
        ([said("passed"), said("failed")], (True, True, None)),
        ([said("experienced", completion=True, success=True)], (True, True, None)),
        ([said("completed", "https://example.org/well/page")], (False, None, None)),
        ([said("attempted")], (False, None, None)),
        ([None, 7, {}, {"verb": "completed", "object": SELF}], (False, None, None)),
    ],
)
def test_what_a_package_says_of_itself_moves_its_learner(
    statements: list[Any], expected: tuple[bool, bool | None, int | None]
) -> None:
    standing = standing_of(learnt(begun(), statements, SELF))

    assert expected == (standing.is_completed, standing.is_passed, standing.score_permille)


def test_progress_and_time_are_taken() -> None:
    state = learnt(begun(), [said("progressed", extensions={PROGRESS: 40})], SELF)
    state = learnt(state, [said("suspended", duration="PT1M"), said("terminated", duration="PT2M30S")], SELF)

    standing = standing_of(state)

    assert (400, 210) == (standing.progress_permille, standing.seconds)


def test_an_answer_to_an_item_is_told_with_its_name() -> None:
    item = {**said("answered", f"{SELF}/q1", response="b", success=False)}
    item["object"]["definition"] = {"name": {"ar": "أين   البئر؟"}}

    (answer,) = answers_of(learnt(begun(), [item], SELF), "")

    assert ("أين البئر؟", "b · incorrect") == (answer.item, answer.answer)


def test_the_last_answer_to_an_item_stands_and_items_are_bounded() -> None:
    many = [said("answered", f"{SELF}/q{n}", response="x") for n in range(ITEMS_MAX + 10)]

    state = learnt(begun(), [*many, said("answered", f"{SELF}/q0", response="y")], SELF)

    answers = list(answers_of(state, ""))
    assert ITEMS_MAX == len(answers)
    assert "y" == answers[0].answer


def test_a_sitting_ends_when_the_package_says_so_of_itself() -> None:
    assert is_ending([said("attempted"), said("terminated")], SELF)
    assert not is_ending([said("terminated", f"{SELF}/page"), None], SELF)
