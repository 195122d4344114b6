"""The clock: the one place that reads it.

* Time is data, never identity or order. Every moment says how far its wall time can be trusted.
* Monotonic time never goes back while the machine is up; wall time may, and is corrected when truth arrives.
* What a person says of the time moves it forward only, and proves nothing; the hub's word stands above it.
"""

import time
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

TRUSTED_SINCE_SECONDS = 1_767_225_600
"""2026-01-01: a box whose clock is before this was born later than its clock says."""

KEPT_WITHIN_SECONDS = 86_400
"""A clock that is behind what is known by more than this has lost the time, and is not believed."""


class Source(Enum):
    """Who told the time."""

    MACHINE = "machine"
    PERSON = "person"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, twice: seconds since 1970 as this machine believes, and seconds since it started."""

    wall_seconds: int
    monotonic_seconds: float
    is_trusted: bool
    milliseconds: int = 0
    """Of the wall's second, where the clock tells them."""
    source: Source = Source.MACHINE

    @property
    def wall_milliseconds(self) -> int:
        return self.wall_seconds * 1000 + self.milliseconds

    @property
    def is_told(self) -> bool:
        """Good enough to show to people: trusted, or somebody here said so."""
        return self.is_trusted or self.source is Source.PERSON


class Clock(Protocol):
    """Tells the time. An implementation may not let monotonic time go back, and may not wait anywhere but in `wait`."""

    def now(self) -> Moment: ...

    def wait(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock. Trusted once it is past 2026 and was kept while it was off, or once the hub was heard.

    `is_kept`: whether the machine kept the time while it was off; one without a battery starts where it was told to.
    """

    def __init__(self, *, is_kept: bool = True) -> None:
        self._is_kept = is_kept
        self._heard: Moment | None = None

    def now(self) -> Moment:
        monotonic, heard = time.monotonic(), self._heard
        if heard is None:
            exact = time.time()  # noqa: TID251 - its home
            is_trusted, source = self._is_kept and int(exact) >= TRUSTED_SINCE_SECONDS, Source.MACHINE
        else:
            # Counted from what was heard, so that the machine's own clock may be set, or jump, without being believed.
            exact = heard.wall_seconds + (monotonic - heard.monotonic_seconds)
            is_trusted, source = heard.is_trusted, heard.source
        wall = int(exact)
        return Moment(wall, monotonic, is_trusted, int((exact - wall) * 1000), source)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def correct(self, wall_seconds: int) -> None:
        """Take a wall time that the hub signed; the machine's own setting stays as it is."""
        self._heard = Moment(wall_seconds, time.monotonic(), is_trusted=True, source=Source.HUB)

    def hear(self, wall_seconds: int) -> None:
        """Take a wall time that a person told: never back, never trusted, and not once the hub was heard."""
        self._heard = heard(self.now(), wall_seconds) or self._heard

    def not_before(self, wall_seconds: int) -> None:
        """Know that it is no earlier than this."""
        self._heard = at_least(self.now(), wall_seconds) or self._heard


def heard(now: Moment, wall_seconds: int) -> Moment | None:
    """From when on it is what a person said; None where it stays as it was."""
    if now.source is Source.HUB or wall_seconds <= now.wall_seconds:
        return None
    return Moment(wall_seconds, now.monotonic_seconds, is_trusted=False, source=Source.PERSON)


def at_least(now: Moment, wall_seconds: int) -> Moment | None:
    """From when on it is what is known to have been; None where that is past. Far behind it, the time was lost."""
    if wall_seconds <= now.wall_seconds:
        return None
    is_trusted = now.is_trusted and wall_seconds - now.wall_seconds <= KEPT_WITHIN_SECONDS
    return Moment(wall_seconds, now.monotonic_seconds, is_trusted, source=now.source)
