"""The pages of the campus, as people at the box see them."""

import re
from typing import Any

import pytest

from edge.box import Box
from edge.people.people import Classroom, Person, Secret
from tests.edge.campus.conftest import HubVoice
from tests.edge.conftest import SAMPLES, Phone, Phones, Shelves

DAY_SECONDS = 86_400


@pytest.fixture
def learner(phones: Phones, amina: Person) -> Phone:
    """Amina's phone, signed in."""
    at = phones("10.0.0.4")
    at.sends("/sign-in/number", number="D-1042", pin="4719")
    return at


def seen(phone: Phone) -> str:
    """What the page says that it shows as it is."""
    found = re.search(r'name="seen" value="([^"]*)"', phone.page)
    assert found is not None
    return found[1]


def test_an_announcement_for_all_is_on_everybodys_home(voice: HubVoice, learner: Phone, phones: Phones) -> None:
    voice.notices.announce("wadi", "The exam is on Monday.\nBring a pen.")
    voice.is_heard()
    guest = phones("10.0.0.5")
    guest.sends("/guest")

    shown = ["The exam is on Monday." in phone.opens("/") for phone in (learner, guest)]

    assert shown == [True, True]


def test_what_is_for_a_class_is_on_the_home_of_its_learners_alone(
    voice: HubVoice, learner: Phone, phones: Phones, grade: Classroom
) -> None:
    voice.says("announced", {"announcement": "a", "text": "To 8 B only.", "class": grade.id})
    voice.is_heard()
    guest = phones("10.0.0.5")
    guest.sends("/guest")

    shown = ["To 8 B only." in phone.opens("/") for phone in (learner, guest)]

    assert shown == [True, False]


def test_markup_in_an_announcement_is_only_text(voice: HubVoice, learner: Phone) -> None:
    voice.notices.announce("wadi", "<script>alert(1)</script>")
    voice.is_heard()

    learner.opens("/")

    assert "<script>alert" not in learner.page
    assert "&lt;script&gt;alert(1)" in learner.page


def test_what_is_assigned_has_its_day_and_its_door(
    voice: HubVoice, learner: Phone, box: Box, grade: Classroom, shelve: Shelves
) -> None:
    shelve(box, "water", [SAMPLES / "lesson"], title="Water", language="en")
    due_seconds = voice.clock.wall_seconds + 3 * DAY_SECONDS
    voice.says("assigned", {"assignment": "a", "class": grade.id, "course": "water", "due_seconds": due_seconds})
    voice.is_heard()

    learner.opens("/")

    assert "For your class" in learner.page
    assert 'href="/library/water"' in learner.page
    assert "By " in learner.page


def test_what_is_assigned_and_not_here_yet_says_so(voice: HubVoice, learner: Phone, grade: Classroom) -> None:
    voice.says("assigned", {"assignment": "a", "class": grade.id, "course": "unheard-of"})
    voice.is_heard()

    learner.opens("/")

    assert "Comes at night" in learner.page


def test_a_teacher_accepts_what_the_hub_proposes(voice: HubVoice, staff: Any, box: Box, grade: Classroom) -> None:
    voice.says(
        "proposed",
        {"proposal": "p", "about": "class", "id": grade.id, "field": "name", "was": grade.name, "value": "Grade 9 B"},
    )
    voice.is_heard()
    staff.opens(f"/classes/{grade.id}")
    assert "1 proposal waits." in staff.page
    staff.opens("/campus")
    both = grade.name in staff.page and "Grade 9 B" in staff.page

    staff.sends("/campus/proposals/p", accept="1", seen=seen(staff))

    assert both
    assert [one.name for one in box.people.classrooms()] == ["Grade 9 B"]
    assert "Proposals" not in staff.page


def test_a_proposal_that_cannot_be_says_why_and_stays(voice: HubVoice, staff: Any, box: Box, grade: Classroom) -> None:
    box.people.add_classroom("Grade 9 B")
    voice.says(
        "proposed",
        {"proposal": "p", "about": "class", "id": grade.id, "field": "name", "was": grade.name, "value": "grade 9 b"},
    )
    voice.is_heard()

    staff.sends("/campus/proposals/p", accept="1", seen=grade.name)

    assert staff.status == 409
    assert "This name is taken." in staff.page
    assert "The hub proposes" in staff.page


