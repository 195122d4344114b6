"""Rescuing a card: what its box had not sent yet, written as letters that the hub takes.

* The card is only read. In a copy of its database each event is looked for by its own name: a page that is gone takes
  only what lay on it.
* The letters are the box's own: its key, its journal, the code that writes them on a living box. The hub knows them for
  what they are, and takes each event once.
* Where events are missing in the middle, what lies behind needs a letter of its own: as many letters as there are gaps
  and one, to be taken in order.
* What was saved and what was lost is counted, and said.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.db import Connection, Database, fold_log, strangers
from catalog.fault import CallerFault
from edge.box import MIGRATIONS
from edge.carrying.works import enclose_home
from edge.serve import opened
from provisioning.rescue.partition import CardUnreadable, data_partition
from provisioning.rescue.proven import Found, Proven, Stretch, proven
from sync.carry.single import is_single
from sync.chain import event_of
from sync.clock import SystemClock
from sync.keys import KeyPair, box_id

FOLDERS = ("/box", "/data/box", "")
"""Where a box's folder lies on its partition: on our cards first."""
DATABASE = "box.db"
KEY = "keys/box.key"
EPOCHS_MISSED_MAX = 1000
EVENTS_MISSED_MAX = 50_000
"""So many numbers in a row without an event are the journal's end: one damaged page hides some thousands at most."""
KEPT = ("pinned_hub", "carried")
"""Tables of one row that a letter needs, taken over as they are."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch of the journal, as it was found."""

    place: int
    name: str
    taken: int
    """The last event that the hub has said to have; -1: none."""
    proven: Proven


@dataclass(frozen=True, slots=True)
class Rescued:
    """What came off a card."""

    box: str
    letters: tuple[Path, ...]
    events: int
    learners: int
    lost: int
    """Events that are known to have been, and are nowhere."""
    blanked: int
    """Events that are sent without what they said: it was damaged."""


def rescue(card: Path, out: Path, clock: SystemClock) -> Rescued:
    """Write what the box on this card had not sent as letters: `out`, and beside it where it takes more than one.

    Raises CallerFault, CardUnreadable.
    """
    if not is_single(out):
        raise CallerFault(f"{out} is no name for a letter.", "Give it a name that ends in .qanat.")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _read_off(card, work)
        keys = KeyPair.load(work / KEY)
        box = box_id(keys.public)
        fold_log(work / DATABASE)
        with strangers(work / DATABASE) as source:
            epochs = _epochs(source, box)
            letters, learners = [], set[str]()
            for number in range(max((len(one.proven.stretches) for one in epochs), default=0)):
                data = work / f"box-{number}"
                _lay_out(source, data, work / KEY, epochs, number)
                path = out if number == 0 else out.with_stem(f"{out.stem}-{number + 1}")
                _write_letter(data, path, clock)
                letters.append(path)
            stretches = [stretch for one in epochs for stretch in one.proven.stretches]
            for stretch in stretches:
                learners |= {found.event.learner for found in stretch.events if found.event.learner}
            return Rescued(
                box,
                tuple(letters),
                sum(len(stretch.events) for stretch in stretches),
                len(learners),
                sum(one.proven.lost for one in epochs),
                sum(one.proven.blanked for one in epochs),
            )


def _read_off(card: Path, work: Path) -> None:
    """Copy database, log and key off the card. Raises CardUnreadable."""
    for folder in FOLDERS:
        with suppress(CardUnreadable):
            partition = data_partition(card, f"{folder}/{DATABASE}")
            break
    else:
        raise CardUnreadable(
            f"On {card} no box is to be found.",
            "If it is the card of a box: its data partition is too damaged for us. Keep the card, and ask for help.",
        )
    (work / KEY).parent.mkdir()
    partition.copy(f"{folder}/{DATABASE}", work / DATABASE)
    partition.copy(f"{folder}/{DATABASE}-wal", work / f"{DATABASE}-wal")
    if not partition.copy(f"{folder}/{KEY}", work / KEY):
        raise CardUnreadable(
            "The key of the box cannot be read off the card; without it the hub believes nothing that is on it.",
            "If there is a backup of this box, restore it; what came after it is lost.",
        )


