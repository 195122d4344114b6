"""A stick is put into a box, and nobody signs in."""

from pathlib import Path

import pytest

from catalog.fault import Fault
from edge.carrying.carrying import Visit
from edge.carrying.sticks import Sticks
from tests.stories.box import CampusBox
from tests.stories.stick import CampusStick, flip
from tests.stories.world import World

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}


@pytest.fixture
def box(world: World, tmp_path: Path) -> CampusBox:
    """A box that looks for sticks in a folder of the test's own."""
    world.hub.publishes("water", core=SITE)
    box = world.box()
    (tmp_path / "media").mkdir()
    box.box.config = box.box.config.with_changes({"sticks": str(tmp_path / "media")})
    return box


@pytest.fixture
def stick(tmp_path: Path, box: CampusBox) -> CampusStick:
    return CampusStick(tmp_path / "media" / "stick")


def looking(box: CampusBox) -> Sticks:
    # A folder of a test is no mounted disk; whether one is, is all that is said for it.
    return Sticks(box.box, is_disk=lambda path: True)


def test_a_stick_of_our_hub_is_taken_in(world: World, box: CampusBox, stick: CampusStick) -> None:
    stick.goes_to_hub(world.hub, "Wadi")
    sticks = looking(box)

    sticks.look()

    assert {"water": ["core"]} == box.shelf()
    assert stick.letter_of(box).exists()
    assert isinstance(sticks.said, Visit)


def test_a_stick_that_stays_in_is_taken_in_once(world: World, box: CampusBox, stick: CampusStick) -> None:
    stick.goes_to_hub(world.hub, "Wadi")
    sticks = looking(box)
    sticks.look()
    stick.letter_of(box).unlink()

    sticks.look()

    assert not stick.letter_of(box).exists()


def test_a_stick_that_comes_again_is_looked_at_anew(world: World, box: CampusBox, stick: CampusStick) -> None:
    stick.goes_to_hub(world.hub, "Wadi")
    sticks = looking(box)
    sticks.look()
    world.hub.publishes("water", core={"index.html": b"<h1>Water, again</h1>"})
    out = stick.disk.rename(stick.disk.parent.parent / "pocket")
    sticks.look()
    stick.disk = out
    stick.goes_to_hub(world.hub, "Wadi")
    stick.disk = out.rename(stick.disk.parent / "media" / "stick")

    sticks.look()

    assert world.hub.wanted() == box.roots()


def test_a_stick_that_our_hub_did_not_write_is_left_alone(box: CampusBox, stick: CampusStick) -> None:
    """Anybody's stick may have a folder of that name: nothing is written to it, progress least of all."""
    (stick.disk / "qanat").mkdir()
    sticks = looking(box)

    sticks.look()

    assert ({}, None) == (stick.files(), sticks.said)


def test_a_stick_with_a_forged_letter_is_left_alone(world: World, box: CampusBox, stick: CampusStick) -> None:
    stick.goes_to_hub(world.hub, "Wadi")
    flip(stick.letter_to(box), 100)

    looking(box).look()

    assert ({}, False) == (box.shelf(), stick.letter_of(box).exists())


def test_a_folder_that_is_no_disk_is_no_stick(world: World, box: CampusBox, stick: CampusStick) -> None:
    stick.goes_to_hub(world.hub, "Wadi")

    box.box.sticks.look()

    assert {} == box.shelf()


def test_a_stick_waits_while_a_session_runs(world: World, box: CampusBox, stick: CampusStick) -> None:
    stick.goes_to_hub(world.hub, "Wadi")
    sticks = looking(box)
    with box.box.nightly.alone():
        sticks.look()
    waited = box.shelf()

    sticks.look()

    assert ({}, {"water": ["core"]}) == (waited, box.shelf())


def test_a_broken_file_that_was_brought_is_said_and_let_go(box: CampusBox) -> None:
    sticks = looking(box)
    folder = box.data / "carry"
    folder.mkdir(exist_ok=True)
    (folder / "upload-1").write_bytes(b"half a file")
    sticks.bring(folder / "upload-1")

    sticks.look()

    assert isinstance(sticks.said, Fault)
    assert not sticks.is_waiting
