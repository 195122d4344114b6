"""Teachers' and staff's accounts: proofs, codes for one use, and passwords from before there were proofs."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.box import Box
from edge.cli import box as command
from edge.people import cli
from edge.people.people import STAFF_NAME, Classroom, Person, Secret
from sync.web import passwords
from sync.web.challenge.sheet import draw_sheet
from sync.web.challenge.verifier import Verifier

HTTPS = "https://localhost"


@pytest.fixture
def kadra(box: Box, grade: Classroom) -> Person:
    return box.people.add_teacher("Kadra Ismail", "six goats and a well")


@pytest.fixture
def former(box: Box, kadra: Person) -> Person:
    """A teacher whose password was kept as a hash, as it was before there were verifiers."""
    hashed = passwords.hash_secret("six goats and a well")
    box.database.write(
        lambda connection: connection.execute("update person set secret = ? where person = ?", [hashed, kadra.id])
    )
    return kadra


def test_a_password_is_kept_as_a_verifier(box: Box, kadra: Person) -> None:
    assert isinstance(box.accounts.verifier(kadra.id), Verifier)
    assert box.people.is_secret(kadra, Secret("password", "six goats and a well"))


def test_a_former_password_cannot_be_proven_and_nobody_can_tell(phone: Any, box: Box, former: Person) -> None:
    phone.signs_in("Kadra Ismail", "six goats and a well")

    assert 400 == phone.status
    assert "do not belong together" in phone.page


def test_a_former_password_becomes_a_verifier_by_one_sign_in_over_https(phone: Any, box: Box, former: Person) -> None:
    assert box.accounts.is_password(former, "six goats and a well")

    phone.signs_in("Kadra Ismail", "six goats and a well")

    assert "/classes" == phone.path


def test_a_wrong_former_password_changes_nothing(box: Box, former: Person) -> None:
    assert not box.accounts.is_password(former, "six goats")
    assert box.accounts.verifier(former.id) is None


def test_a_former_password_becomes_a_verifier_by_a_code_too(phone: Any, box: Box, former: Person) -> None:
    code = box.accounts.let_in(former.id)

    phone.sends("/sign-in/code", name="Kadra Ismail", code=code)

    assert "Choose a password" == phone.heading


def test_nobody_comes_in_where_there_is_no_password_yet(phone: Any, box: Box, grade: Classroom) -> None:
    box.people.add_teacher("Hodan Said")

    for password in ("", " ", "password"):
        phone.signs_in("Hodan Said", password)
        assert 400 == phone.status


def test_each_code_of_a_sheet_works_once(phones: Callable[..., Any], box: Box, kadra: Person) -> None:
    sheet = draw_sheet(random.Random(1).randbytes)
    box.accounts.keep_sheet(kadra.id, sheet)
    first, second = phones("10.0.0.3"), phones("10.0.0.4")

    first.sends("/sign-in/code", name="Kadra Ismail", code=f" {sheet[0].lower().replace('-', ' ')} ")
    second.sends("/sign-in/code", name="Kadra Ismail", code=sheet[0])

    assert ("/classes", 400) == (first.path, second.status)
    assert 9 == box.accounts.codes_left(kadra.id)


def test_a_code_is_of_one_person(box: Box, kadra: Person) -> None:
    hodan = box.people.add_teacher("Hodan Said")
    code = box.accounts.let_in(hodan.id)

    assert not box.accounts.spend(kadra, code)
    assert not box.accounts.spend(None, code)
    assert box.accounts.spend(hodan, code)


def test_codes_are_kept_as_hashes(box: Box, kadra: Person) -> None:
    code = box.accounts.let_in(kadra.id)

    kept = box.database.read().execute("select * from one_time_code").fetchall()

    assert code.replace("-", "") not in str(kept).upper()


def test_letting_a_teacher_in_takes_the_former_password_and_sessions_away(
    staff: Any, phone: Any, box: Box, kadra: Person
) -> None:
    phone.signs_in("Kadra Ismail", "six goats and a well")

    staff.sends(f"/teachers/{kadra.id}/password")

    assert "Code for Kadra Ismail" == staff.heading
    phone.opens("/classes")
    assert "/sign-in" == phone.path
    assert not box.people.is_secret(kadra, Secret("password", "six goats and a well"))


def test_a_removed_teacher_leaves_no_code_behind(box: Box, kadra: Person) -> None:
    box.accounts.let_in(kadra.id)

    box.people.remove_teacher(kadra.id)

    assert 0 == box.accounts.codes_left(kadra.id)


def test_a_new_sheet_is_shown_sealed_and_kept_with_a_proof(staff: Any, box: Box) -> None:
    staff.opens("/codes")
    sheet = staff.talks("/codes/talk")
    seen = sheet.says()

    staff.proves("/codes", "staff", "a long password", {"shown": seen["talk"], "seen": seen["sealed"]})

    assert "The sheet holds now." == staff.heading
    person = box.people.with_password("staff")
    assert box.accounts.spend(person, sheet.shown["codes"][7])


def test_a_borrowed_session_makes_no_sheet(staff: Any, box: Box) -> None:
    staff.sends("/codes", code="CCCCC-CCCCC")
    assert 400 == staff.status

    staff.sends("/codes")

    person = box.people.with_password("staff")
    assert person is not None
    assert (400, 0) == (staff.status, box.accounts.codes_left(person.id))


def test_without_a_script_a_code_of_the_old_sheet_makes_the_new_one(staff: Any, box: Box) -> None:
    person = box.people.with_password("staff")
    assert person is not None
    sheet = draw_sheet(random.Random(1).randbytes)
    box.accounts.keep_sheet(person.id, sheet)

    staff.sends("/codes", code=sheet[4])

    made = re.findall(r'<li class="mono" dir="ltr">([A-Z]{5}-[A-Z]{5})</li>', staff.page)
    assert 10 == len(set(made) - set(sheet))
    assert not box.accounts.spend(person, sheet[5])
    assert box.accounts.spend(person, made[0])


# ---- at the box itself ----


def run(box: Box, *options: str, typed: str = "") -> Any:
    box.close()
    return CliRunner().invoke(command, ["password", "--data", str(box.data), *options], input=typed)


def test_staff_get_a_new_password_at_the_box(box: Box, boxes: Any, grade: Classroom, tmp_path: Path) -> None:
    done = run(box, typed="a well and six goats\n" * 2)

    assert 0 == done.exit_code, done.output
    again = boxes()
    assert again.people.is_secret(again.people.with_password("staff"), Secret("password", "a well and six goats"))
    assert "six goats" not in done.stdout


def test_a_teacher_gets_a_code_at_the_box(box: Box, boxes: Any, kadra: Person) -> None:
    done = run(box, "--name", "kadra ismail", "--code", "--json")

    code = json.loads(done.stdout)["code"]
    again = boxes()
    assert again.accounts.spend(again.people.with_password("Kadra Ismail"), code)


def test_a_short_password_and_an_unknown_name_are_refused(box: Box, grade: Classroom) -> None:
    short = run(box, typed="short\nshort\n")
    nobody = CliRunner().invoke(command, ["password", "--data", str(box.data), "--name", "Eve", "--code"])

    assert "8 letters" in str(short.exception)
    assert "called Eve" in str(nobody.exception)


def test_the_command_knows_the_name_of_staff() -> None:
    assert STAFF_NAME == cli.STAFF_NAME
