"""Statements at rest: each is one event of the journal, and a few rows by which it is found again.

* A statement's text is kept once, in its event; where the event is blanked or pruned the statement is gone.
* All statements of one request are stored or none; they are acknowledged after the commit that holds them.
* `number` is the moment of storing in microseconds, higher with each statement whatever the clock does: so who asks for
  what was stored since the last one misses nothing.
* What was voided is kept and said only to who asks for it by its id; the order of arrival does not matter.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils.migrations import Migrations

from catalog.db import Connection
from catalog.manifest import parsed as parsed_payload
from edge.learning.lrs import activities
from edge.learning.lrs.attachments import Attachments, Brought
from edge.learning.lrs.facets import SCOPE, facet, facets_of
from edge.learning.lrs.literal import moment_of
from edge.learning.lrs.owners import Owners
from edge.learning.lrs.refusal import NotTaken, not_yours
from edge.learning.lrs.rights import Rights
from edge.learning.lrs.statement import comparable, is_voiding, referred
from edge.learning.lrs.text import canonical_text
from sync.clock import Clock
from sync.events import STATED
from sync.journal import Journal

REFERRED_MAX = 16
"""How many statements that speak of one are found by it too; chains of them are not followed further than this."""
INHERITED_MAX = 64
"""How many facets a statement has from others at most, the nearest first: a long chain is not written out in each."""
CONFLICT = "The statement keeps the id that it was first stored under; send a changed one under an id of its own."

migrations = Migrations("edge.learning.lrs.statements")


@migrations()
def statement(database: Connection) -> None:
    database.executescript(
        """
        create table statement (
            number integer primary key,
            id text not null unique,
            place integer not null,
            sequence integer not null,
            learner text not null,
            is_voided integer not null
        ) strict;
        create index statement_learner on statement (learner);
        create index statement_event on statement (place, sequence);
        create table facet (
            facet blob not null,
            number integer not null references statement on delete cascade,
            source integer not null,
            primary key (facet, number, source)
        ) strict, without rowid;
        create index facet_number on facet (number);
        create table statement_ref (
            number integer primary key references statement on delete cascade,
            target text not null,
            is_voiding integer not null
        ) strict;
        create index statement_ref_target on statement_ref (target);
        """
    )


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement that was judged and may be stored; `document` lacks only the moment of storing."""

    document: dict[str, Any]
    brought: Sequence[tuple[Brought, str]] = ()

    @property
    def id(self) -> str:
        return str(self.document["id"]).lower()


