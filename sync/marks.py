"""Marks: how far the hub has each epoch of this box's journal, and what follows from that.

* What the hub says is believed, backwards too: a hub that was restored asks again for what it lost.
* A mark that goes back, or points beyond what is here, says that one of the two was restored. Whoever asked hears so.
* A report names only what may need an answer: epochs not taken whole, the newest, those that wait for a backup.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.db import Connection
from sync.keys import base64url
from sync.wire import HEADS_MAX, Head, Mark


@dataclass(frozen=True, slots=True)
class Marked:
    """What the hub's marks say, beyond how far it is."""

    asked_again: int
    """Events that it had taken, and asks for again: it was restored."""
    gone: int
    """How many of those were pruned here."""
    beyond: int
    """Events of ours that it has and we have not: this card was restored."""


def believe(connection: Connection, marks: Sequence[Mark]) -> Marked:
    """Take the hub's word for how far it has each epoch."""
    asked_again = gone = beyond = 0
    for mark in marks:
        row = connection.execute(
            """
            select epoch.place, taken, coalesce(cut.sequence, -1) as cut,
                coalesce((select max(sequence) from event where event.place = epoch.place), cut.sequence) as last
            from epoch left join cut on cut.place = epoch.place where epoch = ?
            """,
            [mark.epoch],
        ).fetchone()
        if row is None:
            continue
        asked_again += max(0, row["taken"] - mark.taken)
        gone += max(0, min(row["cut"], row["taken"]) - mark.taken)
        beyond += max(0, mark.taken - row["last"])
        connection.execute(
            "update epoch set taken = ?, backed_up = ? where place = ?", [mark.taken, mark.backed_up, row["place"]]
        )
    return Marked(asked_again, gone, beyond)


def raised(connection: Connection, marks: Sequence[Mark]) -> None:
    """Take marks that may be older than what the hub said since: they only ever move forward."""
    connection.conn.executemany(
        "update epoch set taken = max(taken, ?), backed_up = max(backed_up, ?) where epoch = ?",
        [(mark.taken, mark.backed_up, mark.epoch) for mark in marks],
    )


def waits_for_backup(reader: Connection) -> bool:
    """Tell whether the hub has taken something, and nothing of it is in a backup."""
    row = reader.execute("select max(taken) as taken, max(backed_up) as backed_up from epoch").fetchone()
    return row["taken"] is not None and row["taken"] >= 0 and row["backed_up"] < 0


def heads(reader: Connection) -> list[Head]:
    """Where the epochs end that a report names, the oldest first."""
    rows = reader.execute(
        """
        select epoch, coalesce(event.sequence, cut.sequence) as last, coalesce(event.hash, cut.hash) as hash
        from epoch left join cut on cut.place = epoch.place left join event on event.place = epoch.place
            and event.sequence = (select max(sequence) from event where event.place = epoch.place)
        where writer = ''
            and (last > taken or (is_awaited and last > backed_up) or epoch.place = (select max(place) from epoch))
        order by epoch.place desc limit ?
        """,
        [HEADS_MAX],
    )
    return [Head(row["epoch"], row["last"], base64url(row["hash"])) for row in rows][::-1]


def first_unsent(reader: Connection) -> tuple[str, int] | None:
    """The first event that the hub has not taken, by epoch and sequence; it may be one that was pruned."""
    row = reader.execute(
        """
        select epoch, taken + 1 as first from epoch left join cut on cut.place = epoch.place
        where writer = '' and (cut.sequence > taken
            or exists (select 1 from event where event.place = epoch.place and event.sequence > taken))
        order by epoch.place limit 1
        """
    ).fetchone()
    return (row["epoch"], row["first"]) if row else None


def is_safe(reader: Connection) -> bool:
    """Tell whether the hub has all that is here in a backup."""
    row = reader.execute(
        """
        select 1 from epoch left join cut on cut.place = epoch.place
        where writer = '' and min(taken, backed_up) < coalesce(
            (select max(sequence) from event where event.place = epoch.place), cut.sequence, -1
        )
        """
    ).fetchone()
    return row is None


def await_backups(connection: Connection) -> None:
    """Let reports name every epoch until a backup holds it."""
    connection.execute("update epoch set is_awaited = 1 where writer = '' and is_awaited = 0")


def is_erasure_unsent(connection: Connection, learner: str) -> bool:
    """Tell whether the hub is still to hear that this learner was erased."""
    row = connection.execute(
        """
        select 1 from event join epoch on epoch.place = event.place
        where learner = ? and kind = 'erased' and sequence > taken and writer = ''
        """,
        [learner],
    ).fetchone()
    return row is not None


def lost_erasures(connection: Connection) -> list[str]:
    """Whose erasure a restored hub may have lost for good: its event is gone here. The others come by themselves."""
    rows = connection.execute(
        """
        select learner from erased
        where not exists (
            select 1 from event join epoch on epoch.place = event.place
            where event.learner = erased.learner and event.kind = 'erased' and writer = ''
        )
        """
    )
    return [row["learner"] for row in rows.fetchall()]
