"""Proof: a hub's database holds what it says that it holds.

* Every batch decodes and continues the chain of its epoch, from its first event or from behind a gap that is known.
* Every epoch's mark, number and hash, is where its batches end: nothing was acknowledged that is not there.
* What the hub itself said to each campus is one unbroken chain an epoch.
* It reads and changes nothing, one batch at a time.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, func, select

from catalog.fault import Damaged
from sync.batch import BatchRefused, decode, verify
from sync.events import CHAIN_START
from sync.hub import schema
from sync.hub.campus import kept

READ_AT_ONCE = 100
Progress = Callable[[int, int], None]
"""Hears how far it has come: done, of how many."""

_Ends = dict[tuple[str, str], tuple[int, bytes]]
"""By box and epoch: the last sequence, and the chain's hash there."""
_Gaps = dict[tuple[str, str, int], tuple[int, bytes]]
"""By box, epoch and first sequence: the last one that is missing, and the chain's hash behind it."""


def prove(connection: Connection, progress: Progress | None = None) -> int:
    """Work every chain in this database out again. Returns how many events it holds.

    Raises Damaged where a batch is not what its box wrote, or a mark is not where its batches end.
    """
    gaps, ends, events = _gaps(connection), _Ends(), 0
    count = connection.execute(select(func.count()).select_from(schema.batch)).scalar_one()
    for number, (name, box, body) in enumerate(_batches(connection), 1):
        events += _proven(name, box, body, gaps, ends)
        if progress is not None:
            progress(number, count)
    _end_at_marks(connection, gaps, ends)
    _prove_campuses(connection)
    return events


def _proven(name: int, box: str, body: bytes, gaps: _Gaps, ends: _Ends) -> int:
    """Prove that one batch goes on where its epoch stands, and move on. Returns its events."""
    try:
        batch = decode(body)
        own = (box, batch.epoch)
        sequence, last_hash = ends.get(own, (-1, CHAIN_START))
        while sequence + 1 < batch.first_sequence and (*own, sequence + 1) in gaps:
            sequence, last_hash = gaps[*own, sequence + 1]
        if batch.box != box or batch.first_sequence != sequence + 1:
            raise damaged(f"batch {name} does not go on where its epoch stands")
        verify(batch, last_hash)
    except BatchRefused as refused:
        raise damaged(f"batch {name}: {refused.sentence}") from refused
    ends[own] = (batch.last_sequence, batch.last_hash)
    return len(batch.events)


def _end_at_marks(connection: Connection, gaps: _Gaps, ends: _Ends) -> None:
    epoch = schema.epoch
    rows = connection.execute(select(epoch.c.box, epoch.c.epoch, epoch.c.taken, epoch.c.hash)).all()
    for row in rows:
        own = (row.box, row.epoch)
        end = ends.pop(own, (-1, CHAIN_START))
        while (*own, end[0] + 1) in gaps:
            end = gaps[*own, end[0] + 1]
        if end != (row.taken, bytes(row.hash)):
            raise damaged(f"epoch {row.epoch} of box {row.box} is acknowledged to {row.taken}, and held to {end[0]}")
    if ends:
        raise damaged(f"{len(ends)} epochs have events and no mark")


def _prove_campuses(connection: Connection) -> None:
    ends: dict[tuple[str, str], bytes] = {}
    for batch in kept.every_batch(connection):
        try:
            verify(batch, ends.get((batch.box, batch.epoch), CHAIN_START))
        except BatchRefused as refused:
            raise damaged(f"the journal for campus {batch.box}: {refused.sentence}") from refused
        ends[batch.box, batch.epoch] = batch.last_hash


def _gaps(connection: Connection) -> _Gaps:
    rows = connection.execute(select(schema.gap)).all()
    return {(row.box, row.epoch, row.first): (row.last, bytes(row.hash)) for row in rows}


def _batches(connection: Connection) -> Iterator[tuple[int, str, bytes]]:
    batch, last = schema.batch, 0
    query = select(batch.c.id, batch.c.box, batch.c.body).order_by(batch.c.id).limit(READ_AT_ONCE)
    while rows := connection.execute(query.where(batch.c.id > last)).all():
        for row in rows:
            yield row.id, row.box, row.body
        last = rows[-1].id


def damaged(what: str) -> Damaged:
    """What is said of a database or a backup that is not whole."""
    return Damaged(
        f"This copy of the hub is not whole: {what}.",
        "Take an older backup; if the hub itself says so, its disk may be failing: copy what matters and replace it.",
    )
