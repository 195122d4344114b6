"""Promises: what every world is asked, by the name under which it is promised (docs/reliability.md).

* The stories' invariants come first; what only a simulated world can know follows here.
* `at_once` is asked after every step, `in_the_end` when the links have healed; both look at what lies on the disks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from catalog.digest import digest_of
from catalog.manifest import CORE
from catalog.store import VARIANT_SUFFIX
from sync.batch import Batch
from sync.campus.ownership import Side
from sync.events import Event, fields_of
from sync.hub.keeping.alarms import Kind
from tests.simulation.box import SimulatedBox
from tests.simulation.world import HUB, SimulatedWorld
from tests.stories import invariants
from tests.stories.box import answered_in

Promise = Callable[[Any], None]

PERMILLE_ALL = 1000
NIGHTS_MAX = 8
"""So many quiet nights at most until every box has what it wants, however small its budget."""


def in_order_per_learner_at_the_hub(world: SimulatedWorld) -> None:
    """In each epoch at the hub a learner's answers stand in the order in which they were acknowledged."""
    order = {item: place for place, (_, _, item) in enumerate(world.ledger.lines)}
    for box_id in {box.id for box in world.boxes}:
        for epoch, batches in world.hub.batches(box_id).items():
            events = [event for batch in batches for event in batch.events]
            for learner in {event.learner for event in events if event.kind == "answered"}:
                items = answered_in([event for event in events if event.learner == learner])
                places = [order[item] for item in items if item in order]
                assert sorted(places) == places, f"out of order in {epoch} for {learner}"


def the_shelf_is_never_half_a_release(world: SimulatedWorld) -> None:
    """Each course on a shelf has its core, and every file of each layer that it claims, byte for byte."""
    for box in world.boxes:
        for course, root, layers in box.box.shelf.holdings():
            release, lists = box.box.shelf.release(course), {one.name: one for one in box.box.releases.layers(root)}
            assert release is not None
            assert CORE in layers
            for layer in layers:
                assert lists[layer].root == release.layers[layer].root
                for entry in lists[layer].entries:
                    if not world.is_lost(box, entry.digest):
                        assert entry.digest == digest_of(box.reads(course, entry.path)), (box.name, course, entry.path)


def a_tree_holds_its_own_course_alone(world: SimulatedWorld) -> None:
    """What a course's program can read of the disk are the files of its own release, no more and no fewer."""
    for box in world.boxes:
        for course, root, layers in box.box.shelf.holdings():
            entries = [one for layer in box.box.releases.layers(root) if layer.name in layers for one in layer.entries]
            listed = {entry.path for entry in entries if not world.is_lost(box, entry.digest)}
            tree = box.box.shelf.tree(course)
            there = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
            assert listed == {path for path in there if path in listed or not path.endswith(VARIANT_SUFFIX)}, course


def nothing_rolls_back(world: SimulatedWorld) -> None:
    """A shelf never shows an older release of a course than this card has shown before."""
    for box in world.boxes:
        for release in box.box.shelf.courses():
            newest = box.versions.get(release.course, 0)
            assert release.version >= newest, f"{box.name} went back from {release.course} {newest}"
            box.versions[release.course] = release.version


def bytes_stay_within_the_budget(world: SimulatedWorld) -> None:
    """What crossed is in the ledger, and no night has more than its quota."""
    for box in world.boxes:
        crossed = box.crossed.total()
        assert crossed <= box.booked_bytes, f"{box.name}: {crossed} bytes crossed, {box.booked_bytes} are booked"
        quota = box.box.config.budget.night_bytes_max
        assert not quota or max(box.crossed.values(), default=0) <= quota, f"{box.name}: {box.crossed} of {quota}"


def the_erased_stay_forgotten(world: SimulatedWorld) -> None:
    """Of whom somebody knows to be erased nothing is left, neither at the hub nor on any box that talks to it."""
    gone = world.forgotten
    assert world.listed <= world.hub.erased(), "the hub has forgotten that its own staff erased somebody"
    assert world.hub.names().isdisjoint(name for learner, name in world.names.items() if learner in gone)
    for box in world.boxes:
        at_hub = [event.kind for event in world.hub.events(box.id) if _tells_of(event, gone)]
        assert [] == at_hub, f"the hub keeps what {box.name} sent of an erased learner: {at_hub}"
        here = [event.kind for event in box.events() if _tells_of(event, gone)]
        assert box.id in world.revoked or [] == here, f"{box.name} keeps what an erased learner left: {here}"


def the_hub_takes_nothing_of_the_erased(world: SimulatedWorld) -> None:
    """Whatever comes late of a learner whom the hub knows to be erased is kept without its contents, from the first."""
    assert [] == world.hub.took_of_erased, f"the hub took what tells of an erased learner: {world.hub.took_of_erased}"


