"""People: who uses this box, in which class, and how each proves it.

* A learner is named in events by a random id only. The name and the learner's key live in one "learner" event, which
  can be erased: erasing blanks what it held on the box, and carries the wish to the hub.
* A name is found only through its class, never in a public list.
* Learners prove themselves by a PIN or three pictures; teachers and staff by a password, never by less.
* A PIN is kept as an argon2 hash, a password as a verifier; a new one ends every session of its person in the same
  commit. A teacher without a password yet has an empty secret, which nothing proves.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.fault import CallerFault
from edge.people import codes
from sync.journal import Journal
from sync.web import passwords
from sync.web.challenge.verifier import SALT_BYTES, Verifier, is_password, of_password

Kind = Literal["learner", "teacher", "staff"]
SecretKind = Literal["pin", "pictures", "password"]

NAME_LETTERS_MAX = 60
NUMBER_LETTERS_MAX = 32
NAMES_LISTED_MAX = 60
PASSWORD_LETTERS_MIN = 8
STAFF_NAME = "staff"
"""The name under which the one who claimed the box signs in."""

Forget = Callable[[Connection, str], None]
"""Removes what one part of the box holds of a person, inside the transaction that forgets them."""

migrations = Migrations("people")


@migrations()
def people_and_classes(database: Connection) -> None:
    database.executescript(
        """
        create table classroom (
            classroom text primary key,
            name text not null,
            code text not null unique
        ) strict;
        create table person (
            person text primary key,
            kind text not null check (kind in ('learner', 'teacher', 'staff')),
            name text not null,
            name_key text not null,
            classroom text references classroom,
            student_number text unique,
            secret_kind text not null check (secret_kind in ('pin', 'pictures', 'password')),
            secret text not null,
            check ((kind = 'learner') = (classroom is not null)),
            check ((kind = 'learner') = (secret_kind <> 'password'))
        ) strict;
        create unique index person_of_class on person (classroom, name_key) where kind = 'learner';
        create unique index person_with_password on person (name_key) where kind <> 'learner';
        """
    )


class NameTaken(CallerFault):
    """Somebody of this name is here already."""


class NumberTaken(CallerFault):
    """Another learner has this student number."""


class NobodyThere(CallerFault):
    """The person or class was erased or never was on this box."""


@dataclass(frozen=True, slots=True)
class Classroom:
    """A class, and the code by which learners find it."""

    id: str
    name: str
    code: str
    learners: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who can sign in. The secret's hash stays in the database."""

    id: str
    kind: Kind
    name: str
    secret_kind: SecretKind
    classroom: str = ""
    student_number: str = ""

    @property
    def has_pin(self) -> bool:
        """Whether they sign in with a PIN, not with pictures or a password."""
        return self.secret_kind == "pin"  # noqa: S105 - a kind of secret, not one


@dataclass(frozen=True, slots=True)
class Secret:
    """What a person will prove themselves by; pictures are their names with a space between."""

    kind: SecretKind
    text: str


