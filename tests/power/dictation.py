"""What the real code says to SQLite: every statement of every connection, in order, and when it acknowledged.

* Python's sqlite3 and the code above it run unchanged; SQLite itself tells each statement, with its values in it.
* Every database that is opened meanwhile is noted, by its path: none can be forgotten.
* A dictation is of one thread: statements of two at once would have no order.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from unittest import mock

SETTINGS = ("journal_mode", "synchronous", "foreign_keys")
LASTING = "wal 2 1"
"""What a connection of ours must have of these when it is closed: WAL, FULL, on."""

Kind = Literal["open", "say", "close", "acknowledge"]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done on a connection; an acknowledgement is on none. A closing has its settings for words."""

    kind: Kind
    path: Path = Path()
    connection: int = 0
    words: str = ""


@dataclass
class Dictation:
    """All that was said, to all databases."""

    lines: list[Line] = field(default_factory=list)

    def acknowledged(self) -> None:
        """Somebody was told that it is done: all that was committed up to here must last."""
        self.lines.append(Line("acknowledge"))

    def paths(self) -> list[Path]:
        """Every database that was opened, in the order of the first opening."""
        return list(dict.fromkeys(line.path for line in self.lines if line.kind == "open"))

    def settings(self) -> dict[Path, set[str]]:
        """How the connections of each database were set when they were closed; "never closed" where one was not."""
        closed = {line.connection: line.words for line in self.lines if line.kind == "close"}
        found: dict[Path, set[str]] = {path: set() for path in self.paths()}
        for line in self.lines:
            if line.kind == "open":
                found[line.path].add(closed.get(line.connection, "never closed"))
        return found

    def to(self, path: Path) -> list[Line]:
        """What was said to one database, and all acknowledgements."""
        return [line for line in self.lines if line.path == path or line.kind == "acknowledge"]


@contextmanager
def dictated() -> Iterator[Dictation]:
    """Listen to all that is said to SQLite in this block."""
    said = Dictation()
    thread = threading.get_ident()
    count = 0

    def note(kind: Kind, path: Path, connection: int, words: str = "") -> None:
        assert threading.get_ident() == thread, "a dictation is of one thread"
        said.lines.append(Line(kind, path, connection, words))

    class Dictating(sqlite3.Connection):
        """A connection that tells what is said to it."""

        def __init__(self, database: Any, *args: Any, **words: Any) -> None:
            nonlocal count
            super().__init__(database, *args, **words)
            count += 1
            self._number, self._path = count, Path(database)
            note("open", self._path, self._number)
            self.set_trace_callback(lambda words: note("say", self._path, self._number, words))

        def close(self) -> None:
            self.set_trace_callback(None)
            settings = [str(self.execute(f"pragma {name}").fetchone()[0]) for name in SETTINGS]
            super().close()
            note("close", self._path, self._number, " ".join(settings))

    real: Callable[..., sqlite3.Connection] = sqlite3.connect  # noqa: TID251 - listened to, not opened

    def connect(*args: Any, **words: Any) -> sqlite3.Connection:
        return real(*args, **{"factory": Dictating, **words})

    with mock.patch.object(sqlite3, "connect", connect), mock.patch.object(sqlite3.dbapi2, "connect", connect):
        yield said
