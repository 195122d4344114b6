"""What is kept of the campus journals: epochs, what each goes on from, and every event in its order.

* A batch is made of the events as they lie here, as many as fit; nothing is kept twice.
* What is blanked stays in its place: headers and hashes go out as before.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from sync.batch import EVENTS_MAX, Batch, encode
from sync.continuation import NONE_TAKEN
from sync.events import CHAIN_START, Event, chained
from sync.hub import schema
from sync.hub.campus.standing import Epoch
from sync.wire import BATCH_BYTES_MAX

BATCH_PAYLOAD_BYTES = 1 << 20
"""How much payload is gathered for one batch before it is packed; it shrinks to a tenth or less."""

_KEY_OF = ("campus", "epoch", "learner")


def epochs_of(connection: Connection, campus: str) -> list[Epoch]:
    """Every epoch of a campus in the order in which this hub came to have it, with where it ends."""
    epoch, parent, event = schema.campus_epoch, schema.campus_parent, schema.campus_event
    named: dict[str, dict[str, int]] = {}
    for row in connection.execute(select(parent).where(parent.c.campus == campus)):
        named.setdefault(row.epoch, {})[row.parent] = row.parent_sequence
    last = (
        select(func.max(event.c.sequence))
        .where(event.c.campus == epoch.c.campus, event.c.epoch == epoch.c.epoch)
        .scalar_subquery()
    )
    rows = select(epoch, last.label("last")).where(epoch.c.campus == campus).order_by(epoch.c.place)
    return [
        Epoch(row.epoch, NONE_TAKEN if row.last is None else row.last, row.start, named.get(row.epoch, {}))
        for row in connection.execute(rows)
    ]


def end_of(connection: Connection, campus: str, epoch: str) -> tuple[int, bytes]:
    event = schema.campus_event
    row = connection.execute(
        select(event.c.sequence, event.c.hash)
        .where(event.c.campus == campus, event.c.epoch == epoch)
        .order_by(event.c.sequence.desc())
        .limit(1)
    ).one_or_none()
    return (row.sequence, bytes(row.hash)) if row is not None else (NONE_TAKEN, CHAIN_START)


def begin(connection: Connection, campus: str, epoch: str, start: str, parents: Mapping[str, int]) -> None:
    table = schema.campus_epoch
    place = select(func.coalesce(func.max(table.c.place) + 1, 0)).where(table.c.campus == campus)
    row = {"campus": campus, "epoch": epoch, "start": start, "place": connection.execute(place).scalar_one()}
    connection.execute(table.insert().values(row))
    rows = [
        {"campus": campus, "epoch": epoch, "parent": parent, "parent_sequence": sequence}
        for parent, sequence in parents.items()
    ]
    if rows:
        connection.execute(schema.campus_parent.insert(), rows)


def write(connection: Connection, campus: str, previous: bytes, event: Event) -> bytes:
    """Write an event behind the chain's hash `previous`; returns the hash after it."""
    last = chained(previous, campus, event)
    row = {
        "campus": campus,
        "epoch": event.epoch,
        "sequence": event.sequence,
        "kind": event.kind,
        "learner": event.learner,
        "payload": event.payload,
        "payload_hash": event.payload_hash,
        "hash": last,
        "wall_seconds": event.wall_seconds,
        "monotonic_ms": event.monotonic_ms,
        "is_trusted": int(event.is_trusted),
    }
    connection.execute(schema.campus_event.insert().values(row))
    return last


def batch_after(connection: Connection, campus: str, epoch: str, last: int) -> Batch | None:
    """The events of an epoch behind the sequence `last`, as many as fit one batch; None where there are none."""
    event, key = schema.campus_event, schema.campus_key
    of_epoch = (event.c.campus == campus, event.c.epoch == epoch)
    before = connection.execute(select(event.c.hash).where(*of_epoch, event.c.sequence == last)).scalar_one_or_none()
    rows = connection.execute(
        select(event, key.c.key)
        .select_from(event.outerjoin(key, and_(*(key.c[name] == event.c[name] for name in _KEY_OF))))
        .where(*of_epoch, event.c.sequence > last)
        .order_by(event.c.sequence)
        .limit(EVENTS_MAX)
    ).all()
    if not rows:
        return None
    previous = CHAIN_START if before is None else bytes(before)
    rows = rows[: _count_within(rows, BATCH_PAYLOAD_BYTES)]
    batch = _batch(campus, epoch, previous, rows)
    while len(encode(batch)) > BATCH_BYTES_MAX and len(rows) > 1:
        rows = rows[: len(rows) // 2]
        batch = _batch(campus, epoch, previous, rows)
    return batch


def _batch(campus: str, epoch: str, previous: bytes, rows: Sequence[Row[Any]]) -> Batch:
    events = tuple(_event_in(row) for row in rows)
    keys = {row.learner: bytes(row.key) for row in rows if row.learner and row.payload is not None}
    return Batch(campus, epoch, previous, events, bytes(rows[-1].hash), keys)


def _event_in(row: Row[Any]) -> Event:
    payload = None if row.payload is None else bytes(row.payload)
    return Event(
        row.epoch, row.sequence, row.kind, row.learner, payload, bytes(row.payload_hash),
        row.wall_seconds, row.monotonic_ms, row.is_trusted == 1,
    )  # fmt: skip


def _count_within(rows: Sequence[Row[Any]], bytes_max: int) -> int:
    """How many of the first rows hold at most this much payload; at least one."""
    total = 0
    for count, row in enumerate(rows):
        total += len(row.payload or b"")
        if total > bytes_max and count:
            return count
    return len(rows)


def every_batch(connection: Connection) -> Iterator[Batch]:
    """The journals of all campuses as batches: what projections are built again from."""
    for campus in connection.execute(select(schema.campus_epoch.c.campus).distinct()).scalars().all():
        for epoch in epochs_of(connection, campus):
            last = NONE_TAKEN
            while (batch := batch_after(connection, campus, epoch.name, last)) is not None:
                yield batch
                last = batch.last_sequence
