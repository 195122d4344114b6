"""The forecast: by which day the rest will be here, if the nights to come are like those that were.

* Each night carries what its quota, its hours and the link allow: the speed is the median of the last good nights.
* Nothing is promised that cannot be known: a box whose link was never measured, and which has no quota, says nothing.
* Values in, a value out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sync.budget.allowance import Budget, Month, Spent, allowance, day_date, local_day, month_of
from sync.budget.windows import DAY_MINUTES, DAY_SECONDS, Window, is_open, night_number, slot_minute

DAYS_AHEAD_MAX = 366
"""What takes longer than a year has no date."""
SPEED_NIGHTS = 7
SPEED_BYTES_MIN = 256 * 1024
"""A night that moved less says little of the link: it was one short talk."""


@dataclass(frozen=True, slots=True)
class PastNight:
    """What a former session moved, and how long it took."""

    moved_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the rest is here. `by` is the local date of its last byte; None where that cannot be said."""

    remaining_bytes: int
    by: date | None = None
    nights: int | None = None
    """In how many sessions; 0 where nothing is missing."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a forecast is made of."""

    box: str
    windows: Sequence[Window]
    budget: Budget
    spent: Spent
    past: Sequence[PastNight]
    """The newest first."""
    local_seconds: int
    is_running: bool = False
    """A session is under way: its window counts from now."""


def forecast(remaining_bytes: int, prospect: Prospect) -> Forecast:
    """Follow the sessions to come until nothing is missing."""
    if remaining_bytes <= 0:
        return Forecast(0, nights=0)
    speed = speed_bytes(prospect.past, prospect.budget.rate_bytes)
    if speed is None and not (prospect.budget.night_bytes_max or prospect.budget.month_bytes_max):
        return Forecast(remaining_bytes)
    purse = _Purse(prospect)
    left_bytes = remaining_bytes
    for number, (start_seconds, end_seconds) in enumerate(_sessions(prospect), 1):
        carried_bytes = purse.left_bytes(start_seconds)
        if speed is not None:
            through_bytes = int(speed * (end_seconds - start_seconds))
            carried_bytes = through_bytes if carried_bytes is None else min(carried_bytes, through_bytes)
        if carried_bytes is None or carried_bytes >= left_bytes:
            done_seconds = end_seconds if speed is None else start_seconds + int(left_bytes / speed)
            return Forecast(remaining_bytes, day_date(local_day(done_seconds)), number)
        purse.spend(start_seconds, carried_bytes)
        left_bytes -= carried_bytes
    return Forecast(remaining_bytes)


def speed_bytes(past: Sequence[PastNight], rate_bytes: int) -> float | None:
    """How much comes in a second, as far as the last nights tell; None where nothing is known."""
    speeds = [one.moved_bytes / one.seconds for one in past if one.moved_bytes >= SPEED_BYTES_MIN and one.seconds > 0]
    if not speeds:
        return float(rate_bytes) if rate_bytes else None
    lately = sorted(speeds[:SPEED_NIGHTS])
    seen = lately[(len(lately) - 1) // 2]
    return min(seen, rate_bytes) if rate_bytes else seen


def _sessions(prospect: Prospect) -> Iterator[tuple[int, int]]:
    """Each session to come, from its start to the end of its window, in local seconds."""
    now = prospect.local_seconds
    if prospect.is_running:
        minute = now // 60 % DAY_MINUTES
        open_now = [window for window in prospect.windows if is_open(window, minute)]
        if open_now:
            yield now, now + max((window.end_minute - minute - 1) % DAY_MINUTES + 1 for window in open_now) * 60
    slots = [(slot_minute(prospect.box, window) * 60, window) for window in prospect.windows]
    today_seconds = local_day(now) * DAY_SECONDS
    for day in range(DAYS_AHEAD_MAX):
        for slot_seconds, window in sorted(slots, key=lambda slot: slot[0]):
            start_seconds = today_seconds + day * DAY_SECONDS + slot_seconds
            if start_seconds >= now:
                into_seconds = (slot_seconds - window.start_minute * 60) % DAY_SECONDS
                yield start_seconds, start_seconds + window.length_minutes * 60 - into_seconds


class _Purse:
    """What the nights and months to come have left, as they are spent in thought."""

    def __init__(self, prospect: Prospect) -> None:
        self._budget = prospect.budget
        self._windows = prospect.windows
        self._months: dict[Month, int] = {self._month(prospect.local_seconds): prospect.spent.month_bytes}
        self._nights: dict[int, int] = {self._night(prospect.local_seconds): prospect.spent.night_bytes}
        self._first = self._month(prospect.local_seconds)
        self._former_bytes = prospect.spent.former_month_bytes

    def left_bytes(self, at_seconds: int) -> int | None:
        """What courses may take in a session that starts then; None is no limit."""
        month = self._month(at_seconds)
        spent = Spent(self._nights.get(self._night(at_seconds), 0), self._months.get(month, 0), self._former(month))
        return allowance(self._budget, spent, month.next_day - local_day(at_seconds) - 1).course_bytes

    def spend(self, at_seconds: int, size_bytes: int) -> None:
        month, night = self._month(at_seconds), self._night(at_seconds)
        self._months[month] = self._months.get(month, 0) + size_bytes
        self._nights[night] = self._nights.get(night, 0) + size_bytes

    def _former(self, month: Month) -> int | None:
        if month == self._first:
            return self._former_bytes
        return self._months.get(self._month((month.first_day - 1) * DAY_SECONDS), 0)

    def _month(self, at_seconds: int) -> Month:
        return month_of(local_day(at_seconds), self._budget.month_begins)

    def _night(self, at_seconds: int) -> int:
        return night_number(self._windows, at_seconds)
