"""The ledger: what nights and months have cost, whatever the clock and the uplink do."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from catalog.db import Database
from edge.config import Config
from edge.nights import ledger
from edge.nights.ledger import OTHER_STEP_BYTES, Day, Ledger
from edge.nights.uplink import Reading
from sync.budget.allowance import Spent
from sync.clock import TRUSTED_SINCE_SECONDS

MB = 1_000_000
NOON_SECONDS = TRUSTED_SINCE_SECONDS + 100 * 86_400 + 12 * 3600
"""Noon, UTC, of 11 April 2026."""
DAY_SECONDS = 86_400


@dataclass
class Uplink:
    """The interface of the box, whose counters the test sets."""

    reading: Reading | None = None
    config: Config = field(default_factory=lambda: Config(window="22:00-04:00", month_carries=True))


@pytest.fixture
def uplink() -> Uplink:
    return Uplink()


@pytest.fixture
def kept(tmp_path: Path, clock: Any, uplink: Uplink) -> Iterator[Ledger]:
    clock.wall_seconds = NOON_SECONDS
    database = Database(tmp_path / "box.db", [ledger.migrations])
    yield Ledger(database, clock, lambda: uplink.config, lambda interface: uplink.reading)
    database.close()


def counters(counted_bytes: int, boot: str = "first") -> Reading:
    return Reading("wwan0", boot, counted_bytes)


def test_what_moved_is_spent_in_its_night_and_its_month(kept: Ledger) -> None:
    kept.book(3 * MB)
    kept.book(-MB)

    assert Spent(2 * MB, 2 * MB) == kept.spent()


def test_a_night_over_midnight_is_one_night(kept: Ledger, clock: Any) -> None:
    clock.wind(11 * 3600)  # eleven in the evening
    kept.book(MB)
    clock.wind(4 * 3600)  # three in the morning
    kept.book(MB)
    in_the_night = kept.spent()
    clock.wind(20 * 3600)

    assert (2 * MB, 0) == (in_the_night.night_bytes, kept.spent().night_bytes)


def test_a_month_begins_at_midnight_though_its_night_began_before(kept: Ledger, clock: Any) -> None:
    clock.wind(19 * DAY_SECONDS + 11 * 3600)  # 30 April, eleven in the evening
    kept.book(MB)
    clock.wind(2 * 3600)
    kept.book(3 * MB)

    assert (4 * MB, 3 * MB) == (kept.spent().night_bytes, kept.spent().month_bytes)


def test_what_the_month_before_cost_is_known_where_all_of_it_was_counted(kept: Ledger, clock: Any) -> None:
    kept.book(MB)
    clock.wind(30 * DAY_SECONDS)
    kept.book(2 * MB)
    in_may = kept.spent()
    clock.wind(30 * DAY_SECONDS)

    assert (None, 2 * MB) == (in_may.former_month_bytes, kept.spent().former_month_bytes)


def test_a_month_does_not_open_again_when_the_clock_goes_back(kept: Ledger, clock: Any) -> None:
    """May has begun and cost 5 MB; then the clock says April again. What moves now still counts in May."""
    clock.wind(25 * DAY_SECONDS)
    kept.book(5 * MB)
    clock.wind(-25 * DAY_SECONDS)
    kept.book(MB)

    assert Spent(6 * MB, 6 * MB) == kept.spent()


def test_a_clock_that_was_years_ahead_has_spent_this_month(kept: Ledger, clock: Any) -> None:
    clock.wind(4 * 365 * DAY_SECONDS)
    kept.book(5 * MB)
    clock.wall_seconds = NOON_SECONDS
    before_anything_moved = kept.spent()
    kept.book(MB)
    this_month = kept.spent()
    clock.wind(30 * DAY_SECONDS)

    assert (5 * MB, 6 * MB, 0) == (
        before_anything_moved.month_bytes,
        this_month.month_bytes,
        kept.spent().month_bytes,
    )


def test_while_the_time_is_not_known_the_last_known_day_pays(kept: Ledger, clock: Any) -> None:
    kept.book(MB)
    clock.wall_seconds = 60
    kept.book(MB)
    clock.wall_seconds = NOON_SECONDS + 60

    assert Spent(2 * MB, 2 * MB) == kept.spent()


def test_what_was_lent_costs_nothing_and_is_remembered(kept: Ledger) -> None:
    kept.book(MB, is_lent=True)

    assert (Spent(), [Day(kept.today(), 0, 0, MB)]) == (kept.spent(), kept.days(9))


def test_what_may_move_follows_from_what_was_spent(kept: Ledger, uplink: Uplink) -> None:
    uplink.config = Config(window="22:00-04:00", night_mb=10)
    kept.book(4 * MB)

    assert 6 * MB == kept.allowance().all_bytes


def test_other_traffic_of_the_uplink_counts_like_our_own(kept: Ledger, uplink: Uplink) -> None:
    """Five megabytes cross, of which three are ours: the other two count too, and none of them twice."""
    uplink.config = Config(window="22:00-04:00", uplink="wwan0")
    uplink.reading = counters(100 * MB)
    kept.observe()
    kept.book(2 * MB)
    kept.book(MB, is_lent=True)
    uplink.reading = counters(105 * MB)
    kept.observe()
    kept.observe()

    assert [Day(kept.today(), 2 * MB, 2 * MB, MB)] == kept.days(9)
    assert 4 * MB == kept.spent().night_bytes


def test_a_look_in_the_middle_of_a_session_takes_nothing_of_ours_for_others(kept: Ledger, uplink: Uplink) -> None:
    """A step is counted ahead while half of it has crossed; at the end the rest is given back."""
    uplink.config = Config(window="22:00-04:00", uplink="wwan0")
    uplink.reading = counters(0)
    kept.observe()
    kept.book(MB)
    uplink.reading = counters(MB // 2)
    kept.observe()
    kept.book(-MB // 4)
    uplink.reading = counters(MB)
    kept.observe()

    assert [Day(kept.today(), MB * 3 // 4, MB // 4, 0)] == kept.days(9)


def test_a_restart_of_the_machine_loses_nothing_of_what_others_sent(kept: Ledger, uplink: Uplink) -> None:
    uplink.config = Config(window="22:00-04:00", uplink="wwan0")
    for reading in (counters(9 * MB), counters(MB, "second"), counters(3 * MB, "second")):
        uplink.reading = reading
        kept.observe()

    assert 3 * MB == kept.spent().month_bytes


def test_little_of_others_waits_until_it_is_a_step(kept: Ledger, uplink: Uplink) -> None:
    """A card is not written every minute for a few bytes."""
    uplink.config = Config(window="22:00-04:00", uplink="wwan0")
    uplink.reading = counters(0)
    kept.observe()
    uplink.reading = counters(OTHER_STEP_BYTES - 1)
    kept.observe(OTHER_STEP_BYTES)
    before = kept.spent().month_bytes
    uplink.reading = counters(OTHER_STEP_BYTES + 5)
    kept.observe(OTHER_STEP_BYTES)

    assert (0, OTHER_STEP_BYTES + 5) == (before, kept.spent().month_bytes)


def test_without_an_interface_only_our_own_counts(kept: Ledger, uplink: Uplink) -> None:
    uplink.reading = counters(90 * MB)
    kept.observe()

    assert [] == kept.days(9)
