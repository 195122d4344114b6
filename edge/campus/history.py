"""History: how far learners came elsewhere, taken into the places of this box.

* A place goes where the furthest of both is: what was reached stays reached, what was finished stays finished.
* It is taken in under the ids that activities have on this box's shelf.
* Of two answers to one item the later one stands, wherever it was given; of results the best, and the latest.
* Nothing of it is written into this box's own journal: it keeps the name under which it was first written.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from catalog.db import Connection
from edge.learning import moving
from edge.learning.results import merge
from sync.events import Event
from sync.snapshot import KIND as SNAPSHOT
from sync.snapshot import PERMILLE_ALL, Answered, Passing, Scored, Standing, snapshot_of


def take_in(connection: Connection, event: Event, fields: Mapping[str, Any]) -> None:
    """Take in what one event says of a learner's progress, in the caller's transaction."""
    if "activity" in fields:
        fields = {**fields, "activity": moving.now(connection, fields["course"], fields["activity"])}
    if event.kind == SNAPSHOT:
        snapshot = snapshot_of(fields)
        for standing in snapshot.places:
            activity = moving.now(connection, snapshot.course, standing.activity)
            _further(connection, event.learner, snapshot.course, replace(standing, activity=activity))
        for answered in snapshot.answers:
            activity = moving.now(connection, snapshot.course, answered.activity)
            _answer(connection, event.learner, snapshot.course, replace(answered, activity=activity))
        for scored in snapshot.results:
            activity = moving.now(connection, snapshot.course, scored.activity)
            merge(connection, event.learner, snapshot.course, replace(scored, activity=activity))
    elif event.kind in ("opened", "progressed", "completed"):
        _further(connection, event.learner, fields["course"], _standing(event, fields))
    elif event.kind == "scored":
        merge(connection, event.learner, fields["course"], _scored(event, fields))
    elif event.kind == "answered":
        said = Answered(fields["activity"], fields["item"], fields["answer"], max(0, event.wall_seconds))
        _answer(connection, event.learner, fields["course"], said)


def _standing(event: Event, fields: Mapping[str, Any]) -> Standing:
    at_seconds = max(0, event.wall_seconds)
    is_completed = event.kind == "completed"
    return Standing(
        activity=fields["activity"],
        version=fields["version"],
        permille=PERMILLE_ALL if is_completed else min(fields.get("permille", 0), PERMILLE_ALL),
        is_completed=is_completed,
        completed_seconds=at_seconds if is_completed else 0,
        at_seconds=at_seconds,
        path=fields.get("path", ""),
        seconds=fields.get("seconds", 0),
    )


def _scored(event: Event, fields: Mapping[str, Any]) -> Scored:
    score = min(fields["permille"], PERMILLE_ALL) if "permille" in fields else None
    passing = Passing.of(bool(fields["is_passed"]) if "is_passed" in fields else None)
    tried = (fields.get("attempt", 1), fields.get("seconds", 0))
    return Scored(fields["activity"], fields["version"], score, score, passing, *tried, max(0, event.wall_seconds))


def _further(connection: Connection, learner: str, course: str, came: Standing) -> None:
    # Of two at the same share the later one knows the page; a learner who went on here is not led back.
    connection.execute(
        """
        insert into place (learner, course, activity, version, path, seconds, permille, openings, at_seconds,
                           completed_seconds)
        values (:learner, :course, :activity, :version, :path, :seconds, :permille, 0, :at, :completed)
        on conflict do update set
            version = max(version, excluded.version),
            path = iif((excluded.permille, excluded.at_seconds) > (permille, at_seconds) and excluded.path <> '',
                       excluded.path, path),
            seconds = iif((excluded.permille, excluded.at_seconds) > (permille, at_seconds),
                          excluded.seconds, seconds),
            permille = max(permille, excluded.permille),
            at_seconds = max(at_seconds, excluded.at_seconds),
            completed_seconds = coalesce(completed_seconds, excluded.completed_seconds)
        """,
        {
            "learner": learner,
            "course": course,
            "activity": came.activity,
            "version": came.version,
            "path": came.path,
            "seconds": came.seconds,
            "permille": came.permille,
            "at": came.at_seconds,
            "completed": came.completed_seconds if came.is_completed else None,
        },
    )


def _answer(connection: Connection, learner: str, course: str, came: Answered) -> None:
    connection.execute(
        """
        insert into answer (learner, course, activity, item, answer, at_seconds) values (?, ?, ?, ?, ?, ?)
        on conflict do update set answer = excluded.answer, at_seconds = excluded.at_seconds
        where excluded.at_seconds > at_seconds
        """,
        [learner, course, came.activity, came.item, came.answer, came.at_seconds],
    )
