"""Tries: how often a learner handed a quiz in, what it came to, and what a teacher gave for essays.

* Answers themselves are learning's: durable events. The answers of the second try and later carry its number.
* Handing in is one transaction: the last answers, the try, that it is finished, and the result; once, however often.
* What a teacher has to read first has no result yet; the last mark makes it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.questions.bank import Question
from edge.learning.learning import Learning
from edge.learning.results import Results

Work = Callable[[Connection], None]

WAITING_MAX = 500
_PLAIN = ("number", "text", "essay")

migrations = Migrations("quiz")


@migrations()
def _make_tables(connection: Connection) -> None:
    connection.executescript(
        """
        create table quiz_try (
            learner text not null,
            course text not null,
            activity text not null,
            number integer not null,  -- from 1
            version integer not null,  -- of the course
            permille integer,  -- null: a teacher has to read first
            at_seconds integer not null,
            primary key (learner, course, activity, number)
        ) strict, without rowid;
        create table essay_mark (
            learner text not null,
            course text not null,
            activity text not null,
            number integer not null,
            question text not null,
            share integer not null,
            teacher text not null,
            at_seconds integer not null,
            primary key (learner, course, activity, number, question)
        ) strict, without rowid;
        """
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose try at which quiz."""

    learner: str
    course: str
    version: int
    activity: str


@dataclass(frozen=True, slots=True)
class Try:
    """One handing in. `permille` is None until a teacher has read what waits."""

    number: int
    permille: int | None
    at_seconds: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A try that waits for a teacher."""

    learner: str
    name: str
    course: str
    activity: str
    number: int
    at_seconds: int


class Tries:
    """The tries of this box's learners."""

    migrations: ClassVar[Migrations] = migrations

    def __init__(self, database: Database, learning: Learning, results: Results) -> None:
        self._database = database
        self._learning = learning
        self._results = results

    def of(self, subject: Subject) -> list[Try]:
        """What was handed in so far, the first first."""
        rows = self._database.read().execute(
            """
            select number, permille, at_seconds from quiz_try where learner = ? and course = ? and activity = ?
            order by number
            """,
            [subject.learner, subject.course, subject.activity],
        )
        return [Try(*row) for row in rows]

    def given(self, subject: Subject, number: int, questions: Sequence[Question]) -> dict[str, list[str]]:
        """What was answered in a try so far, by question."""
        items = {item_of(one.id, number): one for one in questions}
        kept = self._learning.answers(subject.learner, subject.course)
        said = {one.item: one.answer for one in kept if one.activity == subject.activity and one.item in items}
        return {items[item].id: read_given(items[item], answer) for item, answer in said.items()}

    def answers_work(
        self, subject: Subject, number: int, given: Sequence[tuple[Question, Sequence[str]]], key: str
    ) -> list[Work]:
        """What the writer is to do to keep these answers."""
        return [
            self._learning.answer_work(
                subject.learner,
                subject.course,
                subject.activity,
                item_of(question.id, number),
                written_given(question, answer),
                f"{key}-{question.id}"[:64] if key else "",
            )
            for question, answer in given
        ]

    def hand_in_work(
        self, subject: Subject, number: int, permille: int | None, is_passed: bool | None, now_seconds: int
    ) -> Work:
        """What the writer is to do when a try is handed in."""
        completed = self._learning.completed_work(subject.learner, subject.course, subject.version, subject.activity)
        scored = self._scored(subject, permille, is_passed)

        def work(connection: Connection) -> None:
            cursor = connection.execute(
                """
                insert or ignore into quiz_try (learner, course, activity, number, version, permille, at_seconds)
                values (?, ?, ?, ?, ?, ?, ?)
                """,
                [subject.learner, subject.course, subject.activity, number, subject.version, permille, now_seconds],
            )
            if cursor.rowcount == 0:
                return
            completed(connection)
            scored(connection)

        return work

    def marks(self, subject: Subject, number: int) -> dict[str, int]:
        """What a teacher gave for the essays of a try, in thousandths, by question."""
        rows = self._database.read().execute(
            """
            select question, share from essay_mark
            where learner = ? and course = ? and activity = ? and number = ?
            """,
            [subject.learner, subject.course, subject.activity, number],
        )
        return {row[0]: row[1] for row in rows}

    def mark_work(
        self, subject: Subject, number: int, question: str, share: int, teacher: str, now_seconds: int
    ) -> Work:
        """What the writer is to do when a teacher has read an essay."""

        def work(connection: Connection) -> None:
            connection.execute(
                """
                insert or replace into essay_mark (learner, course, activity, number, question, share, teacher,
                                                   at_seconds)
                values (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [subject.learner, subject.course, subject.activity, number, question, share, teacher, now_seconds],
            )

        return work

    def result_work(self, subject: Subject, number: int, permille: int, is_passed: bool | None) -> Work:
        """What the writer is to do when the last essay of a try was read."""
        scored = self._scored(subject, permille, is_passed)

        def work(connection: Connection) -> None:
            connection.execute(
                "update quiz_try set permille = ? where learner = ? and course = ? and activity = ? and number = ?",
                [permille, subject.learner, subject.course, subject.activity, number],
            )
            scored(connection)

        return work

    def unread(self, classroom: str) -> list[Unread]:
        """The tries of a class that wait for a teacher, the oldest first."""
        rows = self._database.read().execute(
            """
            select quiz_try.learner, person.name, course, activity, number, at_seconds
            from quiz_try join person on person.person = quiz_try.learner
            where person.classroom = ? and permille is null order by at_seconds, quiz_try.learner, number limit ?
            """,
            [classroom, WAITING_MAX],
        )
        return [Unread(*row) for row in rows]

    def forget(self, connection: Connection, learner: str) -> None:
        """Remove everything of an erased learner, in the transaction that erases them."""
        connection.execute("delete from quiz_try where learner = ?", [learner])
        connection.execute("delete from essay_mark where learner = ?", [learner])

    def _scored(self, subject: Subject, permille: int | None, is_passed: bool | None) -> Work:
        if permille is None:
            return lambda _: None
        return self._results.scored_work(
            subject.learner, subject.course, subject.version, subject.activity, permille, is_passed
        )


def all_of(works: Sequence[Work]) -> Work:
    """Several pieces of work as one: all of it, or nothing."""

    def work(connection: Connection) -> None:
        for one in works:
            one(connection)

    return work


def item_of(question: str, number: int) -> str:
    """How the answer to a question in a try is called."""
    return question if number == 1 else f"{question}~{number}"


def written_given(question: Question, given: Sequence[str]) -> str:
    """An answer as it is kept: one text as it stands, several parts as a list."""
    return (given[0] if given else "") if question.kind in _PLAIN else json.dumps(list(given), ensure_ascii=False)


def read_given(question: Question, answer: str) -> list[str]:
    """An answer as it was given; nothing where what was kept is not as this question's answers are."""
    if question.kind in _PLAIN:
        return [answer] if answer else []
    return list(_texts(answer))


def _texts(answer: str) -> Iterator[str]:
    try:
        parts = json.loads(answer)
    except ValueError:
        return
    if isinstance(parts, list):
        yield from (one for one in parts if isinstance(one, str))
