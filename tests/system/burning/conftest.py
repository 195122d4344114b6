from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from edge.birth.seed import Seed
from provisioning.burn.burning import Bench, Limits, Outcome, burn_all
from provisioning.burn.disks import Disks
from provisioning.burn.image import CardImage
from provisioning.burn.slot import Opened
from provisioning.burn.target import Device
from sync.clock import SystemClock
from tests.system.burning.made_image import make_image


@dataclass(frozen=True)
class Noted:
    """A card in the book."""

    number: int
    short_name: str


@dataclass
class Notes:
    """A book of cards that remembers what it was told."""

    burned: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)

    def next_unburned(self, without: Collection[int] = ()) -> "Noted | None":
        left = [number for number in range(1, 9) if number not in self.burned and number not in without]
        return Noted(left[0], f"box-{left[0]}") if left else None

    def seed(self, number: int) -> Seed:
        return Seed(
            f"{'a' * 15}{'abcdefghijklmnopqrstuvwxyz'[number]}", "batch", number, "Tadjourah", "", "token", "", None
        )

    def note_burned(self, number: int, device: str, card_id: str, image_sha256: str) -> None:
        self.burned[number] = (device, card_id, image_sha256)

    def note_failed(self, number: int, what: str, device: str = "", card_id: str = "") -> None:
        self.failed[number] = what


@dataclass
class Desk:
    """A desk with files for cards."""

    folder: Path
    book: Notes = field(default_factory=Notes)
    heard: list[dict[str, object]] = field(default_factory=list)

    def burn(
        self, image: Path, cards: list[Path], opened: Opened | None = None, limits: Limits | None = None
    ) -> list[Outcome]:
        whole = CardImage(image)
        bench = Bench(
            SystemClock(),
            Random(7).randbytes,
            opened or (lambda disk, size_bytes: Device(disk.path, size_bytes)),
            limits or Limits(),
        )
        disks = [Disks().named(card, whole.size_bytes) for card in cards]
        return burn_all(self.book, whole, disks, lambda told: self.heard.append(dict(told)), bench)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def plain_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card's image, made once."""
    return make_image(tmp_path_factory.mktemp("image"))


@pytest.fixture
def image(plain_image: Path, tmp_path: Path) -> Path:
    """The image in a folder of its own, so that a test may lay something beside it."""
    image = tmp_path / "card.img"
    image.hardlink_to(plain_image)
    return image
