"""Learning: what a learner opened, reached, finished and answered on this box.

* What is acknowledged is on the disk: event, place and the page's idempotency key are one transaction.
* The same key twice does its work once and gets the same answer.
* A place belongs to an activity's id, not to a version: a new release of the course keeps it.
* Guests leave nothing behind: these functions are called for learners only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from edge.learning import moving, progress
from edge.learning.progress import Place
from edge.learning.repeats import is_repeat
from edge.learning.results import scores
from sync.clock import Clock
from sync.journal import Journal

if TYPE_CHECKING:
    # Loaded when a learner is told of again: the pages need none of it.
    from sync.snapshot import Snapshot, Standing

SECONDS_MAX = 7 * 24 * 3600
ITEM_LETTERS_MAX = 200
ANSWER_BYTES_MAX = 16 << 10

migrations = Migrations("learning")


@migrations()
def places_and_answers(database: Connection) -> None:
    database.executescript(
        """
        create table place (
            learner text not null,
            course text not null,
            activity text not null,
            version integer not null,
            path text not null,
            seconds integer not null,
            permille integer not null,
            openings integer not null,
            at_seconds integer not null,
            completed_seconds integer,
            primary key (learner, course, activity)
        ) strict, without rowid;
        create table page_seen (
            learner text not null,
            course text not null,
            activity text not null,
            path text not null,
            primary key (learner, course, activity, path)
        ) strict, without rowid;
        create table answer (
            learner text not null,
            course text not null,
            activity text not null,
            item text not null,
            answer text not null,
            at_seconds integer not null,
            primary key (learner, course, activity, item)
        ) strict, without rowid;
        create table request_done (
            number integer primary key,
            learner text not null,
            key text not null,
            unique (learner, key)
        ) strict;
        """
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a learner last answered to one item."""

    activity: str
    item: str
    answer: str
    at_seconds: int


