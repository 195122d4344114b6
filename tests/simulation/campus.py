"""The campus: classes and announcements that hub and boxes tell each other, each side owning its own."""

import contextlib
from random import Random

from catalog.fault import CallerFault
from sync.campus.ownership import Side
from tests.simulation.box import SimulatedBox
from tests.simulation.registry import happens
from tests.simulation.script import Step
from tests.simulation.world import HUB, Fact, SimulatedWorld

ACCEPTS = 0.5


@happens("the hub announces something", "the campus", 3)
def announce(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    world.hub.hub.notices.announce(world.campus, f"Word {step.seed}")
    world.tells(f"the hub announces word {step.seed}")


@happens("the hub adds a class", "the campus", 2)
def add_class(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    made = world.hub.hub.roster.add_class(world.campus, f"Class {step.seed}")
    world.decides(HUB, ("class", made), None, f"Class {step.seed}")
    world.tells(f"the hub adds class {step.seed}")


@happens("the hub adds a learner", "the campus", 2)
def add_learner(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    classes = [one for one in world.hub.hub.roster.classes(world.campus) if one.name]
    if classes:
        name = f"Learner {step.seed}"
        learner = world.hub.hub.roster.add_learner(world.campus, lot.choice(classes).id, name)
        world.names[learner] = name
        world.decides(HUB, ("learner", learner), None, name)
        world.tells(f"the hub adds {learner}")


@happens("the hub renames a class", "the campus", 2)
def rename_class_at_hub(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    _rename_at_hub(world, "class", lot, f"Class {step.seed}")


@happens("the hub renames a learner", "the campus", 2)
def rename_learner_at_hub(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    _rename_at_hub(world, "learner", lot, f"Learner {step.seed}")


@happens("a box renames a class", "the campus", 2)
def rename_class_at_box(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    _rename_at_box(world, box, "class", lot, f"Class {step.seed}")


@happens("a box renames a learner", "the campus", 2)
def rename_learner_at_box(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    _rename_at_box(world, box, "learner", lot, f"Learner {step.seed}")


@happens("somebody decides what the other side proposed", "the campus", 2)
def decide(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    is_accepted = lot.random() < ACCEPTS
    word = "accepts" if is_accepted else "refuses"
    with contextlib.suppress(CallerFault):
        for one in world.hub.hub.roster.proposals(world.campus):
            if one.by is Side.CAMPUS:
                fact = (one.about, one.subject)
                was = world.hub.called().get(fact)
                world.hub.hub.roster.decide(world.campus, one.id, is_accepted)
                if is_accepted:
                    world.decides(HUB, fact, was, one.value)
                world.tells(f"the hub {word} {one.value}")
    with contextlib.suppress(CallerFault):
        for one in box.box.campus.proposals(Side.HUB):
            fact = (one.about, one.subject)
            was = box.called().get(fact)
            box.box.campus.decide(one.id, is_accepted)
            if is_accepted:
                world.decides(box.id, fact, was, one.value)
            world.tells(f"{box.name} {word} {one.value}")


def _rename_at_hub(world: SimulatedWorld, about: str, lot: Random, name: str) -> None:
    known = sorted(subject for kind, subject in world.hub.called() if kind == about)
    if known:
        fact = (about, lot.choice(known))
        was = world.hub.called()[fact]
        # Somebody may just have renamed or removed what is on the screen.
        with contextlib.suppress(CallerFault):
            is_done = world.hub.hub.roster.change(world.campus, *fact, "name", name)
            _renamed(world, HUB, fact, was, name, is_done=is_done)
            world.tells(f"the hub {'renames' if is_done else 'proposes to rename'} {was} to {name}")


def _rename_at_box(world: SimulatedWorld, box: SimulatedBox, about: str, lot: Random, name: str) -> None:
    known = sorted(subject for kind, subject in box.called() if kind == about)
    if known:
        fact = (about, lot.choice(known))
        was = box.called()[fact]
        with contextlib.suppress(CallerFault):
            is_done = box.box.campus.change(*fact, "name", name)
            _renamed(world, box.id, fact, was, name, is_done=is_done)
            world.tells(f"{box.name} {'renames' if is_done else 'proposes to rename'} {was} to {name}")


def _renamed(world: SimulatedWorld, who: str, fact: Fact, was: str, name: str, *, is_done: bool) -> None:
    if is_done:
        world.decides(who, fact, was, name)
