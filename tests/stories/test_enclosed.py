"""A campus that no link ever reaches hears its hub all the same, in the envelope beside the letter."""

from pathlib import Path

import pytest

from sync.carry.carrier import insert_name
from sync.carry.stick import FOLDER
from sync.hub.engine import writing
from tests.stories.box import CampusBox
from tests.stories.stick import CampusStick, flip
from tests.stories.world import World

pytestmark = pytest.mark.slow

WORDS = "The library is closed on Thursday."


@pytest.fixture
def stick(tmp_path: Path) -> CampusStick:
    return CampusStick(tmp_path / "stick")


@pytest.fixture
def box(world: World, stick: CampusStick) -> CampusBox:
    """A box that the hub knows from a stick alone."""
    box = world.box()
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    return box


def announces(world: World, box: CampusBox, words: str = WORDS) -> None:
    hub = world.hub.hub
    with writing(hub.engine) as connection:
        campus = world.hub.state(box.id).campus.id
        hub.journals.append(connection, campus, "announced", {"announcement": words[:8], "text": words})


def heard(box: CampusBox) -> list[str]:
    return [one.text for one in box.box.campus.announcements()]


def test_what_the_hub_announced_comes_with_the_stick(world: World, box: CampusBox, stick: CampusStick) -> None:
    announces(world, box)

    stick.goes_to_hub(world.hub, "Wadi")
    visit = stick.goes_to(box)

    assert () == visit.faults
    assert [WORDS] == heard(box)


def test_nobody_who_finds_the_stick_can_read_it(world: World, box: CampusBox, stick: CampusStick) -> None:
    announces(world, box)
    stick.goes_to_hub(world.hub, "Wadi")

    assert insert_name(box.id) in stick.files()
    assert not [name for name, data in stick.files().items() if WORDS.encode() in data]


def test_with_nothing_new_the_stick_is_not_written_again(world: World, box: CampusBox, stick: CampusStick) -> None:
    announces(world, box)
    stick.goes_to_hub(world.hub, "Wadi")
    before = stick.files()

    stick.goes_to_hub(world.hub, "Wadi")

    assert before == stick.files()


def test_what_came_is_not_enclosed_again(world: World, box: CampusBox, stick: CampusStick) -> None:
    announces(world, box)
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    announces(world, box, "School begins on Sunday.")

    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    stick.goes_to(box)

    assert [WORDS, "School begins on Sunday."] == sorted(heard(box), reverse=True)


def test_an_insert_that_was_changed_is_refused_and_the_courses_come(
    world: World, box: CampusBox, stick: CampusStick
) -> None:
    world.hub.publishes("soil", core={"index.html": b"soil"})
    announces(world, box)
    stick.goes_to_hub(world.hub, "Wadi")
    flip(stick.disk / FOLDER / insert_name(box.id))

    visit = stick.goes_to(box)

    assert [] == heard(box)
    assert visit.faults
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    assert [WORDS] == heard(box)


def test_an_insert_of_another_letter_is_not_used(world: World, box: CampusBox, stick: CampusStick) -> None:
    announces(world, box)
    stick.goes_to_hub(world.hub, "Wadi")
    older = stick.files()[insert_name(box.id)]
    announces(world, box, "School begins on Sunday.")
    stick.goes_to_hub(world.hub, "Wadi")
    (stick.disk / FOLDER / insert_name(box.id)).write_bytes(older)

    visit = stick.goes_to(box)

    assert "not on the stick" in visit.faults[0].sentence
    assert [] == heard(box)


def test_a_card_that_was_put_back_hears_by_stick_of_who_joined(
    world: World, box: CampusBox, stick: CampusStick
) -> None:
    box.learner("Amina Warsame")
    stick.goes_to(box)
    stick.is_handed_in(world.hub)
    copy = box.card_copy()
    zara = box.learner("Zara Nur")
    stick.goes_to(box)
    stick.is_handed_in(world.hub)

    box.runs_from(copy)
    for _ in range(2):
        stick.goes_to_hub(world.hub, "Wadi")
        stick.goes_to(box)
        stick.is_handed_in(world.hub)
    stick.goes_to_hub(world.hub, "Wadi")
    visit = stick.goes_to(box)

    assert () == visit.faults
    assert box.box.people.person(zara.id) is not None
    assert {"Amina Warsame", "Zara Nur"} == world.hub.names()


def test_the_first_stick_of_a_new_box_brings_the_signed_catalogue_with_the_courses(
    world: World, stick: CampusStick
) -> None:
    """It was enrolled in town, and carried to where no link is before it ever said a word to its hub."""
    box = world.box()
    world.hub.publishes("soil", core={"index.html": b"soil"})
    announces(world, box)

    stick.goes_to_hub(world.hub, "Wadi")
    visit = stick.goes_to(box)

    assert () == visit.faults
    assert ["soil"] == list(box.shelf())
    assert 1 == len(box.box.catalogues.held())
    assert [WORDS] == heard(box)
    assert box.box.catalogues.judge("fire", 1, box.roots()["soil"]) is not None
