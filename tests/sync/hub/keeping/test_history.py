"""What a replaced box had brought goes home to the box in its place, whole, in order and vouched for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sync.following.signed import opened
from sync.hub.engine import writing
from sync.hub.fleet import find
from sync.hub.hub import Hub
from sync.hub.keeping.history import NotReplaced
from sync.keys import PublicKey
from sync.wire import Followed

Box = Any


@pytest.fixture
def successor(hub: Hub, box: Box, new_box: Callable[[], Box]) -> Box:
    """Another box of the same campus."""
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campuses()[0]), "New lab")
    return other


def studies(box: Box, learner: str) -> None:
    box.writes("progressed", learner, course="water", version=1, activity="film", permille=500)


def goes_home(hub: Hub, new: Box) -> list[Any]:
    """Every batch that the new box is given, one after another, as it says each time what it has."""
    batches, follows = [], dict[tuple[str, str], int]()
    while True:
        said = [Followed(*own, sequence) for own, sequence in follows.items()]
        with writing(hub.engine) as connection:
            row = find(connection, new.id)
            assert row is not None
            report = replace(new.report(), follows=said)
            signed = hub.keeping.history.after(connection, row, report, tells_ends=True)
        if signed is None:
            return batches
        batch = opened(signed, PublicKey(hub.keys.public))
        follows[batch.box, batch.epoch] = batch.last_sequence
        batches.append(batch)


def test_every_epoch_of_the_old_box_goes_to_the_new_one_once(hub: Hub, box: Box, successor: Box) -> None:
    for learner in ("amina", "badr", "chitra"):
        studies(box, learner)
        box.sends()
        studies(box, learner)
        box.sends()
        box.restarts()

    hub.keeping.history.replace(box.id, successor.id, "Rana")
    home = goes_home(hub, successor)

    assert 6 == len(home)
    assert {box.id} == {batch.box for batch in home}
    assert 9 == sum(len(batch.events) for batch in home)


def test_a_box_that_replaces_nobody_is_given_nothing(hub: Hub, box: Box, successor: Box) -> None:
    studies(box, "amina")
    box.sends()

    assert [] == goes_home(hub, successor)


def test_a_box_that_stands_for_two_in_a_row_is_given_both(
    hub: Hub, box: Box, successor: Box, new_box: Callable[[], Box]
) -> None:
    third = new_box()
    third.enrols(hub.fleet.make_token(hub.fleet.campuses()[0]), "Newest lab")
    for one in (box, successor):
        studies(one, "amina")
        one.sends()
    hub.keeping.history.replace(box.id, successor.id, "Rana")
    hub.keeping.history.replace(successor.id, third.id, "Rana")

    assert [successor.id, box.id] == [batch.box for batch in goes_home(hub, third)]


def test_who_was_erased_is_blanked_in_what_goes_home(hub: Hub, box: Box, successor: Box) -> None:
    studies(box, "amina")
    studies(box, "badr")
    box.sends()
    hub.keeping.history.replace(box.id, successor.id, "Rana")
    goes_home(hub, successor)
    hub.keeping.erasing.erase(hub.fleet.campuses()[0].id, "amina", "Rana")

    (batch,) = goes_home(hub, successor)

    assert {"badr"} == {event.learner for event in batch.events if event.learner and event.payload is not None}


def test_the_old_box_is_never_heard_again(hub: Hub, box: Box, successor: Box) -> None:
    hub.keeping.history.replace(box.id, successor.id, "Rana")

    assert 403 == box.posts("/sync/session", box.report().to_bytes()).status_code


def test_boxes_that_cannot_stand_for_one_another_are_refused(
    hub: Hub, box: Box, successor: Box, new_box: Callable[[], Box]
) -> None:
    stranger = new_box()
    stranger.enrols(hub.fleet.make_token(hub.fleet.campus_called("Elsewhere")), "Far lab")

    for old, new, words in (
        (box.id, box.id, "itself"),
        (box.id, "nobody", "no such box"),
        (box.id, stranger.id, "different campuses"),
    ):
        with pytest.raises(NotReplaced, match=words):
            hub.keeping.history.replace(old, new, "Rana")
    hub.fleet.revoke(successor.id)
    with pytest.raises(NotReplaced, match="out of service"):
        hub.keeping.history.replace(box.id, successor.id, "Rana")

    assert not hub.fleet.boxes(hub.fleet.campuses()[-1].id)[0].is_revoked
