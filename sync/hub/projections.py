"""Projections: what batches say, as tables that pages can read.

* They hold nothing of their own: `rebuild` makes the same tables again from the batches.
* The order of arrival does not matter: how far is the furthest, done stays done, and of two places or names the one
  with the higher stamp stands. So a batch that comes late, or a restored box, changes nothing that is right.
* One batch costs a handful of statements, each for many rows.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, case, delete, select

from sync import snapshot
from sync.batch import Batch
from sync.campus.ownership import Side, stamp_of
from sync.events import Event, fields_of
from sync.hub import schema
from sync.hub.campus import wishes, words
from sync.hub.engine import insert
from sync.hub.schema.projections import NO_SCORE
from sync.hub.secure import requests
from sync.snapshot import PERMILLE_ALL, Passing, Scored

TEXT_LETTERS_MAX = 500
"""Names and paths are cut here: what a box says is shown on a page."""

NO_PLACE = b""
"""The stamp of an event that says nothing of the place: lower than every other."""


def project(connection: Connection, campus: str, batch: Batch) -> None:
    """Read one batch out into the tables, in the caller's transaction."""
    telling = [event for event in batch.events if event.kind in _TELLING]
    said = [(event, fields) for event in telling if (fields := fields_of(event)) is not None]
    side = words.side_of(campus, batch)
    _put_latest(connection, schema.learner, [_learner(campus, side, *one) for one in said if one[0].kind == "learner"])
    classes = [_classroom(campus, side, *one) for one in said if one[0].kind == "class"]
    _put_latest(connection, schema.classroom, classes)
    reached = [_progress(campus, *one) for one in said if one[0].kind in _PROGRESS and one[0].learner]
    again = [row for one in said if one[0].kind == snapshot.KIND and one[0].learner for row in _again(campus, *one)]
    put_places(connection, _moved(connection, reached + again))
    came = [_result(campus, *one) for one in said if one[0].kind == "scored" and one[0].learner]
    told = [row for one in said if one[0].kind == snapshot.KIND and one[0].learner for row in _told(campus, *one)]
    put_results(connection, _moved(connection, came + told))
    words.keep(connection, campus, batch)
    wishes.take(connection, campus, batch)
    requests.take(connection, campus, batch)


def clear(connection: Connection) -> None:
    """Empty the tables, to be built again."""
    for table in schema.PROJECTIONS:
        connection.execute(delete(table))


def forget(connection: Connection, campus: str, learner: str) -> None:
    """Take everything out that is known of this learner."""
    for table in (schema.learner, schema.progress, schema.result, schema.campus_word):
        connection.execute(delete(table).where(table.c.campus == campus, table.c.learner == learner))


_PROGRESS = ("opened", "progressed", "completed")
_TELLING = {"learner", "class", "scored", *_PROGRESS, snapshot.KIND}
"""The kinds that these tables are made of; what others say need not be unpacked here."""
_FURTHEST = ("version", "permille", "is_completed", "active_seconds")
_LATEST = ("path", "place_seconds", "stamp")
_BEST = ("version", "best_permille", "passing", "attempts", "seconds", "active_seconds")


def _learner(campus: str, side: Side, event: Event, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "campus": campus,
        "learner": event.learner,
        "name": _short(fields["name"]),
        "key": _short(fields["key"]),
        "classroom": _short(fields.get("class", "")),
        "student_number": _short(fields.get("student_number", "")),
        "stamp": stamp_of(event, side, fields.get("edit", 0)),
    }


def _classroom(campus: str, side: Side, event: Event, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "campus": campus,
        "classroom": _short(fields["class"]),
        "name": _short(fields["name"]),
        "stamp": stamp_of(event, side, fields.get("edit", 0)),
    }


def _progress(campus: str, event: Event, fields: dict[str, Any]) -> dict[str, Any]:
    is_completed = event.kind == "completed"
    has_place = "path" in fields or "seconds" in fields
    return {
        "campus": campus,
        "learner": event.learner,
        "course": _short(fields["course"]),
        "activity": _short(fields["activity"]),
        "version": fields["version"],
        "permille": PERMILLE_ALL if is_completed else min(fields.get("permille", 0), PERMILLE_ALL),
        "is_completed": int(is_completed),
        "path": _short(fields.get("path", "")),
        "place_seconds": fields.get("seconds", 0),
        "active_seconds": max(0, event.wall_seconds) if event.is_trusted else 0,
        "stamp": stamp_of(event) if has_place else NO_PLACE,
    }


