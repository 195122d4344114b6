"""The registry: every kind of step that there is, what it is about, and how often it is drawn.

* A step is named by what happens. A new one is one function with `happens` above it, in a module of `living.LOADED`.
* All that a step draws comes from its own lot, so that it does the same whatever else was taken out of the script.
"""

from collections.abc import Callable
from random import Random

from tests.simulation import troubles
from tests.simulation.box import SimulatedBox
from tests.simulation.script import Lots, Step
from tests.simulation.world import SimulatedWorld

Happens = Callable[[SimulatedWorld, SimulatedBox, Random, Step], None]

KINDS: dict[str, Happens] = {}
MATTERS: dict[str, dict[str, int]] = {}
"""What steps are about, each with the weight by which it is drawn where a world is about that."""
EVERY_DAY = "every day"
WITH_SESSIONS = frozenset({"night"})
"""Steps in which requests are made, so that there may be troubles."""


def happens(kind: str, matter: str, weight: int = 1) -> Callable[[Happens], Happens]:
    """Register a step, and what it is about."""

    def register(step: Happens) -> Happens:
        MATTERS.setdefault(matter, {})[kind] = weight
        KINDS[kind] = step
        return step

    return register


def lots() -> Lots:
    """What a script may be drawn from."""
    return Lots(
        every_day=MATTERS[EVERY_DAY],
        matters={matter: steps for matter, steps in MATTERS.items() if matter != EVERY_DAY},
        with_sessions=WITH_SESSIONS,
        troubles={
            "report": {kind: weight for kind, (weight, _) in troubles.REPORTS.items()},
            "pack": {kind: weight for kind, (weight, _) in troubles.PACKS.items()},
        },
    )


def take(world: SimulatedWorld, step: Step) -> None:
    """Let one step happen."""
    KINDS[step.kind](world, world.box_at(step.box), Random(step.seed), step)
