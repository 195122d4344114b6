"""Cards are copied: put back after a failure, or used in a second machine."""

import pytest

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
