"""A box that is reset while the hub can be reached: what was not sent goes out first, and the hub has who did it."""

import json
from pathlib import Path

import httpx
import pytest

from edge.carrying.sticks import Sticks
from edge.keeping import reset
from edge.keeping.reset import WouldLose
from sync.carry.order import Order, order_name
from sync.keys import KeyPair
from tests.stories.box import CampusBox, answered_in
from tests.stories.world import World
from tests.wire import Ask

pytestmark = pytest.mark.slow


def test_what_was_not_sent_goes_out_first_and_the_former_people_do_not_come_back(world: World) -> None:
    box = world.box("hill school")
    former = box.id
    box.learner("Amina Daher").answers()

    unsent = reset.send_first(box.box, "staff-id")
    reset.ask(box.box, unsent)
    box.restarts()
    box.box.setup.label_code()
    box.enrols(world.hub.token("Coast"))
    world.quiet_nights()

    assert 0 == unsent
    events = world.hub.events(former)
    assert 1 == len(answered_in(events))
    assert ["reset"] == [
        json.loads(event.payload)["act"] for event in events if event.kind == "acted" and event.payload
    ]
    assert former != box.id == box.box.id
    assert 0 == box.box.people.counts()["learner"]


# ---- by a stick that the hub has signed ----


@pytest.fixture
def media(tmp_path: Path) -> Path:
    place = tmp_path / "media" / "stick" / "qanat"
    place.mkdir(parents=True)
    return place


def put_in(box: CampusBox, media: Path) -> Sticks:
    """A stick is put in, and nobody signs in. A folder of a test is no mounted disk: that alone is said for it."""
    box.box.config = box.box.config.with_changes({"sticks": str(media.parents[1])})
    sticks = Sticks(box.box, is_disk=lambda path: True)
    sticks.look()
    return sticks


def test_a_stick_with_the_hubs_order_resets_that_box_once(world: World, media: Path) -> None:
    box = world.box("hill school")
    former = box.id
    box.learner("Amina Daher").answers()
    (media / order_name(former)).write_bytes(Order(former, 0).signed(world.hub.hub.keys))

    put_in(box, media)
    box.restarts()
    again = box.id
    put_in(box, media)

    assert reset.is_asked(box.data) is False
    assert former != again == box.id
    assert 0 == box.box.people.counts()["learner"]
    assert 1 == len(answered_in(world.hub.events(former)))


def test_an_order_that_would_lose_more_than_it_says_is_not_obeyed(world: World, media: Path) -> None:
    box = world.box("hill school")
    box.learner("Amina Daher").answers()
    box.wire.misfortunes.extend([no_way] * 50)
    (media / order_name(box.id)).write_bytes(Order(box.id, 1).signed(world.hub.hub.keys))

    sticks = put_in(box, media)

    assert isinstance(sticks.said, WouldLose)
    assert not reset.is_asked(box.data)


def no_way(request: httpx.Request, answer: Ask) -> httpx.Response:
    raise httpx.ConnectError("no way there", request=request)


@pytest.mark.parametrize("harm", ["of another hub", "changed", "for another box", "rubbish"])
def test_an_order_that_our_hub_did_not_sign_for_this_box_does_nothing(world: World, media: Path, harm: str) -> None:
    box = world.box("hill school")
    keys = KeyPair.generate() if harm == "of another hub" else world.hub.hub.keys
    order = Order("a" * 16 if harm == "for another box" else box.id, 100).signed(keys)
    data = {"changed": order.replace(b"100", b"999"), "rubbish": b"\xff" * 2000}.get(harm, order)
    (media / order_name(box.id)).write_bytes(data)

    put_in(box, media)

    assert not reset.is_asked(box.data)
