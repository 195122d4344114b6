"""The book of cards: what is noted lasts, nobody overwrites another's note, and secrets are for their owner alone."""

import stat
from pathlib import Path
from threading import Thread

import pytest

from catalog.fault import CallerFault
from provisioning.batch.book import FILE, Book, NoBook, State
from tests.provisioning.conftest import MORNING_SECONDS, StandingClock


def test_cards_are_burned_in_their_order_and_failed_ones_last(book: Book) -> None:
    book.note_burned(1, "/dev/sdb", "0x1b534d", "a" * 64)
    book.note_failed(2, "The card holds less than it says.", "/dev/sdc")

    first, second = book.next_unburned(), book.next_unburned(without=[3])

    assert (3, 2) == (first and first.number, second and second.number)
    assert book.next_unburned(without=[2, 3]) is None


def test_what_was_noted_is_there_when_the_book_is_opened_again(book: Book, clock: StandingClock) -> None:
    clock.wait(60)
    book.note_burned(2, "/dev/sdb", "0x1b534d", "a" * 64)
    book.note_checked(2, "boxboxboxboxboxb")

    card = Book.open(book.folder).card(2)

    assert (State.CHECKED, "/dev/sdb", "0x1b534d", "a" * 64) == (
        card.state, card.device, card.card_id, card.image_sha256
    )  # fmt: skip
    assert ("boxboxboxboxboxb", MORNING_SECONDS + 60) == (card.box, card.moment_seconds)


def test_many_hands_note_at_the_same_time_and_no_note_is_lost(book: Book) -> None:
    def burn(number: int) -> None:
        for turn in range(20):
            Book.open(book.folder).note_burned(number, f"/dev/turn{turn}", "", "")

    hands = [Thread(target=burn, args=(number,)) for number in (1, 2, 3)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()

    assert ["/dev/turn19"] * 3 == [card.device for card in book.cards()]


def test_the_seed_of_a_card_comes_with_its_own_secrets(book: Book) -> None:
    wifi = book.seed(2).wifi

    assert wifi is not None
    assert "open;sesame-2" == wifi.password


def test_only_the_owner_may_look_into_the_folder(book: Book) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in book.folder.rglob("*") if path.is_file()}

    assert {0o600} == modes
    assert {0o700} == {stat.S_IMODE(path.stat().st_mode) for path in (book.folder, book.folder / "seeds")}


def test_the_book_holds_no_secret(book: Book) -> None:
    assert b"sesame" not in (book.folder / FILE).read_bytes()


@pytest.mark.parametrize("written", [b"", b"{}", b'{"kind":"qanat-book","version":1}', b"[" * 100_000, b"\xff"])
def test_a_book_that_cannot_be_read_is_refused_with_a_next_step(book: Book, written: bytes) -> None:
    (book.folder / FILE).write_bytes(written)

    with pytest.raises(NoBook, match="cannot be read"):
        Book.open(book.folder)


def test_a_folder_without_a_batch_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoBook, match="no batch"):
        Book.open(tmp_path)


def test_a_card_that_is_none_of_the_batch_is_named(book: Book) -> None:
    with pytest.raises(CallerFault, match="no card 4"):
        book.note_burned(4, "/dev/sdb", "", "")
