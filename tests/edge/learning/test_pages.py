"""What a course's page sends back, and what learners and teachers see of it."""

from typing import Any

from catalog.manifest import Release
from edge.box import Box
from edge.people.people import Classroom, Person


def test_a_place_is_kept_and_a_repeat_changes_nothing(learner: Any, box: Box, amina: Person, water: Release) -> None:
    fields = {"course": "water", "activity": water.activities[0].id, "seconds": "30.5", "duration": "100"}
    learner.sends("/learn/place", key="k1", **fields)
    unsent = box.journal.unsent_count()

    learner.sends("/learn/place", key="k1", **fields)

    assert 204 == learner.status
    assert unsent == box.journal.unsent_count()
    assert 30 == box.learning.places(amina.id)["water"][water.activities[0].id].seconds


def test_i_have_finished_leads_back_to_the_course(learner: Any, box: Box, amina: Person, water: Release) -> None:
    activity = water.activities[0].id

    learner.sends("/learn/completed", course="water", activity=activity, next="/me")

    assert "/me" == learner.path
    assert box.learning.places(amina.id)["water"][activity].is_completed
    assert "100" in learner.page


def test_an_answer_is_kept_word_for_word(learner: Any, box: Box, amina: Person, water: Release) -> None:
    learner.sends("/learn/answer", course="water", activity=water.activities[0].id, item="q1", answer="ماء", key="k")

    assert 204 == learner.status
    assert ["ماء"] == [one.answer for one in box.learning.answers(amina.id, "water")]


def test_an_endless_answer_is_refused(learner: Any, box: Box, water: Release) -> None:
    learner.sends("/learn/answer", course="water", activity=water.activities[0].id, item="q1", answer="x" * 20_000)

    assert 413 == learner.status


def test_a_course_that_is_not_here_is_not_found(learner: Any, water: Release) -> None:
    learner.sends("/learn/place", course="fire", activity="site", seconds="1")

    assert 404 == learner.status


def test_a_time_that_is_no_number_is_refused(learner: Any, water: Release) -> None:
    learner.sends("/learn/place", course="water", activity=water.activities[0].id, seconds="-1e9")

    assert 400 == learner.status


def test_nothing_of_a_guest_is_kept(phone: Any, box: Box, grade: Classroom, water: Release) -> None:
    phone.sends("/guest")
    unsent = box.journal.unsent_count()

    phone.sends("/learn/completed", course="water", activity=water.activities[0].id, next="/me")

    assert "/me" == phone.path
    assert unsent == box.journal.unsent_count()


def test_a_teacher_sees_the_class_course_by_course(
    staff: Any, learner: Any, grade: Classroom, water: Release, amina: Person
) -> None:
    learner.sends("/learn/completed", course="water", activity=water.activities[0].id, next="/me")

    staff.opens(f"/classes/{grade.id}/progress")
    assert "Water" in staff.page
    assert "Amina Warsame" in staff.page
    assert "100" in staff.page
    staff.opens(f"/classes/{grade.id}/progress/water")
    assert "Amina Warsame" in staff.page
    staff.opens(f"/learners/{amina.id}/progress")
    assert "Amina Warsame" == staff.heading


def test_a_class_that_began_nothing_says_so(staff: Any, grade: Classroom, amina: Person) -> None:
    staff.opens(f"/classes/{grade.id}/progress")

    assert "Nobody of this class has begun a course yet." in staff.page


def test_words_of_a_learner_are_never_markup(staff: Any, learner: Any, amina: Person, water: Release) -> None:
    activity = water.activities[0].id
    learner.sends("/learn/place", course="water", activity=activity, seconds="1", duration="9")
    learner.sends("/learn/answer", course="water", activity=activity, item="q1", answer="<script>x</script>")

    staff.opens(f"/learners/{amina.id}/progress")

    assert "&lt;script&gt;" in staff.page
    assert "<script>x" not in staff.page
