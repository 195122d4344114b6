"""What a box learns of itself and of its hub: restored, cloned, pruned; and what is no more than a bad night."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyrage import x25519

from edge.cli import ask_or_do
from edge.control import Control
from edge.keeping import upkeep
from edge.keeping.backup import back_up
from edge.keeping.restore import restore
from edge.keeping.sealing import Lock
from edge.keeping.wording import alarm_rows
from edge.works import works
from tests.stories.box import CampusBox
from tests.stories.disk import Card
from tests.stories.world import World
from tests.wire import loses_the_reply

pytestmark = pytest.mark.slow

KEY = x25519.Identity.generate()


def alarms(box: CampusBox) -> list[str]:
    return [alarm["kind"] for alarm in alarm_rows(box.box)]


def test_quiet_nights_lost_replies_and_power_cuts_raise_nothing(world: World) -> None:
    box = world.box()
    amina = box.somebody("amina")
    for misfortune in (None, loses_the_reply, box.loses_power_before, box.loses_power_after, None):
        amina.answers()
        if misfortune is not None:
            box.wire.misfortunes.append(misfortune)
        box.night()
        box.restarts()
    box.night()

    assert [] == alarms(box)


def test_a_command_beside_a_serving_box_is_no_second_machine(world: World) -> None:
    """Staff type `qanat box sync` while the box serves and its night comes and goes: one card, one thread."""
    box = world.box()
    amina = box.somebody("amina")
    control = Control(box.data, works(box.box))
    control.start()
    try:
        for _ in range(3):
            amina.answers()
            assert "well" == ask_or_do(box.data, {"do": "sync"})["outcome"]
            amina.answers()
            assert "well" == box.night().outcome
    finally:
        control.close()

    assert [] == alarms(box)


def test_a_hub_restored_from_a_backup_is_told_of_on_the_box(world: World) -> None:
    """The hub's disk fails, and last week's backup is put in: it asks again, and the box's staff can read why."""
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    box.night()
    backup = world.hub.backup()
    for _ in range(3):
        amina.answers()
        box.night()

    world.hub.is_restored_from(backup)
    amina.answers()
    box.night()

    (alarm,) = alarm_rows(box.box)
    assert "hub-restored" == alarm["kind"]
    assert "3 steps of progress are sent again" in alarm["sentence"]


def test_a_card_put_back_is_told_of_once_and_is_no_clone(world: World) -> None:
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    box.night()
    copy = box.card_copy()
    amina.answers()
    box.night()

    box.runs_from(copy)
    for _ in range(3):
        amina.answers()
        box.night()

    assert ["card-restored"] == alarms(box)


def test_a_cloned_card_is_told_of_on_both_boxes(world: World) -> None:
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    box.night()
    clone = world.clone_of(box)
    for _ in range(4):
        amina.answers()
        box.night()
        clone.night()

    assert "card-cloned" in alarms(box)
    assert "card-cloned" in alarms(clone)


def test_a_box_restored_from_its_backup_goes_on_and_forgets_whom_it_must(world: World) -> None:
    """A learner is erased after the backup was made. The card is lost; the restored box is told to forget them."""
    box = world.box()
    amina, bilan = box.learner("Amina Warsame"), box.learner("Bilan Farah")
    amina.answers()
    bilan.answers()
    box.night()
    backup = back_up(box.box, box.data.with_name("box.age"), Lock([str(KEY.to_public())])).path
    world.erases(box, amina.id)
    bilan.answers()
    box.night()

    restored = box.data.with_name("restored")
    secret = box.data.with_name("key.txt")
    secret.write_text(str(KEY))
    restore(restored, backup, secret, "", box.clock)
    box.runs_from(restored)
    assert box.box.people.person(amina.id) is not None
    bilan.answers()
    assert "well" == box.night().outcome

    assert box.box.people.person(amina.id) is None
    assert [] == world.hub.keeps("Amina Warsame")
    assert 3 == sum(event.learner == bilan.id for event in world.hub.events(box.id) if event.kind == "answered")
    assert ["card-restored"] == alarms(box)


def names_at(box: CampusBox) -> set[str]:
    people = box.box.people
    return {learner.name for group in people.classrooms() for learner in people.learners(group.id)}


def put_back(box: CampusBox, backup: Path) -> None:
    """The card is lost, and what was backed up goes onto a new one."""
    restored = box.data.with_name(f"{box.data.name}-restored")
    secret = box.data.with_name("key.txt")
    secret.write_text(str(KEY))
    restore(restored, backup, secret, "", box.clock)
    box.runs_from(restored)


