"""A box that is reset while the hub can be reached: what was not sent goes out first, and the hub has who did it."""

import json

import pytest

from edge.keeping import reset
from tests.stories.box import answered_in
from tests.stories.world import World

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
