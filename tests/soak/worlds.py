"""Simulated worlds, seed after seed, on every core.

* A seed that fails is told by its sentence; `python -m tests.simulation SEED` shows its story and shrinks it.
* Seeds are handed out in order, in stretches; what is written down as done has been done without a gap.
"""

import multiprocessing
import os
from collections import deque
from multiprocessing.pool import AsyncResult

from tests.soak.parts import Part, Report, Until

GOAL = 1_000_000
STRETCH = 40
"""So many seeds a worker lives before it asks for more."""

Outcome = tuple[int, str]


def run(start: int, until: Until, report: Report) -> int:
    """Live worlds from the seed `start` on."""
    cores = os.cpu_count() or 1
    # Started anew, not forked: a worker has nothing of this process.
    with multiprocessing.get_context("spawn").Pool(cores) as workers:
        under_way: deque[AsyncResult[list[Outcome]]] = deque()
        first = number = start
        while under_way or not until():
            while len(under_way) <= cores and not until():
                under_way.append(workers.apply_async(_lived, [first]))
                first += STRETCH
            for seed, failure in under_way.popleft().get() if under_way else ():
                report(seed, failure)
                number = seed + 1
    return number


def _lived(first: int) -> list[Outcome]:
    """In a worker: live a stretch of worlds."""
    from tests.simulation.living import script_of, simulation

    outcomes = []
    with simulation() as lives:
        for seed in range(first, first + STRETCH):
            lived = lives.lived(script_of(seed))
            outcomes.append((seed, f"{lived.sentence} python -m tests.simulation {seed}" if lived.has_failed else ""))
    return outcomes


PART = Part("worlds", GOAL, "worlds", run)
