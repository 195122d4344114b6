"""Courses that are chosen for campuses, withdrawn, renamed inside, taken back, and told in several languages."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from catalog.about import About
from tests.stories.box import CampusBox
from tests.stories.world import World

pytestmark = pytest.mark.slow

DAY_SECONDS = 86_400
READER = Path(__file__).parents[2] / "provisioning" / "samples" / "reader" / "reader-ar.pdf"
FILM = random.Random(3).randbytes(400_000)


def lesson(folder: Path, title: str, words: str = "", film: bytes = b"") -> Path:
    """A folder with a page, and perhaps a film that is the same in every language."""
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text(f"<!doctype html><title>{title}</title><p>{words or title}</p>")
    if film:
        (folder / "film.bin").write_bytes(film)
    return folder


def disk_bytes(box: CampusBox) -> int:
    """What the box's store takes, each file once."""
    rows = box.box.database.read().execute("select sum(size_bytes) from stored_file")
    return int(rows.fetchone()[0])


def wire_bytes(box: CampusBox) -> int:
    return sum(box.wire.delivered.values())


def test_a_course_that_is_withdrawn_leaves_the_shelf_and_the_learners_place_stays(world: World, tmp_path: Path) -> None:
    release = world.hub.publishes_source(lesson(tmp_path / "water", "Water", film=FILM), course="water")
    world.hub.publishes_source(lesson(tmp_path / "sand", "Sand"), course="sand")
    box = world.box()
    box.night()
    amina = box.learner("Amina Warsame")
    activity = release.activities[0].id
    box.box.learning.completed(amina.id, "water", 1, activity)
    full_bytes = disk_bytes(box)

    world.hub.hub.publishing.withdraw("water")
    night = box.night()

    assert ("well", ["sand"]) == (night.outcome, list(box.shelf()))
    assert disk_bytes(box) < full_bytes - len(FILM) + 1000
    assert list(world.hub.holds(box.id)) == ["sand"], "the hub heard it in the same night"
    place = box.box.learning.place(amina.id, "water", activity)
    assert place is not None
    assert place.is_completed

    campus = box.box.hub.campus if box.box.hub else ""
    with_it_again = world.hub.hub.publishing.choice_of("water")
    assert () == with_it_again.campuses
    world.hub.hub.publishing.choose("water", [campus])
    box.wire.delivered.clear()  # all of it has to come again
    box.night()

    assert ["sand", "water"] == sorted(box.shelf())
    assert place == box.box.learning.place(amina.id, "water", activity)


def test_a_hub_that_was_put_back_from_before_a_course_takes_nothing_off_a_shelf(world: World, tmp_path: Path) -> None:
    backup = world.hub.backup()
    box = world.box()
    world.hub.publishes_source(lesson(tmp_path / "water", "Water"), course="water")
    box.night()

    world.hub.is_restored_from(backup)
    box.night()

    assert ["water"] == list(box.shelf())
    world.boxes.remove(box)  # it is unknown to this hub, and no invariant holds for it
    box.goes_down()


def test_going_back_is_a_higher_number_and_comes_as_a_small_change(world: World, tmp_path: Path) -> None:
    first = world.hub.publishes_source(lesson(tmp_path / "water", "Water", "right", FILM), course="water")
    world.hub.publishes_source(lesson(tmp_path / "water", "Water", "wrong", FILM), course="water")
    box = world.box()
    box.night()
    before = wire_bytes(box)

    release = world.hub.hub.publishing.roll_back("water")
    world.hub.hub.packing.build_missing()
    box.night()

    assert (3, first.layers) == (release.version, release.layers)
    assert b"right" in box.reads("water", "site/index.html")
    assert wire_bytes(box) - before < 2000


def test_an_activity_that_moved_takes_places_and_answers_along_at_box_and_hub(world: World, tmp_path: Path) -> None:
    page, other = lesson(tmp_path / "unit", "Unit"), lesson(tmp_path / "extra", "Extra")
    first = world.hub.publishes_source(page, other, course="water", title="Water")
    old, stays = (activity.id for activity in first.activities)
    box = world.box()
    box.night()
    amina = box.learner("Amina Warsame")
    box.box.learning.opened(amina.id, "water", 1, stays, f"{stays}/index.html")
    box.box.learning.answered(amina.id, "water", stays, "q1", "42", key="k1")
    box.box.learning.completed(amina.id, "water", 1, stays)
    box.night()

    # Without the first one, the second has its name.
    about = About.written(languages=("en",), moved={stays: old})
    second = world.hub.publishes_source(other, course="water", title="Water", about=about)
    assert {stays: old} == second.extra["moved"]
    box.night()

    place = box.box.learning.place(amina.id, "water", old)
    assert place is not None
    assert (f"{old}/index.html", True) == (place.path, place.is_completed)
    assert [(old, "42")] == [(one.activity, one.answer) for one in box.box.learning.answers(amina.id, "water")]
    assert box.box.learning.place(amina.id, "water", stays) is None
    campus = box.box.hub.campus if box.box.hub else ""
    assert [old] == [one.activity for one in _places(world, campus, amina.id)]


