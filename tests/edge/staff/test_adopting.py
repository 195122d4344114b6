"""The page on which a spare box takes another's place: for whoever has its label, and while it is nobody's."""

from typing import Any

from edge.box import Box
from edge.people.people import Classroom

ANSWERS = {"hub": "https://hub.example", "code": "KMTRD-XWPCF"}


def test_the_claim_leads_there(phone: Any) -> None:
    assert 'href="/claim/adopt"' in phone.opens("/claim")
    assert "Take another box" in phone.opens("/claim/adopt")


def test_whoever_has_no_label_cannot_give_the_box_to_a_hub(phone: Any, box: Box) -> None:
    box.setup.label_code()

    phone.sends("/claim/adopt", label="CCCCC-CCCCC", **ANSWERS)

    assert 400 == phone.status
    assert "This is not the code on the label." in phone.page
    assert "KMTRD-XWPCF" in phone.page


def test_guessing_the_label_is_slowed_down(phone: Any, box: Box) -> None:
    code = str(box.setup.label_code())
    for _ in range(4):
        phone.sends("/claim/adopt", label="CCCCC-CCCCC", **ANSWERS)

    phone.sends("/claim/adopt", label=code, **ANSWERS)

    assert "Wait" in phone.page


def test_a_hub_that_does_not_answer_is_said_beside_its_address(phone: Any, box: Box) -> None:
    phone.sends("/claim/adopt", label=str(box.setup.label_code()), **ANSWERS)

    assert 400 == phone.status
    assert "The hub does not answer there." in phone.page


def test_an_address_that_is_none_is_said(phone: Any, box: Box) -> None:
    phone.sends("/claim/adopt", label=str(box.setup.label_code()), hub="hub", code="KMTRD-XWPCF")

    assert "Write the address as the hub&#39;s staff have it" in phone.page


def test_a_code_that_is_none_is_said(phone: Any, box: Box) -> None:
    phone.sends("/claim/adopt", label=str(box.setup.label_code()), hub="https://hub.example", code="KMTRD")

    assert "The hub has no such code" in phone.page


def test_a_claimed_box_takes_nobodys_place(phone: Any, box: Box, grade: Classroom) -> None:
    phone.opens("/claim/adopt")
    assert "/sign-in" == phone.path
    phone.sends("/claim/adopt", label="CCCCC-CCCCC", **ANSWERS)
    assert "/sign-in" == phone.path
