"""States: kept whole or not at all, in their order, for learners only."""

from typing import Any

import pytest

from edge.box import Box
from edge.learning.packages.states import PACKAGE_BYTES_MAX, STATE_BYTES_MAX, Save, Studied
from edge.people.people import Person
from sync.events import fields_of


@pytest.fixture
def study(amina: Person) -> Studied:
    return Studied(amina.id, "water", 3, "golf")


def say(box: Box, study: Studied, part: str = "one", sitting: int = 1, number: int = 1, **data: Any) -> None:
    is_last = data.pop("is_last", False)
    is_alone = study.parts_total == 1
    box.database.write(box.packages.save_work(study, Save(part, sitting, number, data, is_last, is_alone)))


def told(box: Box, kind: str) -> list[dict[str, Any]]:
    from sync import chain

    people = box.database.read().execute("select distinct learner from event where kind = ?", [kind]).fetchall()
    events = [event for row in people for event in chain.events_of(box.database.read(), row["learner"])]
    return [fields_of(event) or {} for event in events if event.kind == kind]


def answer(text: str) -> dict[str, Any]:
    return {"cmi": {"interactions": {"0": {"id": "q1", "student_response": text}}}}


def test_a_state_is_given_back_as_it_was_said(box: Box, study: Studied) -> None:
    say(box, study, runtimeData={"cmi": {"suspend_data": "ماء"}})

    sitting = box.packages.sit_down(study)

    assert 1 == sitting.number
    assert '{"runtimeData":{"cmi":{"suspend_data":"ماء"}}}' == sitting.parts["one"].state


@pytest.mark.parametrize("late", [(1, 4), (1, 5), (0, 99)])
def test_a_save_that_comes_late_or_twice_undoes_nothing(box: Box, study: Studied, late: tuple[int, int]) -> None:
    say(box, study, sitting=1, number=5, said="new")
    say(box, study, sitting=late[0], number=late[1], said="old")

    assert '{"said":"new"}' == box.packages.of(study)["one"].state


def test_a_later_sitting_comes_after_every_save_of_the_one_before(box: Box, study: Studied) -> None:
    say(box, study, sitting=1, number=900, said="old")
    say(box, study, sitting=2, number=1, said="new")

    assert '{"said":"new"}' == box.packages.of(study)["one"].state


def test_an_answer_is_told_when_it_changes_and_only_then(box: Box, study: Studied) -> None:
    for number, text in enumerate(["a", "a", "b", "b", "b"], start=1):
        say(box, study, number=number, runtimeData=answer(text))

    assert ["a", "b"] == [one["answer"] for one in told(box, "answered")]


def test_a_result_is_told_once_when_the_sitting_ends(box: Box, study: Studied) -> None:
    for number, raw in enumerate([10, 40, 80], start=1):
        say(box, study, number=number, score={"raw": raw}, completionStatus="incomplete")
    assert [] == told(box, "scored")

    say(box, study, number=4, score={"raw": 80}, completionStatus="completed", is_last=True)
    say(box, study, number=5, score={"raw": 80}, completionStatus="completed", is_last=True)

    assert [800] == [one["permille"] for one in told(box, "scored")]
    assert 1 == box.results.of(study.learner)["water"]["golf"].attempts


def test_a_result_that_a_dying_phone_could_not_end_with_is_told_at_the_next_sitting(box: Box, study: Studied) -> None:
    box.packages.sit_down(study)
    say(box, study, number=1, score={"raw": 60}, completionStatus="incomplete")

    box.packages.sit_down(study)

    assert [600] == [one["permille"] for one in told(box, "scored")]


def test_the_place_moves_as_the_parts_are_finished(box: Box, amina: Person) -> None:
    study = Studied(amina.id, "water", 3, "golf", parts_total=4)
    say(box, study, "one", completionStatus="completed")
    say(box, study, "two", completionStatus="incomplete", runtimeData={"cmi": {"progress_measure": 0.5}})

    place = box.learning.place(amina.id, "water", "golf")

    assert place is not None
    assert (375, False, 3) == (place.permille, place.is_completed, place.version)
    assert [375] == [one["permille"] for one in told(box, "progressed")][-1:]


def test_a_package_is_completed_once(box: Box, study: Studied) -> None:
    for number in (1, 2):
        say(box, study, number=number, completionStatus="completed", is_last=True)

    assert 1 == len(told(box, "completed"))


def test_too_large_a_state_has_no_room(box: Box, study: Studied) -> None:
    many = PACKAGE_BYTES_MAX // STATE_BYTES_MAX
    for part in range(many):
        say(box, study, f"part-{part}", said="x" * (STATE_BYTES_MAX - 11))

    assert not box.packages.has_room(study, "one", STATE_BYTES_MAX + 1)
    assert not box.packages.has_room(study, "one", 100)
    assert box.packages.has_room(study, "part-0", STATE_BYTES_MAX)


def test_of_an_erased_learner_nothing_stays(box: Box, study: Studied) -> None:
    say(box, study, said="x")
    box.packages.sit_down(study)

    box.people.erase(study.learner)

    assert [0, 0] == [
        box.database.read().execute(f"select count(*) from {table}").fetchone()[0]
        for table in ("package", "package_part")
    ]