def test_a_restored_box_hears_of_who_joined_since_its_backup(world: World) -> None:
    """Zara joins after the backup and finishes a film. She need not join again: she is there, and so is her place."""
    box = world.box()
    amina = box.learner("Amina Warsame")
    box.night()
    backup = back_up(box.box, box.data.with_name("box.age"), Lock([str(KEY.to_public())])).path
    zara = box.learner("Zara Nur")
    box.box.learning.completed(zara.id, "water", 1, "film")
    zara.answers()
    box.restarts()
    zara.answers()
    amina.answers()
    box.night()
    heard = len(world.hub.events(box.id))

    put_back(box, backup)
    nights = [box.night().outcome for _ in range(3)]

    assert ["well"] * 3 == nights
    assert {"Amina Warsame", "Zara Nur"} == names_at(box)
    assert {"Amina Warsame", "Zara Nur"} == world.hub.names()
    assert box.box.learning.place(zara.id, "water", "film").is_completed
    assert heard == len(world.hub.events(box.id)), "nothing of it is sent up again"
    zara.answers()
    box.night()
    assert 4 == sum(event.kind == "answered" for event in world.hub.events(box.id))


def test_a_restored_box_that_goes_on_at_once_hears_of_who_joined_all_the_same(world: World) -> None:
    """The box is used before it meets its hub again: two lines of one journal, and both learners are known."""
    box = world.box()
    box.learner("Amina Warsame")
    box.night()
    backup = back_up(box.box, box.data.with_name("box.age"), Lock([str(KEY.to_public())])).path
    zara = box.learner("Zara Nur")
    box.night()
    world.erases(box, box.learner("Badr Omar").id)
    box.night()

    put_back(box, backup)
    box.learner("Chitra Rao")
    box.night()
    box.night()

    assert {"Amina Warsame", "Zara Nur", "Chitra Rao"} == names_at(box) == world.hub.names()
    assert box.box.people.person(zara.id) is not None
    assert box.box.journal.verify() > 0


def test_a_hub_that_lost_what_it_had_sent_home_gets_it_back(world: World) -> None:
    """The card is put back, then the hub: by now only the box has what the hub had sent home to it."""
    box = world.box()
    box.night()
    early = world.hub.backup()
    copy = box.card_copy()
    zara = box.learner("Zara Nur")
    zara.answers()
    box.night()
    box.runs_from(copy)
    box.night()
    assert {"Zara Nur"} == names_at(box)

    world.hub.is_restored_from(early)
    nights = [box.night().outcome for _ in range(2)]

    assert ["well"] * 2 == nights
    assert {"Zara Nur"} == world.hub.names()
    assert 1 == sum(event.kind == "answered" for event in world.hub.events(box.id))


def test_two_machines_of_one_card_know_each_others_learners_and_double_nothing(world: World) -> None:
    """What the other machine wrote is the campus's history too: whichever of the two is set up anew, it stays."""
    box = world.box()
    box.learner("Amina Warsame")
    box.night()
    clone = world.clone_of(box)
    box.learner("Badr Omar")
    clone.learner("Chitra Rao")
    for _ in range(3):
        box.night()
        clone.night()
    heard = len(world.hub.events(box.id))
    box.night()
    clone.night()

    assert names_at(box) == names_at(clone) == {"Amina Warsame", "Badr Omar", "Chitra Rao"} == world.hub.names()
    assert heard == len(world.hub.events(box.id))
    # Nobody sends again what came from the other one: each box's own journal is what it wrote itself.
    assert heard == len({(one.epoch, one.sequence) for one in [*box.events(), *clone.events()]})


@pytest.fixture
def world_that_lost_a_backup(tmp_path: Path, card: Card) -> Iterator[World]:
    """A world that is not asked for what no one promises: that events outlive the backup for which they were pruned."""
    world = World(tmp_path, card)
    yield world
    world.closes()


def test_what_was_pruned_is_said_again_to_a_hub_that_lost_it(world_that_lost_a_backup: World) -> None:
    """The hub is restored to before a learner came; the box has pruned those events: where they stand comes anew."""
    world = world_that_lost_a_backup
    box = world.box()
    early = world.hub.backup()
    amina = box.learner("Amina Warsame")
    amina.answers()
    box.box.learning.completed(amina.id, "water", 1, "site")
    box.night()
    box.box.database.write(lambda connection: connection.execute("update epoch set backed_up = taken"))
    box.box.config = box.box.config.with_changes({"journal_events": 1000, "journal_days": 1})
    for _ in range(1010):
        amina.answers()
    world.time.wait(3 * 86_400)
    upkeep.prune(box.box)
    assert "learner" in [event.kind for event in box.events()]
    assert "completed" not in [event.kind for event in box.events()]

    world.hub.is_restored_from(early)
    box.night()

    assert {"Amina Warsame"} == world.hub.names()
    (place,) = world.hub.progress()
    assert (amina.id, "water", 1000, 1) == (place.learner, place.course, place.permille, place.is_completed)
