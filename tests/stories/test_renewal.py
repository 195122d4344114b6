"""A card is copied and both are used: the copy asks for a name of its own, and gets it without losing an answer."""

import pytest

from catalog.fault import LinkFault
from sync.hub.keeping.alarms import Kind
from sync.hub.keeping.twins import NobodyAsks
from tests.stories.box import CampusBox, answered_in
from tests.stories.world import World
from tests.wire import Crash, loses_the_reply, never_gets_there

pytestmark = pytest.mark.slow


class TwoRooms:
    """A box, and a machine in a second room that runs from a copy of its card; both were used since."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.first = world.box()
        self.first.parts = {"card": "card-one", "soc": "board-one"}
        self.first.restarts()
        self.amina = self.first.somebody("amina")
        self.amina.answers()
        self.first.night()
        self.name = self.first.id
        self.second = world.stranger("second room")
        self.second.parts = {"card": "card-two", "soc": "board-two"}
        self.second.runs_from(self.first.card_copy())
        self.bilan = self.second.somebody("bilan")
        for _ in range(2):
            self.bilan.answers()
            self.second.night()
            self.amina.answers()
            self.first.night()

    def allowed(self) -> str:
        """Staff at the hub let the copy be a box of its own, and its next session hears so."""
        name = self.world.hub.hub.keeping.twins.allow(self.name, "salma")
        self.second.night()
        return name

    def backed_up(self) -> None:
        """The hub makes its nightly backup, and both boxes hear how far it is."""
        self.world.time.wait(3600)
        self.world.hub.hub.keeping.backups.make(self.second.data.parent / "backups")
        for box in (self.first, self.second):
            box.night()

    def answers_of(self, learner: str) -> int:
        """How often the hub has an answer of theirs, under whatever name it came."""
        names = {self.first.id, self.second.id, self.name}
        events = [event for name in names for event in self.world.hub.events(name)]
        return sum(event.kind == "answered" and event.learner == learner for event in events)


def minute(world: World, box: CampusBox) -> bool:
    world.time.wait(60)
    return box.box.renewal.tick(box.clock.now())


def changes_its_name(rooms: TwoRooms) -> bool:
    """Minutes pass, in which a quiet box that may change its name does so."""
    for _ in range(3):
        rooms.second.box.journal.is_safe()
        rooms.backed_up()
        if minute(rooms.world, rooms.second):
            rooms.second.restarts()
            return True
    return False


@pytest.fixture
def rooms(world: World) -> TwoRooms:
    return TwoRooms(world)


def test_a_copy_becomes_a_box_of_its_own(rooms: TwoRooms) -> None:
    world, first, second = rooms.world, rooms.first, rooms.second
    name = rooms.allowed()
    assert second.id == rooms.name
    second.box.nightly.run()

    assert changes_its_name(rooms)

    assert (name, rooms.name) == (second.id, first.id)
    assert second.box.hub is not None
    assert name == second.box.hub.box
    assert [] == [alarm.kind for alarm in second.box.alarms.standing()]
    assert (second.data / "keys" / f"former-{rooms.name}.key").exists()
    rooms.bilan.answers()
    rooms.amina.answers()
    for box in (first, second):
        assert "well" == box.night().outcome
    assert (3, 4) == (rooms.answers_of("bilan"), rooms.answers_of("amina"))
    assert 1 == sum(event.kind == "answered" for event in world.hub.events(name))
    assert second.box.journal.verify() > 3


def test_nobody_is_given_a_name_unasked(world: World) -> None:
    box = world.box()
    box.parts = {"card": "card-one"}
    box.restarts()
    box.night()

    with pytest.raises(NobodyAsks):
        world.hub.hub.keeping.twins.allow(box.id, "salma")
    assert [] == list((box.data / "keys").glob("next-*"))


def test_a_card_that_was_replaced_on_purpose_keeps_its_name(world: World) -> None:
    """The staff at the box say that its former card is not in use: it asks no more."""
    box = world.box()
    for card in ("card-one", "card-two"):
        box.parts = {"card": card}
        box.restarts()
        box.night()
    asked = box.box.renewal.said()
    box.box.alarms.settle("hardware-changed")

    assert 3 == len(asked)
    assert ("card-two", "") == box.box.renewal.said()


def test_no_name_changes_while_the_hub_has_not_backed_up_all_that_is_here(rooms: TwoRooms) -> None:
    rooms.allowed()
    asked = len(rooms.second.wire.asked)

    for _ in range(5):
        assert not minute(rooms.world, rooms.second)

    assert asked == len(rooms.second.wire.asked)
    assert rooms.name == rooms.second.box.journal.box


def test_an_answer_in_the_moment_of_the_change_puts_it_off(rooms: TwoRooms) -> None:
    """Somebody answers while the hub is asked: the box stays who it is, and changes another time."""
    rooms.allowed()
    rooms.second.box.journal.is_safe()
    rooms.backed_up()
    rooms.second.wire.misfortunes = [lambda request, answer: (rooms.bilan.answers(), answer(request))[1]]

    assert not minute(rooms.world, rooms.second)
    assert rooms.name == rooms.second.box.journal.box == (rooms.second.box.hub and rooms.second.box.hub.box)
    rooms.bilan.answers()
    assert "well" == rooms.second.night().outcome

    rooms.world.time.wait(3600)
    assert changes_its_name(rooms)
    rooms.second.night()
    assert 4 == rooms.answers_of("bilan")


@pytest.mark.parametrize("misfortune", [never_gets_there, loses_the_reply])
def test_a_welcome_that_does_not_come_is_asked_for_again(rooms: TwoRooms, misfortune: object) -> None:
    name = rooms.allowed()
    rooms.second.box.journal.is_safe()
    rooms.backed_up()
    rooms.second.wire.misfortunes = [misfortune] * 4  # type: ignore[list-item]
    assert not minute(rooms.world, rooms.second)
    rooms.second.wire.misfortunes.clear()

    rooms.world.time.wait(3600)
    assert changes_its_name(rooms)

    assert name == rooms.second.id


@pytest.mark.parametrize("moments", range(1, 7))
def test_the_power_may_go_at_any_commit_of_the_change(rooms: TwoRooms, moments: int) -> None:
    name = rooms.allowed()
    rooms.second.box.journal.is_safe()
    rooms.backed_up()
    rooms.second.moments_until_dark = moments
    try:
        minute(rooms.world, rooms.second)
    except Crash:
        rooms.second.comes_up_after_the_cut()
    rooms.second.moments_until_dark = None
    if rooms.second.box.renewal.is_done:
        rooms.second.restarts()

    if rooms.second.id != name:
        rooms.world.time.wait(3600)
        assert changes_its_name(rooms)

    assert name == rooms.second.id
    rooms.bilan.answers()
    assert "well" == rooms.second.night().outcome
    assert 3 == rooms.answers_of("bilan")


def test_who_copies_the_copy_asks_under_a_key_of_its_own(rooms: TwoRooms) -> None:
    """What the hub gave the second machine is no use to a third."""
    rooms.allowed()
    second = rooms.second.box.renewal.said()[2]
    third = rooms.world.stranger("third room")
    third.parts = {"card": "card-three", "soc": "board-three"}
    third.runs_from(rooms.second.card_copy())

    own = third.box.renewal.said()[2]

    assert own != second
    third.box.journal.is_safe()
    rooms.backed_up()
    third.night()
    assert not minute(rooms.world, third)
    assert rooms.name == third.box.journal.box
    found = rooms.world.hub.hub.keeping.alarms.standing(rooms.world.time.wall_seconds)[rooms.name]
    assert Kind.CARD_CLONED in [one.kind for one in found]


def test_what_a_copy_wrote_under_its_former_name_is_not_sent_again(rooms: TwoRooms) -> None:
    rooms.allowed()
    assert changes_its_name(rooms)
    before = answered_in(rooms.world.hub.events(rooms.name))

    rooms.second.night()

    assert before == answered_in(rooms.world.hub.events(rooms.name))
    assert 0 == rooms.second.box.journal.unsent_count()


def test_a_link_fault_of_the_hub_is_no_reason_to_stop_serving(rooms: TwoRooms) -> None:
    rooms.allowed()
    rooms.second.box.journal.is_safe()
    rooms.backed_up()
    rooms.second.wire.misfortunes = [never_gets_there] * 9

    assert not minute(rooms.world, rooms.second)
    assert 200 == rooms.second.shows("/sign-in/class")
    with pytest.raises(LinkFault):
        rooms.second.box.nightly.run()
    rooms.second.wire.misfortunes.clear()


def test_who_is_erased_after_the_change_is_erased_under_the_former_name_too(rooms: TwoRooms) -> None:
    rooms.allowed()
    assert changes_its_name(rooms)

    rooms.world.erases(rooms.second, "bilan")
    for _ in range(2):
        rooms.second.night()
        rooms.first.night()

    assert [] == [event for event in rooms.second.events() if event.learner == "bilan" and event.payload]
    assert [] == [event for event in rooms.world.hub.events(rooms.name) if event.learner == "bilan" and event.payload]
    assert rooms.second.box.journal.verify() > 0
