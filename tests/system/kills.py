"""A hub and a box under load, killed by `kill -9` again and again, at any moment; and what is asked after each kill.

* Both are the real processes. Learners answer over HTTP, each on a connection of their own and with idempotency keys;
  whoever got no answer asks again with the same key, as a phone does. A session from box to hub runs all the while.
* After each kill: what was acknowledged to a learner is in the box's tables and once in its journal; the hub has every
  event that the box believes it to have.
* In the end: the hub's events are the box's, one for one, both chains hold, and no session has left anything behind.
* Who is killed, and when, is drawn from a seed. What the machines do in between is up to them.
"""

import http.client
import random
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from sqlalchemy import select

from catalog.fault import Fault
from edge.control import ask
from edge.people.people import Secret
from edge.serve import opened
from sync.batch import decode, verify
from sync.clock import SystemClock
from sync.events import CHAIN_START
from sync.hub import schema
from sync.hub.engine import reading
from sync.hub.hub import Hub
from tests.system.machines import Machine

COURSE, ACTIVITY = "water", "site"
LEARNERS = 4
ANSWER_SECONDS_MAX = 20
SESSIONS_MAX = 40
LOAD_SECONDS = (0.02, 0.4)
"""How long both run under load before somebody is killed."""
REST_SECONDS = 0.02
"""Between two tries of whoever waits for a machine that is down."""
VICTIMS = (("box",), ("hub",), ("box", "hub"))


