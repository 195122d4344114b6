"""Cards are copied: put back after a failure, or used in a second machine."""

from collections.abc import Mapping

import pytest

from sync.hub.keeping.alarms import Kind
from tests.stories.box import CampusBox
from tests.stories.disk import copied
from tests.stories.world import World

pytestmark = pytest.mark.slow


def test_a_card_restored_from_a_copy(world: World) -> None:
    """The card fails, and last week's copy is put in. What was learnt since then is at the hub; nothing is doubled."""
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    box.night()
    copy = box.card_copy()
    amina.answers()
    box.night()

    box.runs_from(copy)
    amina.answers()
    night = box.night()

    assert "well" == night.outcome
    assert 3 == sum(event.kind == "answered" for event in world.hub.events(box.id))
    assert 3 == len(world.hub.marks(box.id))
    assert 2 == world.hub.state(box.id).forks


def test_a_card_copied_while_the_box_ran(world: World) -> None:
    """The copy holds the first half of an epoch; the box wrote the second half later. Both, and the new one, stay."""
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    copy = box.data.with_name("copy")
    copied(box.data, copy)
    amina.answers()
    box.night()

    box.runs_from(copy)
    amina.answers()
    box.night()

    assert 3 == sum(event.kind == "answered" for event in world.hub.events(box.id))
    assert 1 == world.hub.state(box.id).forks


def test_a_cloned_card(world: World) -> None:
    """One card is copied for a second room, and both are used: two epochs with one parent, told apart and flagged."""
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    box.night()
    clone = world.clone_of(box)
    bilan = clone.somebody("bilan")
    for _ in range(3):
        amina.answers()
        bilan.answers()
        box.night()
        clone.night()

    nights = box.night(), clone.night()

    assert ["well", "well"] == [night.outcome for night in nights]
    assert 7 == sum(event.kind == "answered" for event in world.hub.events(box.id))
    assert 2 == world.hub.state(box.id).forks


def of_hardware(box: CampusBox, card: str, machine: str) -> None:
    """Let a box run on this hardware from its next start on, which is now."""
    box.parts = {"card": card, "soc": machine}
    box.restarts()


def alarms_at_hub(world: World, box: CampusBox) -> dict[Kind, Mapping[str, int | str]]:
    found = world.hub.hub.keeping.alarms.standing(world.time.wall_seconds)
    return {one.kind: one.numbers for one in found.get(box.id, ())}


def test_two_machines_of_one_card_are_named_at_the_hub(world: World) -> None:
    """A card is copied for a second room: no answer is lost or counted twice, and the alarm says which two it is."""
    box = world.box()
    of_hardware(box, "card-one", "board-one")
    amina = box.somebody("amina")
    amina.answers()
    box.night()
    clone = world.stranger("second room")
    clone.parts = {"card": "card-two", "soc": "board-two"}
    clone.runs_from(box.card_copy())
    bilan = clone.somebody("bilan")
    for _ in range(2):
        bilan.answers()
        clone.night()
        amina.answers()
        box.night()

    assert "hardware-changed" in [alarm.kind for alarm in clone.box.alarms.standing()]
    assert "hardware-changed" not in [alarm.kind for alarm in box.box.alarms.standing()]
    found = alarms_at_hub(world, box)
    assert {"first": "card-two", "last": "card-one"} == found[Kind.CARD_CLONED]
    assert Kind.HARDWARE_CHANGED not in found
    assert 5 == sum(event.kind == "answered" for event in world.hub.events(box.id))


def test_a_card_that_was_replaced_by_its_copy_is_said_once(world: World) -> None:
    box = world.box()
    of_hardware(box, "card-one", "board-one")
    box.night()

    of_hardware(box, "card-two", "board-one")
    for _ in range(3):
        box.night()

    assert {Kind.HARDWARE_CHANGED: {"first": "card-one", "last": "card-two"}} == alarms_at_hub(world, box)


def test_a_card_that_goes_from_board_to_board_is_no_clone(world: World) -> None:
    """Whoever looks for a broken board puts one card in two of them by turns."""
    box = world.box()
    for machine in ("one", "two", "one", "two", "one"):
        of_hardware(box, "card-one", f"board-{machine}")
        box.somebody("amina").answers()
        box.night()

    assert {} == alarms_at_hub(world, box)
    assert ["machine-changed"] == [alarm.kind for alarm in box.box.alarms.standing()]


def test_boxes_that_show_nothing_of_their_hardware_are_heard_as_ever(world: World) -> None:
    box = world.box()
    box.night()
    of_hardware(box, "card-one", "board-one")
    box.night()
    box.parts = {}
    box.restarts()
    box.night()

    assert {} == alarms_at_hub(world, box)
