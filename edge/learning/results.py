"""Results: what came out when a learner tried an activity: a score, passed or not, how long it took.

* A result is one event and one row, in one transaction; the row keeps the last try and the best.
* What was once passed stays passed, and the best score stays the best, whatever is tried afterwards.
* Two boxes' rows of one learner merge without an order: the best is the greatest, the last is the latest.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from edge.learning import moving
from edge.learning.repeats import is_repeat
from sync.clock import Clock
from sync.journal import Journal
from sync.snapshot import PERMILLE_ALL, Passing, Scored

migrations = Migrations("results")


@migrations()
def results(database: Connection) -> None:
    database.execute(
        """
        create table result (
            learner text not null,
            course text not null,
            activity text not null,
            version integer not null,
            best_permille integer,  -- null: nothing that was tried gave a score
            last_permille integer,
            passing integer not null,  -- as sync.snapshot.Passing numbers it
            attempts integer not null,
            seconds integer not null,  -- spent on it in all, as far as the activity says
            at_seconds integer not null,
            primary key (learner, course, activity)
        ) strict, without rowid
        """
    )


@dataclass(frozen=True, slots=True)
class Result:
    """How a learner did in one activity. `permille` are thousandths of what can be reached; None: no score."""

    course: str
    activity: str
    version: int
    best_permille: int | None
    last_permille: int | None
    is_passed: bool | None
    """None: the activity does not say."""
    attempts: int
    seconds: int
    at_seconds: int


class Results:
    """The results of this box's learners."""

    migrations: ClassVar[Migrations] = migrations

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    def scored_work(
        self,
        learner: str,
        course: str,
        version: int,
        activity: str,
        permille: int | None,
        is_passed: bool | None,
        seconds: int = 0,
        key: str = "",
    ) -> Callable[[Connection], None]:
        """What the writer is to do when a learner came to a result; `seconds` were spent on the activity in all.

        A key that was done before changes nothing. A score beyond its ends counts as the end.
        """
        now_seconds = self._clock.now().wall_seconds
        score = None if permille is None else min(max(permille, 0), PERMILLE_ALL)

        def work(connection: Connection) -> None:
            if is_repeat(connection, learner, key):
                return
            kept_as = moving.now(connection, course, activity)
            attempt = 1 + _attempts(connection, learner, course, kept_as)
            came = Scored(kept_as, version, score, score, Passing.of(is_passed), attempt, seconds, now_seconds)
            merge(connection, learner, course, came)
            said: dict[str, str | int] = {"course": course, "version": version, "activity": activity}
            said |= {} if score is None else {"permille": score}
            said |= {} if is_passed is None else {"is_passed": int(is_passed)}
            said |= {"attempt": attempt, "seconds": seconds}
            self._journal.append(connection, "scored", learner, said)

        return work

    def of(self, learner: str) -> Mapping[str, Mapping[str, Result]]:
        """All results of a learner, by course and activity."""
        found: dict[str, dict[str, Result]] = {}
        for course, one in scores(self._database.read(), learner):
            result = Result(
                course, one.activity, one.version, one.best_permille, one.last_permille, one.passing.is_passed,
                one.attempts, one.seconds, one.at_seconds,
            )  # fmt: skip
            found.setdefault(course, {})[one.activity] = result
        return found

    def of_class(self, classroom: str, course: str) -> Mapping[str, Mapping[str, int]]:
        """The best scores of a class in one course, in thousandths, by learner and activity."""
        rows = self._database.read().execute(
            """
            select learner, activity, best_permille from result join person on person.person = result.learner
            where person.classroom = ? and course = ? and best_permille is not null
            """,
            [classroom, course],
        )
        found: dict[str, dict[str, int]] = {}
        for learner, activity, best_permille in rows:
            found.setdefault(learner, {})[activity] = best_permille
        return found

    def forget(self, connection: Connection, learner: str) -> None:
        """Remove everything of an erased learner, in the transaction that erases them."""
        connection.execute("delete from result where learner = ?", [learner])


def scores(connection: Connection, learner: str) -> Iterator[tuple[str, Scored]]:
    """A learner's results, each with its course, in the order of their names."""
    rows = connection.execute(
        """
        select course, activity, version, best_permille, last_permille, passing, attempts, seconds, at_seconds
        from result where learner = ? order by course, activity
        """,
        [learner],
    )
    for course, activity, version, best, last, passing, *rest in rows:
        yield course, Scored(activity, version, best, last, Passing(passing), *rest)


def merge(connection: Connection, learner: str, course: str, came: Scored) -> None:
    """Take in a result, from here or elsewhere, in the caller's transaction."""
    connection.execute(
        """
        insert into result (learner, course, activity, version, best_permille, last_permille, passing, attempts,
                            seconds, at_seconds)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict do update set
            version = max(version, excluded.version),
            best_permille = coalesce(max(best_permille, excluded.best_permille), best_permille,
                                     excluded.best_permille),
            last_permille = iif(excluded.at_seconds >= at_seconds,
                                coalesce(excluded.last_permille, last_permille), last_permille),
            passing = max(passing, excluded.passing),
            attempts = max(attempts, excluded.attempts),
            seconds = max(seconds, excluded.seconds),
            at_seconds = max(at_seconds, excluded.at_seconds)
        """,
        [
            learner, course, came.activity, came.version, came.best_permille, came.last_permille, came.passing.value,
            came.attempts, came.seconds, came.at_seconds,
        ],
    )  # fmt: skip


def _attempts(connection: Connection, learner: str, course: str, activity: str) -> int:
    row = connection.execute(
        "select attempts from result where learner = ? and course = ? and activity = ?", [learner, course, activity]
    ).fetchone()
    return row["attempts"] if row else 0
