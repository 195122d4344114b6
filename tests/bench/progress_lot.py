"""A night's progress, drawn by lot: the same events in every run, written by a real box's journal.

* 100 learners in 300 activities of ten courses; what they answer, where they are and how far they came is drawn from a
  seed. Every event carries a random UUID, as the log rows of peers do: 16 bytes that nothing makes smaller.
* The clock is the lot's own, so that times cost what they cost in a school: a step every second or two.
"""

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from catalog.db import Connection, Database
from edge.box import Box
from sync.clock import Moment
from sync.journal import Journal
from sync.keys import base64url

SEED = 20_261_124
LEARNERS = 100
ACTIVITIES = 300
ACTIVITIES_OF_A_COURSE = 30
ITEMS = 20
EVENTS_PER_WRITE = 500
STEP_MS_MAX = 3_000
START_SECONDS = 1_790_000_000
CHOICES = ("The first one", "The second one", "None of them", "It depends")
TYPED_SHARE = 0.5
"""Of the answers: a number that the learner typed; the others were chosen."""
ANSWERED, PROGRESSED = 0.5, 0.4
"""Of the events; what is left finishes an activity."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What one learner did, as the journal is told it; and when."""

    kind: str
    learner: str
    payload: dict[str, Any]
    monotonic_ms: int


class LotClock:
    """A clock that stands where the last deed was done."""

    def __init__(self) -> None:
        self.monotonic_ms = 0

    def now(self) -> Moment:
        return Moment(START_SECONDS + self.monotonic_ms // 1000, self.monotonic_ms / 1000, True)

    def wait(self, seconds: float) -> None:
        self.monotonic_ms += int(seconds * 1000)

    def correct(self, wall_seconds: int) -> None: ...

    def hear(self, wall_seconds: int) -> None: ...

    def not_before(self, wall_seconds: int) -> None: ...


def deeds(seed: int = SEED) -> Iterator[Deed]:
    """What learners do, without end."""
    lots = random.Random(seed)
    learners = [base64url(lots.randbytes(12)) for _ in range(LEARNERS)]
    now_ms = 0
    while True:
        now_ms += lots.randrange(1, STEP_MS_MAX)
        kind, said = _said(lots)
        activity = lots.randrange(ACTIVITIES)
        where = {"course": f"course-{activity // ACTIVITIES_OF_A_COURSE}", "activity": f"activity-{activity}"}
        name = str(uuid.UUID(bytes=lots.randbytes(16), version=4))
        payload = {**where, **said, "version": 3, "id": name}
        yield Deed(kind, lots.choice(learners), payload, now_ms)


def write(data: Path, count: int, random_bytes: Callable[[int], bytes], seed: int = SEED) -> None:
    """Let so many of the deeds happen at the box in `data`, which nobody else may hold meanwhile."""
    clock = LotClock()
    box = Box.open(data, clock=clock, random_bytes=random_bytes, open_link=_no_link)
    try:
        write_into(box.database, box.journal, clock, count, seed)
    finally:
        box.close()


def write_into(database: Database, journal: Journal, clock: LotClock, count: int, seed: int = SEED) -> None:
    """Write so many of the deeds into this journal."""
    lot = islice(deeds(seed), count)
    while some := list(islice(lot, EVENTS_PER_WRITE)):
        database.write(partial(_append, journal, clock, some))


def _append(journal: Journal, clock: LotClock, some: Sequence[Deed], connection: Connection) -> None:
    for deed in some:
        clock.monotonic_ms = deed.monotonic_ms
        journal.append(connection, deed.kind, deed.learner, deed.payload)


def _said(lots: random.Random) -> tuple[str, dict[str, Any]]:
    """A kind of event, and what it says beyond where it was done."""
    drawn = lots.random()
    if drawn < ANSWERED:
        is_typed = lots.random() < TYPED_SHARE
        answer = str(lots.randrange(10_000)) if is_typed else lots.choice(CHOICES)
        return "answered", {"item": f"question-{lots.randrange(ITEMS)}", "answer": answer, "score": lots.randrange(101)}
    if drawn < ANSWERED + PROGRESSED:
        place = {"path": f"{lots.randrange(20):02}-episode/index.html", "seconds": lots.randrange(3600)}
        return "progressed", {**place, "permille": lots.randrange(1001)}
    return "completed", {}


def _no_link(address: str) -> Any:
    raise AssertionError(f"nobody asks for {address} here")
