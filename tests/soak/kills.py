"""`kill -9` of box and hub under load; see docs/reliability.md."""

import random
import shutil
import tempfile
from pathlib import Path

from tests.soak.parts import Part, Report, Until
from tests.system.kills import Campus

KILLS = 10_000
KILLS_EACH = 100
"""So many on one campus: what is asked after each takes longer the more was answered."""


def run(start: int, until: Until, report: Report) -> int:
    """Kill number n is drawn by its number; a campus begins, and its end is judged, every hundred kills."""
    number = start
    while not until():
        folder = Path(tempfile.mkdtemp(prefix="qanat-soak-kills-"))
        try:
            number = _campus(folder, number, until, report)
        finally:
            shutil.rmtree(folder)
    return number


def _campus(folder: Path, start: int, until: Until, report: Report) -> int:
    """One campus, until its hundred kills are done or time is up. Returns the number to go on with."""
    number = start
    with Campus(folder) as campus:
        is_over = False
        while not is_over:
            report(number, campus.is_killed(random.Random(f"kill {number}")))
            number += 1
            is_over = until() or number - start == KILLS_EACH
        if wrong := campus.ends():
            report(number - 1, f"in the end: {'; '.join(wrong)}")
    return number


PART = Part("kills", KILLS, "kills", run)
