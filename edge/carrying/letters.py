"""Letters at the box: which of the hub's are believed, and the one that goes home.

* A letter of the hub is believed once, and only forward: an older stick changes nothing.
* Where the box has talked to the hub since the letter was written, its marks only move forward and its plan is no news.
* The letter home is kept, sealed, as a file: while there is nothing new it is the same file, byte for byte, so that a
  phone may go on fetching it and a stick that has it is not written again.
"""

import io
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from sqlite_utils.migrations import Migrations

from catalog import durable
from catalog.db import Connection
from catalog.digest import Digest, digest_of
from catalog.manifest import canonical
from sync import exchange
from sync.events import is_learner

if TYPE_CHECKING:
    from edge.box import Box
    from sync.carry.letter import Down
    from sync.wire import Report

FOLDER = "carry"
LETTER = "up.age"

migrations = Migrations("edge.carrying")


@migrations()
def carried(connection: Connection) -> None:
    """`heard`: the number of the hub's last letter that was believed; `number` and `says`: our own last letter."""
    connection.execute(
        """
        create table carried (
            only integer primary key check (only = 1),
            heard integer not null,
            number integer not null,
            says text not null,
            events integer not null
        ) strict
        """
    )
    connection.execute("insert into carried values (1, 0, 0, '', 0)")


class Standing(Enum):
    """What a letter of our hub is to this box."""

    NEW = "new"
    KNOWN = "known"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Home:
    """The letter home as it lies ready: sealed, and how many events are in it."""

    path: Path
    number: int
    events: int

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size


@dataclass(frozen=True, slots=True)
class _Row:
    heard: int
    number: int
    says: str
    events: int


def standing(heard: int, number: int) -> Standing:
    """What a letter of this number is to a box that has believed `heard`.

    >>> standing(4, 3)
    <Standing.OLD: 'old'>
    """
    if number > heard:
        return Standing.NEW
    return Standing.KNOWN if number == heard else Standing.OLD


class BoxLetters:
    """A box's letters, both ways."""

    def __init__(self, box: "Box") -> None:
        self._box = box

    def believe(self, letter: "Down") -> Standing:
        """Take what a proven letter of our hub says, in one transaction; returns what it was to us."""
        return self._box.database.write(lambda connection: self._believe(connection, letter))

    def home(self) -> Home:
        """The letter home, sealed and up to date.

        Raises DiskFull or BoxFault where it cannot be written.
        """
        path = self._box.data / FOLDER / LETTER
        row = self._row()
        report = _report(self._box)
        says = self._says(report)
        if row.says == says and path.exists():
            return Home(path, row.number, row.events)
        path.parent.mkdir(exist_ok=True)
        number = row.number + 1
        events = self._write(path, report, number, row.heard)
        self._box.database.write(
            lambda connection: connection.execute(
                "update carried set number = ?, says = ?, events = ? where only = 1", [number, says, events]
            )
        )
        return Home(path, number, events)

    def _believe(self, connection: Connection, letter: "Down") -> Standing:
        row = self._row(connection)
        # A card that was restored has forgotten numbers that the hub has seen: it goes on above them.
        number = max(row.number, letter.heard)
        found = standing(row.heard, letter.number)
        if found is Standing.NEW:
            box, answer = self._box, letter.answer
            if exchange.nonce_now(connection) == answer.nonce:
                box.journal.take_marks(connection, answer.marks)
                box.wants.keep(connection, answer.plan)
                box.shelf.take_away(connection, answer.withdrawn)
            else:
                box.journal.raise_marks(connection, answer.marks)
            for learner in filter(is_learner, answer.erased):
                box.journal.erase(connection, learner)
                box.people.forget(connection, learner)
        heard = max(row.heard, letter.number)
        # A hub that writes below what we heard was restored, or the stick is old: the next letter home says which.
        says = "" if found is Standing.OLD else row.says
        connection.execute("update carried set heard = ?, number = ?, says = ? where only = 1", [heard, number, says])
        return found

    def _write(self, path: Path, report: "Report", number: int, heard: int) -> int:
        from sync.carry.letter import BATCHES_MAX, Up, up_head
        from sync.carry.sealed import seal
        from sync.keys import PublicKey

        hub = self._box.hub
        assert hub is not None, "a letter needs a hub to go to"
        events = 0
        listed: list[tuple[int, Digest]] = []
        try:
            with TemporaryFile(dir=path.parent) as batches:
                for batch, wire in self._box.journal.unsent_batches():
                    if len(listed) == BATCHES_MAX:
                        break  # the rest goes when the hub has taken these
                    batches.write(wire)
                    listed.append((len(wire), digest_of(wire)))
                    events += len(batch.events)
                batches.seek(0)
                head = up_head(Up(number, heard, report, tuple(listed)), self._box.keys)
                with durable.replacing(path, 0o600) as sealed:
                    seal(io.BufferedReader(_Joined(head, batches)), sealed, PublicKey(hub.hub_key))
        except OSError as error:
            raise durable.disk_fault(error, path) from error
        return events

    def _says(self, report: "Report") -> str:
        """One name for all that makes a new letter worth writing: what changes by itself (time, room) does not.

        Nor does what was heard: two sides that answered each other's answers would never come to rest.
        """
        still = replace(report, free_bytes=0, wall_seconds=0, is_clock_trusted=False)
        return digest_of(canonical([still.to_bytes().decode(), self._box.journal.unsent_count()]))

    def _row(self, connection: Connection | None = None) -> _Row:
        reader = connection or self._box.database.read()
        return _Row(*reader.execute("select heard, number, says, events from carried where only = 1").fetchone())


class _Joined(io.RawIOBase):
    """Some bytes and a file behind them, read as one."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = io.BytesIO(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]
        data = self._head.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _report(box: "Box") -> "Report":
    """What the box would report over a link now, without a batch."""
    from sync.carry.letter import NO_NONCE
    from sync.patch.jpeg import JpegXl
    from sync.session import capabilities, holdings_told
    from sync.wire import Report, shelf_digest

    holdings = holdings_told(box.shelf, box.wants)
    now = box.clock.now()
    return Report(
        box=box.id,
        request=NO_NONCE,
        nonce=NO_NONCE,
        heads=box.journal.heads(),
        shelf=shelf_digest(holdings),
        free_bytes=box.free_bytes,
        wall_seconds=now.wall_seconds,
        is_clock_trusted=now.is_trusted,
        holdings=holdings,
        can=capabilities(JpegXl.find(), box.following, box.catalogues),
        follows=box.following.standing(),
        catalogues=box.catalogues.held(),
        pruned=box.journal.pruned_heads(),
    )
