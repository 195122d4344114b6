"""Hundreds of worlds drawn by lot, and worlds with a mistake built in, which must be found."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tests.wire
from sync import signing
from sync.exchange import Exchange
from sync.receiving import spool
from sync.wire import Mark
from tests.stories import lots
from tests.stories.disk import Card
from tests.stories.world import World

pytestmark = pytest.mark.slow

WORLDS_IN_MEMORY = Path("/dev/shm")
FEW = 12
MANY = 100
MISTAKEN = 60
"""So many worlds at most until a mistake must have shown."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Where worlds live: in memory where the machine has such a place, for they flush a great deal."""
    folder = Path(tempfile.mkdtemp(prefix="qanat-worlds-", dir=WORLDS_IN_MEMORY if WORLDS_IN_MEMORY.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def live(disk: Path, card: Card, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lives the world of a seed."""
    monkeypatch.setattr(spool, "CHECKPOINT_BYTES", lots.CHECKPOINT_BYTES)
    monkeypatch.setattr(tests.wire, "PIECE_BYTES", lots.PIECE_BYTES)

    def live_one(seed: int) -> None:
        folder = disk / str(seed)
        folder.mkdir()
        world = World(folder, card, seed)
        try:
            lots.lived(world)
        except BaseException as error:
            error.add_note(f"This was the world of the seed {seed}.")
            raise
        finally:
            world.closes()
            shutil.rmtree(folder)

    return live_one


def test_a_few_worlds(live: Callable[[int], None]) -> None:
    for seed in range(FEW):
        live(seed)


@pytest.mark.system
def test_many_worlds(live: Callable[[int], None]) -> None:
    for seed in range(FEW, FEW + MANY):
        live(seed)


def believes_whoever_answers(*_: Any) -> None:
    """Signatures are for the careful."""


def moves_its_marks_as_it_speaks(exchange: Exchange, compose: Any) -> bytes:
    """What is on its way has surely arrived."""
    body = careful_held(exchange, compose)
    report = tests.wire.Report.from_bytes(body)
    marks = [Mark(head.epoch, head.sequence, -1) for head in report.heads]
    exchange._database.write(
        lambda connection: connection.conn.executemany(
            "update epoch set taken = ? where epoch = ?", [(mark.taken, mark.epoch) for mark in marks]
        )
    )
    return body


careful_held = Exchange._held


@pytest.mark.parametrize(
    ("owner", "name", "mistake"),
    [(signing, "verify_answer", believes_whoever_answers), (Exchange, "_held", moves_its_marks_as_it_speaks)],
    ids=["believes an unsigned mark", "moves its mark before the answer"],
)
def test_a_mistake_does_not_stay_hidden(
    live: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, mistake: Any
) -> None:
    """The worlds are worth nothing if a box that is wrong lives through them."""
    monkeypatch.setattr(owner, name, mistake)

    with pytest.raises(AssertionError, match="believes more than the hub has"):
        for seed in range(MISTAKEN):
            live(seed)
