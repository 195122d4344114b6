"""The hub's intake: how many events a second one process makes lasting and acknowledges, and how many it reads out.

* What answers is the real app on a real disk, asked in this process: signature, chain, commit, signed answer.
* Reading out is timed by itself, as `qanat hub serve` does it: in its own transactions, after the acknowledgement.
* The machine is shared: the best of a few rounds counts, each a box of its own with a night of its own; and beside the
  second on the wall stands the second of CPU, which waits for no neighbour (and for no disk).
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.db import Database
from sync import journal as journal_
from sync.clock import SystemClock
from sync.enrolment import Token
from sync.hub.app import create_app
from sync.hub.hub import Hub
from sync.journal import Journal
from sync.keys import KeyPair, base64url, box_id
from sync.signing import sign_request
from sync.wire import ENROL_PATH, SESSION_PATH, Answer, Enrol, Report, Welcome, shelf_digest
from tests.bench import progress_lot

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """What the hub did with so many events."""

    events: int
    taken_per_second: float
    read_out_per_second: float
    taken_per_cpu_second: float


def pace(folder: Path, events: int, database_url: str | None = None) -> Pace:
    """Bring that many events of each round's box in, and time the hub."""
    hub = Hub.open(folder / "hub", SystemClock(), os.urandom, database_url)
    try:
        client = create_app(hub).test_client()
        # `qanat hub serve` wakes a thread; here the same work is done after the clock was read.
        hub.intake.readout.wake = _later  # type: ignore[method-assign]
        found = []
        for number in range(ROUNDS):
            box = NightBox(folder / f"box-{number}", client.post, progress_lot.SEED + number)
            box.enrols(hub.fleet.make_token(hub.fleet.campus_called("Bench school")))
            box.writes(events)
            taken_seconds, taken_cpu_seconds, count = box.sends_all()
            begun = time.perf_counter()
            hub.intake.readout.catch_up()
            read_seconds = time.perf_counter() - begun
            found.append((count / taken_seconds, count / read_seconds, count / taken_cpu_seconds))
            box.database.close()
    finally:
        hub.close()
    return Pace(events, *map(max, zip(*found, strict=True)))


class NightBox:
    """A box with a real key and a real journal, which talks to the hub's app without a socket."""

    def __init__(self, folder: Path, post: Callable[..., Any], seed: int) -> None:
        self.keys = KeyPair.from_seed(os.urandom(32))
        self.clock = progress_lot.LotClock()
        self.database = Database(folder / "box.db", [journal_.migrations])
        self.journal = Journal(self.database, box_id(self.keys.public), self.clock, os.urandom)
        self.journal.open_epoch()
        self._post = post
        self._seed = seed
        self._nonce = ""

    def enrols(self, token: Token) -> None:
        ask = Enrol(token.secret, self.keys.public, "Bench", base64url(os.urandom(9)))
        self._nonce = Welcome.from_bytes(self._asks(ENROL_PATH, ask.to_bytes())).nonce

    def writes(self, count: int) -> None:
        progress_lot.write_into(self.database, self.journal, self.clock, count, self._seed)

    def sends_all(self) -> tuple[float, float, int]:
        """Send every event; the seconds that the hub took, of the wall and of CPU, and how many events there were."""
        seconds, cpu_seconds, count, shelf = 0.0, 0.0, 0, shelf_digest(())
        heads = self.journal.heads()
        for batch, wire in self.journal.unsent_batches():
            report = Report(
                self.journal.box, base64url(os.urandom(9)), self._nonce, heads, shelf, 0, 0, True, (), batch=wire
            )
            body = report.to_bytes()
            begun, cpu_begun = time.perf_counter(), time.process_time()
            answer = Answer.from_bytes(self._asks(SESSION_PATH, body))
            seconds += time.perf_counter() - begun
            cpu_seconds += time.process_time() - cpu_begun
            self._nonce = answer.nonce
            count += len(batch.events)
            assert answer.marks[-1].taken == batch.last_sequence, "the hub did not take what was sent"
        return seconds, cpu_seconds, count

    def _asks(self, path: str, body: bytes) -> bytes:
        headers = sign_request("POST", path, body, self.keys, box_id(self.keys.public))
        reply = self._post(path, data=body, headers=headers)
        assert reply.status_code == 200, reply.data
        return bytes(reply.data)


def _later() -> None: ...
