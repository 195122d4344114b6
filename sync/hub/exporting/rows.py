"""Rows: what an export says, table by table, read from the hub a little at a time.

* Four tables: what happened (events), how far each learner came (progress), with what result (results), who there is
  (learners).
* Without names a row holds pseudonyms in place of learners, classes and events; names, student numbers and keys are in
  none. With names it holds the ids as the hub knows them, and the table of learners says who is who.
* Of one course, only who did something in it is listed. What this hub does not know is not asked for in vain.
* Events are read from the batches themselves, so nothing is left out that a projection does not show; what was blanked
  says nothing, and is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Select, and_, select
from sqlalchemy import Row as Found

from catalog.fault import CallerFault
from sync.batch import decode
from sync.events import STATED, Event, fields_of
from sync.hub import schema
from sync.hub.exporting.pseudonyms import Pseudonyms
from sync.hub.keeping.erasing import is_known
from sync.hub.schema.projections import NO_SCORE
from sync.snapshot import Passing

READ_AT_ONCE = 50
LEARNING = ("opened", "progressed", "completed", "scored", "answered")
"""The kinds of events that tell of learning; the others name people or keep the house."""
STATING = (*LEARNING, STATED)
"""These, and the statements that packages and tools made themselves."""

Row = Sequence[str | int | None]


class Type(Enum):
    """What a column holds."""

    TEXT = "text"
    WHOLE = "whole number"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an export."""

    name: str
    columns: Mapping[str, Type]


EVENTS = Table(
    "events",
    {
        "event": Type.TEXT,
        "campus": Type.TEXT,
        "learner": Type.TEXT,
        "kind": Type.TEXT,
        "moment_seconds": Type.WHOLE,
        "is_clock_trusted": Type.WHOLE,
        "course": Type.TEXT,
        "version": Type.WHOLE,
        "activity": Type.TEXT,
        "item": Type.TEXT,
        "answer": Type.TEXT,
        "path": Type.TEXT,
        "seconds": Type.WHOLE,
        "permille": Type.WHOLE,
        "is_passed": Type.WHOLE,
        "attempt": Type.WHOLE,
    },
)
PROGRESS = Table(
    "progress",
    {
        "campus": Type.TEXT,
        "learner": Type.TEXT,
        "course": Type.TEXT,
        "activity": Type.TEXT,
        "version": Type.WHOLE,
        "permille": Type.WHOLE,
        "is_completed": Type.WHOLE,
        "active_seconds": Type.WHOLE,
    },
)
RESULTS = Table(
    "results",
    {
        "campus": Type.TEXT,
        "learner": Type.TEXT,
        "course": Type.TEXT,
        "activity": Type.TEXT,
        "version": Type.WHOLE,
        "best_permille": Type.WHOLE,
        "last_permille": Type.WHOLE,
        "is_passed": Type.WHOLE,
        "attempts": Type.WHOLE,
        "seconds": Type.WHOLE,
        "active_seconds": Type.WHOLE,
    },
)
LEARNERS = Table("learners", {"campus": Type.TEXT, "learner": Type.TEXT, "class": Type.TEXT})
LEARNERS_NAMED = Table("learners", {**LEARNERS.columns, "name": Type.TEXT, "student_number": Type.TEXT})


