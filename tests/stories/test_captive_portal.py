"""The network between box and hub wants somebody to sign in first."""

import pytest

from tests.stories.world import World
from tests.wire import Misfortune, noise, says

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}
PAGE = b"<!DOCTYPE html><title>Welcome to the guest network</title><form action=/login>"

PORTALS: dict[str, Misfortune] = {
    "a page": says(200, PAGE, content_type="text/html; charset=utf-8"),
    "a page that says nothing of itself": says(200, b"\n" + PAGE),
    "a redirect": says(302, b"", location="http://login.hotel.example/?from=hub"),
    "a redirect that keeps the method": says(307, b"", location="http://login.hotel.example/sync/session?x=1"),
    "the status for it": says(511, PAGE, content_type="text/html"),
}


@pytest.mark.parametrize("portal", PORTALS.values(), ids=list(PORTALS))
def test_a_night_behind_a_sign_in_page_loses_nothing_and_says_so(world: World, portal: Misfortune) -> None:
    """The guest network answers everything itself. The box says what to do; signed in, the next night has it all."""
    world.hub.publishes("water", core=SITE)
    box = world.box()
    box.somebody("amina").answers()
    box.wire.misfortunes += [portal] * 9

    behind = box.night()
    box.wire.misfortunes.clear()
    signed_in = box.night()

    assert ("failed", True, True) == (behind.outcome, "sign-in" in behind.sentence, "sign in" in behind.hint)
    assert ("well", ["water"]) == (signed_in.outcome, signed_in.courses)
    assert 1 == len({bytes(report) for report in box.wire.reports()[:2]}), "the very same report was sent again"
    assert 0 == box.box.journal.unsent_count()


@pytest.mark.parametrize("portal", PORTALS.values(), ids=list(PORTALS))
def test_a_sign_in_that_runs_out_in_the_middle_of_the_night(world: World, portal: Misfortune) -> None:
    """The first course came; then the paid hour was over. What had come is kept, the page is taken for no pack."""
    world.hub.publishes("soil", core={"index.html": b"<h1>Soil</h1>"})
    world.hub.publishes("water", core={"book.bin": noise(200_000)})
    box = world.box()
    box.wire.when_packs_are_asked += [None, portal]
    box.excused.update(world.hub.pack_sizes())  # what the page weighs came under the pack's name

    over, next_night = box.night(), box.night()

    assert ("short", ["soil"]) == (over.outcome, over.courses)
    assert ("well", ["water"]) == (next_night.outcome, next_night.courses)
    assert noise(200_000) == box.reads("water", "book.bin")


def test_an_answer_as_long_as_the_pack_is_taken_for_no_pack(world: World) -> None:
    """Plain words, and just as long as what was asked for: the root tells them apart, and the pack comes."""
    world.hub.publishes("water", core={"book.bin": noise(100_000)})
    box = world.box()
    (size_bytes,) = world.hub.pack_sizes().values()
    box.wire.when_packs_are_asked += [says(200, b"Please ask for the password at the desk.".ljust(size_bytes))]
    box.excused.update(world.hub.pack_sizes())

    night = box.night()

    assert ("well", ["water"]) == (night.outcome, night.courses)
    assert noise(100_000) == box.reads("water", "book.bin")
