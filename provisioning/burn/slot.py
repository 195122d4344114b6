"""A slot: one card on its way, in a thread of its own.

* Order: probe, first MiB blanked, image without its first MiB, read back whole, what is the card's own, read back, and
  the first MiB last of all. So a card that was left at any moment does not start.
* An empty stretch is not written, unless the card reads as something else there.
* Where a card fails, its seed is taken from it again as far as it lets us.
* It tells how far it is (`moved_bytes`, `is_idle`); whoever watches may give it up, and then it writes nothing more.
"""

import errno
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Any

from catalog.digest import Hasher
from catalog.fault import Fault
from edge.birth.seed import FILE as SEED_FILE
from provisioning.burn.disks import Disk, disk_id_of
from provisioning.burn.image import PIECE_BYTES, ZEROS, Piece
from provisioning.burn.mapped import Range
from provisioning.burn.own import Fat, names_itself, own_files, with_disk_id
from provisioning.burn.probe import Probe
from provisioning.burn.target import Target, read_bytes

HEAD_BYTES = 1 << 20
QUEUE_PIECES = 8
SYNC_BYTES = 32 << 20
"""So much is written before the card is waited for: what it says to have done is done."""
LOOK_SECONDS = 0.2

Opened = Callable[[Disk, int], Target]
Told = Callable[[Mapping[str, Any]], None]


class CardFailed(Exception):
    """This card, or its reader, is not good; the others go on."""


class GivenUp(Exception):
    """Whoever watches does not wait for this card any more."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one card is to carry: the image's head and size, and what is the card's own."""

    image_bytes: int
    head: bytes
    """Of the image, up to its first partition or HEAD_BYTES."""
    fat_at: int | None
    """Where the first partition begins; None where there is none that anything could be put on."""
    disk_id: str
    nonce: bytes
    """For the probe's marks."""
    seed: bytes | None


