"""Words: the last word of each side about each thing of a campus, as the hub's pages read it.

* They are read out of the boxes' batches and of the hub's own journal, and can be built again from both.
* Of two words of one side the one with the greater stamp stays (`sync/campus/ownership.py`), whatever came first.
"""

import json

from sqlalchemy import Connection, case, select

from catalog.manifest import canonical
from sync.batch import Batch
from sync.campus.ownership import Side, Word, fact_after, word_of
from sync.hub import schema
from sync.hub.engine import insert

_KEY = ("campus", "about", "id", "side")
_LATEST = ("stamp", "learner", "says")


def keep(connection: Connection, campus: str, batch: Batch) -> None:
    """Read out what a batch says about its campus, in the caller's transaction."""
    side = side_of(campus, batch)
    found = [word for event in batch.events if (word := word_of(side, event)) is not None]
    if not found:
        return
    statement = insert(connection, schema.campus_word)
    new, old = statement.excluded, schema.campus_word.c
    latest = {name: case((new.stamp > old.stamp, new[name]), else_=old[name]) for name in _LATEST}
    rows = [
        {
            "campus": campus,
            "about": word.about,
            "id": _storable(word.id),
            "side": word.side.value,
            "stamp": word.stamp,
            "learner": word.learner,
            "says": _storable(canonical(dict(word.says)).decode()),
        }
        for word in found
    ]
    connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=latest), rows)


def words_about(connection: Connection, campus: str, *abouts: str) -> list[Word]:
    """The last words of both sides about such things."""
    table = schema.campus_word.c
    rows = select(schema.campus_word).where(table.campus == campus, table.about.in_(abouts)).order_by(table.id)
    return [
        Word(row.about, row.id, Side(row.side), bytes(row.stamp), json.loads(row.says), row.learner)
        for row in connection.execute(rows)
    ]


def facts(connection: Connection, campus: str, about: str) -> dict[str, Word]:
    """What stands of each thing of this kind, by its id."""
    by_id: dict[str, list[Word]] = {}
    for word in words_about(connection, campus, about):
        by_id.setdefault(word.id, []).append(word)
    return {name: fact for name, words in by_id.items() if (fact := fact_after(words)) is not None}


def side_of(campus: str, batch: Batch) -> Side:
    """Whose batch this is: the hub's own for its campus, or a box's."""
    return Side.HUB if batch.box == campus else Side.CAMPUS


def _storable(text: str) -> str:
    # PostgreSQL keeps no NUL in text; canonical JSON writes none, an id from outside might.
    return text.replace("\0", "")
