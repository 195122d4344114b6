"""Cards are burned many at once, proven, and given what is their own; those that lie are named."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from catalog.fault import Fault
from edge.birth.seed import FILE, Seed
from provisioning.burn.burning import Limits
from provisioning.burn.disks import disk_id_of
from provisioning.burn.image import ImageRefused
from provisioning.burn.own import Fat
from provisioning.burn.target import Device, Target, read_bytes
from tests.system.burning.conftest import Desk
from tests.system.burning.liars import Dies, Drops, Hangs, Honest, Rots, Stale, Wraps, opened_with
from tests.system.burning.made_image import DISK_ID, MIB, SIZE_BYTES, map_of, pack

pytestmark = pytest.mark.system

CARD_BYTES = 256 * MIB
ROOT_AT = 37 * MIB


def cards_of(desk: Desk, count: int) -> list[Path]:
    """Cards that were used before: they are full of something else at the beginning."""
    cards = [desk.folder / f"card-{number}" for number in range(1, count + 1)]
    for card in cards:
        with card.open("wb") as file:
            file.write(b"\xa5" * (4 * MIB))
            file.seek(30 * MIB)
            file.write(b"\x5a" * MIB)
            file.truncate(CARD_BYTES)
    return cards


def read_whole(card: Path) -> bytes:
    with card.open("rb") as file:
        return file.read(SIZE_BYTES)


def test_every_card_is_the_image_and_has_what_is_its_own(desk: Desk, image: Path) -> None:
    """What lay on a used card is gone, also where the image is empty; each has its own seed and its own name."""
    (desk.folder / "card.img.bmap").write_bytes(map_of(image))
    cards = cards_of(desk, 3)

    outcomes = desk.burn(pack(image), cards)

    whole = image.read_bytes()
    assert ["", "", ""] == [outcome.why for outcome in outcomes]
    for number, (card, outcome) in enumerate(zip(cards, outcomes, strict=True), 1):
        found = read_whole(card)
        assert whole[37 * MIB :] == found[37 * MIB :]
        assert whole[:440] + whole[444:MIB] == found[:440] + found[444:MIB]
        assert outcome.disk_id == disk_id_of(found)
        fat = Fat(card, MIB)
        assert f"root=PARTUUID={outcome.disk_id}-02 rootfstype=squashfs ro\n".encode() == fat.read("a/cmdline.txt")
        assert f"PARTUUID={outcome.disk_id}-03" in (fat.read("loader/entries/qanat-a.conf") or b"").decode()
        assert desk.book.seed(number) == Seed.from_bytes(fat.read(FILE) or b"")
        assert Fat(image, MIB).read("a/vmlinuz") == fat.read("a/vmlinuz")
    assert 3 == len({outcome.disk_id for outcome in outcomes})
    assert [1, 2, 3] == sorted(desk.book.burned)


def test_a_stock_system_keeps_the_name_of_its_disk(desk: Desk, image: Path) -> None:
    """Its fstab names it, in a file system that we do not write."""
    stock = desk.folder / "stock.img"
    data = bytearray(image.read_bytes())
    data[ROOT_AT : ROOT_AT + 4] = b"ext4"
    stock.write_bytes(data)

    outcomes = desk.burn(stock, [desk.folder / "card-1"])

    assert DISK_ID == outcomes[0].disk_id
    assert DISK_ID == disk_id_of(read_whole(desk.folder / "card-1"))


def test_without_a_map_the_image_is_burned_too(desk: Desk, image: Path) -> None:
    card = cards_of(desk, 1)[0]

    outcomes = desk.burn(image, [card])

    assert outcomes[0].is_good
    assert image.read_bytes()[37 * MIB :] == read_whole(card)[37 * MIB :]


def test_what_lies_beyond_the_image_is_left_as_it_was(desk: Desk, image: Path) -> None:
    card = cards_of(desk, 1)[0]
    with card.open("r+b") as file:
        file.seek(SIZE_BYTES)
        file.write(b"\x77" * (CARD_BYTES - SIZE_BYTES))

    desk.burn(image, [card])

    assert {0x77} == set(card.read_bytes()[SIZE_BYTES:])


def wraps(real_bytes: int) -> Callable[[Target], Target]:
    return lambda honest: Wraps(honest, CARD_BYTES, real_bytes)


LIARS: dict[str, tuple[Callable[[Target], Target], str]] = {
    "drops what is in the middle": (
        lambda honest: Drops(honest, ROOT_AT, ROOT_AT + MIB, 4097),
        "does not read as it was",
    ),
    "drops what is beyond its end": (lambda honest: Drops(honest, 200 * MIB, CARD_BYTES), "not as large as it says"),
    "has half of what it says": (wraps(CARD_BYTES // 2), "not as large as it says"),
    "has an odd part of what it says": (wraps(77_777 * 1024), "not as large as it says"),
    "has less than the image": (wraps(40 * MIB), "not as large as it says"),
    "answers with what was before": (lambda honest: Stale(honest, 270), "does not read as it was written"),
    "has a weak bit": (lambda honest: Rots(honest, ROOT_AT + 12_345), "does not read as it was written"),
    "is pulled out": (lambda honest: Dies(honest, 5 * MIB), "pulled out"),
    "drops its head": (lambda honest: DropsHead(honest), "first MiB does not read"),
}


class DropsHead(Honest):
    """Takes zeros for its head, and nothing else."""

    def write(self, start: int, data: bytes) -> None:
        if start != 0 or not any(data) or len(data) <= 4096:
            super().write(start, data)


@pytest.mark.parametrize("lie", [lie for lie, (_, why) in LIARS.items() if why])
def test_of_eight_cards_the_one_that_lies_is_named(desk: Desk, image: Path, lie: str) -> None:
    liar, why = LIARS[lie]
    cards = cards_of(desk, 8)

    outcomes = desk.burn(image, cards, opened_with({"card-5": liar}))

    assert [outcome.is_good for outcome in outcomes] == [True] * 4 + [False] + [True] * 3
    assert why in outcomes[4].why
    assert [5] == list(desk.book.failed)
    assert [1, 2, 3, 4, 6, 7, 8] == sorted(desk.book.burned)
    told = [told for told in desk.heard if told["doing"] == "failed"]
    assert [(str(cards[4]), 5, outcomes[4].why)] == [(told["device"], told["card"], told["why"]) for told in told]


def test_a_card_that_answers_nothing_holds_the_others_only_for_a_while(desk: Desk, image: Path) -> None:
    let_go = Event()
    cards = cards_of(desk, 3)
    opened = opened_with({"card-2": partial(Hangs, at=ROOT_AT, let_go=let_go)})

    outcomes = desk.burn(image, cards, opened, Limits(pace_seconds=1, pace_bytes=MIB))
    let_go.set()

    assert [True, False, True] == [outcome.is_good for outcome in outcomes]
    assert "did not get on" in outcomes[1].why


def test_the_first_mib_of_a_card_that_failed_is_empty(desk: Desk, image: Path) -> None:
    card = cards_of(desk, 1)[0]

    desk.burn(image, [card], opened_with({"card-1": partial(Rots, at=ROOT_AT + 12_345)}))

    assert bytes(MIB) == read_whole(card)[:MIB]


def test_a_card_that_failed_at_its_end_does_not_keep_the_seed(desk: Desk, image: Path) -> None:
    """The seed is the next card's: nobody else may have its token."""
    card = cards_of(desk, 1)[0]

    outcomes = desk.burn(image, [card], opened_with({"card-1": DropsHead}))

    assert not outcomes[0].is_good
    assert Fat(card, MIB).read(FILE) is None


