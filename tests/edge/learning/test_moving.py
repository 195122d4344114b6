"""What learners did lives on under an activity's new id: every table that tells of it is moved."""

from typing import Any

from edge.box import Box
from edge.learning import moving

COURSE = "water"
NOT_MOVED = {
    "launch",  # an address of its own release, which still has the former id
}


def tables(box: Box) -> dict[str, list[str]]:
    """Every table about what somebody did in an activity, with its columns."""
    reader = box.database.read()
    names = [row["name"] for row in reader.execute("select name from sqlite_master where type = 'table'")]
    columns = {name: [row["name"] for row in reader.execute(f"pragma table_info({name})")] for name in names}
    return {name: found for name, found in columns.items() if {"learner", "course", "activity"} <= set(found)}


def fill(box: Box, name: str, activity: str) -> None:
    """One row, whatever the table wants of it."""

    def work(connection: Any) -> None:
        kinds = {row["name"]: row["type"] for row in connection.execute(f"pragma table_info({name})")}
        values = {column: 1 if kind.upper() == "INTEGER" else "x" for column, kind in kinds.items()}
        values |= {"learner": "amina", "course": COURSE, "activity": activity}
        marks = ", ".join("?" for _ in values)
        connection.execute(f"insert into {name} ({', '.join(values)}) values ({marks})", list(values.values()))

    box.database.write(work)


def activities(box: Box, name: str) -> list[str]:
    return [row["activity"] for row in box.database.read().execute(f"select activity from {name}")]


def test_every_table_of_what_learners_did_goes_over(box: Box) -> None:
    found = tables(box)
    for name in found:
        fill(box, name, "old")

    box.database.write(lambda connection: moving.move(connection, COURSE, {"old": "new"}))

    assert {"place", "page_seen", "answer", "result", "quiz_try", "package_part"} <= found.keys()
    assert {} == {name: activities(box, name) for name in found.keys() - NOT_MOVED if activities(box, name) != ["new"]}


def test_what_is_there_already_stays_one(box: Box) -> None:
    for name in tables(box):
        fill(box, name, "old")
        fill(box, name, "new")

    box.database.write(lambda connection: moving.move(connection, COURSE, {"old": "new"}))

    assert {} == {name: activities(box, name) for name in tables(box) if activities(box, name) != ["new"]}
