"""The journal: no gaps, no second event under one name, nothing acknowledged and then lost."""

import sqlite3
from concurrent.futures import wait

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.fault import CallerFault, Damaged
from sync.batch import decode, verify
from sync.events import CHAIN_START, PAYLOAD_BYTES_MAX, chained, fields_of
from sync.keys import base64url
from sync.wire import Mark

AMINA, BILAL = "aminaAAAAAAAAAAA", "bilalBBBBBBBBBBB"


class PowerCut(Exception):
    """Something failed in the middle of a piece of work."""


def rows(writer):
    return writer.database.read().execute("select * from event order by place, sequence").fetchall()


def test_the_first_event_of_a_journal_is_its_epoch_without_a_parent(writer):
    said = writer.progresses(AMINA)

    (batch, _) = writer.journal.next_batch()
    assert ["epoch", "progressed"] == [event.kind for event in batch.events]
    assert {} == fields_of(batch.events[0])
    assert said == batch.events[1]


def test_a_start_that_writes_nothing_leaves_nothing(writer):
    writer.progresses(AMINA)
    writer.restarts()
    writer.restarts()

    assert [("epoch", 0), ("progressed", 1)] == [(row["kind"], row["sequence"]) for row in rows(writer)]


def test_each_start_writes_a_new_epoch_that_names_its_parent(writer):
    writer.progresses(AMINA)
    former = writer.journal.heads()[-1]

    epoch = writer.restarts()
    said = writer.progresses(AMINA)

    assert (epoch, 1) == (said.epoch, said.sequence)
    writer.hears(Mark(former.epoch, former.sequence, -1))
    (batch, _) = writer.journal.next_batch()
    parent = {"parent": former.epoch, "sequence": former.sequence, "hash": former.hash}
    assert parent == fields_of(batch.events[0])


def test_a_card_restored_from_a_copy_never_writes_a_second_event_under_one_name(writer, tmp_path):
    writer.progresses(AMINA)
    writer.database.close()
    copy = writer.path.read_bytes()
    writer.restarts()
    lost = writer.progresses(AMINA, permille=600)
    writer.database.close()
    for beside in tmp_path.glob("box.db*"):
        beside.unlink()
    writer.path.write_bytes(copy)

    writer.restarts()
    written = writer.progresses(AMINA, permille=700)

    assert lost.epoch != written.epoch
    assert writer.journal.verify() == 4


def test_work_that_fails_leaves_no_hole_in_sequence_or_chain(writer):
    writer.progresses(AMINA)

    def fails(connection):
        writer.journal.append(connection, "completed", AMINA, {"course": "water", "version": 1, "activity": "site"})
        raise PowerCut

    with pytest.raises(PowerCut):
        writer.database.write(fails)
    after = writer.progresses(AMINA)

    assert 2 == after.sequence
    assert 3 == writer.journal.verify()


def test_the_very_first_work_fails_and_the_epoch_opens_with_the_next(writer):
    def fails(connection):
        writer.journal.append(connection, "class", "", {"class": "7b", "name": "7 B"})
        raise PowerCut

    with pytest.raises(PowerCut):
        writer.database.write(fails)
    writer.progresses(AMINA)

    assert 2 == writer.journal.verify()


@settings(max_examples=30)
@given(st.lists(st.booleans(), max_size=12))
def test_one_group_commit_with_failures_anywhere_stays_gapless(new_writer, outcomes):
    writer = new_writer()

    def work(succeeds):
        def append(connection):
            event = writer.journal.append(connection, "class", "", {"class": "7b", "name": "7 B"})
            if not succeeds:
                raise PowerCut
            return event.sequence

        return append

    futures = [writer.database.submit(work(succeeds)) for succeeds in outcomes]
    writer.database.commit_pending()

    done = [future.result() for future, succeeds in zip(futures, outcomes, strict=True) if succeeds]
    assert list(range(1, len(done) + 1)) == done
    writer.journal.verify()
    writer.database.close()


def test_many_threads_at_once_leave_one_chain(writer):
    writer.database.start()

    def work(connection):
        return writer.journal.append(connection, "class", "", {"class": "7b", "name": "7 B"}).sequence

    futures = [writer.database.submit(work) for _ in range(300)]
    wait(futures)

    assert list(range(1, 301)) == [future.result() for future in futures]
    assert 301 == writer.journal.verify()