def _epochs(source: Connection, box: str) -> list[Epoch]:
    """Every epoch that is known, the oldest first, and what of it can be proven."""
    keys: dict[str, bytes | None] = {}

    def key_of(learner: str) -> bytes | None:
        if learner not in keys:
            row = _row(source, "select key from learner_key where learner = ?", learner)
            keys[learner] = bytes(row["key"]) if row else None
        return keys[learner]

    epochs = []
    for row in _counted(lambda place: _row(source, "select * from epoch where place = ?", place), 0, EPOCHS_MISSED_MAX):
        place, taken = row["place"], row["taken"]
        known = {}
        if cut := _row(source, "select sequence, hash from cut where place = ?", place):
            known[cut["sequence"]] = bytes(cut["hash"])
        if last := _event(source, place, taken):
            known[taken] = bytes(last["hash"])
        taken = max([taken, *known])
        found = _found(source, place, str(row["epoch"]), taken)
        epochs.append(Epoch(place, str(row["epoch"]), row["taken"], proven(box, taken, known, found, key_of)))
    return epochs


def _found(source: Connection, place: int, epoch: str, taken: int) -> Iterator[Found]:
    """Each event asked for by itself, so that a page that is gone takes only its own with it."""
    for row in _counted(lambda sequence: _event(source, place, sequence), taken + 1, EVENTS_MISSED_MAX):
        with suppress(TypeError, ValueError, OverflowError):
            yield Found(event_of(epoch, row), bytes(row["hash"]))


def _counted(ask: Callable[[int], sqlite3.Row | None], first: int, missed_max: int) -> Iterator[sqlite3.Row]:
    """What there is under the numbers from `first` on, until so many in a row are missing."""
    missed, number = 0, first
    while missed < missed_max:
        row = ask(number)
        number, missed = number + 1, 0 if row else missed + 1
        if row:
            yield row


def _event(source: Connection, place: int, sequence: int) -> sqlite3.Row | None:
    return _row(source, "select * from event where place = ? and sequence = ?", place, sequence)


def _row(source: Connection, question: str, *values: Any) -> sqlite3.Row | None:
    """One row; None where it is not there, or lies on a page that is damaged."""
    try:
        row: sqlite3.Row | None = source.execute(question, values).fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    return row


def _lay_out(source: Connection, data: Path, key: Path, epochs: Sequence[Epoch], number: int) -> None:
    """A box's folder whose journal holds, of each epoch, the stretch of this number."""
    (data / KEY).parent.mkdir(parents=True)
    shutil.copy(key, data / KEY)
    database = Database(data / DATABASE, MIGRATIONS)

    def fill(connection: Connection) -> None:
        for table in KEPT:
            if row := _row(source, f"select * from {table} where only = 1"):  # noqa: S608 - the names are ours
                _insert(connection, table, dict(zip(row.keys(), row, strict=True)))
        connection.execute("update carried set number = number + ?, says = '' where only = 1", [number])
        for epoch in epochs:
            if number < len(epoch.proven.stretches):
                _insert_stretch(connection, epoch, epoch.proven.stretches[number])

    try:
        database.write(fill)
    finally:
        database.close()


def _insert_stretch(connection: Connection, epoch: Epoch, stretch: Stretch) -> None:
    place = epoch.place
    _insert(connection, "epoch", {"place": place, "epoch": epoch.name, "taken": epoch.taken})
    if stretch.sequence >= 0:
        _insert(connection, "cut", {"place": place, "sequence": stretch.sequence, "hash": stretch.hash})
    for found in stretch.events:
        event = found.event
        row = {
            "place": place,
            "sequence": event.sequence,
            "kind": event.kind,
            "learner": event.learner,
            "payload": event.payload,
            "payload_hash": event.payload_hash,
            "hash": found.hash,
            "wall_seconds": event.wall_seconds,
            "monotonic_ms": event.monotonic_ms,
            "is_trusted": int(event.is_trusted),
        }
        _insert(connection, "event", row)
    for learner, key in stretch.keys.items():
        _insert(connection, "learner_key", {"learner": learner, "key": key})


def _insert(connection: Connection, table: str, row: dict[str, Any]) -> None:
    """Take a row over; one that is not of its table's form was damaged, and stays behind."""
    names = ", ".join(row)
    with suppress(sqlite3.Error):
        connection.execute(
            f"insert or replace into {table} ({names}) values ({', '.join('?' * len(row))})",  # noqa: S608 - our names
            list(row.values()),
        )


def _write_letter(data: Path, out: Path, clock: SystemClock) -> None:
    """Have the box itself write its letter. Raises NotEnrolled where its hub is not known any more."""
    with opened(data, clock) as box:
        enclose_home(box, out)
