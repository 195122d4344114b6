"""Power cuts anywhere in a reset, modelled from the system calls of the real code: what is found is the new box."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.db import whole
from edge.box import Box
from edge.keeping import reset
from edge.people.people import Classroom, Person
from tests.edge.conftest import SAMPLES, no_way
from tests.powercut import Cut, Trace

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
CUTS = 40
REAL = """
import sys
from pathlib import Path
from edge.keeping import reset
reset.finish(Path(sys.argv[1]))
print("done", flush=True)
"""
FORGETS_TOO_EARLY = REAL.replace("reset.finish(", "(Path(sys.argv[1]) / reset.FILE).unlink(); reset.finish(")
"""The mistake that must be found: what was asked for is forgotten before it is done."""

Traced = Callable[[str], Trace]


@pytest.fixture
def traced(
    box: Box, amina: Person, grade: Classroom, shelve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Traced:
    """A box with a course and a learner, asked to forget everybody, and what a program then does to its disk."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    shelve(box, "water", [SAMPLES / "lesson"])
    box.learning.answered(amina.id, "water", "quiz", "item", "42", key="one")
    reset.ask(box, lost=10)
    box.close()
    return lambda program: Trace([sys.executable, "-c", program, str(box.data)], box.data, tmp_path / "trace")


def complaints(cut: Cut, clock: Any, former: str) -> list[str]:
    """Start again on the disk that the cut left, with the real code."""
    box = Box.open(cut.disk, clock=clock, random_bytes=lambda count: bytes(range(count)), open_link=no_way)
    try:
        found = {
            "the database is damaged": bool(whole(box.database.read())),
            "somebody is left": box.people.counts()["learner"] > 0,
            "the course is gone": ["water"] != [course for course, _, _ in box.shelf.holdings()],
            "files of the course are gone": bool(list(box.store.verify())),
            "it speaks under the former name": box.id == former,
            "it is asked once more": reset.is_asked(cut.disk),
        }
    finally:
        box.close()
    return [complaint for complaint, is_so in found.items() if is_so]


def blamed(trace: Trace, folder: Path, clock: Any, former: str) -> list[tuple[int, str, str]]:
    said = []
    folder.mkdir()
    for cut in trace.cuts(CUTS, 1, folder):
        said += [(cut.at, cut.manner, complaint) for complaint in complaints(cut, clock, former)]
        shutil.rmtree(cut.disk)
    return said


def test_power_cut_anywhere_in_a_reset(traced: Traced, box: Box, tmp_path: Path, clock: Any) -> None:
    assert [] == blamed(traced(REAL), tmp_path / "disks", clock, box.id)


def test_a_reset_that_forgets_too_early_is_found(traced: Traced, box: Box, tmp_path: Path, clock: Any) -> None:
    assert [] != blamed(traced(FORGETS_TOO_EARLY), tmp_path / "disks", clock, box.id)
