"""The budget: when a session may start, and what it may carry then.

* Windows are in local time, in minutes of the day; a window may reach over midnight.
* Each box has its own minute in the window, the same every night, so that a thousand boxes do not ring at once.
* A box that was off at its minute goes at the next chance: in the window everything, outside it the progress alone;
  a box that is off every night gets everything by day rather than nothing.
* With a clock that cannot be trusted only progress travels, until the hub has said the time.
* Nothing here reads a clock: `due` takes values and gives a value.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Self

from catalog.digest import sha256
from catalog.fault import CallerFault

DAY_MINUTES = 24 * 60
RETRY_MINUTES_FIRST = 5
RETRY_MINUTES_MAX = 60
UNTRUSTED_MINUTES = 60
"""How often a box whose clock is not trusted tries to bring its progress and hear the time."""
STARTUP_SECONDS_MAX = 300
"""After a power cut a whole district comes up at once: starts outside the window spread over this long."""
NIGHTS_MISSED_MAX = 2
"""A box that missed so many nights is off at night; it may take courses by day."""

_TIMES = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


class Lanes(Enum):
    """What a session may carry."""

    PROGRESS = "progress"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes of the local day in which courses may travel; `end_minute` itself is outside."""

    start_minute: int
    end_minute: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "01:00-05:00"; the same time twice means the whole day.

        Raises CallerFault.

        >>> Window.parse("22:00-05:30")
        Window(start_minute=1320, end_minute=330)
        """
        match = _TIMES.fullmatch(text.strip())
        hours_minutes = [int(one) for one in match.groups()] if match else []
        if not match or max(hours_minutes[0::2]) > 23 or max(hours_minutes[1::2]) > 59:
            raise CallerFault(f"{text!r} is not a window of the night.", 'Write it as "01:00-05:00".')
        start_hour, start_minute, end_hour, end_minute = hours_minutes
        return cls(start_hour * 60 + start_minute, end_hour * 60 + end_minute)

    @property
    def length_minutes(self) -> int:
        return (self.end_minute - self.start_minute) % DAY_MINUTES or DAY_MINUTES

    def __str__(self) -> str:
        start, end = (divmod(minute, 60) for minute in (self.start_minute, self.end_minute))
        return f"{start[0]:02}:{start[1]:02}-{end[0]:02}:{end[1]:02}"


@dataclass(frozen=True, slots=True)
class Now:
    """This moment, as the decision sees it: local time in seconds (wall time plus the zone's offset), and its worth."""

    local_seconds: int
    monotonic_seconds: float
    is_trusted: bool


@dataclass(frozen=True, slots=True)
class State:
    """What has happened so far. Local seconds are comparable with `Now.local_seconds`; None means never.

    `tried_monotonic_seconds` counts since this machine came up: None until the first try after that.
    """

    box: str
    window: Window
    good_local_seconds: int | None = None
    """When the last session that carried everything ended well."""
    tried_monotonic_seconds: float | None = None
    """When the last session began, well or not."""
    failures: int = 0
    """Sessions that failed since the last good one."""
    wait_seconds: int = 0
    """The hub asked not to come again before so long after the last try."""
    has_progress_sent: bool = False
    """Whether progress has travelled since the night that was missed."""


def due(state: State, now: Now) -> Lanes | None:
    """What a session may carry if it starts now; None when none should start."""
    if not _has_waited(state, now):
        return None
    if not now.is_trusted:
        return Lanes.PROGRESS
    missed = nights_missed(state, now)
    if missed == 0:
        return None
    if is_open(state.window, local_minute(now)) or missed > NIGHTS_MISSED_MAX:
        return Lanes.ALL
    return None if state.has_progress_sent else Lanes.PROGRESS


def is_open(window: Window, minute: int) -> bool:
    """Tell whether this minute of the day lies in the window."""
    return (minute - window.start_minute) % DAY_MINUTES < window.length_minutes


def slot_minute(box: str, window: Window) -> int:
    """The minute of the day at which this box starts: spread over the window's first three quarters.

    The last quarter is left free, so that whoever starts last has time to finish.
    """
    return (window.start_minute + _spread(box, max(1, window.length_minutes * 3 // 4))) % DAY_MINUTES


def nights_missed(state: State, now: Now) -> int:
    """How many times this box's minute has passed since the last good session; a box that never had one counts from
    its first night: one."""
    if state.good_local_seconds is None:
        return 1
    return max(0, _night(state, now.local_seconds) - _night(state, state.good_local_seconds))


def next_start_seconds(state: State, now: Now) -> int:
    """How long until this box's own minute comes round again: for the sentence on the status page."""
    slot_seconds = slot_minute(state.box, state.window) * 60
    return (slot_seconds - now.local_seconds) % (DAY_MINUTES * 60)


def local_minute(now: Now) -> int:
    """The minute of the local day."""
    return now.local_seconds // 60 % DAY_MINUTES


def retry_minutes(failures: int) -> int:
    """How long to leave the link alone after so many failures in a row: 5, 10, 20, 40, 60, 60 ..."""
    return min(RETRY_MINUTES_MAX, RETRY_MINUTES_FIRST << min(failures - 1, 10)) if failures else 0


def _night(state: State, local_seconds: int) -> int:
    """Number the nights of a box; each begins at the box's own minute."""
    return (local_seconds - slot_minute(state.box, state.window) * 60) // (DAY_MINUTES * 60)


def _has_waited(state: State, now: Now) -> bool:
    if state.tried_monotonic_seconds is None:
        starts_by_chance = now.is_trusted and is_open(state.window, local_minute(now))
        return starts_by_chance or now.monotonic_seconds >= _spread(state.box, STARTUP_SECONDS_MAX)
    waited_seconds = now.monotonic_seconds - state.tried_monotonic_seconds
    least_minutes = retry_minutes(state.failures)
    if not now.is_trusted:
        least_minutes = max(least_minutes, UNTRUSTED_MINUTES)
    return waited_seconds >= max(least_minutes * 60, state.wait_seconds)


def _spread(box: str, length: int) -> int:
    return int.from_bytes(sha256(box.encode())[:8]) % length
