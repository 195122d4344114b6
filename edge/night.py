"""The night: when this box talks to its hub, and what is remembered of it.

* A box without a hub never tries. At most one session runs at a time, whoever asked for it.
* `tick` decides by `sync.budget.due`, from values; the scheduler's thread only calls it once a minute.
* Every session has its row, written before it begins: what a power cut ended is found and said at the next start.
* With a clock that cannot be trusted only progress travels; the hub's time, once heard, opens the rest.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any, Literal

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.fault import BoxFault, Fault
from catalog.manifest import canonical, parsed
from edge.config import Config
from sync.budget import Lanes, Now, State, Window, due, next_start_seconds, nights_missed
from sync.clock import Clock, Moment
from sync.exchange import NotEnrolled
from sync.link import HubBusy, Traffic

TICK_SECONDS = 60
STOP_SECONDS_MAX = 5.0
"""How long a session that was told to stop may take to hear it."""

NIGHTS_KEPT_MAX = 400
"""More than a year of nights."""

Listener = Callable[[Mapping[str, Any]], None]

migrations = Migrations("edge.night")


@migrations()
def _make_table(connection: Connection) -> None:
    connection.execute("""
        create table night (
            number integer primary key,
            started_seconds integer not null,
            ended_seconds integer not null,
            duration_ms integer not null,
            is_clock_trusted integer not null,
            lanes text not null,
            outcome text not null check (outcome in ('begun', 'well', 'short', 'failed', 'cut')),
            sentence text not null,
            hint text not null,
            bytes_down integer not null,
            bytes_up integer not null,
            requests integer not null,
            events_up integer not null,
            courses text not null
        ) strict
    """)


@dataclass(frozen=True, slots=True)
class Night:
    """One session, as the staff page tells it.

    outcome: "well"; "short" when something had to wait (`sentence` says what); "failed"; "cut" by a power cut;
    "begun" while it runs.
    """

    started_seconds: int
    is_clock_trusted: bool
    lanes: str
    number: int = 0
    ended_seconds: int = 0
    duration_ms: int = 0
    outcome: Literal["begun", "well", "short", "failed", "cut"] = "begun"
    sentence: str = ""
    hint: str = ""
    bytes_down: int = 0
    bytes_up: int = 0
    requests: int = 0
    events_up: int = 0
    courses: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.duration_ms / 1000


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


RunSession = Callable[[Lanes, Listener], Told]
"""Runs one session with these lanes, telling the listener how it goes. Raises Fault where it fails."""


def _hear_nothing(progress: Mapping[str, Any]) -> None:
    """For those who ask for a session and do not watch."""


class AtWork(BoxFault):
    """A session is under way already."""


class Stopped(BoxFault):
    """The process ends; a session that was under way goes on another time."""


class Nights:
    """The rows of past sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, night: Night) -> Night:
        """Write that a session begins; the oldest nights are forgotten."""

        def work(connection: Connection) -> int:
            number: int = connection.execute("select coalesce(max(number), 0) + 1 from night").fetchone()[0]
            _write(connection, replace(night, number=number))
            connection.execute("delete from night where number <= ?", [number - NIGHTS_KEPT_MAX])
            return number

        return replace(night, number=self._database.write(work))

    def end(self, night: Night) -> None:
        """Write how it went."""
        self._database.write(lambda connection: _write(connection, night))

    def find_cut(self) -> None:
        """At a start nothing is under way: what was begun was cut."""
        self._database.write(
            lambda connection: connection.execute("update night set outcome = 'cut' where outcome = 'begun'")
        )

    def last(self, count: int) -> list[Night]:
        """The latest sessions, the newest first."""
        rows = self._database.read().execute("select * from night order by number desc limit ?", [count])
        return [_night(row) for row in rows]

    def state(self, box: str, window: Window, zone: tzinfo, now: Now) -> State:
        """What the past says to the one who decides. What happened since this machine came up is for the caller."""
        good, told = self._last_well("all"), self._last_well("progress")
        failed = self._database.read().execute(
            "select count(*) from night where number > ? and outcome in ('failed', 'cut')",
            [max(night.number if night else 0 for night in (good, told))],
        )
        state = State(
            box, window, local_seconds(good.ended_seconds, zone) if good else None, failures=failed.fetchone()[0]
        )
        if told is None or (good is not None and told.number < good.number):
            return state
        as_told = replace(state, good_local_seconds=local_seconds(told.ended_seconds, zone))
        return replace(state, has_progress_sent=nights_missed(as_told, now) == 0)

    def _last_well(self, lanes: str) -> Night | None:
        row = self._database.read().execute(
            """
            select * from night where lanes = ? and outcome in ('well', 'short') and is_clock_trusted = 1
            order by number desc limit 1
            """,
            [lanes],
        )
        found = row.fetchone()
        return _night(found) if found else None


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
    ) -> None:
        self._nights = nights
        self._box = box
        self._clock = clock
        self._config = config
        self._is_enrolled = is_enrolled
        self._run_session = run_session
        self._at_work = threading.Lock()
        self._is_stopping = False
        self._tried_monotonic_seconds: float | None = None
        self._wait_seconds = 0

    @property
    def is_running(self) -> bool:
        return self._at_work.locked()

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
            return self.run(lanes)
        return None

    def run(self, lanes: Lanes = Lanes.ALL, listener: Listener = _hear_nothing) -> Night:
        """Run a session now; how it went is kept, well or not.

        Raises NotEnrolled, AtWork, and the Fault that ended the session.
        """
        if not self._is_enrolled():
            raise NotEnrolled("This box belongs to no hub yet.", "Enrol it: `qanat box enrol --hub URL --token T`.")
        if not self._at_work.acquire(blocking=False):
            raise AtWork("A session with the hub is under way.", "Wait until it is done; it takes along what is new.")
        try:
            return self._run(lanes, listener)
        finally:
            self._at_work.release()

    def begin(self) -> bool:
        """Let a session run now, in a thread of its own; False where one is under way or there is no hub."""
        if self.is_running or not self._is_enrolled():
            return False
        threading.Thread(target=self._run_asked, name="session", daemon=True).start()
        return True

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

    def _run_asked(self) -> None:
        with contextlib.suppress(Fault):  # it is in its row
            self.run()

    def _run(self, lanes: Lanes, listener: Listener) -> Night:
        start = self._clock.now()
        self._tried_monotonic_seconds = start.monotonic_seconds
        night = self._nights.begin(Night(start.wall_seconds, start.is_trusted, lanes.value))
        try:
            told = self._run_session(lanes, self._heeding(listener))
        except Fault as fault:
            wait_seconds = fault.wait_seconds if isinstance(fault, HubBusy) else 0
            self._keep(night, start, Told("failed", fault.sentence, fault.hint, wait_seconds=wait_seconds))
            raise
        return self._keep(night, start, told)

    def _heeding(self, listener: Listener) -> Listener:
        """A session tells how it goes many times a second: there it also hears that it should stop."""

        def hear(progress: Mapping[str, Any]) -> None:
            if self._is_stopping:
                raise Stopped("The box was told to stop.", "The next session goes on where this one was.")
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
        state = self._nights.state(self._box, Window.parse(config.window), config.zone, now)
        return replace(state, tried_monotonic_seconds=self._tried_monotonic_seconds, wait_seconds=self._wait_seconds)


def local_seconds(wall_seconds: int, zone: tzinfo) -> int:
    """Wall time as the clock on the wall shows it, in seconds since 1970 there."""
    offset = datetime.fromtimestamp(wall_seconds, zone).utcoffset()
    return wall_seconds + (int(offset.total_seconds()) if offset else 0)


def _write(connection: Connection, night: Night) -> None:
    connection.execute(
        """
        insert or replace into night (
            number, started_seconds, ended_seconds, duration_ms, is_clock_trusted, lanes, outcome, sentence, hint,
            bytes_down, bytes_up, requests, events_up, courses
        ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            night.number,
            night.started_seconds,
            night.ended_seconds,
            night.duration_ms,
            int(night.is_clock_trusted),
            night.lanes,
            night.outcome,
            night.sentence,
            night.hint,
            night.bytes_down,
            night.bytes_up,
            night.requests,
            night.events_up,
            canonical(night.courses).decode(),
        ],
    )


def _night(row: sqlite3.Row) -> Night:
    fields = dict(row)
    return Night(
        **{
            **fields,
            "is_clock_trusted": bool(fields["is_clock_trusted"]),
            "courses": parsed(fields["courses"].encode(), list),
        }
    )
