"""Letters: what is proven, what is refused, and by which sentence."""

import io
from dataclasses import replace

import pytest

from catalog.digest import digest_of
from sync.carry.letter import (
    Down,
    LetterRefused,
    OtherHub,
    Up,
    down_letter,
    peek_down,
    read_down,
    read_up,
    up_head,
)
from sync.keys import PublicKey, box_id
from sync.wire import Head, Report, VersionRefused
from tests.sync.carry.conftest import BOX, HUB, STRANGER

REPORT = Report(box_id(BOX.public), "letter", "letter", (Head("epoch-1", 3, "aGFzaA"),), "shelf", 5, 6, True)
BATCHES = (b"the first batch", b"the second")


def up(*batches: bytes) -> Up:
    return Up(4, 2, REPORT, tuple((len(batch), digest_of(batch)) for batch in batches))


def key_of(box: str) -> PublicKey | None:
    return PublicKey(BOX.public) if box == box_id(BOX.public) else None


def test_a_letter_down_says_what_was_written(down: Down) -> None:
    assert down == read_down(down_letter(down, HUB), PublicKey(HUB.public))


def test_what_a_newer_hub_says_is_kept(down: Down) -> None:
    newer = replace(down, extra={"from the future": [1, 2]})

    assert newer == read_down(down_letter(newer, HUB), PublicKey(HUB.public))


def test_a_letter_of_another_hub_is_said_to_be_one(down: Down) -> None:
    letter = down_letter(replace(down, hub=STRANGER.public), STRANGER)

    with pytest.raises(OtherHub, match="another hub"):
        read_down(letter, PublicKey(HUB.public))


def test_a_letter_that_a_stranger_signed_in_the_hubs_name_is_refused(down: Down) -> None:
    with pytest.raises(LetterRefused, match="damaged"):
        read_down(down_letter(down, STRANGER), PublicKey(HUB.public))


def test_every_flipped_byte_is_found(down: Down) -> None:
    letter = down_letter(down, HUB)

    for place in range(len(letter)):
        flipped = letter[:place] + bytes([letter[place] ^ 1]) + letter[place + 1 :]
        with pytest.raises(LetterRefused):
            read_down(flipped, PublicKey(HUB.public))


def test_a_letter_of_a_version_too_old_says_so(down: Down) -> None:
    with pytest.raises(VersionRefused):
        read_down(down_letter(replace(down, version=0), HUB), PublicKey(HUB.public))


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"{}\n", b"{}\nxxx\n", b"\xff" * 200, b"[" * 5000 + b"\n" + b"A" * 86 + b"\n"]
)
def test_what_is_no_letter_is_refused(data: bytes) -> None:
    with pytest.raises(LetterRefused):
        peek_down(data)


def test_a_letter_up_brings_its_batches() -> None:
    file = io.BytesIO(up_head(up(*BATCHES), BOX) + b"".join(BATCHES))

    letter, batches = read_up(file, key_of)

    assert (up(*BATCHES), list(BATCHES)) == (letter, list(batches))


def test_a_letter_of_an_unknown_box_is_refused() -> None:
    stranger = Up(1, 0, replace(REPORT, box=box_id(STRANGER.public)), ())

    with pytest.raises(LetterRefused, match="does not know"):
        read_up(io.BytesIO(up_head(stranger, STRANGER)), key_of)


def test_a_letter_in_another_boxes_name_is_refused() -> None:
    with pytest.raises(LetterRefused, match="damaged"):
        read_up(io.BytesIO(up_head(up(), STRANGER)), key_of)


def test_a_batch_that_was_changed_is_refused_and_those_before_it_are_not() -> None:
    file = io.BytesIO(up_head(up(*BATCHES), BOX) + BATCHES[0] + b"the secund")

    _, batches = read_up(file, key_of)

    assert BATCHES[0] == next(batches)
    with pytest.raises(LetterRefused, match="damaged"):
        next(batches)


def test_a_letter_up_is_none_down(down: Down) -> None:
    """The same key signs both ways at a box that is a hub too; one can never be taken for the other."""
    head = up_head(up(), HUB)

    with pytest.raises(LetterRefused):
        read_down(head, PublicKey(HUB.public))
