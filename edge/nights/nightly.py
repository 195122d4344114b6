"""The clockwork: when this box talks to its hub.

* A box without a hub never tries. At most one session runs at a time, whoever asked for it.
* `tick` decides by `sync.budget.due`, from values; the scheduler's thread only calls it once a minute.
* With a clock that cannot be trusted only progress travels; the hub's time, once heard, opens the rest.
* Whoever asks for a session gets it outside the windows too; outside the quotas only what they lend.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from catalog.fault import BoxFault, Fault
from edge.config import Config
from edge.nights.live import Live
from edge.nights.night import LENT, Night, Nights
from sync.budget.due import Lanes, Now, State, due, local_minute, next_start_seconds
from sync.budget.windows import is_any_open, local_seconds
from sync.clock import Clock, Moment
from sync.exchange import NotEnrolled
from sync.link import HubBusy, Traffic

TICK_SECONDS = 60
STOP_SECONDS_MAX = 5.0
"""How long a session that was told to stop may take to hear it."""

Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Told:
    """What a session says of itself when it ends."""

    outcome: Literal["well", "short", "failed"]
    sentence: str = ""
    hint: str = ""
    traffic: Traffic = field(default_factory=Traffic)
    events_up: int = 0
    courses: Sequence[str] = ()
    wait_seconds: int = 0
    fault: Fault | None = None
    """What ended it, where it failed: raised to whoever asked, once its row is written."""


def failed(fault: Fault, traffic: Traffic | None = None) -> Told:
    """What a session says that ended with a fault, and what had moved by then."""
    wait_seconds = fault.wait_seconds if isinstance(fault, HubBusy) else 0
    moved = traffic or Traffic()
    return Told("failed", fault.sentence, fault.hint, moved, wait_seconds=wait_seconds, fault=fault)


@dataclass(frozen=True, slots=True)
class Chance:
    """What one session may do."""

    lanes: Lanes = Lanes.ALL
    lend_bytes: int = 0
    """Somebody lends so much for this session: no window and no quota hold, and nothing beyond it moves."""
    ends_with_window: bool = False
    """It came by itself in its window, and ends with it. Whoever asks for a session by day gets it by day."""

    @property
    def name(self) -> str:
        """As its row says."""
        return LENT if self.lend_bytes else self.lanes.value


RunSession = Callable[[Chance, Listener], Told]
"""Runs one session, telling the listener how it goes. Raises Fault where it fails before anything could move."""


def _hear_nothing(progress: Mapping[str, Any]) -> None:
    """For those who ask for a session and do not watch."""


class AtWork(BoxFault):
    """A session is under way already."""


class Stopped(BoxFault):
    """The process ends; a session that was under way goes on another time."""


class Nightly:
    """The clockwork of one box: decides each minute, runs one session at a time."""

    def __init__(
        self,
        nights: Nights,
        box: str,
        clock: Clock,
        config: Callable[[], Config],
        is_enrolled: Callable[[], bool],
        run_session: RunSession,
        live: Live,
    ) -> None:
        self._nights = nights
        self._box = box
        self._clock = clock
        self._config = config
        self._is_enrolled = is_enrolled
        self._run_session = run_session
        self._live = live
        self._at_work = threading.Lock()
        self._is_stopping = False
        self._tried_monotonic_seconds: float | None = None
        self._wait_seconds = 0

    @property
    def is_running(self) -> bool:
        return self._at_work.locked()

    @property
    def is_stopping(self) -> bool:
        """Whether what is under way should end where it is."""
        return self._is_stopping

    def tick(self, moment: Moment) -> Night | None:
        """Run a session if one is due now; says how it went."""
        if not self._is_enrolled() or self.is_running:
            return None
        now = self._now(moment)
        lanes = due(self._state(now), now)
        if lanes is None:
            return None
        # Why it failed is in its row; AtWork says that somebody asked for a session in this very moment.
        with contextlib.suppress(Fault):
            return self._take(Chance(lanes, ends_with_window=is_any_open(self._config().windows, local_minute(now))))
        return None

    def run(self, lanes: Lanes = Lanes.ALL, listener: Listener = _hear_nothing, *, lend_bytes: int = 0) -> Night:
        """Run a session now, in the window or not; how it went is kept, well or not.

        With `lend_bytes` it moves so much at most, progress first, and counts for no quota.
        Raises NotEnrolled, AtWork, and the Fault that ended the session.
        """
        return self._take(Chance(lanes, lend_bytes), listener)

    def begin(self, *, lend_bytes: int = 0) -> bool:
        """Let a session run now, in a thread of its own; False where one is under way or there is no hub."""
        if self.is_running or not self._is_enrolled():
            return False

        def run() -> None:
            with contextlib.suppress(Fault):  # it is in its row
                self.run(lend_bytes=lend_bytes)

        threading.Thread(target=run, name="session", daemon=True).start()
        return True

    @contextlib.contextmanager
    def alone(self, listener: Listener = _hear_nothing) -> Iterator[Listener]:
        """Keep sessions out while a stick or a phone is at work; yields who is to be told of its progress.

        Raises AtWork.
        """
        if not self._at_work.acquire(blocking=False):
            raise AtWork("A session or a stick is at work already.", "Wait until it is done, then try again.")
        try:
            self._live.begin()
            yield self._heeding(listener)
        finally:
            self._live.end()
            self._at_work.release()

    def tell_to_stop(self) -> None:
        """Let a session that is under way end where it is: the next one picks up the thread."""
        self._is_stopping = True

    def stop(self) -> None:
        """The same, and wait a little until it has ended."""
        self.tell_to_stop()
        if self._at_work.acquire(timeout=STOP_SECONDS_MAX):
            self._at_work.release()

    def next_start_seconds(self) -> int | None:
        """How long until this box's own minute of the night; None while the time is not known."""
        moment = self._clock.now()
        now = self._now(moment)
        return next_start_seconds(self._state(now), now) if moment.is_trusted else None

    def _take(self, chance: Chance, listener: Listener = _hear_nothing) -> Night:
        if not self._at_work.acquire(blocking=False):
            raise AtWork("A session with the hub is under way.", "Wait until it is done; it takes along what is new.")
        try:
            # Asked first: a session whose thread starts as the box closes touches nothing of it any more.
            if self._is_stopping:
                raise _stopped()
            if not self._is_enrolled():
                raise NotEnrolled("This box belongs to no hub yet.", "Enrol it: `qanat box enrol --hub URL`.")
            self._live.begin()
            return self._run(chance, listener)
        finally:
            self._live.end()
            self._at_work.release()

    def _run(self, chance: Chance, listener: Listener) -> Night:
        start = self._clock.now()
        self._tried_monotonic_seconds = start.monotonic_seconds
        night = self._nights.begin(Night(start.wall_seconds, start.is_trusted, chance.name))
        try:
            told = self._run_session(chance, self._heeding(listener))
        except Fault as fault:
            told = failed(fault)
        night = self._keep(night, start, told)
        if told.fault is not None:
            raise told.fault
        return night

    def _heeding(self, listener: Listener) -> Listener:
        """A session tells how it goes many times a second: there it also hears that it should stop."""

        def hear(progress: Mapping[str, Any]) -> None:
            if self._is_stopping:
                raise _stopped()
            self._live.hear(progress)
            listener(progress)

        return hear

    def _keep(self, night: Night, start: Moment, told: Told) -> Night:
        end = self._clock.now()
        self._wait_seconds = told.wait_seconds
        # The hub's time may have come in between: count back from the end, which knows better.
        passed_seconds = end.monotonic_seconds - start.monotonic_seconds
        night = replace(
            night,
            started_seconds=end.wall_seconds - int(passed_seconds),
            ended_seconds=end.wall_seconds,
            duration_ms=int(passed_seconds * 1000),
            is_clock_trusted=end.is_trusted,
            outcome=told.outcome,
            sentence=told.sentence,
            hint=told.hint,
            bytes_down=told.traffic.bytes_down,
            bytes_up=told.traffic.bytes_up,
            requests=told.traffic.requests,
            events_up=told.events_up,
            courses=list(told.courses),
        )
        self._nights.end(night)
        return night

    def _now(self, moment: Moment) -> Now:
        local = local_seconds(moment.wall_seconds, self._config().zone)
        return Now(local, moment.monotonic_seconds, moment.is_trusted)

    def _state(self, now: Now) -> State:
        config = self._config()
        state = self._nights.state(self._box, config.windows, config.zone, now)
        return replace(state, tried_monotonic_seconds=self._tried_monotonic_seconds, wait_seconds=self._wait_seconds)


def _stopped() -> Stopped:
    return Stopped("The box was told to stop.", "The next session goes on where this one was.")
