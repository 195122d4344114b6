"""Windows of the local day: written, read, open, and what the clocks' change does to them."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.fault import CallerFault
from sync.budget.windows import (
    DAY_MINUTES,
    WINDOWS_MAX,
    Window,
    is_any_open,
    is_open,
    local_minute,
    local_seconds,
    night_number,
    parse_windows,
    slot_minute,
)

NIGHT = Window.parse("01:00-05:00")
OVER_MIDNIGHT = Window.parse("22:00-04:00")
PARIS = ZoneInfo("Europe/Paris")

windows = st.builds(Window, st.integers(0, DAY_MINUTES - 1), st.integers(0, DAY_MINUTES - 1))
boxes = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16)


@pytest.mark.parametrize("text", ["", "night", "1-5", "24:00-05:00", "01:60-05:00", "01:00-05:00-06:00", "01:00"])
def test_a_window_that_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CallerFault) as refused:
        Window.parse(text)

    assert "01:00-05:00" in refused.value.hint


@given(window=windows)
def test_a_window_reads_back_as_it_is_written(window: Window) -> None:
    assert window == Window.parse(str(window))


@given(window=windows)
def test_a_window_is_open_for_exactly_its_length(window: Window) -> None:
    assert window.length_minutes == sum(is_open(window, minute) for minute in range(DAY_MINUTES))


def test_a_window_reaches_over_midnight() -> None:
    open_at = [is_open(OVER_MIDNIGHT, hour * 60) for hour in (21, 22, 23, 0, 3, 4, 12)]

    assert [False, True, True, True, True, False, False] == open_at


@given(box=boxes, window=windows)
def test_a_box_starts_in_its_window_with_a_quarter_left(box: str, window: Window) -> None:
    into = (slot_minute(box, window) - window.start_minute) % DAY_MINUTES

    assert into < max(1, window.length_minutes * 3 // 4)


def test_a_thousand_boxes_do_not_ring_at_once() -> None:
    starts = Counter(slot_minute(f"box-{number}", NIGHT) for number in range(1000))

    assert max(starts.values()) < 20
    assert len(starts) > 150


def test_several_windows_stand_with_commas_between() -> None:
    assert (NIGHT, Window.parse("13:00-14:00")) == parse_windows("01:00-05:00, 13:00-14:00")


def test_too_many_windows_are_a_slip_of_the_pen() -> None:
    with pytest.raises(CallerFault):
        parse_windows(",".join(["01:00-02:00"] * (WINDOWS_MAX + 1)))


def test_any_of_several_windows_lets_courses_through() -> None:
    several = parse_windows("01:00-05:00, 13:00-14:00")

    assert [True, False, True, False] == [is_any_open(several, hour * 60) for hour in (2, 9, 13, 14)]


def test_a_night_over_midnight_is_one_night() -> None:
    day_seconds = DAY_MINUTES * 60
    hours = [10 * day_seconds + hour * 3600 for hour in (21, 22, 23, 24, 27, 45, 46)]

    assert [9, 10, 10, 10, 10, 10, 11] == [night_number([OVER_MIDNIGHT], at) for at in hours]


def test_a_window_in_the_hour_that_is_lost_does_not_come_that_day() -> None:
    """In Paris, 29 March 2026 goes from 01:59 straight to 03:00."""
    lost = Window.parse("02:00-03:00")
    midnight = int(datetime(2026, 3, 29, tzinfo=PARIS).timestamp())
    minutes = [local_minute(midnight + minute * 60, PARIS) for minute in range(23 * 60)]

    assert not any(is_open(lost, minute) for minute in minutes)


def test_a_window_in_the_doubled_hour_is_open_twice_and_one_night() -> None:
    """In Paris, 25 October 2026 has the hour from two to three twice."""
    doubled = Window.parse("02:00-03:00")
    midnight = int(datetime(2026, 10, 25, tzinfo=PARIS).timestamp())
    moments = [midnight + minute * 60 for minute in range(25 * 60)]
    open_at = [moment for moment in moments if is_open(doubled, local_minute(moment, PARIS))]

    assert 120 == len(open_at)
    assert 1 == len({night_number([doubled], local_seconds(moment, PARIS)) for moment in open_at})


def test_local_time_is_wall_time_where_the_zone_is_utc() -> None:
    assert 1_800_000_000 == local_seconds(1_800_000_000, UTC)