def test_what_is_read_out_of_an_event_is_durable_with_it_or_not_at_all(writer):
    writer.database.write(lambda connection: connection.execute("create table place (learner text primary key) strict"))

    def work(connection):
        writer.journal.append(connection, "opened", AMINA, {"course": "water", "version": 1, "activity": "site"})
        connection.execute("insert into place values (?)", [AMINA])

    writer.database.write(work)
    with pytest.raises(sqlite3.IntegrityError):
        writer.database.write(work)

    assert 2 == len(rows(writer))


def test_time_is_data_and_a_clock_that_goes_back_changes_no_order(writer, clock):
    writer.progresses(AMINA)
    clock.wall_seconds, clock.is_trusted = 5, False
    clock.monotonic_seconds += 0.25

    late = writer.progresses(AMINA)

    assert (5, 100_250, False, 2) == (late.wall_seconds, late.monotonic_ms, late.is_trusted, late.sequence)
    assert 3 == writer.journal.verify()


def test_the_hub_gets_what_it_has_not_taken_and_no_more(writer):
    for permille in range(5):
        writer.progresses(AMINA, permille)
    epoch = writer.journal.heads()[0].epoch

    writer.hears(Mark(epoch, 2, -1))
    (batch, wire) = writer.journal.next_batch()

    assert [3, 4, 5] == [event.sequence for event in batch.events]
    assert decode(wire) == batch
    assert 3 == writer.journal.unsent_count()


def test_nothing_is_offered_once_the_hub_has_all(writer):
    writer.progresses(AMINA)
    head = writer.journal.heads()[0]

    writer.hears(Mark(head.epoch, head.sequence, head.sequence))

    assert writer.journal.next_batch() is None
    assert 0 == writer.journal.unsent_count()
    assert [head] == writer.journal.heads()


def test_a_restored_hub_is_offered_again_what_it_lost(writer):
    writer.progresses(AMINA)
    head = writer.journal.heads()[0]
    writer.hears(Mark(head.epoch, head.sequence, -1))

    writer.hears(Mark(head.epoch, -1, -1))

    (batch, _) = writer.journal.next_batch()
    assert 0 == batch.first_sequence


def test_epochs_go_up_one_after_the_other(writer):
    writer.progresses(AMINA)
    writer.restarts()
    writer.progresses(BILAL)
    first, second = writer.journal.heads()

    (older, _) = writer.journal.next_batch()
    writer.hears(Mark(first.epoch, first.sequence, -1))
    (newer, _) = writer.journal.next_batch()

    assert [first.epoch, second.epoch] == [older.epoch, newer.epoch]
    assert [second] == writer.journal.heads()


def test_batches_in_a_row_continue_each_other_and_fit(writer, randomness):
    for _ in range(60):
        writer.says(
            "answered", AMINA, course="water", activity="quiz", item="1", answer=randomness.randbytes(200).hex()
        )
    last, sizes, count = CHAIN_START, [], 0

    while (found := writer.journal.next_batch(bytes_max=4096)) is not None:
        batch, wire = found
        verify(batch, last)
        last, count = batch.last_hash, count + len(batch.events)
        sizes.append(len(wire))
        writer.hears(Mark(batch.epoch, batch.last_sequence, -1))

    assert 61 == count
    assert len(sizes) > 1
    assert max(sizes) <= 4096


def test_a_head_is_the_chain_worked_out_by_hand(writer):
    writer.progresses(AMINA)
    (batch, _) = writer.journal.next_batch()
    start, said = batch.events

    expected = chained(chained(CHAIN_START, writer.box, start), writer.box, said)

    assert base64url(expected) == writer.journal.heads()[0].hash


def test_a_learner_document_carries_the_key_that_salts_what_the_learner_does(writer):
    writer.says("learner", AMINA, name="Amina", **{"class": "7b"})
    writer.progresses(AMINA)

    (batch, _) = writer.journal.next_batch()

    assert {"name": "Amina", "class": "7b", "key": base64url(batch.keys[AMINA])} == fields_of(batch.events[1])