def test_a_decision_that_somebody_took_before_is_no_harm(staff: Any) -> None:
    staff.sends("/campus/proposals/gone", accept="1")

    assert (staff.status, staff.path) == (200, "/campus")


def test_staff_use_the_budget_that_the_hub_proposes(voice: HubVoice, staff: Any, box: Box) -> None:
    voice.notices.propose_budget("wadi", {"night_mb": 300, "month_mb": 0, "window": "01:00-04:00"})
    voice.is_heard()
    staff.opens("/campus")
    proposed = box.campus.budget_proposed()
    assert proposed is not None
    assert "300 MB" in staff.page
    assert "no limit" in staff.page

    staff.sends(f"/campus/budget/{proposed.id}", accept="1", seen=seen(staff))

    assert (box.config.night_mb, box.config.window) == (300, "01:00-04:00")
    assert box.campus.budget_proposed() is None


def test_what_is_proposed_for_the_link_stands_beside_what_is(voice: HubVoice, staff: Any, box: Box) -> None:
    box.change_config({"night_mb": 120})
    voice.notices.propose_budget("wadi", {"night_mb": 300})
    voice.is_heard()

    staff.opens("/campus")

    assert re.search(r"120 MB<small>as it is</small>.*300 MB<small>as proposed</small>", staff.page, re.DOTALL)


def test_a_budget_that_was_changed_since_the_page_was_made_is_looked_at_again(
    voice: HubVoice, staff: Any, box: Box
) -> None:
    voice.notices.propose_budget("wadi", {"night_mb": 300})
    voice.is_heard()
    staff.opens("/campus")
    proposed, before = box.campus.budget_proposed(), seen(staff)
    assert proposed is not None
    box.change_config({"night_mb": 120})

    staff.sends(f"/campus/budget/{proposed.id}", accept="1", seen=before)

    assert (409, 120) == (staff.status, box.config.night_mb)
    assert "changed meanwhile" in staff.page


@pytest.mark.parametrize(
    "settings", [{"window": "whenever"}, {"night_mb": 99_999_999_999}, {"rate_kbit": 100_000_001, "month_mb": 5}]
)
def test_a_budget_that_this_box_cannot_use_changes_nothing(
    voice: HubVoice, staff: Any, box: Box, settings: dict[str, Any]
) -> None:
    """A hub of before proposed whatever was typed there."""
    voice.says("budget", {"proposal": "p", **settings})
    voice.is_heard()
    proposed, config = box.campus.budget_proposed(), box.config
    staff.opens("/campus")
    is_said_before = "This box cannot use what the hub proposes." in staff.page and "Use this" not in staff.page

    staff.sends("/campus/budget/p", accept="1", seen=seen(staff))

    assert is_said_before
    assert (409, config) == (staff.status, box.config)
    assert "This box cannot use what the hub proposes." in staff.page
    assert box.campus.budget_proposed() == proposed


def test_a_proposal_shows_what_is_now_and_what_was_when_it_was_made(
    voice: HubVoice, staff: Any, box: Box, amina: Person
) -> None:
    said = {"proposal": "p", "about": "learner", "id": amina.id, "field": "name", "was": "Amina W.", "value": "A. W."}
    voice.says("proposed", said, amina.id)
    voice.is_heard()

    staff.opens("/campus")

    assert f"{amina.name}<small>as it is</small>" in staff.page
    assert "Changed since: it was Amina W. when this was proposed." in staff.page
    assert seen(staff) == amina.name


def test_a_proposal_takes_the_place_of_what_was_shown_alone(
    voice: HubVoice, staff: Any, box: Box, grade: Classroom
) -> None:
    said = {"proposal": "p", "about": "class", "id": grade.id, "field": "name", "was": grade.name, "value": "9 B"}
    voice.says("proposed", said)
    voice.is_heard()
    staff.opens("/campus")
    before = seen(staff)
    box.campus.change("class", grade.id, {"name": "Blue"})

    staff.sends("/campus/proposals/p", accept="1", seen=before)

    assert (409, ["Blue"]) == (staff.status, [one.name for one in box.people.classrooms()])
    assert "changed meanwhile" in staff.page
    assert seen(staff) == "Blue"


def test_of_a_learner_nothing_is_changed_where_a_part_cannot_be(
    staff: Any, box: Box, amina: Person, grade: Classroom
) -> None:
    badr = box.people.enrol_learner(grade.id, "Badr Omar", Secret("pin", "4719"))

    staff.sends(f"/learners/{badr.id}/name", name="Badr Ali", number=amina.student_number, to=grade.id)

    assert staff.status == 400
    assert 'id="e-number">Another learner has this student number.' in staff.page
    assert 'value="Badr Ali"' in staff.page
    assert box.people.person(badr.id) == badr


