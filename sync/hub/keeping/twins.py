"""Twins: a box that runs from a copied card asks to be one of its own, and staff allow it.

* It asks with each report, by the key that it would go by; the newest question of a box is the one that is answered.
* What is allowed is a token of the box's own campus that is bound to that key: for whoever else hears it, it is none.
* It is said in each answer to a report that names that key, until the box comes under it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from catalog.fault import CallerFault, LinkFault
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import insert, reading, writing
from sync.hub.fleet import Fleet
from sync.hub.keeping import audit
from sync.keys import box_id


class NobodyAsks(CallerFault):
    """No machine that runs from a copy of this box's card has asked to be a box of its own."""


class Twins:
    """Answers boxes that ask for a name of their own."""

    def __init__(self, engine: Engine, fleet: Fleet, clock: Clock) -> None:
        self._engine = engine
        self._fleet = fleet
        self._clock = clock

    def allow(self, box: str, who: str) -> str:
        """Let the machine that asked last be a box of its own. Returns its name to be. Raises NobodyAsks."""
        with reading(self._engine) as connection:
            asked = connection.execute(select(schema.twin).where(schema.twin.c.box == box)).one_or_none()
            campus = connection.execute(select(schema.box.c.campus).where(schema.box.c.id == box)).scalar_one_or_none()
        if asked is None or campus is None:
            raise NobodyAsks(
                "No machine asks to be a box of its own under this name.",
                "One that runs from a copied card asks with its next session. `qanat hub boxes` lists every box.",
            )
        name = box_id(asked.key)
        if not asked.secret:
            secret = self._fleet.make_token(self._fleet.campus(campus), bound_to=asked.key).secret
            with writing(self._engine) as connection:
                own = (schema.twin.c.box == box, schema.twin.c.key == asked.key)
                connection.execute(update(schema.twin).where(*own).values(secret=secret))
                about = {"box": box, "as": name}
                audit.note(connection, who, "twin-allowed", about, self._clock.now().wall_seconds)
        return name


def heard(connection: Connection, box: Row[Any], said: Sequence[str], now_seconds: int) -> str:
    """Hear by which key a box would go, in the caller's transaction; returns what it is given, "" so far nothing."""
    if len(said) < 3 or not _is_key(said[2]) or said[2] == box.key:
        return ""
    table = schema.twin
    asked = connection.execute(select(table).where(table.c.box == box.id)).one_or_none()
    if asked is not None and asked.key == said[2]:
        return str(asked.secret)
    row = {"box": box.id, "key": said[2], "card": said[0], "asked_seconds": now_seconds, "secret": ""}
    statement = insert(connection, table).values(row)
    changed = {name: statement.excluded[name] for name in ("key", "card", "asked_seconds", "secret")}
    connection.execute(statement.on_conflict_do_update(index_elements=["box"], set_=changed))
    return ""


def _is_key(text: str) -> bool:
    try:
        box_id(text)
    except LinkFault:
        return False
    return True
