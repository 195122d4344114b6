"""The script of a world: what will happen in it, drawn from one seed before anything does.

* A script is a value. The same seed draws the same script, and the same script makes the same world.
* Each step and each trouble carries its own seed: taking one out changes none of the others, so that scripts shrink.
* What can happen is told by `registry.py` and `troubles.py`; nothing here knows any of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

STEPS = (3, 7)
"""How many steps a world has, at least and at most."""
BOXES = (1, 1, 2)
SEEDS = 1 << 32
NEW = 0.4
"""In so many worlds the boxes are new, and all courses are still to come."""
METERED = 0.2
"""So many worlds have boxes with a quota for each night."""
MATTERS = 3
"""So many matters a world is about, beside every day's: few in one world, so that what belongs together meets."""
TROUBLES_AT = {"report": 4, "pack": 5}
"""Where in a session trouble may come, and at which of the first requests."""
MOMENTS_MAX = 36
DARK = 0.4
"""In so many nights the power goes at one of the box's commits: before it is written, or before that is heard."""
DARK_ALONE = 0.5
"""In so many of those nothing else is wrong: a night that fails at its first report comes to few of its commits."""
BOXES_MAX = 4
"""With clones; so many boxes a step may be about."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong in a session: at its `number`th report or pack, or moment of a commit."""

    at: str
    number: int
    kind: str
    seed: int


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, to one of the boxes where it is about a box."""

    kind: str
    box: int
    seed: int
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A whole world."""

    seed: int
    boxes: int
    is_new: bool
    is_metered: bool
    steps: tuple[Step, ...]

    @property
    def size(self) -> int:
        """How much happens, steps and troubles."""
        return len(self.steps) + sum(len(step.troubles) for step in self.steps)

    def with_steps(self, steps: tuple[Step, ...]) -> "Script":
        return replace(self, steps=steps)


@dataclass(frozen=True, slots=True)
class Lots:
    """What may be drawn, with its weight: every day's steps, those of other matters, and troubles by their place."""

    every_day: Mapping[str, int]
    matters: Mapping[str, Mapping[str, int]]
    with_sessions: frozenset[str]
    troubles: Mapping[str, Mapping[str, int]]


def drawn(seed: int, lots: Lots) -> Script:
    """The script of this seed."""
    lot = Random(f"script {seed}")
    boxes, is_new, is_metered = lot.choice(BOXES), lot.random() < NEW, lot.random() < METERED
    weights = dict(lots.every_day)
    for matter in lot.sample(list(lots.matters), MATTERS):
        weights |= lots.matters[matter]
    steps = tuple(_step(lot, lots, weights) for _ in range(lot.randint(*STEPS)))
    return Script(seed, boxes, is_new, is_metered, steps)


def _step(lot: Random, lots: Lots, weights: Mapping[str, int]) -> Step:
    kind = _one_of(lot, weights)
    step = Step(kind, lot.randrange(BOXES_MAX), lot.randrange(SEEDS))
    return replace(step, troubles=_troubles(lot, lots)) if kind in lots.with_sessions else step


def _troubles(lot: Random, lots: Lots) -> tuple[Trouble, ...]:
    dark = Trouble("commit", lot.randint(1, MOMENTS_MAX), "loses its power", 0)
    is_dark, is_alone = lot.random() < DARK, lot.random() < DARK_ALONE
    if is_dark and is_alone:
        return (dark,)
    found = [dark] if is_dark else []
    for at, requests in TROUBLES_AT.items():
        for number in range(requests):
            if kind := _one_of(lot, lots.troubles[at]):
                found.append(Trouble(at, number, kind, lot.randrange(SEEDS)))
    return tuple(found)


def _one_of(lot: Random, weights: Mapping[str, int]) -> str:
    return lot.choices(list(weights), list(weights.values()))[0]
