"""The nights: what is remembered of each session with the hub.

* Every session has its row, written before it begins: what a power cut ended is found and said at the next start.
* What moved is in the row however the session ended.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Literal

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.manifest import canonical, parsed
from sync.budget.due import Now, State, nights_missed
from sync.budget.windows import Window, local_seconds

NIGHTS_KEPT_MAX = 400
"""More than a year of nights."""
LENT = "lent"
"""The lanes of a session whose bytes somebody lent."""

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

    def state(self, box: str, windows: Sequence[Window], zone: tzinfo, now: Now) -> State:
        """What the past says to the one who decides. What happened since this machine came up is for the caller."""
        good, told = self._last_well("all"), self._last_well("progress")
        failed = self._database.read().execute(
            "select count(*) from night where number > ? and outcome in ('failed', 'cut')",
            [max(night.number if night else 0 for night in (good, told))],
        )
        state = State(
            box, windows, local_seconds(good.ended_seconds, zone) if good else None, failures=failed.fetchone()[0]
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
