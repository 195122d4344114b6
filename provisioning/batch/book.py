"""The book of cards: which cards a batch has, and what became of each.

* One folder for a batch: `book.json`, and in `seeds/` the seed of each card. The seeds hold secrets: the folder is for
  its owner's eyes only, and so is every file in it. The book itself holds none.
* What is noted lasts once the call returns, whoever else notes something at the same time: threads and processes wait
  for each other.
* A card that failed is burned again after those that were never tried.
"""

import fcntl
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Self

from catalog import durable
from catalog.fault import CallerFault, Fault
from catalog.manifest import canonical, parsed
from edge.birth.seed import NUMBER_MAX, Seed
from sync.clock import Clock, SystemClock

FILE = "book.json"
LOCK_FILE = "book.lock"
SEEDS = "seeds"
KIND = "qanat-book"
VERSION = 1
FOLDER_MODE = 0o700
FILE_MODE = 0o600
BOOK_BYTES_MAX = 16 << 20
WORDS_MAX = 500


class NoBook(CallerFault):
    """There is no batch in this folder, or its book cannot be read."""


class State(Enum):
    """How far a card came; the value is what the book and programs call it."""

    NEW = "new"
    BURNED = "burned"
    CHECKED = "checked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a batch, and what became of it."""

    number: int
    seed_id: str
    short_name: str
    """What its label and its pages call the box."""
    state: State = State.NEW
    device: str = ""
    """Where it was burned, such as /dev/sdb."""
    card_id: str = ""
    """The card's own name for itself: CID or serial number; empty where its reader does not tell."""
    image_sha256: str = ""
    box: str = ""
    """The id of the box that it became."""
    moment_seconds: int = 0
    """When this was noted last."""
    what: str = ""
    """What failed, as a sentence."""

    def document(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "seed": self.seed_id,
            "name": self.short_name,
            "state": self.state.value,
            "device": self.device,
            "card": self.card_id,
            "image_sha256": self.image_sha256,
            "box": self.box,
            "moment_seconds": self.moment_seconds,
            "what": self.what,
        }

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError, ValueError where it is none."""
        return cls(
            number=int(said["number"]),
            seed_id=str(said["seed"]),
            short_name=str(said["name"]),
            state=State(said["state"]),
            device=str(said["device"]),
            card_id=str(said["card"]),
            image_sha256=str(said["image_sha256"]),
            box=str(said["box"]),
            moment_seconds=int(said["moment_seconds"]),
            what=str(said["what"]),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """What all cards of a batch have in common."""

    id: str
    campus: str
    campus_name: str
    hub: str
    made_seconds: int
    expires_seconds: int
    """After this the hub takes none of its tokens."""

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "campus": self.campus,
            "campus_name": self.campus_name,
            "hub": self.hub,
            "made_seconds": self.made_seconds,
            "expires_seconds": self.expires_seconds,
        }

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError, ValueError where it is none."""
        return cls(
            id=str(said["id"]),
            campus=str(said["campus"]),
            campus_name=str(said["campus_name"]),
            hub=str(said["hub"]),
            made_seconds=int(said["made_seconds"]),
            expires_seconds=int(said["expires_seconds"]),
        )


