"""The audit log: who did what at this hub, and when.

* A line is written in the transaction of the act itself: what was done and what is said of it last together.
* Lines are only ever added.
* It names boxes, campuses and learners by their ids, never a learner by name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from sync.hub import schema
from sync.hub.engine import reading
from sync.wire import is_name

LINES_AT_ONCE = 200
COMMAND_LINE = "command line"
"""Who it was where nobody signed in: whoever may use the hub's machine."""


@dataclass(frozen=True, slots=True)
class Line:
    """One act. `about` names what it was done to, by kind: {"box": ..., "learner": ...}."""

    number: int
    moment_seconds: int
    who: str
    act: str
    about: Mapping[str, str]


def note(connection: Connection, who: str, act: str, about: Mapping[str, str], now_seconds: int) -> None:
    """Write down that somebody did something, in the transaction in which it is done.

    `act` is a short word such as "replaced" (`sync/hub/pages/keeping.py` has the sentence for each).
    """
    assert is_name(act), f"{act!r} is not one of our words for an act"
    document = json.dumps(dict(about), ensure_ascii=False, sort_keys=True)
    row = {"moment_seconds": now_seconds, "who": who, "act": act, "about": document}
    connection.execute(schema.audit.insert().values(row))


class Audit:
    """Reads the log."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lines(self, before: int | None = None, count: int = LINES_AT_ONCE) -> Sequence[Line]:
        """The newest lines first; those before the line `before` where it is given."""
        audit = schema.audit
        query = select(audit).order_by(audit.c.id.desc()).limit(count)
        if before is not None:
            query = query.where(audit.c.id < before)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [Line(row.id, row.moment_seconds, row.who, row.act, json.loads(row.about)) for row in rows]

    def count(self) -> int:
        with reading(self._engine) as connection:
            return int(connection.execute(select(func.count()).select_from(schema.audit)).scalar_one())
