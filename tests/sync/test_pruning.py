"""Pruning: what goes is backed up, said again and old; what stays can still be proven, and sent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.fault import Damaged
from sync.batch import decode, verify
from sync.chain import BEGINNING, Position
from sync.events import fields_of
from sync.keys import from_base64url
from sync.pruning import Keep
from sync.wire import Mark

AMINA, BILAL = "aminaAAAAAAAAAAA", "bilalBBBBBBBBBBB"
ALL_OLD = Keep(1, 1 << 40)


def retell(connection, learner):
    yield (
        ("snapshot", {"course": "water", "places": [], "answers": []})
        if learner
        else (
            "class",
            {"class": "7b", "name": "7 B"},
        )
    )


def prunes(writer, keep=ALL_OLD):
    """Prune until nothing more may go. Returns in how many steps."""
    steps = 0
    while writer.database.write(lambda connection: writer.journal.prune(connection, keep, retell)):
        steps += 1
    return steps


def rows(writer):
    found = writer.database.read().execute("select place, sequence, kind, learner from event order by place, sequence")
    return [tuple(row) for row in found]


def backed_up(writer, *heads):
    writer.hears(*(Mark(head.epoch, head.sequence, head.sequence) for head in heads))


def test_nothing_goes_that_the_hub_has_not_backed_up(writer):
    for _ in range(5):
        writer.progresses(AMINA)
    (head,) = writer.journal.heads()
    writer.hears(Mark(head.epoch, head.sequence, -1))

    assert 0 == prunes(writer)
    assert 6 == writer.journal.verify()


def test_what_goes_was_said_again_behind_it(writer):
    for learner in (AMINA, BILAL, AMINA):
        writer.progresses(learner)
    backed_up(writer, writer.journal.heads()[-1])

    prunes(writer)

    assert [("snapshot", AMINA), ("snapshot", BILAL)] == sorted(row[2:] for row in rows(writer))
    assert 2 == writer.journal.verify()


def test_it_is_said_again_once_for_all_that_goes_later(writer):
    for _ in range(8):
        writer.progresses(AMINA)
    backed_up(writer, writer.journal.heads()[-1])
    prunes(writer, Keep(6, 1 << 40))
    backed_up(writer, writer.journal.heads()[-1])
    prunes(writer, Keep(2, 1 << 40))

    assert 1 == sum(row[2] == "snapshot" for row in rows(writer))


def test_the_newest_stay_however_old_they_are(writer):
    for _ in range(9):
        writer.progresses(AMINA)
    backed_up(writer, writer.journal.heads()[-1])

    prunes(writer, Keep(4, 1 << 40))

    assert 4 == len(rows(writer))


def test_what_is_young_stays_however_much_it_is(writer, clock):
    for _ in range(3):
        writer.progresses(AMINA)
    since_seconds = clock.wall_seconds + 10
    clock.wait(10)
    for _ in range(3):
        writer.progresses(AMINA)
    backed_up(writer, writer.journal.heads()[-1])

    prunes(writer, Keep(1, since_seconds))

    assert [4, 5, 6, 7] == [row[1] for row in rows(writer)]


def test_a_class_is_said_again_too(writer):
    writer.says("class", **{"class": "7b", "name": "7 B"})
    writer.progresses(AMINA)
    backed_up(writer, writer.journal.heads()[-1])

    prunes(writer)

    assert {("class", ""), ("snapshot", AMINA)} == {row[2:] for row in rows(writer)}


def test_whole_epochs_go_and_the_next_still_names_its_parent(writer):
    for _ in range(3):
        writer.progresses(AMINA)
        backed_up(writer, writer.journal.heads()[-1])
        writer.restarts()
    writer.progresses(AMINA)

    prunes(writer)

    assert {3} == {row[0] for row in rows(writer)}
    assert len(rows(writer)) == writer.journal.verify()
    (batch, _) = writer.journal.next_batch()
    verify(batch, batch.previous_hash)


def test_an_epoch_goes_on_where_it_was_cut(writer):
    for _ in range(4):
        writer.progresses(AMINA)
    backed_up(writer, writer.journal.heads()[-1])
    prunes(writer, Keep(2, 1 << 40))

    said = writer.progresses(AMINA)

    assert rows(writer)[-1][:2] == (0, said.sequence)
    assert len(rows(writer)) == writer.journal.verify()


def test_a_hub_that_asks_for_what_is_gone_is_told_up_to_where(writer):
    for _ in range(5):
        writer.progresses(AMINA)
    (head,) = writer.journal.heads()
    backed_up(writer, head)
    prunes(writer, Keep(2, 1 << 40))
    assert [] == writer.journal.pruned_heads()

    writer.hears(Mark(head.epoch, -1, -1))

    (gone,) = writer.journal.pruned_heads()
    (batch, wire) = writer.journal.next_batch()
    assert (head.epoch, 0) == writer.journal.has_unsent()
    assert gone.sequence + 1 == batch.first_sequence
    verify(decode(wire), from_base64url(gone.hash))


def test_an_epoch_that_is_gone_whole_is_named_until_the_hub_has_heard(writer):
    writer.progresses(AMINA)
    (old,) = writer.journal.heads()
    backed_up(writer, old)
    writer.restarts()
    writer.progresses(AMINA)
    prunes(writer)

    writer.hears(Mark(old.epoch, -1, -1))

    assert [old] == writer.journal.pruned_heads()
    assert old in writer.journal.heads()
    writer.hears(Mark(old.epoch, old.sequence, -1))
    assert [] == writer.journal.pruned_heads()
    assert old not in writer.journal.heads()


def test_the_hub_is_asked_how_far_its_backup_is_where_something_could_go(writer):
    writer.progresses(AMINA)
    (old,) = writer.journal.heads()
    writer.hears(Mark(old.epoch, old.sequence, -1))
    writer.restarts()
    writer.progresses(AMINA)
    assert old not in writer.journal.heads()

    prunes(writer)

    assert old in writer.journal.heads()
    backed_up(writer, old)
    assert old not in writer.journal.heads()


def test_an_erasure_whose_event_is_gone_is_told_again_to_a_restored_hub(writer):
    writer.progresses(AMINA)
    writer.erases(AMINA)
    backed_up(writer, writer.journal.heads()[-1])
    writer.restarts()
    writer.progresses(BILAL)
    newest = writer.journal.heads()[-1]
    backed_up(writer, newest)
    prunes(writer, Keep(1, 1 << 40))
    assert not any(row[2] == "erased" for row in rows(writer))

    for _ in range(2):
        writer.hears(Mark(newest.epoch, -1, -1))

    assert [AMINA] == [row[3] for row in rows(writer) if row[2] == "erased"]


def test_an_erased_learner_is_not_said_again(writer):
    writer.progresses(AMINA)
    writer.erases(AMINA)
    writer.progresses(BILAL)
    backed_up(writer, writer.journal.heads()[-1])

    prunes(writer)

    assert {BILAL} == {row[3] for row in rows(writer)}


def test_a_learner_erased_after_a_snapshot_leaves_nothing_in_it(writer):
    writer.progresses(AMINA)
    backed_up(writer, writer.journal.heads()[-1])
    prunes(writer)

    writer.erases(AMINA)

    unsent = [event for batch, _ in writer.journal.unsent_batches() for event in batch.events]
    assert all(fields_of(event) is None for event in unsent if event.learner)
    writer.journal.verify()


def test_a_journal_that_was_cut_is_proven_part_by_part(writer):
    for _ in range(3):
        for _ in range(4):
            writer.progresses(AMINA)
        backed_up(writer, writer.journal.heads()[-1])
        writer.restarts()
    writer.progresses(AMINA)
    prunes(writer, Keep(8, 1 << 40))

    at, seen = writer.journal.verify_part(BEGINNING, 3), 1
    while at != BEGINNING:
        at, seen = writer.journal.verify_part(at, 3), seen + 1

    assert 1 + len(rows(writer)) // 3 == seen


def test_a_changed_event_is_found_by_the_part_that_holds_it(writer):
    for _ in range(6):
        writer.progresses(AMINA)
    writer.database.write(
        lambda connection: connection.execute("update event set wall_seconds = wall_seconds + 1 where sequence = 5")
    )

    assert Position(0, 2) == writer.journal.verify_part(BEGINNING, 3)
    with pytest.raises(Damaged, match="event 5"):
        writer.journal.verify_part(Position(0, 2), 3)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("says"), st.sampled_from([AMINA, BILAL])),
            st.tuples(st.just("restarts"), st.none()),
            st.tuples(st.just("backs up"), st.integers(0, 9)),
            st.tuples(st.just("goes back"), st.integers(-1, 9)),
            st.tuples(st.just("prunes"), st.integers(1, 8)),
            st.tuples(st.just("erases"), st.sampled_from([AMINA])),
        ),
        max_size=24,
    )
)
def test_whatever_happens_the_chain_holds_and_all_that_is_unsent_can_be_sent_or_named(new_writer, story):
    writer = new_writer()
    for what, which in story:
        if what == "says" and not writer.journal.has_erased(which):
            writer.progresses(which)
        elif what == "restarts":
            writer.restarts()
        elif what == "backs up":
            backed_up(writer, *writer.journal.heads())
        elif what == "goes back":
            writer.hears(*(Mark(head.epoch, min(which, head.sequence), -1) for head in writer.journal.heads()[:2]))
        elif what == "prunes":
            prunes(writer, Keep(which, 1 << 40))
        elif what == "erases":
            writer.erases(which)

    assert writer.journal.verify() == len(rows(writer))
    named = {head.epoch: head.sequence for head in writer.journal.pruned_heads()}
    marks = {row[0]: row[1] for row in writer.database.read().execute("select epoch, taken from epoch").fetchall()}
    for batch, _ in writer.journal.unsent_batches():
        assert batch.first_sequence == max(marks[batch.epoch], named.get(batch.epoch, -1)) + 1
        verify(batch, batch.previous_hash)
        marks[batch.epoch] = batch.last_sequence
    writer.database.close()
