"""Joining a class for the first time."""

from typing import Any

from edge.box import Box
from edge.people.people import Classroom, Person


def test_a_new_learner_joins_with_a_pin(phone: Any, box: Box, grade: Classroom) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends("/join", name="Deka  Moussa", by="pin")

    phone.sends("/join/pin", pin="7302")

    assert "Welcome, Deka Moussa." == phone.heading
    assert ["Deka Moussa"] == [learner.name for learner in box.people.learners(grade.id)]
    phone.opens("/me")
    assert "Deka Moussa" == phone.heading


def test_a_new_learner_joins_with_pictures_and_comes_back(phone: Any, box: Box, grade: Classroom) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends("/join", name="Deka Moussa", by="pictures")
    for picture in ("kite", "drum", "kite"):
        phone.sends("/join/pictures", picture=picture)
    assert "Welcome, Deka Moussa." == phone.heading

    phone.sends("/sign-out")
    deka = box.people.learners(grade.id)[0]
    for picture in ("kite", "drum", "kite"):
        phone.sends(f"/sign-in/as/{deka.id}", picture=picture)

    assert "/" == phone.path


def test_the_same_picture_three_times_is_refused(phone: Any, box: Box, grade: Classroom) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends("/join", name="Deka Moussa", by="pictures")

    for _ in range(3):
        phone.sends("/join/pictures", picture="kite")

    assert "easy to guess" in phone.page
    assert [] == box.people.learners(grade.id)


def test_an_easy_pin_is_refused_and_what_was_typed_stays(phone: Any, box: Box, grade: Classroom) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends("/join", name="Deka Moussa", by="pin")

    phone.sends("/join/pin", pin="1234")

    assert "easy to guess" in phone.page
    assert "Deka Moussa" in phone.page
    phone.sends("/join/pin", pin="7302")
    assert "Welcome, Deka Moussa." == phone.heading


def test_a_name_that_is_in_the_class_is_asked_about(phone: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=grade.code)

    phone.sends("/join", name="amina warsame", by="pin")

    assert 400 == phone.status
    assert "already" in phone.page or "in this class" in phone.page


def test_a_student_number_belongs_to_one_learner(phone: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=grade.code)

    phone.sends("/join", name="Deka Moussa", number="d-1042", by="pin")

    assert 400 == phone.status
    assert "Another learner has this number" in phone.page


def test_nobody_joins_without_the_class_code(phone: Any, box: Box, grade: Classroom) -> None:
    phone.sends("/join", name="Deka Moussa", by="pin")

    assert "/sign-in/class" == phone.path
    assert [] == box.people.learners(grade.id)
