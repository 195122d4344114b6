"""Nouns of the road between box and hub: a clock that we turn, randomness from a seed, a journal that restarts."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.db import Database
from sync import journal
from sync.clock import Moment
from sync.events import Event
from sync.journal import Journal
from sync.keys import KeyPair, box_id
from sync.wire import Mark

SEED = 20260101


class HandClock:
    """A clock that moves only when it is turned."""

    def __init__(self) -> None:
        self.wall_seconds = 1_790_000_000
        self.monotonic_seconds = 100.0
        self.is_trusted = True

    def now(self) -> Moment:
        return Moment(self.wall_seconds, self.monotonic_seconds, self.is_trusted)

    def wait(self, seconds: float) -> None:
        self.wall_seconds += int(seconds)
        self.monotonic_seconds += seconds


class Writer:
    """A box's journal on its own disk, as the field sees it: things happen, power goes and comes, the hub marks."""

    def __init__(self, folder: Path, key: KeyPair, clock: HandClock, randomness: random.Random) -> None:
        self.path = folder / "box.db"
        self.box = box_id(key.public)
        self.clock = clock
        self.randomness = randomness
        self.restarts()

    def restarts(self) -> str:
        """Power off, power on; returns the new epoch."""
        if hasattr(self, "database"):
            self.database.close()
        self.database = Database(self.path, [journal.migrations])
        self.journal = Journal(self.database, self.box, self.clock, self.randomness.randbytes)
        return self.journal.open_epoch()

    def says(self, kind: str, learner: str = "", **payload: Any) -> Event:
        return self.database.write(lambda connection: self.journal.append(connection, kind, learner, payload))

    def progresses(self, learner: str, permille: int = 500) -> Event:
        return self.says("progressed", learner, course="water", version=1, activity="site", permille=permille)

    def erases(self, learner: str) -> bool:
        return self.database.write(lambda connection: self.journal.erase(connection, learner))

    def hears(self, *marks: Mark) -> None:
        self.database.write(lambda connection: self.journal.take_marks(connection, marks))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def randomness() -> random.Random:
    return random.Random(SEED)


@pytest.fixture
def box_key() -> KeyPair:
    return KeyPair.from_seed(bytes(range(32)))


@pytest.fixture
def hub_key() -> KeyPair:
    return KeyPair.from_seed(bytes(range(32, 64)))


@pytest.fixture(scope="session")
def new_writer(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Writer]:
    """A writer for each world that a property test draws."""
    key = KeyPair.from_seed(bytes(range(32)))
    return lambda: Writer(tmp_path_factory.mktemp("writer"), key, HandClock(), random.Random(SEED))


@pytest.fixture
def writer(tmp_path: Path, box_key: KeyPair, clock: HandClock, randomness: random.Random) -> Iterator[Writer]:
    writer = Writer(tmp_path, box_key, clock, randomness)
    yield writer
    writer.database.close()
