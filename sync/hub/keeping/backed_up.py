"""Backed up: the second mark, and how boxes come to hear of it.

* Only a backup that was read back whole moves the mark, to what it holds; a box keeps its events until then.
* Every mark that moved is told to its box until the box has used the nonce of the answer that named it: an epoch that
  ended long ago is in no report any more, and its box would never hear of it otherwise.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from sync.hub import schema
from sync.hub.engine import insert
from sync.wire import Report

TOLD_MAX = 64
"""Marks of epochs that a report does not name, in one answer: the rest comes with the next."""

Marks = Mapping[tuple[str, str], int]
"""By box and epoch: the last sequence that a backup holds."""


def marks_held(connection: Connection) -> dict[tuple[str, str], int]:
    """How far the database behind this connection has every epoch."""
    epoch = schema.epoch
    rows = connection.execute(select(epoch.c.box, epoch.c.epoch, epoch.c.taken))
    return {(row.box, row.epoch): row.taken for row in rows}


def move(connection: Connection, held: Marks) -> int:
    """Move the marks to what a verified backup holds, in the caller's transaction. Returns how many epochs moved."""
    epoch = schema.epoch
    rows = connection.execute(select(epoch.c.box, epoch.c.epoch, epoch.c.taken, epoch.c.backed_up)).all()
    moved = [
        (row, sequence)
        for row in rows
        # What the hub does not have any more (it was put back meanwhile) is not made good by a mark.
        if (sequence := min(held.get((row.box, row.epoch), -1), row.taken)) > row.backed_up
    ]
    for row, sequence in moved:
        own = (epoch.c.box == row.box, epoch.c.epoch == row.epoch)
        connection.execute(update(epoch).where(*own).values(backed_up=sequence))
        notice = insert(connection, schema.backup_notice).values(box=row.box, epoch=row.epoch, said_in="")
        connection.execute(notice.on_conflict_do_update(index_elements=["box", "epoch"], set_={"said_in": ""}))
    return len(moved)


def heard(connection: Connection, box: Row[Any]) -> None:
    """A box goes on from the hub's last answer: what that one said of backups has been heard."""
    notice = schema.backup_notice
    connection.execute(delete(notice).where(notice.c.box == box.id, notice.c.said_in == box.last_request))


def to_tell(connection: Connection, report: Report) -> list[str]:
    """The epochs whose second mark the answer to this report should name."""
    notice = schema.backup_notice
    waiting = select(notice.c.epoch).where(notice.c.box == report.box).order_by(notice.c.epoch).limit(TOLD_MAX)
    names = list(connection.execute(waiting).scalars())
    if names:
        said = update(notice).where(notice.c.box == report.box, notice.c.epoch.in_(names))
        connection.execute(said.values(said_in=report.request))
    return names
