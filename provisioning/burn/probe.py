"""The probe: whether a card is as large as it says.

* A fake card drops what is beyond its end, or writes it over its beginning. So marks, each another, are put all over
  the claimed size and read back: none may be missing, and none may have become another.
* The marks beyond the image stay while the image is written, and are read once more: a card whose end is its beginning
  has lost some of them by then, wherever its true end is.
* What lay where the marks are is put back, unless the image is to be there.
"""

from collections.abc import Callable

from catalog.digest import sha256
from provisioning.burn.target import Target, read_bytes

MARK_BYTES = 4096
MARKS = 256
MARK_STEP_BYTES = 1 << 20
"""What one mark counts for in a card's progress: small writes far apart are slow."""
NONCE_BYTES = 16


class Probe:
    """The marks on one card."""

    def __init__(self, target: Target, image_bytes: int, nonce: bytes, moved: Callable[[int], None]) -> None:
        self._target = target
        self._image_bytes = image_bytes
        self._nonce = nonce
        self._moved = moved
        self._before: dict[int, bytes] = {}

    def lost(self) -> list[int]:
        """Put the marks and read them back. Where some are lost, all is put back and their places returned."""
        places = mark_places(self._target.size_bytes)
        for place in places:
            self._before[place] = read_bytes(self._target, place, MARK_BYTES)
            self._moved(MARK_STEP_BYTES)
        for place in places:
            self._target.write(place, self._mark(place))
            self._moved(MARK_STEP_BYTES)
        self._target.sync()
        lost = self._unlike(places)
        if lost:
            self.put_back(everywhere=True)
        return lost

    def lost_since(self) -> list[int]:
        """Of the marks beyond the image: those that the image's own bytes have overwritten."""
        return self._unlike([place for place in self._before if place >= self._image_bytes])

    def put_back(self, *, everywhere: bool = False) -> None:
        """Write again what lay beyond the image (or everywhere) before the marks."""
        for place, data in reversed(self._before.items()):
            if everywhere or place >= self._image_bytes:
                self._target.write(place, data)
                self._moved(MARK_STEP_BYTES)
        self._before.clear()

    def _unlike(self, places: list[int]) -> list[int]:
        lost = []
        for place in places:
            if read_bytes(self._target, place, MARK_BYTES) != self._mark(place):
                lost.append(place)
            self._moved(MARK_STEP_BYTES)
        return lost

    def _mark(self, place: int) -> bytes:
        return sha256(self._nonce + place.to_bytes(8, "big")) * (MARK_BYTES // 32)


def mark_places(size_bytes: int) -> list[int]:
    """Where marks go: evenly over the claimed size, and on its last block.

    >>> mark_places(8192)
    [0, 4096]
    """
    blocks = size_bytes // MARK_BYTES
    return sorted({blocks * number // MARKS * MARK_BYTES for number in range(MARKS)} | {(blocks - 1) * MARK_BYTES})
