"""A stick goes from the hub to campuses and back, and everything happens to it that happens to sticks."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import DiskFull
from edge.carrying.letters import Standing
from sync.carry.carrier import StickBroken
from sync.carry.letter import OtherHub
from tests.stories import invariants
from tests.stories.disk import Card
from tests.stories.stick import CampusStick, PulledStick, SmallStick, filled, flip
from tests.stories.world import World
from tests.wire import noise

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}
Sticks = Callable[[], CampusStick]


@pytest.fixture
def sticks(tmp_path: Path) -> Sticks:
    """Hands out empty sticks."""
    count = iter(range(100))
    return lambda: CampusStick(tmp_path / f"stick-{next(count)}")


def test_a_campus_that_only_a_stick_reaches(world: World, sticks: Sticks) -> None:
    """The box was enrolled over a hotspot, and never had a link again. Courses come, progress goes, all by stick."""
    world.hub.publishes("water", core=SITE, video_360={"flow.mp4": noise(300_000)})
    box, stick = world.box(), sticks()
    box.learner("Amina").answers()
    stick.goes_to_hub(world.hub, "Wadi")

    visit = stick.goes_to(box)
    taken = stick.is_handed_in(world.hub)

    assert (Standing.NEW, ("water",), ()) == (visit.standing, visit.courses, visit.faults)
    assert {"water": ["core", "video-360"]} == box.shelf()
    assert {"water": ["core", "video-360"]} == world.hub.holds(box.id)
    assert [box.name] == [one.name for one in taken.heard]
    assert ["item-0"] == invariants.answered_in(world.hub.events(box.id))
    assert [] == box.wire.asked


def test_the_receipt_makes_the_next_letter_short(world: World, sticks: Sticks) -> None:
    """What the hub has taken is not carried a second time."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    amina = box.learner("Amina")
    for _ in range(50):
        amina.answers()
    stick.goes_to_hub(world.hub, "Wadi")
    first = stick.goes_to(box)
    stick.is_handed_in(world.hub)

    second = stick.goes_to(box)

    assert first.home is not None
    assert second.home is not None
    assert (0, 0) == (second.home.events, box.box.journal.unsent_count())
    assert 50 < first.home.events


def test_a_visit_with_nothing_new_writes_nothing(world: World, sticks: Sticks) -> None:
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    for _ in range(2):
        stick.goes_to_hub(world.hub, "Wadi")
        stick.goes_to(box)
    stick.goes_to_hub(world.hub, "Wadi")
    before = stick.files()

    visit = stick.goes_to(box)
    again = stick.goes_to_hub(world.hub, "Wadi")

    assert again.filled is not None
    assert ((), 0, 0) == (visit.courses, again.taken.events, again.filled.written_bytes)
    assert before == stick.files()


def test_an_update_comes_as_a_patch(world: World, sticks: Sticks) -> None:
    """The hub knows from the box's letter what it holds; the stick carries only what changed."""
    pages = {f"page-{number}.html": noise(20_000, number) for number in range(20)}
    world.hub.publishes("water", core=pages)
    box, stick = world.box(), sticks()
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    world.hub.publishes("water", core={**pages, "page-3.html": noise(20_000, 99)})

    stick.goes_to_hub(world.hub, "Wadi")
    visit = stick.goes_to(box)

    assert (("water",), ()) == (visit.courses, visit.faults)
    assert world.hub.wanted() == box.roots()
    assert 30_000 > sum(path.stat().st_size for path in stick.packs())


