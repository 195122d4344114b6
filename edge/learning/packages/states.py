"""States: what the runtimes of packages are given back, and what progress, results and answers take from them.

* A save is one transaction: the state, the place, the result and the answers are kept together or not at all.
* Saves have an order (sitting, then number): one that comes late or twice changes nothing that came after it.
* An answer becomes an event when it changes, not whenever it is said again; a result when a sitting ends with it.
* Learners only: of everybody else a runtime keeps what it likes in the browser, and nothing comes here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from edge.learning.learning import Learning
from edge.learning.packages.cmi import Said, Standing, answers_of, ruled, standing_of, whole
from edge.learning.results import Results

STATE_BYTES_MAX = 1 << 20
"""Of one part: sixty-four thousand letters of suspend data and some hundred interactions, in any script."""
PACKAGE_BYTES_MAX = 8 << 20
PART_LETTERS_MAX = 260
SHARED = ""
"""The part that stands for the package as a whole: which part is open, what its parts have in common."""

migrations = Migrations("packages")


@migrations()
def states(database: Connection) -> None:
    database.executescript(
        """
        create table package (
            learner text not null,
            course text not null,
            activity text not null,
            sitting integer not null,  -- how often its player was opened
            told_permille integer,  -- the result that was last told
            told_passing integer not null default 0,
            primary key (learner, course, activity)
        ) strict, without rowid;
        create table package_part (
            learner text not null,
            course text not null,
            activity text not null,
            part text not null,
            sitting integer not null,  -- with number: which save this is
            number integer not null,
            state text not null,
            is_completed integer not null,
            is_passed integer,
            score_permille integer,
            progress_permille integer not null,
            seconds integer not null,
            told text not null,  -- by number of the interaction, the mark of the answer that was told
            primary key (learner, course, activity, part)
        ) strict;
        """
    )


@dataclass(frozen=True, slots=True)
class Studied:
    """Whose study of which activity."""

    learner: str
    course: str
    version: int
    activity: str
    parts_total: int = 1
    """How many parts have to be finished."""

    @property
    def key(self) -> list[str]:
        return [self.learner, self.course, self.activity]


@dataclass(frozen=True, slots=True)
class Save:
    """What a runtime says of one part."""

    part: str
    sitting: int
    number: int
    state: Mapping[str, Any]
    is_last: bool = False
    """The sitting ends with it, as far as the browser knows."""
    is_alone: bool = True
    """The package has this part only: its items need no part's name before them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The last save of one part."""

    sitting: int
    number: int
    state: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Sitting:
    """One opening of a player: its number (0: nothing of it is kept), and what is there from before."""

    number: int = 0
    parts: Mapping[str, Kept] = field(default_factory=dict)


