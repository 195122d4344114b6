"""Moving: what learners did in an activity that has another id now.

* Events are never changed. What is read out of them stands under the id that the release on offer has for it, whether
  they came before the release did, or come later from a box that still has the former one.
* Two places that become one: the furthest stands, as everywhere.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from sync.hub import projections, schema


def move(connection: Connection, course: str, moved: Mapping[str, str]) -> None:
    """From now on keep the progress and results of these activities under their new ids, what is here already too."""
    table = schema.moved_activity
    connection.execute(delete(table).where(table.c.course == course))
    if not moved:
        return
    rows = [{"course": course, "old": old, "new": new} for old, new in sorted(moved.items())]
    connection.execute(table.insert(), rows)
    for kept, put in ((schema.progress, projections.put_places), (schema.result, projections.put_results)):
        former = (kept.c.course == course, kept.c.activity.in_(sorted(moved)))
        found = [dict(row._mapping) for row in connection.execute(select(kept).where(*former))]
        put(connection, [{**row, "activity": moved[row["activity"]]} for row in found])
        connection.execute(delete(kept).where(*former))