def test_a_stick_pulled_while_the_hub_writes_it(world: World, sticks: Sticks) -> None:
    """Letters and one of two packs are on it, the rest is half a file. The box takes what is whole, says the rest."""
    world.hub.publishes("small", core=SITE)
    world.hub.publishes("water", core={"book.bin": noise(2_500_000)})
    box, stick = world.box(), sticks()

    with pytest.raises(StickBroken, match="cannot be used any more"):
        filled(world.hub, PulledStick(stick.disk, 1_000_000), "Wadi")
    visit = stick.goes_to(box)

    assert (("small",), ["water"]) == (visit.courses, [parcel.course for parcel in visit.left])
    stick.goes_to_hub(world.hub, "Wadi")
    assert ("water",) == stick.goes_to(box).courses
    assert [] == [name for name in stick.files() if name.endswith(".part")]


def test_a_stick_pulled_while_the_box_reads_it(world: World, sticks: Sticks) -> None:
    """The file ends in the middle. What came stays spooled; the stick put in again goes on."""
    world.hub.publishes("water", core={"book.bin": noise(2_500_000)})
    box, stick = world.box(), sticks()
    stick.goes_to_hub(world.hub, "Wadi")
    (pack,) = stick.packs()
    whole = pack.read_bytes()

    pack.write_bytes(whole[:1_700_000])
    pulled = stick.goes_to(box)
    pack.write_bytes(whole)
    visit = stick.goes_to(box)

    assert ((), ["water"]) == (pulled.courses, [parcel.course for parcel in pulled.left])
    assert ("water",) == visit.courses


def test_one_stick_for_several_campuses(world: World, sticks: Sticks) -> None:
    """What both need lies on it once; each takes its own, and each one's letter comes home."""
    world.hub.publishes("water", core={"book.bin": noise(400_000)})
    wadi, hill = world.box("wadi"), world.stranger("hill")
    hill.enrols(world.hub.token("Hill"))
    stick = sticks()
    for box in (wadi, hill):
        box.learner("Amina").answers()

    done = stick.goes_to_hub(world.hub, "Wadi", "Hill")
    visits = [stick.goes_to(box) for box in (wadi, hill)]
    taken = stick.is_handed_in(world.hub)

    assert done.filled is not None
    assert (2, 1) == (done.filled.letters, len(stick.packs()))
    assert [("water",), ("water",)] == [visit.courses for visit in visits]
    assert {wadi.id, hill.id} == {one.box for one in taken.heard}


def test_the_stick_of_another_campus(world: World, sticks: Sticks) -> None:
    """It is said, nothing comes of it, and the box's letter goes along all the same."""
    world.hub.publishes("water", core=SITE)
    hill = world.stranger("hill")
    hill.enrols(world.hub.token("Hill"))
    box, stick = world.box(), sticks()
    box.learner("Amina").answers()
    stick.goes_to_hub(world.hub, "Hill")

    visit = stick.goes_to(box)

    assert ["The stick was written for another campus, and brings nothing for this box."] == [
        fault.sentence for fault in visit.faults
    ]
    assert {} == box.shelf()
    assert [box.id] == [one.box for one in stick.is_handed_in(world.hub).heard]


def test_the_stick_of_another_hub(world: World, sticks: Sticks, tmp_path: Path, card: Card) -> None:
    """It is refused; nothing is taken from it, and nothing is written to it."""
    other = World(tmp_path / "elsewhere", card, seed=7)
    other.hub.publishes("fire", core=SITE)
    other.box()
    box, stick = world.box(), sticks()
    stick.goes_to_hub(other.hub, "Wadi")
    before = stick.files()

    with pytest.raises(OtherHub, match="another hub"):
        stick.goes_to(box)

    assert ({}, before) == (box.shelf(), stick.files())
    other.closes()


