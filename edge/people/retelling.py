"""People, said again: who a learner is and what the classes are called, before the events that said so are pruned.

* What is said is what stands now, in the kinds and fields of the events that said it first, under the same edit.
* What the hub owns the hub says; what this box proposed and decided is said again with it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.db import Connection
from edge.campus import words
from sync.campus.ownership import Side

Told = tuple[str, Mapping[str, Any]]
"""A kind and its payload."""

_KINDS = {"proposal": "proposed", "decision": "decided"}


def retold(connection: Connection, learner: str) -> Iterator[Told]:
    """A learner's name, class and number; with "" the names of all classes. And what was proposed of either."""
    yield from _learner(connection, learner) if learner else _classes(connection)
    for word in words.about(connection, *_KINDS):
        if word.side is Side.CAMPUS and word.learner == learner:
            yield _KINDS[word.about], word.says


def _learner(connection: Connection, learner: str) -> Iterator[Told]:
    row = connection.execute(
        "select name, classroom, student_number from person where person = ? and kind = 'learner'", [learner]
    ).fetchone()
    if row is not None and words.owner(connection, "learner", learner) is Side.CAMPUS:
        number = {"student_number": row["student_number"]} if row["student_number"] else {}
        said = {"name": row["name"], "class": row["classroom"], **number}
        yield "learner", said | _edit(connection, "learner", learner)


def _classes(connection: Connection) -> Iterator[Told]:
    of_hub = words.owned_by_hub(connection, "class")
    for row in connection.execute("select classroom, name from classroom order by classroom").fetchall():
        if row["classroom"] not in of_hub:
            said = {"class": row["classroom"], "name": row["name"]}
            yield "class", said | _edit(connection, "class", row["classroom"])


def _edit(connection: Connection, about: str, name: str) -> dict[str, int]:
    edit = words.edit_of(connection, about, name)
    return {"edit": edit} if edit else {}
