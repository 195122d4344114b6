"""Time in a world: one true time that passes only when it is told to, and the clocks of boxes, which may be wrong."""

from sync.clock import TRUSTED_SINCE_SECONDS, Moment, Source, at_least, heard

EVENING_SECONDS = TRUSTED_SINCE_SECONDS + 100 * 86_400 + 20 * 3_600
"""Eight in the evening, UTC, of a day in 2026."""


class TrueTime:
    """What the hub's clock shows."""

    def __init__(self) -> None:
        self.wall_seconds = EVENING_SECONDS
        self.monotonic_seconds = 0.0

    def now(self) -> Moment:
        return Moment(self.wall_seconds, self.monotonic_seconds, is_trusted=True)

    def wait(self, seconds: float) -> None:
        self.wall_seconds += int(seconds)
        self.monotonic_seconds += seconds


class BoxClock:
    """A box's clock since this start of the box; without a battery it starts in 1970."""

    def __init__(self, time: TrueTime, *, has_battery: bool = True) -> None:
        self._time = time
        self._started_seconds = time.monotonic_seconds
        self._ahead_seconds = 0 if has_battery else -time.wall_seconds
        self._source = Source.MACHINE
        self._is_known: bool | None = None
        """Whether what it was told is true; None while it was told nothing."""

    def now(self) -> Moment:
        wall_seconds = self._time.wall_seconds + self._ahead_seconds
        monotonic_seconds = self._time.monotonic_seconds - self._started_seconds
        is_trusted = wall_seconds >= TRUSTED_SINCE_SECONDS if self._is_known is None else self._is_known
        return Moment(wall_seconds, monotonic_seconds, is_trusted, source=self._source)

    def wait(self, seconds: float) -> None:
        self._time.wait(seconds)

    def jumps(self, seconds: int) -> None:
        """Somebody sets it wrong; it stays so until the next start."""
        self._ahead_seconds += seconds

    def correct(self, wall_seconds: int) -> None:
        self._take(Moment(wall_seconds, 0.0, is_trusted=True, source=Source.HUB))

    def hear(self, wall_seconds: int) -> None:
        self._take(heard(self.now(), wall_seconds))

    def not_before(self, wall_seconds: int) -> None:
        self._take(at_least(self.now(), wall_seconds))

    def _take(self, told: Moment | None) -> None:
        if told is not None:
            self._ahead_seconds = told.wall_seconds - self._time.wall_seconds
            self._is_known, self._source = told.is_trusted, told.source