def test_a_fake_card_is_left_as_it_came(desk: Desk, image: Path) -> None:
    card = cards_of(desk, 1)[0]
    before = card.read_bytes()

    desk.burn(image, [card], opened_with({"card-1": partial(Drops, first=200 * MIB, last=CARD_BYTES)}))

    assert before == card.read_bytes()


class Cut(Exception):
    """The power went."""


class CutAt(Honest):
    """Power goes with a write of the image, and nothing is written any more."""

    is_cut = False

    def write(self, start: int, data: bytes) -> None:
        self.is_cut = self.is_cut or (start >= ROOT_AT + MIB and len(data) > 4096)
        if self.is_cut:
            raise OSError(5, "cut")
        super().write(start, data)


def test_a_card_left_in_the_middle_does_not_start_and_can_be_burned_again(desk: Desk, image: Path) -> None:
    card = cards_of(desk, 1)[0]
    desk.burn(image, [card])
    started = read_whole(card)[:MIB]

    desk.burn(image, [card], opened_with({"card-1": CutAt}))
    left = read_whole(card)[:MIB]
    again = desk.burn(image, [card])

    assert started[510:512] == b"\x55\xaa"
    assert bytes(MIB) == left
    assert again[0].is_good


def test_a_damaged_image_is_said_of_the_image_and_no_card_starts(desk: Desk, image: Path) -> None:
    packed = pack(image)
    packed.write_bytes(packed.read_bytes()[:-200_000])
    cards = cards_of(desk, 2)

    with pytest.raises(ImageRefused, match=r"card\.img\.zst is (cut short|damaged)"):
        desk.burn(packed, cards)

    assert {bytes(MIB)} == {read_whole(card)[:MIB] for card in cards}
    assert {} == desk.book.burned


def test_a_card_that_is_too_small_is_named(desk: Desk, image: Path) -> None:
    card = desk.folder / "card-1"
    card.write_bytes(b"small")

    outcomes = desk.burn(image, [card])

    assert "too small" in outcomes[0].why
    assert b"small" == card.read_bytes()


def test_an_image_without_a_place_for_seeds_is_refused(desk: Desk) -> None:
    bare = desk.folder / "bare.img"
    bare.write_bytes(bytes(2 * MIB))

    with pytest.raises(Fault, match="no FAT partition"):
        desk.burn(bare, cards_of(desk, 1))


def test_a_file_that_is_not_there_becomes_a_card(desk: Desk, image: Path) -> None:
    outcomes = desk.burn(image, [desk.folder / "new.img"])

    assert outcomes[0].is_good
    assert SIZE_BYTES == (desk.folder / "new.img").stat().st_size


def test_a_device_reads_what_was_written(tmp_path: Path) -> None:
    target = Device(tmp_path / "file", 3 * MIB)
    target.write(MIB + 5, b"here")
    target.sync()

    found = read_bytes(target, MIB + 4, 6)
    first = target.next_data(0, 3 * MIB)
    target.close()

    assert b"\0here\0" == found
    assert MIB == first
