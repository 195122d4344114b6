"""Cards and sticks: what is carried by hand, copied, put back, cloned and damaged."""

import contextlib
from pathlib import Path
from random import Random

from catalog.fault import Fault
from tests.simulation.box import SimulatedBox, files_in
from tests.simulation.registry import happens
from tests.simulation.script import BOXES_MAX, Step
from tests.simulation.steps import good_day
from tests.simulation.templates import CAMPUS
from tests.simulation.world import SimulatedWorld
from tests.stories.stick import flip

FALLS_BACK = 0.5
"""How often something has travelled since the card was copied, beside what else the world is about."""


# ---- cards -------------------------------------------------------------------------------------------------------


@happens("a card is copied", "cards", 1)
def copy_card(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if lot.random() < 0.5:
        world.card_copies.append((box, box.card_copy()))
        world.tells(f"the card of {box.name} is copied while it is off")
    else:
        world.copies_card(box)
        world.tells(f"the card of {box.name} is copied while it runs")


@happens("a card is put back", "cards", 3)
def restore_card(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if lot.random() < FALLS_BACK:
        good_day(world, box, lot, step)
    world.puts_back(box, lot.choice(_copies(world, box)))
    world.tells(f"the card of {box.name} breaks; an older copy takes its place")


@happens("a card is cloned", "cards", 2)
def clone_card(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if len(world.boxes) < BOXES_MAX:
        clone = world.copies_into_second_machine(box, lot.choice(_copies(world, box)))
        world.tells(f"a copy of the card of {box.name} runs in another machine: {clone.name}")


# ---- sticks ------------------------------------------------------------------------------------------------------


@happens("a stick is written", "sticks", 3)
def write_stick(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    is_new = not world.sticks or lot.random() < 0.5
    stick = world.stick() if is_new else lot.choice(world.sticks)
    with contextlib.suppress(Fault):
        stick.goes_to_hub(world.hub, CAMPUS)
    world.tells(f"stick {world.sticks.index(stick)} is written at the hub")


@happens("a stick is put into a box", "sticks", 3)
def visit(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if not world.sticks:
        return
    stick = lot.choice(world.sticks)
    with contextlib.suppress(Fault):
        stick.goes_to(box)
    world.tells(f"stick {world.sticks.index(stick)} is put into {box.name}")


@happens("a stick is handed in", "sticks", 3)
def hand_in(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if not world.sticks:
        return
    stick = lot.choice(world.sticks)
    with contextlib.suppress(Fault):
        stick.is_handed_in(world.hub)
    world.tells(f"stick {world.sticks.index(stick)} is handed in at the hub")


@happens("a stick is copied", "sticks", 1)
def copy_stick(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    if world.sticks:
        stick = lot.choice(world.sticks)
        world.copy_of(stick)
        world.tells(f"stick {world.sticks.index(stick)} is copied to stick {len(world.sticks) - 1}")


@happens("a stick is damaged", "sticks", 1)
def damage_stick(world: SimulatedWorld, box: SimulatedBox, lot: Random, step: Step) -> None:
    files = [(number, path) for number, stick in enumerate(world.sticks) for path in files_in(stick.disk)]
    if files:
        number, path = lot.choice(files)
        flip(path, lot.randrange(path.stat().st_size))
        for one in world.boxes:
            one.excused |= world.hub.pack_sizes().keys()  # a spooled part may be dropped with it
        world.tells(f"a bit of {path.name} on stick {number} is not what it was")


def _copies(world: SimulatedWorld, box: SimulatedBox) -> list[Path]:
    return [copy for one, copy in world.card_copies if one.id == box.id]
