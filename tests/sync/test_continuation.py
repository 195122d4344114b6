"""What of a batch is new: nothing twice, no gap, and two stories under one number are told apart."""

import random
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.batch import Batch, BatchRefused
from sync.continuation import NONE_TAKEN, Forked, continued
from sync.events import CHAIN_START, PUBLIC_SALT_KEY, Event, payload_hash

BOX, EPOCH = "copdsqhgjnkjc4ra", "0123456789abcdef"


def journal_of(count, seed=1):
    """A whole epoch of so many events, as one batch."""
    lots = random.Random(seed)
    payloads = [b"{}", *(b'{"n":%d}' % lots.randrange(1000) for _ in range(count - 1))]
    events = tuple(
        Event(
            EPOCH, sequence, "epoch" if sequence == 0 else "sang", "", payload,
            payload_hash(PUBLIC_SALT_KEY, BOX, EPOCH, sequence, payload), 1_790_000_000 + sequence, sequence, True,
        )
        for sequence, payload in enumerate(payloads)
    )  # fmt: skip
    whole = Batch(BOX, EPOCH, CHAIN_START, events, b"")
    return replace(whole, last_hash=whole.hash_at(count - 1))


def part(whole, first, last):
    """The events from `first` to `last` of it, as a batch."""
    events = whole.events[first : last + 1]
    return Batch(BOX, EPOCH, whole.hash_at(first - 1), events, whole.hash_at(last))


WHOLE = journal_of(10)
held_up_to = partial(part, WHOLE, 0)


def test_all_of_a_new_epoch_is_new():
    assert continued(WHOLE) == WHOLE


def test_what_follows_on_is_new():
    assert continued(part(WHOLE, 4, 7), 3, WHOLE.hash_at(3)) == part(WHOLE, 4, 7)


def test_a_batch_that_is_here_already_brings_nothing():
    assert continued(part(WHOLE, 2, 5), 5, WHOLE.hash_at(5)) is None
    assert continued(part(WHOLE, 2, 5), 8, WHOLE.hash_at(8)) is None


def test_of_a_batch_whose_beginning_is_here_the_end_is_new():
    assert continued(part(WHOLE, 2, 9), 5, WHOLE.hash_at(5)) == part(WHOLE, 6, 9)


def test_a_batch_that_would_leave_a_gap_brings_nothing():
    assert continued(part(WHOLE, 5, 9), 3, WHOLE.hash_at(3)) is None
    assert continued(part(WHOLE, 1, 9)) is None


@pytest.mark.parametrize("last", [5, 9])
def test_another_story_under_the_same_numbers_is_told_apart(last):
    other = journal_of(10, seed=2)

    with pytest.raises(Forked) as forked:
        continued(part(other, 2, last), 5, WHOLE.hash_at(5))

    assert forked.value.epoch == EPOCH


def test_what_does_not_follow_the_held_end_is_refused():
    other = journal_of(10, seed=2)

    with pytest.raises(BatchRefused, match="does not follow"):
        continued(part(other, 4, 7), 3, WHOLE.hash_at(3))


def test_a_batch_that_is_not_what_was_written_is_refused_even_where_it_is_here_already():
    broken = replace(part(WHOLE, 2, 5), last_hash=bytes(32))

    with pytest.raises(BatchRefused, match="does not end"):
        continued(broken, 8, WHOLE.hash_at(8))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_parts_in_any_order_bring_every_event_once_and_in_order(spans):
    came, taken, last_hash = [], NONE_TAKEN, CHAIN_START

    for first, last in [*(sorted(span) for span in spans), (0, 9)]:
        new = continued(part(WHOLE, first, last), taken, last_hash)
        if new is not None:
            came += new.events
            taken, last_hash = new.last_sequence, new.last_hash

    assert tuple(came) == WHOLE.events
