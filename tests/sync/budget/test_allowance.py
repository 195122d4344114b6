"""What may still move: quotas of nights and months, what is carried over, and clocks that go back."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from sync.budget.allowance import (
    BACK_DAYS_MAX,
    PROGRESS_NIGHT_BYTES,
    PROGRESS_RESERVE_BYTES,
    UNLIMITED,
    Allowance,
    Budget,
    Limit,
    Spent,
    allowance,
    booked_seconds,
    day_date,
    lent,
    month_before,
    month_bytes_max,
    month_of,
    next_night_seconds,
)
from sync.budget.windows import DAY_SECONDS, Window

MB = 1_000_000

amounts = st.integers(0, 1 << 40)
budgets = st.builds(Budget, amounts, amounts, st.integers(1, 28), st.booleans())
spendings = st.builds(Spent, amounts, amounts, st.none() | amounts)
days = st.integers(0, 40_000)


def day_of(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


def test_without_a_budget_everything_may_move() -> None:
    assert UNLIMITED == allowance(Budget(), Spent(5 * MB, 90 * MB), days_left=12)


def test_courses_leave_a_batch_of_progress_to_the_night() -> None:
    assert Allowance(30 * MB, 30 * MB - PROGRESS_RESERVE_BYTES, Limit.NIGHT) == allowance(
        Budget(night_bytes_max=40 * MB), Spent(night_bytes=10 * MB), days_left=12
    )


def test_courses_leave_the_month_what_its_other_nights_need_for_progress() -> None:
    kept = PROGRESS_RESERVE_BYTES + 12 * PROGRESS_NIGHT_BYTES

    assert Allowance(30 * MB, 30 * MB - kept, Limit.MONTH) == allowance(
        Budget(month_bytes_max=40 * MB), Spent(month_bytes=10 * MB), days_left=12
    )


def test_a_small_quota_is_not_all_kept_for_progress() -> None:
    assert Allowance(400_000, 300_000, Limit.NIGHT) == allowance(Budget(night_bytes_max=400_000), Spent(), 0)


def test_the_tighter_of_night_and_month_holds() -> None:
    budget = Budget(night_bytes_max=40 * MB, month_bytes_max=100 * MB)

    assert Limit.NIGHT is allowance(budget, Spent(0, 10 * MB), 0).limit
    assert Limit.MONTH is allowance(budget, Spent(0, 80 * MB), 0).limit


@given(budget=budgets, spent=spendings, days_left=st.integers(0, 31))
def test_what_may_move_never_breaks_a_quota(budget: Budget, spent: Spent, days_left: int) -> None:
    may = allowance(budget, spent, days_left)
    all_bytes, course_bytes = may.all_bytes or 0, may.course_bytes or 0

    assert 0 <= course_bytes <= all_bytes
    assert not (budget.night_bytes_max and all_bytes) or spent.night_bytes + all_bytes <= budget.night_bytes_max
    month_max = month_bytes_max(budget, spent)
    assert not (budget.month_bytes_max and all_bytes) or spent.month_bytes + all_bytes <= month_max


def test_what_is_lent_goes_to_whatever_comes_first() -> None:
    assert Allowance(20 * MB, 20 * MB, Limit.LENT) == lent(20 * MB)


def test_what_a_month_leaves_is_added_to_the_next() -> None:
    budget = Budget(month_bytes_max=100 * MB, is_month_carried=True)

    assert 160 * MB == month_bytes_max(budget, Spent(former_month_bytes=40 * MB))


def test_what_was_carried_over_is_not_carried_again() -> None:
    """August left 60 of 100. September may spend 160, spends 30, and leaves 70 of its own: October has 170, not 230."""
    budget = Budget(month_bytes_max=100 * MB, is_month_carried=True)

    assert 170 * MB == month_bytes_max(budget, Spent(former_month_bytes=30 * MB))


def test_a_month_that_nobody_counted_leaves_nothing() -> None:
    assert 100 == month_bytes_max(Budget(month_bytes_max=100, is_month_carried=True), Spent(former_month_bytes=None))


def test_no_limit_stays_none_when_months_are_carried() -> None:
    assert 0 == month_bytes_max(Budget(is_month_carried=True), Spent(former_month_bytes=0))


def test_a_month_begins_on_its_day() -> None:
    month = month_of(day_of(2026, 1, 14), begins=15)

    assert (date(2025, 12, 15), date(2026, 1, 15)) == (day_date(month.first_day), day_date(month.next_day))


@given(day=days, begins=st.integers(1, 28))
def test_months_follow_one_another_without_a_gap(day: int, begins: int) -> None:
    month = month_of(day, begins)

    assert month.first_day <= day < month.next_day
    assert month.first_day == month_before(month, begins).next_day
    assert month.next_day == month_of(month.next_day, begins).first_day


@given(moments=st.lists(st.integers(0, BACK_DAYS_MAX * DAY_SECONDS), min_size=1, max_size=30))
def test_time_that_was_counted_does_not_come_again(moments: list[int]) -> None:
    counted: list[int] = []
    for moment in moments:
        counted.append(booked_seconds(moment, counted[-1] if counted else None))

    assert counted == sorted(counted)


def test_a_clock_that_was_years_ahead_is_not_waited_for() -> None:
    assert 1000 == booked_seconds(1000, 1000 + 4 * 365 * DAY_SECONDS)


def test_the_next_night_begins_with_the_first_window() -> None:
    windows = [Window.parse("22:00-04:00"), Window.parse("13:00-14:00")]
    hour = 3600

    assert 10 * DAY_SECONDS + 22 * hour == next_night_seconds(windows, 10 * DAY_SECONDS + 21 * hour)
    assert 11 * DAY_SECONDS + 22 * hour == next_night_seconds(windows, 11 * DAY_SECONDS + 3 * hour)
