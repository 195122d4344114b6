"""Followed journals: what other writers say to this box, the hub first of all; kept as it came, and read out.

* A batch is taken once: what is here already is passed over, what would leave a gap is not taken, and what the hub did
  not sign never comes in. Batch, mark and whatever is read out of it are one transaction.
* An epoch may come before the one that it goes on from: a stick and a link have no order. What is missing is said.
* What came is kept with the hub's signature, so that a hub which was put back from a backup gets its own words again.
* Of this box's own journal comes back what a card that was put back had lost. It goes on from what the box has itself,
  and is kept beside it: nothing of it is offered to the hub.
* An erased learner is blanked here too, in what is kept and in all that still comes; the signatures hold all the same.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from sync.chain import end_of
from sync.events import fields_of
from sync.fields import is_name
from sync.wire import HEADS_MAX, Followed

if TYPE_CHECKING:
    # Loaded with the first batch that comes: a box that only starts reads none.
    from sync.batch import Batch
    from sync.keys import PublicKey

PARENTS_MAX = 64
"""How many epochs one may go on from; a hub that was put back more often than that in one go has other worries."""

Project = Callable[[Connection, "Batch"], None]
"""Reads a batch out into the box's own tables, inside the transaction that takes it."""

migrations = Migrations("sync.following")


@migrations()
def followed(connection: Connection) -> None:
    connection.executescript(
        """
        create table followed_epoch (
            writer text not null,
            epoch text not null,
            taken integer not null,
            hash blob not null,
            primary key (writer, epoch)
        ) strict, without rowid;
        create table followed_parent (
            writer text not null,
            epoch text not null,
            parent text not null,
            parent_sequence integer not null,
            primary key (writer, epoch, parent)
        ) strict, without rowid;
        create index followed_child on followed_parent (writer, parent);
        create table followed_batch (
            number integer primary key,
            writer text not null,
            epoch text not null,
            last_sequence integer not null,
            body blob not null
        ) strict;
        create index followed_batch_of on followed_batch (writer, epoch, last_sequence);
        create table followed_learner (
            learner text not null,
            number integer not null references followed_batch,
            primary key (learner, number)
        ) strict, without rowid;
        """
    )


class Following:
    """The journals that this box follows. `box` is its own name."""

    def __init__(self, database: Database, project: Project, box: str) -> None:
        self._database = database
        self._project = project
        self._box = box

    def standing(self) -> list[Followed]:
        """How far each journal is here: its newest ends, and what is known to be missing before them.

        An epoch is not named where a later one says that it went on from exactly what is here of it. So a journal
        without gaps is one row, however old it is.
        """
        rows = self._database.read().execute(
            """
            select writer, epoch, taken from followed_epoch as held
            where not exists (
                select 1 from followed_parent as child
                where child.writer = held.writer and child.parent = held.epoch and child.parent_sequence = held.taken
            )
            union
            select named.writer, named.parent, coalesce(held.taken, -1)
            from followed_parent as named
                left join followed_epoch as held on held.writer = named.writer and held.epoch = named.parent
            where coalesce(held.taken, -1) < named.parent_sequence
            order by 1, 2 limit ?
            """,
            [HEADS_MAX],
        )
        return [Followed(row[0], row[1], row[2]) for row in rows]

    def take(self, connection: Connection, signed: bytes, hub: "PublicKey") -> bool:
        """Take what is new of a signed batch, inside the caller's write. Returns whether anything was.

        Raises BatchRefused where the hub did not sign it, or where it contradicts what is here (`Forked`).
        """
        from sync.batch import blanked
        from sync.continuation import continued
        from sync.following.signed import opened, signature_of, with_signature

        came = opened(signed, hub)
        held = self._end_of(connection, came.box, came.epoch)
        new = continued(came, *held) if held else continued(came)
        if new is None:
            return False
        kept = blanked(new, _erased_among(connection, new))
        body = signed if kept is came else with_signature(kept, signature_of(signed))
        _keep(connection, kept, body)
        for parent in parents_in(kept):
            self._note_own(connection, kept.box, parent)
        for event in kept.events:
            if event.kind == "erased" and event.learner:
                self.forget(connection, event.learner)
        self._project(connection, kept)
        return True

    def _end_of(self, connection: Connection, writer: str, epoch: str) -> tuple[int, bytes] | None:
        """Where the chain of an epoch stands here, as it came or as this box wrote it itself."""
        row = connection.execute(
            "select taken, hash from followed_epoch where writer = ? and epoch = ?", [writer, epoch]
        ).fetchone()
        if row is not None:
            return row["taken"], row["hash"]
        return end_of(connection, epoch) if writer == self._box else None

    def _note_own(self, connection: Connection, writer: str, epoch: str) -> None:
        """Let an epoch from which one goes on that came not be said to be missing, where this box wrote it itself."""
        if (end := self._end_of(connection, writer, epoch)) is not None:
            connection.execute(
                "insert into followed_epoch (writer, epoch, taken, hash) values (?, ?, ?, ?) on conflict do nothing",
                [writer, epoch, *end],
            )

    def asked(self, asks: Sequence[Followed]) -> bytes | None:
        """The next signed batch to give back to a hub that asks for its own events; None where it asks for none held.

        The hub moves its mark and asks again: one batch at a time brings all.
        """
        for ask in asks:
            row = (
                self._database.read()
                .execute(
                    """
                select body from followed_batch where writer = ? and epoch = ? and last_sequence > ?
                order by last_sequence limit 1
                """,
                    [ask.writer, ask.epoch, ask.sequence],
                )
                .fetchone()
            )
            if row is not None:
                return bytes(row["body"])
        return None

    def forget(self, connection: Connection, learner: str) -> None:
        """Blank what is kept of an erased learner, in the transaction that erases them."""
        from sync.batch import blanked, decode
        from sync.following.signed import SIGNATURE_BYTES, signature_of, with_signature

        rows = connection.execute(
            "select number, body from followed_batch join followed_learner using (number) where learner = ?", [learner]
        ).fetchall()
        for row in rows:
            without = blanked(decode(row["body"][:-SIGNATURE_BYTES]), {learner})
            body = with_signature(without, signature_of(row["body"]))
            connection.execute("update followed_batch set body = ? where number = ?", [body, row["number"]])
        connection.execute("delete from followed_learner where learner = ?", [learner])