def test_a_kind_of_tomorrow_is_carried(writer):
    said = writer.says("blew-whistle", AMINA, loudness=11, notes=["do", "re"], deep={"er": [1]})

    (_, wire) = writer.journal.next_batch()

    assert said == decode(wire).events[1]


@pytest.mark.parametrize("answer", ["\ud800", 0.5, ["fine", 0.5], "long" * PAYLOAD_BYTES_MAX])
def test_what_cannot_be_carried_is_refused_before_it_is_written(writer, answer):
    with pytest.raises(CallerFault, match=r"cannot be written down|too long"):
        writer.says("whispered", AMINA, answer=answer)

    assert [] == rows(writer)


@pytest.mark.parametrize(
    "change",
    [
        "update event set payload = cast('{}' as blob) where sequence = 1",
        "update event set wall_seconds = wall_seconds + 1 where sequence = 1",
        "update event set learner = 'somebodyElse' where sequence = 1",
        "update event set payload_hash = zeroblob(32) where sequence = 1",
        "update event set hash = zeroblob(32) where sequence = 1",
        "delete from event where sequence = 1",
        "update event set sequence = 9 where sequence = 2",
        "delete from learner_key",
    ],
)
def test_a_journal_that_was_altered_says_where(writer, change):
    writer.progresses(AMINA)
    writer.progresses(AMINA)
    writer.database.write(lambda connection: connection.execute(change))

    with pytest.raises(Damaged, match=r"journal is damaged at event [129]"):
        writer.journal.verify()


def test_an_epoch_cut_out_of_the_journal_is_noticed(writer):
    writer.progresses(AMINA)
    writer.restarts()
    writer.progresses(AMINA)
    writer.database.write(lambda connection: connection.execute("delete from event where place = 0"))

    with pytest.raises(Damaged, match="event 0"):
        writer.journal.verify()


def test_all_unsent_events_come_as_batches_while_no_mark_moves(writer):
    for _ in range(3):
        for _ in range(4):
            writer.progresses(AMINA)
        writer.restarts()

    batches = [batch for batch, _ in writer.journal.unsent_batches(bytes_max=150)]

    events = [(event.epoch, event.sequence) for batch in batches for event in batch.events]
    assert [(row["epoch"], row["sequence"]) for row in epochs_and_sequences(writer)] == events
    assert 3 < len(batches)
    assert len(events) == writer.journal.unsent_count()
    for batch in batches:
        verify(batch, batch.previous_hash)


def test_marks_that_may_be_old_move_forward_only(writer):
    said = [writer.progresses(AMINA) for _ in range(4)][-1]
    writer.hears(Mark(said.epoch, 2, 1))

    for mark in (Mark(said.epoch, 1, 0), Mark(said.epoch, 3, -1), Mark("unknown", 9, 9)):
        writer.database.write(lambda connection, mark=mark: writer.journal.raise_marks(connection, [mark]))

    rows = writer.database.read().execute("select taken, backed_up from epoch").fetchall()
    assert [(3, 1)] == [tuple(row) for row in rows]


def epochs_and_sequences(writer):
    return writer.database.read().execute(
        "select epoch, sequence from event join epoch on epoch.place = event.place order by event.place, sequence"
    )


def test_a_journal_goes_on_under_another_name_once_the_hub_has_it_in_a_backup(writer):
    """What was written under the former name stays, and is proven under it; nothing of it is offered any more."""
    writer.progresses(AMINA)
    former, heads = writer.journal.box, writer.journal.heads()
    assert not writer.journal.is_safe()
    assert not writer.database.write(lambda connection: writer.journal.become(connection, "b" * 16))
    assert former == writer.journal.box

    marks = [Mark(head.epoch, head.sequence, head.sequence) for head in heads]
    writer.database.write(lambda connection: writer.journal.take_marks(connection, marks))
    assert writer.journal.is_safe()
    assert writer.database.write(lambda connection: writer.journal.become(connection, "b" * 16))

    assert ([], [], 0) == (writer.journal.heads(), writer.journal.pruned_heads(), writer.journal.unsent_count())
    assert writer.journal.has_unsent() is None
    before = writer.journal.verify()
    writer.progresses(AMINA, permille=700)
    (batch, _) = writer.journal.next_batch()
    assert ("b" * 16, {}) == (batch.box, fields_of(batch.events[0]))
    assert before + len(batch.events) == writer.journal.verify()
