"""A stick of a world: a folder that goes from hand to hand, and what happens to sticks."""

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.carrying.carrying import Carrying, Visit
from sync.carry.carrier import down_name, up_name
from sync.carry.stick import FOLDER, Stick
from sync.hub.by_hand import Done, carry, take
from sync.hub.carrying import Taken
from sync.hub.filling import Filled, fill
from tests.stories.box import CampusBox
from tests.stories.hub import CampusHub


class CampusStick:
    """One stick, and whoever carries it."""

    def __init__(self, disk: Path) -> None:
        disk.mkdir()
        self.disk = disk

    def goes_to_hub(self, hub: CampusHub, *campuses: str) -> Done:
        """The hub takes its letters in, and writes it for these campuses."""
        return carry(hub.hub, self.disk, campuses, None, None)

    def is_handed_in(self, hub: CampusHub) -> Taken:
        """The hub takes its letters in."""
        return take(hub.hub, self.disk).taken

    def goes_to(self, box: CampusBox) -> Visit:
        """Somebody puts it into a box."""
        stick = Stick(self.disk)
        return Carrying(box.box).visit(stick, lambda progress: None, stick)

    def files(self) -> Mapping[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.disk / FOLDER).iterdir())}

    def packs(self) -> list[Path]:
        """The files of packs on it, the largest last."""
        return sorted((self.disk / FOLDER).glob("pack-*"), key=lambda path: path.stat().st_size)

    def letter_to(self, box: CampusBox) -> Path:
        return self.disk / FOLDER / down_name(box.id)

    def letter_of(self, box: CampusBox) -> Path:
        return self.disk / FOLDER / up_name(box.id)

    def copied(self, to: Path) -> "CampusStick":
        """The same, on another stick."""
        shutil.copytree(self.disk, to)
        twin = CampusStick.__new__(CampusStick)
        twin.disk = to
        return twin


class PulledStick(Stick):
    """A stick that is taken out when so many bytes of packs are written: what was half written stays half written."""

    def __init__(self, disk: Path, bytes_left: int) -> None:
        super().__init__(disk)
        self._bytes_left = bytes_left

    def add(self, listed: Any, source: Path, hear: Any) -> int:
        def counting(size_bytes: int) -> None:
            self._bytes_left -= size_bytes
            if self._bytes_left < 0:
                (self.folder / f".pack-{listed.digest[2:50]}.000.part").write_bytes(b"half of it")
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        return super().add(listed, source, counting)


class SmallStick(Stick):
    """A stick with room for so much, and no more."""

    def __init__(self, disk: Path, size_bytes: int) -> None:
        super().__init__(disk)
        self._size_bytes = size_bytes

    @property
    def room_bytes(self) -> int:
        return self._size_bytes - sum(self.files().values())


def filled(hub: CampusHub, stick: Stick, *campuses: str) -> Filled:
    """The hub writes a stick that is not as it should be."""
    chosen = [campus.id for campus in hub.hub.fleet.campuses() if campus.name in campuses]
    return fill(stick, hub.hub.carrying.letters(chosen), hub.hub.carrying, lambda told: None)


def flip(path: Path, place: int = -1) -> None:
    """One bit of a file is not what it was."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))
