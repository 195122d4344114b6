"""The link breaks, repeats itself, or loses its far end."""

import httpx
import pytest

from sync.receiving.fetching import TRIES_MAX
from tests.stories.world import World
from tests.wire import Ask, arrives_twice, cut_at, loses_the_reply, never_gets_there, noise

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}


def test_link_cut_in_a_pack(world: World) -> None:
    """The line drops at byte 1,234,567 of a pack; it goes on at that byte, and not one byte comes twice."""
    world.hub.publishes("water", core={"book.bin": noise(2_500_000)})
    box = world.box()
    box.wire.when_packs_are_asked.append(cut_at(1_234_567))

    night = box.night()

    assert ("well", ["water"]) == (night.outcome, night.courses)
    assert ["bytes=1234567-"] == box.wire.ranges()
    assert world.hub.pack_sizes() == dict(box.wire.delivered)


def test_a_link_that_stays_away_for_the_night(world: World) -> None:
    """The line drops and stays down. Tomorrow goes on at the byte where this night ended."""
    world.hub.publishes("water", core={"book.bin": noise(900_000)})
    box = world.box()
    box.wire.when_packs_are_asked += [cut_at(700_001), *[never_gets_there] * (TRIES_MAX - 1)]

    first, second = box.night(), box.night()

    assert ("short", "Nobody answers at http://hub.example.org.") == (first.outcome, first.sentence)
    assert ("well", ["water"]) == (second.outcome, second.courses)
    assert {"bytes=700001-"} == set(box.wire.ranges())
    assert world.hub.pack_sizes() == dict(box.wire.delivered)


def test_hub_restarted_in_a_session(world: World) -> None:
    """The hub takes the events, dies before its answer is heard, and comes back: its answer was kept."""
    box = world.box()
    box.somebody("amina").answers()

    def hub_dies_before_it_is_heard(request: httpx.Request, answer: Ask) -> httpx.Response:
        answer(request)
        world.hub.is_killed_and_started_again()
        raise httpx.ReadError("reset")

    box.wire.misfortunes.append(hub_dies_before_it_is_heard)
    night = box.night()

    first, again = box.wire.reports()
    assert first == again
    assert ("well", 2, 2) == (night.outcome, night.events_up, len(world.hub.events(box.id)))


def test_hub_restarted_while_a_pack_is_on_its_way(world: World) -> None:
    """The hub is restarted in the middle of a pack: the same file is there again, and goes on at the byte."""
    world.hub.publishes("water", core={"book.bin": noise(400_000)})
    box = world.box()

    def hub_dies(request: httpx.Request, answer: Ask) -> httpx.Response:
        reply = cut_at(123_456)(request, answer)
        world.hub.is_killed_and_started_again()
        return reply

    box.wire.when_packs_are_asked.append(hub_dies)
    night = box.night()

    assert "well" == night.outcome
    assert ["bytes=123456-"] == box.wire.ranges()
    assert world.hub.pack_sizes() == dict(box.wire.delivered)


def test_a_lost_reply_is_harmless(world: World) -> None:
    """Three nights in a row no reply gets through; the events were taken once all the same."""
    box = world.box()
    amina = box.somebody("amina")
    for _ in range(3):
        amina.answers()
        box.wire.misfortunes += [loses_the_reply] * 3
        box.night()

    night = box.night()

    assert ("well", 4) == (night.outcome, len(world.hub.events(box.id)))


def test_the_same_batch_twice(world: World) -> None:
    """A proxy sends a request twice; later the box forgets that it was heard, and sends the batch in a new report."""
    box = world.box()
    box.somebody("amina").answers()
    box.wire.misfortunes.append(arrives_twice)
    box.night()
    box.box.database.write(lambda connection: connection.execute("update epoch set taken = -1"))

    night = box.night()

    assert ("well", 2) == (night.outcome, len(world.hub.events(box.id)))
    assert 0 == box.box.journal.unsent_count()
