"""Gaps: events that are in no copy any more, known by their numbers.

* A hub put back from an old backup asks boxes for what it lost. A box that has cleared some of it away since says up
  to where, and the chain's hash there: the hub notes what is missing, says so in words, and goes on behind it.
* What is behind a gap is proven by the hash that the box remembers: nothing can be put in its place unseen.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from sync.hub import schema
from sync.hub.engine import insert
from sync.hub.keeping.alarms import Kind, raise_alarm
from sync.hub.keeping.cards import NONE_TAKEN, UNKNOWN_PARENT
from sync.keys import from_base64url
from sync.wire import Head


def accept(connection: Connection, box: str, pruned: Sequence[Head], now_seconds: int) -> int:
    """Accept that a box has nothing of these epochs up to these heads, in the caller's transaction.

    Returns how many events the hub must go without from now on; those that it has are no gap.
    """
    missing = sum(_accepted(connection, box, head, now_seconds) for head in pruned)
    if missing:
        raise_alarm(connection, box, Kind.GAP, now_seconds, events=missing_events(connection, box))
    return missing


def missing_events(connection: Connection, box: str) -> int:
    """How many events of a box are in no copy any more."""
    gap = schema.gap
    rows = connection.execute(select(gap.c.first, gap.c.last).where(gap.c.box == box))
    return sum(row.last - row.first + 1 for row in rows)


def _accepted(connection: Connection, box: str, head: Head, now_seconds: int) -> int:
    epoch = schema.epoch
    own = (epoch.c.box == box, epoch.c.epoch == head.epoch)
    taken = connection.execute(select(epoch.c.taken).where(*own).with_for_update()).scalar_one_or_none()
    first = (NONE_TAKEN if taken is None else taken) + 1
    try:
        last_hash = from_base64url(head.hash)
    except ValueError:
        return 0
    if head.sequence < first:
        return 0
    behind = {"taken": head.sequence, "hash": last_hash}
    if taken is None:
        parent = {"parent": UNKNOWN_PARENT, "parent_sequence": NONE_TAKEN, "parent_hash": b""}
        row = {"box": box, "epoch": head.epoch, "backed_up": NONE_TAKEN, **parent, **behind}
        connection.execute(epoch.insert().values(row))
    else:
        connection.execute(update(epoch).where(*own).values(behind))
    found = {"first": first, "last": head.sequence, "hash": last_hash, "found_seconds": now_seconds}
    statement = insert(connection, schema.gap).values(box=box, epoch=head.epoch, **found)
    connection.execute(statement.on_conflict_do_nothing())
    return head.sequence - first + 1
