"""Batches: small, self-contained, and refused by name whatever comes."""

import base64
import random
from dataclasses import replace

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from catalog.manifest import canonical
from sync.batch import EVENTS_MAX, Batch, BatchRefused, Span, blanked, decode, encode, span_of, verify
from sync.columns import RAW_BYTES_MAX, Writer
from sync.events import CHAIN_START, NO_PAYLOAD_HASH, PAYLOAD_BYTES_MAX, PUBLIC_SALT_KEY, Event, payload_hash
from sync.fields import WHOLE_MAX
from sync.wire import BATCH_BYTES_MAX

BOX, EPOCH = "copdsqhgjnkjc4ra", "0123456789abcdef"
AMINA, BILAL = "aminaAAAAAAAAAAA", "bilalBBBBBBBBBBB"

letters = st.text("abcdefghij-_XYZ019", min_size=1, max_size=16)
times = st.integers(-WHOLE_MAX, WHOLE_MAX)
flat = st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers(-WHOLE_MAX, WHOLE_MAX), max_size=5)
deep = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
payloads = st.none() | flat.map(canonical) | st.dictionaries(st.text(max_size=4), deep, max_size=3).map(canonical)


@st.composite
def events(draw):
    """(kind, learner, payload, wall, monotonic, trusted), as any box may have written them."""
    kind = draw(st.sampled_from(["opened", "progressed", "answered", "of-tomorrow"]))
    learner = draw(st.sampled_from(["", AMINA, BILAL]) | letters)
    return kind, learner, draw(payloads), draw(times), draw(st.integers(0, WHOLE_MAX)), draw(st.booleans())


def batch_of(said, first=1, previous=bytes([7]) * 32, extra=b""):
    """A batch that proves itself, of these events."""
    keys = {learner: random.Random(learner).randbytes(16) for _, learner, payload, *_ in said if learner and payload}
    made = []
    for sequence, (kind, learner, payload, *moment) in enumerate(said, first):
        key = keys.get(learner, PUBLIC_SALT_KEY)
        hashed = NO_PAYLOAD_HASH if payload is None else payload_hash(key, BOX, EPOCH, sequence, payload)
        made.append(Event(EPOCH, sequence, kind, learner, payload, hashed, *moment))
    batch = Batch(BOX, EPOCH, previous, tuple(made), b"", keys, extra)
    return replace(batch, last_hash=batch.hash_at(batch.last_sequence))


def taken(wire, previous_hash):
    """What a hub would take of these bytes; None where it refuses them."""
    try:
        batch = decode(wire)
        verify(batch, previous_hash)
    except BatchRefused:
        return None
    return batch


def progress(learner=AMINA, permille=5):
    said = {"course": "water", "version": 1, "activity": "site", "permille": permille}
    return "progressed", learner, canonical(said), 1_790_000_000, 1000, True


@given(st.lists(events(), min_size=1, max_size=12), st.integers(1, WHOLE_MAX - 100), st.binary(max_size=9))
def test_what_was_encoded_comes_back(said, first, extra):
    batch = batch_of(said, first, extra=extra)

    decoded = decode(encode(batch))

    assert batch == decoded
    assert encode(batch) == encode(decoded)
    verify(decoded, batch.previous_hash)


def test_which_events_a_batch_holds_is_said_without_reading_them():
    batch = batch_of([progress(), progress()], first=5)

    assert Span(BOX, EPOCH, 5, 6) == span_of(encode(batch))


@given(st.binary(max_size=300))
def test_whatever_comes_is_refused_by_name(data):
    with pytest.raises(BatchRefused):
        decode(data)
    with pytest.raises(BatchRefused):
        span_of(data)


@given(st.binary(max_size=400))
def test_whatever_a_frame_holds_is_refused_by_name(raw):
    with pytest.raises(BatchRefused):
        decode(b"\x01" + zstandard.compress(raw))


