"""Templates: worlds begin from folders that were made once, and do only once what is the same the second time.

* The code that runs is the real one; what is saved is making empty tables, enrolling, and compiling SQL anew.
* Every world has the same first day and the same keys; those by which courses are signed are a process's own.
* Sizes are those of a small world (`sizes.py`).
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlite_utils.migrations import Migrations

import tests.wire
from edge import config
from edge.box import Box
from edge.works import enrol
from sync.budget.due import Lanes
from sync.enrolment import Token
from sync.hub import engine as hub_engine
from sync.hub.hub import KEY_FILE, Hub
from sync.hub.trust import keys
from sync.keys import KeyPair
from sync.links.http import HttpLink
from sync.receiving import spool
from sync.web import passwords
from tests.simulation import sizes
from tests.simulation.routes import Standing, routes
from tests.stories.box import CONFIG
from tests.stories.clock import BoxClock, TrueTime
from tests.stories.disk import Card, copied
from tests.sync.hub.trust.conftest import opened_quickly, sealed_quickly
from tests.wire import ADDRESS, Wire, noise, release_at

IN_MEMORY = Path("/dev/shm")
KEY_BYTES = 32
CAMPUS = "Wadi"
COURSES = ("soil", "water")
"""What every hub offers from its first day."""
BOXES = ("school 0", "school 1")
"""What belongs to every hub from its first day, and has talked to it once."""


class Templates:
    """The folders of a hub and its boxes: on the morning on which the boxes are new, and after their first night."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hub(self, to: Path, *, is_new: bool) -> None:
        """Copy the hub's folder."""
        copied(self._of(is_new) / "hub", to)

    def box(self, name: str, to: Path, *, is_new: bool) -> None:
        """Copy one box's folder."""
        copied(self._of(is_new) / name, to)

    def _of(self, is_new: bool) -> Path:
        return self._new if is_new else self._settled

    @cached_property
    def _new(self) -> Path:
        return _first_day(self._folder / "new", Lanes.PROGRESS)

    @cached_property
    def _settled(self) -> Path:
        return _first_day(self._folder / "settled", Lanes.ALL)


def _first_day(folder: Path, lanes: Lanes) -> Path:
    """Make a hub with its courses, and boxes that have talked to it once."""
    folder.mkdir(parents=True)
    chance = Random("the first day")
    standing = Standing()
    standing.hub = _hub(folder / "hub", chance)
    fleet, wire = standing.hub.fleet, Wire(routes(standing))
    for name in BOXES:
        box = _enrolled(folder / name, name, fleet.make_token(fleet.campus_called(CAMPUS)), wire, chance)
        box.nightly.run(lanes)
        box.close()
    standing.hub.close()
    return folder


def _hub(data: Path, chance: Random) -> Hub:
    KeyPair.from_seed(chance.randbytes(KEY_BYTES)).save(data / KEY_FILE)
    hub = Hub.open(data, TrueTime(), chance.randbytes)
    for number, course in enumerate(COURSES):
        pages = {"index.html": f"<h1>{course}</h1>".encode(), "book.bin": noise(sizes.BOOK_BYTES, number)}
        release_at(hub, course, 1, {"core": pages})
    return hub


def _enrolled(data: Path, name: str, token: Token, wire: Wire, chance: Random) -> Box:
    KeyPair.from_seed(chance.randbytes(KEY_BYTES)).save(data / "keys" / "box.key")
    box = Box.open(
        data,
        CONFIG,
        clock=BoxClock(TrueTime()),
        random_bytes=chance.randbytes,
        open_link=lambda address: HttpLink(address, wire),
    )
    enrol(box, {"token": str(token), "hub": ADDRESS, "name": name})
    return box


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
        patch.setattr(passwords, "hash_secret", lru_cache(maxsize=None)(passwords.hash_secret))
        patch.setattr(keys, "encrypted", sealed_quickly)
        patch.setattr(keys, "decrypted", opened_quickly)
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
