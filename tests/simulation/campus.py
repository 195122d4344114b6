"""The campus: classes, learners and announcements that hub and boxes tell each other, each side owning its own."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from random import Random

from catalog.fault import CallerFault
from sync.campus.ownership import Proposal, Side
from tests.simulation.box import SimulatedBox
from tests.simulation.registry import happens
from tests.simulation.script import Step
from tests.simulation.steps import night
from tests.simulation.world import HUB, Fact, SimulatedWorld

ACCEPTS = 0.5
MEANWHILE = 0.5
"""How often the owner writes another name before somebody looks at a proposal, and how often after."""


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
    _renames_one(world, box, Side.HUB, "class", lot, f"Class {step.seed}")


@happens("the hub renames a learner", "the campus", 2)
def rename_learner_at_hub(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    _renames_one(world, box, Side.HUB, "learner", lot, f"Learner {step.seed}")


@happens("a box renames a class", "the campus", 2)
def rename_class_at_box(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    _renames_one(world, box, Side.CAMPUS, "class", lot, f"Class {step.seed}")


@happens("a box renames a learner", "the campus", 2)
def rename_learner_at_box(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    _renames_one(world, box, Side.CAMPUS, "learner", lot, f"Learner {step.seed}")


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
    chosen = "class", _a_class_of(world, box, side, step)
    night(world, box, lot, quiet)
    _renames(world, box, side.other, chosen, f"Wish {step.seed}")
    night(world, box, lot, quiet)
    if lot.random() < MEANWHILE:
        _renames(world, box, side, chosen, f"Before {step.seed}")
    waiting = [one for one in _looks(world, box, side) if one.subject == chosen[1]]
    if lot.random() < MEANWHILE:
        _renames(world, box, side, chosen, f"After {step.seed}")
    for one in waiting:
        _decides(world, box, side, one, is_accepted=True)


def _a_class_of(world: SimulatedWorld, box: SimulatedBox, side: Side, step: Step) -> str:
    name = f"Own class {step.seed}"
    made = [
        subject for (about, subject), called in _called(world, box, side).items() if (about, called) == ("class", name)
    ]
    if made:
        return made[0]
    if side is Side.HUB:
        new = world.hub.hub.roster.add_class(world.campus, name)
        world.decides(HUB, ("class", new), None, name)
        return new
    return box.box.people.add_classroom(name).id


def _renames_one(world: SimulatedWorld, box: SimulatedBox, side: Side, about: str, lot: Random, name: str) -> None:
    known = sorted(subject for kind, subject in _called(world, box, side) if kind == about)
    if known:
        _renames(world, box, side, (about, lot.choice(known)), name)


def _renames(world: SimulatedWorld, box: SimulatedBox, side: Side, fact: Fact, name: str) -> None:
    was = _called(world, box, side).get(fact)
    # It may not have come to this side, or be gone again with a card or a hub's machine.
    with contextlib.suppress(CallerFault):
        if side is Side.HUB:
            is_done = world.hub.hub.roster.change(world.campus, *fact, {"name": name})
        else:
            is_done = box.box.campus.change(*fact, {"name": name})
        if is_done:
            world.decides(_who(box, side), fact, was, name)
        world.tells(f"{_named(box, side)} {'renames' if is_done else 'proposes to rename'} {was} to {name}")


def _looks(world: SimulatedWorld, box: SimulatedBox, side: Side) -> list[Proposal]:
    """Somebody of this side opens the page with what the other side proposes."""
    if side is Side.HUB:
        shown = [one for one in world.hub.hub.roster.proposals(world.campus) if one.by is Side.CAMPUS]
    else:
        shown = box.box.campus.proposals(Side.HUB)
    called = _called(world, box, side)
    world.looked_at += [(one.now, called.get((one.about, one.subject))) for one in shown]
    return shown


def _decides(world: SimulatedWorld, box: SimulatedBox, side: Side, one: Proposal, is_accepted: bool) -> None:
    """The same person decides, by what the page showed; what was meanwhile changed or decided stays."""
    fact = one.about, one.subject
    before = _called(world, box, side).get(fact)
    with contextlib.suppress(CallerFault):
        if side is Side.HUB:
            world.hub.hub.roster.decide(world.campus, one.id, is_accepted, one.now)
        else:
            box.box.campus.decide(one.id, is_accepted, one.now)
        if is_accepted:
            world.gave_way.append((one.now, before))
            world.decides(_who(box, side), fact, before, one.value)
        word = "accepts" if is_accepted else "refuses"
        world.tells(f"{_named(box, side)} {word} {one.value} in place of {before}")


def _called(world: SimulatedWorld, box: SimulatedBox, side: Side) -> Mapping[Fact, str]:
    """What classes and learners are called on the pages of this side."""
    return world.hub.called() if side is Side.HUB else box.called()


def _who(box: SimulatedBox, side: Side) -> str:
    return HUB if side is Side.HUB else box.id


def _named(box: SimulatedBox, side: Side) -> str:
    return "the hub" if side is Side.HUB else box.name
