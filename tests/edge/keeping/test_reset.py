"""A box that is reset: the courses stay, nobody is left, and a cut at any step leaves the old box or the new one."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.box import Box
from edge.cli import box as command
from edge.keeping import reset
from edge.keeping.reset import WouldLose
from edge.people.people import Classroom, Person
from tests.edge.conftest import SAMPLES

STEPS = 8


@pytest.fixture
def lived(box: Box, amina: Person, grade: Classroom, shelve: Any) -> Box:
    """A box with a course, a learner and what she did."""
    shelve(box, "water", [SAMPLES / "lesson"])
    box.learning.answered(amina.id, "water", "quiz", "item", "42", key="one")
    box.change_config({"hub": "https://hub.example", "window": "02:00-04:00"})
    (box.data / "something-of-former-times").write_text(amina.name)
    return box


def everything_in(data: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file() and "store" not in path.parts)


def test_the_courses_stay_and_the_people_go(lived: Box, boxes: Any, amina: Person) -> None:
    former, roots = lived.id, lived.shelf.holdings()
    files = sorted(path.name for path in lived.shelf.tree("water").rglob("*"))
    reset.ask(lived, lost=10)
    lived.close()

    again = boxes()

    assert roots == again.shelf.holdings()
    assert files == sorted(path.name for path in again.shelf.tree("water").rglob("*"))
    assert former != again.id
    assert {"learner": 0, "teacher": 0, "staff": 0} == {
        kind: again.people.counts()[kind] for kind in ("learner", "teacher", "staff")
    }
    assert not again.setup.is_claimed
    assert again.setup.label_code()
    assert again.hub is None
    assert "" == again.config.hub
    assert "02:00-04:00" == reset_settings(again)
    assert amina.name.encode() not in everything_in(again.data)
    assert not reset.is_asked(again.data)


def reset_settings(box: Box) -> str:
    from edge.box import read_config

    return read_config(box.data).window


@pytest.mark.parametrize("done", range(STEPS + 1))
def test_power_cut_between_any_two_steps(lived: Box, boxes: Any, amina: Person, done: int) -> None:
    """What was done before the cut is done again, or goes on: the new box stands in the end, and only one."""
    roots = lived.shelf.holdings()
    reset.ask(lived, lost=10)
    lived.close()
    for step, _ in zip(reset.steps(lived.data), range(done), strict=False):
        step()

    again = boxes()

    assert roots == again.shelf.holdings()
    assert 0 == again.people.counts()["learner"]
    assert amina.name.encode() not in everything_in(again.data)
    assert (again.id, again.setup.label_code()) == (again.id, again.setup.label_code())


def test_there_are_as_many_steps_as_are_cut_here(lived: Box) -> None:
    assert STEPS == len(list(reset.steps(lived.data)))


def test_power_cut_while_the_new_database_is_made(lived: Box, boxes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of it is there, another is not."""
    reset.ask(lived, lost=10)
    lived.close()
    roots, calls, put = [], count(), reset._put

    def cut(*words: Any, **named: Any) -> None:
        if next(calls) == 2:
            raise KeyboardInterrupt
        put(*words, **named)

    monkeypatch.setattr(reset, "_put", cut)
    with pytest.raises(KeyboardInterrupt):
        boxes()
    monkeypatch.undo()

    again = boxes()

    roots = [course for course, _, _ in again.shelf.holdings()]
    assert ["water"] == roots
    assert 0 == again.people.counts()["learner"]


def test_a_box_that_was_not_asked_stays_as_it_is(lived: Box, boxes: Any) -> None:
    former = lived.id
    with pytest.raises(WouldLose, match="would be lost"):
        reset.ask(lived, lost=0)
    lived.close()

    again = boxes()

    assert former == again.id
    assert 1 == again.people.counts()["learner"]


def test_who_reset_it_is_told_to_the_hub_before(lived: Box) -> None:
    unsent = reset.send_first(lived, "staff-id")

    kinds = lived.database.read().execute("select kind from event order by place, sequence").fetchall()
    assert "acted" == kinds[-1]["kind"]
    assert unsent == reset.unsent_of_learners(lived) > 0


def sends(staff: Any, password: str = "a long password", **fields: str) -> str:
    page: str = staff.proves("/staff/reset", "staff", password, {"name": "Campus box", **fields})
    return page


def test_the_page_asks_for_the_name_and_the_password(staff: Any, box: Box) -> None:
    assert "This is not the name of this box." in sends(staff, name="Another box")
    assert "This is not your password of today." in sends(staff, "another password")
    staff.sends("/staff/reset", name="Campus box")
    assert 400 == staff.status
    assert not reset.is_asked(box.data)


def test_the_page_says_what_would_be_lost_and_asks_for_that_very_number(staff: Any, box: Box, amina: Person) -> None:
    box.learning.answered(amina.id, "water", "quiz", "item", "42", key="one")
    opened = []
    box.open_again = lambda: opened.append(box.id)
    unsent = reset.unsent_of_learners(box)

    first = sends(staff)
    assert "These steps would be lost." in first
    assert "These steps would be lost." in sends(staff, lose=str(unsent - 1))
    assert not reset.is_asked(box.data)

    assert "Everybody is forgotten." in sends(staff, lose=str(unsent))
    assert reset.is_asked(box.data)
    assert [box.id] == opened


def test_the_command_asks_and_then_resets(lived: Box, boxes: Any) -> None:
    former = lived.id
    lived.close()

    refused = CliRunner().invoke(command, ["reset", "--data", str(lived.data), "--yes"])
    stopped = CliRunner().invoke(command, ["reset", "--data", str(lived.data)], input="n\n")
    done = CliRunner().invoke(command, ["reset", "--data", str(lived.data), "--yes", "--lose", "10"])

    assert isinstance(refused.exception, WouldLose)
    assert (1, 0) == (stopped.exit_code, done.exit_code)
    assert former != boxes().id


def test_a_reset_box_can_be_reset_again(lived: Box, boxes: Any) -> None:
    reset.ask(lived, lost=10)
    lived.close()
    second = boxes()
    reset.ask(second, lost=0)
    second.close()

    third = boxes()

    assert ["water"] == [course for course, _, _ in third.shelf.holdings()]
    assert third.id not in (lived.id, second.id)
