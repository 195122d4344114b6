"""The allowance: how many bytes may still move, of a night's and of a month's quota.

* Bytes are counted in both directions, header lines included, whoever caused them.
* Courses leave a part of each quota to progress: a month that is spent by the tenth still hears from its learners.
* What a month leaves may be added to the next, once: what is carried over is not carried over again.
* A month begins on its day at midnight; a night at the start of the first window. Neither opens again when a clock
  goes back (`booked_seconds`).
* Nothing here reads a clock or a ledger: values in, values out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from sync.budget.windows import DAY_SECONDS, Window, night_number

PROGRESS_RESERVE_BYTES = 256 * 1024
"""Of a night, kept from courses: one whole batch of events."""
PROGRESS_NIGHT_BYTES = 32 * 1024
"""Of a month, kept from courses for each night that is still to come in it, beside the reserve of the night."""
RESERVE_SHARE = 4
"""Never more than one in so many bytes of a quota is kept from courses."""
BACK_DAYS_MAX = 62
"""A clock that goes back further than this was wrong before, rather than now."""
MONTH_BEGINS_MAX = 28
"""Every month has this day."""

_EPOCH = date(1970, 1, 1)


class Limit(Enum):
    """What it is that ends the bytes."""

    NIGHT = "night"
    MONTH = "month"
    LENT = "lent"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a box may spend; 0 is no limit."""

    night_bytes_max: int = 0
    month_bytes_max: int = 0
    month_begins: int = 1
    """The day of the month on which the quota begins anew."""
    is_month_carried: bool = False
    rate_bytes: int = 0
    """Bytes in a second."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What has been spent so far. `former_month_bytes` is None where the month before was not counted."""

    night_bytes: int = 0
    month_bytes: int = 0
    former_month_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may move now: everything at most, and courses at most; None is no limit."""

    all_bytes: int | None = None
    course_bytes: int | None = None
    limit: Limit = Limit.NIGHT
    """What ends the bytes first."""


UNLIMITED = Allowance()


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the budget, by local days since 1970: from `first_day` to before `next_day`."""

    first_day: int
    next_day: int


def allowance(budget: Budget, spent: Spent, days_left: int) -> Allowance:
    """What may still move; `days_left` are the days of this month after today."""
    night = _left(budget.night_bytes_max, spent.night_bytes, PROGRESS_RESERVE_BYTES, Limit.NIGHT)
    month = _left(
        month_bytes_max(budget, spent),
        spent.month_bytes,
        PROGRESS_RESERVE_BYTES + days_left * PROGRESS_NIGHT_BYTES,
        Limit.MONTH,
    )
    limits = [one for one in (month, night) if one.all_bytes is not None]
    if not limits:
        return UNLIMITED
    tightest = min(limits, key=lambda one: one.course_bytes or 0)
    return Allowance(min(one.all_bytes or 0 for one in limits), tightest.course_bytes, tightest.limit)


def lent(size_bytes: int) -> Allowance:
    """What somebody lends for one session: all of it may go to whatever comes first."""
    return Allowance(size_bytes, size_bytes, Limit.LENT)


def month_bytes_max(budget: Budget, spent: Spent) -> int:
    """This month's quota with what the month before left of its own; 0 is no limit."""
    if not budget.month_bytes_max or not budget.is_month_carried or spent.former_month_bytes is None:
        return budget.month_bytes_max
    return budget.month_bytes_max + max(0, budget.month_bytes_max - spent.former_month_bytes)


def month_of(day: int, begins: int) -> Month:
    """The month of the budget in which a local day lies; `begins` is its first day, 1 to 28."""
    now = _EPOCH + timedelta(days=day)
    first = _begin(now.year, now.month - (now.day < begins), begins)
    return Month((first - _EPOCH).days, (_begin(first.year, first.month + 1, begins) - _EPOCH).days)


def month_before(month: Month, begins: int) -> Month:
    """The month of the budget before this one."""
    return month_of(month.first_day - 1, begins)


def booked_seconds(local_seconds: int, latest_seconds: int | None) -> int:
    """The local time under which to count what moves now, when something was counted at `latest_seconds` before.

    Time that has been counted does not come again: a night or month that is over stays over when the clock goes back.
    A clock that was months ahead, though, was wrong, and no box waits for that day to come.
    """
    if latest_seconds is None or latest_seconds - local_seconds > BACK_DAYS_MAX * DAY_SECONDS:
        return local_seconds
    return max(local_seconds, latest_seconds)


def local_day(local_seconds: int) -> int:
    """The local day, counted since 1970."""
    return local_seconds // DAY_SECONDS


def day_date(day: int) -> date:
    """The date of a local day."""
    return _EPOCH + timedelta(days=day)


def next_night_seconds(windows: Sequence[Window], local_seconds: int) -> int:
    """When, in local seconds, the night after this moment's begins."""
    return (night_number(windows, local_seconds) + 1) * DAY_SECONDS + windows[0].start_minute * 60


def _left(bytes_max: int, spent_bytes: int, reserve_bytes: int, limit: Limit) -> Allowance:
    if not bytes_max:
        return UNLIMITED
    left_bytes = max(0, bytes_max - spent_bytes)
    kept_bytes = min(reserve_bytes, bytes_max // RESERVE_SHARE)
    return Allowance(left_bytes, max(0, left_bytes - kept_bytes), limit)


def _begin(year: int, month: int, begins: int) -> date:
    """Month 0 is December of the year before, 13 January of the next."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, begins)
