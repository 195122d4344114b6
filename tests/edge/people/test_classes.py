"""What teachers and staff do for a class: codes, PINs, accounts, erasing."""

from collections.abc import Callable
from typing import Any

import pytest

from catalog.fault import Fault
from edge.box import Box
from edge.people.people import Classroom, NobodyThere, Person, Secret


def test_a_new_pin_is_one_tap_and_ends_the_former_sessions(
    staff: Any, phone: Any, grade: Classroom, amina: Person
) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends(f"/sign-in/as/{amina.id}", pin="4719")

    staff.sends(f"/learners/{amina.id}/pin")
    pin = staff.page.partition('class="big" dir="ltr">')[2][:4]
    phone.opens("/me")
    assert "/sign-in" == phone.path

    phone.sends(f"/sign-in/as/{amina.id}", pin="4719")
    assert 400 == phone.status
    phone.sends(f"/sign-in/as/{amina.id}", pin=pin)
    assert "/" == phone.path


def test_a_new_pin_serves_a_learner_who_forgot_the_pictures(box: Box, grade: Classroom) -> None:
    idriss = box.people.enrol_learner(grade.id, "Idriss Omar", Secret("pictures", "fish sun palm"))

    pin = box.people.new_pin(idriss.id)

    assert box.people.is_secret(box.people.person(idriss.id), Secret("pin", pin))
    assert not box.people.is_secret(box.people.person(idriss.id), Secret("pictures", "fish sun palm"))


def test_staff_add_a_class_and_show_its_code(staff: Any, box: Box) -> None:
    staff.sends("/classes", name="Grade 7 A")
    made = next(one for one in box.people.classrooms() if one.name == "Grade 7 A")

    staff.opens(f"/classes/{made.id}/code")

    assert made.code in staff.page


def test_two_classes_of_one_name_are_refused(staff: Any, grade: Classroom) -> None:
    staff.sends("/classes", name="grade 8 b")

    assert 400 == staff.status
    assert "already" in staff.page


def test_a_new_code_closes_the_old_one_and_keeps_the_learners(
    staff: Any, phone: Any, box: Box, grade: Classroom, amina: Person
) -> None:
    staff.sends(f"/classes/{grade.id}/code")

    phone.sends("/sign-in/class", code=grade.code)

    assert 400 == phone.status
    assert [amina] == box.people.learners(grade.id)


def test_a_teacher_is_let_in_by_a_code_and_chooses_a_password(staff: Any, phones: Callable[..., Any]) -> None:
    staff.sends("/teachers", name="Kadra Ismail")
    code = staff.page.partition('class="big" dir="ltr">')[2][:11]
    teacher, elsewhere = phones("10.0.0.3"), phones("10.0.0.4")
    teacher.sends("/sign-in/code", name="kadra ismail", code=code.lower())
    assert "Choose a password" == teacher.heading

    teacher.proves("/password", "", "", {}, new_password="six goats and a well")

    assert "Your password is changed." == teacher.heading
    assert "Classes" in teacher.opens("/classes")
    elsewhere.signs_in("kadra ismail", "six goats and a well")
    assert "/classes" == elsewhere.path


def test_the_code_of_a_teacher_works_once(staff: Any, phones: Callable[..., Any]) -> None:
    staff.sends("/teachers", name="Kadra Ismail")
    code = staff.page.partition('class="big" dir="ltr">')[2][:11]
    teacher, thief = phones("10.0.0.3"), phones("10.0.0.4")
    teacher.sends("/sign-in/code", name="Kadra Ismail", code=code)

    thief.sends("/sign-in/code", name="Kadra Ismail", code=code)

    assert 400 == thief.status


def test_a_new_password_ends_every_other_session(box: Box, grade: Classroom, phones: Callable[..., Any]) -> None:
    box.people.add_teacher("Kadra Ismail", "six goats and a well")
    teacher, elsewhere = phones("10.0.0.3"), phones("10.0.0.4")
    for at in (teacher, elsewhere):
        at.signs_in("Kadra Ismail", "six goats and a well")

    teacher.proves("/password", "Kadra Ismail", "six goats and a well", {}, new_password="seven goats, no well")

    assert "Your password is changed." == teacher.heading
    elsewhere.opens("/classes")
    assert "/sign-in" == elsewhere.path


def test_a_new_password_takes_the_one_of_today(box: Box, grade: Classroom, phone: Any) -> None:
    teacher = box.people.add_teacher("Kadra Ismail", "six goats and a well")
    phone.signs_in("Kadra Ismail", "six goats and a well")

    phone.proves("/password", "Kadra Ismail", "six goats", {}, new_password="seven goats, no well")

    assert 400 == phone.status
    assert box.people.is_secret(teacher, Secret("password", "six goats and a well"))


def test_a_new_password_is_never_taken_in_the_clear(staff: Any, box: Box) -> None:
    staff.sends("/password", now="a long password", password="another long password")

    assert 400 == staff.status
    assert "runs no script" in staff.page
    assert box.people.is_secret(box.people.with_password("staff"), Secret("password", "a long password"))


def test_a_removed_teacher_is_out_at_once(staff: Any, phone: Any, box: Box) -> None:
    teacher = box.people.add_teacher("Kadra Ismail", "six goats and a well")
    phone.signs_in("Kadra Ismail", "six goats and a well")

    staff.sends(f"/teachers/{teacher.id}/remove")

    phone.opens("/classes")
    assert "/sign-in" == phone.path


def test_before_erasing_a_page_names_the_learner_and_what_stays(staff: Any, amina: Person) -> None:
    staff.opens(f"/learners/{amina.id}/erase")

    assert "Erase Amina Warsame for ever?" == staff.heading
    assert "What stays" in staff.page


def test_an_erased_learner_is_gone_from_every_table_and_every_byte(
    staff: Any, phone: Any, box: Box, clock: Any, grade: Classroom, amina: Person
) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends(f"/sign-in/as/{amina.id}", pin="4719")
    box.learning.opened(amina.id, "water", 1, "site", "index.html")
    box.learning.answered(amina.id, "water", "site", "q1", "Because Warsame says so", "k1")

    staff.sends(f"/learners/{amina.id}/erase")

    assert [] == box.people.learners(grade.id)
    assert {} == box.learning.places(amina.id)
    assert box.journal.has_erased(amina.id)
    box.journal.verify()
    phone.opens("/me")
    assert "/sign-in" == phone.path
    box.close()
    assert b"Warsame" not in (box.data / "box.db").read_bytes()


def test_the_hub_hears_of_an_erasure_by_an_event_of_its_own(box: Box, grade: Classroom, amina: Person) -> None:
    box.people.erase(amina.id)

    rows = box.database.read().execute("select kind, payload from event where learner = ?", [amina.id]).fetchall()

    assert [("learner", None), ("erased", None)] == [tuple(row) for row in rows]


def test_nothing_is_recorded_of_a_learner_who_was_erased(box: Box, amina: Person) -> None:
    box.people.erase(amina.id)

    with pytest.raises(Fault):
        box.learning.opened(amina.id, "water", 1, "site")
    with pytest.raises(NobodyThere):
        box.people.erase(amina.id)


def test_a_learner_is_named_in_the_journal_once_and_nowhere_else(box: Box, amina: Person) -> None:
    box.learning.opened(amina.id, "water", 1, "site", "index.html")

    rows = box.database.read().execute("select kind from event where instr(payload, 'Amina') > 0").fetchall()

    assert ["learner"] == [row[0] for row in rows]
