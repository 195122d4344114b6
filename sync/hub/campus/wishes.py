"""Wishes: what the staff of a campus want becomes what the campus gets.

* In the transaction that reads their word out; the next plan carries it.
* A word about a course that is not on offer, or of which the hub has decided already, changes nothing. What staff do
  not want any more is for the hub's publishers to take away.
"""

from sqlalchemy import Connection, select

from sync.batch import Batch
from sync.campus.ownership import Side
from sync.events import fields_of
from sync.hub import schema
from sync.hub.campus.words import side_of
from sync.hub.engine import insert


def take(connection: Connection, campus: str, batch: Batch) -> None:
    """Let a campus have what its staff want, in the caller's transaction."""
    if side_of(campus, batch) is not Side.CAMPUS:
        return
    said = [fields for event in batch.events if event.kind == "wanted" and (fields := fields_of(event)) is not None]
    wanted = sorted({str(fields["course"]) for fields in said if fields["is_wanted"] == 1})
    if not wanted:
        return
    offered = select(schema.offer.c.course).where(schema.offer.c.course.in_(wanted))
    rows = [{"campus": campus, "course": course} for course in connection.execute(offered).scalars()]
    if rows:
        connection.execute(insert(connection, schema.want).on_conflict_do_nothing(), rows)