def parents_in(batch: "Batch") -> dict[str, int]:
    """What the epoch that begins in this batch goes on from: each parent, and the sequence at which it was left.

    A journal that forked (its hub was put back from a backup) is whole again where one epoch names both ends.
    """
    if batch.first_sequence > 0:
        return {}
    fields = fields_of(batch.events[0]) or {}
    rows = [[fields.get("parent"), fields.get("sequence")], *_rows(fields.get("also"))]
    return dict([end for row in rows if (end := _end(row)) is not None][:PARENTS_MAX])


def _rows(value: object) -> list[list[object]]:
    return [row for row in value if isinstance(row, list)] if isinstance(value, list) else []


def _end(row: list[object]) -> tuple[str, int] | None:
    """The end of an epoch as a row names it; None where it is none."""
    name, sequence = row[:2] if len(row) >= 2 else ("", -1)
    if not isinstance(name, str) or not isinstance(sequence, int) or isinstance(sequence, bool):
        return None
    return (name, sequence) if is_name(name) and sequence >= 0 else None


def _erased_among(connection: Connection, batch: "Batch") -> set[str]:
    gone = set()
    for learner in batch.keys:
        if connection.execute("select 1 from erased where learner = ?", [learner]).fetchone():
            gone.add(learner)
    return gone


def _keep(connection: Connection, batch: "Batch", body: bytes) -> None:
    connection.execute(
        """
        insert into followed_epoch (writer, epoch, taken, hash) values (?, ?, ?, ?)
        on conflict do update set taken = excluded.taken, hash = excluded.hash
        """,
        [batch.box, batch.epoch, batch.last_sequence, batch.last_hash],
    )
    for parent, sequence in parents_in(batch).items():
        connection.execute(
            "insert into followed_parent (writer, epoch, parent, parent_sequence) values (?, ?, ?, ?)",
            [batch.box, batch.epoch, parent, sequence],
        )
    number = connection.execute(
        "insert into followed_batch (writer, epoch, last_sequence, body) values (?, ?, ?, ?)",
        [batch.box, batch.epoch, batch.last_sequence, body],
    ).lastrowid
    connection.conn.executemany(
        "insert into followed_learner (learner, number) values (?, ?)", [(learner, number) for learner in batch.keys]
    )
