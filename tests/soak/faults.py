"""A disk that fails at one call, each call in its turn; see docs/reliability.md."""

import shutil
from collections.abc import Sequence

from tests.power.databases import in_memory
from tests.soak.parts import Part, Report, Until
from tests.system.injected import CALLS, ERRORS, Failure, Storyteller
from tests.system.injected_stories import STORIES

TELLINGS = 5_000
"""More than both stories have calls, twice each; then the count begins again."""


def run(start: int, until: Until, report: Report) -> int:
    """Telling number n has the n-th failure of all, in the order of their calls."""
    folder = in_memory("qanat-soak-faults-")
    number = start
    try:
        with Storyteller(folder) as storyteller:
            failures = _all(storyteller)
            while not until():
                report(number, "; ".join(storyteller.complaints(failures[number % len(failures)])))
                number += 1
    finally:
        shutil.rmtree(folder)
    return number


def _all(storyteller: Storyteller) -> Sequence[Failure]:
    """Every call of every story that can fail, the first ones first."""
    counts = {story: storyteller.calls(story) for story in STORIES}
    failures = [
        Failure(story, call, error, number)
        for story in STORIES
        for call in CALLS
        for error in ERRORS
        for number in range(1, counts[story][call] + 1)
    ]
    return sorted(failures, key=lambda failure: failure.number)


PART = Part("faults", TELLINGS, "tellings", run)
