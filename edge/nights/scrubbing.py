"""Scrubbing: a little of the store is read again each night, so that a failing card is found out before a lesson.

* A night reads a thirtieth of the store, and never less than a quarter GiB: within a month everything had its turn.
* It reads in the box's own windows and in small steps; while a session or a stick is at work it waits.
* A box that does not know the time counts the hours since it was started instead.
* What is found is said, taken off, and fetched again first thing in the next session (`sync/receiving/mending.py`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.scrub import Scrub, Scrubbed
from sync.budget.windows import DAY_MINUTES, DAY_SECONDS, is_any_open, local_seconds, night_number
from sync.clock import Moment

if TYPE_CHECKING:
    from edge.config import Config

NIGHTS_PER_ROUND = 30
SHARE_BYTES_MIN = 256 << 20
STEP_BYTES = 64 << 20
"""So much in one minute: two or three seconds of a card's time."""

migrations = Migrations("edge.nights.scrubbing")


@migrations()
def scrubbed(connection: Connection) -> None:
    connection.execute(
        """
        create table scrubbed (
            only integer primary key check (only = 1),
            night integer not null,
            read_bytes integer not null
        ) strict
        """
    )
    connection.execute("insert into scrubbed values (1, 0, 0)")


class Scrubbing:
    """The nightly reading of one box."""

    def __init__(
        self,
        scrub: Scrub,
        database: Database,
        config: "Callable[[], Config]",
        is_busy: Callable[[], bool],
    ) -> None:
        self.scrub = scrub
        self._database = database
        self._config = config
        self._is_busy = is_busy

    def tick(self, moment: Moment) -> Scrubbed | None:
        """Read one step where it is time to; says what came of it."""
        night = self._night(moment)
        if night is None or self._is_busy():
            return None
        row = self._database.read().execute("select night, read_bytes from scrubbed").fetchone()
        read_bytes = row["read_bytes"] if row["night"] == night else 0
        if read_bytes >= self._share_bytes():
            return None
        done = self.scrub.read_on(STEP_BYTES)
        # A round that ends early has read all there is: it counts as the whole share.
        read_bytes = self._share_bytes() if done.is_round_done else read_bytes + max(done.read_bytes, 1)
        self._database.write(
            lambda connection: connection.execute(
                "update scrubbed set night = ?, read_bytes = ? where only = 1", [night, read_bytes]
            )
        )
        return done

    def all_now(self, hear: Callable[[int, int], None]) -> list[Scrubbed]:
        """Read a whole round now, telling `hear` how many bytes are done, of how many."""
        total_bytes, done_bytes = self.scrub.total_bytes(), 0
        steps: list[Scrubbed] = []
        self.scrub.begin_round()
        while not steps or not steps[-1].is_round_done:
            steps.append(self.scrub.read_on(STEP_BYTES))
            done_bytes += steps[-1].read_bytes
            hear(done_bytes, max(total_bytes, done_bytes))
        return steps

    def _share_bytes(self) -> int:
        return max(SHARE_BYTES_MIN, self.scrub.total_bytes() // NIGHTS_PER_ROUND)

    def _night(self, moment: Moment) -> int | None:
        """Which night it is; None by day. Below nought where only the hours since the start are known."""
        if not moment.is_trusted:
            return -1 - int(moment.monotonic_seconds) // DAY_SECONDS
        config = self._config()
        now_seconds = local_seconds(moment.wall_seconds, config.zone)
        is_night = is_any_open(config.windows, now_seconds // 60 % DAY_MINUTES)
        return night_number(config.windows, now_seconds) if is_night else None