def test_what_comes_late_under_a_former_id_goes_over_too_and_a_rebuild_says_the_same(
    world: World, tmp_path: Path
) -> None:
    """One of two boxes has not heard of the new version yet, and its learners go on in the old one."""
    page, other = lesson(tmp_path / "unit", "Unit"), lesson(tmp_path / "extra", "Extra")
    first = world.hub.publishes_source(page, other, course="water", title="Water")
    old, stays = (activity.id for activity in first.activities)
    box = world.box()
    box.night()
    amina = box.learner("Amina Warsame")
    about = About.written(languages=("en",), moved={stays: old})
    world.hub.publishes_source(other, course="water", title="Water", about=about)
    box.box.learning.completed(amina.id, "water", 1, stays)
    campus = box.box.hub.campus if box.box.hub else ""

    box.night()
    came = _places(world, campus, amina.id)
    world.hub.hub.intake.readout.rebuild()

    assert [(old, True)] == [(one.activity, one.is_completed) for one in came]
    assert came == _places(world, campus, amina.id)
    # And the page that was open in the former version all the while:
    box.box.learning.answered(amina.id, "water", stays, "q1", "42", key="late")
    assert [old] == [one.activity for one in box.box.learning.answers(amina.id, "water")]


def test_bringing_the_former_version_back_takes_the_places_back(world: World, tmp_path: Path) -> None:
    chapter, part = (Path(shutil.copy(READER, tmp_path / name)) for name in ("chapter.pdf", "part.pdf"))
    first = world.hub.publishes_source(chapter, course="water", title="Water")
    box = world.box()
    box.night()
    amina = box.learner("Amina Warsame")
    (old,) = (activity.id for activity in first.activities)
    box.box.learning.completed(amina.id, "water", 1, old)
    second = world.hub.publishes_source(part, course="water", title="Water")
    (new,) = (activity.id for activity in second.activities)
    box.night()
    assert box.box.learning.place(amina.id, "water", new) is not None

    box.box.database.write(lambda connection: box.box.shelf.bring_back(connection, "water"))

    place = box.box.learning.place(amina.id, "water", old)
    assert ({old: new}, True) == (second.extra["moved"], place is not None and place.is_completed)
    assert box.box.learning.place(amina.id, "water", new) is None


def test_one_more_language_costs_its_own_bytes_on_the_wire_and_on_the_disk(world: World, tmp_path: Path) -> None:
    """The film is the same in both, and lies beside the pages: not a byte of it goes over the link again."""
    world.hub.publishes_source(
        lesson(tmp_path / "en", "Water", "How water moves", FILM), course="water-en",
        about=About.written(languages=("en",), family="water"),
    )  # fmt: skip
    box = world.box()
    box.night()
    assert wire_bytes(box) > len(FILM)
    wire_before, disk_before = wire_bytes(box), disk_bytes(box)

    arabic = lesson(tmp_path / "ar", "الماء", "كيف يتحرك الماء", FILM)
    world.hub.publishes_source(
        arabic, course="water-ar", language="ar", about=About.written(languages=("ar",), family="water")
    )
    night = box.night()

    assert ("well", ["water-ar", "water-en"]) == (night.outcome, sorted(box.shelf()))
    assert FILM == box.reads("water-ar", "site/film.bin")
    own_bytes = (arabic / "index.html").stat().st_size
    assert own_bytes == disk_bytes(box) - disk_before
    assert wire_bytes(box) - wire_before < own_bytes + 1500


def test_a_new_box_fetches_one_edition_and_builds_the_others_on_it_in_one_night(world: World, tmp_path: Path) -> None:
    for tag in ("en", "ar", "fr"):
        world.hub.publishes_source(
            lesson(tmp_path / tag, f"Water {tag}", film=FILM), course=f"water-{tag}", language=tag,
            about=About.written(languages=(tag,), family="water"),
        )  # fmt: skip
    box = world.box()

    night = box.night()

    assert ("well", ["water-ar", "water-en", "water-fr"]) == (night.outcome, sorted(box.shelf()))
    assert len(FILM) < wire_bytes(box) < len(FILM) + 5000


def test_without_the_family_the_same_edition_costs_all_of_its_bytes(world: World, tmp_path: Path) -> None:
    """So it was the family that saved them above, and nothing else."""
    world.hub.publishes_source(lesson(tmp_path / "en", "Water", film=FILM), course="water-en")
    box = world.box()
    box.night()
    before = wire_bytes(box)

    world.hub.publishes_source(lesson(tmp_path / "ar", "الماء", film=FILM), course="water-ar", language="ar")
    box.night()

    assert wire_bytes(box) - before > len(FILM)


def test_a_campus_gets_the_languages_that_it_reads(world: World, tmp_path: Path) -> None:
    box = world.box()
    campus = box.box.hub.campus if box.box.hub else ""
    world.hub.hub.publishing.subscribe(campus, ["ar", "fr"])
    for tag in ("en", "ar", "fr"):
        about = About.written(languages=(tag,), family="water")
        source = lesson(tmp_path / tag, f"Water {tag}")
        world.hub.publishes_source(source, course=f"water-{tag}", language=tag, about=about)

    box.night()

    assert ["water-ar", "water-fr"] == sorted(box.shelf())
    world.hub.hub.publishing.subscribe(campus, [])
    box.night()
    assert ["water-ar", "water-en", "water-fr"] == sorted(box.shelf())


def _places(world: World, campus: str, learner: str) -> list[Any]:
    lines = world.hub.hub.progress.of_campus(campus).get("water", [])
    return [place for line in lines if line.learner.id == learner for place in line.places]