class Statements:
    """Stores and forgets statements, inside the caller's write."""

    def __init__(self, journal: Journal, owners: Owners, attachments: Attachments, clock: Clock) -> None:
        self._journal = journal
        self._owners = owners
        self._attachments = attachments
        self._clock = clock

    def storing(self, stated: Sequence[Stated], rights: Rights) -> Callable[[Connection], None]:
        """The work that stores these. It raises NotTaken where one may not be, and then none is."""

        def work(connection: Connection) -> None:
            known = _texts(connection, [one.id for one in stated])
            new = []
            for one in stated:
                if one.id not in known:
                    new.append(one)
                elif not _is_same(known[one.id], one.document):
                    raise NotTaken(409, f"Another statement has the id {one.id}.", CONFLICT)
            number = connection.execute("select coalesce(max(number), 0) from statement").fetchone()[0]
            owners = self._owners.of(connection, [one.document for one in new])
            for one, owner in zip(new, owners, strict=True):
                number = max(number + 1, self._clock.now().wall_milliseconds * 1000)
                self._store(connection, number, one, owner, rights)

        return work

    def forget(self, connection: Connection, numbers: Iterable[int]) -> None:
        """Let statements go with all by which they are found, in the caller's transaction."""
        for number in list(numbers):
            self._attachments.forget(connection, number)
            connection.execute("delete from statement where number = ?", [number])

    def of_owner(self, connection: Connection, owner: str) -> list[int]:
        """Every statement that is somebody's."""
        rows = connection.execute("select number from statement where learner = ?", [owner])
        return [row["number"] for row in rows]

    def pruned(self, connection: Connection, most: int) -> list[int]:
        """Statements whose events were pruned: the hub has those in a backup; a box keeps what its journal keeps."""
        rows = connection.execute(
            """
            select number from statement join cut on cut.place = statement.place and statement.sequence <= cut.sequence
            limit ?
            """,
            [most],
        )
        return [row["number"] for row in rows]

    def _store(self, connection: Connection, number: int, one: Stated, owner: str, rights: Rights) -> None:
        moment = moment_of(number)
        document = {"timestamp": moment, **one.document, "stored": moment}
        said = {"statement": canonical_text(document)} | ({"course": rights.course} if rights.course else {})
        event = self._journal.append(connection, STATED, owner, said)
        connection.execute(
            """
            insert into statement (number, id, place, sequence, learner, is_voided)
            values (?, ?, (select place from epoch where epoch = ?), ?, ?, 0)
            """,
            [number, one.id, event.epoch, event.sequence, owner],
        )
        connection.conn.executemany(
            "insert into facet values (?, ?, 0)", [(each, number) for each in facets_of(document, rights.scope)]
        )
        if rights.is_defining:
            activities.learn(connection, document)
        if one.brought:
            self._attachments.note(connection, number, one.brought)
        if target := referred(document):
            self._refer(connection, number, target, rights, is_void=is_voiding(document))
        self._hear_referrers(connection, number, one.id, is_void=is_voiding(document))

    def _refer(self, connection: Connection, number: int, target: str, rights: Rights, *, is_void: bool) -> None:
        """A statement speaks of another, which may be here already."""
        connection.execute("insert into statement_ref values (?, ?, ?)", [number, target, int(is_void)])
        if is_void and rights.scope and not _is_within(connection, target, rights.scope):
            raise not_yours("A launch may void only what it stated itself.")
        if is_void:
            connection.execute(
                """
                update statement set is_voided = 1 where id = ? and not exists (
                    select 1 from statement_ref where statement_ref.number = statement.number and is_voiding = 1
                )
                """,
                [target],
            )
        _inherit(connection, number, target)

    def _hear_referrers(self, connection: Connection, number: int, name: str, *, is_void: bool) -> None:
        """Statements that spoke of this one before it came."""
        rows = connection.execute(
            "select number, is_voiding from statement_ref where target = ? order by is_voiding desc limit ?",
            [name, REFERRED_MAX],
        ).fetchall()
        if not is_void and any(row["is_voiding"] for row in rows):
            connection.execute("update statement set is_voided = 1 where number = ?", [number])
        waiting, told = [(row["number"], name) for row in rows], 0
        while waiting and told < REFERRED_MAX:
            referrer, target = waiting.pop()
            told += 1
            _inherit(connection, referrer, target)
            further = connection.execute(
                """
                select statement_ref.number, statement.id from statement
                join statement_ref on statement_ref.target = statement.id where statement.number = ? limit ?
                """,
                [referrer, REFERRED_MAX],
            )
            waiting += [(row["number"], row["id"]) for row in further]


def _inherit(connection: Connection, number: int, target: str) -> None:
    """A statement is found by all that the one is found by of which it speaks, and by what that one speaks of."""
    connection.execute(
        """
        insert or ignore into facet
        select facet, ?, case source when 0 then facet.number else source end
        from statement join facet on facet.number = statement.number where statement.id = ?
        order by source limit ?
        """,
        [number, target, INHERITED_MAX],
    )


def _is_within(connection: Connection, name: str, scope: str) -> bool:
    row = connection.execute(
        """
        select 1 from statement join facet on facet.number = statement.number and facet = ? and source = 0
        where id = ?
        """,
        [facet(SCOPE, scope), name],
    )
    return row.fetchone() is not None


def _texts(connection: Connection, names: Sequence[str]) -> dict[str, bytes | None]:
    """The payloads of those of these statements that are here."""
    rows = connection.execute(
        """
        select id, payload from statement
        left join event on event.place = statement.place and event.sequence = statement.sequence
        where id in (select value from json_each(?))
        """,
        [json.dumps(names)],
    )
    return {row["id"]: row["payload"] for row in rows}


def _is_same(payload: bytes | None, document: dict[str, Any]) -> bool:
    if payload is None:
        return False
    return bool(comparable(json.loads(text_of(payload))) == comparable(document))


def text_of(payload: bytes) -> str:
    """The statement that an event holds, as it is said."""
    return str(parsed_payload(payload, dict)["statement"])
