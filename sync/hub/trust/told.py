"""Told: what each box last heard of the hub's own catalogue, and whether it believed it.

* A box that comes back without what it was told did not believe it, or the answer was lost; three times in a row is no
  lost answer. Then somebody hears of it: such a box takes nothing new, and cannot say so by itself.
* A quiet night reads one row and writes none.
"""

from sqlalchemy import Connection, select, update

from sync.hub import schema
from sync.hub.engine import insert
from sync.hub.trust.documents import Standing
from sync.wire import Catalogued

REFUSED_TIMES_MAX = 3
"""So many times in a row a box may come back without what it was told."""


def tell(connection: Connection, box: str, standing: Standing) -> None:
    """The answer to this box brings it to where the catalogue stands now."""
    versions = {"root_version": standing.root_version, "timestamp_version": standing.timestamp_version}
    statement = insert(connection, schema.trust_told).values(box=box, times=0, **versions)
    connection.execute(statement.on_conflict_do_update(index_elements=["box"], set_=versions))


def times_refused(connection: Connection, box: str, holds: Catalogued | None) -> tuple[int, int]:
    """How often in a row this box came back without what it was told, up to its last report and with this one."""
    table = schema.trust_told
    row = connection.execute(select(table).where(table.c.box == box)).one_or_none()
    if row is None:
        return 0, 0
    is_believed = (
        holds is not None
        and holds.root_version >= row.root_version
        and holds.timestamp_version >= row.timestamp_version
    )
    times = 0 if is_believed else row.times + 1
    if times != row.times:
        connection.execute(update(table).where(table.c.box == box).values(times=times))
    return row.times, times
