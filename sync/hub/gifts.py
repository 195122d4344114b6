"""Gifts: single files that the hub has made for a phone to take home.

* Each has a name that cannot be guessed, which is all that is asked for; what is inside is signed, and of no use to
  anybody but the boxes of its campus.
* There are only so many, of so many bytes, for so long: the oldest goes first. What a dead process left goes too.
* A campus with nothing new gets the file that it has already, so that a download which broke off goes on.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.digest import digest_of
from catalog.durable import free_bytes
from catalog.fault import DiskFull
from catalog.manifest import canonical
from sync.carry.carrier import SUFFIX
from sync.clock import Clock
from sync.fields import is_name
from sync.hub.carrying import Carrying, Letters
from sync.hub.filling import Filled, Selected, enclose, select
from sync.keys import base64url

NAME_BYTES = 18
GIFTS_MAX = 20
GIFT_SECONDS_MAX = 3 * 86_400
FREE_BYTES_MIN = 1 << 30
"""What gifts leave free on the hub's disk: progress must always find room."""
GIFT_FILE = f"gift{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Gift:
    """A file that waits to be fetched."""

    name: str
    path: Path
    size_bytes: int


class Gifts:
    """The folder of files that wait."""

    def __init__(self, folder: Path, carrying: Carrying, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._folder = folder
        self._carrying = carrying
        self._clock = clock
        self._random_bytes = random_bytes

    def make(self, campuses: Sequence[str], room_bytes: int) -> tuple[Gift, Filled]:
        """A file for these campuses of at most `room_bytes`; the one that is there where it would be the same.

        Raises DiskFull where the hub has no room for it.
        """
        letters = self._carrying.letters(campuses)
        selected = select(letters, self._carrying, room_bytes)
        self.tidy()
        says = _says(letters, room_bytes)
        name = self._known(says) or base64url(self._random_bytes(NAME_BYTES))
        place = self._folder / name
        if not (place / says).exists():
            self._make(place, selected)
            (place / says).touch()
        now_seconds = self._clock.now().wall_seconds
        os.utime(place, (now_seconds, now_seconds))
        return Gift(name, place / GIFT_FILE, selected.filled.written_bytes), selected.filled

    def find(self, name: str) -> Gift | None:
        """The file of this name, while it is there."""
        path = self._folder / name / GIFT_FILE
        return Gift(name, path, path.stat().st_size) if is_name(name) and path.is_file() else None

    def tidy(self) -> None:
        """Let go what is too old, or too much."""
        if not self._folder.is_dir():
            return
        places = sorted((place for place in self._folder.iterdir() if place.is_dir()), key=_made)
        oldest = self._clock.now().wall_seconds - GIFT_SECONDS_MAX
        for number, place in enumerate(reversed(places)):
            if number >= GIFTS_MAX - 1 or _made(place) < oldest:
                shutil.rmtree(place)

    def _make(self, place: Path, selected: Selected) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if free_bytes(self._folder) < selected.filled.written_bytes + FREE_BYTES_MIN:
            raise DiskFull("The hub has no room for this file now.", "Ask for a smaller one, or tell the hub's staff.")
        place.mkdir(exist_ok=True)
        enclose(place / GIFT_FILE, selected, lambda told: None)

    def _known(self, says: str) -> str | None:
        found = sorted(self._folder.glob(f"*/{says}")) if self._folder.is_dir() else []
        return found[0].parent.name if found else None


def _says(letters: Letters, room_bytes: int) -> str:
    """One name for what a file would hold."""
    return digest_of(canonical([room_bytes, *(body.decode() for body in letters.bodies.values())]))


def _made(place: Path) -> float:
    return place.stat().st_mtime
