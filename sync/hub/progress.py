"""The progress book: how far each learner of a campus has come, course by course.

* It only reads what `projections` wrote. A learner whose name has not come yet is shown without one, never left out.
* A course's share is over the activities of its latest release; one that nobody opened counts as nothing done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, and_, select

from catalog.manifest import Activity, Release
from sync.hub import schema
from sync.hub.engine import reading
from sync.hub.readout import Readout


@dataclass(frozen=True, slots=True)
class Place:
    """Where a learner is in one activity."""

    activity: str
    permille: int
    is_completed: bool
    path: str
    seconds: int
    active_seconds: int


@dataclass(frozen=True, slots=True)
class Learner:
    """Who it is, as far as the hub was told."""

    id: str
    name: str
    classroom: str


@dataclass(frozen=True, slots=True)
class Line:
    """One learner in one course."""

    learner: Learner
    places: tuple[Place, ...]

    @property
    def active_seconds(self) -> int:
        """When the learner was last at it by a clock that could be trusted; 0 where none could."""
        return max(place.active_seconds for place in self.places)

    @property
    def latest(self) -> Place:
        return max(self.places, key=lambda place: (place.active_seconds, place.permille, place.activity))

    def permille_of(self, activities: Sequence[Activity]) -> int:
        """How much of these activities is done, in thousandths."""
        by_activity = {place.activity: place.permille for place in self.places}
        done = sum(by_activity.get(activity.id, 0) for activity in activities)
        return done // len(activities) if activities else 0

    def completed_of(self, activities: Sequence[Activity]) -> int:
        """How many of these activities are finished."""
        finished = {place.activity for place in self.places if place.is_completed}
        return sum(activity.id in finished for activity in activities)


class ProgressBook:
    """Reads progress, after all that was acknowledged is read out."""

    def __init__(self, engine: Engine, readout: Readout) -> None:
        self._engine = engine
        self._readout = readout

    def of_campus(self, campus: str) -> Mapping[str, list[Line]]:
        """By course: every learner who did something in it, by class and name."""
        self._readout.catch_up()
        with reading(self._engine) as connection:
            rows = _rows(connection, campus)
        grouped: dict[str, dict[Learner, list[Place]]] = {}
        for course, learner, place in rows:
            grouped.setdefault(course, {}).setdefault(learner, []).append(place)
        return {
            course: [Line(learner, tuple(learners[learner])) for learner in sorted(learners, key=_order)]
            for course, learners in sorted(grouped.items())
        }

    def learner_count(self, campus: str) -> int:
        """How many learners of this campus the hub has heard of."""
        self._readout.catch_up()
        with reading(self._engine) as connection:
            progress, learner = schema.progress, schema.learner
            known = select(learner.c.learner).where(learner.c.campus == campus)
            active = select(progress.c.learner).where(progress.c.campus == campus)
            return len(connection.execute(known.union(active)).all())


def activity_title(release: Release | None, activity: str) -> Mapping[str, str]:
    """What an activity is called, in each language; its id where the release no longer has it."""
    found = release.activity(activity) if release is not None else None
    return found.title if found is not None else {"en": activity}


def _rows(connection: Connection, campus: str) -> list[tuple[str, Learner, Place]]:
    progress, learner, classroom = schema.progress, schema.learner, schema.classroom
    query = (
        select(progress, learner.c.name, classroom.c.name.label("classroom"))
        .outerjoin(learner, and_(learner.c.campus == progress.c.campus, learner.c.learner == progress.c.learner))
        .outerjoin(
            classroom, and_(classroom.c.campus == learner.c.campus, classroom.c.classroom == learner.c.classroom)
        )
        .where(progress.c.campus == campus)
        .order_by(progress.c.course, progress.c.learner, progress.c.activity)
    )
    return [
        (
            row.course,
            Learner(row.learner, row.name or "", row.classroom or ""),
            Place(row.activity, row.permille, bool(row.is_completed), row.path, row.place_seconds, row.active_seconds),
        )
        for row in connection.execute(query)
    ]


def _order(learner: Learner) -> tuple[str, str, str]:
    return learner.classroom.casefold(), learner.name.casefold(), learner.id
