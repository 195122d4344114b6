"""Burning many cards at once: the image is read and unpacked once, and given to all.

* What waits for a card is bounded: a few MiB. The slowest card sets the pace, but only as long as it gets on: who does
  not move so much within a while is given up, by name, and the others go on.
* A card that failed is noted, and its seed is the next card's. A card is noted as burned when it was read back.
* A damaged image is the image's fault: no card is good then, and none is blamed.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from catalog.fault import CallerFault
from edge.birth.seed import Seed
from provisioning.burn.disks import Disk
from provisioning.burn.image import CardImage, Piece
from provisioning.burn.mapped import Range
from provisioning.burn.own import NoFat, fat_at
from provisioning.burn.probe import NONCE_BYTES
from provisioning.burn.slot import HEAD_BYTES, LOOK_SECONDS, Load, Opened, Slot
from provisioning.burn.target import Device
from sync.clock import Clock

Listener = Callable[[Mapping[str, Any]], None]


class Book(Protocol):
    """The book of a batch (provisioning.batch.book). An implementation may not name a card that is burned."""

    def next_unburned(self, without: Collection[int] = ()) -> "Card | None": ...

    def seed(self, number: int) -> Seed: ...

    def note_burned(self, number: int, device: str, card_id: str, image_sha256: str) -> None: ...

    def note_failed(self, number: int, what: str, device: str = "", card_id: str = "") -> None: ...


class Card(Protocol):
    """A card in the book, and what its label calls the box."""

    @property
    def number(self) -> int: ...

    @property
    def short_name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a card is waited for: so many bytes within so many seconds."""

    pace_seconds: float = 120
    pace_bytes: int = 8 << 20


@dataclass(frozen=True, slots=True)
class Bench:
    """What burning is done with."""

    clock: Clock
    draw: Callable[[int], bytes]
    opened: Opened
    limits: Limits = Limits()

    @classmethod
    def here(cls) -> "Bench":
        """That of this computer."""
        import os

        from sync.clock import SystemClock

        return cls(SystemClock(), os.urandom, lambda disk, size_bytes: Device(disk.path, size_bytes))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one card."""

    disk: Disk
    number: int | None
    """Its place in the batch; None where it has no seed."""
    name: str
    """The short name of the box that it is to become."""
    disk_id: str
    why: str
    """Why it failed; empty: it is good."""

    @property
    def is_good(self) -> bool:
        return not self.why


@dataclass(slots=True)
class _Watch:
    """How one slot gets on."""

    slot: Slot
    card: Card | None
    since_seconds: float
    since_bytes: int = 0
    outcome: Outcome | None = None


def burn_all(
    book: Book | None, image: CardImage, disks: Sequence[Disk], listener: Listener, bench: Bench
) -> list[Outcome]:
    """Burn the image onto these disks, the book's next cards one on each; without a book, cards without seeds.

    More disks than cards: the last ones are left. The listener hears {"slot", "device", "port", "card", "name",
    "doing", "done_bytes", "total_bytes"}, at the end "good" or "failed" with "why".
    Raises ImageRefused where the image is damaged, CallerFault where all cards of the book are burned.
    """
    if book and not unburned(book):
        raise CallerFault("All cards of this batch are burned.", "Make another batch with `qanat provision batch new`.")
    return _Burning(book, image, disks, listener, bench).run()


def unburned(book: Book) -> list[Card]:
    """The cards still to be burned, those that were never tried first."""
    cards: list[Card] = []
    while card := book.next_unburned([card.number for card in cards]):
        cards.append(card)
    return cards


class _Burning:
    def __init__(
        self, book: Book | None, image: CardImage, disks: Sequence[Disk], listener: Listener, bench: Bench
    ) -> None:
        self._book = book
        self._image = image
        self._bench = bench
        self._listener = listener
        self._turn = threading.Lock()
        head, partition = _head(image, has_seeds=book is not None)
        now = bench.clock.now().monotonic_seconds
        cards: Sequence[Card | None] = unburned(book) if book else [None] * len(disks)
        self._watches: list[_Watch] = []
        for place, (disk, card) in enumerate(zip(disks, cards, strict=False)):
            seed = book.seed(card.number).to_bytes() if book and card else None
            disk_id = bench.draw(4).hex()
            load = Load(image.size_bytes, head, partition, disk_id, bench.draw(NONCE_BYTES), seed)
            slot = Slot(place + 1, disk, load, bench.opened, self._teller(disk, card))
            self._watches.append(_Watch(slot, card, now))

    def run(self) -> list[Outcome]:
        for watch in self._watches:
            watch.slot.start()
        try:
            for piece in self._image.pieces():
                self._give(piece)
            self._give(tuple(self._image.ranges))
            while working := [watch for watch in self._watches if not watch.slot.over.is_set()]:
                working[0].slot.over.wait(LOOK_SECONDS)
                self._look()
        finally:
            # Also where the image is damaged, or somebody has had enough: nothing more is written.
            for watch in self._watches:
                watch.slot.give_up("The burning was stopped.")
        self._settle()
        return [watch.outcome for watch in self._watches if watch.outcome]

    def _give(self, piece: Piece | tuple[Range, ...]) -> None:
        for watch in self._watches:
            while not watch.slot.over.is_set() and not watch.slot.takes(piece):
                self._look()

    def _look(self) -> None:
        """Give up those that do not get on."""
        now = self._bench.clock.now().monotonic_seconds
        limits = self._bench.limits
        for watch in self._watches:
            moved = watch.slot.moved_bytes
            if watch.slot.is_idle or moved - watch.since_bytes >= limits.pace_bytes:
                watch.since_seconds, watch.since_bytes = now, moved
            elif now - watch.since_seconds >= limits.pace_seconds:
                watch.slot.give_up(
                    f"It did not get on: less than {limits.pace_bytes} bytes in {limits.pace_seconds:g} s."
                )
        self._settle()

    def _settle(self) -> None:
        """Note those that are over. A good one is only over when the image is, so that its hash is known."""
        for watch in self._watches:
            if watch.outcome is not None or not watch.slot.over.is_set():
                continue
            slot, disk = watch.slot, watch.slot.disk
            card = watch.card
            watch.outcome = Outcome(
                disk, card.number if card else None, card.short_name if card else "", slot.disk_id, slot.why
            )
            if self._book and card:
                if slot.is_good:
                    self._book.note_burned(card.number, str(disk.path), disk.serial, self._image.sha256)
                else:
                    self._book.note_failed(card.number, slot.why, str(disk.path), disk.serial)
            self._teller(disk, card)({"slot": slot.number, "doing": "failed" if slot.why else "good", "why": slot.why})

    def _teller(self, disk: Disk, card: Card | None) -> Listener:
        known = {
            "device": str(disk.path),
            "port": disk.port or disk.by_path,
            "card": card.number if card else None,
            "name": card.short_name if card else "",
        }

        def tell(progress: Mapping[str, Any]) -> None:
            with self._turn:
                self._listener({**known, **progress})

        return tell


def _head(image: CardImage, *, has_seeds: bool) -> tuple[bytes, int | None]:
    """What is written last (up to the first partition, a MiB at most), and where that partition begins.

    Raises NoFat where seeds have nowhere to go.
    """
    head = image.head(min(HEAD_BYTES, image.size_bytes))
    try:
        at = fat_at(head)
    except NoFat:
        if has_seeds:
            raise
        return head, None
    return head[:at], at
