"""Every database of ours, and how its owner opens it: a new one must be named here, and is then filmed."""

import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from catalog import publish
from catalog.db import Database
from edge import box
from sync.hub.engine import open_engine, sqlite_url
from sync.web import sessions
from tests.power.judging import Start

MEMORY = Path("/dev/shm")


def _box(path: Path) -> None:
    Database(path, box.MIGRATIONS).close()


def _hub(path: Path) -> None:
    open_engine(sqlite_url(path)).dispose()


def _catalog(path: Path) -> None:
    Database(path, publish.MIGRATIONS).close()


def _sessions(path: Path) -> None:
    with closing(Database(path, [sessions.migrations])):
        pass


STARTS: Mapping[str, Start] = {"box.db": _box, "hub.db": _hub, "catalog.db": _catalog, "sessions.db": _sessions}
"""The databases that must outlive a power cut, each with its owner's way of opening it."""

FOR_ONE_COMMAND: Mapping[str, str] = {"files.db": "the index while a pack is unpacked by hand, gone with the command"}
"""Databases that nobody needs again, and why."""


def in_memory(prefix: str) -> Path:
    """A new folder in memory where the machine has such a place: cuts write a great deal. The caller removes it."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if MEMORY.is_dir() else None))
