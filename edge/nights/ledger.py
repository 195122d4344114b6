"""The ledger: what this box has spent of its budget, by local day and night.

* A byte is written here before it moves: a power cut may leave a step too much counted, never a byte too little.
* A night or month that is over never opens again: when the clock goes back, counting goes on where it was.
* While the time is not known, what moves is counted to the last day that was known.
* What others send over the metered interface counts like our own; what somebody lends is kept, and counts for nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from edge.config import Config
from edge.nights.uplink import Reading, moved_bytes
from sync.budget.allowance import (
    Allowance,
    Month,
    Spent,
    allowance,
    booked_seconds,
    local_day,
    month_before,
    month_of,
)
from sync.budget.windows import local_seconds, night_number
from sync.clock import Clock

DAYS_KEPT_MAX = 800
"""Two years and more."""
OTHER_STEP_BYTES = 1 << 20
"""Other traffic is written when so much of it has come together, and before and after each session."""

ReadUplink = Callable[[str], Reading | None]
"""The counters of an interface now; `edge.nights.uplink.read` on a real machine."""

migrations = Migrations("edge.ledger")


@migrations()
def _make_tables(connection: Connection) -> None:
    connection.execute("""
        create table ledger (
            day integer not null,
            night integer not null,
            latest_seconds integer not null,
            own_bytes integer not null,
            other_bytes integer not null,
            lent_bytes integer not null,
            primary key (day, night)
        ) strict
    """)
    connection.execute("""
        create table uplink (
            only integer primary key check (only = 1),
            interface text not null,
            boot text not null,
            counted_bytes integer not null,
            own_bytes integer not null
        ) strict
    """)


@dataclass(frozen=True, slots=True)
class Moved:
    """Bytes to count: the box's own, other traffic's, and the box's own that somebody lent."""

    own_bytes: int = 0
    other_bytes: int = 0
    lent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of the ledger."""

    day: int
    own_bytes: int
    other_bytes: int
    lent_bytes: int


class Ledger:
    """Counts what moves, and says what still may."""

    def __init__(self, database: Database, clock: Clock, config: Callable[[], Config], read_uplink: ReadUplink) -> None:
        self._database = database
        self._clock = clock
        self._config = config
        self._read_uplink = read_uplink
        self._observing = threading.Lock()

    def allowance(self) -> Allowance:
        """What may still move tonight and this month."""
        budget = self._config().budget
        return allowance(budget, self.spent(), self._month().next_day - self.today() - 1)

    def spent(self) -> Spent:
        """What this night and this month have cost so far, and the month before where all of it was counted."""
        config = self._config()
        month = self._month()
        former = month_before(month, config.month_begins)
        # What was counted by a clock that is ahead was spent all the same: there is no end to now.
        row = self._database.read().execute(
            """
            select
                coalesce(sum(case when night >= :night then own_bytes + other_bytes end), 0),
                coalesce(sum(case when day >= :first then own_bytes + other_bytes end), 0),
                coalesce(sum(case when day >= :former and day < :first then own_bytes + other_bytes end), 0),
                coalesce(min(day) <= :former, 0)
            from ledger
            """,
            {
                "night": night_number(config.windows, self.local_seconds()),
                "first": month.first_day,
                "former": former.first_day,
            },
        )
        night_bytes, month_bytes, former_bytes, is_former_counted = row.fetchone()
        return Spent(night_bytes, month_bytes, former_bytes if is_former_counted else None)

    def book(self, size_bytes: int, *, is_lent: bool = False) -> None:
        """Count bytes of our own, lasting; less than nothing gives back what was counted ahead and did not move."""
        moved = Moved(lent_bytes=size_bytes) if is_lent else Moved(own_bytes=size_bytes)
        self._database.write(lambda connection: self._book(connection, moved))

    def observe(self, step_bytes: int = 0) -> None:
        """Count what others have sent over the metered interface since the last look; under a step it waits.

        With the addresses and retries of our own bytes: the provider counts these, and so do we.
        """
        interface = self._config().uplink
        reading = self._read_uplink(interface) if interface else None
        if reading is None:
            return
        with self._observing:
            self._observe(reading, step_bytes)

    def days(self, count: int) -> list[Day]:
        """The latest days, the newest first."""
        rows = self._database.read().execute(
            """
            select day, sum(own_bytes), sum(other_bytes), sum(lent_bytes)
            from ledger group by day order by day desc limit ?
            """,
            [count],
        )
        return [Day(*row) for row in rows]

    def today(self) -> int:
        """The local day that is counted now, in days since 1970."""
        return local_day(self.local_seconds())

    def local_seconds(self) -> int:
        """The local time under which is counted now: never before what was counted already."""
        return self._counted_seconds(self._database.read())

    def _month(self) -> Month:
        return month_of(self.today(), self._config().month_begins)

    def _observe(self, reading: Reading, step_bytes: int) -> None:
        row = (
            self._database.read()
            .execute("select interface, boot, counted_bytes, own_bytes from uplink where only = 1")
            .fetchone()
        )
        crossed_bytes = moved_bytes(Reading(*row[:3]) if row else None, reading)
        if row is not None and row[0] == reading.interface and crossed_bytes < step_bytes:
            return

        def work(connection: Connection) -> None:
            found = connection.execute("select own_bytes from uplink where only = 1").fetchone()
            own_bytes: int = found[0] if found else 0
            # In the middle of a session a step of our own is counted that has not crossed yet.
            ahead_bytes = min(max(0, own_bytes - crossed_bytes), OTHER_STEP_BYTES)
            connection.execute(
                """
                insert or replace into uplink (only, interface, boot, counted_bytes, own_bytes)
                values (1, ?, ?, ?, ?)
                """,
                [reading.interface, reading.boot, reading.counted_bytes, ahead_bytes],
            )
            if crossed_bytes > own_bytes:
                self._book(connection, Moved(other_bytes=crossed_bytes - own_bytes))

        self._database.write(work)

    def _book(self, connection: Connection, moved: Moved) -> None:
        local = self._counted_seconds(connection)
        moved = self._with_days_to_come(connection, moved, local)
        day, night = local_day(local), night_number(self._config().windows, local)
        connection.execute(
            """
            insert into ledger (day, night, latest_seconds, own_bytes, other_bytes, lent_bytes)
            values (?, ?, ?, ?, ?, ?)
            on conflict (day, night) do update set
                latest_seconds = max(latest_seconds, excluded.latest_seconds),
                own_bytes = own_bytes + excluded.own_bytes,
                other_bytes = other_bytes + excluded.other_bytes,
                lent_bytes = lent_bytes + excluded.lent_bytes
            """,
            [day, night, local, moved.own_bytes, moved.other_bytes, moved.lent_bytes],
        )
        connection.execute("delete from ledger where day < ?", [day - DAYS_KEPT_MAX])
        # What is our own on the interface is not other traffic: see `_observe`.
        connection.execute("update uplink set own_bytes = own_bytes + ?", [moved.own_bytes + moved.lent_bytes])

    def _with_days_to_come(self, connection: Connection, moved: Moved, local: int) -> Moved:
        """A clock that was far ahead has counted on days that are still to come: that was spent today, and before."""
        ahead = connection.execute(
            "select sum(own_bytes), sum(other_bytes), sum(lent_bytes) from ledger where latest_seconds > ?", [local]
        ).fetchone()
        if ahead[0] is None:
            return moved
        connection.execute("delete from ledger where latest_seconds > ?", [local])
        return Moved(moved.own_bytes + ahead[0], moved.other_bytes + ahead[1], moved.lent_bytes + ahead[2])

    def _counted_seconds(self, connection: Connection) -> int:
        latest: int | None = connection.execute("select max(latest_seconds) from ledger").fetchone()[0]
        moment = self._clock.now()
        if latest is not None and not moment.is_trusted:
            return latest
        return booked_seconds(local_seconds(moment.wall_seconds, self._config().zone), latest)
