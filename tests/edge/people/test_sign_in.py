"""Signing in, as learners, teachers and staff do it on shared phones."""

from collections.abc import Callable
from typing import Any

from edge.box import Box
from edge.people.people import NAMES_LISTED_MAX, Classroom, Person, Secret

PICTURES = Secret("pictures", "fish sun palm")


def test_a_learner_signs_in_with_class_name_and_pin(phone: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    assert "Amina Warsame" in phone.page

    phone.sends(f"/sign-in/as/{amina.id}", pin="4719")
    phone.opens("/me")

    assert "Amina Warsame" == phone.heading


def test_a_code_is_found_however_it_is_typed(phone: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=f" {grade.code[:2].lower()}-{grade.code[2:].lower()} ")

    assert "Amina Warsame" in phone.page


def test_a_pin_is_taken_in_the_digits_of_the_reader(phone: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=grade.code)

    phone.sends(f"/sign-in/as/{amina.id}", pin="٤٧١٩")

    assert "/" == phone.path


def test_names_show_only_to_a_phone_that_knows_the_class_code(phone: Any, grade: Classroom, amina: Person) -> None:
    pages = [phone.opens(path) for path in ("/sign-in", f"/sign-in/as/{amina.id}", "/join", "/sign-in/number")]

    assert [] == [page for page in pages if "Amina" in page]


def test_a_name_of_another_class_cannot_be_asked_for(phone: Any, box: Box, grade: Classroom, amina: Person) -> None:
    other = box.people.add_classroom("Grade 7 A")
    phone.sends("/sign-in/class", code=other.code)

    phone.opens(f"/sign-in/as/{amina.id}")

    assert "/sign-in" == phone.path
    assert "Amina" not in phone.page


def test_the_phone_remembers_the_class_after_signing_out(phone: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends(f"/sign-in/as/{amina.id}", pin="4719")

    phone.sends("/sign-out")

    assert "/sign-in" == phone.path
    assert "Amina Warsame" in phone.page


def test_a_big_class_is_searched_by_first_letters(phone: Any, box: Box, grade: Classroom, amina: Person) -> None:
    _fill(box, grade, NAMES_LISTED_MAX)
    phone.sends("/sign-in/class", code=grade.code)
    assert "Amina" not in phone.page

    assert "Amina Warsame" in phone.opens("/sign-in?letters=war")
    assert "Amina Warsame" not in phone.opens("/sign-in?letters=min")


def test_pictures_are_tapped_one_page_each_without_a_script(phone: Any, box: Box, grade: Classroom) -> None:
    idriss = box.people.enrol_learner(grade.id, "Idriss Omar", PICTURES)
    phone.sends("/sign-in/class", code=grade.code)

    phone.sends(f"/sign-in/as/{idriss.id}", picture="fish")
    assert "Tap picture 2 of 3" in phone.page
    phone.sends(f"/sign-in/as/{idriss.id}", picture="sun")
    assert "Tap picture 3 of 3" in phone.page
    phone.sends(f"/sign-in/as/{idriss.id}", picture="palm")

    assert "/" == phone.path


def test_pictures_in_another_order_are_wrong_and_begin_again(phone: Any, box: Box, grade: Classroom) -> None:
    idriss = box.people.enrol_learner(grade.id, "Idriss Omar", PICTURES)
    phone.sends("/sign-in/class", code=grade.code)

    for picture in ("sun", "fish", "palm"):
        phone.sends(f"/sign-in/as/{idriss.id}", picture=picture)

    assert 400 == phone.status
    assert "These are not your pictures" in phone.page
    assert "Tap picture 1 of 3" in phone.page


def test_pictures_begun_for_one_learner_do_not_count_for_another(phone: Any, box: Box, grade: Classroom) -> None:
    idriss = box.people.enrol_learner(grade.id, "Idriss Omar", PICTURES)
    hodan = box.people.enrol_learner(grade.id, "Hodan Said", PICTURES)
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends(f"/sign-in/as/{idriss.id}", picture="fish")

    phone.opens(f"/sign-in/as/{hodan.id}")

    assert "Tap picture 1 of 3" in phone.page


def test_a_learner_signs_in_with_number_and_pin(phone: Any, amina: Person) -> None:
    phone.sends("/sign-in/number", number="d-1042", pin="4719")

    assert "/" == phone.path


def test_a_wrong_pin_and_an_unknown_number_are_answered_alike(phones: Callable[..., Any], amina: Person) -> None:
    first, second = phones(), phones()

    first.sends("/sign-in/number", number="D-1042", pin="1111")
    second.sends("/sign-in/number", number="D-9999", pin="1111")

    assert (first.status, first.heading) == (second.status, second.heading)
    assert "do not belong together" in first.page
    assert "do not belong together" in second.page


def test_a_learner_cannot_sign_in_at_the_password_page(phone: Any, amina: Person) -> None:
    phone.signs_in("Amina Warsame", "4719")

    assert 400 == phone.status


def test_staff_sign_in_by_password(staff: Any) -> None:
    assert "/staff" == staff.path


def test_signing_in_leads_where_the_reader_wanted_to_go(phone: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class?next=/me", code=grade.code)

    phone.sends(f"/sign-in/as/{amina.id}?next=/me", pin="4719")

    assert "/me" == phone.path


def test_signing_in_never_leads_away_from_the_box(phone: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=grade.code)

    phone.sends(f"/sign-in/as/{amina.id}?next=//elsewhere.example/", pin="4719")

    assert "/" == phone.path


def test_a_guest_looks_round_and_nothing_is_kept(phone: Any, box: Box, grade: Classroom) -> None:
    events = box.journal.unsent_count()

    phone.sends("/guest")
    phone.opens("/me")

    assert "You are a guest" == phone.heading
    assert events == box.journal.unsent_count()


def test_a_box_that_is_nobodys_leads_to_its_setting_up(phone: Any) -> None:
    phone.opens("/sign-in")

    assert "/claim" == phone.path


def test_an_idle_phone_is_signed_out(phone: Any, clock: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    phone.sends(f"/sign-in/as/{amina.id}", pin="4719")
    clock.wind(5 * 3600)

    phone.opens("/me")

    assert "/sign-in" == phone.path


def test_guessing_a_pin_is_slowed_down(phone: Any, clock: Any, grade: Classroom, amina: Person) -> None:
    phone.sends("/sign-in/class", code=grade.code)
    for guess in ("0001", "0002", "0003", "0004"):
        phone.sends(f"/sign-in/as/{amina.id}", pin=guess)

    phone.sends(f"/sign-in/as/{amina.id}", pin="4719")
    assert 429 == phone.status
    assert "Wait" in phone.page

    clock.wind(3)
    phone.sends(f"/sign-in/as/{amina.id}", pin="4719")
    assert "/" == phone.path


def test_guessing_one_pin_locks_out_neither_the_class_nor_the_learner(
    phones: Callable[..., Any], box: Box, grade: Classroom, amina: Person
) -> None:
    hodan = box.people.enrol_learner(grade.id, "Hodan Said", Secret("pin", "8350"))
    guesser, neighbour, own = phones("10.0.0.9"), phones("10.0.0.9"), phones("10.0.0.10")
    for at in (guesser, neighbour, own):
        at.sends("/sign-in/class", code=grade.code)
    for guess in range(6):
        guesser.sends(f"/sign-in/as/{amina.id}", pin=f"00{guess}1")

    neighbour.sends(f"/sign-in/as/{hodan.id}", pin="8350")
    own.sends(f"/sign-in/as/{amina.id}", pin="4719")

    assert ["/", "/"] == [neighbour.path, own.path]


def test_guessing_class_codes_is_slowed_down(phone: Any, grade: Classroom) -> None:
    for guess in ("CCCCC", "DDDDD", "FFFFF", "GGGGG"):
        phone.sends("/sign-in/class", code=guess)

    phone.sends("/sign-in/class", code=grade.code)

    assert 400 == phone.status
    assert "Wait" in phone.page


def _fill(box: Box, grade: Classroom, count: int) -> None:
    """So many classmates, without the time that so many real secrets take."""
    box.database.write(
        lambda connection: [
            connection.execute(
                """
                insert into person (person, kind, name, name_key, classroom, secret_kind, secret)
                values (?, 'learner', ?, ?, ?, 'pin', '')
                """,
                [f"p{number}", f"Pupil {number}", f"pupil {number}", grade.id],
            )
            for number in range(count)
        ]
    )
