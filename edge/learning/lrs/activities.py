"""Activities: what is known of each, gathered from all statements that say something of it.

* What a later statement says stands; words in one language do not take away those in another.
* A bounded number is remembered; of the others the store knows what each statement itself says.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from edge.learning.lrs.statement import Document, activities_of
from edge.learning.lrs.text import canonical_text

ACTIVITIES_MAX = 20_000
DEFINITION_BYTES_MAX = 32 << 10
_BY_LANGUAGE = ("name", "description")
_BY_NAME = "extensions"

migrations = Migrations("edge.learning.lrs.activities")


@migrations()
def activity(database: Connection) -> None:
    database.execute(
        """
        create table xapi_activity (
            number integer primary key,
            iri text not null unique,
            definition text not null
        ) strict
        """
    )


def learn(connection: Connection, document: Document) -> None:
    """Remember what a statement says of activities, in the caller's transaction."""
    told: dict[str, Mapping[str, Any]] = {}
    for one in activities_of(document):
        if one.get("definition"):
            told[one["id"]] = merged(told.get(one["id"], {}), one["definition"])
    if not told:
        return
    known = _known(connection, list(told))
    for iri, definition in told.items():
        text = canonical_text(merged(known.get(iri, {}), definition))
        if len(text) > DEFINITION_BYTES_MAX:
            continue
        if iri not in known:
            connection.execute(
                """
                insert into xapi_activity (iri, definition)
                select ?, ? where (select coalesce(max(number), 0) from xapi_activity) < ?
                """,
                [iri, text, ACTIVITIES_MAX],
            )
        elif text != canonical_text(known[iri]):
            connection.execute("update xapi_activity set definition = ? where iri = ?", [text, iri])


def merged(former: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is known of an activity once more is told of it."""
    both = {**former, **told}
    for name in (*_BY_LANGUAGE, _BY_NAME):
        if name in former and name in told:
            both[name] = {**former[name], **told[name]}
    return both


def definitions(database: Database, iris: list[str]) -> dict[str, Any]:
    """What is known of these activities, by their IRI."""
    return _known(database.read(), iris)


def _known(connection: Connection, iris: list[str]) -> dict[str, Any]:
    rows = connection.execute(
        "select iri, definition from xapi_activity where iri in (select value from json_each(?))", [json.dumps(iris)]
    )
    return {row["iri"]: json.loads(row["definition"]) for row in rows}