@dataclass(frozen=True, slots=True)
class Scope:
    """Of what an export tells; None: of all."""

    campus: str | None = None
    course: str | None = None
    learner: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One event of learning, with where it comes from and what it says."""

    campus: str
    box: str
    event: Event
    fields: Mapping[str, Any]


def check(connection: Connection, scope: Scope) -> None:
    """Raises CallerFault where there is no such campus, course or learner: an empty export would seem an answer."""
    campuses = list(connection.execute(select(schema.campus.c.id)).scalars())
    if scope.campus is not None and scope.campus not in campuses:
        raise CallerFault("There is no such campus at this hub.", "Write it as `qanat hub boxes` has it.")
    if scope.course is not None and not _is_known_course(connection, scope.course):
        raise CallerFault(
            f"Nothing is known of a course called {scope.course[:80]}.",
            "Take the name from the list of courses or from a whole export.",
        )
    within = campuses if scope.campus is None else [scope.campus]
    if scope.learner is not None and not any(is_known(connection, campus, scope.learner) for campus in within):
        raise CallerFault(
            "No learner with this id is known there.",
            "Take the id from `qanat hub export --names`; look at the campus.",
        )


def _is_known_course(connection: Connection, course: str) -> bool:
    """Tell whether a course was ever offered here, or anybody did anything in it."""
    for table in (schema.offer, schema.pack, schema.progress, schema.want):
        if connection.execute(select(table.c.course).where(table.c.course == course).limit(1)).first() is not None:
            return True
    return next(Rows(connection, Scope(course=course), None).said(), None) is not None


class Rows:
    """Reads the tables of an export. `pseudonyms` is None where names were asked for."""

    def __init__(self, connection: Connection, scope: Scope, pseudonyms: Pseudonyms | None) -> None:
        self._connection = connection
        self._scope = scope
        self._pseudonyms = pseudonyms

    @property
    def tables(self) -> Sequence[tuple[Table, Iterator[Row]]]:
        """Each table and its rows, which are read as they are asked for."""
        learners = LEARNERS if self._pseudonyms is not None else LEARNERS_NAMED
        return [
            (EVENTS, self.events()),
            (PROGRESS, self.progress()),
            (RESULTS, self.results()),
            (learners, self.learners()),
        ]

    def events(self) -> Iterator[Row]:
        for said in self.said():
            event, fields = said.event, said.fields
            own = self.name("event", said.box, event.epoch, event.sequence)
            rest = [fields.get(name) for name in list(EVENTS.columns)[6:]]
            learner = self.learner(said.campus, event.learner)
            yield [own, said.campus, learner, event.kind, event.wall_seconds, int(event.is_trusted), *rest]

    @property
    def has_names(self) -> bool:
        return self._pseudonyms is None

    def said(self, kinds: Sequence[str] = LEARNING) -> Iterator[Said]:
        """Every event of these kinds, batch by batch, in the order in which they came."""
        batch, last = schema.batch, 0
        query = self._batches()
        while rows := self._connection.execute(query.where(batch.c.id > last).limit(READ_AT_ONCE)).all():
            for _, box, campus, body in rows:
                for event in decode(body).events:
                    fields = self._fields(event, kinds)
                    if fields is not None:
                        yield Said(campus, box, event, fields)
            last = rows[-1].id

    def progress(self) -> Iterator[Row]:
        for row in self._of_courses(schema.progress):
            learner = self.learner(row.campus, row.learner)
            done = [row.version, row.permille, row.is_completed, row.active_seconds]
            yield [row.campus, learner, row.course, row.activity, *done]

    def results(self) -> Iterator[Row]:
        for row in self._of_courses(schema.result):
            learner = self.learner(row.campus, row.learner)
            scores = [None if one == NO_SCORE else one for one in (row.best_permille, row.last_permille)]
            is_passed = Passing(row.passing).is_passed
            came = [row.version, *scores, None if is_passed is None else int(is_passed)]
            tried = [row.attempts, row.seconds, row.active_seconds]
            yield [row.campus, learner, row.course, row.activity, *came, *tried]

    def learners(self) -> Iterator[Row]:
        learner, classroom = schema.learner, schema.classroom
        query = (
            select(learner, classroom.c.name.label("class_name"))
            .outerjoin(
                classroom, and_(classroom.c.campus == learner.c.campus, classroom.c.classroom == learner.c.classroom)
            )
            .order_by(learner.c.campus, learner.c.learner)
        )
        met = self._met()
        for row in self._connection.execute(self._within(query, learner).execution_options(yield_per=1000)):
            if met is not None and (row.campus, row.learner) not in met:
                continue
            own = self.learner(row.campus, row.learner)
            if self._pseudonyms is not None:
                yield [row.campus, own, self.name("class", row.campus, row.classroom) if row.classroom else None]
            else:
                yield [row.campus, own, row.class_name or row.classroom, row.name, row.student_number]

    def _met(self) -> set[tuple[str, str]] | None:
        """Who did something in the one course that this is of: nobody else belongs into it. None: it is of all."""
        if self._scope.course is None:
            return None
        return {(said.campus, said.event.learner) for said in self.said()}

    def learner(self, campus: str, learner: str) -> str:
        """What stands for a learner: a pseudonym, or the id itself where names were asked for."""
        return learner if self._pseudonyms is None else self._pseudonyms.of("learner", campus, learner)

    def name(self, what: str, *names: str | int) -> str:
        """What stands for a thing that learners can be told by."""
        return "/".join(map(str, names)) if self._pseudonyms is None else self._pseudonyms.of(what, *names)

    def _fields(self, event: Event, kinds: Sequence[str]) -> Mapping[str, Any] | None:
        """What an event says that belongs into this export; None where it does not."""
        if event.kind not in kinds or self._scope.learner not in (None, event.learner):
            return None
        fields = fields_of(event)
        if fields is None or self._scope.course not in (None, fields.get("course")):
            return None
        return fields

    def _batches(self) -> Select[int, str, str, bytes]:
        batch, index = schema.batch, schema.batch_learner
        query = select(batch.c.id, batch.c.box, batch.c.campus, batch.c.body).order_by(batch.c.id)
        if self._scope.campus is not None:
            query = query.where(batch.c.campus == self._scope.campus)
        if self._scope.learner is not None:
            query = query.where(batch.c.id.in_(select(index.c.batch).where(index.c.learner == self._scope.learner)))
        return query

    def _of_courses(self, table: Any) -> Iterator[Found[*tuple[Any, ...]]]:
        """The rows of a table about learners in activities, in the order of their names."""
        query = self._within(select(table), table).order_by(
            table.c.campus, table.c.learner, table.c.course, table.c.activity
        )
        if self._scope.course is not None:
            query = query.where(table.c.course == self._scope.course)
        yield from self._connection.execute(query.execution_options(yield_per=1000))

    def _within(self, query: Select[*tuple[Any, ...]], table: Any) -> Select[*tuple[Any, ...]]:
        if self._scope.campus is not None:
            query = query.where(table.c.campus == self._scope.campus)
        if self._scope.learner is not None:
            query = query.where(table.c.learner == self._scope.learner)
        return query
