"""By which day the rest will be here: from quotas, from the link's speed, from both."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.budget.allowance import PROGRESS_RESERVE_BYTES, Budget, Spent
from sync.budget.forecast import Forecast, PastNight, Prospect, forecast, speed_bytes
from sync.budget.windows import DAY_MINUTES, DAY_SECONDS, Window

MB = 1_000_000
NIGHT = Window.parse("01:00-05:00")
MONDAY = (date(2026, 9, 14) - date(1970, 1, 1)).days
NOON = Prospect("amina", [NIGHT], Budget(), Spent(), [], MONDAY * DAY_SECONDS + 12 * 3600)


def test_nothing_missing_is_said_as_that() -> None:
    assert Forecast(0, None, 0) == forecast(0, NOON)


def test_of_a_link_that_was_never_measured_nothing_is_promised() -> None:
    assert Forecast(5 * MB) == forecast(5 * MB, NOON)


def test_a_nights_quota_says_by_when() -> None:
    """10 MB a night less its reserve: 45 MB take five nights, from Tuesday's to Saturday's."""
    prospect = replace(NOON, budget=Budget(night_bytes_max=10 * MB))

    assert Forecast(45 * MB, date(2026, 9, 19), 5) == forecast(45 * MB, prospect)


def test_a_spent_month_waits_for_the_next() -> None:
    prospect = replace(NOON, budget=Budget(month_bytes_max=100 * MB), spent=Spent(month_bytes=100 * MB))

    assert date(2026, 10, 1) == forecast(20 * MB, prospect).by


def test_what_this_month_leaves_helps_the_next() -> None:
    budget = Budget(month_bytes_max=100 * MB, month_begins=15, is_month_carried=True)
    carried = replace(NOON, budget=budget, spent=Spent(month_bytes=20 * MB))
    uncarried = replace(carried, budget=replace(budget, is_month_carried=False))

    assert date(2026, 9, 15) == forecast(150 * MB, carried).by
    assert date(2026, 10, 15) == forecast(150 * MB, uncarried).by


def test_the_links_speed_says_by_when() -> None:
    """1 kB a second is under 14.4 MB in four hours; of 40 MB the last comes in the third night at the earliest."""
    slow = replace(NOON, past=[PastNight(7_200_000, 7200.0)] * 3)
    found = forecast(40 * MB, slow)

    assert found.by is not None
    assert date(2026, 9, 17) <= found.by <= date(2026, 9, 27)


def test_a_session_that_runs_now_counts_from_now() -> None:
    one_o_clock = MONDAY * DAY_SECONDS + 3 * 3600
    running = replace(NOON, local_seconds=one_o_clock, is_running=True, past=[PastNight(10 * MB, 100.0)])

    assert Forecast(5 * MB, date(2026, 9, 14), 1) == forecast(5 * MB, running)


def test_a_second_window_brings_it_the_same_day() -> None:
    budget = Budget(night_bytes_max=40 * MB)
    twice = replace(NOON, windows=[NIGHT, Window.parse("13:00-14:00")], budget=budget)

    assert date(2026, 9, 14) == forecast(MB, twice).by


def test_what_takes_longer_than_a_year_has_no_date() -> None:
    prospect = replace(NOON, budget=Budget(night_bytes_max=MB))

    assert Forecast(10**12) == forecast(10**12, prospect)


def test_the_speed_is_that_of_the_usual_night_and_never_above_the_rate() -> None:
    past = [PastNight(MB, 10.0), PastNight(MB, 100.0), PastNight(90 * MB, 90.0), PastNight(100, 0.1)]

    assert 100_000.0 == speed_bytes(past, 0)
    assert 50_000.0 == speed_bytes(past, 50_000)


@pytest.mark.parametrize(("rate_bytes", "expected"), [(0, None), (32_000, 32_000.0)])
def test_with_no_night_to_judge_by_only_the_rate_is_known(rate_bytes: int, expected: float | None) -> None:
    assert expected == speed_bytes([], rate_bytes)


@given(
    remaining=st.integers(1, 10**9),
    night=st.integers(1, 10**8),
    spent=st.integers(0, 10**8),
    now=st.integers(0, 1000 * DAY_SECONDS),
    start=st.integers(0, DAY_MINUTES - 1),
    length=st.integers(1, DAY_MINUTES - 1),
)
def test_the_nights_that_are_promised_can_carry_it(
    remaining: int, night: int, spent: int, now: int, start: int, length: int
) -> None:
    """So many nights of the whole quota are enough, and one fewer of what courses may take of it is not."""
    window = Window(start, (start + length) % DAY_MINUTES)
    prospect = Prospect("box", [window], Budget(night_bytes_max=night), Spent(night_bytes=spent), [], now)
    found = forecast(remaining, prospect)
    course_bytes = night - min(PROGRESS_RESERVE_BYTES, night // 4)

    if found.nights is not None:
        assert found.by is not None
        assert remaining <= found.nights * course_bytes
        assert (found.nights - 2) * course_bytes < remaining
    else:
        assert remaining > 364 * course_bytes
