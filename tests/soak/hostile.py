"""Hostile bytes at every door, case after case, on every core; see docs/reliability.md.

* Cases are handed out in order, in stretches, each to a process of its own; what is written down as done has been done
  without a gap.
* `python -m tests.hostile NUMBER` shows a case again.
"""

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from tests.hostile.running import Outcome, judged
from tests.soak.parts import Part, Report, Until

GOAL = 1_000_000
STRETCH = 500
"""So many cases a process judges: enough that opening the doors costs little."""


def run(start: int, until: Until, report: Report) -> int:
    """Judge cases from the number `start` on."""
    cores = os.cpu_count() or 1
    under_way: deque[Future[list[Outcome]]] = deque()
    first = number = start
    with ThreadPoolExecutor(cores) as workers:
        while under_way or not until():
            while len(under_way) <= cores and not until():
                under_way.append(workers.submit(_judged, first))
                first += STRETCH
            for done, complaint in under_way.popleft().result() if under_way else ():
                again = f" python -m tests.hostile {done}" if complaint else ""
                report(done, complaint + again)
                number = done + 1
    return number


def _judged(first: int) -> list[Outcome]:
    return list(judged(first, STRETCH))


PART = Part("hostile", GOAL, "cases", run)