class Book:
    """The book in one folder."""

    def __init__(self, folder: Path, now_seconds: Callable[[], int]) -> None:
        self.folder = folder
        self._now_seconds = now_seconds

    @classmethod
    def open(cls, folder: Path, clock: Clock | None = None) -> Self:
        """The book in this folder; the machine's clock where none is given. Raises NoBook."""
        told = clock or SystemClock()
        book = cls(folder, lambda: told.now().wall_seconds)
        book._read()
        return book

    @classmethod
    def begin(cls, folder: Path, batch: Batch, cards: Sequence[Card], clock: Clock) -> Self:
        """Write the book of a new batch, whose seeds lie there; where others may do so too, hold it `locked`."""
        book = cls(folder, lambda: clock.now().wall_seconds)
        book._write(batch, cards)
        return book

    @property
    def batch(self) -> Batch:
        return self._read()[0]

    def cards(self) -> list[Card]:
        """Every card, by number."""
        return self._read()[1]

    def card(self, number: int) -> Card:
        """Raises CallerFault where the batch has none of this number."""
        return _numbered(self.cards(), number)

    def next_unburned(self, without: Collection[int] = ()) -> Card | None:
        """The card to burn next: one that was never tried, then one that failed; none of those in hand (`without`)."""
        waiting = [one for one in self.cards() if one.number not in without]
        for state in (State.NEW, State.FAILED):
            for one in waiting:
                if one.state is state:
                    return one
        return None

    def seed(self, number: int) -> Seed:
        """The seed of a card, with its secrets. Raises CallerFault where there is none, SeedRefused."""
        return read_seed(self.folder, number)

    def note_burned(self, number: int, device: str, card_id: str, image_sha256: str) -> None:
        """A card was written and read back."""
        self._note(number, lambda card: replace(
            card, state=State.BURNED, device=device, card_id=card_id, image_sha256=image_sha256, box="", what=""
        ))  # fmt: skip

    def note_failed(self, number: int, what: str, device: str = "", card_id: str = "") -> None:
        """A card could not be written, or the box that it became is not as it should be: `what` says why."""
        self._note(number, lambda card: replace(
            card, state=State.FAILED, what=what[:WORDS_MAX], device=device or card.device,
            card_id=card_id or card.card_id,
        ))  # fmt: skip

    def note_checked(self, number: int, box: str) -> None:
        """The card became a box that is as it should be."""
        self._note(number, lambda card: replace(card, state=State.CHECKED, box=box, what=""))

    def _note(self, number: int, change: Callable[[Card], Card]) -> None:
        with locked(self.folder):
            batch, cards = self._read()
            changed = replace(change(_numbered(cards, number)), moment_seconds=self._now_seconds())
            self._write(batch, [changed if one.number == number else one for one in cards])

    def _read(self) -> tuple[Batch, list[Card]]:
        path = self.folder / FILE
        try:
            with path.open("rb") as file:
                said: dict[str, Any] = parsed(file.read(BOOK_BYTES_MAX), dict)
            if said["kind"] != KIND or said["version"] != VERSION:
                raise ValueError("not a book")
            return Batch.of(said["batch"]), [Card.of(one) for one in said["cards"]]
        except FileNotFoundError as error:
            raise NoBook(
                f"There is no batch in {self.folder}.", "Make one with `qanat provision batch new --out`."
            ) from error
        except (OSError, Fault, KeyError, TypeError, ValueError) as error:
            raise NoBook(
                f"The book of cards in {self.folder} cannot be read.",
                "Take it from a copy of the folder; the seeds beside it are still good.",
            ) from error

    def _write(self, batch: Batch, cards: Sequence[Card]) -> None:
        document = {
            "kind": KIND,
            "version": VERSION,
            "batch": batch.document(),
            "cards": [one.document() for one in cards],
        }
        durable.write_file(self.folder / FILE, canonical(document), FILE_MODE)


def seed_path(folder: Path, number: int) -> Path:
    """Where the seed of a card lies."""
    return folder / SEEDS / f"{number:0{len(str(NUMBER_MAX))}}.json"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep everybody else from changing this batch meanwhile."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_private(folder: Path) -> None:
    """Make a folder, or take one that is there, for its owner's eyes only. Raises BoxFault where it cannot be."""
    durable.make_folder(folder, FOLDER_MODE)
    try:
        folder.chmod(FOLDER_MODE)
    except OSError as error:
        raise durable.disk_fault(error, folder) from error


def keep_seed(folder: Path, seed: Seed) -> None:
    """Write a seed into its batch's folder, lasting, for its owner's eyes only."""
    make_private(folder)
    make_private(folder / SEEDS)
    durable.write_file(seed_path(folder, seed.number), seed.to_bytes(), FILE_MODE)


def read_seed(folder: Path, number: int) -> Seed:
    """The seed of a card. Raises CallerFault where there is none, SeedRefused."""
    try:
        data = seed_path(folder, number).read_bytes()
    except OSError as error:
        raise CallerFault(
            f"The seed of card {number} is not in {folder}.", "Take it from a copy of the folder, or make a new batch."
        ) from error
    return Seed.from_bytes(data)


def _numbered(cards: Sequence[Card], number: int) -> Card:
    for one in cards:
        if one.number == number:
            return one
    raise CallerFault(f"This batch has no card {number}.", f"Its cards are {_span(cards)}.")


def _span(cards: Sequence[Card]) -> str:
    return f"{cards[0].number} to {cards[-1].number}" if cards else "none"
