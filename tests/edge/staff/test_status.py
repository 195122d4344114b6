"""The status page: the verdict first, in plain words."""

from dataclasses import replace
from typing import Any

from edge.box import Box
from edge.nights.night import Night


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


def test_the_last_nights_are_drawn_and_said(staff: Any, box: Box, clock: Any) -> None:
    for outcome in ("well", "failed"):
        night = box.nights.begin(Night(clock.wall_seconds - 3_600, True, "all"))
        box.nights.end(replace(night, outcome=outcome, ended_seconds=clock.wall_seconds, bytes_down=5_000_000))

    page = staff.opens("/staff")

    assert "The last 60 nights. Well: 1." in page
    assert 2 == page.count('class="chart wells"')


def test_whoever_cannot_see_the_chart_has_a_table(staff: Any, box: Box, clock: Any) -> None:
    night = box.nights.begin(Night(clock.wall_seconds - 3_600, True, "all"))
    box.nights.end(replace(night, outcome="cut", ended_seconds=clock.wall_seconds, bytes_down=5_000_000))

    page = staff.opens("/staff/nights").replace("\u00a0", " ")

    assert '<th scope="row">11 Apr</th><td>the power went</td><td class="n">5 MB</td>' in page
    assert 61 == page.count('<th scope="row">')


def test_a_lent_session_is_named_among_the_sessions(staff: Any, box: Box, clock: Any) -> None:
    night = box.nights.begin(Night(clock.wall_seconds - 3_600, True, "lent"))
    box.nights.end(replace(night, outcome="well", ended_seconds=clock.wall_seconds))

    assert "lent: well" in staff.opens("/staff/nights")
