"""Columns say what they said when each value was written alone: the fast way and the plain way agree to the byte."""

import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import sha256
from catalog.fault import ContentFault
from catalog.manifest import canonical, parsed, quoted
from sync.columns import Reader, Texts, Unreadable, Writer, read_payloads, write_payloads
from sync.events import Event, header, payload_hash
from sync.fields import WHOLE_MAX

NUMBERS = st.lists(st.integers(0, (1 << 62) - 1) | st.integers(0, 130), max_size=20)
WHOLES = st.lists(st.integers(-WHOLE_MAX, WHOLE_MAX) | st.integers(-70, 70), max_size=20)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["%s", "%", '"', "\\", "\u2028"]
)
FLAT = st.dictionaries(WORDS, WORDS | st.integers(-WHOLE_MAX, WHOLE_MAX) | st.just(True), max_size=5)


def one_by_one(numbers):
    out = Writer()
    for number in numbers:
        out.count(number)
    return bytes(out.data)


@given(NUMBERS)
def test_a_column_of_counts_is_its_counts_one_after_the_other(numbers):
    out = Writer()
    out.counts(numbers)

    assert one_by_one(numbers) == bytes(out.data)
    assert numbers == Reader(bytes(out.data)).counts(len(numbers), 1 << 62)


@given(WHOLES)
def test_a_column_of_whole_numbers_comes_back(numbers):
    out = Writer()
    out.wholes(numbers)

    assert numbers == Reader(bytes(out.data)).wholes(len(numbers))


@given(st.binary(max_size=40), st.integers(0, 12))
def test_a_column_is_read_as_its_counts_are_one_by_one_whatever_the_bytes(data, count):
    assert outcome(lambda reader: reader.counts(count, WHOLE_MAX), data) == outcome(
        lambda reader: [reader.count(WHOLE_MAX) for _ in range(count)], data
    )


def outcome(read, data):
    """The numbers and what is left behind them; None where the bytes are refused."""
    reader = Reader(data)
    try:
        return read(reader), reader.rest()
    except Unreadable:
        return None


@pytest.mark.parametrize(("data", "count"), [(b"\x05", 2), (b"\x80", 1), (b"\x05\x80", 2), (b"\xff" * 12, 1)])
def test_a_column_that_is_cut_short_or_endless_is_refused(data, count):
    with pytest.raises(Unreadable):
        Reader(data).counts(count, WHOLE_MAX)


@given(st.lists(st.none() | FLAT.map(canonical), max_size=12))
def test_payloads_come_back_to_the_byte(payloads):
    out, texts = Writer(), Texts()
    write_payloads(out, texts, payloads)

    assert payloads == read_payloads(Reader(bytes(out.data)), list(texts.places), len(payloads))


def test_a_number_too_large_for_a_column_travels_as_it_is():
    payloads = [canonical({"n": WHOLE_MAX}), canonical({"n": WHOLE_MAX + 1})]
    out, texts = Writer(), Texts()
    write_payloads(out, texts, payloads)

    assert payloads == read_payloads(Reader(bytes(out.data)), list(texts.places), len(payloads))
    assert payloads[1] in out.data


# ---- what is written out by hand is what the encoder writes ----


@given(WORDS, WORDS, WORDS, WORDS, st.integers(0, WHOLE_MAX), WHOLES.filter(lambda some: len(some) > 1), st.booleans())
def test_a_header_is_the_canonical_list_of_its_parts(box, epoch, kind, learner, sequence, times, is_trusted):
    event = Event(epoch, sequence, kind, learner, None, bytes(32), times[0], times[1], is_trusted)

    parts = [box, epoch, sequence, kind, learner, times[0], times[1], int(is_trusted)]

    assert canonical(parts) == header(box, event)


@given(st.binary(min_size=16, max_size=16), WORDS, WORDS, st.integers(0, WHOLE_MAX), st.binary(max_size=30))
def test_a_payload_is_salted_by_the_canonical_name_of_its_event(key, box, epoch, sequence, payload):

    salt = hmac.digest(key, canonical([box, epoch, sequence]), "sha256")

    assert sha256(salt + payload) == payload_hash(key, box, epoch, sequence, payload)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_is_quoted_as_the_encoder_quotes_it(text):
    assert canonical(text) == quoted(text).encode()


@given(st.binary(max_size=20) | st.sampled_from([b'{"a":"\\ud800"}', b"\xef\xbb\xbf{}", b'{"a":1.5}', b'{"a":NaN}']))
def test_a_document_is_parsed_as_the_standard_library_does(data):
    def no_fraction(text):
        raise ValueError(text)

    try:
        expected = json.loads(data, parse_float=no_fraction, parse_constant=no_fraction)
        canonical(expected)
    except (ValueError, RecursionError):
        with pytest.raises(ContentFault):
            parsed(data, object)
    else:
        assert expected == parsed(data, object)
