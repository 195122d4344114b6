"""The power goes, at the worst of moments."""

import pytest

from tests.stories.disk import Manner
from tests.stories.world import World
from tests.wire import noise

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}
MEBIBYTE = 1 << 20


@pytest.mark.parametrize("manner", ["kept", "torn", "lost"])
def test_power_cut_in_the_middle_of_a_video(world: World, manner: Manner) -> None:
    """The lights go out shortly before the third MiB is whole; the next night pays for one MiB again, no more.

    A disk that forgot all that nobody had made to last leaves the file a whole number of MiB long; the first spool
    could not tell that from a torn end, and paid for two.
    """
    film = noise(5 * MEBIBYTE)
    world.hub.publishes("water", core=SITE, video={"film.mp4": film})
    box = world.box()
    box.wire.when_packs_are_asked += [None, box.loses_power_at(3 * MEBIBYTE - 1, manner)]

    cut, night = box.night(), box.night()

    assert ("cut", "well") == (cut.outcome, night.outcome)
    assert film == box.reads("water", "film.mp4")
    wasted_bytes = box.wire.delivered.total() - sum(world.hub.pack_sizes().values())
    assert {"kept": MEBIBYTE // 2 - 1, "torn": MEBIBYTE // 2 - 1, "lost": MEBIBYTE - 1}[manner] == wasted_bytes


def test_the_course_can_be_read_while_its_video_waits_for_power(world: World) -> None:
    """The box dies in the film; in the morning the lesson is there, and nobody had to clean up."""
    world.hub.publishes("water", core=SITE, video={"film.mp4": noise(300_000)})
    box = world.box()
    box.wire.when_packs_are_asked += [None, box.loses_power_at(100_000)]

    box.night()

    assert {"water": ["core"]} == box.shelf()
    assert b"<h1>Water</h1>" == box.reads("water", "index.html")
    assert [] == box.staged()


@pytest.mark.parametrize("moment", range(1, 50, 5))
def test_power_cut_at_any_commit_of_a_night(world: World, moment: int) -> None:
    """Between any two things that last, and right after any of them: the next night has everything."""
    world.hub.publishes("water", core=SITE, video={"film.mp4": noise(60_000)})
    world.hub.publishes("soil", core={"index.html": b"<h1>Soil</h1>"})
    box = world.box()
    box.somebody("amina").answers()
    box.moments_until_dark = moment

    box.night()
    world.quiet_nights()

    assert {"water": ["core", "video"], "soil": ["core"]} == box.shelf() == world.hub.holds(box.id)
    assert 0 == box.box.journal.unsent_count()


def test_an_answer_that_was_acknowledged_survives_the_power(world: World) -> None:
    """The phone showed a tick, and that second the power went."""
    box = world.box()
    amina = box.learner("Amina Warsame")
    amina.answers()

    box.is_without_power()
    box.night()

    assert ["epoch", "class", "learner", "answered"] == [event.kind for event in world.hub.events(box.id)]
