"""Worlds by the thousand: whatever is drawn, every promise holds.

Each test is a stretch of seeds, so that workers share them. A seed that fails prints its story, and the command that
shows it again: `python -m tests.simulation SEED`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.living import Simulation, script_of
from tests.simulation.promises import PROMISES
from tests.simulation.script import Script, Step
from tests.simulation.telling import told

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WORLDS = 2_000
STRETCH = 50
A_FEW = range(4_000, 4_006)


@pytest.mark.parametrize("first", range(0, WORLDS, STRETCH))
def test_every_promise_holds_in_every_world(simulation: Simulation, first: int) -> None:
    for seed in range(first, first + STRETCH):
        lived = simulation.lived(script_of(seed))

        assert not lived.has_failed, told(simulation.smallest(lived))


def test_the_same_seed_is_the_same_world(simulation: Simulation) -> None:
    once = [simulation.lived(script_of(seed)).story for seed in A_FEW]

    assert once == [simulation.lived(script_of(seed)).story for seed in A_FEW]


def test_the_same_seed_is_the_same_world_in_another_process(simulation: Simulation) -> None:
    story = simulation.lived(script_of(A_FEW[0])).story

    again = subprocess.run(
        [sys.executable, "-m", "tests.simulation", str(A_FEW[0])], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert list(story) == again.stdout.splitlines()[:-1]


def test_a_world_in_which_nothing_happens_holds_what_is_promised(simulation: Simulation) -> None:
    assert not simulation.lived(Script(0, 1, False, False, ())).has_failed


def test_a_failing_world_is_told_with_its_story_and_how_to_see_it_again(simulation: Simulation) -> None:
    """A step that there is not: whatever goes wrong in a world is told in the same way."""
    script = Script(77, 1, False, False, (Step("answers", 0, 1), Step("the sky falls", 0, 2)))

    lived = simulation.lived(script)

    words = told(simulation.smallest(lived))
    assert lived.has_failed
    assert "KeyError: 'the sky falls'" in words
    assert "python -m tests.simulation 77" in words
    assert "answers" not in words


def test_every_promise_has_somebody_who_asks_for_it() -> None:
    assert [f"I{number}" for number in range(1, 12)] == list(PROMISES)