@given(st.lists(events(), min_size=1, max_size=6), st.data())
def test_a_batch_altered_anywhere_says_the_same_or_is_refused_by_name(said, data):
    batch = batch_of(said)
    raw = bytearray(zstandard.decompress(encode(batch)[1:]))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    altered = b"\x01" + zstandard.compress(bytes(raw))

    assert taken(altered, batch.previous_hash) in (None, batch)


@given(st.lists(events(), min_size=1, max_size=6), st.data())
def test_a_batch_cut_short_anywhere_is_refused_by_name(said, data):
    wire = encode(batch_of(said))
    size = data.draw(st.integers(0, len(wire) - 1))

    with pytest.raises(BatchRefused):
        decode(wire[:size])


@given(st.lists(events(), min_size=2, max_size=8), st.data())
def test_the_part_behind_any_event_is_a_batch_in_its_own_right(said, data):
    batch = batch_of(said)
    sequence = data.draw(st.integers(0, batch.last_sequence - 1))

    rest = decode(encode(batch.after(sequence)))

    assert batch.events[sequence:] == rest.events
    verify(rest, batch.hash_at(sequence))


def test_a_realistic_night_takes_at_most_80_bytes_an_event(randomness):
    """300 steps of 40 learners in three courses, with random ids, pages, seconds and times."""
    learners = [base64.urlsafe_b64encode(randomness.randbytes(12)).decode() for _ in range(40)]
    courses = ["swc-shell-novice", "habibi-arabic", "water-and-soil"]
    said, wall, monotonic = [], 1_790_000_000, 7_000_000
    for _ in range(300):
        monotonic += randomness.randrange(200_000)
        wall += randomness.randrange(200)
        course = randomness.choice(courses)
        place = {"path": f"{randomness.randrange(20):02}-episode/index.html"}
        if course == "habibi-arabic":
            place = {"seconds": randomness.randrange(3600)}
        payload = {"course": course, "version": 3, "activity": f"{course}-1", "permille": randomness.randrange(1001)}
        said.append(("progressed", randomness.choice(learners), canonical(payload | place), wall, monotonic, True))

    wire = encode(batch_of(said))

    assert len(wire) / len(said) <= 80


def test_a_full_batch_of_long_answers_is_still_read(randomness):
    said = [
        ("answered", AMINA, canonical({"answer": randomness.randbytes(12_000).hex()}), 1, 1, True) for _ in range(15)
    ]
    batch = batch_of(said)

    assert len(encode(batch)) <= BATCH_BYTES_MAX
    assert batch == decode(encode(batch))


def test_a_batch_says_where_its_chain_stands(writer):
    batch = batch_of([progress(), progress(), progress()], first=5)

    assert batch.previous_hash == batch.hash_at(4)
    assert batch.last_hash == batch.hash_at(7)
    assert batch.hash_at(6) == batch.after(5).hash_at(6)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"previous_hash": bytes(31) + b"\1"}, "does not follow"),
        ({"last_hash": bytes(32)}, "does not end"),
        ({"box": "another"}, "does not end"),
        ({"epoch": "another-epoch"}, "does not end"),
    ],
)
def test_a_batch_that_is_not_what_the_box_wrote_is_refused(change, sentence):
    batch = batch_of([progress(), progress()])

    with pytest.raises(BatchRefused, match=sentence):
        verify(decode(encode(replace(batch, **change))), batch.previous_hash)


def test_events_left_out_in_the_middle_are_noticed():
    batch = batch_of([progress(permille=1), progress(permille=2), progress(permille=3)])

    with pytest.raises(BatchRefused, match="does not end"):
        verify(replace(batch, events=(batch.events[0], batch.events[2])), batch.previous_hash)


def test_an_epoch_must_begin_by_naming_its_parent():
    batch = batch_of([progress()], first=0, previous=CHAIN_START)

    with pytest.raises(BatchRefused, match="naming its parent"):
        verify(batch, CHAIN_START)