def the_pages_show_what_the_events_say(world: SimulatedWorld) -> None:
    """How far each learner is at the hub is the furthest that any of their events says, whatever came first."""
    furthest: dict[tuple[str, str, str], tuple[int, bool]] = {}
    for box_id in {box.id for box in world.boxes}:
        for event in world.hub.events(box_id):
            said = fields_of(event)
            if said and event.kind in ("progressed", "completed"):
                place = (event.learner, said["course"], said["activity"])
                permille, is_completed = furthest.get(place, (0, False))
                is_done = event.kind == "completed"
                permille = PERMILLE_ALL if is_done else max(permille, said.get("permille", 0))
                furthest[place] = (permille, is_completed or is_done)
    rows = {(row.learner, row.course, row.activity): (row.permille, bool(row.is_completed)) for row in _progress(world)}
    assert furthest == rows


def copied_cards_are_told_apart_and_nothing_else_is_called_so(world: SimulatedWorld) -> None:
    """Two lines of one card's events are flagged; a lost reply, a power cut, a stick or a restored hub never are."""
    for box_id in {box.id for box in world.boxes}:
        is_flagged = world.hub.forks(box_id) > 0
        assert not is_flagged or box_id in world.branched, "flagged, though no card was ever copied"
        assert is_flagged or not _branches(world.hub.batches(box_id)), "two lines of one card, and nobody says so"
        alarms = world.hub.alarms(box_id)
        assert Kind.CARD_RESTORED not in alarms or box_id in world.branched, "no card was put back"
        assert Kind.CARD_CLONED not in alarms or box_id in world.doubled, "there never was a second card"


def a_box_out_of_service_is_not_heard(world: SimulatedWorld) -> None:
    """What comes from a revoked box, over a link or by hand, changes nothing."""
    for box_id, before in world.revoked.items():
        now = {epoch: taken for epoch, (taken, _) in world.hub.marks(box_id).items()}
        assert all(taken <= before.get(epoch, -1) for epoch, taken in now.items()), f"{box_id} was heard"


def what_the_hub_says_is_heard_on_every_box(world: SimulatedWorld) -> None:
    """Its announcements and classes are the same on all boxes, and a hub that was put back has its own words again."""
    announced = {one.id for one in world.hub.hub.notices.announcements(world.campus)}
    classes = {one.id: one for one in world.hub.hub.roster.classes(world.campus) if one.id}
    for box in in_service(world):
        assert announced == {one.id for one in box.box.campus.announcements(None)}, f"{box.name} heard otherwise"
        here = {one.id: one.name for one in box.box.people.classrooms()}
        for one in classes.values():
            if one.owner is Side.HUB:
                assert one.name == here.get(one.id), f"{box.name} calls {one.name} {here.get(one.id)}"
            elif one.id in here:
                assert one.name == here[one.id], f"the hub calls {here[one.id]} of {box.name} {one.name}"


def nothing_reverts_silently(world: SimulatedWorld) -> None:
    """A proposal stands beside what is, and where it is accepted, what gives way is what the accepter was shown."""
    for shown, there in world.looked_at:
        assert there == shown, f"a proposal stood beside {shown}, and {there} it was"
    for shown, before in world.gave_way:
        assert before == shown, f"{before} gave way to a proposal, and only {shown} had been shown"


def the_last_word_of_its_owner_stands(world: SimulatedWorld) -> None:
    """Whatever a class or a learner was last called by who owns that, the hub and every box call it: nobody reverts."""
    at_hub = world.hub.called()
    for fact, (owner, name) in world.decided.items():
        if fact[1] in world.erased or owner in world.revoked:
            continue
        assert name == at_hub.get(fact), f"the hub calls {fact} {at_hub.get(fact)}; its owner said {name} last"
        for box in in_service(world):
            here = box.called().get(fact)
            # A learner whose class is another box's is on that box alone.
            is_there = box.id == owner or (owner == HUB and (fact[0] == "class" or here is not None))
            assert not is_there or here == name, f"{box.name} calls {fact} {here}; its owner said {name} last"


def a_box_knows_again_what_the_hub_has_of_it(world: SimulatedWorld) -> None:
    """Whatever card it runs from by now: nothing that came to the hub under its name is unknown on it."""
    for box in in_service(world):
        ends = {epoch: box.known(epoch) for epoch in world.hub.marks(box.id)}
        lost = [one for one in world.hub.events(box.id) if one.sequence > ends[one.epoch]]
        # Two machines of one card say each night anew whom they have forgotten.
        lost = [one for one in lost if not (one.kind == "erased" and box.box.journal.has_erased(one.learner))]
        kinds = [one.kind for one in lost]
        assert [] == kinds, f"{box.name} knows no more what was once told to its hub in its name: {kinds}"


