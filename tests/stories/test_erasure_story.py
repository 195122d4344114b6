"""A learner is erased, and stays so."""

import pytest

from tests.stories.world import World

pytestmark = pytest.mark.slow


def test_a_learner_erased_between_two_nights(world: World) -> None:
    """Amina's name and answers were at the hub. After the next night they are nowhere, and every chain holds."""
    box = world.box()
    amina, bilan = box.learner("Amina Warsame"), box.learner("Bilan Omar")
    amina.answers()
    bilan.answers()
    box.night()
    assert {"Amina Warsame", "Bilan Omar"} == world.hub.names()

    world.erases(box, amina.id)
    box.night()

    assert {"Bilan Omar"} == world.hub.names()
    assert [] == world.hub.keeps("Amina Warsame")
    box.restarts()
    assert [] == [path for path in box.data.rglob("*") if path.is_file() and b"Amina Warsame" in path.read_bytes()]


def test_an_old_batch_of_an_erased_learner_is_filtered(world: World) -> None:
    """A forgotten copy of the card comes back with what Amina did there; the hub takes it without her, and tells it."""
    box = world.box()
    amina = box.learner("Amina Warsame")
    clone = world.clone_of(box)
    clone.somebody(amina.id).answers()
    box.night()
    world.erases(box, amina.id)
    box.night()

    clone.night()
    clone.night()

    assert set() == world.hub.names()
    assert [] == world.hub.keeps("Amina Warsame")
    assert clone.box.journal.has_erased(amina.id)
    assert clone.box.people.person(amina.id) is None