class Slot:
    """One card being burned."""

    def __init__(self, number: int, disk: Disk, load: Load, opened: Opened, tell: Told) -> None:
        self.number = number
        self.disk = disk
        self.disk_id = ""
        """What its disk is called in the end."""
        self.why = ""
        """Why it failed; empty while it has not."""
        self.is_good = False
        self.moved_bytes = 0
        self.is_idle = False
        """Waiting for the image: not the card's fault."""
        self.over = threading.Event()
        self._load = load
        self._opened = opened
        self._tell = tell
        self._pieces: Queue[Piece | Sequence[Range]] = Queue(QUEUE_PIECES)
        self._is_given_up = threading.Event()
        self._doing = ""
        self._room = memoryview(bytearray(PIECE_BYTES))
        self._thread = threading.Thread(target=self._run, name=f"slot-{number}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def takes(self, piece: Piece | Sequence[Range]) -> bool:
        """Give it the next piece, or at the end what the card has to read like; False where it has no room yet."""
        try:
            self._pieces.put(piece, timeout=LOOK_SECONDS)
        except Full:
            return False
        return True

    def give_up(self, why: str) -> None:
        """Wait for this card no more: it writes nothing from here on."""
        if not self.over.is_set():
            self.why = self.why or why
            self._is_given_up.set()
            self.over.set()

    def _run(self) -> None:
        why = "It stopped, and we do not know why."
        try:
            target = self._opened(self.disk, self._load.image_bytes)
            try:
                self._burn(target)
                why = ""
            finally:
                target.close()
        except CardFailed as failed:
            why = str(failed)
        except GivenUp:
            why = self.why
        except Fault as fault:
            why = fault.sentence
        except OSError as error:
            why = _in_words(error, self._doing)
        finally:
            if not self.over.is_set():
                self.why = why
                self.is_good = not why
                self.over.set()

    def _burn(self, target: Target) -> None:
        if target.size_bytes < self._load.image_bytes:
            raise CardFailed(f"It is too small: {target.size_bytes} bytes for an image of {self._load.image_bytes}.")
        self._doing = "probing"
        probe = Probe(target, self._load.image_bytes, self._load.nonce, self._moved)
        self._told(0, 0)
        self._demand_marks(target, probe.lost())
        head = self._load.head
        target.write(0, bytes(len(head)))
        target.sync()
        ranges = self._write(target)
        self._demand_marks(target, probe.lost_since())
        probe.put_back()
        target.sync()
        self._read_back(target, ranges)
        self._give_own(target)

    def _demand_marks(self, target: Target, lost: list[int]) -> None:
        if lost:
            raise CardFailed(
                f"It is not as large as it says ({target.size_bytes} bytes): what is written at byte {lost[0]} is lost."
            )

    def _write(self, target: Target) -> Sequence[Range]:
        """Write what is given, until the list comes of what it has to read like."""
        self._doing = "writing"
        unsynced = 0
        while True:
            given = self._next()
            if not isinstance(given, Piece):
                target.sync()
                return given
            start = max(given.start, len(self._load.head))
            end = given.start + given.size_bytes
            if start < end:
                unsynced += self._put(target, given, start, end)
            if unsynced >= SYNC_BYTES:
                target.sync()
                unsynced = 0
            self._moved(given.size_bytes)
            self._told(end, self._load.image_bytes)

    def _put(self, target: Target, piece: Piece, start: int, end: int) -> int:
        """Returns how many bytes were written."""
        if piece.data is not None:
            target.write(start, piece.data[start - piece.start :])
            return end - start
        at = target.next_data(start, end)
        if at == end:
            return 0
        room = self._room[: end - at]
        if target.read_into(at, room) == end - at and room == ZEROS[: end - at]:
            return 0
        target.write(at, ZEROS[: end - at])
        return end - at

    def _next(self) -> Piece | Sequence[Range]:
        while True:
            self._moved(0)
            try:
                return self._pieces.get_nowait()
            except Empty:
                self.is_idle = True
            try:
                return self._pieces.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            finally:
                self.is_idle = False

    def _read_back(self, target: Target, ranges: Sequence[Range]) -> None:
        self._doing = "reading back"
        total, done = sum(stretch.end - stretch.start for stretch in ranges), 0
        head = self._load.head
        for stretch in ranges:
            hasher = Hasher()
            hasher.update(head[stretch.start : stretch.end])
            first = max(stretch.start, len(head))
            for start in range(first, stretch.end, PIECE_BYTES):
                room = self._room[: min(PIECE_BYTES, stretch.end - start)]
                hasher.update(room[: target.read_into(start, room)])
                self._moved(len(room))
            if hasher.digest()[2:] != stretch.sha256:
                raise CardFailed(f"It does not read as it was written, from byte {stretch.start} to {stretch.end}.")
            done += stretch.end - stretch.start
            self._told(done, total)

    def _give_own(self, target: Target) -> None:
        """Identifier, boot files and seed, and at the very end the head that makes a card start."""
        load = self._load
        if load.fat_at is None:
            self._finish(target, load.head)
            return
        self._doing = "seeding"
        self._told(0, 0)
        fat = Fat(self.disk.path, load.fat_at)
        self.disk_id = load.disk_id
        if names_itself(load.head, lambda start, size: read_bytes(target, start, size)):
            self.disk_id = disk_id_of(load.head)
        files = own_files(fat, load.head, self.disk_id)
        if load.seed is not None:
            files[SEED_FILE] = load.seed
        try:
            for name, data in files.items():
                fat.write(name, data)
                self._moved(PIECE_BYTES)
            target.sync()
            for name, data in files.items():
                if fat.read(name) != data:
                    raise CardFailed(f"Its file {name} does not read as it was written.")
                self._moved(PIECE_BYTES)
            self._finish(target, with_disk_id(load.head, self.disk_id))
        except BaseException:
            _forget(target, load.head, fat)
            raise

    def _finish(self, target: Target, head: bytes) -> None:
        self._moved(0)
        target.write(0, head)
        target.sync()
        if read_bytes(target, 0, len(head)) != head:
            raise CardFailed("Its first MiB does not read as it was written.")

    def _moved(self, size_bytes: int) -> None:
        if self._is_given_up.is_set():
            raise GivenUp
        self.moved_bytes += size_bytes

    def _told(self, done: int, total: int) -> None:
        self._tell({"slot": self.number, "doing": self._doing, "done_bytes": done, "total_bytes": total})


def _forget(target: Target, head: bytes, fat: Fat) -> None:
    """Take the seed from a card that failed, and what would start it; it may have died: then nothing can be done."""
    try:
        fat.remove(SEED_FILE)
        target.write(0, bytes(len(head)))
        target.sync()
    except (OSError, Fault):
        return


def _in_words(error: OSError, doing: str) -> str:
    if error.errno in (errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM):
        return "It was pulled out, or its reader has gone."
    if error.errno == errno.EBUSY:
        return "Something else on this computer holds it: is it mounted?"
    return f"It failed while {doing or 'being opened'}: {error.strerror or error}."