def _again(campus: str, event: Event, fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The places of a snapshot: what went before it may never have come here."""
    said = snapshot.snapshot_of(fields)
    stamp, now_seconds = stamp_of(event), max(0, event.wall_seconds) if event.is_trusted else 0
    for standing in said.places:
        yield {
            "campus": campus,
            "learner": event.learner,
            "course": _short(said.course),
            "activity": _short(standing.activity),
            "version": standing.version,
            "permille": PERMILLE_ALL if standing.is_completed else min(standing.permille, PERMILLE_ALL),
            "is_completed": int(standing.is_completed),
            "path": _short(standing.path),
            "place_seconds": standing.seconds,
            "active_seconds": min(standing.at_seconds, now_seconds),
            "stamp": stamp,
        }


def _result(campus: str, event: Event, fields: dict[str, Any]) -> dict[str, Any]:
    score = min(fields["permille"], PERMILLE_ALL) if "permille" in fields else None
    passing = Passing.of(bool(fields["is_passed"]) if "is_passed" in fields else None)
    tried = (fields.get("attempt", 1), fields.get("seconds", 0))
    came = Scored(fields["activity"], fields["version"], score, score, passing, *tried, max(0, event.wall_seconds))
    return _scored(campus, event, fields["course"], came)


def _told(campus: str, event: Event, fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The results of a snapshot."""
    said = snapshot.snapshot_of(fields)
    for came in said.results:
        yield _scored(campus, event, said.course, came)


def _scored(campus: str, event: Event, course: str, came: Scored) -> dict[str, Any]:
    now_seconds = max(0, event.wall_seconds) if event.is_trusted else 0
    return {
        "campus": campus,
        "learner": event.learner,
        "course": _short(course),
        "activity": _short(came.activity),
        "version": came.version,
        "best_permille": NO_SCORE if came.best_permille is None else came.best_permille,
        "last_permille": NO_SCORE if came.last_permille is None else came.last_permille,
        "passing": came.passing.value,
        "attempts": came.attempts,
        "seconds": came.seconds,
        "active_seconds": min(came.at_seconds, now_seconds),
        "stamp": stamp_of(event),
    }


def _put_latest(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = insert(connection, table)
    new, old = statement.excluded, table.c
    names = [column.name for column in table.c if not column.primary_key]
    latest = {name: case((new.stamp > old.stamp, new[name]), else_=old[name]) for name in names}
    connection.execute(statement.on_conflict_do_update(index_elements=_key(table), set_=latest), rows)


def _moved(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """These places under the ids that their activities have now: a box may still have a former version."""
    if not rows:
        return rows
    table = schema.moved_activity
    courses = sorted({row["course"] for row in rows})
    found = connection.execute(select(table).where(table.c.course.in_(courses)))
    ids = {(one.course, one.old): one.new for one in found}
    return [{**row, "activity": ids.get((row["course"], row["activity"]), row["activity"])} for row in rows]


def put_places(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Keep how far learners are, beside what is known already."""
    if not rows:
        return
    table = schema.progress
    statement = insert(connection, table)
    new, old = statement.excluded, table.c
    furthest = {name: _greater(new[name], old[name]) for name in _FURTHEST}
    place = {name: case((new.stamp > old.stamp, new[name]), else_=old[name]) for name in _LATEST}
    merged = statement.on_conflict_do_update(index_elements=_key(table), set_={**furthest, **place})
    connection.execute(merged, rows)


def put_results(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Keep what came of tries, beside what is known already."""
    if not rows:
        return
    table = schema.result
    statement = insert(connection, table)
    new, old = statement.excluded, table.c
    best = {name: _greater(new[name], old[name]) for name in _BEST}
    is_later = new.stamp > old.stamp
    last = {
        "last_permille": case((and_(is_later, new.last_permille >= 0), new.last_permille), else_=old.last_permille),
        "stamp": case((is_later, new.stamp), else_=old.stamp),
    }
    connection.execute(statement.on_conflict_do_update(index_elements=_key(table), set_={**best, **last}), rows)


def _greater(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((one > other, one), else_=other)


def _key(table: Table) -> Iterable[str]:
    return [column.name for column in table.primary_key]


def _short(text: str) -> str:
    # PostgreSQL keeps no NUL in text, and no database half a letter; nobody's name has either.
    return text.replace("\0", "").encode(errors="replace").decode()[:TEXT_LETTERS_MAX]