class Learner:
    """One learner at one tablet, who never gives up on an answer."""

    def __init__(self, person: str, cookie: str, csrf: str) -> None:
        self.id, self._cookie, self._csrf = person, cookie, csrf
        self._asked = 0
        self._wire: http.client.HTTPConnection | None = None
        self.acknowledged: list[str] = []

    def answers(self, port: int) -> None:
        """Send the next answer, or again the one that nobody answered. Raises OSError where nobody answers now."""
        item = f"question-{self._asked}"
        try:
            if self._wire is None:
                self._wire = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS_MAX)
            self._wire.request("POST", "/learn/answer", *self.asks_next(port))
            answer = self._wire.getresponse()
            page = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.hangs_up()
            raise ConnectionError("nobody answered") from error
        assert answer.status == 204, f"{item} was answered with {answer.status}: {page}"
        self.acknowledged.append(item)
        self._asked += 1

    def asks_next(self, port: int) -> tuple[str, dict[str, str]]:
        """The body and the headers of the next answer; the same until it was acknowledged."""
        item = f"question-{self._asked}"
        said = {"course": COURSE, "activity": ACTIVITY, "item": item, "answer": "The third", "key": f"key-{item}"}
        headers = {
            "Origin": f"http://127.0.0.1:{port}",
            "Cookie": f"qanat-box-{port}={self._cookie}",
            "X-Csrf": self._csrf,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return urlencode(said), headers

    def hangs_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


class Campus:
    """A hub and a box that belongs to it, with a course on its shelf and learners signed in; both are processes."""

    def __init__(self, folder: Path, hub: Path | None = None, box: Path | None = None) -> None:
        """`hub` and `box` are their data folders, where they are not to lie in `folder`."""
        self.hub, self.box = Machine("hub", hub or folder / "hub"), Machine("box", box or folder / "box")
        self.learners: list[Learner] = []
        self._folder = folder
        self._is_over = threading.Event()
        self._troubles: list[str] = []

    def __enter__(self) -> Self:
        try:
            self._begins()
        except BaseException:
            self._stops()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stops()

    def is_killed(self, lots: random.Random) -> str:
        """Let both work for a moment, kill one or both, start again, and say what is wrong then; "" for nothing."""
        victims = [getattr(self, name) for name in lots.choice(VICTIMS)]
        with self._load():
            time.sleep(lots.uniform(*LOAD_SECONDS))
            for victim in victims:
                victim.is_killed()
        for victim in victims:
            victim.starts()
        troubles, self._troubles = self._troubles, []
        return "; ".join([*troubles, *self.complaints()])

    def complaints(self) -> Iterator[str]:
        """What was acknowledged and is not there, or is there twice."""
        with closing(_reader(self.box.data / "box.db")) as box, closing(_reader(self.hub.data / "hub.db")) as hub:
            kept = set(box.execute("select learner, item from answer"))
            said = "select learner, json_extract(cast(payload as text), '$.item') from event where kind = 'answered'"
            lines = box.execute(said).fetchall()
            told = set(lines)
            for learner in self.learners:
                gone = [item for item in learner.acknowledged if (learner.id, item) not in kept]
                untold = [item for item in learner.acknowledged if (learner.id, item) not in told]
                yield from (f"acknowledged, and lost: {learner.id} {item}" for item in gone)
                yield from (f"acknowledged, and not in the journal: {learner.id} {item}" for item in untold)
            if len(lines) > len(told):
                yield f"{len(lines) - len(told)} answers are in the journal twice"
            has = dict(hub.execute("select epoch, taken from epoch"))
            for epoch, taken in box.execute("select epoch, taken from epoch where taken >= 0"):
                if has.get(epoch, -1) < taken:
                    yield f"the box believes that the hub has {epoch} up to {taken}; it has {has.get(epoch, -1)}"

    def ends(self) -> list[str]:
        """Let everything arrive, stop both, and say what is wrong then."""
        for _ in range(SESSIONS_MAX):
            if self._session() and not self._unsent():
                break
        unsent = self._unsent()
        self.box.stops()
        self.hub.stops()
        wrong = [*self._troubles, *self.complaints(), *differences(self.box.data, self.hub.data)]
        wrong += _misread(self.hub.data)
        wrong += [f"left behind: {path.name}" for path in residue(self.box.data, self.hub.data)]
        return [*wrong, f"{unsent} events never arrived"] if unsent else wrong

    def _begins(self) -> None:
        source = self._folder / "source"
        source.mkdir()
        (source / "index.html").write_text("<!doctype html><title>Water</title><p>Which one?")
        self.hub.says("publish", str(source), "--course", COURSE)
        self.hub.starts()
        (self.box.data / "box.toml").write_text('content_ports = 1\nwindow = "00:00-00:00"\n')
        token = self.hub.says("token", "--campus", "Wadi")["token"]
        self.box.says("enrol", "--hub", self.hub.address, "--token", token)
        self.learners = self._signed_in()
        self.box.starts()
        self._fetches()

    def _stops(self) -> None:
        self._is_over.set()
        for learner in self.learners:
            learner.hangs_up()
        self.box.stops()
        self.hub.stops()

    @contextmanager
    def _load(self) -> Iterator[None]:
        """Learners answer and sessions run until the block ends, whatever happens to the machines."""
        self._is_over.clear()
        threads = [threading.Thread(target=self._answer, args=[learner]) for learner in self.learners]
        threads.append(threading.Thread(target=self._sync))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()

    def _answer(self, learner: Learner) -> None:
        while not self._is_over.is_set():
            try:
                learner.answers(self.box.port)
            except AssertionError as error:
                self._troubles.append(str(error))
                return
            except ConnectionError:
                self._is_over.wait(REST_SECONDS)
        learner.hangs_up()

    def _sync(self) -> None:
        while not self._is_over.is_set():
            if not self._session():
                self._is_over.wait(REST_SECONDS)

    def _session(self) -> bool:
        with suppress(Fault):
            return ask(self.box.data, {"do": "sync"}, lambda progress: None) is not None
        return False

    def _signed_in(self) -> list[Learner]:
        with opened(self.box.data, SystemClock()) as box:
            classroom = box.people.add_classroom("Everybody")
            learners = []
            for number in range(LEARNERS):
                person = box.people.enrol_learner(classroom.id, f"Learner {number}", Secret("pin", "2468"))
                box.learning.opened(person.id, COURSE, 1, ACTIVITY)
                cookie, session = box.sessions.begin(person.id, "learner", {})
                learners.append(Learner(person.id, cookie, session.csrf))
            return learners

    def _fetches(self) -> None:
        """The course comes; a session that began by itself may be under way already."""
        for _ in range(SESSIONS_MAX):
            if self._session():
                break
            time.sleep(REST_SECONDS * 10)
        assert [COURSE] == self.box.courses(), self.box.data.with_suffix(".log").read_text()

    def _unsent(self) -> int:
        with closing(_reader(self.box.data / "box.db")) as box:
            query = "select count(*) from event join epoch on epoch.place = event.place where sequence > taken"
            return int(box.execute(query).fetchone()[0])


def _reader(path: Path) -> sqlite3.Connection:
    """Reads beside the process that writes."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=ANSWER_SECONDS_MAX)  # noqa: TID251 - a witness


def differences(box_data: Path, hub_data: Path) -> Iterator[str]:
    """Where the hub's events are not the box's, one for one, or a chain does not hold."""
    with closing(_reader(box_data / "box.db")) as box, closing(_reader(hub_data / "hub.db")) as hub:
        query = "select epoch, sequence, payload_hash from event join epoch on epoch.place = event.place"
        written = {(epoch, sequence): bytes(hashed) for epoch, sequence, hashed in box.execute(query)}
        kept: dict[tuple[str, int], bytes] = {}
        last: dict[str, bytes] = {}
        for (body,) in hub.execute("select body from batch order by id"):
            batch = decode(body)
            verify(batch, last.get(batch.epoch, CHAIN_START))
            last[batch.epoch] = batch.last_hash
            for event in batch.events:
                if (batch.epoch, event.sequence) in kept:
                    yield f"event {event.sequence} of {batch.epoch} is at the hub twice"
                kept[batch.epoch, event.sequence] = event.payload_hash
    yield from (f"event {sequence} of {epoch} is not at the hub" for epoch, sequence in written.keys() - kept.keys())
    yield from (f"event {sequence} of {epoch} is only at the hub" for epoch, sequence in kept.keys() - written.keys())
    yield from (f"event {place} differs" for place in kept.keys() & written.keys() if kept[place] != written[place])


def _misread(hub_data: Path) -> Iterator[str]:
    """Where the tables that pages show are not what the batches say."""
    hub = Hub.open(hub_data, SystemClock(), secrets.token_bytes)
    try:
        shown = _shown(hub)
        hub.intake.rebuild()
        if shown != _shown(hub) or not shown:
            yield f"pages show {len(shown)} rows; the batches say {len(_shown(hub))}, or others"
    finally:
        hub.close()


def _shown(hub: Hub) -> list[Any]:
    """Learners' progress and names, as pages read them."""
    with reading(hub.engine) as connection:
        tables = (schema.progress, schema.learner)
        return [row for table in tables for row in connection.execute(select(table).order_by(*table.primary_key)).all()]


def residue(box_data: Path, hub_data: Path) -> list[Path]:
    """What broken sessions and uploads have left on either side."""
    folders = [box_data / "spool", box_data / "store" / "staging", hub_data / "store" / "staging", hub_data / "uploads"]
    return [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