def test_nobody_begins_in_the_middle_of_an_epoch():
    batch = batch_of([progress()], first=5, previous=CHAIN_START)

    with pytest.raises(BatchRefused, match="does not follow"):
        verify(batch, CHAIN_START)


def test_a_key_for_payloads_that_are_not_there_is_refused():
    batch = batch_of([progress()])
    wire = encode(batch)
    other = zstandard.decompress(wire[1:]).replace(batch.keys[AMINA], b"") + b"\0" * 3

    with pytest.raises(BatchRefused):
        decode(b"\x01" + zstandard.compress(other))


def test_a_batch_of_a_newer_form_says_which_side_to_update():
    with pytest.raises(BatchRefused, match="form 2; form 1") as refused:
        decode(b"\x02" + encode(batch_of([progress()]))[1:])

    assert "Update the software of the side that reads it" in refused.value.hint


def test_what_a_newer_version_wrote_behind_the_known_parts_is_kept():
    batch = batch_of([progress()], extra=b"of tomorrow")

    assert b"of tomorrow" == decode(encode(batch)).extra
    assert b"" == blanked(batch, {AMINA}).extra


def frame(raw, **parameters):
    compressor = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(**parameters))
    return b"\x01" + compressor.compress(raw)


def test_a_bomb_is_refused_before_it_unfolds():
    assert len(frame(bytes(RAW_BYTES_MAX + 1), compression_level=19)) < 4096

    with pytest.raises(BatchRefused, match="unfolds to more than"):
        decode(frame(bytes(RAW_BYTES_MAX + 1), compression_level=19))


def test_a_frame_that_does_not_say_its_size_is_refused():
    with pytest.raises(BatchRefused, match="unfolds to more than"):
        decode(frame(bytes(100), write_content_size=False))


def test_more_than_one_frame_is_refused():
    with pytest.raises(BatchRefused, match="damaged"):
        decode(encode(batch_of([progress()])) + zstandard.compress(b"and more"))


def test_a_batch_longer_than_the_wire_allows_is_refused():
    with pytest.raises(BatchRefused, match=str(BATCH_BYTES_MAX)):
        decode(b"\x01" + bytes(BATCH_BYTES_MAX))


def hostile(count, texts, shapes, forms):
    """A frame as `encode` would write it, with numbers of the attacker's choice."""
    out = Writer()
    for text in (BOX, EPOCH):
        out.text(text)
    out.count(1)
    out.data += bytes(64)
    out.count(count)
    out.count(len(texts))
    for text in texts:
        out.text(text)
    out.data += bytes(count) + bytes([1]) * count + bytes(3 * count)
    out.count(len(shapes))
    for shape in shapes:
        out.count(len(shape))
        for name, kind in shape:
            out.count(name)
            out.count(kind)
    for form in forms:
        out.count(form)
    return out


def test_one_long_text_named_a_thousand_times_does_not_unfold():
    long = "x" * (PAYLOAD_BYTES_MAX - 100)
    out = hostile(1000, ["opened", "", "name", long], [[(2, 1)]], [2] * 1000)
    out.data += bytes([3]) * 1000

    with pytest.raises(BatchRefused, match="unfolds to too much"):
        decode(b"\x01" + zstandard.compress(bytes(out.data)))


@pytest.mark.parametrize(
    "payload", [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b"[]", b'{"a":0.5}', b'{"a":"\\u0041"}']
)
def test_a_payload_in_any_but_its_one_form_is_refused(payload):
    out = hostile(1, ["opened", ""], [], [1])
    out.count(len(payload))
    out.data += payload

    with pytest.raises(BatchRefused, match="canonical"):
        decode(b"\x01" + zstandard.compress(bytes(out.data)))


def test_more_events_than_allowed_are_refused():
    out = hostile(EVENTS_MAX + 1, ["opened", ""], [], [])

    with pytest.raises(BatchRefused, match=f"{EVENTS_MAX} at most"):
        decode(b"\x01" + zstandard.compress(bytes(out.data)))