class States:
    """The states of this box's learners."""

    migrations: ClassVar[Migrations] = migrations

    def __init__(self, database: Database, learning: Learning, results: Results) -> None:
        self._database = database
        self._learning = learning
        self._results = results

    def sit_down(self, studied: Studied) -> Sitting:
        """Begin a sitting. A result that the former one ended with, and never told, is told now."""

        def work(connection: Connection) -> Sitting:
            connection.execute(
                """
                insert into package (learner, course, activity, sitting) values (?, ?, ?, 1)
                on conflict do update set sitting = sitting + 1
                """,
                studied.key,
            )
            self._tell_result(connection, studied)
            row = connection.execute(
                "select sitting from package where learner = ? and course = ? and activity = ?", studied.key
            ).fetchone()
            return Sitting(row["sitting"], _parts(connection, studied))

        return self._database.write(work)

    def of(self, studied: Studied) -> Mapping[str, Kept]:
        """What is kept of every part."""
        return _parts(self._database.read(), studied)

    def save_work(self, studied: Studied, save: Save) -> Callable[[Connection], None]:
        """What the writer is to do with a save."""
        text = json.dumps(save.state, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()
        standing = standing_of(save.state)
        said = list(answers_of(save.state, "" if save.is_alone else save.part)) if save.part != SHARED else []

        def work(connection: Connection) -> None:
            kept = _parts(connection, studied, save.part).get(save.part)
            if kept is None or (save.sitting, save.number) > (kept.sitting, kept.number):
                told = self._tell_answers(connection, studied, save.part, said)
                _keep(connection, studied, save, text, standing, told)
                self._move(connection, studied)
            if save.is_last:
                self._tell_result(connection, studied)

        return work

    def change_work(
        self, studied: Studied, part: str, change: Callable[[Kept | None], Save | None]
    ) -> Callable[[Connection], None]:
        """What the writer is to do where what comes next depends on what is kept by then; None changes nothing."""

        def work(connection: Connection) -> None:
            save = change(_parts(connection, studied, part).get(part))
            if save is not None:
                self.save_work(studied, save)(connection)

        return work

    def has_room(self, studied: Studied, part: str, state_bytes: int) -> bool:
        """Tell whether so much may be kept of one more part."""
        row = (
            self._database.read()
            .execute(
                """
                select coalesce(sum(length(state)), 0) as letters from package_part
                where learner = ? and course = ? and activity = ? and part <> ?
                """,
                [*studied.key, part],
            )
            .fetchone()
        )
        return state_bytes <= STATE_BYTES_MAX and int(row["letters"]) + state_bytes <= PACKAGE_BYTES_MAX

    def forget(self, connection: Connection, learner: str) -> None:
        """Remove everything of an erased learner, in the transaction that erases them."""
        connection.execute("delete from package where learner = ?", [learner])
        connection.execute("delete from package_part where learner = ?", [learner])

    def states_of(self, learner: str) -> Sequence[tuple[str, str, str, str]]:
        """Every state of a learner, for them to take away: course, activity, part, state."""
        rows = self._database.read().execute(
            "select course, activity, part, state from package_part where learner = ? order by course, activity, part",
            [learner],
        )
        return [(row["course"], row["activity"], row["part"], row["state"]) for row in rows]

    def _tell_answers(
        self, connection: Connection, studied: Studied, part: str, said: Sequence[Said]
    ) -> Mapping[str, str]:
        row = connection.execute(
            "select told from package_part where learner = ? and course = ? and activity = ? and part = ?",
            [*studied.key, part],
        ).fetchone()
        told: dict[str, str] = json.loads(row["told"]) if row else {}
        for one in said:
            if told.get(one.number) != one.mark:
                told[one.number] = one.mark
                self._learning.answer_work(
                    studied.learner, studied.course, studied.activity, one.item, one.answer
                )(connection)  # fmt: skip
        return told

    def _move(self, connection: Connection, studied: Studied) -> None:
        """Move the learner's place to where the parts together say."""
        standing = _whole(connection, studied)
        self._learning.share_work(
            studied.learner, studied.course, studied.version, studied.activity, standing.progress_permille,
            is_completed=standing.is_completed,
        )(connection)  # fmt: skip

    def _tell_result(self, connection: Connection, studied: Studied) -> None:
        """Tell a result that is not the one that was told last."""
        standing = _whole(connection, studied)
        passing = {None: 0, False: 1, True: 2}[standing.is_passed]
        if standing.score_permille is None and not passing:
            return
        now = (standing.score_permille, passing)
        row = connection.execute(
            "select told_permille, told_passing from package where learner = ? and course = ? and activity = ?",
            studied.key,
        ).fetchone()
        if row is not None and (row["told_permille"], row["told_passing"]) == now:
            return
        connection.execute(
            """
            insert into package (learner, course, activity, sitting, told_permille, told_passing)
            values (?, ?, ?, 1, ?, ?)
            on conflict do update set told_permille = excluded.told_permille, told_passing = excluded.told_passing
            """,
            [*studied.key, *now],
        )
        self._results.scored_work(
            studied.learner, studied.course, studied.version, studied.activity, standing.score_permille,
            standing.is_passed, standing.seconds,
        )(connection)  # fmt: skip


def _parts(connection: Connection, studied: Studied, part: str | None = None) -> dict[str, Kept]:
    rows = connection.execute(
        """
        select part, sitting, number, state, is_completed, is_passed, score_permille, progress_permille, seconds
        from package_part where learner = ? and course = ? and activity = ? and part = coalesce(?, part)
        """,
        [*studied.key, part],
    )
    return {
        row["part"]: Kept(
            row["sitting"], row["number"], row["state"],
            Standing(
                bool(row["is_completed"]), None if row["is_passed"] is None else bool(row["is_passed"]),
                row["score_permille"], row["progress_permille"], row["seconds"],
            ),
        )
        for row in rows
    }  # fmt: skip


def _whole(connection: Connection, studied: Studied) -> Standing:
    kept = _parts(connection, studied)
    standings = [one.standing for name, one in kept.items() if name != SHARED]
    own = kept[SHARED].standing if SHARED in kept else Standing()
    return ruled(whole(standings, studied.parts_total), own)


def _keep(
    connection: Connection, studied: Studied, save: Save, text: str, standing: Standing, told: Mapping[str, str]
) -> None:
    connection.execute(
        """
        insert or replace into package_part (learner, course, activity, part, sitting, number, state, is_completed,
                                             is_passed, score_permille, progress_permille, seconds, told)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            *studied.key, save.part, save.sitting, save.number, text, int(standing.is_completed),
            None if standing.is_passed is None else int(standing.is_passed), standing.score_permille,
            standing.progress_permille, standing.seconds, json.dumps(told, separators=(",", ":")),
        ],
    )  # fmt: skip
