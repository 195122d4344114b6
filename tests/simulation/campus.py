"""The campus: classes and announcements that hub and boxes tell each other, each side owning its own."""

import contextlib
from dataclasses import replace
from random import Random

from catalog.fault import CallerFault
from sync.campus.ownership import Proposal, Side
from tests.simulation.box import SimulatedBox
from tests.simulation.registry import happens
from tests.simulation.script import Step
from tests.simulation.steps import night
from tests.simulation.world import SimulatedWorld

ACCEPTS = 0.5
MEANWHILE = 0.5
"""How often the owner writes another name before somebody looks at a proposal, and how often after."""


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
            is_done = world.hub.hub.roster.change(world.campus, "class", chosen.id, {"name": f"Class {step.seed}"})
            world.tells(f"the hub {'renames' if is_done else 'proposes to rename'} {chosen.name} to class {step.seed}")


@happens("a box renames a class", "the campus", 2)
def rename_at_box(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    classes = box.box.people.classrooms()
    if classes:
        chosen = lot.choice(classes)
        with contextlib.suppress(CallerFault):
            is_done = box.box.campus.change("class", chosen.id, {"name": f"Class {step.seed}"})
            does = "renames" if is_done else "proposes to rename"
            world.tells(f"{box.name} {does} {chosen.name} to class {step.seed}")


@happens("somebody decides what the other side proposed", "the campus", 2)
def decide(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    is_accepted = lot.random() < ACCEPTS
    for side in Side:
        for one in _looks(world, box, side):
            _decides(world, box, side, one, is_accepted)


@happens("a class is renamed while a name for it is proposed", "the campus", 2)
def cross(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    """One side proposes, the owner renames before or after somebody looks at the proposal, and then it is accepted."""
    side, quiet = lot.choice(list(Side)), replace(step, troubles=())
    chosen = _a_class_of(world, box, side, step)
    night(world, box, lot, quiet)
    _renames(world, box, side.other, chosen, f"Wish {step.seed}")
    night(world, box, lot, quiet)
    if lot.random() < MEANWHILE:
        _renames(world, box, side, chosen, f"Before {step.seed}")
    waiting = [one for one in _looks(world, box, side) if one.subject == chosen]
    if lot.random() < MEANWHILE:
        _renames(world, box, side, chosen, f"After {step.seed}")
    for one in waiting:
        _decides(world, box, side, one, is_accepted=True)


def _a_class_of(world: SimulatedWorld, box: SimulatedBox, side: Side, step: Step) -> str:
    name = f"Own class {step.seed}"
    if side is Side.HUB:
        made = [one.id for one in world.hub.hub.roster.classes(world.campus) if one.name == name]
        return made[0] if made else world.hub.hub.roster.add_class(world.campus, name)
    made = [one.id for one in box.box.people.classrooms() if one.name == name]
    return made[0] if made else box.box.people.add_classroom(name).id


def _renames(world: SimulatedWorld, box: SimulatedBox, side: Side, classroom: str, name: str) -> None:
    # It may not have come to the other side, or be gone again with a card or a hub's machine.
    with contextlib.suppress(CallerFault):
        if side is Side.HUB:
            is_done = world.hub.hub.roster.change(world.campus, "class", classroom, {"name": name})
        else:
            is_done = box.box.campus.change("class", classroom, {"name": name})
        who = "the hub" if side is Side.HUB else box.name
        world.tells(f"{who} {'renames' if is_done else 'proposes to rename'} a class to {name}")


def _looks(world: SimulatedWorld, box: SimulatedBox, side: Side) -> list[Proposal]:
    """Somebody of this side opens the page with what the other side proposes."""
    if side is Side.HUB:
        shown = [one for one in world.hub.hub.roster.proposals(world.campus) if one.by is Side.CAMPUS]
    else:
        shown = box.box.campus.proposals(Side.HUB)
    world.looked_at += [(one.now, _name(world, box, side, one.subject)) for one in shown]
    return shown


def _decides(world: SimulatedWorld, box: SimulatedBox, side: Side, one: Proposal, is_accepted: bool) -> None:
    """The same person decides, by what the page showed; what was meanwhile changed or decided stays."""
    before = _name(world, box, side, one.subject)
    with contextlib.suppress(CallerFault):
        if side is Side.HUB:
            world.hub.hub.roster.decide(world.campus, one.id, is_accepted, one.now)
        else:
            box.box.campus.decide(one.id, is_accepted, one.now)
        if is_accepted:
            world.gave_way.append((one.now, before))
        who = "the hub" if side is Side.HUB else box.name
        world.tells(f"{who} {'accepts' if is_accepted else 'refuses'} {one.value} in place of {before}")


def _name(world: SimulatedWorld, box: SimulatedBox, side: Side, classroom: str) -> str:
    """What a class is called on the pages of this side."""
    if side is Side.HUB:
        return next(one.name for one in world.hub.hub.roster.classes(world.campus) if one.id == classroom)
    return next(one.name for one in box.box.people.classrooms() if one.id == classroom)
