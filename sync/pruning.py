"""Pruning: old events go, once the hub has them in a backup, and what they add up to has been said again.

* Nothing goes that the hub has not backed up, that is young, or that is among the newest: all three bounds hold.
* Before a learner's events go, where they stand is in the journal anew, behind all that goes.
* An epoch keeps where it was cut, so that its chain can still be proven from there; the journal's last event stays.
* One step is one small piece of work: somebody who answers a question meanwhile does not notice.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.db import Connection
from sync.keys import base64url
from sync.wire import HEADS_MAX, Head

EVENTS_KEPT = 400_000
DAYS_KEPT = 400
STEP_EVENTS_MAX = 250
"""How many events go in one piece of work: some milliseconds on a small board."""
STEP_LEARNERS_MAX = 1
"""Of how many learners it is said again in one piece of work where they stand: each may have hundreds of answers."""
AWAITED_MAX = 16
"""Of how many epochs at a time the hub is asked whether a backup holds them."""

Retell = Callable[[Connection, str], Iterable[tuple[str, Mapping[str, Any]]]]
"""What is to be said again of a learner before old events go ("": of nobody): kinds and payloads.

All that is read out of the journal on this box, and would be missed at a hub that has lost it.
"""


@dataclass(frozen=True, slots=True)
class Keep:
    """What stays: the newest so many events, and all that are not older than this moment."""

    events: int
    since_seconds: int

    def __post_init__(self) -> None:
        assert self.events > 0, "the journal's last event stays"


@dataclass(frozen=True, slots=True)
class Slice:
    """The oldest events that may go now: those of one epoch, up to a sequence."""

    place: int
    last_sequence: int


def next_slice(connection: Connection, keep: Keep) -> Slice | None:
    """What may go next; None where all that is here stays."""
    epochs = connection.execute(
        """
        select epoch.place, min(taken, backed_up) as safe, coalesce(cut.sequence, -1) as gone,
            (select max(sequence) from event where event.place = epoch.place) as last
        from epoch left join cut on cut.place = epoch.place order by epoch.place
        """
    ).fetchall()
    here = [row for row in epochs if row["last"] is not None]
    spare = sum(row["last"] - row["gone"] for row in here) - keep.events
    if not here or spare <= 0:
        return None
    oldest = here[0]
    last = min(oldest["safe"], oldest["gone"] + min(spare, STEP_EVENTS_MAX))
    young = connection.execute(
        """
        select min(sequence) as sequence from event
        where place = ? and sequence > ? and sequence <= ? and is_trusted = 1 and wall_seconds >= ?
        """,
        [oldest["place"], oldest["gone"], last, keep.since_seconds],
    ).fetchone()["sequence"]
    if young is not None:
        last = young - 1
    return Slice(oldest["place"], last) if last > oldest["gone"] else None


def await_backup(connection: Connection, keep: Keep) -> None:
    """Let the next report name the oldest epochs that could go but for the hub's backup: so it says how far that is."""
    connection.execute(
        """
        update epoch set is_awaited = 1
        where is_awaited = 0 and place in (
            select place from epoch
            where min(taken, backed_up) < (select max(sequence) from event where event.place = epoch.place)
                and exists (select 1 from event where event.place = epoch.place and wall_seconds < ?)
                and place < (select max(place) from epoch)
            order by place limit ?
        )
        """,
        [keep.since_seconds, AWAITED_MAX],
    )


def untold(connection: Connection, going: Slice) -> list[str]:
    """Whose standing must be said again before these events go; a few at a time, "" for what is nobody's."""
    rows = connection.execute(
        """
        select distinct learner from event
        where place = ? and sequence <= ? and payload is not null and kind not in ('epoch', 'shelved')
            and not exists (
                select 1 from retold
                where retold.learner = event.learner and (retold.place, retold.sequence) > (?, ?)
            )
        limit ?
        """,
        [going.place, going.last_sequence, going.place, going.last_sequence, STEP_LEARNERS_MAX],
    )
    return [row["learner"] for row in rows]


def note_retold(connection: Connection, learner: str, place: int, sequence: int) -> None:
    """Remember from where on it is said again where a learner stands."""
    connection.execute("insert or replace into retold values (?, ?, ?)", [learner, place, sequence])


def cut(connection: Connection, going: Slice) -> None:
    """Let these events go, and keep where the chain stands behind them."""
    # A learner who is erased later must not be found in what was freed.
    connection.execute("pragma secure_delete = on")
    connection.execute(
        """
        insert or replace into cut (place, sequence, hash)
        select place, sequence, hash from event where place = ? and sequence = ?
        """,
        [going.place, going.last_sequence],
    )
    connection.execute("delete from event where place = ? and sequence <= ?", [going.place, going.last_sequence])


def pruned_heads(reader: Connection) -> list[Head]:
    """Up to where epochs are gone of which the hub asks for more than is here."""
    rows: Iterable[sqlite3.Row] = reader.execute(
        """
        select epoch, cut.sequence, hash from cut join epoch on epoch.place = cut.place
        where cut.sequence > taken and writer = '' order by epoch.place limit ?
        """,
        [HEADS_MAX],
    )
    return [Head(row["epoch"], row["sequence"], base64url(row["hash"])) for row in rows]
