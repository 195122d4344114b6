"""Templates: worlds begin from folders that were made once, and do only once what is the same the second time.

* The code that runs is the real one; what is saved is making empty tables, compiling SQL and building a web app anew.
* Who a box or a hub is comes from the world's seed: a template has no key of its own. Only the keys by which its
  courses are signed are the same in every world of one process.
* Sizes are those of a small world (`sizes.py`).
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlite_utils.migrations import Migrations

import tests.wire
from edge import config
from edge.box import LOCK_FILE, Box
from sync.hub import engine as hub_engine
from sync.hub.hub import KEY_FILE, Hub
from sync.keys import KeyPair
from sync.links.http import HttpLink
from sync.receiving import spool
from tests.simulation import sizes
from tests.stories.clock import TrueTime
from tests.stories.disk import Card, copied
from tests.wire import noise, release_at

IN_MEMORY = Path("/dev/shm")
COURSES = ("soil", "water")
"""What every hub offers from its first day."""


class Templates:
    """The folders of a box and a hub on their first day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def box(self, to: Path, seed: bytes) -> None:
        """The folder of a new box, whose key these bytes stand for."""
        copied(self._box, to)
        KeyPair.from_seed(seed).save(to / "keys" / "box.key")

    def hub(self, to: Path, seed: bytes) -> None:
        """The folder of a new hub with its courses, whose key these bytes stand for."""
        copied(self._hub, to)
        KeyPair.from_seed(seed).save(to / KEY_FILE)

    @cached_property
    def _box(self) -> Path:
        data = self._folder / "box"
        chance = Random("a box's template")
        clock = _StandingClock()
        Box.open(data, clock=clock, random_bytes=chance.randbytes, open_link=HttpLink).close()
        (data / "keys" / "box.key").unlink()
        (data / LOCK_FILE).unlink()
        return data

    @cached_property
    def _hub(self) -> Path:
        data = self._folder / "hub"
        chance = Random("a hub's template")
        hub = Hub.open(data, TrueTime(), chance.randbytes)
        for number, course in enumerate(COURSES):
            pages = {"index.html": f"<h1>{course}</h1>".encode(), "book.bin": noise(sizes.BOOK_BYTES, number)}
            release_at(hub, course, 1, {"core": pages})
        hub.close()
        (data / KEY_FILE).unlink()
        return data


class _StandingClock(TrueTime):
    """For a box that is opened once and closed."""

    def correct(self, wall_seconds: int) -> None:
        raise AssertionError("nobody talks to a template")


@contextmanager
def worlds() -> Iterator[tuple[Path, Card, Templates]]:
    """A folder in memory where worlds may live, small and quick; all is as it was when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="qanat-worlds-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
    card = Card()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "CHECKPOINT_BYTES", sizes.CHECKPOINT_BYTES)
        patch.setattr(spool, "sync_file", card.watching(spool.sync_file))
        patch.setattr(tests.wire, "PIECE_BYTES", sizes.PIECE_BYTES)
        patch.setattr(config, "MEGABYTE_BYTES", sizes.MEGABYTE_BYTES)
        patch.setattr(Migrations, "apply", _apply_what_is_new(Migrations.apply))
        patch.setattr(hub_engine, "create_engine", _compiling_once())
        try:
            yield folder, card, Templates(folder / "templates")
        finally:
            shutil.rmtree(folder)


def _apply_what_is_new(apply: Any) -> Any:
    """The same, but the database is asked once, and not by each set of tables, what it has already."""
    applied: weakref.WeakKeyDictionary[Any, set[tuple[str, str]]] = weakref.WeakKeyDictionary()

    def apply_new(self: Migrations, database: Any, **how: Any) -> None:
        if database not in applied:
            is_new = not database.execute(
                "select 1 from sqlite_master where name = ?", [self.migrations_table]
            ).fetchone()
            rows = [] if is_new else database.execute(f"select migration_set, name from {self.migrations_table}")
            applied[database] = {tuple(row) for row in rows}
        if not {(self.name, one.name) for one in self._migrations} <= applied[database]:
            apply(self, database, **how)

    return apply_new


def _compiling_once() -> Any:
    """An engine of its own for each start of a hub; but one dialect, and one memory of what SQL was compiled to."""
    first: list[Engine] = []
    compiled: dict[Any, Any] = {}

    def create(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        if not first:
            first.append(engine)
        engine.dialect = first[0].dialect
        engine.update_execution_options(compiled_cache=compiled)
        return engine

    return create
