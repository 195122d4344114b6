"""The status page: the verdict first, in plain words."""

from dataclasses import replace
from typing import Any

from edge.box import Box
from edge.night import Night


def test_the_first_heading_is_the_verdict(staff: Any) -> None:
    staff.opens("/staff")

    assert "This box has no hub yet." == staff.heading


def test_a_failed_night_says_why(staff: Any, box: Box) -> None:
    night = box.nights.begin(Night(1, True, "all"))
    told = {"outcome": "failed", "sentence": "The link was down all night.", "hint": "Ask the provider."}
    box.nights.end(replace(night, ended_seconds=60, **told))

    staff.opens("/staff")
    assert "The link was down all night." in staff.page
    assert "Ask the provider." in staff.page
    staff.opens("/staff/nights")
    assert "did not work" in staff.page


def test_a_session_asked_for_without_a_hub_harms_nothing(staff: Any) -> None:
    staff.sends("/staff/session")

    assert "/staff" == staff.path
    assert 200 == staff.status


def test_signing_out_is_on_every_page(staff: Any) -> None:
    staff.opens("/staff")

    assert 'action="/sign-out"' in staff.page
