"""The journal: what happened at this box, in order.

* An event is appended inside the caller's write: it, and what is read out of it, are durable together or not at all.
* Sequences have no gaps and the chain no holes, whatever is rolled back: where the journal ends is asked of the
  database each time, and remembered nowhere else.
* What is written after a start belongs to a new epoch, whose first event names its parent; so a restored or copied
  card never writes a second event under a name that is taken.
* The hub owns the marks: what it has not taken is offered again, from wherever it says. What was pruned is named.
* Erasing a learner blanks the payloads and destroys the key; every hash stays, and every chain still verifies.
* A hub that lost an erasure hears it again, even where its event is gone: the table of the erased remembers.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.fault import CallerFault
from catalog.manifest import canonical
from sync import chain, marks, pruning
from sync.chain import Position, count_within, event_of, parent_fields
from sync.clock import Clock
from sync.events import (
    CHAIN_START,
    KEY_BYTES,
    NO_PAYLOAD_HASH,
    PUBLIC_SALT_KEY,
    Event,
    carried,
    chained,
    is_as_its_kind,
    is_kind,
    is_learner,
    payload_hash,
)
from sync.keys import base64url
from sync.marks import Marked
from sync.pruning import Keep, Retell
from sync.wire import BATCH_BYTES_MAX, Head, Mark

if TYPE_CHECKING:
    # Loaded with the first batch: a box serves its pages before it sends any.
    from sync.batch import Batch

EPOCH_BYTES = 12
BATCH_PAYLOAD_BYTES = 1 << 20
"""How much payload is gathered for one batch before it is packed; it shrinks to a tenth or less."""

migrations = Migrations("journal")


@migrations()
def journal(database: Connection) -> None:
    database.execute(
        """
        create table epoch (
            place integer primary key,
            epoch text not null unique,
            taken integer not null default -1,
            backed_up integer not null default -1
        ) strict
        """
    )
    database.execute(
        """
        create table event (
            place integer not null references epoch (place),
            sequence integer not null,
            kind text not null,
            learner text not null,
            payload blob,
            payload_hash blob not null,
            hash blob not null,
            wall_seconds integer not null,
            monotonic_ms integer not null,
            is_trusted integer not null,
            primary key (place, sequence)
        ) strict, without rowid
        """
    )
    database.execute("create index event_learner on event (learner) where payload is not null and learner <> ''")
    database.execute("create table learner_key (learner text primary key, key blob not null) strict, without rowid")
    database.execute("create table erased (learner text primary key) strict, without rowid")


@migrations()
def cuts(database: Connection) -> None:
    """Where epochs were pruned, from where on it is said again where a learner stands, and what waits for a backup."""
    database.execute("alter table epoch add column is_awaited integer not null default 0")
    database.execute(
        """
        create table cut (
            place integer primary key references epoch (place),
            sequence integer not null,
            hash blob not null
        ) strict
        """
    )
    database.execute(
        "create table retold (learner text primary key, place integer not null, sequence integer not null)"
        " strict, without rowid"
    )
    database.execute("create index event_erased on event (learner) where kind = 'erased'")


@migrations()
def former_names(database: Connection) -> None:
    """`writer`: under which name of this box an epoch was written; "" is the one that it has now."""
    database.execute("alter table epoch add column writer text not null default ''")


class Journal:
    """One box's events. `open_epoch` comes first, `append` as often as something happens."""

    def __init__(self, database: Database, box: str, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self.box = box
        self._database = database
        self._clock = clock
        self._random_bytes = random_bytes
        self._epoch = ""
        self._hear: list[Callable[[Connection, Marked], None]] = []

    def become(self, connection: Connection, box: str) -> bool:
        """Go on under another name, inside the caller's write; what is here stays as the former one's, to be read.

        Tells whether it did: not while the hub lacks anything of it, or has it in no backup. What is written from
        here on begins anew, without a parent.
        """
        if not marks.is_safe(connection):
            return False
        connection.execute("update epoch set writer = ? where writer = ''", [self.box])
        self.box = box
        self.open_epoch()
        return True

    def is_safe(self) -> bool:
        """Tell whether the hub has all of it in a backup; if not, it is asked from now on how far its backups are."""
        if marks.is_safe(self._database.read()):
            return True
        self._database.write(lambda connection: marks.await_backups(connection))
        return False

    def when_marked(self, hear: Callable[[Connection, Marked], None]) -> None:
        """Let another part of the box hear, in the same transaction, of marks that say more than how far the hub is."""
        self._hear.append(hear)

    def open_epoch(self) -> str:
        """Begin a new epoch, once at every start: all that is appended from here on belongs to it.

        Nothing is written yet. The epoch's own first event goes in with the first append, in the same transaction,
        so that a box which only starts and stops leaves nothing to send.
        """
        self._epoch = base64url(self._random_bytes(EPOCH_BYTES))
        return self._epoch

    def append(self, connection: Connection, kind: str, learner: str, payload: Mapping[str, Any]) -> Event:
        """Write one event, inside the caller's `Database.write`; it lasts once that write returns.

        `learner` is "" for what is nobody's. A "learner" event gets the learner's key from here.
        Raises CallerFault where the learner was erased or the payload cannot be carried.
        """
        assert self._epoch, "open_epoch comes before append"
        assert is_kind(kind), f"{kind!r} is no kind of event"
        assert is_learner(learner), f"{learner!r} is not a learner's random id"
        place, sequence, previous = self._end(connection)
        key = self._key(connection, learner) if learner else PUBLIC_SALT_KEY
        fields = {**payload, "key": base64url(key)} if kind == "learner" else payload
        assert is_as_its_kind(kind, fields), f"a {kind} event cannot say {sorted(fields)}"
        data = carried(fields)
        hashed = payload_hash(key, self.box, self._epoch, sequence + 1, data)
        return self._insert(connection, place, previous, self._event(sequence + 1, kind, learner, data, hashed))

    def erase(self, connection: Connection, learner: str) -> bool:
        """Forget a learner, inside the caller's write: blank the payloads, destroy the key, and say so to the hub.

        Returns whether there was anything left to do; erasing twice is erasing once. A hub that asks for it once more
        has lost what it was told: it is said again.
        """
        assert is_learner(learner), f"{learner!r} is not a learner's random id"
        assert learner, "events of nobody are not erased"
        if connection.execute("insert into erased values (?) on conflict do nothing", [learner]).rowcount == 0:
            if not marks.is_erasure_unsent(connection, learner):
                self._say_erased(connection, learner)
            return False
        # What is blanked is overwritten too, so that a card read later holds no name.
        connection.execute("pragma secure_delete = on")
        self._database.empty_log()
        connection.execute("update event set payload = null where learner = ? and payload is not null", [learner])
        connection.execute("delete from learner_key where learner = ?", [learner])
        connection.execute("delete from retold where learner = ?", [learner])
        self._say_erased(connection, learner)
        return True

    def prune(self, connection: Connection, keep: Keep, retell: Retell) -> bool:
        """Do one small piece of what pruning there is, inside the caller's write. Tells whether there is more.

        Each call belongs in a write of its own: what is said again must be durable before anything goes.
        """
        going = pruning.next_slice(connection, keep)
        if going is None:
            pruning.await_backup(connection, keep)
            return False
        learners = pruning.untold(connection, going)
        for learner in learners:
            place, sequence, _ = self._end(connection)
            for kind, payload in retell(connection, learner):
                self.append(connection, kind, learner, payload)
            pruning.note_retold(connection, learner, place, sequence + 1)
        if not learners:
            pruning.cut(connection, going)
        return True

    def pruned_heads(self) -> list[Head]:
        """Up to where epochs are gone from which the hub asks for more than is here; to be said in the report."""
        return pruning.pruned_heads(self._database.read())

    def has_unsent(self) -> tuple[str, int] | None:
        """The first event that the hub has not taken, by epoch and sequence; None where it has all. Packs nothing."""
        return marks.first_unsent(self._database.read())

    def next_batch(self, bytes_max: int = BATCH_BYTES_MAX) -> "tuple[Batch, bytes] | None":
        """The oldest events that the hub has not taken, as many as fit, and their wire form; None where it has all.

        A batch holds events of one epoch: ask again, after `take_marks`, until there is none.
        """
        return next(self.unsent_batches(bytes_max), None)

    def unsent_batches(self, bytes_max: int = BATCH_BYTES_MAX) -> "Iterator[tuple[Batch, bytes]]":
        """Every event that the hub has not taken, the oldest first, as batches with their wire form.

        No mark moves meanwhile: a letter carries them all, before the hub has said anything.
        """
        starts = self._database.read().execute(
            """
            select epoch.place, epoch, max(taken, coalesce(cut.sequence, -1)) as taken
            from epoch left join cut on cut.place = epoch.place
            where writer = ''
                and exists (select 1 from event where event.place = epoch.place and event.sequence > taken)
            order by epoch.place
            """
        )
        for start in starts.fetchall():
            last = start["taken"]
            while (found := self._batch_after(start["place"], start["epoch"], last, bytes_max)) is not None:
                yield found
                last = found[0].last_sequence

    def _batch_after(self, place: int, epoch: str, last: int, bytes_max: int) -> "tuple[Batch, bytes] | None":
        """The events of one epoch behind the sequence `last`, as many as fit; None where there are none."""
        from sync.batch import EVENTS_MAX, encode

        reader = self._database.read()
        before = reader.execute(
            "select hash from event where place = :place and sequence = :last"
            " union all select hash from cut where place = :place and sequence = :last",
            {"place": place, "last": last},
        ).fetchone()
        rows = reader.execute(
            """
            select sequence, kind, event.learner, payload, payload_hash, hash,
                wall_seconds, monotonic_ms, is_trusted, key
            from event left join learner_key on learner_key.learner = event.learner and payload is not null
            where place = ? and sequence > ? order by sequence limit ?
            """,
            [place, last, EVENTS_MAX],
        ).fetchall()
        if not rows:
            return None
        rows = rows[: count_within(rows, BATCH_PAYLOAD_BYTES)]
        previous = CHAIN_START if before is None else before["hash"]
        batch = self._batch(epoch, previous, rows)
        wire = encode(batch)
        while len(wire) > bytes_max and len(rows) > 1:
            rows = rows[: len(rows) // 2]
            batch = self._batch(epoch, previous, rows)
            wire = encode(batch)
        return batch, wire

    def take_marks(self, connection: Connection, said: Sequence[Mark]) -> None:
        """Believe the hub about how far it has each epoch, backwards too: a restored hub asks again."""
        marked = marks.believe(connection, said)
        for learner in marks.lost_erasures(connection) if marked.asked_again else ():
            self._say_erased(connection, learner)
        if marked.asked_again or marked.beyond:
            for hear in self._hear:
                hear(connection, marked)

    def raise_marks(self, connection: Connection, said: Sequence[Mark]) -> None:
        """Believe marks that may be older than what the hub said since: they only ever move forward."""
        marks.raised(connection, said)

    def heads(self) -> list[Head]:
        """Where the epochs end that the hub has not taken whole, and always the newest one; oldest first.

        The newest end commits to all that came before it: each epoch's first event names its parent's end. Named
        too are epochs that could be pruned if the hub had them in a backup: it answers how far that is.
        """
        return marks.heads(self._database.read())

    def unsent_count(self) -> int:
        """How many events the hub has not taken."""
        row = self._database.read().execute(
            "select count(*) as events from epoch join event on event.place = epoch.place and sequence > taken"
            " where writer = ''"
        )
        return int(row.fetchone()["events"])

    def has_erased(self, learner: str) -> bool:
        """Tell whether this learner was erased here."""
        row = self._database.read().execute("select 1 from erased where learner = ?", [learner]).fetchone()
        return row is not None

    def verify(self) -> int:
        """Work every chain out again, from where it begins or was cut. Returns how many events there are.

        Raises Damaged where a hash, a link to a parent or a payload is not what was once written.
        """
        return chain.verify(self._database.read(), self.box)

    def verify_part(self, after: Position, events_max: int) -> Position:
        """Prove so many events behind `after`; returns where to go on. Raises Damaged."""
        return chain.verify_part(self._database.read(), self.box, after, events_max)

    def _say_erased(self, connection: Connection, learner: str) -> None:
        place, sequence, previous = self._end(connection)
        self._insert(connection, place, previous, self._event(sequence + 1, "erased", learner, None, NO_PAYLOAD_HASH))

    def _end(self, connection: Connection) -> tuple[int, int, bytes]:
        """Where this epoch ends: its place, last sequence and hash. Writes its first event where there is none yet."""
        assert connection.conn.in_transaction, "the journal is written inside Database.write"
        row = connection.execute(
            """
            select event.place, sequence, hash from epoch join event on event.place = epoch.place
            where epoch = ? order by sequence desc limit 1
            """,
            [self._epoch],
        ).fetchone()
        return (row["place"], row["sequence"], row["hash"]) if row else self._start(connection)

    def _start(self, connection: Connection) -> tuple[int, int, bytes]:
        former = connection.execute(
            """
            select epoch, sequence, hash from epoch join event on event.place = epoch.place
            where writer = '' order by event.place desc, sequence desc limit 1
            """
        ).fetchone()
        place = connection.execute("select coalesce(max(place), -1) + 1 as place from epoch").fetchone()["place"]
        connection.execute("insert into epoch (place, epoch) values (?, ?)", [place, self._epoch])
        data = canonical(parent_fields(former["epoch"], former["sequence"], former["hash"]) if former else {})
        hashed = payload_hash(PUBLIC_SALT_KEY, self.box, self._epoch, 0, data)
        self._insert(connection, place, CHAIN_START, first := self._event(0, "epoch", "", data, hashed))
        return place, 0, chained(CHAIN_START, self.box, first)

    def _key(self, connection: Connection, learner: str) -> bytes:
        row = connection.execute("select key from learner_key where learner = ?", [learner]).fetchone()
        if row is not None:
            return bytes(row["key"])
        if connection.execute("select 1 from erased where learner = ?", [learner]).fetchone() is not None:
            raise CallerFault(
                "This learner was erased; nothing more is recorded.", "Join the class again as a new one."
            )
        key = self._random_bytes(KEY_BYTES)
        connection.execute("insert into learner_key values (?, ?)", [learner, key])
        return key

    def _event(self, sequence: int, kind: str, learner: str, data: bytes | None, hashed: bytes) -> Event:
        now = self._clock.now()
        monotonic_ms = int(now.monotonic_seconds * 1000)
        return Event(
            self._epoch, sequence, kind, learner, data, hashed, now.wall_seconds, monotonic_ms, now.is_trusted
        )  # fmt: skip

    def _insert(self, connection: Connection, place: int, previous: bytes, event: Event) -> Event:
        connection.execute(
            "insert into event values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                place,
                event.sequence,
                event.kind,
                event.learner,
                event.payload,
                event.payload_hash,
                chained(previous, self.box, event),
                event.wall_seconds,
                event.monotonic_ms,
                int(event.is_trusted),
            ],
        )
        return event

    def _batch(self, epoch: str, previous: bytes, rows: Sequence[sqlite3.Row]) -> "Batch":
        from sync.batch import Batch

        keys = {row["learner"]: row["key"] for row in rows if row["key"] is not None}
        return Batch(self.box, epoch, previous, tuple(event_of(epoch, row) for row in rows), rows[-1]["hash"], keys)