def test_an_old_stick(world: World, sticks: Sticks, tmp_path: Path) -> None:
    """A stick that lay in a drawer moves nothing back: no mark, no course. The box's letter goes along."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    stick.goes_to_hub(world.hub, "Wadi")
    old = stick.copied(tmp_path / "drawer")
    stick.goes_to(box)
    world.hub.publishes("water", core={"index.html": b"<h1>Water, again</h1>"})
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    marks, shelf = box.marks(), box.roots()

    visit = old.goes_to(box)

    assert (Standing.OLD, (), marks, shelf) == (visit.standing, visit.courses, box.marks(), box.roots())
    assert ["This stick is older than one that was here already: nothing of it was taken."] == [
        fault.sentence for fault in visit.faults
    ]
    assert visit.home is not None


@pytest.mark.parametrize("is_patch", [False, True], ids=["a full pack", "a patch"])
def test_one_flipped_byte_in_a_pack(world: World, sticks: Sticks, is_patch: bool) -> None:
    """That pack is refused and taken off the stick; the other course comes; the hub writes a good one."""
    pages = {"book.bin": noise(200_000)}
    world.hub.publishes("water", core=pages)
    box, stick = world.box(), sticks()
    if is_patch:
        stick.goes_to_hub(world.hub, "Wadi")
        stick.goes_to(box)
        world.hub.publishes("water", core={**pages, "more.bin": noise(30_000, 2)})
    world.hub.publishes("small", core=SITE)
    stick.goes_to_hub(world.hub, "Wadi")
    flip(stick.packs()[-1])

    visit = stick.goes_to(box)
    stick.goes_to_hub(world.hub, "Wadi")
    mended = stick.goes_to(box)

    assert (("small",), 1) == (visit.courses, len(visit.faults))
    assert (("water",), ()) == (mended.courses, mended.faults)
    assert world.hub.wanted() == box.roots()


def test_one_flipped_byte_in_a_letter_of_the_hub(world: World, sticks: Sticks) -> None:
    """The letter is refused, and with it all that it names: nobody vouches for it. Progress goes along."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    box.learner("Amina").answers()
    stick.goes_to_hub(world.hub, "Wadi")
    flip(stick.letter_to(box), 40)

    visit = stick.goes_to(box)

    assert (None, {}, 1) == (visit.standing, box.shelf(), len(visit.faults))
    assert 0 < stick.is_handed_in(world.hub).events


def test_one_flipped_byte_in_a_letter_of_a_box(world: World, sticks: Sticks) -> None:
    """The hub takes nothing of it, and says so; the box writes it again."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    box.learner("Amina").answers()
    stick.goes_to(box)
    flip(stick.letter_of(box))

    taken = stick.is_handed_in(world.hub)
    stick.goes_to(box)

    assert ((), 1) == (taken.heard, len(taken.faults))
    assert 0 < stick.is_handed_in(world.hub).events


def test_a_full_stick(world: World, sticks: Sticks) -> None:
    """What fits is kept, the most urgent first; what had no room is said, and nothing half is left."""
    world.hub.publishes("small", core=SITE, video_360={"flow.mp4": noise(300_000)})
    world.hub.publishes("water", core={"book.bin": noise(900_000)})
    box, stick = world.box(), sticks()

    done = filled(world.hub, SmallStick(stick.disk, 500_000), "Wadi")
    visit = stick.goes_to(box)

    assert [900_000] == [one.size_bytes // 100_000 * 100_000 for one in done.left_out]
    assert {"small": ["core", "video-360"]} == box.shelf()
    assert ["water"] == [parcel.course for parcel in visit.left]


def test_a_stick_that_can_only_be_read(world: World, sticks: Sticks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its switch is on "lock": courses come, and that the letter could not be written is said."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    stick.goes_to_hub(world.hub, "Wadi")

    def locked(*_: object) -> None:
        raise DiskFull("The stick is full.", "Free some room on it, or take a larger one.")

    monkeypatch.setattr("sync.carry.stick.Stick.write_from", locked)
    visit = stick.goes_to(box)

    assert (("water",), None) == (visit.courses, visit.home)
    assert {"The stick is full."} == {fault.sentence for fault in visit.faults}


def test_every_name_on_a_stick_fits_any_disk(world: World, sticks: Sticks) -> None:
    """FAT32 knows no case, and some tools no long names; a course may be called anything."""
    world.hub.publishes("a-course-with-a-name-as-long-as-names-of-courses-may-ever-be-00", core=SITE)
    box, stick = world.box(), sticks()
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)

    names = stick.files()

    assert [] == [name for name in names if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,57}", name)]


def test_nothing_on_a_stick_tells_who_learns_what(world: World, sticks: Sticks) -> None:
    """Whoever searches the stick at a border finds courses, random names and sealed bytes."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box("Hill school for girls"), sticks()
    amina = box.learner("Amina Warsame")
    amina.answers()
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    stick.is_handed_in(world.hub)

    found = b"".join(stick.files().values())

    for word in (b"Amina", b"Warsame", amina.id.encode(), b"Hill school", b"Wadi", b"item-0", b"quiz"):
        assert word not in found


