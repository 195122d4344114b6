"""A replay: what was dictated to one database, said again on a disk that is filmed.

* Statements, values, transactions and connections are those of the real code, its pragmas too; a planted mistake
  changes some words on the way.
* The log is moved into the file every few pages, so that cuts fall into that as well.
* After each commit the whole contents are noted: a cut must leave exactly those of one commit, not of an earlier one
  than was acknowledged, and not of a later one than was begun.
"""

import itertools
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from catalog.digest import Hasher
from tests.power.dictation import Line
from tests.power.disk import Act
from tests.power.recording import RecordingDisk

CHECKPOINT_PAGES = 12
CHANGE_NOTHING = ("select", "pragma", "begin", "savepoint", "release", "explain")
"""How statements begin that change no row themselves."""

NOTHING = "no tables"

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction: how many acts the film had when its end was asked for, and what the database then held."""

    begun_at: int
    contents: str


@dataclass(frozen=True, slots=True)
class Film:
    """A database's whole life, as its disk saw it."""

    name: str
    acts: Sequence[Act]
    commits: Sequence[Commit]
    acknowledged: Sequence[tuple[int, int]]
    """Of each acknowledgement: how many acts the film had, and how many commits it spoke for."""

    def may_be_found(self, at: int) -> dict[str, int]:
        """What a start after a cut may find, by contents: the number of the commit."""
        told = bisect_right(self.acknowledged, at, key=lambda one: one[0])
        first = self.acknowledged[told - 1][1] if told else 0
        last = bisect_right(self.commits, at, key=lambda commit: commit.begun_at)
        return {self.contents_after(number): number for number in range(first, last + 1)}

    def contents_after(self, commits: int) -> str:
        return self.commits[commits - 1].contents if commits else NOTHING

    def commit_of(self, contents: str) -> int | None:
        """The latest commit that left these contents."""
        numbers = [number for number in range(len(self.commits) + 1) if self.contents_after(number) == contents]
        return max(numbers, default=None)


def replayed(lines: Iterable[Line], folder: Path, mistake: Mapping[str, str] | None = None) -> Film:
    """Say it all again in `folder`; `mistake` has other words for some statements."""
    disk = RecordingDisk(f"filmed-{os.getpid()}-{next(_numbers)}")
    return _Replay(disk, folder, mistake or {}).played(lines)


def recovered(name: str, folder: Path) -> Sequence[Act]:
    """Start from what a cut left in `folder`, as far as SQLite mends it: the log is read and moved into the file."""
    disk = RecordingDisk(f"filmed-{os.getpid()}-{next(_numbers)}")
    connection = apsw.Connection(str(folder / name), vfs=disk.name)
    try:
        for setting in ("journal_mode = wal", "synchronous = full", "wal_checkpoint(truncate)"):
            connection.execute(f"pragma {setting}").fetchall()
    finally:
        connection.close()
    return disk.acts


class _Replay:
    def __init__(self, disk: RecordingDisk, folder: Path, mistake: Mapping[str, str]) -> None:
        self._disk, self._folder, self._mistake = disk, folder, mistake
        self._connections: dict[int, apsw.Connection] = {}
        self._changed: set[int] = set()
        self._commits: list[Commit] = []
        self._acknowledged: list[tuple[int, int]] = []
        self._name = ""

    def played(self, lines: Iterable[Line]) -> Film:
        for line in lines:
            match line.kind:
                case "open":
                    self._open(line)
                case "say":
                    self._say(line)
                case "close":
                    self._connections.pop(line.connection).close()
                case "acknowledge":
                    self._acknowledged.append((len(self._disk.acts), len(self._commits)))
        for connection in self._connections.values():
            connection.close()
        return Film(self._name, self._disk.acts, self._commits, self._acknowledged)

    def _open(self, line: Line) -> None:
        self._name = line.path.name
        connection = apsw.Connection(str(self._folder / self._name), vfs=self._disk.name)
        connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self._connections[line.connection] = connection

    def _say(self, line: Line) -> None:
        connection = self._connections[line.connection]
        begun_at = len(self._disk.acts)
        for _ in connection.execute(self._mistake.get(line.words.strip(), line.words)):
            pass
        if not line.words.lstrip().lower().startswith(CHANGE_NOTHING):
            self._changed.add(line.connection)
        if line.connection in self._changed and not connection.in_transaction:
            self._changed.discard(line.connection)
            contents = contents_of(connection.execute)
            if contents != (self._commits[-1].contents if self._commits else NOTHING):
                self._commits.append(Commit(begun_at, contents))


def contents_of(execute: Callable[[str], Any]) -> str:
    """All that a database holds, as one hash; whichever library reads it."""
    tables = list(execute("select name, sql from sqlite_schema where type = 'table' order by name"))
    if not tables:
        return NOTHING
    hasher = Hasher()
    for name, sql in tables:
        hasher.update(f"{name} {sql}\n".encode())
        for row in execute(f'select * from "{name}"'):
            hasher.update(repr(tuple(row)).encode())
    return hasher.digest()
