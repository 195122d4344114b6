"""The rules of cmi5, decision by decision: what a session may say when, and what satisfies what."""

from typing import Any

import pytest

from edge.learning.packages.cmi5 import (
    CATEGORY,
    SESSION,
    Broken,
    MoveOn,
    Phase,
    Session,
    Unit,
    again,
    heard,
    satisfied_by,
)
from edge.learning.packages.sessions import launching, session_of, state_of, unit_of

UNIT = Unit("https://activities.qanat.invalid/water/well", MoveOn.BOTH, 0.5)
FRESH = Session("s1")


def said(verb: str, session: str = "s1", about: str = UNIT.activity, **result: Any) -> dict[str, Any]:
    return {
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}"},
        "object": {"id": about},
        "context": {"contextActivities": {"category": [{"id": CATEGORY}]}, "extensions": {SESSION: session}},
        "result": result,
    }


def free(verb: str = "experienced") -> dict[str, Any]:
    """A statement that cmi5 allows and does not define."""
    return {"verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}"}, "object": {"id": "https://example.org/page"}}


BEGIN = said("initialized")
COMPLETED = said("completed", completion=True)
PASSED = said("passed", success=True, score={"scaled": 0.9})
FAILED = said("failed", success=False, score={"scaled": 0.1})
ENDED = said("terminated", duration="PT10M")


def test_a_whole_session_is_heard() -> None:
    after = heard(FRESH, [BEGIN, free(), COMPLETED, PASSED, ENDED], UNIT)

    assert Session("s1", Phase.TERMINATED, True, True, False, 0.9, 600) == after
    assert after.is_satisfied(UNIT)


@pytest.mark.parametrize(
    "statements",
    [
        [COMPLETED],
        [free()],
        [BEGIN, BEGIN],
        [BEGIN, COMPLETED, COMPLETED],
        [BEGIN, PASSED, PASSED],
        [BEGIN, PASSED, FAILED],
        [BEGIN, FAILED, FAILED],
        [BEGIN, ENDED, free()],
        [BEGIN, ENDED, COMPLETED],
        [BEGIN, said("completed")],
        [BEGIN, said("passed", success=False)],
        [BEGIN, said("failed", success=True)],
        [BEGIN, said("passed", success=True, score={"scaled": 0.4})],
        [BEGIN, said("failed", success=False, score={"scaled": 0.6})],
        [BEGIN, said("launched")],
        [BEGIN, said("satisfied")],
        [BEGIN, said("waived")],
        [BEGIN, said("abandoned")],
        [BEGIN, said("bookmarked")],
        [BEGIN, free("voided")],
        [said("initialized", session="s2")],
        [said("initialized", about="https://example.org/other")],
    ],
)
def test_what_breaks_a_rule_is_refused(statements: list[dict[str, Any]]) -> None:
    with pytest.raises(Broken):
        heard(FRESH, statements, UNIT)


@pytest.mark.parametrize("nonsense", [None, 7, "x", [], {"verb": 7}, {"context": {"contextActivities": []}}])
def test_nonsense_is_no_statement_of_a_session_that_has_not_begun(nonsense: Any) -> None:
    with pytest.raises(Broken):
        heard(FRESH, [nonsense], UNIT)


@pytest.mark.parametrize(
    ("move_on", "expected"),
    [
        (MoveOn.PASSED, [False, False, True, True]),
        (MoveOn.COMPLETED, [False, True, False, True]),
        (MoveOn.BOTH, [False, False, False, True]),
        (MoveOn.EITHER, [False, True, True, True]),
        (MoveOn.NOTHING, [True, True, True, True]),
    ],
)
def test_a_unit_is_satisfied_by_what_its_course_asks_for(move_on: MoveOn, expected: list[bool]) -> None:
    unit = Unit("x", move_on)
    reached = [(False, False), (True, False), (False, True), (True, True)]

    assert expected == [
        Session("s", is_completed=completed, is_passed=passed).is_satisfied(unit) for completed, passed in reached
    ]


def test_what_was_reached_stays_from_session_to_session() -> None:
    after = again(heard(FRESH, [BEGIN, COMPLETED, FAILED, ENDED], UNIT), "s2")

    assert Session("s2", Phase.LAUNCHED, True, False, False, 0.1, 600) == after
    assert heard(after, [said("initialized", "s2"), {**PASSED, **said("passed", "s2", success=True)}], UNIT).is_passed


def test_a_session_that_was_not_ended_is_abandoned_by_the_next() -> None:
    running, ended = heard(FRESH, [BEGIN], UNIT), heard(FRESH, [BEGIN, ENDED], UNIT)

    assert [None, running, None] == [launching(one, "s2").abandoned for one in (None, running, ended)]


def test_a_session_is_kept_and_found_again() -> None:
    session = heard(FRESH, [BEGIN, COMPLETED, PASSED, ENDED], UNIT)

    state = state_of(session, UNIT, {"word": "w"})

    assert session == session_of(state)
    assert ("completed", "passed", {"scaled": 0.9}, 600, "w") == (
        state["completionStatus"], state["successStatus"], state["score"], state["totalTimeSeconds"], state["word"],
    )  # fmt: skip
    assert session_of({"session": "x"}) is None


def test_blocks_and_the_course_are_satisfied_with_all_that_is_in_them() -> None:
    inner = {"id": "inner", "units": ["c"], "blocks": []}
    tree = {"id": "course", "units": ["a"], "blocks": [{"id": "outer", "units": ["b"], "blocks": [inner]}]}

    assert [] == satisfied_by(tree, frozenset({"a", "b"}))
    assert ["inner"] == satisfied_by(tree, frozenset({"c"}))
    assert ["inner", "outer"] == satisfied_by(tree, frozenset({"b", "c"}))
    assert ["inner", "outer", "course"] == satisfied_by(tree, frozenset({"a", "b", "c"}))


def test_a_unit_is_what_its_course_says_and_nonsense_asks_for_nothing() -> None:
    assert Unit("x", MoveOn.PASSED, 0.8) == unit_of("x", {"move_on": "Passed", "mastery": "0.8"})
    assert Unit("x") == unit_of("x", {"move_on": ["Passed"], "mastery": "high"})