class People:
    """Everyone on this box."""

    migrations: ClassVar[Migrations] = migrations

    def __init__(self, database: Database, journal: Journal, random_bytes: Callable[[int], bytes]) -> None:
        self._database = database
        self._journal = journal
        self._random_bytes = random_bytes
        self._forgets: list[Forget] = []
        self._end_sessions: list[Forget] = []

    def when_forgotten(self, forget: Forget) -> None:
        """Let another part of the box remove what it holds of a learner, whenever one is erased."""
        self._forgets.append(forget)

    def when_locked_out(self, end_sessions: Forget) -> None:
        """Let the keeper of sessions end those of a person whose secret changed or who is gone."""
        self._end_sessions.append(end_sessions)

    def enrol_learner(self, classroom: str, name: str, secret: Secret, student_number: str = "") -> Person:
        """Bring a learner into a class; their name and key go to the journal as one erasable document.

        Raises NameTaken, NumberTaken, NobodyThere.
        """
        assert secret.kind != "password", "learners prove themselves by a PIN or pictures"
        number = codes.typed_number(student_number)
        learner = Person(
            codes.new_id(self._random_bytes), "learner", " ".join(name.split()), secret.kind, classroom, number
        )
        hashed = passwords.hash_secret(secret.text)

        def work(connection: Connection) -> None:
            self._insert(connection, learner, hashed)
            said = {"name": learner.name, "class": classroom}
            if number:
                said["student_number"] = number
            self._journal.append(connection, "learner", learner.id, said)

        self._database.write(work)
        return learner

    def erase(self, person: str) -> None:
        """Forget a learner: blank what they did in the journal, destroy key and name, end their sessions.

        Raises NobodyThere.
        """
        found = self.person(person)
        if found is None or found.kind != "learner":
            raise NobodyThere(
                "This learner is not on this box.", "Look at the class again; they may be erased already."
            )

        def work(connection: Connection) -> None:
            self._journal.erase(connection, person)
            self.forget(connection, person)

        self._database.write(work)

    def forget(self, connection: Connection, person: str) -> None:
        """Remove a learner whom the journal erased (the hub may ask for it), in the caller's transaction."""
        connection.execute("delete from person where person = ?", [person])
        for each in (*self._forgets, *self._end_sessions):
            each(connection, person)

    def is_secret(self, person: Person | None, secret: Secret) -> bool:
        """Tell whether this is the person's secret. Takes as long for nobody as for somebody."""
        is_of_kind = person is not None and person.secret_kind == secret.kind
        row = None
        if person is not None and is_of_kind:
            row = self._database.read().execute("select secret from person where person = ?", [person.id]).fetchone()
        kept = row[0] if row else ""
        verifier = Verifier.from_text(kept)
        return is_password(verifier, secret.text) if verifier else passwords.verify_secret(kept, secret.text)

    def change_secret(self, person: str, secret: Secret) -> None:
        """Give a person a new secret and end their sessions.

        Raises NobodyThere.
        """
        kept = self.kept(secret.text) if secret.kind == "password" else passwords.hash_secret(secret.text)
        self._database.write(lambda connection: self.record_secret(connection, person, secret.kind, kept))

    def record_secret(self, connection: Connection, person: str, kind: SecretKind, kept: str) -> None:
        """Keep a new secret and end the person's sessions, in the caller's transaction.

        Raises NobodyThere.
        """
        changed = connection.execute(
            """
            update person set secret = ?, secret_kind = ?
            where person = ? and (kind = 'learner') = (? <> 'password')
            """,
            [kept, kind, person, kind],
        ).rowcount
        if changed == 0:
            raise NobodyThere("This person is not on this box any more.", "Look at the list again.")
        for each in self._end_sessions:
            each(connection, person)

    def kept(self, password: str | Verifier) -> str:
        """What is kept of a password or its verifier; nothing of an empty one, which nothing proves."""
        if isinstance(password, Verifier):
            return password.text
        return of_password(password, self._random_bytes(SALT_BYTES)).text if password else ""

    def new_pin(self, learner: str) -> str:
        """Give a learner a new PIN, to be shown once.

        Raises NobodyThere.
        """
        pin = codes.new_pin(self._random_bytes)
        self.change_secret(learner, Secret("pin", pin))
        return pin

    def add_teacher(self, name: str, password: str = "") -> Person:
        """Add a teacher; without a password they are let in by a code, and choose one.

        Raises NameTaken.
        """
        teacher, kept = self._with_password("teacher", name, password)
        self._database.write(lambda connection: self._insert(connection, teacher, kept))
        return teacher

    def prepare_staff(self, password: str | Verifier) -> Callable[[Connection], Person]:
        """Stretch the staff password now (it takes a while); what is returned adds the account in a transaction."""
        staff, kept = self._with_password("staff", STAFF_NAME, password)

        def record(connection: Connection) -> Person:
            self._insert(connection, staff, kept)
            return staff

        return record

    def remove_teacher(self, person: str) -> None:
        """Take a teacher's account away. Their classes and learners stay."""

        def work(connection: Connection) -> None:
            connection.execute("delete from person where person = ? and kind = 'teacher'", [person])
            for each in self._end_sessions:
                each(connection, person)

        self._database.write(work)

    def add_classroom(self, name: str) -> Classroom:
        """Raises NameTaken."""
        return self._database.write(lambda connection: self.record_classroom(connection, name))

    def record_classroom(self, connection: Connection, name: str) -> Classroom:
        """Add a class in the caller's transaction, and tell the hub of it.

        Raises NameTaken.
        """
        name = " ".join(name.split())
        names = [codes.name_key(row[0]) for row in connection.execute("select name from classroom")]
        if codes.name_key(name) in names:
            raise NameTaken(f"There is a class called {name} already.", "Give this class another name.")
        classroom = Classroom(codes.new_id(self._random_bytes), name, self._free_code(connection))
        connection.execute(
            "insert into classroom (classroom, name, code) values (?, ?, ?)",
            [classroom.id, classroom.name, classroom.code],
        )
        self._journal.append(connection, "class", "", {"class": classroom.id, "name": name})
        return classroom

    def new_code(self, classroom: str) -> None:
        """Give a class another code; who has joined stays."""

        def work(connection: Connection) -> None:
            code = self._free_code(connection)
            connection.execute("update classroom set code = ? where classroom = ?", [code, classroom])

        self._database.write(work)

    def classrooms(self) -> list[Classroom]:
        rows = self._database.read().execute(
            """
            select classroom, name, code, (select count(*) from person where person.classroom = classroom.classroom)
            from classroom order by name
            """
        )
        return [Classroom(*row) for row in rows]

    def classroom(self, classroom: str) -> Classroom | None:
        return next((one for one in self.classrooms() if one.id == classroom), None)

    def classroom_of_code(self, code: str) -> Classroom | None:
        """The class that a code opens, however it was typed."""
        meant = codes.typed_code(code)
        return next((one for one in self.classrooms() if one.code == meant), None)

    def learners(self, classroom: str, letters: str = "", most: int = -1) -> list[Person]:
        """A class in the order of names; `letters` begin one of the words of the name."""
        begins = codes.name_key(letters).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        rows = self._database.read().execute(
            """
            select person, kind, name, secret_kind, classroom, coalesce(student_number, '') from person
            where classroom = ? and (name_key like ? escape '\\' or name_key like ? escape '\\')
            order by name_key limit ?
            """,
            [classroom, begins, "% " + begins, most],
        )
        return [Person(*row) for row in rows]

    def person(self, person: str) -> Person | None:
        return self._first(
            "select person, kind, name, secret_kind, coalesce(classroom, ''), coalesce(student_number, '')"
            " from person where person = ?",
            person,
        )

    def learner_of_number(self, student_number: str) -> Person | None:
        return self._first(
            "select person, kind, name, secret_kind, classroom, student_number from person where student_number = ?",
            codes.typed_number(student_number),
        )

    def with_password(self, name: str) -> Person | None:
        """The teacher or staff member of this name, however it was typed."""
        return self._first(
            "select person, kind, name, secret_kind, '', '' from person where kind <> 'learner' and name_key = ?",
            codes.name_key(name),
        )

    def teachers(self) -> list[Person]:
        rows = self._database.read().execute(
            "select person, kind, name, secret_kind, '', '' from person where kind = 'teacher' order by name_key"
        )
        return [Person(*row) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many learners, teachers, staff and classes the box knows."""
        rows = self._database.read().execute(
            "select kind, count(*) from person group by kind union all select 'class', count(*) from classroom"
        )
        return {"learner": 0, "teacher": 0, "staff": 0} | {row[0]: row[1] for row in rows}

    def _first(self, sql: str, value: str) -> Person | None:
        row = self._database.read().execute(sql, [value]).fetchone()
        return Person(*row) if row else None

    def _with_password(self, kind: Kind, name: str, password: str | Verifier) -> tuple[Person, str]:
        person = Person(codes.new_id(self._random_bytes), kind, " ".join(name.split()), "password")
        return person, self.kept(password)

    def _insert(self, connection: Connection, person: Person, hashed: str) -> None:
        try:
            connection.execute(
                """
                insert into person (person, kind, name, name_key, classroom, student_number, secret_kind, secret)
                values (?, ?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?)
                """,
                [
                    person.id, person.kind, person.name, codes.name_key(person.name), person.classroom,
                    person.student_number, person.secret_kind, hashed,
                ],
            )  # fmt: skip
        except sqlite3.IntegrityError as error:
            raise _refused(error, person) from error

    def _free_code(self, connection: Connection) -> str:
        taken = {row[0] for row in connection.execute("select code from classroom")}
        while (code := codes.new_class_code(self._random_bytes)) in taken:
            pass
        return code


def _refused(error: sqlite3.IntegrityError, person: Person) -> CallerFault:
    if "student_number" in str(error):
        return NumberTaken(
            f"Another learner has the student number {person.student_number}.",
            "Look at the card again, or leave it out.",
        )
    if "name_key" in str(error):
        return NameTaken(f"{person.name} is here already.", "Choose that name if it is yours; else add one more name.")
    return NobodyThere("This class is not on this box any more.", "Type the class code again.")
