"""Windows: the hours of the local day in which courses may travel.

* A window is minutes of the local day; it may reach over midnight. A box may have several, and each is kept by itself.
* Where clocks are put forward a window inside the lost hour does not come that day; where they are put back the doubled
  hour is open twice, and is one night all the same.
* Each box has its own minute in each window, the same every day, so that a thousand boxes do not ring at once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Self

from catalog.digest import sha256
from catalog.fault import CallerFault

DAY_MINUTES = 24 * 60
DAY_SECONDS = DAY_MINUTES * 60
WINDOWS_MAX = 8

_TIMES = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


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


def parse_windows(text: str) -> tuple[Window, ...]:
    """Read one window or several: "01:00-05:00, 13:00-14:00". The first is the night that quotas are counted by.

    Raises CallerFault.
    """
    texts = text.split(",")
    if len(texts) > WINDOWS_MAX:
        raise CallerFault(f"{len(texts)} windows are more than {WINDOWS_MAX}.", 'Write few, as "01:00-05:00".')
    return tuple(Window.parse(one) for one in texts)


def is_open(window: Window, minute: int) -> bool:
    """Tell whether this minute of the day lies in the window."""
    return (minute - window.start_minute) % DAY_MINUTES < window.length_minutes


def is_any_open(windows: Sequence[Window], minute: int) -> bool:
    """Tell whether this minute of the day lies in one of the windows."""
    return any(is_open(window, minute) for window in windows)


def slot_minute(box: str, window: Window) -> int:
    """The minute of the day at which this box starts: spread over the window's first three quarters.

    The last quarter is left free, so that whoever starts last has time to finish.
    """
    return (window.start_minute + spread(box, max(1, window.length_minutes * 3 // 4))) % DAY_MINUTES


def slots_passed(box: str, window: Window, local_seconds: int) -> int:
    """How many times the box's minute in this window has come since 1970: what two moments differ by, lies between."""
    return (local_seconds - slot_minute(box, window) * 60) // DAY_SECONDS


def night_number(windows: Sequence[Window], local_seconds: int) -> int:
    """The night that a moment belongs to, as the days since 1970: from the start of the first window to the next."""
    return (local_seconds - windows[0].start_minute * 60) // DAY_SECONDS


def local_seconds(wall_seconds: int, zone: tzinfo) -> int:
    """Wall time as the clock on the wall shows it, in seconds since 1970 there."""
    offset = datetime.fromtimestamp(wall_seconds, zone).utcoffset()
    return wall_seconds + (int(offset.total_seconds()) if offset else 0)


def local_minute(wall_seconds: int, zone: tzinfo) -> int:
    """The minute of the day that the clock on the wall shows."""
    return local_seconds(wall_seconds, zone) // 60 % DAY_MINUTES


def spread(box: str, length: int) -> int:
    """A number under `length` that is the box's own, and the same at each start."""
    return int.from_bytes(sha256(box.encode())[:8]) % length
