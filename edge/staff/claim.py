"""Claiming: a box is nobody's until the code on its label makes it a campus's, once.

* A box draws its code at birth, or takes that of its seed, writes it for the label, and keeps only its hash.
* Claiming takes the code and the answers of one page; all of it happens, or nothing.
* Who comes second is told so; the code opens nothing any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.durable import write_file
from catalog.fault import CallerFault
from edge.people import codes
from edge.people.people import Classroom, People, Person
from sync.clock import Clock
from sync.web import passwords
from sync.web.challenge.verifier import Verifier

LABEL_FILE = "label.txt"
LABEL_MODE = 0o600

migrations = Migrations("claim")


@migrations()
def staff_code(database: Connection) -> None:
    database.execute(
        """
        create table staff_code (
            only integer primary key check (only = 1),
            code_hash text not null,
            claimed_seconds integer
        ) strict
        """
    )


class WrongStaffCode(CallerFault):
    """This is not the code on the box's label."""


class ClaimedAlready(CallerFault):
    """Somebody claimed the box before; it happens once."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim made: who may sign in, and the first class with its code."""

    staff: Person
    classroom: Classroom


class Setup:
    """The first hour of this box."""

    migrations: ClassVar[Migrations] = migrations

    def __init__(
        self, database: Database, people: People, clock: Clock, random_bytes: Callable[[int], bytes], data: Path
    ) -> None:
        self._database = database
        self._people = people
        self._clock = clock
        self._random_bytes = random_bytes
        self._label = data / LABEL_FILE

    def label_code(self) -> str | None:
        """The staff code for the label, drawn at the first call; None once the box is claimed."""
        row = self._row()
        if row is None:
            return self._be_born()
        if row[1] is not None or not self._label.exists():
            return None
        return self._label.read_text().strip()

    def take_code(self, code: str) -> Callable[[Connection], None]:
        """Let this be the code of the box; returns what records it, for the caller's transaction.

        A box that is claimed keeps what it has.
        """
        if self.is_claimed:
            return lambda connection: None
        hashed = self._write_label(code)

        def record(connection: Connection) -> None:
            connection.execute(
                "insert into staff_code (only, code_hash) values (1, ?)"
                " on conflict (only) do update set code_hash = excluded.code_hash where claimed_seconds is null",
                [hashed],
            )

        return record

    @property
    def is_claimed(self) -> bool:
        row = self._row()
        return row is not None and row[1] is not None

    def claim(self, code: str, password: str | Verifier, classroom: str) -> Claimed:
        """Make the box a campus's: a staff account, a first class, and the code is spent.

        An empty password is none: staff then sign in by codes.

        Raises WrongStaffCode, ClaimedAlready, NameTaken.
        """
        self.check(code)
        record_staff = self._people.prepare_staff(password)

        def work(connection: Connection) -> Claimed:
            claimed_seconds = max(1, self._clock.now().wall_seconds)
            is_first = connection.execute(
                "update staff_code set claimed_seconds = ? where claimed_seconds is null", [claimed_seconds]
            ).rowcount
            if not is_first:
                raise _claimed_already()
            return Claimed(record_staff(connection), self._people.record_classroom(connection, classroom))

        claimed = self._database.write(work)
        self._label.unlink(missing_ok=True)
        return claimed

    def check(self, code: str) -> None:
        """Raises WrongStaffCode, or ClaimedAlready where no code would do."""
        row = self._row()
        if row is not None and row[1] is not None:
            raise _claimed_already()
        if row is None or not passwords.verify_secret(row[0], codes.typed_code(code)):
            raise WrongStaffCode(
                "This is not the code on the box's label.", "Look under the box: ten letters, such as KMTRD-XWPCF."
            )

    def _be_born(self) -> str:
        code = codes.new_staff_code(self._random_bytes)
        hashed = self._write_label(code)
        self._database.write(
            lambda connection: connection.execute("insert into staff_code (only, code_hash) values (1, ?)", [hashed])
        )
        return code

    def _write_label(self, code: str) -> str:
        """Write a code for the label; returns its hash, which is recorded next.

        The label first: a box that lost its power in between draws another code, and no hash has lost its code.
        """
        write_file(self._label, f"{code}\n".encode(), LABEL_MODE)
        return passwords.hash_secret(codes.typed_code(code))

    def _row(self) -> tuple[str, int | None] | None:
        row = self._database.read().execute("select code_hash, claimed_seconds from staff_code").fetchone()
        return (row[0], row[1]) if row else None


def _claimed_already() -> ClaimedAlready:
    return ClaimedAlready(
        "This box has been claimed before.", "Sign in as staff; if nobody knows the password, ask who set the box up."
    )
