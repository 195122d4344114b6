"""The campus: classes and announcements that hub and boxes tell each other, each side owning its own."""

import contextlib
from random import Random

from catalog.fault import CallerFault
from sync.campus.ownership import Side
from tests.simulation.box import SimulatedBox
from tests.simulation.registry import happens
from tests.simulation.script import Step
from tests.simulation.world import SimulatedWorld

ACCEPTS = 0.5


@happens("the hub announces something", "the campus", 3)
def announce(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    world.hub.hub.notices.announce(world.campus, f"Word {step.seed}")
    world.tells(f"the hub announces word {step.seed}")


@happens("the hub adds a class", "the campus", 2)
def add_class(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    world.hub.hub.roster.add_class(world.campus, f"Class {step.seed}")
    world.tells(f"the hub adds class {step.seed}")


@happens("the hub renames a class", "the campus", 2)
def rename_at_hub(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    classes = [one for one in world.hub.hub.roster.classes(world.campus) if one.id]
    if classes:
        chosen = lot.choice(classes)
        # Somebody may just have renamed or removed what is on the screen.
        with contextlib.suppress(CallerFault):
            is_done = world.hub.hub.roster.change(world.campus, "class", chosen.id, "name", f"Class {step.seed}")
            world.tells(f"the hub {'renames' if is_done else 'proposes to rename'} {chosen.name} to class {step.seed}")


@happens("a box renames a class", "the campus", 2)
def rename_at_box(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    classes = box.box.people.classrooms()
    if classes:
        chosen = lot.choice(classes)
        with contextlib.suppress(CallerFault):
            is_done = box.box.campus.change("class", chosen.id, "name", f"Class {step.seed}")
            does = "renames" if is_done else "proposes to rename"
            world.tells(f"{box.name} {does} {chosen.name} to class {step.seed}")


@happens("somebody decides what the other side proposed", "the campus", 2)
def decide(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    is_accepted = lot.random() < ACCEPTS
    word = "accepts" if is_accepted else "refuses"
    with contextlib.suppress(CallerFault):
        for one in world.hub.hub.roster.proposals(world.campus):
            if one.by is Side.CAMPUS:
                world.hub.hub.roster.decide(world.campus, one.id, is_accepted)
                world.tells(f"the hub {word} {one.value}")
    with contextlib.suppress(CallerFault):
        for one in box.box.campus.proposals(Side.HUB):
            box.box.campus.decide(one.id, is_accepted)
            world.tells(f"{box.name} {word} {one.value}")
