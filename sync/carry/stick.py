"""The stick: the folder `qanat` on a disk that goes from hand to hand, exFAT or FAT32 as a rule.

* A file is written beside its place, made to last, and renamed: a stick that is pulled keeps whole files or none.
* No links, no rights, no times are asked of the disk, and none that lie there are followed: a stick may come from
  anybody, and a link on it may lead into the machine that reads it.
* A pack that lies there whole already is not written again: the next visit with nothing new writes nothing.
"""

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from catalog import durable
from catalog.digest import READ_BYTES, Hasher
from catalog.fault import Damaged, DiskFull
from sync.carry.carrier import (
    FILES_MAX,
    Listed,
    StickBroken,
    broken,
    is_file_name,
    is_pack_name,
    is_whole,
    parts_of,
)

FOLDER = "qanat"
SPARE_BYTES = 1 << 20
"""Left free on a stick: the disk's own lists grow too, and a letter home must always fit."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_READ_ONLY_PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Stick:
    """The folder `qanat` on a stick: a `Carrier` that can be written to."""

    def __init__(self, disk: Path) -> None:
        self.disk = disk
        self.folder = disk / FOLDER

    @property
    def is_ours(self) -> bool:
        """Tell whether there is such a folder, and no link in its place."""
        try:
            return stat.S_ISDIR(self.folder.lstat().st_mode)
        except OSError:
            return False

    def files(self) -> Mapping[str, int]:
        if not self.is_ours:
            return {}
        found: dict[str, int] = {}
        with _spoken(), os.scandir(self.folder) as entries:
            for entry in entries:
                if is_file_name(entry.name) and entry.is_file(follow_symlinks=False) and len(found) < FILES_MAX:
                    found[entry.name] = entry.stat(follow_symlinks=False).st_size
        return dict(sorted(found.items()))

    def open(self, name: str) -> BinaryIO:
        assert is_file_name(name), f"{name!r} is no name for a stick"
        if not self.is_ours:
            raise broken(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
        with _spoken():
            # What is opened is looked at, not what the list said: a device or a pipe would never end.
            descriptor = os.open(self.folder / name, _READ_ONLY_PLAIN)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            return os.fdopen(descriptor, "rb")

    def make(self) -> None:
        """Make the folder where there is none. Raises StickBroken, also where something else has its name."""
        with _spoken():
            self.folder.mkdir(exist_ok=True)
            durable.sync_folder(self.disk)
        if not self.is_ours:
            raise StickBroken(
                f"On the stick {FOLDER} is not a folder but something else.", "Remove it there, or take another stick."
            )

    def write(self, name: str, data: bytes) -> None:
        """Put a small file there, all or nothing. Raises StickBroken, DiskFull."""
        self._replace(name, lambda file: _wrote(file, data))

    def write_from(self, name: str, source: Path) -> None:
        """Put a copy of one of our own files there, all or nothing. Raises StickBroken, DiskFull."""
        with source.open("rb") as own:
            self._replace(name, lambda file: _copied(own, file))

    def add(self, listed: Listed, source: Path, hear: Callable[[int], None]) -> int:
        """Put a pack there, unless it lies there whole; tells `hear` how many bytes each step wrote.

        Returns the bytes written. Raises StickBroken, DiskFull, and Damaged where the source is not as listed.
        """
        files = self.files()
        if is_whole(files, listed):
            return 0
        hasher, written_bytes = Hasher(), 0
        with source.open("rb") as own:
            for part in parts_of(listed):
                with self._replacing(part.name) as file:
                    for piece in _pieces(own, part.size_bytes):
                        hasher.update(piece)
                        _wrote(file, piece)
                        hear(len(piece))
                    written_bytes += part.size_bytes
                    if part.offset + part.size_bytes == listed.size_bytes and hasher.digest() != listed.digest:
                        raise Damaged(
                            f"The pack {listed.pack} is not what it was when it was listed.",
                            "Publish the course again; the disk may be failing.",
                        )
        return written_bytes

    def remove(self, name: str) -> None:
        """Take one file away. Raises StickBroken."""
        with _spoken():
            (self.folder / name).unlink(missing_ok=True)

    def keep_only(self, packs: Collection[str]) -> int:
        """Remove the packs that are not among these files, and what a pulled stick left half-written.

        Returns how many files went. Raises StickBroken.
        """
        if not self.is_ours:
            return 0
        with _spoken():
            names = [entry.name for entry in os.scandir(self.folder) if not entry.is_dir(follow_symlinks=False)]
        gone = [name for name in names if _is_half(name) or (is_pack_name(name) and name not in packs)]
        for name in gone:
            self.remove(name)
        return len(gone)

    @property
    def room_bytes(self) -> int:
        """How much may still be put there. Raises StickBroken."""
        with _spoken():
            return max(0, durable.free_bytes(self.disk) - SPARE_BYTES)

    def _replace(self, name: str, fill: Callable[[BinaryIO], None]) -> None:
        with self._replacing(name) as file:
            fill(file)

    @contextmanager
    def _replacing(self, name: str) -> Iterator[BinaryIO]:
        assert is_file_name(name), f"{name!r} is no name for a stick"
        if not self.is_ours:
            self.make()
        with _spoken(), durable.replacing(self.folder / name) as file:
            yield file


@contextmanager
def _spoken() -> Iterator[None]:
    """Say what the disk says as a fault."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull("The stick is full.", "Free some room on it, or take a larger one.") from error
        raise broken(error) from error


def _is_half(name: str) -> bool:
    return name.startswith(".") and name.endswith(".part") and is_file_name(name[1:-5])


def _wrote(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def _copied(source: BinaryIO, file: BinaryIO) -> None:
    while piece := source.read(READ_BYTES):
        file.write(piece)


def _pieces(source: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    while size_bytes and (piece := source.read(min(READ_BYTES, size_bytes))):
        size_bytes -= len(piece)
        yield piece
