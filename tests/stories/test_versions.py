"""Courses change under the hands of those who learn with them."""

import shutil
from pathlib import Path

import pytest

from tests.stories.world import World

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "provisioning" / "samples"
PAGE = "site/parts/2-the-slope.html"


def test_a_new_version_keeps_the_learners_place_and_the_former_can_be_brought_back(
    world: World, tmp_path: Path
) -> None:
    """The lesson is corrected overnight. Amina goes on where she was; a call brings the former version back."""
    lesson = tmp_path / "lesson"
    shutil.copytree(SAMPLES / "lesson", lesson)
    first = world.hub.publishes_source(lesson, course="water")
    box = world.box()
    box.night()
    amina = box.learner("Amina Warsame")
    activity = first.activities[0].id
    box.box.learning.reached_page(amina.id, "water", 1, activity, PAGE, pages_total=4)
    before = box.box.learning.place(amina.id, "water", activity)
    former = box.reads("water", PAGE)
    shutil.copytree(SAMPLES / "lesson-2", lesson, dirs_exist_ok=True)
    second = world.hub.publishes_source(lesson, course="water")

    night = box.night()

    assert (["water"], 2) == (night.courses, second.version)
    assert second.root == box.roots()["water"]
    assert before == box.box.learning.place(amina.id, "water", activity)

    box.box.database.write(lambda connection: box.box.shelf.bring_back(connection, "water"))
    after = box.night()

    assert (first.root, former) == (box.roots()["water"], box.reads("water", PAGE))
    assert ("well", []) == (after.outcome, after.courses)
    assert {"water": ["core"]} == world.hub.holds(box.id)
