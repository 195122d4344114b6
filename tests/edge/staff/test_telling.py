"""Staff set the clock of a box that does not know the time: forward only, and never to be trusted."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edge.box import Box
from edge.config import Config
from edge.staff.telling import AHEAD_SECONDS_MAX, offer, seconds_of
from sync.clock import TRUSTED_SINCE_SECONDS, Moment, Source
from tests.edge.conftest import MORNING_SECONDS, WoundClock

DJIBOUTI = ZoneInfo("Africa/Djibouti")
LOST_SECONDS = TRUSTED_SINCE_SECONDS - 86_400


@pytest.fixture
def box(boxes: Callable[..., Box]) -> Box:
    return boxes(config=Config(timezone="Africa/Djibouti"))


@pytest.fixture
def lost(staff: Any, clock: WoundClock) -> Any:
    """Staff at a box that lost the time after it was claimed."""
    clock.wall_seconds = LOST_SECONDS
    return staff


def written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, DJIBOUTI).strftime("%Y-%m-%dT%H:%M")


def test_a_box_that_lost_the_time_offers_to_be_told(lost: Any) -> None:
    lost.opens("/staff")

    assert '<section class="card stack" data-clock=' in lost.page
    assert f'data-clock="{LOST_SECONDS}" data-offset="10800" aria' in lost.page


def test_a_box_that_knows_the_time_leaves_it_to_the_browser_to_find_it_behind(staff: Any) -> None:
    staff.opens("/staff")

    assert 'data-offset="10800" data-told="1" hidden' in staff.page


def test_a_box_that_heard_the_hub_offers_nothing_and_takes_nothing(staff: Any, clock: WoundClock) -> None:
    clock.correct(MORNING_SECONDS)
    staff.opens("/staff")
    offered = "data-clock" in staff.page
    staff.sends("/staff/clock", at=written(MORNING_SECONDS + 3600))

    assert (False, 400, MORNING_SECONDS) == (offered, staff.status, clock.wall_seconds)


def test_what_staff_say_is_the_time_from_then_on_and_is_not_trusted(lost: Any, box: Box) -> None:
    lost.sends("/staff/clock", at=written(MORNING_SECONDS))

    now = box.clock.now()
    assert (MORNING_SECONDS, False, Source.PERSON) == (now.wall_seconds, now.is_trusted, now.source)
    assert "/staff" == lost.path


@pytest.mark.parametrize("at", ["", "tomorrow", "2026-13-40T99:99", "1969-01-01T00:00", "9" * 5000])
def test_what_is_no_time_is_refused_with_an_example(lost: Any, clock: WoundClock, at: str) -> None:
    lost.sends("/staff/clock", at=at)

    assert (400, LOST_SECONDS, True) == (lost.status, clock.wall_seconds, "2026-11-28 17:40" in lost.page)


def test_it_goes_no_further_back_than_the_box_has_seen(lost: Any, box: Box, clock: WoundClock) -> None:
    """What it saw last stands above what its clock shows: a time in between is past."""
    clock.wall_seconds = MORNING_SECONDS
    box.watch.look(clock.now())
    box.database.write(lambda connection: None)
    clock.wall_seconds = LOST_SECONDS
    lost.sends("/staff/clock", at=written(MORNING_SECONDS - 3600))

    assert (400, LOST_SECONDS) == (lost.status, clock.wall_seconds)


def test_a_slip_of_the_year_is_refused(lost: Any, clock: WoundClock) -> None:
    lost.sends("/staff/clock", at=written(MORNING_SECONDS + AHEAD_SECONDS_MAX + 86_400))

    assert (400, LOST_SECONDS) == (lost.status, clock.wall_seconds)


def test_nobody_but_staff_sets_the_clock(phone: Any, clock: WoundClock) -> None:
    clock.wall_seconds = LOST_SECONDS
    phone.sends("/staff/clock", at=written(MORNING_SECONDS))

    assert LOST_SECONDS == clock.wall_seconds


def test_the_time_is_written_as_it_is_in_the_boxs_zone() -> None:
    asked = offer(Moment(MORNING_SECONDS, 0.0, is_trusted=False), DJIBOUTI)

    assert asked is not None
    assert MORNING_SECONDS == seconds_of(asked.shown, DJIBOUTI)
    assert seconds_of("2026-11-28T17:40:30", UTC) == seconds_of(" 2026-11-28 17:40 ", UTC)