class Learning:
    """The places and answers of this box's learners."""

    migrations: ClassVar[Migrations] = migrations

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    def opened(self, learner: str, course: str, version: int, activity: str, path: str = "", key: str = "") -> None:
        """The learner opened an activity; `path` is the page they came to, where it has pages."""
        now_seconds = self._clock.now().wall_seconds

        def work(connection: Connection) -> None:
            if is_repeat(connection, learner, key):
                return
            before = _place(connection, learner, course, moving.now(connection, course, activity))
            _keep(connection, progress.opened(before, version, path, now_seconds))
            said = {"course": course, "version": version, "activity": activity, "path": path}
            self._journal.append(connection, "opened", learner, said)

        self._database.write(work)

    def reached_page(
        self, learner: str, course: str, version: int, activity: str, path: str, pages_total: int, key: str = ""
    ) -> None:
        """The learner is on this page of a lesson that has so many. Nobody waits; what was seen keeps its order."""

        def move(connection: Connection, before: Place, now_seconds: int) -> Place:
            connection.execute(
                "insert or ignore into page_seen (learner, course, activity, path) values (?, ?, ?, ?)",
                [learner, course, before.activity, path],
            )
            seen = connection.execute(
                "select count(*) from page_seen where learner = ? and course = ? and activity = ?",
                [learner, course, before.activity],
            ).fetchone()[0]
            return progress.page_seen(before, version, path, seen, pages_total, now_seconds)

        seen = self._database.post(self._moving(learner, course, activity, key, move))
        seen.add_done_callback(lambda future: future.result())  # a failure is reported, not swallowed

    def reached_second(
        self,
        learner: str,
        course: str,
        version: int,
        activity: str,
        seconds: int,
        duration_seconds: int,
        key: str = "",
    ) -> None:
        """The learner is at this second of a film; nine tenths finish it."""

        def move(_connection: Connection, before: Place, now_seconds: int) -> Place:
            return progress.second_seen(before, version, seconds, duration_seconds, now_seconds)

        self._move(learner, course, activity, key, move)

    def share_work(
        self,
        learner: str,
        course: str,
        version: int,
        activity: str,
        permille: int,
        *,
        is_completed: bool = False,
        key: str = "",
    ) -> Callable[[Connection], None]:
        """What the writer is to do when an activity says itself how far its learner is, and that they finished."""

        def move(_connection: Connection, before: Place, now_seconds: int) -> Place:
            moved = progress.share_seen(before, version, permille, now_seconds)
            return progress.completed(moved, version, now_seconds) if is_completed else moved

        return self._moving(learner, course, activity, key, move)

    def completed(self, learner: str, course: str, version: int, activity: str, key: str = "") -> None:
        """The learner says that they have finished."""
        self._database.write(self.completed_work(learner, course, version, activity, key))

    def completed_work(
        self, learner: str, course: str, version: int, activity: str, key: str = ""
    ) -> Callable[[Connection], None]:
        """What the writer is to do for `completed`, where it is a part of something more."""

        def move(_connection: Connection, before: Place, now_seconds: int) -> Place:
            return progress.completed(before, version, now_seconds)

        return self._moving(learner, course, activity, key, move)

    def answered(self, learner: str, course: str, activity: str, item: str, answer: str, key: str = "") -> None:
        """The learner answered an item. Every answer is an event; the last one is shown."""
        self._database.write(self.answer_work(learner, course, activity, item, answer, key))

    def answer_work(
        self, learner: str, course: str, activity: str, item: str, answer: str, key: str = ""
    ) -> Callable[[Connection], None]:
        """What the writer is to do for `answered`, for whoever need not wait for it in a thread."""
        now_seconds = self._clock.now().wall_seconds

        def work(connection: Connection) -> None:
            if is_repeat(connection, learner, key):
                return
            kept_as = moving.now(connection, course, activity)
            connection.execute(
                """
                insert into answer (learner, course, activity, item, answer, at_seconds) values (?, ?, ?, ?, ?, ?)
                on conflict do update set answer = excluded.answer, at_seconds = excluded.at_seconds
                """,
                [learner, course, kept_as, item, answer, now_seconds],
            )
            said = {"course": course, "activity": activity, "item": item, "answer": answer}
            self._journal.append(connection, "answered", learner, said)

        return work

    def place(self, learner: str, course: str, activity: str) -> Place | None:
        """Where the learner is in this activity; None before they opened it."""
        place = _place(self._database.read(), learner, course, activity)
        return place if place.version else None

    def places(self, learner: str) -> dict[str, dict[str, Place]]:
        """All places of a learner, by course and activity."""
        return _by_course(_by_learner(self._database.read(), learner))

    def places_of_class(self, classroom: str) -> dict[str, dict[str, dict[str, Place]]]:
        """All places of a class, by learner, course and activity."""
        rows = self._database.read().execute(
            """
            select place.learner, course, activity, version, path, seconds, permille, openings, at_seconds,
                   completed_seconds
            from place join person on person.person = place.learner where person.classroom = ?
            """,
            [classroom],
        )
        learners: dict[str, list[Place]] = {}
        for row in rows:
            learners.setdefault(row[0], []).append(Place(*row))
        return {learner: _by_course(own) for learner, own in learners.items()}

    def answers(self, learner: str, course: str) -> list[Answer]:
        rows = self._database.read().execute(
            """
            select activity, item, answer, at_seconds from answer where learner = ? and course = ? order by at_seconds
            """,
            [learner, course],
        )
        return [Answer(*row) for row in rows]

    def courses_answered(self, learner: str) -> list[str]:
        """The courses in which a learner answered something."""
        rows = self._database.read().execute("select distinct course from answer where learner = ?", [learner])
        return [row["course"] for row in rows]

    def snapshots(self, connection: Connection, learner: str) -> "Iterator[Snapshot]":
        """Where a learner stands in every course, as it is to be said again in the caller's transaction."""
        from sync.snapshot import Answered, Scored, pieces

        places: dict[str, list[Standing]] = {}
        for place in _by_learner(connection, learner):
            places.setdefault(place.course, []).append(_standing(place))
        answers: dict[str, list[Answered]] = {}
        rows = connection.execute(
            "select course, activity, item, answer, at_seconds from answer where learner = ?", [learner]
        )
        for course, *row in rows:
            answers.setdefault(course, []).append(Answered(*row))
        results: dict[str, list[Scored]] = {}
        for course, scored in scores(connection, learner):
            results.setdefault(course, []).append(scored)
        for course in sorted(places.keys() | answers.keys() | results.keys()):
            yield from pieces(course, places.get(course, ()), answers.get(course, ()), results.get(course, ()))

    def active_learners(self, since_seconds: int) -> int:
        """How many learners did something since then."""
        row = self._database.read().execute(
            "select count(distinct learner) from place where at_seconds >= ?", [since_seconds]
        )
        return int(row.fetchone()[0])

    def forget(self, connection: Connection, learner: str) -> None:
        """Remove everything of an erased learner, in the transaction that erases them."""
        connection.execute("delete from place where learner = ?", [learner])
        connection.execute("delete from page_seen where learner = ?", [learner])
        connection.execute("delete from answer where learner = ?", [learner])
        connection.execute("delete from request_done where learner = ?", [learner])

    def _move(
        self,
        learner: str,
        course: str,
        activity: str,
        key: str,
        move: Callable[[Connection, Place, int], Place],
    ) -> None:
        self._database.write(self._moving(learner, course, activity, key, move))

    def _moving(
        self,
        learner: str,
        course: str,
        activity: str,
        key: str,
        move: Callable[[Connection, Place, int], Place],
    ) -> Callable[[Connection], None]:
        """The work that moves a learner's place, and tells it."""
        now_seconds = self._clock.now().wall_seconds

        def work(connection: Connection) -> None:
            if is_repeat(connection, learner, key):
                return
            before = _place(connection, learner, course, moving.now(connection, course, activity))
            after = move(connection, before, now_seconds)
            if after == before:
                return
            _keep(connection, after)
            for kind, said in _told(before, after):
                self._journal.append(connection, kind, learner, said)

        return work


