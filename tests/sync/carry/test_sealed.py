"""Sealing: for one hub's eyes, in a stream, within bounds."""

import io

import pytest

from sync.carry.letter import LetterRefused
from sync.carry.sealed import seal, unseal
from sync.keys import PublicKey
from tests.sync.carry.conftest import HUB, STRANGER
from tests.wire import noise

LETTER = noise(200_000)


def sealed() -> bytes:
    target = io.BytesIO()
    seal(io.BytesIO(LETTER), target, PublicKey(HUB.public))
    return target.getvalue()


def test_the_hub_reads_what_was_sealed_for_it() -> None:
    target = io.BytesIO()

    unseal(io.BytesIO(sealed()), target, HUB, len(LETTER))

    assert LETTER == target.getvalue()


def test_nothing_of_what_was_sealed_can_be_read() -> None:
    letter = sealed()

    assert not [start for start in range(0, len(LETTER), 64) if LETTER[start : start + 16] in letter]


def test_another_hub_cannot_read_it() -> None:
    with pytest.raises(LetterRefused, match="sealed for somebody else"):
        unseal(io.BytesIO(sealed()), io.BytesIO(), STRANGER, len(LETTER))


def test_what_unseals_to_more_than_a_letter_is_refused_before_it_is_written() -> None:
    target = io.BytesIO()

    with pytest.raises(LetterRefused, match="longer"):
        unseal(io.BytesIO(sealed()), target, HUB, 100_000)

    assert len(target.getvalue()) <= 100_000


@pytest.mark.parametrize("place", [0, 40, 130, 1_000, 150_000, -1])
def test_one_flipped_byte_is_found(place: int) -> None:
    letter = bytearray(sealed())
    letter[place] ^= 1

    with pytest.raises(LetterRefused):
        unseal(io.BytesIO(bytes(letter)), io.BytesIO(), HUB, len(LETTER))


@pytest.mark.parametrize("size_bytes", [0, 10, 300, 150_000])
def test_a_letter_that_ends_too_early_is_refused(size_bytes: int) -> None:
    with pytest.raises(LetterRefused):
        unseal(io.BytesIO(sealed()[:size_bytes]), io.BytesIO(), HUB, len(LETTER))
