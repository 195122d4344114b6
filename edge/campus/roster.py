"""The roster: classes and learners that another writer made, put among those of this box.

* The hub's learners come without a secret: nobody can sign in as one until a teacher here gives the first PIN.
* A class gets a code of this box's own, by which learners find it.
* Two facts that this box's tables cannot hold together (one name twice in a class, one student number twice) are both
  kept: the later one is found by a name with a number behind it, or goes without its student number.
* A learner whose class has not come yet waits for it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from catalog.db import Connection
from edge.people import codes
from edge.people.people import NameTaken, NumberTaken
from sync.campus.kinds import NAME_LETTERS_MAX, NUMBER_LETTERS_MAX
from sync.campus.ownership import Word
from sync.events import KEY_BYTES
from sync.keys import from_base64url

NO_SECRET = ""
"""What nobody can type."""


def put_class(connection: Connection, word: Word, random_bytes: Callable[[int], bytes]) -> None:
    """Make a class as it is said to be, in the caller's transaction."""
    name = _tidy(word.says["name"], NAME_LETTERS_MAX) or word.id
    changed = connection.execute("update classroom set name = ? where classroom = ?", [name, word.id]).rowcount
    if changed:
        return
    connection.execute(
        "insert into classroom (classroom, name, code) values (?, ?, ?)",
        [word.id, name, _free_code(connection, random_bytes)],
    )


def put_learner(connection: Connection, learner: str, says: dict[str, Any]) -> bool:
    """Make a learner as they are said to be, in the caller's transaction. Returns False where the class is not here."""
    classroom = says.get("class", "")
    if connection.execute("select 1 from classroom where classroom = ?", [classroom]).fetchone() is None:
        return False
    name = _tidy(says["name"], NAME_LETTERS_MAX) or learner
    key = _free_name_key(connection, classroom, learner, name)
    number = _free_number(connection, learner, codes.typed_number(says.get("student_number", "")))
    connection.execute(
        """
        insert into person (person, kind, name, name_key, classroom, student_number, secret_kind, secret)
        values (?, 'learner', ?, ?, ?, nullif(?, ''), 'pin', ?)
        on conflict (person) do update set name = excluded.name, name_key = excluded.name_key,
            classroom = excluded.classroom, student_number = excluded.student_number
        """,
        [learner, name, key, classroom, number, NO_SECRET],
    )
    return True


def refuse_taken(connection: Connection, about: str, subject: str, says: Mapping[str, str]) -> None:
    """Refuse what somebody here would write and another class or learner is called already.

    Raises NameTaken, NumberTaken.
    """
    key = codes.name_key(says["name"])
    if about == "class":
        others = connection.execute("select name from classroom where classroom <> ?", [subject])
        if key in {codes.name_key(row["name"]) for row in others}:
            raise NameTaken(f"There is a class called {says['name']} already.", "Give this class another name.")
        return
    if key in _name_keys(connection, says.get("class", ""), subject):
        raise NameTaken(f"There is a {says['name']} in this class already.", "Add one more name to tell them apart.")
    number = says.get("student_number", "")
    if number and _free_number(connection, subject, number) != number:
        raise NumberTaken(f"Another learner has the student number {number}.", "Look at the card again.")


def keep_key(connection: Connection, learner: str, text: str) -> None:
    """One learner, one key to destroy: what this box writes of them is salted as what was written elsewhere.

    Where the journal has given them a key already, it stays.
    """
    try:
        key = from_base64url(text)
    except ValueError:
        return
    if len(key) == KEY_BYTES:
        connection.execute(
            "insert into learner_key (learner, key) values (?, ?) on conflict do nothing", [learner, key]
        )


def without_secret(connection: Connection, classroom: str) -> set[str]:
    """The learners of a class who cannot sign in yet."""
    rows = connection.execute("select person from person where classroom = ? and secret = ?", [classroom, NO_SECRET])
    return {row["person"] for row in rows}


def _free_name_key(connection: Connection, classroom: str, learner: str, name: str) -> str:
    key = codes.name_key(name) or learner
    taken = _name_keys(connection, classroom, learner)
    found, number = key, 1
    while found in taken:
        number += 1
        found = f"{key} {number}"
    return found


def _name_keys(connection: Connection, classroom: str, but: str) -> set[str]:
    rows = connection.execute(
        "select name_key from person where kind = 'learner' and classroom = ? and person <> ?", [classroom, but]
    )
    return {row["name_key"] for row in rows}


def _free_number(connection: Connection, learner: str, number: str) -> str:
    number = number[:NUMBER_LETTERS_MAX]
    taken = connection.execute(
        "select 1 from person where student_number = ? and person <> ?", [number, learner]
    ).fetchone()
    return "" if taken else number


def _free_code(connection: Connection, random_bytes: Callable[[int], bytes]) -> str:
    taken = {row["code"] for row in connection.execute("select code from classroom")}
    while (code := codes.new_class_code(random_bytes)) in taken:
        pass
    return code


def _tidy(text: str, letters_max: int) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:letters_max]
