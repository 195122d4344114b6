"""Nouns of the tests about carrying: keys, letters, a stick."""

from pathlib import Path

import pytest

from catalog.digest import digest_of
from sync.carry.carrier import Listed
from sync.carry.letter import Down
from sync.carry.stick import Stick
from sync.keys import KeyPair
from sync.wire import Answer, Mark

BOX = KeyPair.from_seed(b"b" * 32)
HUB = KeyPair.from_seed(b"h" * 32)
STRANGER = KeyPair.from_seed(b"s" * 32)


@pytest.fixture
def stick(tmp_path: Path) -> Stick:
    disk = tmp_path / "disk"
    disk.mkdir()
    return Stick(disk)


@pytest.fixture
def down() -> Down:
    """A letter of the hub, with all that it may hold."""
    answer = Answer("letter", "nonce-1", (Mark("epoch-1", 41, 7),), wall_seconds=1_790_000_000, erased=("learner-1",))
    return Down(HUB.public, "box-1", "campus-1", 5, 3, answer, (Listed("core-1", 10, digest_of(b"x")),))
