"""Boxes that hear a hub's catalogue, without a session around it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog.db import Database
from catalog.fault import ContentFault
from catalog.manifest import Release
from sync.hub.engine import writing
from sync.hub.hub import Hub
from sync.hub.trust.ceremony import Ceremonies, Sticks
from sync.hub.trust.documents import note_seen
from sync.receiving import catalogues
from sync.receiving.catalogues import Catalogues
from sync.wire import CAN_CATALOGUE, CAN_PATCH, Report
from tests.sync.hub.conftest import HandClock

GRACE_DAYS = 180
PASSPHRASE = "four words that belong together"


def sealed_quickly(secret: bytes, passphrase: str) -> bytes:
    """A passphrase takes seconds to work with, by design; one test seals for real."""
    return passphrase.encode() + b"\0" + secret


def opened_quickly(sealed: bytes, passphrase: str) -> bytes:
    word, _, secret = sealed.partition(b"\0")
    if word != passphrase.encode():
        raise ValueError("another passphrase")
    return secret


@dataclass
class TrustingBox:
    """A box, as far as it believes catalogues."""

    database: Database
    catalogues: Catalogues
    name: str = "box"

    def report(self, *can: str) -> Report:
        return Report(
            box=self.name, request="request", nonce="nonce", heads=(), shelf="", free_bytes=0, wall_seconds=0,
            is_clock_trusted=True, can=(CAN_PATCH, *can), catalogues=self.catalogues.held() if can else (),
        )  # fmt: skip

    def hears(self, hub: Hub) -> int:
        """One answer: how many bytes of metadata came. All of it is believed."""
        with writing(hub.engine) as connection:
            note_seen(connection, self.catalogues.held())
            metadata = hub.trust.metadata_for(connection, self.report(CAN_CATALOGUE))
        fault = self.takes(metadata)
        assert fault is None, fault
        return len(metadata)

    def meets(self, hub: Hub) -> ContentFault | None:
        """One answer, believed or not."""
        with writing(hub.engine) as connection:
            note_seen(connection, self.catalogues.held())
            metadata = hub.trust.metadata_for(connection, self.report(CAN_CATALOGUE))
        return self.takes(metadata)

    def takes(self, metadata: bytes) -> ContentFault | None:
        return self.database.write(lambda connection: self.catalogues.take(connection, metadata))

    def judges(self, release: Release) -> ContentFault | None:
        return self.catalogues.judge(release.course, release.version, release.root)


@pytest.fixture
def new_trusting(tmp_path: Path, clock: HandClock) -> Iterator[Callable[[], TrustingBox]]:
    made: list[TrustingBox] = []

    def make() -> TrustingBox:
        database = Database(tmp_path / f"trusting-{len(made)}.db", [catalogues.migrations])
        made.append(TrustingBox(database, Catalogues(database, clock, lambda: GRACE_DAYS), f"box-{len(made)}"))
        return made[-1]

    yield make
    for one in made:
        one.database.close()


@pytest.fixture
def trusting(new_trusting: Callable[[], TrustingBox]) -> TrustingBox:
    return new_trusting()


@pytest.fixture
def ceremonies(hub: Hub) -> Ceremonies:
    return Ceremonies(hub.engine, hub.trust, hub.clock)


@pytest.fixture
def sticks(tmp_path: Path) -> Sticks:
    return new_sticks(tmp_path, "stick")


def new_sticks(folder: Path, name: str) -> Sticks:
    """Three sticks that are put in."""
    folders = [folder / f"{name}-{number}" for number in (1, 2, 3)]
    for one in folders:
        one.mkdir()
    return Sticks(folders, PASSPHRASE)
