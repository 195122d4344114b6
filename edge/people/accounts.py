"""Accounts: how teachers and staff prove who they are.

* Over plain HTTP nobody sends a password: a browser proves it, by a talk (sync/web/challenge). Over HTTPS it may come.
* A code lets somebody in once: those of a person's own sheet, and the one by which staff let a teacher in.
* A password from before there were verifiers is checked over HTTPS alone, and becomes a verifier by it.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import sha256
from edge.people import codes
from edge.people.people import People, Person, Secret
from sync.clock import Clock
from sync.keys import KeyPair
from sync.web.challenge.sheet import draw_code, hash_code
from sync.web.challenge.talks import Said, Talks
from sync.web.challenge.verifier import Verifier

migrations = Migrations("accounts")


@migrations()
def one_time_codes(database: Connection) -> None:
    database.execute(
        """
        create table one_time_code (
            person text not null references person on delete cascade,
            code_hash text not null,
            primary key (person, code_hash)
        ) strict
        """
    )


class Accounts:
    """The accounts of teachers and staff."""

    migrations: ClassVar[Migrations] = migrations

    def __init__(
        self, database: Database, people: People, clock: Clock, random_bytes: Callable[[int], bytes], keys: KeyPair
    ) -> None:
        self._database = database
        self._people = people
        self._random_bytes = random_bytes
        # A signature is the same every time, and nobody else can make it: so an unknown name keeps its salt.
        self.talks = Talks(clock, random_bytes, sha256(keys.sign(b"qanat: what an unknown name is asked with")))

    def find(self, name: str) -> tuple[str, Verifier | None]:
        """An account's name as it is compared, and the verifier behind it."""
        person = self._people.with_password(name)
        return codes.name_key(name), self.verifier(person.id) if person else None

    def verifier(self, person: str) -> Verifier | None:
        """What proves this person's password; None where there is none, or only a hash of former times."""
        return Verifier.from_text(self._kept(person))

    def has_password(self, person: str) -> bool:
        """Whether there is anything to prove yet; of former times or not."""
        return bool(self._kept(person))

    def proves(self, person: Person, said: Said) -> bool:
        """Tell whether a talk proved the password that this person has now."""
        return said.proven is not None and said.proven == self.verifier(person.id)

    def is_password(self, person: Person | None, password: str) -> bool:
        """Tell whether a password that came over HTTPS is this person's; renews what was kept of it in former times."""
        if not self._people.is_secret(person, Secret("password", password)):
            return False
        assert person is not None, "nobody has no secret"
        if self.verifier(person.id) is None:
            before, kept = self._kept(person.id), self._people.kept(password)
            # The password is the same one, so sessions go on; one that was changed meanwhile stays as it is.
            self._database.write(
                lambda connection: connection.execute(
                    "update person set secret = ? where person = ? and secret = ?", [kept, person.id, before]
                )
            )
        return True

    def change_password(self, person: str, password: str | Verifier) -> None:
        """Give a person a new password and end their sessions. Raises NobodyThere."""
        kept = self._people.kept(password)
        self._database.write(lambda connection: self._people.record_secret(connection, person, "password", kept))

    def let_in(self, person: str) -> str:
        """Take a person's password and codes away, end their sessions, and return the code that lets them in once.

        Raises NobodyThere.
        """
        code = draw_code(self._random_bytes)
        hashed = hash_code(code, person)

        def work(connection: Connection) -> None:
            self._people.record_secret(connection, person, "password", "")
            _keep(connection, person, [hashed])

        self._database.write(work)
        return code

    def keep_sheet(self, person: str, sheet: Sequence[str]) -> None:
        """Keep a new sheet of codes for a person; those of the former one open nothing any more."""
        hashed = [hash_code(code, person) for code in sheet]
        self._database.write(lambda connection: _keep(connection, person, hashed))

    def codes_left(self, person: str) -> int:
        """How many codes a person still has."""
        rows = self._database.read().execute("select count(*) from one_time_code where person = ?", [person])
        return int(rows.fetchone()[0])

    def spend(self, person: Person | None, code: str) -> bool:
        """Tell whether this is one of the person's codes, and use it up. Takes as long for nobody as for somebody."""
        owner = person.id if person else ""
        hashed = hash_code(code, owner)
        spent = self._database.write(
            lambda connection: (
                connection.execute(
                    "delete from one_time_code where person = ? and code_hash = ?", [owner, hashed]
                ).rowcount
            )
        )
        return spent == 1

    def _kept(self, person: str) -> str:
        row = (
            self._database.read()
            .execute("select secret from person where person = ? and kind <> 'learner'", [person])
            .fetchone()
        )
        return row[0] if row else ""


def _keep(connection: Connection, person: str, hashed: Sequence[str]) -> None:
    connection.execute("delete from one_time_code where person = ?", [person])
    for one in hashed:
        connection.execute("insert into one_time_code (person, code_hash) values (?, ?)", [person, one])
