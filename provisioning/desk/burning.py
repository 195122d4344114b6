"""Burning from the page: one run at a time, in a thread of its own, and how each slot gets on.

* What is told of a slot is kept until the next run, so that whoever looks later sees which one failed, and why.
* A card that was burned here and still lies in its reader is not burned again.
* A run that could not begin, or that broke, says its sentence.
* Burning itself is `provisioning.burn`; here it is only begun and watched.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from catalog.fault import Fault
from provisioning.batch.book import Book
from sync.web.language import gettext

GB = 1_000_000_000
CARD_BYTES_MAX = 2_000 * GB
"""Larger disks are no cards."""
STEPS = ("probing", "writing", "reading back", "seeding", "good", "failed")

Listener = Callable[[Mapping[str, Any]], None]
BurnAll = Callable[[Book, Path, Sequence[Any], Listener], Collection[str]]
"""Burns, and returns the names that good cards were given in their partition tables."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A place for a card. `disk` is what `provisioning.burn` knows it by; `why` is why it is left alone, or empty."""

    name: str
    why: str
    disk: Any


@dataclass(frozen=True, slots=True)
class SlotState:
    """How one slot gets on."""

    number: int
    device: str
    name: str
    """What the box in it is to be called."""
    doing: str
    permille: int
    why: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands now."""

    is_running: bool = False
    slots: tuple[SlotState, ...] = ()
    fault: Fault | None = None


def readers(image: Path, burned: Collection[str]) -> list[Reader]:
    """The cards in this machine's readers, of which `burned` were burned here. Raises Fault where the image is none."""
    disks, images = import_module("provisioning.burn.disks"), import_module("provisioning.burn.image")
    need_bytes = images.CardImage(image).size_bytes
    found = []
    for disk in disks.Disks().readers():
        why = disks.refusal(disk, need_bytes, CARD_BYTES_MAX)
        if disk.disk_id and disk.disk_id in burned:
            why = gettext("This card was burned just now: take it out.")
        found.append(Reader(disk.slot, why, disk))
    return found


def burn_all(book: Book, image: Path, disks: Sequence[Any], listener: Listener) -> Collection[str]:
    """Burn the book's next cards onto these disks. Raises Fault."""
    burning, images = import_module("provisioning.burn.burning"), import_module("provisioning.burn.image")
    outcomes = burning.burn_all(book, images.CardImage(image), disks, listener, burning.Bench.here())
    return {one.disk_id for one in outcomes if one.is_good}


class Burning:
    """The run that is under way, or the last one."""

    def __init__(self, burn: BurnAll = burn_all) -> None:
        self._burn = burn
        self._lock = threading.Lock()
        self._told: dict[int, Mapping[str, Any]] = {}
        self._fault: Fault | None = None
        self._thread: threading.Thread | None = None
        self._burned: set[str] = set()

    def begin(self, book: Book, image: Path, disks: Sequence[Any]) -> bool:
        """Begin a run; False where one is under way."""
        with self._lock:
            if self._is_running():
                return False
            self._told, self._fault = {}, None
            self._thread = threading.Thread(target=self._run, args=(book, image, disks), name="burning")
            self._thread.start()
            return True

    @property
    def burned(self) -> frozenset[str]:
        """The cards that were burned since the desk was opened, by the names in their partition tables."""
        with self._lock:
            return frozenset(self._burned)

    def now(self) -> Run:
        with self._lock:
            slots = tuple(_slot(number, self._told[number]) for number in sorted(self._told))
            return Run(self._is_running(), slots, self._fault)

    def wait(self) -> None:
        """Until the run that is under way is over: cards are not left half-written."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self, book: Book, image: Path, disks: Sequence[Any]) -> None:
        try:
            burned = self._burn(book, image, disks, self._hear)
            with self._lock:
                self._burned |= set(burned)
        except Fault as fault:
            with self._lock:
                self._fault = fault

    def _hear(self, progress: Mapping[str, Any]) -> None:
        number = int(progress["slot"])
        with self._lock:
            self._told[number] = {**self._told.get(number, {}), **progress}


def _slot(number: int, told: Mapping[str, Any]) -> SlotState:
    done_bytes, total_bytes = int(told.get("done_bytes", 0)), int(told.get("total_bytes", 0))
    return SlotState(
        number=number,
        device=str(told.get("port") or told.get("device", "")),
        name=str(told.get("name", "")),
        doing=str(told.get("doing", "")),
        permille=min(1000, done_bytes * 1000 // total_bytes) if total_bytes else 0,
        why=str(told.get("why", "")),
    )
