"""The chain at rest: events read out of the journal's rows, and proven to be what was once written.

* What a box wrote under a former name of its own is proven under that name.
* An epoch is proven from its first event, or from where it was cut; each epoch names the end of the one before it.
* A payload is proven by its learner's key; a blanked one by its hash alone.
* A part can be proven by itself, so that a journal of years is gone through a little every night.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog.db import Connection
from catalog.fault import Damaged
from catalog.manifest import canonical
from sync.events import CHAIN_START, PUBLIC_SALT_KEY, Event, chained, payload_hash
from sync.keys import base64url

FIRST = -1
"""Stands for the sequence before the first."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the journal: an epoch by its place, and a sequence in it."""

    place: int
    sequence: int


BEGINNING = Position(0, FIRST)


def event_of(epoch: str, row: sqlite3.Row) -> Event:
    """One row of `event` as the event that it holds."""
    return Event(
        epoch, row["sequence"], row["kind"], row["learner"], row["payload"], row["payload_hash"],
        row["wall_seconds"], row["monotonic_ms"], bool(row["is_trusted"]),
    )  # fmt: skip


def parent_fields(epoch: str, sequence: int, last: bytes) -> dict[str, str | int]:
    """What the first event of an epoch says of the one before it."""
    return {"parent": epoch, "sequence": sequence, "hash": base64url(last)}


def events_of(reader: Connection, learner: str) -> Iterator[Event]:
    """What is here of one learner, in the order in which it was written; without what was blanked."""
    rows = reader.execute(
        """
        select epoch, sequence, kind, learner, payload, payload_hash, wall_seconds, monotonic_ms, is_trusted
        from event join epoch on epoch.place = event.place
        where learner = ? and learner <> '' and payload is not null order by event.place, sequence
        """,
        [learner],
    )
    return (event_of(row["epoch"], row) for row in rows)


def count_within(rows: Sequence[sqlite3.Row], bytes_max: int) -> int:
    """How many of the first rows hold at most this much payload; at least one."""
    total = 0
    for count, row in enumerate(rows):
        total += len(row["payload"] or b"")
        if total > bytes_max and count:
            return count
    return len(rows)


def end_of(connection: Connection, epoch: str) -> tuple[int, bytes] | None:
    """Where this box itself left an epoch of its own: the last sequence, and the chain's hash there."""
    row = connection.execute(
        """
        select coalesce(event.sequence, cut.sequence) as last, coalesce(event.hash, cut.hash) as hash
        from epoch left join cut on cut.place = epoch.place left join event on event.place = epoch.place
            and event.sequence = (select max(sequence) from event where event.place = epoch.place)
        where epoch = ?
        """,
        [epoch],
    ).fetchone()
    return (row["last"], bytes(row["hash"])) if row is not None and row["last"] is not None else None


def verify(reader: Connection, box: str) -> int:
    """Work every chain out again, whatever is still here. Returns how many events there are.

    Raises Damaged where a hash, a link to a parent or a payload is not what was once written.
    """
    return sum(_verify_epoch(reader, epoch["writer"] or box, epoch, FIRST, -1)[0] for epoch in _epochs(reader, 0))


def verify_part(reader: Connection, box: str, after: Position, events_max: int) -> Position:
    """Prove at most so many events behind `after`. Returns where to go on; the beginning once the end is reached.

    Raises Damaged.
    """
    sequence = after.sequence
    for epoch in _epochs(reader, after.place):
        if epoch["place"] > after.place:
            sequence = FIRST
        count, last = _verify_epoch(reader, epoch["writer"] or box, epoch, sequence, events_max)
        events_max -= count
        if events_max <= 0:
            return Position(epoch["place"], last)
    return BEGINNING


def _epochs(reader: Connection, place: int) -> list[sqlite3.Row]:
    """The epochs from this place on, each with where it was cut, and where the one before it ends."""
    return reader.execute(
        """
        select epoch.place, epoch.epoch, epoch.writer, cut.sequence as cut_sequence, cut.hash as cut_hash,
            former.epoch as former, coalesce(former_end.sequence, former_cut.sequence) as former_sequence,
            coalesce(former_end.hash, former_cut.hash) as former_hash
        from epoch left join cut on cut.place = epoch.place
            left join epoch former on former.place = epoch.place - 1 and former.writer = epoch.writer
            left join event former_end on former_end.place = former.place
                and former_end.sequence = (select max(sequence) from event where place = former.place)
            left join cut former_cut on former_cut.place = former.place
        where epoch.place >= ? order by epoch.place
        """,
        [place],
    ).fetchall()


def _verify_epoch(
    reader: Connection, box: str, epoch: sqlite3.Row, after_sequence: int, events_max: int
) -> tuple[int, int]:
    """Prove an epoch's events behind `after_sequence`, at most so many (-1: all). Returns how many, and the last."""
    cut_sequence = FIRST if epoch["cut_sequence"] is None else epoch["cut_sequence"]
    sequence = max(after_sequence, cut_sequence)
    last = _hash_at(reader, epoch, sequence)
    rows = reader.execute(
        """
        select sequence, kind, event.learner, payload, payload_hash, hash, wall_seconds, monotonic_ms, is_trusted, key
        from event left join learner_key on learner_key.learner = event.learner
        where place = ? and sequence > ? order by sequence limit ?
        """,
        [epoch["place"], sequence, events_max],
    )
    count = 0
    for row in rows:
        event = event_of(epoch["epoch"], row)
        last = chained(last, box, event)
        follows = event.sequence == sequence + 1 and last == row["hash"]
        if not follows or not _has_its_payload(box, event, row["key"]) or not _names_its_parent(epoch, event):
            raise _damaged(event.epoch, event.sequence)
        sequence, count = event.sequence, count + 1
    return count, sequence


def _hash_at(reader: Connection, epoch: sqlite3.Row, sequence: int) -> bytes:
    if sequence == FIRST:
        return CHAIN_START
    if sequence == epoch["cut_sequence"]:
        return bytes(epoch["cut_hash"])
    row = reader.execute(
        "select hash from event where place = ? and sequence = ?", [epoch["place"], sequence]
    ).fetchone()
    if row is None:
        raise _damaged(epoch["epoch"], sequence)
    return bytes(row["hash"])


def _has_its_payload(box: str, event: Event, key: bytes | None) -> bool:
    if event.payload is None:
        return True
    salt_key = key if event.learner else PUBLIC_SALT_KEY
    if salt_key is None:
        return False
    return payload_hash(salt_key, box, event.epoch, event.sequence, event.payload) == event.payload_hash


def _names_its_parent(epoch: sqlite3.Row, event: Event) -> bool:
    if event.sequence > 0:
        return True
    if epoch["former"] is None:
        return event.payload == canonical({})
    if epoch["former_sequence"] is None:
        return False
    return event.payload == canonical(parent_fields(epoch["former"], epoch["former_sequence"], epoch["former_hash"]))


def _damaged(epoch: str, sequence: int) -> Damaged:
    return Damaged(
        f"The journal is damaged at event {sequence} of epoch {epoch}: it is not what was once written.",
        "The card may be failing: let the box sync what it can, then replace the card.",
    )
