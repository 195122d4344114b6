"""The clock: the one place that reads it.

* Time is data, never identity or order. Every moment says how far its wall time can be trusted.
* Monotonic time never goes back while the machine is up; wall time may, and is corrected when truth arrives.
"""

import time
from dataclasses import dataclass
from typing import Protocol

TRUSTED_SINCE_SECONDS = 1_767_225_600
"""2026-01-01: a box whose clock is before this was born later than its clock says."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, twice: seconds since 1970 as this machine believes, and seconds since it started."""

    wall_seconds: int
    monotonic_seconds: float
    is_trusted: bool
    milliseconds: int = 0
    """Of the wall's second, where the clock tells them."""

    @property
    def wall_milliseconds(self) -> int:
        return self.wall_seconds * 1000 + self.milliseconds


class Clock(Protocol):
    """Tells the time. An implementation may not let monotonic time go back, and may not wait anywhere but in `wait`."""

    def now(self) -> Moment: ...

    def wait(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock. Trusted once it is past 2026, or once the hub's time was heard."""

    def __init__(self) -> None:
        self._heard: Moment | None = None

    def now(self) -> Moment:
        monotonic = time.monotonic()
        if self._heard is None:
            exact = time.time()  # noqa: TID251 - its home
        else:
            # Counted from what was heard, so that the machine's own clock may be set, or jump, without being believed.
            exact = self._heard.wall_seconds + (monotonic - self._heard.monotonic_seconds)
        wall = int(exact)
        is_trusted = self._heard is not None or wall >= TRUSTED_SINCE_SECONDS
        return Moment(wall, monotonic, is_trusted, int((exact - wall) * 1000))

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def correct(self, wall_seconds: int) -> None:
        """Take a wall time that the hub signed; the machine's own setting stays as it is."""
        self._heard = Moment(wall_seconds, time.monotonic(), is_trusted=True)
