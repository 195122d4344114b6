"""Signed batches: the hub's word over where a batch ends holds for what may be left out, and for nothing else."""

from dataclasses import replace

import pytest

from catalog.manifest import canonical
from sync.batch import Batch, BatchRefused, blanked
from sync.events import CHAIN_START, PUBLIC_SALT_KEY, Event, chained, payload_hash
from sync.following.signed import is_signed, opened, signature_of, signed, with_signature
from sync.keys import KeyPair, PublicKey

HUB = KeyPair.from_seed(b"h" * 32)
KEY = b"k" * 16


def journal(*said: tuple[str, str]) -> Batch:
    """An epoch in which learners ("" for nobody) are said things of."""
    events, last = list[Event](), CHAIN_START
    for sequence, (learner, text) in enumerate([("", ""), *said]):
        kind = "announced" if sequence else "epoch"
        data = canonical({"announcement": "a", "text": text}) if sequence else b"{}"
        hashed = payload_hash(KEY if learner else PUBLIC_SALT_KEY, "wadi", "epoch-00", sequence, data)
        events.append(Event("epoch-00", sequence, kind, learner, data, hashed, 0, 0, False))
        last = chained(last, "wadi", events[-1])
    keys = {learner: KEY for learner, _ in said if learner}
    return Batch("wadi", "epoch-00", CHAIN_START, tuple(events), last, keys)


WHOLE = journal(("amina", "one"), ("", "two"), ("badr", "three"))


def hub() -> PublicKey:
    return PublicKey(HUB.public)


def test_what_was_signed_is_opened_again() -> None:
    assert opened(signed(WHOLE, HUB), hub()) == WHOLE


def test_a_batch_with_a_learner_blanked_is_still_the_hubs() -> None:
    data = signed(WHOLE, HUB)

    without = with_signature(blanked(WHOLE, {"amina"}), signature_of(data))

    assert [event.payload is None for event in opened(without, hub()).events] == [False, True, False, False]


def test_the_end_of_a_batch_is_still_the_hubs() -> None:
    data = signed(WHOLE, HUB)

    assert opened(with_signature(WHOLE.after(1), signature_of(data)), hub()) == WHOLE.after(1)


def test_another_word_under_the_same_signature_is_refused() -> None:
    data = signed(WHOLE, HUB)
    forged = journal(("amina", "one"), ("", "2"), ("badr", "three"))

    with pytest.raises(BatchRefused, match="did not sign"):
        opened(with_signature(forged, signature_of(data)), hub())


def test_a_chain_that_does_not_end_as_signed_is_refused() -> None:
    data = signed(WHOLE, HUB)
    broken = replace(journal(("amina", "one"), ("", "2"), ("badr", "three")), last_hash=WHOLE.last_hash)

    with pytest.raises(BatchRefused, match="does not end"):
        opened(with_signature(broken, signature_of(data)), hub())


def test_another_key_signs_nothing() -> None:
    stranger = KeyPair.from_seed(b"s" * 32)

    assert not is_signed(signed(WHOLE, stranger), hub())


@pytest.mark.parametrize("place", [0, 1, 10, 60, -65, -64, -1])
def test_a_byte_that_was_changed_is_noticed(place: int) -> None:
    data = bytearray(signed(WHOLE, HUB))
    data[place] ^= 0x10

    assert not is_signed(bytes(data), hub())


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65])
def test_what_is_too_short_is_refused_in_words(size: int) -> None:
    with pytest.raises(BatchRefused):
        opened(signed(WHOLE, HUB)[:size], hub())
