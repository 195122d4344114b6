"""Power cuts under every database of ours, one after the other; see docs/reliability.md."""

import random
import shutil
from pathlib import Path

from tests.power.databases import STARTS, in_memory
from tests.power.judging import judged
from tests.power.replay import Film, replayed
from tests.power.story import told
from tests.soak.parts import Part, Report, Until

CUTS_EACH = 10_000


def run(start: int, until: Until, report: Report) -> int:
    """Cut number n is under database n modulo four, at a place and in a manner that its number draws."""
    memory = in_memory("qanat-soak-power-")
    try:
        films = _films(memory)
        (disks := memory / "disks").mkdir()
        number = start
        while not until():
            film = films[number % len(films)]
            place = random.Random(f"place {number}").randint(1, len(film.acts))
            complaints = judged(film, [place], number, disks, STARTS[film.name], first=number // len(films))
            report(number, "; ".join(str(complaint) for complaint in complaints))
            number += 1
        return number
    finally:
        shutil.rmtree(memory)


def _films(memory: Path) -> list[Film]:
    (memory / "story").mkdir()
    said = told(memory / "story")
    films = []
    for name in STARTS:
        (path,) = (path for path in said.paths() if path.name == name)
        (memory / name).mkdir()
        films.append(replayed(said.to(path), memory / name))
    return films


PART = Part("power", CUTS_EACH * len(STARTS), "power cuts", run)
