"""A box without a battery wakes up in 1970."""

import pytest

from sync.clock import TRUSTED_SINCE_SECONDS, Moment, Source
from tests.stories.world import World
from tests.wire import never_gets_there

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}
HOUR_MINUTES = 60


def test_clock_in_1970(world: World) -> None:
    """No battery, and no link in the evening. Progress goes up first; courses wait for the hub's time and the night."""
    world.hub.publishes("water", core=SITE)
    box = world.box()
    box.has_battery = False
    box.restarts()
    amina = box.somebody("amina")
    amina.answers()
    box.wire.misfortunes += [never_gets_there]

    without_link = box.lives(HOUR_MINUTES // 2)
    amina.answers()
    evening = box.lives(2 * HOUR_MINUTES)

    assert [("failed", "progress", False)] == [(one.outcome, one.lanes, one.is_clock_trusted) for one in without_link]
    assert [("well", "progress", 3, True)] == [
        (one.outcome, one.lanes, one.events_up, one.is_clock_trusted) for one in evening
    ]
    assert {} == box.shelf()

    night, *later = box.lives(8 * HOUR_MINUTES)

    assert ("well", "all", ["water"]) == (night.outcome, night.lanes, night.courses)
    assert [1] * len(later) == [one.requests for one in later]


def test_the_clock_falls_back_to_1970_and_the_order_stays(world: World) -> None:
    """An answer of 2026, a power cut, an answer of 1970: the hub has them in the order in which they were given."""
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    box.has_battery = False
    box.is_without_power()
    amina.answers()
    box.night()
    amina.answers()
    box.night()

    given = [(event.payload, event.is_trusted) for event in world.hub.events(box.id) if event.kind == "answered"]

    assert [True, False, True] == [is_trusted for _, is_trusted in given]
    assert [b"item-0", b"item-1", b"item-2"] == [_item(payload) for payload, _ in given]


def test_a_teacher_tells_the_time_and_the_hub_puts_it_right(world: World) -> None:
    """No battery, no link for a week. Staff set the clock two hours ahead by a slip; the hub's word ends it."""
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    box.night()
    box.has_battery = False
    box.restarts()
    seen_seconds = box.clock.now().wall_seconds
    world.time.wait(7 * 86_400)
    box.clock.hear(world.time.wall_seconds + 7200)
    box.clock.hear(world.time.wall_seconds)
    told = box.clock.now()
    amina.answers()
    box.night()
    amina.answers()
    box.night()

    given = [(event.wall_seconds, event.is_trusted) for event in world.hub.events(box.id) if event.kind == "answered"]

    assert seen_seconds >= TRUSTED_SINCE_SECONDS, "never before what it last saw"
    assert (world.time.wall_seconds + 7200, False, Source.PERSON) == (told.wall_seconds, told.is_trusted, told.source)
    assert [True, False, True] == [is_trusted for _, is_trusted in given]
    assert box.clock.now() == Moment(
        world.time.wall_seconds, box.clock.now().monotonic_seconds, is_trusted=True, source=Source.HUB
    )


def test_what_a_person_said_is_forgotten_at_the_next_start_and_what_was_seen_is_not(world: World) -> None:
    box = world.box()
    box.night()
    box.box.watch.look(box.clock.now())
    seen_seconds = box.box.watch.seen_seconds
    box.has_battery = False
    box.restarts()
    box.clock.hear(seen_seconds + 10 * 86_400)
    box.restarts()

    now = box.clock.now()
    assert (seen_seconds, False, Source.MACHINE) == (now.wall_seconds, now.is_trusted, now.source)


def _item(payload: bytes | None) -> bytes:
    assert payload is not None
    return payload.partition(b'"item":"')[2].partition(b'"')[0]
