"""Nouns of the desk's tests: a clock that stands, and a small batch in a folder of its own."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.birth.seed import Seed, Wifi
from provisioning.batch.book import Batch, Book, Card, keep_seed
from sync.clock import Moment

MORNING_SECONDS = 1_790_000_000


class StandingClock:
    """A clock that goes only when it is set."""

    def __init__(self) -> None:
        self.wall_seconds = MORNING_SECONDS

    def now(self) -> Moment:
        return Moment(self.wall_seconds, 0.0, True)

    def wait(self, seconds: float) -> None:
        self.wall_seconds += int(seconds)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def random_bytes() -> Callable[[int], bytes]:
    return random.Random("desk").randbytes


@pytest.fixture
def book(tmp_path: Path, clock: StandingClock) -> Book:
    """Three cards that nobody has touched."""
    folder = tmp_path / "wadi"
    batch = Batch("b" * 16, "wadiwadi", "Wadi", "https://hub.example", MORNING_SECONDS, MORNING_SECONDS + 86_400)
    for number in (1, 2, 3):
        wifi = Wifi(f"Wadi {number}", f"open;sesame-{number}", "DJ", 6)
        keep_seed(folder, Seed(f"{number + 1}" * 16, batch.id, number, "Wadi", batch.hub, "t", "KMTRD-XWPCF", wifi))
    cards = [Card(number, f"{number + 1}" * 16, f"Wadi {number}") for number in (1, 2, 3)]
    return Book.begin(folder, batch, cards, clock)
