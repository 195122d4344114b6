"""Elsewhere: learners who study at a second campus, or moved there; their name and how far they are go with them.

* The other campus's journal says their name. From then on each campus is told where they stand at the other, at most
  once a day and only where something is new. Their events stay under the name under which they were first written.
* An erasure at one campus is an erasure at all of them (`forgetting.elsewhere`).
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, Row, select, update

from catalog.digest import digest_of
from catalog.manifest import canonical
from sync.clock import Clock
from sync.hub import schema
from sync.hub.campus.journals import CampusJournals
from sync.hub.campus.refused import CampusRefused, Why
from sync.hub.engine import insert, reading, writing
from sync.hub.readout import Readout
from sync.hub.schema.projections import NO_SCORE
from sync.snapshot import KIND, Passing, Scored, Snapshot, Standing, pieces

TOLD_EVERY_SECONDS = 20 * 3600
"""A day, less the hours by which one night's call may come sooner than the last."""
NEVER = 0


class CannotStudyThere(CampusRefused):
    """A learner cannot be made known at another campus."""


class Elsewhere:
    """Learners of one campus who are known at another."""

    def __init__(self, engine: Engine, journals: CampusJournals, readout: Readout, clock: Clock) -> None:
        self._engine = engine
        self._journals = journals
        self._readout = readout
        self._clock = clock

    def study_at(self, learner: str, home: str, campus: str, classroom: str) -> None:
        """Make a learner known in a class of another campus, with where they stand. Raises CannotStudyThere."""
        self._readout.catch_up()
        with writing(self._engine) as connection:
            named = _learner(connection, home, learner)
            _demand_class(connection, campus, classroom)
            if campus == home or _learner(connection, campus, learner, is_needed=False) is not None:
                raise CannotStudyThere(
                    Why.KNOWN_THERE, "This learner is known there already.", "Choose another campus.", "place"
                )
            assert named is not None
            said = {"name": named.name, "class": classroom}
            self._journals.append(connection, campus, "learner", said, learner)
            rows = [
                {"campus": to, "learner": learner, "home": of, "told_seconds": NEVER, "told_digest": ""}
                for to, of in ((campus, home), (home, campus))
            ]
            connection.execute(insert(connection, schema.also_studies).on_conflict_do_nothing(), rows)
            self.tell(connection, campus)

    def tell(self, connection: Connection, campus: str) -> None:
        """Say where learners of elsewhere stand of whom nothing was said today, in the caller's writing transaction."""
        also, now_seconds = schema.also_studies, self._clock.now().wall_seconds
        due = connection.execute(
            select(also).where(also.c.campus == campus, also.c.told_seconds <= now_seconds - TOLD_EVERY_SECONDS)
        ).all()
        for row in due:
            self._tell_one(connection, row, now_seconds)

    def campuses_of(self, campus: str, learner: str) -> list[str]:
        """The names of the other campuses at which a learner is known."""
        also, campuses = schema.also_studies, schema.campus
        others = select(campuses.c.name).join(also, also.c.home == campuses.c.id)
        with reading(self._engine) as connection:
            names = connection.execute(others.where(also.c.campus == campus, also.c.learner == learner)).scalars()
            return sorted(names, key=str.casefold)

    def _tell_one(self, connection: Connection, row: Row[tuple[str, ...]], now_seconds: int) -> None:
        found = [one.fields() for one in _snapshots(connection, row.home, row.learner)]
        digest = digest_of(canonical(found))
        if digest != row.told_digest:
            for fields in found:
                self._journals.append(connection, row.campus, KIND, fields, row.learner)
        also = schema.also_studies
        named = (also.c.campus == row.campus, also.c.learner == row.learner, also.c.home == row.home)
        connection.execute(update(also).where(*named).values(told_seconds=now_seconds, told_digest=digest))


def _snapshots(connection: Connection, campus: str, learner: str) -> Iterator[Snapshot]:
    """Where a learner stands at this campus, course by course, as far as the hub knows.

    How far, whether it is finished, and with what result. What a learner typed is read by nobody elsewhere, and stays
    at the campus where it was typed.
    """
    progress = schema.progress
    rows = connection.execute(
        select(progress)
        .where(progress.c.campus == campus, progress.c.learner == learner)
        .order_by(progress.c.course, progress.c.activity)
    )
    courses: dict[str, list[Standing]] = {}
    for row in rows:
        at_seconds = row.active_seconds
        standing = Standing(
            row.activity, row.version, row.permille, row.is_completed == 1, at_seconds if row.is_completed else 0,
            at_seconds, row.path, row.place_seconds,
        )  # fmt: skip
        courses.setdefault(row.course, []).append(standing)
    results = _results(connection, campus, learner)
    for course in sorted(courses.keys() | results.keys()):
        yield from pieces(course, courses.get(course, ()), (), results.get(course, ()))


def _results(connection: Connection, campus: str, learner: str) -> dict[str, list[Scored]]:
    """By course."""
    result = schema.result
    rows = connection.execute(
        select(result)
        .where(result.c.campus == campus, result.c.learner == learner)
        .order_by(result.c.course, result.c.activity)
    )
    courses: dict[str, list[Scored]] = {}
    for row in rows:
        best, last = (None if one == NO_SCORE else one for one in (row.best_permille, row.last_permille))
        scored = Scored(
            row.activity, row.version, best, last, Passing(row.passing), row.attempts, row.seconds, row.active_seconds
        )  # fmt: skip
        courses.setdefault(row.course, []).append(scored)
    return courses


def _learner(connection: Connection, campus: str, learner: str, *, is_needed: bool = True) -> Row[tuple[str]] | None:
    table = schema.learner.c
    row = connection.execute(select(table.name).where(table.campus == campus, table.learner == learner)).one_or_none()
    if row is None and is_needed:
        raise CannotStudyThere(Why.GONE, "This learner is not known here any more.", "Look at the campus again.")
    return row


def _demand_class(connection: Connection, campus: str, classroom: str) -> None:
    table = schema.classroom.c
    here = select(table.name).where(table.campus == campus, table.classroom == classroom)
    if connection.execute(here).first() is None:
        raise CannotStudyThere(
            Why.NO_CLASS_THERE, "There is no such class at that campus.", "Choose one of its classes.", "place"
        )
