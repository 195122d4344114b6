"""What runtimes say, judged: scores of every shape, answers once each, nonsense as nothing."""

from typing import Any

import pytest

from edge.learning.packages.cmi import INTERACTIONS_MAX, Standing, answers_of, score_permille, standing_of, whole


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ({"scaled": 0.85}, 850),
        ({"scaled": "-0.5"}, 0),
        ({"raw": 85}, 850),
        ({"raw": "17", "min": "0", "max": "20"}, 850),
        ({"raw": 15, "min": 10, "max": 20}, 500),
        ({"raw": 300, "max": 100}, 1000),
        ({"raw": 5, "min": 10, "max": 10}, None),
        ({"raw": "NaN"}, None),
        ({"raw": True}, None),
        ({"raw": "1e999"}, None),
        ({"raw": ["5"]}, None),
        ({}, None),
    ],
)
def test_a_score_is_thousandths_of_what_can_be_reached(score: dict[str, Any], expected: int | None) -> None:
    assert expected == score_permille(score)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"completionStatus": "completed", "successStatus": "unknown"}, Standing(True, None, None, 1000, 0)),
        ({"completionStatus": "completed", "successStatus": "passed"}, Standing(True, True, None, 1000, 0)),
        ({"completionStatus": "unknown", "successStatus": "passed"}, Standing(True, True, None, 1000, 0)),
        ({"completionStatus": "incomplete", "successStatus": "failed"}, Standing(False, False, None, 0, 0)),
        (
            {"completionStatus": "incomplete", "runtimeData": {"cmi": {"progress_measure": "0.4"}}},
            Standing(False, None, None, 400, 0),
        ),
        ({"completionStatus": "incomplete", "totalTimeSeconds": 61.7}, Standing(False, None, None, 0, 61)),
        ({"completionStatus": ["completed"], "runtimeData": "x", "totalTimeSeconds": -5}, Standing()),
    ],
)
def test_a_standing_is_what_the_runtime_says_and_nothing_that_it_does_not(
    data: dict[str, Any], expected: Standing
) -> None:
    assert expected == standing_of(data)


def test_a_package_is_finished_when_all_its_parts_are_and_its_score_is_their_mean() -> None:
    done, half = Standing(True, True, 900, 1000, 60), Standing(False, None, 500, 400, 30)

    assert Standing(False, None, 700, 700, 90) == whole([done, half], 2)
    assert Standing(False, None, 900, 500, 60) == whole([done], 2)
    assert Standing(True, True, 900, 1000, 120) == whole([done, done], 2)
    assert whole([done, Standing(True, False, 100, 1000)], 2).is_passed is False
    assert Standing() == whole([], 3)


def interactions(*rows: Any) -> dict[str, Any]:
    return {"runtimeData": {"cmi": {"interactions": dict(enumerate(rows))}}}


def test_answers_of_both_versions_are_told_with_their_result() -> None:
    data = interactions(
        {"id": "q1", "student_response": "b", "result": "wrong"}, {"id": "q2", "learner_response": "a[,]c"}
    )

    assert [("q1", "b · wrong"), ("q2", "a[,]c")] == [(one.item, one.answer) for one in answers_of(data, "")]
    assert ["unit/q1", "unit/q2"] == [one.item for one in answers_of(data, "unit")]


def test_an_item_without_an_answer_or_a_name_tells_nothing() -> None:
    data = interactions({"id": "q1"}, {"student_response": "b"}, {"id": 7, "student_response": "b"}, "x", None)

    assert [] == list(answers_of(data, ""))


def test_answers_are_bounded_in_number_and_length() -> None:
    data = interactions(*({"id": f"q{n}" * 200, "student_response": "x" * 9000} for n in range(2 * INTERACTIONS_MAX)))

    said = list(answers_of(data, ""))

    assert INTERACTIONS_MAX == len(said)
    assert all(len(one.item) <= 200 and len(one.answer) <= 1000 for one in said)


def test_half_letters_are_written_so_that_an_event_can_hold_them() -> None:
    (said,) = answers_of(interactions({"id": "q\ud83d", "student_response": "\udc00"}), "")

    assert ("q?", "?") == (said.item, said.answer)
