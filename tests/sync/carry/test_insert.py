"""The insert: what is enclosed with a letter comes out as it went in, or is refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.carry.insert import BATCHES_MAX, Insert
from sync.fields import MessageRefused

batches = st.lists(st.binary(min_size=1, max_size=30), max_size=4).map(tuple)


@given(batches, st.binary(max_size=30))
def test_what_is_enclosed_comes_out_as_it_went_in(batches, metadata):
    insert = Insert(batches, metadata)

    assert insert == Insert.from_bytes(insert.to_bytes())
    assert insert.is_empty == (not batches and not metadata)


@given(st.binary(max_size=60))
def test_whatever_else_comes_is_refused(data):
    with pytest.raises(MessageRefused):
        Insert.from_bytes(data)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"!"], ids=["cut", "longer"])
def test_another_length_than_it_says_is_refused(change):
    with pytest.raises(MessageRefused, match="not as long as it says"):
        Insert.from_bytes(change(Insert((b"batch",), b"metadata").to_bytes()))


def test_more_batches_than_a_stick_should_bring_are_refused():
    with pytest.raises(MessageRefused, match="batches"):
        Insert.from_bytes(Insert((b"b",) * (BATCHES_MAX + 1), b"").to_bytes())


def test_two_inserts_are_told_apart_by_what_is_inside():
    assert Insert((b"a",), b"").digest != Insert((b"",), b"a").digest
