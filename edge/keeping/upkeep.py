"""Upkeep: what a box does for its journal once a night is over, and for the rest of itself each minute.

* What may go is pruned, a few milliseconds at a time: whoever writes meanwhile waits no longer than for another.
* A little of the journal is proven again each night, so that all of it comes round; damage is an alarm, not a fall.
* It may stop at any line: the next night goes on.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlite_utils.migrations import Migrations

from catalog.db import Connection
from catalog.fault import Damaged
from edge.keeping import trust
from edge.keeping.alarms import DAY_SECONDS
from sync.chain import BEGINNING, Position
from sync.clock import Moment

if TYPE_CHECKING:
    from edge.box import Box

STEPS_MAX = 4000
"""How many small pieces of pruning one night does at most: a million events, or the standing of four thousand."""
PROVEN_EVENTS = 20_000
"""How much of the journal is proven each night: a second or two on a small board."""

migrations = Migrations("edge.keeping.upkeep")


@migrations()
def proven(connection: Connection) -> None:
    """Up to where the journal was proven in this round."""
    connection.execute(
        """
        create table proven (
            only integer primary key check (only = 1),
            place integer not null,
            sequence integer not null
        ) strict
        """
    )
    connection.execute("insert into proven values (1, 0, -1)")


def after_night(box: "Box") -> None:
    """Do what there is to do, after a session with the hub. Does nothing once the box is told to stop."""
    prune(box)
    prove(box)


def each_minute(box: "Box", moment: Moment) -> None:
    """Look at the clock, read a little of the store where it is time to, see whether the catalogue's word counts.

    Last comes what takes longest: to make findable what is new on the shelf, and books of its text.
    """
    box.watch.look(moment)
    scrub(box, moment)
    trust.look(box)
    box.secure.look()
    if box.indexing.tick():
        box.books.tick()
    box.asking.tidy()


def scrub(box: "Box", moment: Moment) -> None:
    """Read one step of the store where it is time to, and say what is rotten."""
    step = box.scrubbing.tick(moment)
    if step is not None and step.rotten:
        said_rotten(box)


def said_rotten(box: "Box") -> None:
    """Raise the alarm about what the card did not keep; staff settle it, once they know."""
    if rotten := box.scrubbing.scrub.rotten():
        box.alarms.raise_("scrub-found", files=len(rotten))


def prune(box: "Box", steps_max: int = STEPS_MAX) -> int:
    """Prune what may go. Returns how many small pieces of work it took; none without a clock that is trusted."""
    # Loaded after the first night: the pages need none of it.
    from edge.people import retelling
    from sync import snapshot
    from sync.pruning import Keep

    now = box.clock.now()
    if not now.is_trusted:
        return 0
    keeps = [Keep(box.config.journal_events, now.wall_seconds - box.config.journal_days * DAY_SECONDS)]
    # The hub may rule that they stay shorter, however few they are. Each by itself.
    if (days_ruled := box.campus.days_ruled()) is not None:
        keeps.append(Keep(1, now.wall_seconds - days_ruled * DAY_SECONDS))

    def said_again(connection: Connection, learner: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield from retelling.retold(connection, learner)
        for piece in box.learning.snapshots(connection, learner) if learner else ():
            yield snapshot.KIND, piece.fields()

    def step(keep: Keep, connection: Connection) -> bool:
        return box.journal.prune(connection, keep, said_again)

    taken = 0
    for keep in keeps:
        while taken < steps_max and not box.nightly.is_stopping and box.database.write(partial(step, keep)):
            taken += 1
    while not box.nightly.is_stopping and box.lrs.prune():
        pass
    return taken


def prove(box: "Box", events_max: int = PROVEN_EVENTS) -> Position:
    """Prove the next part of the journal; damage raises an alarm, which a whole round without any settles.

    Returns up to where it is proven in this round.
    """
    from sync.pruning import STEP_EVENTS_MAX

    row = box.database.read().execute("select place, sequence from proven where only = 1").fetchone()
    at = Position(row["place"], row["sequence"])
    try:
        for _ in range(0, events_max, STEP_EVENTS_MAX):
            if box.nightly.is_stopping:
                break
            at = box.journal.verify_part(at, STEP_EVENTS_MAX)
            if at == BEGINNING:
                box.alarms.settle("journal-damaged")
                break
    except Damaged:
        box.alarms.raise_("journal-damaged")
    box.database.write(
        lambda connection: connection.execute(
            "update proven set place = ?, sequence = ? where only = 1", [at.place, at.sequence]
        )
    )
    return at