def test_a_class_of_this_campus_is_renamed_at_once(staff: Any, box: Box, grade: Classroom) -> None:
    staff.sends(f"/classes/{grade.id}/names", name="Grade 9 B")

    assert staff.path == f"/classes/{grade.id}/names"
    assert [one.name for one in box.people.classrooms()] == ["Grade 9 B"]


def test_an_empty_name_is_told_beside_its_field(staff: Any, box: Box, grade: Classroom) -> None:
    staff.sends(f"/classes/{grade.id}/names", name="  ")

    assert staff.status == 400
    assert "Write the name of the class" in staff.page
    assert [one.name for one in box.people.classrooms()] == [grade.name]


def test_a_change_of_what_the_hub_made_is_shown_as_proposed(voice: HubVoice, staff: Any, box: Box) -> None:
    classroom = voice.roster.add_class("wadi", "9 A")
    learner = voice.roster.add_learner("wadi", classroom, "Amina Dahir")
    voice.is_heard()

    staff.sends(f"/learners/{learner}/name", name="Amina Daher", number="", to=classroom)

    assert staff.path == f"/classes/{classroom}/names"
    assert "You propose" in staff.page
    assert [one.name for one in box.people.learners(classroom)] == ["Amina Dahir"]


def test_a_learner_of_this_campus_gets_a_name_a_number_and_a_class(
    staff: Any, box: Box, amina: Person, grade: Classroom
) -> None:
    other = box.people.add_classroom("Grade 9 A")

    staff.sends(f"/learners/{amina.id}/name", name="Amina Daher", number="d-2000", to=other.id)

    changed = box.people.person(amina.id)
    assert changed is not None
    assert (changed.name, changed.student_number, changed.classroom) == ("Amina Daher", "D-2000", other.id)


def test_two_of_one_name_in_a_class_are_refused(staff: Any, box: Box, amina: Person, grade: Classroom) -> None:
    badr = box.people.enrol_learner(grade.id, "Badr Omar", Secret("pin", "4719"))

    staff.sends(f"/learners/{badr.id}/name", name="amina warsame", number="", to=grade.id)

    assert (staff.status, "This name is taken." in staff.page) == (400, True)


def test_the_class_page_says_who_needs_a_first_pin(voice: HubVoice, staff: Any) -> None:
    classroom = voice.roster.add_class("wadi", "9 A")
    voice.roster.add_learner("wadi", classroom, "Amina Daher")
    voice.is_heard()

    staff.opens(f"/classes/{classroom}")

    assert "1 learner from the hub has no PIN yet." in staff.page
    assert "the hub" in staff.page


def test_what_is_said_in_another_language_runs_its_own_way(voice: HubVoice, learner: Phone) -> None:
    voice.notices.announce("wadi", "الامتحان يوم الاثنين")
    voice.is_heard()

    learner.opens("/")

    assert '<p dir="auto">الامتحان يوم الاثنين</p>' in learner.page


def test_what_waits_for_a_decision_is_told_where_staff_and_teachers_begin(
    voice: HubVoice, staff: Any, box: Box, grade: Classroom, amina: Person
) -> None:
    """A proposal for the budget was told nowhere but under Classes, behind a quiet button."""
    other = box.people.add_classroom("Grade 9 A")
    staff.opens("/staff")
    before = "for a decision" in staff.page
    voice.notices.propose_budget("wadi", {"night_mb": 300})
    said = {
        "proposal": "p",
        "about": "learner",
        "id": amina.id,
        "field": "name",
        "was": amina.name,
        "value": "Amina W.",
    }
    voice.says("proposed", said, amina.id)
    voice.is_heard()

    staff.opens("/staff")
    told = "2 proposals of the hub wait for a decision." in staff.page and 'href="/campus"' in staff.page
    staff.opens("/classes")
    lines = {one.name: re.search(rf"<b>{one.name}</b><small>([^<]*)", staff.page) for one in (grade, other)}

    assert (False, True) == (before, told)
    assert {grade.name: "1 learner · 1 proposal waits.", other.name: "0 learners"} == {
        name: found[1] for name, found in lines.items() if found
    }
