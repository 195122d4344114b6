"""The first hour: a box is claimed once, by whoever has its label."""

import re
from typing import Any

import pytest

from edge.box import Box
from edge.people.people import Secret
from edge.staff.claim import ClaimedAlready, WrongStaffCode

ANSWERS = {
    "language": "fr",
    "classroom": "Grade 8 B",
    "window": "22:00-05:00",
    "timezone": "Etc/GMT-3",
    "first": "tonight",
}


PASSWORD = "six goats and a well"


def test_five_answers_and_the_code_make_the_box_ours(phone: Any, box: Box) -> None:
    answers = {"code": str(box.setup.label_code()).lower(), **ANSWERS}
    phone.proves("/claim", "", "", answers, new_password=PASSWORD)

    assert "The box is yours." == phone.heading
    classroom = box.people.classrooms()[0]
    assert classroom.code in phone.page
    assert ("fr", "22:00-05:00", "Etc/GMT-3") == (box.config.language, box.config.window, box.config.timezone)
    phone.opens("/staff")
    assert 200 == phone.status
    assert box.people.is_secret(box.people.with_password("staff"), Secret("password", PASSWORD))


def test_without_a_script_the_password_is_no_part_of_the_claim(phone: Any, phones: Any, box: Box) -> None:
    phone.sends("/claim", code=box.setup.label_code(), password=PASSWORD, **ANSWERS)

    assert not box.people.is_secret(box.people.with_password("staff"), Secret("password", PASSWORD))
    codes = re.findall(r'<li class="mono" dir="ltr">([A-Z]{5}-[A-Z]{5})</li>', phone.page)
    assert 10 == len(codes)
    again = phones("10.0.0.3")
    again.sends("/sign-in/code?next=/staff", name="staff", code=codes[3])
    again.opens("/staff")
    assert "/staff" == again.path


def test_settings_of_the_claim_outlast_a_start(phone: Any, box: Box, boxes: Any) -> None:
    phone.sends("/claim", code=box.setup.label_code(), **ANSWERS)
    box.close()

    again = boxes(config=None)

    assert ("fr", "22:00-05:00") == (again.config.language, again.config.window)
    assert again.setup.is_claimed


def test_a_box_is_claimed_once(box: Box) -> None:
    code = str(box.setup.label_code())
    box.setup.claim(code, "six goats and a well", "Grade 8 B")

    with pytest.raises(ClaimedAlready):
        box.setup.claim(code, "another password", "Grade 9")
    assert 1 == box.people.counts()["staff"]


def test_a_claimed_box_shows_no_questions(phone: Any, box: Box) -> None:
    code = str(box.setup.label_code())
    box.setup.claim(code, "six goats and a well", "Grade 8 B")

    phone.opens("/claim")
    assert "/sign-in" == phone.path
    phone.sends("/claim", code=code, **ANSWERS)
    assert "/sign-in" == phone.path


def test_a_wrong_code_changes_nothing(phone: Any, box: Box) -> None:
    box.setup.label_code()

    phone.sends("/claim", code="CCCCC-CCCCC", **ANSWERS)

    assert 400 == phone.status
    assert not box.setup.is_claimed
    assert "en" == box.config.language
    assert "Grade 8 B" in phone.page
    assert "six goats" not in phone.page


def test_guessing_the_code_is_slowed_down(phone: Any, box: Box) -> None:
    code = box.setup.label_code()
    for _ in range(4):
        phone.sends("/claim", code="CCCCC-CCCCC", **ANSWERS)

    phone.sends("/claim", code=code, **ANSWERS)

    assert "Wait" in phone.page
    assert not box.setup.is_claimed


def test_wrong_answers_are_told_beside_their_fields(phone: Any, box: Box) -> None:
    wrong = ANSWERS | {"window": "night", "classroom": " ", "timezone": "Nowhere"}

    phone.sends("/claim", code=box.setup.label_code(), **wrong)

    said = ["two times", "name of the class", "shows your time"]
    assert [True] * 3 == [words in phone.page for words in said]
    assert not box.setup.is_claimed


def test_the_label_keeps_its_code_until_the_box_is_claimed(box: Box, boxes: Any) -> None:
    code = box.setup.label_code()
    box.close()

    again = boxes()
    assert code == again.setup.label_code()

    again.setup.claim(str(code), "six goats and a well", "Grade 8 B")
    assert again.setup.label_code() is None
    assert not (again.data / "label.txt").exists()


def test_the_database_never_holds_the_code_itself(box: Box) -> None:
    code = str(box.setup.label_code())

    with pytest.raises(WrongStaffCode):
        box.setup.check("")
    kept = box.database.read().execute("select code_hash from staff_code").fetchone()[0]
    assert kept.startswith("$argon2id$")
    assert code.replace("-", "") not in kept


def test_whoever_had_a_power_cut_before_the_hash_gets_another_label(box: Box) -> None:
    (box.data / "label.txt").write_text("CCCCC-CCCCC\n")

    code = str(box.setup.label_code())

    box.setup.check(code)
    assert "CCCCC-CCCCC" != code
