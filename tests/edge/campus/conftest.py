"""A hub with a voice: the real campus journal, whose signed batches are handed to the box without a wire."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.manifest import canonical
from edge.box import Box
from sync.batch import Batch
from sync.events import CHAIN_START, NO_PAYLOAD_HASH, PUBLIC_SALT_KEY, Event, chained, payload_hash
from sync.following.signed import signed
from sync.hub import schema
from sync.hub.campus.journals import CampusJournals
from sync.hub.campus.notices import Notices
from sync.hub.campus.roster import Roster
from sync.hub.engine import open_engine, reading, sqlite_url, writing
from sync.hub.readout import Readout
from sync.keys import KeyPair, PublicKey
from sync.wire import CAN_FOLLOW, Report
from tests.edge.conftest import WoundClock

CAMPUS = "wadi"


class HubVoice:
    """What the hub says, and a box that hears it."""

    def __init__(self, folder: Path, clock: WoundClock, box: Box) -> None:
        self.keys = KeyPair.from_seed(bytes(32))
        self.box = box
        self.clock = clock
        draws = random.Random(11).randbytes
        self.engine = open_engine(sqlite_url(folder / "voice.db"))
        with writing(self.engine) as connection:
            connection.execute(schema.campus.insert().values(id=CAMPUS, name="Wadi", made_seconds=0))
            connection.execute(schema.want.insert().values(campus=CAMPUS, course="water"))
        self.journals = CampusJournals(self.keys, clock, draws)
        self.roster = Roster(self.engine, self.journals, Readout(self.engine), draws)
        self.notices = Notices(self.engine, self.journals, clock, draws)
        box.database.write(
            lambda connection: connection.execute(
                "insert into pinned_hub values (1, ?, 'http://hub.example', ?, ?, 'Wadi')",
                [self.keys.public, box.id, CAMPUS],
            )
        )

    def says(self, kind: str, said: dict[str, Any], learner: str = "") -> None:
        with writing(self.engine) as connection:
            self.journals.append(connection, CAMPUS, kind, said, learner)

    def is_heard(self) -> int:
        """Give the box all that it lacks. Returns how many batches came."""
        came = 0
        while data := self._next():
            if not self.takes(data):
                return came
            came += 1
        return came

    def takes(self, data: bytes) -> bool:
        key = PublicKey(self.keys.public)
        return self.box.database.write(lambda connection: self.box.following.take(connection, data, key))

    def hands_on(self, writer: str, *said: tuple[str, str, dict[str, Any]]) -> bool:
        """Give the box a part of another box's journal, signed by the hub: kinds, learners, payloads."""
        return self.takes(signed(journal_of(writer, *said), self.keys))

    def _next(self) -> bytes:
        report = Report(
            self.box.id, "r", "n", (), "", 0, 0, True, can=(CAN_FOLLOW,), follows=self.box.following.standing()
        )
        with reading(self.engine) as connection:
            return self.journals.next_batch(connection, _Row(CAMPUS, self.box.id), report)  # type: ignore[arg-type]


class _Row:
    """The part of a box's row that the campus journal asks for."""

    def __init__(self, campus: str, name: str) -> None:
        self.campus, self.id = campus, name


def journal_of(writer: str, *said: tuple[str, str, dict[str, Any]]) -> Batch:
    """An epoch of a writer's journal, whole and provable."""
    key, epoch, events, last = b"k" * 16, f"epoch-of-{writer}", list[Event](), CHAIN_START
    for sequence, (kind, learner, payload) in enumerate([("epoch", "", {}), *said]):
        data = canonical(payload)
        salt = key if learner else PUBLIC_SALT_KEY
        hashed = payload_hash(salt, writer, epoch, sequence, data) if kind != "erased" else NO_PAYLOAD_HASH
        one = Event(epoch, sequence, kind, learner, None if kind == "erased" else data, hashed, 5 + sequence, 0, True)
        last = chained(last, writer, one)
        events.append(one)
    keys = {event.learner: key for event in events if event.learner and event.payload is not None}
    return Batch(writer, epoch, CHAIN_START, tuple(events), last, keys)


@pytest.fixture
def voice(tmp_path: Path, clock: WoundClock, box: Box) -> Iterator[HubVoice]:
    one = HubVoice(tmp_path, clock, box)
    yield one
    one.engine.dispose()
