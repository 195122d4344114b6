"""The worlds are worth nothing if a box or hub that is wrong lives through them: each planted mistake must be found."""

import pytest

from tests.simulation.living import Simulation, script_of
from tests.simulation.mistakes import MISTAKES, planted

pytestmark = pytest.mark.slow

SEEDS_MAX = 300
"""So many worlds at most until a mistake must have shown: far fewer than are lived in every run."""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_does_not_stay_hidden(simulation: Simulation, name: str) -> None:
    with planted(name):
        found = (seed for seed in range(SEEDS_MAX) if simulation.lived(script_of(seed)).has_failed)

        assert next(found, None) is not None, f"{SEEDS_MAX} worlds, and nobody saw that {name}"
