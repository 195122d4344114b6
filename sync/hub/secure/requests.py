"""Requests: what boxes ask certificates for, read out of their journals.

* A box asks for itself: whose request it is, the journal says in which it stands, and nothing in it.
* Whether it may have what it asks for is judged when its turn comes, not here.
"""

from sqlalchemy import Connection, case

from sync.batch import Batch
from sync.campus.ownership import Side, stamp_of
from sync.certificates import ASKED, REQUEST_BYTES_MAX
from sync.events import fields_of
from sync.hub import schema
from sync.hub.campus.words import side_of
from sync.hub.engine import insert


def take(connection: Connection, campus: str, batch: Batch) -> None:
    """Keep the last request in a box's batch, in the caller's transaction."""
    if side_of(campus, batch) is not Side.CAMPUS:
        return
    said = [(event, fields) for event in batch.events if event.kind == ASKED and (fields := fields_of(event))]
    if not said:
        return
    event, fields = said[-1]
    # What is too long is cut, and so refused when it is read.
    text = str(fields["request"]).replace("\0", "").encode(errors="replace").decode()[: 2 * REQUEST_BYTES_MAX]
    statement = insert(connection, schema.certificate_request)
    new, old = statement.excluded, schema.certificate_request.c
    is_later = new.stamp > old.stamp
    latest = {name: case((is_later, new[name]), else_=old[name]) for name in ("request", "stamp")}
    row = {"box": batch.box, "request": text, "stamp": stamp_of(event)}
    connection.execute(statement.on_conflict_do_update(index_elements=["box"], set_=latest), [row])
