"""`qanat hub carry`, `qanat box carry`, `qanat hub take`, as they are typed; on a stick and on single files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click import Command
from click.testing import CliRunner

from catalog.fault import CallerFault
from edge.cli import box as box_commands
from sync.hub.cli import hub as hub_commands
from tests.stories.box import CampusBox
from tests.stories.world import World

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}


def typed(command: Command, *words: str | Path) -> str:
    return CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False).output


def document(command: Command, *words: str | Path) -> Any:
    return json.loads(typed(command, *words, "--json"))


@pytest.fixture
def box(world: World) -> Iterator[CampusBox]:
    """A box that is switched off, so that commands work on its folder."""
    world.hub.publishes("water", core=SITE)
    box = world.box()
    box.learner("Amina").answers()
    box.goes_down()
    yield box
    box.comes_up()


def test_a_stick_goes_round(world: World, box: CampusBox, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()

    written = document(hub_commands, "carry", "--data", world.hub.data, "--to", stick, "--campus", "Wadi")
    visited = document(box_commands, "carry", "--data", box.data, "--with", stick)
    taken = document(hub_commands, "take", stick, "--data", world.hub.data)

    assert (1, 1, []) == (written["letters"], len(written["packs"]), written["left_out"])
    assert ("new", ["water"], []) == (visited["letter"], visited["courses"], visited["faults"])
    assert visited["home"]["events"] == taken["events"] > 0


def test_single_files_go_round(world: World, box: CampusBox, tmp_path: Path) -> None:
    out, back = tmp_path / "out.qanat", tmp_path / "back.qanat"

    typed(box_commands, "carry", "--data", box.data, "--out", out)
    typed(hub_commands, "take", out, "--data", world.hub.data)
    typed(hub_commands, "carry", "--data", world.hub.data, "--to", back, "--campus", "Wadi", "--mb", "50")
    visited = document(box_commands, "carry", "--data", box.data, "--with", back)

    assert (["water"], None) == (visited["courses"], visited["home"])


def test_it_is_said_in_words(world: World, box: CampusBox, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()

    written = typed(hub_commands, "carry", "--data", world.hub.data, "--to", stick, "--campus", "Wadi")
    came_bytes = sum(file.stat().st_size for file in stick.rglob("*") if file.is_file())
    visited = typed(box_commands, "carry", "--data", box.data, "--with", stick)
    taken = typed(hub_commands, "take", stick, "--data", world.hub.data)

    assert f"It holds 1 letter and 1 pack, 0.3 kB; {came_bytes / 1e3:.1f} kB were written now.\n" == written
    assert visited.startswith("Courses that came: water.\nThe box's letter 2 goes along: ")
    assert taken.startswith("hill school: ")


def test_a_campus_that_is_not_there_is_a_fault(world: World, tmp_path: Path) -> None:
    with pytest.raises(CallerFault, match="no campus"):
        typed(hub_commands, "carry", "--data", world.hub.data, "--to", tmp_path, "--campus", "Elsewhere")


def test_a_folder_that_is_not_there_is_a_fault(world: World, box: CampusBox, tmp_path: Path) -> None:
    for command, *words in (
        (hub_commands, "take", tmp_path / "none", "--data", world.hub.data),
        (box_commands, "carry", "--data", box.data, "--with", tmp_path / "none"),
        (box_commands, "carry", "--data", box.data, "--with", tmp_path / "none.qanat"),
    ):
        with pytest.raises(CallerFault):
            typed(command, *words)
