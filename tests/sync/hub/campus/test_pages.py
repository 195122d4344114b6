"""The hub's pages about a campus's roster and what is said to it, with forms only."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from sync.campus.ownership import Side
from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import writing
from sync.hub.hub import Hub
from tests.sync.hub.conftest import CampusBox
from tests.sync.hub.test_pages import PASSWORD, Browser

pytestmark = pytest.mark.slow


@pytest.fixture
def app(hub: Hub) -> Flask:
    return create_app(hub)


@pytest.fixture
def staff(hub: Hub, app: Flask) -> Browser:
    browser = Browser(app)
    hub.staff.add("Rana", PASSWORD)
    assert browser.proves("/sign-in", name="Rana", password=PASSWORD).status_code == 303
    return browser


@pytest.fixture
def campus(hub: Hub) -> str:
    return hub.fleet.campus_called("Wadi").id


def names(hub: Hub, campus: str) -> list[tuple[str, list[str]]]:
    return [(group.name, [one.name for one in group.learners]) for group in hub.roster.classes(campus)]


def test_staff_make_a_class_and_a_learner(hub: Hub, staff: Browser, campus: str) -> None:
    roster = f"/campuses/{campus}/roster"
    staff.sends(f"/campuses/{campus}/classes", page=roster, name="Grade 9 A")
    (group,) = hub.roster.classes(campus)
    staff.sends(f"/campuses/{campus}/learners", page=roster, **{"class": group.id}, name="Amina Daher", number="1007")

    page = staff.reads(roster)

    assert names(hub, campus) == [("Grade 9 A", ["Amina Daher"])]
    assert "Amina Daher" in page
    assert "made here" in page


def test_what_cannot_be_is_said_with_its_next_step(hub: Hub, staff: Browser, campus: str) -> None:
    hub.roster.add_class(campus, "Grade 9 A")

    refused = staff.sends(f"/campuses/{campus}/classes", page=f"/campuses/{campus}/roster", name="grade 9 a")

    assert refused.status_code == 422
    assert "There is a class called" in refused.text
    assert len(hub.roster.classes(campus)) == 1


def test_a_change_of_what_the_campus_made_is_shown_with_both_values(
    hub: Hub, staff: Browser, campus: str, new_box: Callable[[], CampusBox]
) -> None:
    box = new_box()
    box.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    box.writes("class", class_="c1", name="Grade 8 B")
    box.sends()
    roster = f"/campuses/{campus}/roster"

    staff.sends(f"/campuses/{campus}/classes/c1", page=roster, name="Grade 9 B")
    page = staff.reads(roster)

    assert names(hub, campus) == [("Grade 8 B", [])]
    assert all(words in page for words in ("You propose", "Grade 8 B", "Grade 9 B", "made at the campus"))


def test_what_a_campus_proposes_is_decided_with_one_tap(
    hub: Hub, staff: Browser, campus: str, new_box: Callable[[], CampusBox]
) -> None:
    classroom = hub.roster.add_class(campus, "Grade 9 A")
    box = new_box()
    box.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    box.writes(
        "proposed", proposal="p1", about="class", id=classroom, field="name", was="Grade 9 A", value="Grade 10 A"
    )
    box.sends()
    waits = "1 proposal waits." in staff.reads(f"/campuses/{campus}")

    staff.sends(f"/campuses/{campus}/proposals/p1", page=f"/campuses/{campus}/roster", accept="1")

    assert waits
    assert names(hub, campus) == [("Grade 10 A", [])]
    assert hub.roster.proposals(campus) == []


def test_staff_announce_and_take_it_back(hub: Hub, staff: Browser, campus: str) -> None:
    notices = f"/campuses/{campus}/notices"
    staff.sends(f"/campuses/{campus}/announcements", page=notices, text="Exam on Monday.\r\nBring a pen.", days="٣")
    (one,) = hub.notices.announcements(campus)
    shown = staff.reads(notices)

    staff.sends(f"/campuses/{campus}/announcements/{one.id}/withdraw", page=notices)

    assert (one.text, one.until_seconds > 0) == ("Exam on Monday.\nBring a pen.", True)
    assert "Bring a pen." in shown
    assert hub.notices.announcements(campus) == []


def test_an_empty_announcement_says_what_is_missing(hub: Hub, staff: Browser, campus: str) -> None:
    refused = staff.sends(f"/campuses/{campus}/announcements", page=f"/campuses/{campus}/notices", text="  ")

    assert refused.status_code == 422
    assert "There is nothing to announce." in refused.text


def test_staff_assign_a_course_to_a_class(hub: Hub, staff: Browser, campus: str) -> None:
    with writing(hub.engine) as connection:
        connection.execute(schema.want.insert().values(campus=campus, course="water"))
    classroom = hub.roster.add_class(campus, "9 A")
    notices = f"/campuses/{campus}/notices"

    staff.sends(f"/campuses/{campus}/assignments", page=notices, course="water", days="7", **{"class": classroom})
    (one,) = hub.notices.assignments(campus)
    staff.sends(f"/campuses/{campus}/assignments/{one.id}/withdraw", page=notices)

    assert (one.classroom, one.course, one.due_seconds > 0) == (classroom, "water", True)
    assert hub.notices.assignments(campus) == []


def test_a_course_that_the_campus_does_not_get_is_not_assigned(hub: Hub, staff: Browser, campus: str) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    notices = f"/campuses/{campus}/notices"

    refused = staff.sends(f"/campuses/{campus}/assignments", page=notices, course="x", **{"class": classroom})

    assert refused.status_code == 422


def test_a_budget_is_proposed_with_what_was_written_alone(hub: Hub, staff: Browser, campus: str) -> None:
    staff.sends(f"/campuses/{campus}/budget", page=f"/campuses/{campus}/notices", night_mb="300", window="01:00-04:00")

    sent = hub.notices.budget_sent(campus)

    assert sent is not None
    assert (dict(sent.settings), sent.is_accepted) == ({"night_mb": 300, "window": "01:00-04:00"}, None)


def test_a_learner_of_the_hub_is_changed_at_once(hub: Hub, staff: Browser, campus: str) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    learner = hub.roster.add_learner(campus, classroom, "Amina Dahir")
    at = f"/campuses/{campus}/learners/{learner}"

    staff.sends(at, page=at, name="Amina Daher", number="", **{"class": classroom})

    (group,) = hub.roster.classes(campus)
    assert [(one.name, one.owner) for one in group.learners] == [("Amina Daher", Side.HUB)]


def test_a_learner_is_made_known_at_another_campus(hub: Hub, staff: Browser, campus: str) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    learner = hub.roster.add_learner(campus, classroom, "Amina Daher")
    other = hub.fleet.campus_called("Hill").id
    there = hub.roster.add_class(other, "9 H")
    at = f"/campuses/{campus}/learners/{learner}"

    staff.sends(f"{at}/elsewhere", page=at, place=f"{other}/{there}")

    assert names(hub, other) == [("9 H", ["Amina Daher"])]
    assert "Also studies at Hill." in staff.reads(at)


@pytest.mark.parametrize("path", ["roster", "notices", "learners/nobody"])
def test_a_campus_that_is_not_there_has_no_pages(staff: Browser, path: str) -> None:
    answer: Any = staff.opens(f"/campuses/gone/{path}")

    assert answer.status_code in (303, 400)


def test_these_pages_are_for_staff_alone(app: Flask, campus: str) -> None:
    stranger = Browser(app)

    answers = [stranger.opens(f"/campuses/{campus}/{path}") for path in ("roster", "notices")]

    assert [answer.status_code for answer in answers] == [303, 303]


@pytest.mark.parametrize("page", ["", "/elsewhere"])
def test_a_learner_of_a_campus_that_is_none_is_said_in_words(staff: Browser, page: str) -> None:
    """An address with a line break in it once made the page fail, for it led back to itself: found at random."""
    refused = staff.sends(f"/campuses/wadi%0Aeast/learners/nobody{page}", page="/", name="Amina")

    assert (400, True) == (refused.status_code, "There is no such campus" in refused.text)


def test_how_long_steps_stay_is_ruled_and_taken_back(hub: Hub, staff: Browser, campus: str) -> None:
    notices = f"/campuses/{campus}/notices"

    staff.sends(f"/campuses/{campus}/rules", page=notices, journal_days="90")
    ruled = hub.notices.days_ruled(campus)
    refused = staff.sends(f"/campuses/{campus}/rules", page=notices, journal_days="9999")
    staff.sends(f"/campuses/{campus}/rules", page=notices, journal_days="")

    assert (90, 422, None) == (ruled, refused.status_code, hub.notices.days_ruled(campus))
