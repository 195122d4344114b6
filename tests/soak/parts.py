"""Parts of the soak: what can be run for as long as there is time, and goes on another day where it stopped.

* A part counts its runs from nought; run number n is the same wherever and whenever it is run.
* A part lives in the module of its name beside this one, which holds one `PART`. A module that is not there is no part.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = ("worlds", "power", "kills", "faults", "hostile", "api")
"""In the order in which they are run."""

Until = Callable[[], bool]
"""Says whether it is time to stop. Ask it after each run."""
Report = Callable[[int, str], None]
"""Is told of each run when it is over: its number, and "" or what failed and how to see it again, in a line or two."""
Run = Callable[[int, Until, Report], int]
"""Does run after run from a number on until it is time to stop. Returns the number to go on with another day.

A run that fails is reported and the next one follows; what makes every further run worthless is raised.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `goal` is how many runs a release asks for, `noun` what they are called, `run` does them."""

    name: str
    goal: int
    noun: str
    run: Run


def parts() -> Mapping[str, Part]:
    """Every part that there is, by its name."""
    there = [name for name in NAMES if (FOLDER / f"{name}.py").exists()]
    found = [importlib.import_module(f"tests.soak.{name}").PART for name in there]
    return {part.name: part for part in found}
