"""A world for each story; when the story has been told, every invariant is asked."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from sync.receiving import spool
from sync.web import passwords
from sync.web.challenge import verifier
from tests.stories import invariants
from tests.stories.disk import Card
from tests.stories.world import World

Worlds = Callable[[int, Path], World]


@pytest.fixture(scope="session", autouse=True)
def hashes_made_once() -> Iterator[None]:
    """The real argon2 and scrypt, but no story waits for a hash that another has made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hash_secret", lru_cache(maxsize=None)(passwords.hash_secret))
        patch.setattr(verifier, "stretch", lru_cache(maxsize=None)(verifier.stretch))
        yield


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    """Listens to what the spool makes to last."""
    card = Card()
    monkeypatch.setattr(spool, "sync_file", card.watching(spool.sync_file))
    return card


@pytest.fixture
def world(tmp_path: Path, card: Card) -> Iterator[World]:
    world = World(tmp_path, card)
    yield world
    try:
        invariants.hold(world)
    finally:
        world.closes()
