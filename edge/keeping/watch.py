"""The watch: what a box learns of itself from its hub's words, and from its own clock.

* A card that was restored remembers nothing of it: only what the hub says tells. A clock that went back is known here.
* A hub that asks again for what it had was restored. One that has more of us than we have knew us before our card was.
* A thread that is lost once was cut by a restored card or hub. Lost again and again, another machine speaks as us.
* A lost reply, a power cut and a second command beside a running box lose no thread, and raise nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from edge.keeping.alarms import DAY_SECONDS, Alarms, Kind
from sync.clock import TRUSTED_SINCE_SECONDS, Clock, Moment
from sync.marks import Marked

SEEN_EACH_SECONDS = 3600
"""How often it is written down what time it is: so much may be lost of it by a power cut."""

SESSIONS_REMEMBERED = 16
LOST_OF_THEM_MAX = 2
"""More lost threads than this among the last sessions, or two in a row, are another machine's doing."""

THREAD_LOST = frozenset({"nonce", "batch"})
"""The hub's words (`Refusal.code`) for a report that does not go on where it left this box."""

migrations = Migrations("edge.keeping.watch")


@migrations()
def watched(connection: Connection) -> None:
    """`seen_seconds`: the last trusted time. `lost`: a bit for each of the last sessions, the newest lowest."""
    connection.execute(
        """
        create table watched (
            only integer primary key check (only = 1),
            seen_seconds integer not null,
            lost integer not null,
            is_explained integer not null
        ) strict
        """
    )
    connection.execute("insert into watched values (1, 0, 0, 0)")


@dataclass(frozen=True, slots=True)
class Threads:
    """How the last sessions began: which of them found the thread lost, without anything that explains it."""

    lost: int

    def after(self, *, is_lost: bool, is_explained: bool) -> "Threads":
        mask = (1 << SESSIONS_REMEMBERED) - 1
        return Threads((self.lost << 1 | (is_lost and not is_explained)) & mask)

    @property
    def is_another_machine(self) -> bool:
        return self.lost & 0b11 == 0b11 or self.lost.bit_count() > LOST_OF_THEM_MAX


class Watch:
    """Raises a box's alarms about itself, its hub and its clock."""

    def __init__(self, database: Database, alarms: Alarms, clock: Clock) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock

    def marked(self, connection: Connection, marked: Marked) -> None:
        """Hear marks that went back or point beyond our end, in the transaction that believes them."""
        if marked.beyond:
            self._alarms.add_in(connection, "card-restored", events=marked.beyond)
        if marked.asked_again:
            self._alarms.add_in(connection, "hub-restored", events=marked.asked_again, gone=marked.gone)
        connection.execute("update watched set is_explained = 1 where only = 1")

    def session_ended(self, refused: Collection[str]) -> None:
        """Hear how a talk with the hub went: the codes of the refusals in it, none where there were none."""
        is_lost = not THREAD_LOST.isdisjoint(refused)
        row = self._database.read().execute("select lost, is_explained from watched where only = 1").fetchone()
        before, is_explained = Threads(row["lost"]), bool(row["is_explained"])
        after = before.after(is_lost=is_lost, is_explained=is_explained)
        if after == before and not is_explained:
            return

        def work(connection: Connection) -> None:
            connection.execute("update watched set lost = ?, is_explained = 0 where only = 1", [after.lost])
            if (kind := _told_by(after, is_lost=is_lost, is_explained=is_explained)) is not None:
                self._alarms.add_in(connection, kind, events=0)
            if kind == "card-cloned":
                # It explains more: what looked like a card that was put back was the other machine.
                self._alarms.settle_in(connection, "card-restored")

        self._database.write(work)

    def look(self, moment: Moment) -> None:
        """Look at the clock: at every start, and each minute. One that went back a day was replaced, or ran empty."""
        if not moment.is_trusted:
            return
        seen_seconds = self.seen_seconds
        if moment.wall_seconds < seen_seconds - DAY_SECONDS:
            self._alarms.raise_("clock-replaced", days=(seen_seconds - moment.wall_seconds) // DAY_SECONDS)
        elif moment.wall_seconds >= seen_seconds + SEEN_EACH_SECONDS:
            self._see(moment.wall_seconds)

    def hear_time(self, hub_seconds: int) -> None:
        """Hear the time that the hub signed: what was believed before, ahead of it or behind, is measured by it."""
        if hub_seconds < TRUSTED_SINCE_SECONDS:
            return
        now = self._clock.now()
        off_seconds = abs(now.wall_seconds - hub_seconds)
        if now.is_trusted and off_seconds > DAY_SECONDS:
            self._alarms.raise_("clock-replaced", days=off_seconds // DAY_SECONDS)
            return
        self._alarms.settle("clock-replaced")
        if abs(self.seen_seconds - hub_seconds) > SEEN_EACH_SECONDS:
            self._see(hub_seconds)

    @property
    def seen_seconds(self) -> int:
        """The last trusted time that was written down; 0 before there was one."""
        row = self._database.read().execute("select seen_seconds from watched where only = 1").fetchone()
        return int(row["seen_seconds"])

    def _see(self, wall_seconds: int) -> None:
        self._database.post(
            lambda connection: connection.execute("update watched set seen_seconds = ? where only = 1", [wall_seconds])
        )


def _told_by(threads: Threads, *, is_lost: bool, is_explained: bool) -> Kind | None:
    if not is_lost or is_explained:
        return None
    return "card-cloned" if threads.is_another_machine else "card-restored"
