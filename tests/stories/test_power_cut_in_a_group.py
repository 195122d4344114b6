"""The power goes while a changed course is on its way: in the middle of a group, and in the middle of rebuilding."""

import pytest

from catalog.batch import Batch, StagedFile
from tests.stories.disk import Manner
from tests.stories.world import World
from tests.wire import noise

pytestmark = pytest.mark.slow

MEBIBYTE = 1 << 20
BOOK = noise(3 * MEBIBYTE)
"""What did not change, and so never comes again."""
CHAPTER = noise(2 * MEBIBYTE, 9)
"""What is new, in one group that nothing makes smaller."""


def edition(number: int, **more: bytes) -> dict[str, bytes]:
    lessons = {f"lesson-{lesson}.html": f"<h1>Lesson {lesson}, edition {number}</h1>".encode() for lesson in range(30)}
    return {"index.html": b"<h1>Water</h1>", "book.bin": BOOK, **lessons, **more}


@pytest.mark.parametrize("manner", ["kept", "torn", "lost"])
@pytest.mark.parametrize("place", [1, 700_001, MEBIBYTE, 2 * MEBIBYTE - 1])
def test_power_cut_in_a_group_of_a_patch(world: World, place: int, manner: Manner) -> None:
    """A group is decoded when it is whole; the checkpoint is the byte, so a cut costs no more for all that."""
    world.hub.publishes("water", core=edition(1))
    box = world.box()
    box.night()
    before = dict(box.wire.delivered)
    world.hub.publishes("water", core=edition(2, **{"chapter.bin": CHAPTER}))
    box.wire.when_packs_are_asked += [box.loses_power_at(place, manner)]

    cut = box.night()
    still = box.reads("water", "lesson-1.html")
    night = box.night()

    (patch,) = set(box.wire.delivered) - set(before)
    wasted_bytes = box.wire.delivered[patch] - world.hub.pack_sizes()[patch]
    assert ("cut", "well", ["water"]) == (cut.outcome, night.outcome, night.courses)
    assert b"<h1>Lesson 1, edition 1</h1>" == still
    assert CHAPTER == box.reads("water", "chapter.bin")
    assert b"<h1>Lesson 1, edition 2</h1>" == box.reads("water", "lesson-1.html")
    assert 0 <= wasted_bytes <= MEBIBYTE


@pytest.mark.parametrize("files", [1, 2, 17, 31])
def test_power_cut_while_a_course_is_rebuilt(world: World, monkeypatch: pytest.MonkeyPatch, files: int) -> None:
    """All of the patch is here, some files are written, and the lights go out: nothing is fetched again."""
    world.hub.publishes("water", core=edition(1))
    box = world.box()
    box.night()
    world.hub.publishes("water", core=edition(2, **{"chapter.bin": CHAPTER}))
    box.wire.asked.clear()
    left = iter(range(files, 0, -1))
    real = Batch.new_file

    def new_file(batch: Batch) -> StagedFile:
        if next(left, 0) == 1:
            box.lights_out()
        return real(batch)

    monkeypatch.setattr(Batch, "new_file", new_file)
    cut = box.night()
    still, staged = box.reads("water", "lesson-1.html"), box.staged()
    night = box.night()

    assert ("cut", "well", ["water"]) == (cut.outcome, night.outcome, night.courses)
    assert (b"<h1>Lesson 1, edition 1</h1>", []) == (still, staged)
    assert b"<h1>Lesson 1, edition 2</h1>" == box.reads("water", "lesson-1.html")
    assert 1 == len(box.wire.packs())


@pytest.mark.parametrize("moment", range(1, 28, 3))
def test_power_cut_at_any_commit_of_a_night_that_changes_a_course(world: World, moment: int) -> None:
    """Between any two things that last, and right after any of them: the next night has everything."""
    world.hub.publishes("water", core=edition(1), video={"film.mp4": noise(90_000)})
    box = world.box()
    box.night()
    world.hub.publishes("water", core=edition(2), video={"film.mp4": noise(90_000), "more.mp4": noise(9_000, 3)})
    box.moments_until_dark = moment

    box.night()
    world.quiet_nights()

    assert {"water": ["core", "video"]} == box.shelf() == world.hub.holds(box.id)
    assert noise(9_000, 3) == box.reads("water", "more.mp4")
    assert [] == box.staged()
