"""Owners: whose a statement or a document is, in the journal's terms: one random id, and never a name.

* The learner whom it names owns it: the actor, whom it is about, or whoever else. What names several is their
  company's: a random id for just these, which is erased with the first of them, so that what is told of one of them
  does not outlive that one in another's record.
* Whom nobody here knows (an address of mail, an account elsewhere) gets a random id of their own, the same each time:
  an outsider. The journal salts and blanks what is theirs as it does for learners.
* Nothing more is kept of who was erased.
"""

import json
from collections.abc import Callable, Iterable, Sequence

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import sha256
from edge.learning.lrs.actor import Agent, identity, learner_of
from edge.learning.lrs.facets import agents_of
from edge.learning.lrs.refusal import NotTaken
from edge.learning.lrs.statement import Document
from edge.learning.lrs.text import canonical_text
from edge.people.codes import new_id

migrations = Migrations("edge.learning.lrs.owners")


@migrations()
def outsider(database: Connection) -> None:
    database.execute(
        """
        create table outsider (
            identity blob primary key,
            learner text not null unique
        ) strict, without rowid
        """
    )
    database.execute(
        """
        create table company (
            learner text not null,
            owner text not null,
            primary key (learner, owner)
        ) strict, without rowid
        """
    )


class Owners:
    """Finds whose things are, and gives outsiders their ids."""

    def __init__(self, database: Database, random_bytes: Callable[[int], bytes]) -> None:
        self._database = database
        self._random_bytes = random_bytes

    def of(self, connection: Connection, documents: Sequence[Document]) -> list[str]:
        """The owner of each statement, in the caller's transaction. Raises NotTaken where one was erased."""
        named = [set(filter(None, map(learner_of, agents_of(one)))) for one in documents]
        here = self._here(connection, {name for names in named for name in names})
        return [
            self._owner(connection, document["actor"], sorted(here.intersection(names)))
            for document, names in zip(documents, named, strict=True)
        ]

    def of_agent(self, connection: Connection, agent: Agent) -> str:
        """The owner of an agent's documents. Raises NotTaken where they were erased."""
        learner = learner_of(agent)
        known = self._here(connection, {learner}) if learner else ()
        return learner if learner in known else self._id_of(connection, _mark(agent))

    def find_outsider(self, agent: Agent) -> str:
        """The id of an outsider who is known; "" of any other."""
        row = (
            self._database.read().execute("select learner from outsider where identity = ?", [_mark(agent)]).fetchone()
        )
        return str(row["learner"]) if row else ""

    def companies(self, connection: Connection, learner: str) -> list[str]:
        """The companies that a learner is one of."""
        rows = connection.execute("select owner from company where learner = ?", [learner]).fetchall()
        return [row["owner"] for row in rows]

    def forget(self, connection: Connection, owner: str) -> None:
        """Let go of an outsider or a company, in the caller's transaction."""
        connection.execute("delete from outsider where learner = ?", [owner])
        connection.execute("delete from company where owner = ?", [owner])

    def _owner(self, connection: Connection, actor: Agent, learners: Sequence[str]) -> str:
        if len(learners) == 1:
            return learners[0]
        if not learners:
            return self._id_of(connection, _mark(actor))
        owner = self._id_of(connection, sha256(canonical_text(["company", *learners]).encode()))
        connection.conn.executemany(
            "insert or ignore into company values (?, ?)", [(learner, owner) for learner in learners]
        )
        return owner

    def _here(self, connection: Connection, names: Iterable[str]) -> set[str]:
        """Which of these are learners of this box."""
        wanted = json.dumps(sorted(names))
        if wanted == "[]":
            return set()
        rows = connection.execute(
            """
            select person, 0 as is_erased from person
            where kind = 'learner' and person in (select value from json_each(:names))
            union all select learner, 1 from erased where learner in (select value from json_each(:names))
            """,
            {"names": wanted},
        ).fetchall()
        if any(row["is_erased"] for row in rows):
            raise NotTaken(403, "A learner of this statement was erased; nothing more is recorded.", "Leave it out.")
        return {row["person"] for row in rows}

    def _id_of(self, connection: Connection, mark: bytes) -> str:
        """The random id that stands for this mark; drawn when it is first asked for."""
        row = connection.execute("select learner from outsider where identity = ?", [mark]).fetchone()
        if row is not None:
            return str(row["learner"])
        learner = new_id(self._random_bytes)
        connection.execute("insert into outsider values (?, ?)", [mark, learner])
        return learner


def _mark(actor: Agent) -> bytes:
    """A hash of who this is: of a group without an identifier, of its members."""
    told = identity(actor) or canonical_text(sorted(identity(one) for one in actor.get("member", ())))
    return sha256(told.encode())
