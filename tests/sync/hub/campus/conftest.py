"""Nouns of the campus journal's tests: a hub that can be put back from a copy, and boxes that follow it."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, Row, select

from catalog.db import Database
from sync import journal as journal_
from sync.batch import Batch
from sync.events import Event
from sync.following import followed
from sync.following.followed import Following
from sync.hub import schema
from sync.hub.campus.journals import CampusJournals
from sync.hub.engine import open_engine, sqlite_url, writing
from sync.hub.fleet import find
from sync.keys import KeyPair, PublicKey
from sync.wire import CAN_FOLLOW, Answer, Followed, Report
from tests.sync.hub.conftest import HandClock

ROUNDS_MAX = 50


class Hub:
    """One hub's database and the campus journals over it; each `starts` is another run of it."""

    def __init__(self, folder: Path, clock: HandClock, random_bytes: Callable[[int], bytes]) -> None:
        self.keys = KeyPair.from_seed(random_bytes(32))
        self._folder, self._clock, self._random_bytes = folder, clock, random_bytes
        self._copies = 0
        self.engine = open_engine(sqlite_url(folder / "hub.db"))
        with writing(self.engine) as connection:
            for campus in ("wadi", "hill"):
                connection.execute(schema.campus.insert().values(id=campus, name=campus, made_seconds=0))
        self.starts()

    def starts(self) -> None:
        self.journals = CampusJournals(self.keys, self._clock, self._random_bytes)

    def says(self, *texts: str, campus: str = "wadi", learner: str = "") -> None:
        for text in texts:
            self.appends("announced", {"announcement": text, "text": text}, campus, learner)

    def appends(self, kind: str, payload: dict[str, object], campus: str = "wadi", learner: str = "") -> Event:
        with writing(self.engine) as connection:
            return self.journals.append(connection, campus, kind, payload, learner)

    def copied(self) -> Path:
        """A backup, as the database is now."""
        self._copies += 1
        copy = self._folder / f"copy-{self._copies}.db"
        with writing(self.engine) as connection:
            connection.exec_driver_sql("select 1")
        self.engine.dispose()
        shutil.copy(self._folder / "hub.db", copy)
        return copy

    def is_put_back(self, copy: Path) -> None:
        self.engine.dispose()
        for file in self._folder.glob("hub.db*"):
            file.unlink()
        shutil.copy(copy, self._folder / "hub.db")
        self.engine = open_engine(sqlite_url(self._folder / "hub.db"))
        self.starts()

    def texts(self, campus: str = "wadi") -> list[str]:
        event = schema.campus_event.c
        with writing(self.engine) as connection:
            rows = connection.execute(select(event.payload).where(event.campus == campus, event.kind == "announced"))
            return [bytes(row.payload).decode() for row in rows if row.payload is not None]

    def hears(self, box: "Follower", report: Report) -> Answer:
        with writing(self.engine) as connection:
            row = self._row(connection, box)
            if report.batch:
                self.journals.take_back(connection, row, report.batch)
            asks = self.journals.asks(connection, row, report)
            return Answer(report.request, "n", (), asks=asks, batch=self.journals.next_batch(connection, row, report))

    def _row(self, connection: Connection, box: "Follower") -> Row[tuple[object, ...]]:
        if find(connection, box.id) is None:
            blanks = dict.fromkeys(
                ("key", "nonce", "last_request", "last_digest", "last_nonce", "shelf", "holdings", "health"), box.id
            )
            row = {**blanks, "id": box.id, "campus": box.campus, "name": box.id, "enrolled_seconds": 0}
            connection.execute(schema.box.insert().values(**row, last_answer=b""))
        found = find(connection, box.id)
        assert found is not None
        return found


class Follower:
    """A box that does nothing but follow."""

    def __init__(self, folder: Path, name: str, hub: PublicKey, campus: str = "wadi") -> None:
        self.id, self.campus, self.hub_key = name, campus, hub
        self.projected: list[Event] = []
        self.database = Database(folder / f"{name}.db", [journal_.migrations, followed.migrations])
        self.following = Following(self.database, self._project, name)

    def _project(self, connection: object, batch: Batch) -> None:
        self.projected += batch.events

    def report(self, batch: bytes = b"") -> Report:
        follows = self.following.standing()
        return Report(self.id, "request", "nonce", (), "", 0, 0, True, batch=batch, can=(CAN_FOLLOW,), follows=follows)

    def takes(self, signed: bytes) -> bool:
        return self.database.write(lambda connection: self.following.take(connection, signed, self.hub_key))

    def talks(self, hub: Hub) -> int:
        """One session: until neither side has anything new for the other. Returns how many batches came."""
        came, asks = 0, list[Followed]()
        for _ in range(ROUNDS_MAX):
            given = self.following.asked(asks) or b""
            answer = hub.hears(self, self.report(given))
            is_new = bool(answer.batch) and self.takes(answer.batch)
            came += is_new
            asks = list(answer.asks)
            if not is_new and not asks:
                return came
        raise AssertionError("the talk does not end")

    def texts(self) -> list[str]:
        return [event.payload.decode() for event in self.projected if event.kind == "announced" and event.payload]


@pytest.fixture
def campus_hub(tmp_path: Path, clock: HandClock, random_bytes: Callable[[int], bytes]) -> Iterator[Hub]:
    hub = Hub(tmp_path, clock, random_bytes)
    yield hub
    hub.engine.dispose()


@pytest.fixture
def followers(tmp_path: Path, campus_hub: Hub) -> Iterator[Callable[..., Follower]]:
    made: list[Follower] = []

    def make(name: str = "lab", campus: str = "wadi") -> Follower:
        made.append(Follower(tmp_path, name, PublicKey(campus_hub.keys.public), campus))
        return made[-1]

    yield make
    for one in made:
        one.database.close()


def said(texts: Sequence[str]) -> list[str]:
    """The announcements of these texts as their payloads are written."""
    return sorted(f'{{"announcement":"{text}","text":"{text}"}}' for text in texts)
