"""A campus on a bundle of megabytes: the month's quota, the night's, the window's end, and what somebody lends."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from edge.nights.night import Night
from sync.clock import Moment
from tests.stories.box import CampusBox
from tests.stories.world import World
from tests.wire import Ask, Body, noise

pytestmark = pytest.mark.slow

MB = 1_000_000
DAY_SECONDS = 86_400


def lives_on(box: CampusBox, **settings: Any) -> None:
    box.box.change_config(settings)


def moved_bytes(night: Night) -> int:
    return night.bytes_down + night.bytes_up


def test_a_months_quota_ends_the_courses_and_not_the_progress(world: World) -> None:
    """Three courses of a megabyte each, three megabytes a month: one course waits for May, the answers do not."""
    for seed, course in enumerate(("algebra", "biology", "water")):
        world.hub.publishes(course, core={"book.bin": noise(MB, seed)})
    box = world.box()
    lives_on(box, month_mb=3)
    first = box.night()
    box.somebody("amina").answers()
    second = box.night()
    came_in_april = len(box.shelf())

    assert ("short", "This month's bytes are spent; the rest comes from 1 May on.") == (first.outcome, first.sentence)
    assert ("short", 1) == (second.outcome, len([one for one in world.hub.events(box.id) if one.kind == "answered"]))
    assert (2, True) == (came_in_april, box.box.ledger.spent().month_bytes <= 3 * MB)

    world.time.wait(20 * DAY_SECONDS)
    third = box.night()

    assert ("well", {"algebra", "biology", "water"}) == (third.outcome, set(box.shelf()))
    assert box.box.ledger.spent().month_bytes == moved_bytes(third)


def test_a_pack_comes_over_several_nights_and_no_byte_twice(world: World) -> None:
    world.hub.publishes("water", core={"film.bin": noise(2_500_000)})
    box = world.box()
    lives_on(box, night_mb=1)
    nights: list[Night] = []
    while not nights or nights[-1].outcome == "short":
        nights.append(box.night())
        world.time.wait(DAY_SECONDS)

    assert all(moved_bytes(night) <= MB for night in nights)
    assert 4 == len(nights)
    assert world.hub.pack_sizes() == dict(box.wire.delivered)


def test_the_forecast_keeps_its_word(world: World) -> None:
    world.hub.publishes("water", core={"film.bin": noise(2_500_000)})
    box = world.box()
    lives_on(box, night_mb=1)
    box.night()
    promised = box.box.forecast()
    while box.shelf() == {}:
        world.time.wait(DAY_SECONDS)
        box.night()

    assert promised.by is not None
    assert promised.by.isoformat() == _date(box.clock.now())


def test_a_power_cut_leaves_no_byte_uncounted(world: World) -> None:
    """The power goes in the middle of a pack: the ledger on the card shows all that has crossed, and little more."""
    world.hub.publishes("water", core={"film.bin": noise(2_500_000)})
    box = world.box()
    box.wire.when_packs_are_asked.append(box.loses_power_at(1_400_000))
    before = box.box.ledger.spent().night_bytes
    box.night()

    spent = box.box.ledger.spent().night_bytes - before
    assert 1_400_000 <= spent <= 1_400_000 + (1 << 20) + 50_000


def test_a_window_that_closes_in_a_pack(world: World) -> None:
    """The night is over at five, in the middle of a film. It goes on at that byte when the window opens again."""
    world.hub.publishes("water", core={"film.bin": noise(2_500_000)})
    box = world.box()
    lives_on(box, rate_kbit=1)
    box.wire.when_packs_are_asked.append(_slow(world))
    sessions = box.lives(11 * 60)
    lives_on(box, rate_kbit=0)
    box.lives(24 * 60)

    closed = [night for night in sessions if night.lanes == "all"]
    assert ["The window has closed; the rest comes from 01:00 on."] == [night.sentence for night in closed]
    assert ["water"] == list(box.shelf())
    assert world.hub.pack_sizes() == dict(box.wire.delivered)


def test_somebody_lends_twenty_megabytes_when_the_month_is_spent(world: World) -> None:
    """The month is spent; a teacher's phone brings what was missing, by day, and the month has not moved."""
    for seed, course in enumerate(("algebra", "water")):
        world.hub.publishes(course, core={"book.bin": noise(MB, seed)})
    box = world.box()
    lives_on(box, month_mb=1)
    box.night()
    before = box.box.ledger.spent().month_bytes
    lent = box.box.nightly.run(lend_bytes=20 * MB)

    assert ("lent", "well", 2) == (lent.lanes, lent.outcome, len(box.shelf()))
    assert before == box.box.ledger.spent().month_bytes
    assert moved_bytes(lent) == box.box.ledger.days(1)[0].lent_bytes


def test_what_is_lent_is_not_exceeded(world: World) -> None:
    world.hub.publishes("water", core={"film.bin": noise(2_500_000)})
    box = world.box()
    lent = box.box.nightly.run(lend_bytes=MB)

    assert ("short", "The bytes lent are spent; the rest comes in the next night.") == (lent.outcome, lent.sentence)
    assert MB <= moved_bytes(lent) <= MB + 60_000


def test_the_clock_goes_back_and_the_month_stays_spent(world: World) -> None:
    world.hub.publishes("water", core={"film.bin": noise(2_500_000)})
    box = world.box()
    lives_on(box, month_mb=1)
    world.time.wait(25 * DAY_SECONDS)
    box.night()
    world.time.wall_seconds -= 26 * DAY_SECONDS
    night = box.night()

    assert ("short", 0) == (night.outcome, len(box.shelf()))
    assert box.box.ledger.spent().month_bytes <= MB


def _slow(world: World) -> Any:
    """Each piece of this answer takes a quarter of an hour."""

    class Slow(Body):
        def __iter__(self) -> Any:
            for piece in super().__iter__():
                world.time.wait(900)
                yield piece

    def answer(request: httpx.Request, ask: Ask) -> httpx.Response:
        reply = ask(request)
        assert isinstance(reply.stream, Body)
        return httpx.Response(reply.status_code, headers=reply.headers, stream=Slow(reply.stream.data))

    return answer


def _date(moment: Moment) -> str:
    return datetime.fromtimestamp(moment.wall_seconds, UTC).date().isoformat()
