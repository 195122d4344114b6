"""Words: the last word of each side about each thing of this campus, as this box knows it.

* Of two words of one side the one with the greater stamp stays (`sync/campus/ownership.py`), whatever came first.
* A word goes with the erasure of the learner whom it names.
"""

import json
from collections.abc import Iterable

from sqlite_utils.migrations import Migrations

from catalog.db import Connection
from catalog.manifest import canonical
from sync.campus.ownership import Side, Word, fact_after

migrations = Migrations("edge.campus")


@migrations()
def campus_words(connection: Connection) -> None:
    connection.execute(
        """
        create table campus_word (
            about text not null,
            id text not null,
            side text not null check (side in ('hub', 'campus')),
            stamp blob not null,
            learner text not null,
            says text not null,
            primary key (about, id, side)
        ) strict, without rowid
        """
    )
    connection.execute("create index campus_word_learner on campus_word (learner) where learner <> ''")


def keep(connection: Connection, word: Word) -> bool:
    """Keep a word unless a later one of its side is here. Returns whether it was kept."""
    cursor = connection.execute(
        """
        insert into campus_word (about, id, side, stamp, learner, says) values (?, ?, ?, ?, ?, ?)
        on conflict do update set stamp = excluded.stamp, learner = excluded.learner, says = excluded.says
        where excluded.stamp > stamp
        """,
        [word.about, word.id, word.side.value, word.stamp, word.learner, canonical(dict(word.says)).decode()],
    )
    return cursor.rowcount > 0


def about(connection: Connection, *abouts: str) -> list[Word]:
    """The last words of both sides about such things."""
    found: list[Word] = []
    for each in abouts:
        found += _read(
            connection.execute(
                "select about, id, side, stamp, says, learner from campus_word where about = ? order by id", [each]
            )
        )
    return found


def fact(connection: Connection, about: str, name: str) -> Word | None:
    """What stands of one thing, as far as either side said so since this is kept."""
    rows = connection.execute(
        "select about, id, side, stamp, says, learner from campus_word where about = ? and id = ?", [about, name]
    )
    return fact_after(_read(rows))


def owner(connection: Connection, about: str, name: str) -> Side:
    """Who owns a class or a learner: the hub where it ever spoke of it, the campus all else."""
    found = connection.execute(
        "select 1 from campus_word where about = ? and id = ? and side = 'hub'", [about, name]
    ).fetchone()
    return Side.HUB if found else Side.CAMPUS


def owned_by_hub(connection: Connection, about: str) -> set[str]:
    """The classes or learners that the hub owns."""
    rows = connection.execute("select id from campus_word where about = ? and side = 'hub'", [about])
    return {row["id"] for row in rows}


def edit_of(connection: Connection, about: str, name: str) -> int:
    """How often this box has said a fact again."""
    row = connection.execute(
        "select says from campus_word where about = ? and id = ? and side = 'campus'", [about, name]
    ).fetchone()
    return int(json.loads(row["says"]).get("edit", 0)) if row else 0


def forget(connection: Connection, learner: str) -> None:
    """Remove every word that names a learner, in the transaction that erases them."""
    connection.execute("delete from campus_word where learner = ? and learner <> ''", [learner])


def _read(rows: Iterable[tuple[str, str, str, bytes, str, str]]) -> list[Word]:
    return [Word(row[0], row[1], Side(row[2]), row[3], json.loads(row[4]), row[5]) for row in rows]
