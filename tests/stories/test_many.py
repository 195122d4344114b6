"""Many courses on a shelf, and many learners at once."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.stories.world import World

pytestmark = pytest.mark.slow

COURSES = 100
NIGHT_BYTES_MAX = 1500
LEARNERS = 300
SECONDS_MAX = 60


def test_nothing_new_with_a_hundred_courses_on_the_shelf(world: World) -> None:
    """A night in which nothing happened anywhere is one request, and small enough for one packet each way."""
    for number in range(COURSES):
        world.hub.publishes(f"course-{number:03}", core={"index.html": b"<p>%d</p>" % number})
    box = world.box()
    assert COURSES == len(box.night().courses)
    asked = len(box.wire.asked)

    night = box.night()

    assert (1, 1) == (night.requests, len(box.wire.asked) - asked)
    assert night.bytes_down + night.bytes_up <= NIGHT_BYTES_MAX


def test_three_hundred_answers_at_once(world: World) -> None:
    """A hall presses the same button. Every tick that is shown is on the disk, and the disk was asked a few times only.

    This is the one story with threads: the real writer's, and one for each learner who waits for their tick.
    """
    box = world.box()
    learners = [box.somebody(f"learner-{number}") for number in range(LEARNERS)]
    said: list[str] = []
    database = box.box.database
    database._writer.conn.set_trace_callback(said.append)
    gate, queued = threading.Event(), threading.Semaphore(0)
    line_up = database.submit

    def submit(work: Any) -> Future[Any]:
        future = line_up(work)
        queued.release()
        return future

    database.submit = submit  # type: ignore[method-assign]
    database.start()
    line_up(lambda connection: gate.wait(SECONDS_MAX))
    with ThreadPoolExecutor(LEARNERS) as hall:
        ticks = [hall.submit(learner.answers) for learner in learners]
        assert all(queued.acquire(timeout=SECONDS_MAX) for _ in learners)
        gate.set()
        for tick in ticks:
            tick.result(SECONDS_MAX)

    assert LEARNERS == len(world.ledger.lines)
    assert LEARNERS == sum(event.kind == "answered" for event in box.events())
    assert sum(line.lower().startswith("commit") for line in said) <= 3
