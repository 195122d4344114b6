"""The budget on the staff's pages: what is spent, what may be changed, and what somebody lends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from edge.box import Box
from edge.nights.night import Night
from sync import enrolment
from sync.budget.forecast import Forecast
from sync.enrolment import Pinned
from sync.web.language import NO_BREAK

MB = 1_000_000


@pytest.fixture
def enrolled(box: Box) -> Box:
    """A box that belongs to a hub; nobody answers there."""
    values = {"hub_key": "k", "address": "http://hub.example", "box": box.id, "campus": "c", "campus_name": "Hill"}
    box.database.write(
        lambda connection: connection.execute(
            "insert into pinned_hub (only, hub_key, address, box, campus, campus_name)"
            " values (1, :hub_key, :address, :box, :campus, :campus_name)",
            values,
        )
    )
    assert isinstance(enrolment.pinned(box.database), Pinned)
    return box


@pytest.fixture
def slept(enrolled: Box, clock: Any) -> Callable[..., Night]:
    """Writes a night that is over."""

    def write(**how: Any) -> Night:
        night = enrolled.nights.begin(Night(clock.wall_seconds - 3_600, True, how.pop("lanes", "all")))
        ended = replace(night, ended_seconds=clock.wall_seconds, **{"outcome": "well", **how})
        enrolled.nights.end(ended)
        return ended

    return write


def plain(page: str) -> str:
    return page.replace(NO_BREAK, " ")


def test_what_is_spent_stands_beside_what_may_be(staff: Any, box: Box) -> None:
    box.change_config({"night_mb": 40, "month_mb": 900})
    box.ledger.book(23 * MB)

    page = plain(staff.opens("/staff"))

    assert ["23 MB of 40 MB", "23 MB of 900 MB"] == [
        one for one in ("23 MB of 40 MB", "23 MB of 900 MB") if one in page
    ]


def test_a_month_that_is_used_up_is_the_verdict(staff: Any, box: Box) -> None:
    box.change_config({"month_mb": 20})
    box.ledger.book(20 * MB)

    staff.opens("/staff")

    assert "What may be sent this month is used up." in plain(staff.page)


def test_without_a_limit_there_is_no_bar(staff: Any, box: Box) -> None:
    box.ledger.book(3 * MB)

    assert 2 == plain(staff.opens("/staff")).count("3 MB, without a limit")


@pytest.mark.parametrize(
    ("forecast", "sentence"),
    [
        (Forecast(0, nights=0), "All that should be here is here."),
        (Forecast(120 * MB), "120 MB are still to come; when they will be here cannot be said yet."),
        (Forecast(120 * MB, date(2026, 4, 16), 5), "The rest, 120 MB, by Thursday."),
        (Forecast(120 * MB, date(2026, 6, 2), 40), "The rest, 120 MB, by 2 Jun."),
    ],
)
def test_the_forecast_is_one_sentence(
    staff: Any, enrolled: Box, slept: Any, monkeypatch: pytest.MonkeyPatch, forecast: Forecast, sentence: str
) -> None:
    slept()
    monkeypatch.setattr(enrolled, "forecast", lambda: forecast)

    assert sentence in plain(staff.opens("/staff"))


def test_before_the_first_session_nothing_is_promised(staff: Any) -> None:
    assert "What should come is known after the first session." in staff.opens("/staff")


def test_a_budget_that_is_changed_holds_at_once(staff: Any, box: Box) -> None:
    staff.sends("/staff/budget", night_mb="40", month_mb="٩٠٠", rate_kbit="", window="01:00-05:00, 13:00-14:00")

    config = box.config
    assert "/staff" == staff.path
    assert (40, 900, 0, "01:00-05:00, 13:00-14:00") == (
        config.night_mb, config.month_mb, config.rate_kbit, config.window,
    )  # fmt: skip


def test_the_form_shows_what_holds_now(staff: Any, box: Box) -> None:
    box.change_config({"night_mb": 40})

    page = staff.opens("/staff/budget")

    assert 'name="night_mb" type="text" value="40"' in page
    assert 'name="month_mb" type="text" aria-describedby' in page


@pytest.mark.parametrize("number", ["-5", "4.5", "many", "999999999999", "٤ ٥"])
def test_a_number_that_cannot_be_changes_nothing(staff: Any, box: Box, number: str) -> None:
    before = box.config

    page = staff.sends("/staff/budget", night_mb="40", month_mb=number, rate_kbit="", window="01:00-05:00")

    assert 400 == staff.status
    assert "Write a whole number" in page
    assert f'value="{number}"' in page
    assert before == box.config


def test_a_window_that_cannot_be_is_told_beside_its_field(staff: Any, box: Box) -> None:
    staff.sends("/staff/budget", night_mb="", month_mb="", rate_kbit="", window="at night")

    assert 400 == staff.status
    assert "Write two times" in staff.page
    assert "01:00-05:00" == box.config.window


def test_only_staff_change_the_budget(phone: Any, grade: Any, box: Box) -> None:
    phone.sends("/staff/budget", night_mb="40", month_mb="", rate_kbit="", window="01:00-05:00")

    assert 0 == box.config.night_mb


# ---- lending -----------------------------------------------------------------------------------------------------


def test_lending_begins_one_session_under_that_cap(staff: Any, enrolled: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    lent: list[int] = []
    monkeypatch.setattr(enrolled.nightly, "begin", lambda *, lend_bytes=0: lent.append(lend_bytes))
    offered = plain(staff.opens("/staff"))

    staff.sends("/staff/lend", mb="20")

    assert [20 * MB] == lent
    assert [True] * 4 == [f"Lend {mb} MB now" in offered for mb in (5, 20, 50, 100)]


@pytest.mark.parametrize("amount", ["", "7", "-20", "20e9"])
def test_other_amounts_are_refused(staff: Any, enrolled: Box, monkeypatch: pytest.MonkeyPatch, amount: str) -> None:
    monkeypatch.setattr(enrolled.nightly, "begin", lambda *, lend_bytes=0: pytest.fail("a session began"))

    staff.sends("/staff/lend", mb=amount)

    assert 400 == staff.status


def test_a_box_without_a_hub_asks_nobody_to_lend(staff: Any) -> None:
    assert "/staff/lend" not in staff.opens("/staff")


def test_what_was_lent_says_what_it_bought(staff: Any, slept: Any) -> None:
    slept(lanes="lent", bytes_down=19_700_000, bytes_up=300_000, events_up=3, courses=["water"])

    page = plain(staff.opens("/staff"))

    assert "20 MB of what was lent were used, today 08:00." in page
    assert "3 steps of progress were sent. On the shelf from it: water." in page


def test_what_was_lent_and_completed_nothing_is_not_lost(staff: Any, slept: Any) -> None:
    slept(lanes="lent", outcome="short", bytes_down=5_000_000)

    assert "No course is whole yet; what came of them is kept." in staff.opens("/staff")


def test_after_the_next_session_the_page_no_longer_speaks_of_it(staff: Any, slept: Any) -> None:
    slept(lanes="lent")
    slept()

    assert "what was lent" not in staff.opens("/staff")
