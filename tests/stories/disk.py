"""A box's card: what is on it at one moment, and what of that is left when the power goes."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

Manner = Literal["kept", "torn", "lost"]
"""What becomes of the spool's bytes that nobody had made to last: there, zeros in their place, or gone."""

SPOOL = "spool"


class Card:
    """Knows how far each spooled pack was made to last, as the disk was told by fsync."""

    def __init__(self) -> None:
        self._lasting: dict[Path, int] = {}

    def watching(self, sync_file: Callable[[BinaryIO], None]) -> Callable[[BinaryIO], None]:
        """The same flush, noted."""

        def sync(file: BinaryIO) -> None:
            sync_file(file)
            self._lasting[Path(file.name)] = os.fstat(file.fileno()).st_size

        return sync

    def forget(self) -> None:
        """Another world begins, in folders that may be called as the last one's were."""
        self._lasting.clear()

    def put_in(self, disk: Path) -> None:
        """A machine starts from this disk: all that is on it now has lasted."""
        for pack in (disk / SPOOL).glob("*"):
            self._lasting[pack] = pack.stat().st_size

    def saved(self, disk: Path, to: Path, manner: Manner) -> None:
        """Write out what the disk would hold if the power went now."""
        copied(disk, to)
        for pack in (to / SPOOL).glob("*"):
            lasting = self._lasting.get(disk / SPOOL / pack.name, 0)
            length = pack.stat().st_size
            if pack.suffix == ".mark" or manner == "kept" or lasting >= length:
                continue
            os.truncate(pack, lasting)
            if manner == "torn":
                os.truncate(pack, length)
        self.put_in(to)


def copied(disk: Path, to: Path) -> None:
    """A copy of a card in which hard links are hard links again."""
    links: dict[int, str] = {}

    def copy(source: str, target: str) -> None:
        about = Path(source).stat()
        if about.st_ino in links:
            Path(target).hardlink_to(links[about.st_ino])
        else:
            shutil.copyfile(source, target)
            links[about.st_ino] = target

    shutil.copytree(disk, to, symlinks=True, copy_function=copy)