def every_box_has_what_it_wants(world: SimulatedWorld) -> None:
    """Once links have healed: every course in its newest form, and nothing left to send."""
    wanted = {offer.course: offer for offer in world.hub.hub.packing.offers()}
    for box in in_service(world):
        newest = {release.course: release for release in box.box.shelf.courses()}
        for course, offer in wanted.items():
            assert course in newest, f"{box.name} lacks {course}"
            # A hub that was restored may offer less than the box has already: that stays.
            assert newest[course].root == offer.root or newest[course].version >= offer.version, f"{box.name}: {course}"
        assert 0 == box.box.journal.unsent_count(), f"{box.name} has events left to send"
        assert [] == box.box.spool.names(), f"{box.name} has packs left in its spool"


def in_service(world: SimulatedWorld) -> list[SimulatedBox]:
    return [box for box in world.boxes if box.id not in world.revoked]


def is_healed(world: SimulatedWorld) -> bool:
    """Tell whether every box has what it wants, and has heard whom to forget."""
    try:
        every_box_has_what_it_wants(world)
        the_erased_stay_forgotten(world)
        what_the_hub_says_is_heard_on_every_box(world)
        a_box_knows_again_what_the_hub_has_of_it(world)
        the_last_word_of_its_owner_stands(world)
    except AssertionError:
        return False
    return True


def _progress(world: SimulatedWorld) -> list[Any]:
    """The rows that say how far somebody is; who only opened something is nowhere yet."""
    return [row for row in world.hub.progress() if row.permille or row.is_completed]


def _tells_of(event: Event, learners: set[str]) -> bool:
    return event.learner in learners and event.payload is not None


def _branches(epochs: Mapping[str, Sequence[Batch]]) -> bool:
    """Tell whether two epochs go on from one, or one goes on behind the place where another left it."""
    parents: dict[str, list[int]] = {}
    for batches in epochs.values():
        parent = fields_of(batches[0].events[0]) or {}
        if "parent" in parent:
            parents.setdefault(parent["parent"], []).append(parent["sequence"])
    ends = {epoch: batches[-1].last_sequence for epoch, batches in epochs.items()}
    return any(len(left) > 1 or ends.get(epoch, -1) > left[0] for epoch, left in parents.items())


def no_box_believes_more_than_its_hub_has(world: SimulatedWorld) -> None:
    """A mark on a box in service never stands before the hub's own: else what lies between would never be sent."""
    for box in in_service(world):
        at_hub = {epoch: taken for epoch, (taken, _) in world.hub.marks(box.id).items()}
        too_much = {epoch: taken for epoch, taken in box.marks().items() if taken > at_hub.get(epoch, -1)}
        assert {} == too_much, f"{box.name} believes more than the hub has: {too_much}"


def nor_meanwhile(world: SimulatedWorld) -> None:
    """The same at every moment; but for a hub that was put back, until it has spoken."""
    if not world.restores:
        no_box_believes_more_than_its_hub_has(world)


PROMISES: Mapping[str, Sequence[Promise]] = {
    "I1": (
        invariants.nothing_acknowledged_is_lost,
        the_erased_stay_forgotten,
        the_hub_takes_nothing_of_the_erased,
    ),
    "I2": (
        invariants.the_hub_has_each_event_once_and_in_order,
        invariants.what_the_hub_has_is_what_the_box_wrote,
        no_box_believes_more_than_its_hub_has,
        invariants.the_hubs_tables_can_be_built_again,
        in_order_per_learner_at_the_hub,
        the_pages_show_what_the_events_say,
        copied_cards_are_told_apart_and_nothing_else_is_called_so,
        a_box_out_of_service_is_not_heard,
        what_the_hub_says_is_heard_on_every_box,
        nothing_reverts_silently,
        a_box_knows_again_what_the_hub_has_of_it,
        the_last_word_of_its_owner_stands,
    ),
    "I3": (the_shelf_is_never_half_a_release,),
    "I4": (the_shelf_is_never_half_a_release,),
    "I5": (invariants.a_cut_costs_at_most_a_mebibyte,),
    "I6": (nothing_rolls_back,),
    "I7": (bytes_stay_within_the_budget,),
    "I8": (every_box_has_what_it_wants,),
    "I9": (invariants.a_learners_answers_keep_their_order,),
    "I10": (invariants.failed_sessions_leave_nothing_behind,),
    "I11": (a_tree_holds_its_own_course_alone,),
}
"""What is promised, and what asks it; each is asked of every world, whatever went wrong in it."""


def no_learner_opens_half_a_release(world: SimulatedWorld) -> None:
    """The shelf is whole at every moment; but for cards that rot, until they have been read again."""
    if not world.rotten:
        the_shelf_is_never_half_a_release(world)


AT_ONCE: Sequence[Promise] = (
    nor_meanwhile,
    the_hub_takes_nothing_of_the_erased,
    no_learner_opens_half_a_release,
    nothing_rolls_back,
    bytes_stay_within_the_budget,
)
"""What holds at every moment, and would not be seen in the end."""

IN_THE_END: Sequence[Promise] = tuple(dict.fromkeys(promise for asked in PROMISES.values() for promise in asked))
