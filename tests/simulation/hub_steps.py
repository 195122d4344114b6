"""The hub's days: it is killed, backed up, put back; its staff replace its keys, and take boxes out of service."""

import contextlib
from dataclasses import replace
from random import Random

from catalog.fault import CallerFault
from tests.simulation.box import SimulatedBox
from tests.simulation.registry import happens
from tests.simulation.script import Step
from tests.simulation.steps import answers, good_day, night, publish
from tests.simulation.world import SimulatedWorld

FALLS_BACK = 0.5
"""How often something has travelled since the last backup, beside what else the world is about."""
KNOWN = 0.7
"""How often the hub hears of a learner on the day on which they are erased."""
WITH_ROOT = 0.3
"""How often the root keys are replaced too; those go to sticks, as in a hub in earnest."""


@happens("the hub is killed", "power", 2)
def kill_hub(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    world.hub.is_killed_and_started_again()
    world.tells("the hub is killed, and starts again")


@happens("the hub is backed up", "the hub", 1)
def back_up(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    world.backups.append(world.hub.backs_up())
    world.tells("the hub is backed up")


@happens("the hub is restored", "the hub", 5)
def restore_hub(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if lot.random() < FALLS_BACK:
        good_day(world, box, lot, step)
    number = lot.randrange(len(world.backups))
    world.restores_hub(world.backups[number])
    world.tells(f"the hub is lost, and restored from backup {number}")


@happens("the keys are rotated", "the hub", 4)
def rotate_keys(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    has_root = lot.random() < WITH_ROOT
    version = world.rotates_keys(has_root=has_root)
    if lot.random() < FALLS_BACK:
        good_day(world, box, lot, step)
    world.tells(f"the hub's staff replace its keys{', the root keys too' if has_root else ''}: root {version}")


@happens("the hub is restored from before its keys were rotated", "the hub", 2)
def forget_keys(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    """The boxes know keys that the hub has forgotten, and there is something new for them."""
    back_up(world, box, lot, step)
    rotate_keys(world, box, lot, step)
    good_day(world, box, lot, step)
    world.restores_hub(world.backups[-1])
    world.tells("the hub is lost, and restored from its last backup")
    publish(world, box, lot, step)


@happens("the hub erases a learner", "people", 3)
def erase_at_hub(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    learner = lot.choice(world.people)
    if lot.random() < KNOWN:
        box.somebody(learner).answers()
        night(world, box, lot, replace(step, troubles=()))
    # Whom the hub has not heard of, it cannot be asked to forget.
    with contextlib.suppress(CallerFault):
        world.hub_forgets_learner(learner)
        world.tells(f"the hub's staff erase {learner}")


@happens("the hub is restored from before it erased a learner", "the hub", 2)
def forget_erasure(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    """No box has heard of it: nobody but the list beside the backups knows."""
    answers(world, box, lot, step)
    night(world, box, lot, replace(step, troubles=()))
    back_up(world, box, lot, step)
    erase_at_hub(world, box, lot, step)
    world.restores_hub(world.backups[-1])
    world.tells("the hub is lost, and restored from its last backup")


@happens("a box is taken out of service", "service", 3)
def revoke(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if box.id not in world.rotten:
        world.revokes(box.id)
        world.tells(f"the hub's staff take {box.name} out of service")
