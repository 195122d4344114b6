"""Making a batch: no two cards share a secret, a making that was cut goes on, and nothing is made over anything."""

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.fault import CallerFault
from edge.birth.seed import Seed
from provisioning.batch.book import Book
from provisioning.batch.making import TOKENS_FILE, Wishes, make, short_name
from provisioning.network.countries import as_told, country
from sync.enrolment import Token
from sync.keys import KeyPair, fingerprint
from sync.token_batch import BatchRefused, TokenBatch
from tests.provisioning.conftest import MORNING_SECONDS, StandingClock

KEYS = KeyPair.from_seed(b"h" * 32)
KENYA = Wishes("KE", language="ar", timezone="Africa/Nairobi", settings={"night_mb": 50})
RandomBytes = Callable[[int], bytes]


def tokens(count: int = 30, campus: str = "وادي حلفا") -> TokenBatch:
    secrets = (f"{number:024}".translate(str.maketrans("0123456789", "abcdefghij")) for number in range(count))
    made = tuple(Token(secret, fingerprint(KEYS.public)) for secret in secrets)
    until = MORNING_SECONDS + 86_400
    return TokenBatch("b" * 16, "wadiwadi", campus, "https://hub.example", KEYS.public, MORNING_SECONDS, until, made)


def signed() -> bytes:
    return tokens().to_bytes(KEYS)


def seeds(book: Book) -> list[Seed]:
    return [book.seed(card.number) for card in book.cards()]


@pytest.fixture
def made(tmp_path: Path, clock: StandingClock, random_bytes: RandomBytes) -> Book:
    return make(tmp_path / "batch", signed, KENYA, clock, random_bytes)[0]


def test_thirty_cards_share_no_secret_and_no_name(made: Book) -> None:
    cards = seeds(made)

    for secrets in (
        {one.token for one in cards},
        {one.staff_code for one in cards},
        {one.wifi.password for one in cards if one.wifi},
        {one.wifi.name for one in cards if one.wifi},
        {one.id for one in cards},
    ):
        assert 30 == len(secrets)


def test_each_seed_says_what_its_box_is_to_be(made: Book) -> None:
    seed = made.seed(7)

    assert seed.wifi is not None
    assert ("وادي حلفا 07", "KE", 1) == (seed.wifi.name, seed.wifi.country, seed.wifi.channel)
    assert {"language": "ar", "timezone": "Africa/Nairobi", "name": "وادي حلفا 07", "night_mb": 50} == seed.settings
    assert ("https://hub.example", "b" * 16, 7) == (seed.hub, seed.batch, seed.number)


def test_boxes_beside_each_other_are_on_different_channels(made: Book) -> None:
    assert [1, 6, 11, 1, 6, 11] == [one.wifi.channel for one in seeds(made)[:6] if one.wifi]


def test_the_folder_is_for_its_owner_alone_and_the_tokens_are_gone_from_it(made: Book) -> None:
    files = [path for path in made.folder.rglob("*") if path.is_file()]

    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in files}
    assert 0o700 == stat.S_IMODE(made.folder.stat().st_mode)
    assert TOKENS_FILE not in {path.name for path in files}


def test_the_same_again_makes_no_second_batch(made: Book, clock: StandingClock, random_bytes: RandomBytes) -> None:
    made.note_burned(3, "/dev/sdb", "", "")
    before = seeds(made)

    def never() -> bytes:
        raise AssertionError("no tokens are asked for")

    again, is_new = make(made.folder, never, KENYA, clock, random_bytes)

    assert not is_new
    assert before == seeds(again)
    assert "/dev/sdb" == again.card(3).device


@pytest.mark.parametrize("seeds_kept", [0, 1, 29, 30])
def test_a_making_that_was_cut_goes_on_with_the_same_tokens(
    made: Book, clock: StandingClock, random_bytes: RandomBytes, seeds_kept: int
) -> None:
    before = seeds(made)
    (made.folder / "book.json").unlink()
    (made.folder / TOKENS_FILE).write_bytes(signed())
    for path in sorted((made.folder / "seeds").iterdir())[seeds_kept:]:
        path.unlink()

    def never() -> bytes:
        raise AssertionError("the tokens are here already")

    again, is_new = make(made.folder, never, KENYA, clock, random_bytes)

    assert is_new
    assert before[:seeds_kept] == seeds(again)[:seeds_kept]
    assert [one.token for one in before] == [one.token for one in seeds(again)]
    assert [card.seed_id for card in again.cards()] == [one.id for one in seeds(again)]


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        (Wishes("XX"), "no country"),
        (Wishes("DJ"), "Djibouti the kernel knows no rules"),
        (Wishes("KE", language="tlh"), "language"),
        (Wishes("KE", timezone="Mars/Base"), "timezone"),
        (Wishes("KE", settings={"speed": 3}), "speed"),
        (Wishes("KE", hub="ftp://hub"), "hub"),
        (Wishes("KE", first=9990), "9990 to 10019"),
        (Wishes("KE", first=0), "0 to 29"),
    ],
)
def test_what_cannot_be_is_said_and_leaves_no_book(
    tmp_path: Path, clock: StandingClock, random_bytes: RandomBytes, wishes: Wishes, says: str
) -> None:
    with pytest.raises(CallerFault, match=says):
        make(tmp_path / "batch", signed, wishes, clock, random_bytes)

    assert not (tmp_path / "batch" / "book.json").exists()


def test_a_wish_that_was_mended_goes_on_with_the_tokens_that_were_taken(
    tmp_path: Path, clock: StandingClock, random_bytes: RandomBytes
) -> None:
    with pytest.raises(CallerFault, match="timezone"):
        make(tmp_path / "batch", signed, replace(KENYA, timezone="Mars/Base"), clock, random_bytes)

    book, is_new = make(tmp_path / "batch", lambda: b"", KENYA, clock, random_bytes)

    assert is_new
    assert 30 == len(book.cards())


def test_tokens_that_have_run_out_make_no_cards(
    tmp_path: Path, clock: StandingClock, random_bytes: RandomBytes
) -> None:
    clock.wait(86_400)

    with pytest.raises(CallerFault, match="run out"):
        make(tmp_path / "batch", signed, KENYA, clock, random_bytes)


def test_tokens_that_were_changed_on_the_way_make_no_cards(
    tmp_path: Path, clock: StandingClock, random_bytes: RandomBytes
) -> None:
    with pytest.raises(BatchRefused):
        make(tmp_path / "batch", lambda: signed().replace(b"hub.example", b"hub.examplf"), KENYA, clock, random_bytes)


def test_a_country_without_rules_in_the_kernel_goes_by_the_worlds_only_when_asked() -> None:
    assert ("DJ", "00") == (country("dj", by_world_rules=True), as_told("DJ"))
    assert ("KE", "KE") == (country(" ke "), as_told("KE"))


@pytest.mark.parametrize("campus", ["Wadi", "a" * 80, "م" * 80, "ភូមិ" * 20, "😀" * 20, "\u202e\u2066", ""])
def test_every_name_fits_a_wifi_and_ends_in_its_number(campus: str) -> None:
    name = short_name(campus, 7, 30)

    assert len(name.encode()) <= 32
    assert name.endswith(" 07")
    assert name.isprintable()
