"""Targets: what a card is written to and read from.

* What is read back comes from the card, not from this computer's memory: where the device allows it, reading and
  writing go past the memory (O_DIRECT), and what went through it is dropped first.
* Reading fills the reader's own room: fresh memory for each piece costs more than the reading.
* A device is held alone while it is written: it cannot be mounted meanwhile.
"""

import errno
import mmap
import os
import stat
from pathlib import Path
from typing import BinaryIO, Protocol

from catalog import durable

ALIGNED_BYTES = 4096


class Target(Protocol):
    """A card. An implementation may lie, as cards do; it may not raise anything but OSError."""

    size_bytes: int

    def write(self, start: int, data: bytes) -> None: ...

    def read_into(self, start: int, room: memoryview) -> int:
        """Fill the room with what is there; returns how many bytes came, fewer only at the card's end."""
        ...

    def next_data(self, start: int, end: int) -> int:
        """Where from `start` on there may be anything but zeros; `end` where there is nothing."""
        ...

    def sync(self) -> None:
        """Return when all that was written is on the card, and forget what memory holds of it."""
        ...

    def close(self) -> None: ...


class Device:
    """A device, or a file that stands for one."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        """A file that is not there, or empty, is made of that size. Raises OSError."""
        self.path = path
        is_device = path.exists() and stat.S_ISBLK(path.stat().st_mode)
        flags = os.O_EXCL if is_device else os.O_CREAT
        self._file: BinaryIO = open(os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600), "r+b", buffering=0)  # noqa: PTH123, SIM115
        self._pages = mmap.mmap(-1, ALIGNED_BYTES)
        if is_device:
            self.size_bytes = self._file.seek(0, os.SEEK_END)
        else:
            if os.fstat(self._file.fileno()).st_size == 0:
                os.ftruncate(self._file.fileno(), size_bytes)
            self.size_bytes = os.fstat(self._file.fileno()).st_size
        self._direct = _direct(path)

    def write(self, start: int, data: bytes) -> None:
        file, view = self._file.fileno(), memoryview(data)
        if self._direct is not None and start % ALIGNED_BYTES == 0 and len(data) % ALIGNED_BYTES == 0:
            file, view = self._direct, self._room(len(data))
            view[:] = data
        while view:
            done = os.pwrite(file, view, start)
            view, start = view[done:], start + done

    def read_into(self, start: int, room: memoryview) -> int:
        if self._direct is not None:
            return self._read_past_memory(self._direct, start, room)
        return _filled(self._file.fileno(), start, room)

    def next_data(self, start: int, end: int) -> int:
        try:
            return min(end, os.lseek(self._file.fileno(), start, os.SEEK_DATA))
        except OSError as error:
            # A file with nothing but a hole behind says so; a device knows of no holes.
            return end if error.errno == errno.ENXIO else start

    def sync(self) -> None:
        durable.sync_file(self._file)
        os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        self._file.close()
        if self._direct is not None:
            os.close(self._direct)
            self._direct = None

    def _read_past_memory(self, direct: int, start: int, room: memoryview) -> int:
        """What is read past memory comes in whole blocks, into whole pages."""
        first = start - start % ALIGNED_BYTES
        last = min(-(-(start + len(room)) // ALIGNED_BYTES) * ALIGNED_BYTES, self.size_bytes)
        wanted = self._room(last - first)
        came = max(0, min(_filled(direct, first, wanted) - (start - first), len(room)))
        room[:came] = wanted[start - first : start - first + came]
        return came

    def _room(self, size_bytes: int) -> memoryview:
        """So many bytes at the beginning of a page."""
        if len(self._pages) < size_bytes:
            self._pages = mmap.mmap(-1, size_bytes)
        return memoryview(self._pages)[:size_bytes]


def read_bytes(target: Target, start: int, size_bytes: int) -> bytes:
    """What lies there, as bytes: for little."""
    room = bytearray(size_bytes)
    came = target.read_into(start, memoryview(room))
    return bytes(room[:came])


def _filled(file: int, start: int, room: memoryview) -> int:
    done = 0
    while done < len(room) and (came := os.preadv(file, [room[done:]], start + done)):
        done += came
    return done


def _direct(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_DIRECT | os.O_CLOEXEC)
    except OSError:
        return None