def _place(connection: Connection, learner: str, course: str, activity: str) -> Place:
    row = connection.execute(
        """
        select learner, course, activity, version, path, seconds, permille, openings, at_seconds, completed_seconds
        from place where learner = ? and course = ? and activity = ?
        """,
        [learner, course, activity],
    ).fetchone()
    return Place(*row) if row else Place(learner, course, activity, version=0)


def _keep(connection: Connection, place: Place) -> None:
    connection.execute(
        """
        insert or replace into place (learner, course, activity, version, path, seconds, permille, openings, at_seconds,
                                      completed_seconds)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            place.learner, place.course, place.activity, place.version, place.path, place.seconds, place.permille,
            place.openings, place.at_seconds, place.completed_seconds,
        ],
    )  # fmt: skip


def _told(before: Place, after: Place) -> list[tuple[Literal["progressed", "completed"], Mapping[str, Any]]]:
    subject = {"course": after.course, "version": after.version, "activity": after.activity}
    if after.is_completed and not before.is_completed:
        return [("completed", subject)]
    if not progress.is_worth_telling(before, after):
        return []
    where: Mapping[str, Any] = {"path": after.path} if after.path else {"seconds": after.seconds}
    return [("progressed", {**subject, **where, "permille": after.permille})]


def _by_learner(connection: Connection, learner: str) -> list[Place]:
    rows = connection.execute(
        """
        select learner, course, activity, version, path, seconds, permille, openings, at_seconds, completed_seconds
        from place where learner = ?
        """,
        [learner],
    )
    return [Place(*row) for row in rows]


def _standing(place: Place) -> "Standing":
    from sync.snapshot import Standing

    return Standing(
        place.activity, place.version, place.permille, place.is_completed, place.completed_seconds or 0,
        place.at_seconds, place.path, place.seconds,
    )  # fmt: skip


def _by_course(places: Iterable[Place]) -> dict[str, dict[str, Place]]:
    courses: dict[str, dict[str, Place]] = {}
    for place in places:
        courses.setdefault(place.course, {})[place.activity] = place
    return courses
