"""What holds in every world, whatever happened: each promise is written here once, and asked at the end of every story.

They look at what lies on the disks of hub and boxes, and at the ledger of what was acknowledged to learners;
they do not believe what any of them says of itself.
"""

from collections import Counter
from collections.abc import Callable

from catalog.digest import digest_of
from catalog.manifest import CORE
from sync.batch import verify
from sync.events import CHAIN_START, Event
from sync.parcel import is_single
from sync.receiving import spool
from tests.stories.box import CampusBox, answered_in
from tests.stories.world import World


def hold(world: World) -> None:
    """Ask all of them."""
    for promise in PROMISES:
        promise(world)


def nothing_acknowledged_is_lost(world: World) -> None:
    """Each answer that a learner saw accepted is in the box's journal or at the hub, and nowhere twice."""
    for box_id in {box.id for box in world.boxes}:
        lines = [line for line in world.ledger.lines if line[0] == box_id and line[1] not in world.erased]
        acknowledged = [item for _, _, item in lines]
        at_hub = Counter(answered_in(world.hub.events(box_id)))
        journals = [Counter(answered_in(box.events())) for box in world.boxes if box.id == box_id]
        known = set(at_hub).union(*journals)

        assert [] == [item for item in acknowledged if item not in known], "acknowledged, and lost"
        assert [] == [item for one in (at_hub, *journals) for item, count in one.items() if count > 1], "twice"


def a_learners_answers_keep_their_order(world: World) -> None:
    """Whatever the clock did: what was acknowledged to a learner first stands first in the journal."""
    for box in world.boxes:
        here = answered_in(box.events())
        known = set(here)
        for learner in {learner for _, learner, _ in world.ledger.lines}:
            own = [item for _, who, item in world.ledger.lines if who == learner and item in known]

            assert own == [item for item in here if item in set(own)]


def the_hub_has_each_event_once_and_in_order(world: World) -> None:
    """Each epoch at the hub runs from its first event to the mark without a gap, and its chain holds."""
    for box_id in {box.id for box in world.boxes}:
        marks = world.hub.marks(box_id)
        kept = world.hub.batches(box_id)
        assert marks.keys() == kept.keys()
        for epoch, batches in kept.items():
            last = CHAIN_START
            for batch in batches:
                verify(batch, last)
                last = batch.last_hash
            sequences = [event.sequence for batch in batches for event in batch.events]

            assert (list(range(marks[epoch][0] + 1)), last) == (sequences, marks[epoch][1])


def what_the_hub_has_is_what_the_box_wrote(world: World) -> None:
    """Event by event, as far as the box still has the epoch; and its chain, erased learners or not, holds."""
    for box in world.boxes:
        held = [one for name in box.names() for one in world.hub.events(name)]
        at_hub = {(one.epoch, one.sequence): _header(one) for one in held}
        here = {(one.epoch, one.sequence): _header(one) for one in box.events()}
        both = at_hub.keys() & here.keys()

        assert {place: here[place] for place in both} == {place: at_hub[place] for place in both}
        assert len(here) == box.box.journal.verify()


def no_box_believes_more_than_the_hub_has(world: World) -> None:
    """A mark on a box never stands before the hub's own: else what lies between would never be sent."""
    for box in world.boxes:
        at_hub = {epoch: taken for name in box.names() for epoch, (taken, _) in world.hub.marks(name).items()}
        believed = box.marks()

        too_much = {epoch: taken for epoch, taken in believed.items() if taken > at_hub.get(epoch, -1)}
        assert {} == too_much, f"{box.name} believes more than the hub has: {too_much}"


def the_shelf_is_never_half_a_release(world: World) -> None:
    """Each course on a shelf has its core, and every file of each layer that it claims, byte for byte."""
    for box in world.boxes:
        for course, root, layers in box.box.shelf.holdings():
            lists = {layer.name: layer for layer in box.box.releases.layers(root)}
            assert CORE in layers
            for layer in layers:
                assert lists[layer].root == _release(box, course).layers[layer].root
                for entry in lists[layer].entries:
                    assert entry.digest == digest_of(box.reads(course, entry.path)), (course, entry.path)


def a_cut_costs_at_most_a_mebibyte(world: World) -> None:
    """Of each pack no more came than it has, but for one MiB for each time the power went; a cut link costs nothing."""
    sizes = world.hub.pack_sizes()
    for box in world.boxes:
        allowed = box.power_cuts * 2 * spool.CHECKPOINT_BYTES
        # A single file is as long as it is: what rotted, or was damaged on the way, comes by itself.
        packs = {pack: count for pack, count in box.wire.delivered.items() if not is_single(pack)}
        came = {pack: count for pack, count in packs.items() if pack not in box.excused}

        assert {} == {pack: count for pack, count in came.items() if count > sizes[pack] + allowed}


def failed_sessions_leave_nothing_behind(world: World) -> None:
    """Staging is empty, the store holds what its index names, the spool only what some plan named."""
    sizes = world.hub.pack_sizes()
    for box in world.boxes:
        indexed = set(box.box.database.read().execute("select digest from stored_file").fetchall())
        named = {row[0] for row in indexed}
        files = {path.name.removesuffix(".gz") for path in (box.data / "store").glob("??/*")}

        assert [] == box.staged()
        assert named == files
        assert set(box.box.spool.names()) <= sizes.keys()
        last = box.box.nights.last(1)
        assert not (last and last[0].outcome == "well" and last[0].lanes == "all" and box.box.spool.names())


def the_hubs_tables_can_be_built_again(world: World) -> None:
    """The pages' tables hold nothing of their own: read out of the batches again, they are the same."""
    before = (world.hub.progress(), world.hub.names())
    world.hub.hub.intake.rebuild()

    assert before == (world.hub.progress(), world.hub.names())


def every_box_has_what_it_wants(world: World) -> None:
    """Asked only after quiet nights: every course in its newest form, and nothing left to send."""
    for box in world.boxes:
        assert world.hub.wanted() == box.roots()
        assert 0 == box.box.journal.unsent_count()
        assert world.hub.holds(box.id) == box.shelf()
        assert [] == box.box.spool.names()


PROMISES: tuple[Callable[[World], None], ...] = (
    nothing_acknowledged_is_lost,
    a_learners_answers_keep_their_order,
    the_hub_has_each_event_once_and_in_order,
    what_the_hub_has_is_what_the_box_wrote,
    no_box_believes_more_than_the_hub_has,
    the_shelf_is_never_half_a_release,
    a_cut_costs_at_most_a_mebibyte,
    failed_sessions_leave_nothing_behind,
    the_hubs_tables_can_be_built_again,
)


def _header(event: Event) -> tuple[object, ...]:
    return event.kind, event.learner, event.payload_hash, event.wall_seconds, event.monotonic_ms, event.is_trusted


def _release(box: CampusBox, course: str):  # type: ignore[no-untyped-def]
    return box.box.shelf.release(course)