def test_a_stick_and_a_link_take_turns(world: World, sticks: Sticks) -> None:
    """A night over the link between two visits: the stick's older marks move nothing back; nothing is lost."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    amina = box.learner("Amina")
    amina.answers()
    stick.goes_to_hub(world.hub, "Wadi")
    amina.answers()
    box.night()
    amina.answers()
    marks = box.marks()

    visit = stick.goes_to(box)
    stick.is_handed_in(world.hub)
    stick.goes_to(box)

    assert visit.standing is Standing.NEW
    assert all(taken >= marks[epoch] for epoch, taken in box.marks().items() if epoch in marks)
    world.quiet_nights()
    invariants.every_box_has_what_it_wants(world)


def test_a_box_restored_from_an_old_card_goes_on_above_its_numbers(
    world: World, sticks: Sticks, tmp_path: Path
) -> None:
    """Its letters are old news to the hub at first; the hub's letter says so, and the next one counts."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    copy = box.card_copy()
    amina = box.learner("Amina")
    for _ in range(3):
        stick.goes_to_hub(world.hub, "Wadi")
        amina.answers()
        stick.goes_to(box)
    stick.is_handed_in(world.hub)
    world.loses_the_card_of(box, copy)

    for _ in range(3):
        stick.goes_to(box)
        stick.goes_to_hub(world.hub, "Wadi")

    assert {"water": ["core"]} == box.shelf() == world.hub.holds(box.id)


def test_a_restored_hub_goes_on_above_its_numbers(world: World, sticks: Sticks) -> None:
    """A hub put back from a backup has forgotten letters that boxes believe; it learns it from theirs, and asks again
    for the events that it lost."""
    world.hub.publishes("water", core=SITE)
    box, stick = world.box(), sticks()
    backup = world.hub.backup()
    amina = box.learner("Amina")
    for _ in range(3):
        amina.answers()
        stick.goes_to_hub(world.hub, "Wadi")
        stick.goes_to(box)
    stick.goes_to_hub(world.hub, "Wadi")
    stick.goes_to(box)
    world.hub.is_restored_from(backup)

    for _ in range(4):
        stick.goes_to_hub(world.hub, "Wadi")
        stick.goes_to(box)

    stick.is_handed_in(world.hub)
    assert {"item-0", "item-1", "item-2"} == set(invariants.answered_in(world.hub.events(box.id)))


def test_an_erased_learner_stays_erased_whatever_is_carried(world: World, sticks: Sticks, tmp_path: Path) -> None:
    """A stick with their answers lay in a bag while they were erased: nothing of it comes back."""
    box, stick = world.box(), sticks()
    amina = box.learner("Amina")
    amina.answers()
    stick.goes_to(box)
    late = stick.copied(tmp_path / "bag")
    world.erases(box, amina.id)
    stick.goes_to(box)
    stick.is_handed_in(world.hub)

    late.is_handed_in(world.hub)

    events = [event for event in world.hub.events(box.id) if event.learner == amina.id]
    assert [None] * len(events) == [event.payload for event in events]
    assert "Amina" not in str(world.hub.names())
