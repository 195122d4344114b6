"""Forgetting: what an erasure takes out of the hub's own journals, and where else the learner must be forgotten.

* What the journal says of a learner is blanked and the keys are destroyed; every hash stays, and every chain verifies.
* A learner who studies at several campuses is erased at all of them, wherever the wish came from.
"""

from sqlalchemy import Connection, delete, select, update

from sync.hub import schema
from sync.hub.engine import erasing


def blank(connection: Connection, campus: str, learner: str) -> None:
    """Blank what the campus journal says of a learner, in the transaction that erases them."""
    event, key = schema.campus_event, schema.campus_key
    of_learner = (event.c.campus == campus, event.c.learner == learner, event.c.payload.is_not(None))
    connection.execute(update(event).where(*of_learner).values(payload=None))
    connection.execute(delete(key).where(key.c.campus == campus, key.c.learner == learner))
    erasing(connection)


def elsewhere(connection: Connection, campus: str, learner: str) -> list[str]:
    """The other campuses at which this learner studies; each is to forget them too."""
    also = schema.also_studies
    rows = connection.execute(select(also.c.campus, also.c.home).where(also.c.learner == learner))
    places = {place for row in rows for place in (row.campus, row.home)}
    return sorted(places - {campus})


def untold(connection: Connection, campus: str) -> list[str]:
    """Erased learners of whom this journal spoke and has not yet said that they were erased."""
    event, erased = schema.campus_event, schema.erased
    spoken = select(event.c.learner).where(
        event.c.campus == campus, event.c.learner == erased.c.learner, event.c.kind != "erased"
    )
    said = select(event.c.learner).where(
        event.c.campus == campus, event.c.learner == erased.c.learner, event.c.kind == "erased"
    )
    rows = select(erased.c.learner).where(erased.c.campus == campus, spoken.exists(), ~said.exists())
    return list(connection.execute(rows.order_by(erased.c.learner)).scalars())
