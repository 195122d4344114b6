"""`qanat provision burn` with a real book: the seeds of the batch, in rounds, and what is noted."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.birth.seed import FILE, Seed
from provisioning.batch.book import Batch, Book, Card, State, keep_seed
from provisioning.burn.cli import burn
from provisioning.burn.own import Fat
from sync.clock import SystemClock
from tests.system.burning.made_image import MIB

pytestmark = pytest.mark.system


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """A batch of three cards."""
    folder = tmp_path / "batch"
    cards = []
    for number in (1, 2, 3):
        seed = Seed(f"{'a' * 15}{'bcd'[number - 1]}", "batch", number, "Tadjourah", "", f"token-{number}", "", None)
        keep_seed(folder, seed)
        cards.append(Card(number, seed.id, f"box-{number}"))
    return Book.begin(folder, Batch("batch", "campus", "Tadjourah", "", 0, 0), cards, SystemClock())


def test_each_card_gets_a_seed_of_the_batch(book: Book, image: Path, tmp_path: Path) -> None:
    first, second, third, fourth = (str(tmp_path / f"card-{number}") for number in (1, 2, 3, 4))
    words = ["--image", str(image), "--batch", str(book.folder)]

    once = CliRunner().invoke(burn, [*words, "--to", first, "--to", second, "--json"], standalone_mode=False)
    rest = CliRunner().invoke(burn, [*words, "--to", third, "--to", fourth], standalone_mode=False)

    told = json.loads(once.stdout)
    assert [(1, "box-1", True), (2, "box-2", True)] == [
        (card["number"], card["name"], card["good"]) for card in told["cards"]
    ]
    assert 1 == told["left"]
    assert book.seed(3) == Seed.from_bytes(Fat(Path(third), MIB).read(FILE) or b"")
    assert [State.BURNED] * 3 == [card.state for card in book.cards()]
    assert "1 good, 0 failed." in rest.stdout
    assert not Path(fourth).exists()


def test_the_seed_of_a_card_that_failed_goes_to_the_next(book: Book, image: Path, tmp_path: Path) -> None:
    words = ["--image", str(image), "--batch", str(book.folder)]
    (tmp_path / "small").write_bytes(b"small")

    refused = CliRunner().invoke(burn, [*words, "--to", str(tmp_path / "small")])
    book.note_failed(1, "It was pulled out.")
    words.append("--json")
    two = ["--to", str(tmp_path / "card-1"), "--to", str(tmp_path / "card-2")]
    good = CliRunner().invoke(burn, [*words, *two], standalone_mode=False)
    last = CliRunner().invoke(burn, [*words, "--to", str(tmp_path / "card-3")], standalone_mode=False)

    assert "too small" in str(refused.exception)
    assert [2, 3] == [card["number"] for card in json.loads(good.stdout)["cards"]]
    assert [1] == [card["number"] for card in json.loads(last.stdout)["cards"]]


def test_a_batch_that_is_burned_is_said(book: Book, image: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        book.note_burned(number, "/dev/sdb", "", "")

    answer = CliRunner().invoke(
        burn, ["--image", str(image), "--batch", str(book.folder), "--to", str(tmp_path / "card")]
    )

    assert "All cards of this batch are burned." in str(answer.exception)


def test_disks_are_named_or_all_readers_are_meant() -> None:
    assert 2 == CliRunner().invoke(burn, ["--image", "card.img"]).exit_code
