"""Rows 25 and 27 to 29 of docs/security.md: what comes is proven before it is served, over a link and on a stick."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete

from edge.carrying.letters import Standing
from sync.hub import schema
from sync.hub.engine import writing
from sync.hub.trust.listing import mark_due
from sync.keys import KeyPair
from sync.wire import Answer
from tests.stories.stick import CampusStick, flip
from tests.stories.world import World
from tests.wire import flips_a_byte_at, noise, signed_by

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>" * 100}
NEXT = {"index.html": b"<h1>More water</h1>" * 100}
Sticks = Callable[[], CampusStick]


# ---- 25: proven before it is served ----


def test_row_25_one_flipped_bit_in_all_that_comes_and_the_course_is_not_there(world: World) -> None:
    world.hub.publishes("water", core=SITE)
    box = world.box()
    box.wire.when_packs_are_asked.extend([flips_a_byte_at(-1)] * 40)

    box.night()

    assert ({}, []) == (box.shelf(), list((box.data / "trees").iterdir()))
    box.excused |= set(box.wire.delivered)
    world.quiet_nights()
    assert SITE["index.html"] == box.reads("water", "index.html")


def test_row_25_an_update_that_is_damaged_leaves_the_old_version_served(world: World) -> None:
    world.hub.publishes("water", core=SITE)
    box = world.box()
    box.night()
    old = box.roots()
    world.hub.publishes("water", core=NEXT)
    box.wire.when_packs_are_asked.extend([flips_a_byte_at(-1)] * 40)

    box.night()

    assert (old, SITE["index.html"]) == (box.roots(), box.reads("water", "index.html"))
    box.excused |= set(box.wire.delivered)
    world.quiet_nights()


def test_row_25_what_waits_for_its_proof_has_no_address(world: World) -> None:
    """A pack that broke off lies in the spool; nothing that is served leads there."""
    world.hub.publishes("water", core={"index.html": SITE["index.html"], "film.bin": noise(300_000)})
    box = world.box()
    box.wire.when_packs_are_asked.append(box.loses_power_at(100_000))

    box.night()

    assert ({}, []) == (box.shelf(), list((box.data / "trees").iterdir()))


# ---- 27: one byte ----


@pytest.mark.parametrize("place", [0, 40, -1])
def test_row_27_a_letter_altered_by_one_byte_is_refused_and_nothing_is_applied(
    world: World, sticks: Sticks, place: int
) -> None:
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    stick.goes_to_hub(world.hub, "Wadi")
    flip(stick.letter_to(box), place)
    before = box.marks(), box.roots()

    visit = stick.goes_to(box)

    assert ((), before) == (visit.courses, (box.marks(), box.roots()))
    assert 1 <= len(visit.faults)


def test_row_27_a_pack_altered_by_one_byte_is_refused_and_nothing_of_it_stays(world: World, sticks: Sticks) -> None:
    world.hub.publishes("water", core={"book.bin": noise(100_000)})
    box, stick = world.box(), sticks()
    stick.goes_to_hub(world.hub, "Wadi")
    flip(stick.packs()[-1])

    visit = stick.goes_to(box)

    assert ((), {}, []) == (visit.courses, box.shelf(), box.staged())
    assert 1 == len(visit.faults)


# ---- 28: yesterday's ----


def test_row_28_a_stick_of_last_month_is_refused_after_a_newer_one(
    world: World, sticks: Sticks, tmp_path: Path
) -> None:
    """It is genuine, signed by our hub; and it would bring back the version that was withdrawn."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    stick.goes_to_hub(world.hub, "Wadi")
    old = stick.copied(tmp_path / "old")
    world.hub.publishes("water", core=NEXT)
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    before = box.marks(), box.roots()

    visit = old.goes_to(box)

    assert (Standing.OLD, (), before) == (visit.standing, visit.courses, (box.marks(), box.roots()))
    assert "older than one that was here" in visit.faults[0].sentence


def test_row_28_an_old_answer_of_the_hub_is_no_answer_to_a_new_question(world: World) -> None:
    """Somebody in between kept last night's answer, with its good signature, and plays it again."""
    world.hub.publishes("water", core=SITE)
    box = world.box()
    kept = []

    def keeps(request, answer):  # type: ignore[no-untyped-def]
        reply = answer(request)
        reply.read()
        kept.append(reply)
        return reply

    box.wire.misfortunes.append(keeps)
    box.night()
    box.wire.misfortunes.extend([lambda request, answer: kept[0]] * 3)

    night = box.night()

    assert "well" != night.outcome
    box.wire.misfortunes.clear()
    assert "well" == box.night().outcome


# ---- 29: signed ----


def test_row_29_a_course_that_no_publisher_signed_is_not_even_fetched(world: World) -> None:
    """The hub's database is in a thief's hands, the keys are not: its plan names what no signed catalogue lists."""
    world.hub.publishes("water", core=SITE)
    listing = schema.trust_listing
    with writing(world.hub.hub.engine) as connection:
        connection.execute(delete(listing).where(listing.c.course == "water"))
        mark_due(connection, "own")
    box = world.box()

    box.night()
    box.night()

    assert {} == box.shelf()
    assert [] == [name for name in box.wire.packs() if not name.startswith("catalogue")]


def test_row_29_an_answer_by_another_hubs_key_is_no_answer(world: World) -> None:
    world.hub.publishes("water", core=SITE)
    box = world.box()
    stranger = KeyPair.from_seed(b"x" * 32)
    answer = signed_by(stranger, 200, lambda report: Answer(report.request, "nonce", (), wall_seconds=1))
    box.wire.misfortunes.extend([answer] * 3)

    night = box.night()

    assert "well" != night.outcome
    assert {} == box.shelf()
