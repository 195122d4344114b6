"""Box and hub of different ages: the oldest software that speaks our protocol, beside today's, both ways.

`old/` holds that software as it was then (our own, Apache-2.0): the oldest that speaks version 1 of the wire and
knows sticks. It runs as it is, out of a folder of its own, with today's libraries.
"""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.processes import ROOT
from tests.system.machines import Machine, command

pytestmark = pytest.mark.system

STORY = Path(__file__).with_name("learner_story.py")
READER = ROOT / "provisioning" / "samples" / "reader"
ANSWERS = 40
CAMPUS = "Wadi"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old software, unpacked."""
    folder = tmp_path_factory.mktemp("old")
    (wheel,) = Path(__file__).with_name("old").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(params=["old box, new hub", "new box, old hub"])
def pair(request: pytest.FixtureRequest, old: Path, tmp_path: Path) -> Iterator[tuple[Machine, Machine]]:
    """A hub that serves, with a course, and a box that belongs to it."""
    is_box_old = request.param.startswith("old box")
    hub = Machine("hub", tmp_path / "hub", ROOT if is_box_old else old)
    box = Machine("box", tmp_path / "box", old if is_box_old else ROOT)
    hub.starts()
    hub.says("publish", str(READER), "--course", "reader")
    token = hub.says("token", "--campus", CAMPUS)["token"]
    box.says("enrol", "--hub", hub.address, "--token", token)
    yield box, hub
    hub.stops()


def learns(box: Machine, course: str = "reader") -> None:
    """A learner answers at the box."""
    story = [sys.executable, str(STORY), str(box.data), course, str(ANSWERS)]
    ended = subprocess.run(story, cwd=box.root, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == ended.returncode, ended.stderr


def heard(hub: Machine) -> int:
    (row,) = hub.says("boxes")
    return int(row["events"])


def test_the_two_are_of_different_ages(pair: tuple[Machine, Machine]) -> None:
    box, hub = pair
    where = [sys.executable, "-c", "import sync.wire as wire; print(wire.__file__, hasattr(wire, 'CAN_FOLLOW'))"]
    says = [
        subprocess.run(where, cwd=one.root, capture_output=True, text=True, check=True).stdout for one in (box, hub)
    ]

    assert {"True", "False"} == {line.split()[-1] for line in says}


def test_courses_come_down_and_progress_goes_up_over_a_link(pair: tuple[Machine, Machine]) -> None:
    box, hub = pair
    box.says("sync")
    assert ["reader"] == box.courses()
    before = heard(hub)

    learns(box)
    night = box.says("sync")

    assert "well" == night["outcome"], night
    assert heard(hub) - before == night["events_up"] >= ANSWERS
    assert 0 == box.says("sync")["events_up"]


def test_courses_come_down_and_progress_goes_up_by_stick(pair: tuple[Machine, Machine], tmp_path: Path) -> None:
    box, hub = pair
    stick = tmp_path / "stick"
    stick.mkdir()
    learns(box)
    before = heard(hub)

    hub.says("carry", "--to", str(stick), "--campus", CAMPUS)
    visit = box.says("carry", "--with", str(stick))
    hub.says("take", str(stick))

    assert ["reader"] == visit["courses"] == box.courses()
    assert [] == visit["faults"]
    assert heard(hub) - before >= ANSWERS


def test_a_newer_version_of_a_course_follows_over_either_way(pair: tuple[Machine, Machine], tmp_path: Path) -> None:
    box, hub = pair
    box.says("sync")
    source = tmp_path / "newer"
    source.mkdir()
    for file in READER.iterdir():
        (source / file.name).write_bytes(file.read_bytes())
    (source / "further.html").write_text("<p>Further reading</p>")

    hub.says("publish", str(source), "--course", "reader")
    box.says("sync")

    assert [2] == [row["version"] for row in box.says("courses")["courses"]]


def test_the_command_of_the_old_software_is_the_old_one(old: Path) -> None:
    assert "scrub" not in command("box", "--help", root=old).stdout
    assert "scrub" in command("box", "--help").stdout
