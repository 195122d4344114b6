"""Asking for courses that the hub has and this box does not.

* Whoever signs in asks once for a course; a guest does not, for nobody could tell one from a hundred.
* Who asked stays on this box, and goes with whoever is erased; the hub hears how many, in the transaction that counts.
* Staff say whether it should come, once; the hub hears that too, and its next plan has it.
* What is on the shelf, or on its way, is not asked for.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.fault import CallerFault
from edge.campus import words
from sync.campus.asking import ASK, LISTING, WISH, Demand, Listed, demands_in, listed_in
from sync.campus.ownership import Side, word_of
from sync.journal import Journal

ASKED_MAX = 30
"""Courses that one person has asked for and not got: more is no wish but a catalogue."""

migrations = Migrations("edge.campus.asking")


@migrations()
def asked_for(connection: Connection) -> None:
    connection.execute(
        """
        create table asked_for (
            course text not null,
            person text not null,
            primary key (course, person)
        ) strict, without rowid
        """
    )
    connection.execute("create index asked_for_person on asked_for (person)")


class NothingToAskFor(CallerFault):
    """The hub does not have such a course for this campus, or it has come meanwhile."""


class AskedForMuch(CallerFault):
    """One person has asked for more courses than anybody could want at once."""


@dataclass(frozen=True, slots=True)
class Coming:
    """A course that is not here: what the hub says of it, how many asked, and what staff said (None: nothing yet)."""

    listed: Listed
    askers: int = 0
    is_wanted: bool | None = None


class Asking:
    """What can be asked for on one box, and what was."""

    def __init__(self, database: Database, journal: Journal, shelved: Callable[[], Collection[str]]) -> None:
        self._database = database
        self._journal = journal
        self._shelved = shelved

    def coming(self) -> list[Coming]:
        """Every course that the hub has and this box does not, what most asked for in front."""
        here = set(self._shelved())
        said = words.about(self._database.read(), LISTING, ASK, WISH)
        demands = {one.course: one for one in demands_in(said)}
        found = [
            Coming(one, demand.askers, demand.is_wanted)
            for one in listed_in(said)
            if one.course not in here
            for demand in [demands.get(one.course, Demand(one.course, 0))]
        ]
        return sorted(found, key=lambda one: (-one.askers, one.listed.course))

    def asked_by(self, person: str) -> set[str]:
        """The courses that this person asked for."""
        rows = self._database.read().execute("select course from asked_for where person = ?", [person])
        return {row["course"] for row in rows.fetchall()}

    def ask(self, person: str, course: str) -> None:
        """Ask for a course; asked twice is asked once. Raises NothingToAskFor, AskedForMuch."""
        assert person, "a guest asks for nothing"

        def work(connection: Connection) -> None:
            self._demand_listed(connection, course)
            count = connection.execute("select count(*) from asked_for where person = ?", [person]).fetchone()[0]
            if count >= ASKED_MAX:
                raise AskedForMuch("You have asked for many courses already.", "Wait until some of them have come.")
            new = connection.execute(
                "insert into asked_for (course, person) values (?, ?) on conflict do nothing", [course, person]
            )
            if new.rowcount:
                askers = connection.execute("select count(*) from asked_for where course = ?", [course]).fetchone()[0]
                self._say(connection, "asked", ASK, course, {"askers": askers})

        self._database.write(work)

    def decide(self, course: str, is_wanted: bool) -> None:
        """Say whether a course should come. Raises NothingToAskFor."""

        def work(connection: Connection) -> None:
            self._demand_listed(connection, course)
            self._say(connection, "wanted", WISH, course, {"is_wanted": int(is_wanted)})

        self._database.write(work)

    def forget(self, connection: Connection, person: str) -> None:
        """Remove what an erased person asked for, in the transaction that erases them. How many asked stays."""
        connection.execute("delete from asked_for where person = ?", [person])

    def tidy(self) -> None:
        """Forget who asked for what has come."""
        here = [course for course in self._shelved() if self._is_asked(course)]
        if here:
            self._database.write(
                lambda connection: connection.conn.executemany(
                    "delete from asked_for where course = ?", [(course,) for course in here]
                )
            )

    def _is_asked(self, course: str) -> bool:
        rows = self._database.read().execute("select 1 from asked_for where course = ? limit 1", [course])
        return rows.fetchone() is not None

    def _demand_listed(self, connection: Connection, course: str) -> None:
        word = words.fact(connection, LISTING, course)
        if word is None or Listed.of(word) is None or course in self._shelved():
            raise NothingToAskFor(
                "This course cannot be asked for, or it has come meanwhile.", "Look at the list again."
            )

    def _say(self, connection: Connection, kind: str, about: str, course: str, said: dict[str, int]) -> None:
        edit = words.edit_of(connection, about, course) + 1
        event = self._journal.append(connection, kind, "", {"course": course, **said, "edit": edit})
        word = word_of(Side.CAMPUS, event)
        assert word is not None, f"{kind} is no word about a campus"
        words.keep(connection, word)
