"""A box without a battery wakes up in 1970."""

import pytest

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


def _item(payload: bytes | None) -> bytes:
    assert payload is not None
    return payload.partition(b'"item":"')[2].partition(b'"')[0]
