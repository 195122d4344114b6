"""LZMA2 on a prefix: what liblzma packs, Python's own decoder unpacks; and a stranger's bytes take nothing from us."""

import io
import random

import pytest

from sync.patch.format import PackRefused
from sync.patch.xz import CHUNK_BYTES_MAX, Packer, unpack

PREFIX = random.Random(3).randbytes(200_000)


def packed(raw, prefix=b""):
    return b"".join(Packer.find().pack(raw, prefix))


def unpacked(wire, raw_bytes, prefix=b"", prefix_bytes=None):
    known_bytes = len(prefix) if prefix_bytes is None else prefix_bytes
    return b"".join(unpack(io.BytesIO(wire), len(wire), raw_bytes, [prefix], known_bytes))


@pytest.mark.parametrize("raw_bytes", [1, 1000, CHUNK_BYTES_MAX, 300_000])
def test_what_is_packed_comes_back(raw_bytes):
    raw = (b"water and stones " * 20_000)[:raw_bytes]

    assert raw == unpacked(packed(raw), raw_bytes)


@pytest.mark.parametrize("prefix_bytes", [1, CHUNK_BYTES_MAX - 1, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX + 1, 200_000])
def test_what_is_packed_on_a_prefix_comes_back_on_it(prefix_bytes):
    prefix = PREFIX[:prefix_bytes]
    raw = prefix[prefix_bytes // 2 :] + b"and more" + prefix

    assert raw == unpacked(packed(raw, prefix), len(raw), prefix)


def test_what_the_prefix_has_costs_next_to_nothing():
    raw = PREFIX[:90_000] + b"a change" + PREFIX[100_000:]

    assert len(packed(raw, PREFIX)) < 300


def test_a_prefix_in_many_pieces_is_the_same_prefix():
    raw = PREFIX[50_000:] + b"more"
    pieces = [PREFIX[at : at + 997] for at in range(0, len(PREFIX), 997)]
    wire = packed(raw, PREFIX)

    assert raw == b"".join(unpack(io.BytesIO(wire), len(wire), len(raw), pieces, len(PREFIX)))


def test_no_more_is_read_than_is_the_groups():
    wire = packed(b"water" * 100)
    file = io.BytesIO(wire + b"the next group")
    list(unpack(file, len(wire), 500, [], 0))

    assert b"the next group" == file.read()


@pytest.mark.parametrize("raw_bytes", [1, 499, 501, 10_000])
def test_another_length_than_it_says_is_refused(raw_bytes):
    with pytest.raises(PackRefused):
        unpacked(packed(b"water" * 100), raw_bytes)


def test_a_cut_or_longer_wire_is_refused():
    wire = packed(b"water and stones " * 100)
    for length in range(len(wire)):
        with pytest.raises(PackRefused):
            unpacked(wire[:length], 1700)
    with pytest.raises(PackRefused):
        unpacked(wire + b"\0", 1700)


def test_a_distance_beyond_the_prefix_is_refused():
    with pytest.raises(PackRefused):
        unpacked(packed(PREFIX[:500], PREFIX), 500, b"")


def test_the_same_bytes_are_packed_the_same():
    assert packed(PREFIX[:5000] * 3, PREFIX) == packed(PREFIX[:5000] * 3, PREFIX)
