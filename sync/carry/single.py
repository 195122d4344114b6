"""The single file: what a stick holds, in one `.qanat` file that a phone can carry.

* It is a plain, uncompressed tar of nothing but regular files, without a date, an owner or a folder: the same files
  give the same bytes, so that a download which broke off goes on at the byte.
* It is read where it lies, never unpacked. Each header is one block of 512 bytes, read by itself: a name that is not
  one of ours, a link, an extension or a length that leads outside ends it with a sentence, before memory is taken.
* A file that ends too early is used as far as it goes: what came whole is whole.
"""

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from catalog import durable
from catalog.digest import READ_BYTES
from catalog.fault import CallerFault
from sync.carry.carrier import FILES_MAX, SUFFIX, StickBroken, broken, is_file_name
from sync.carry.letter import LetterRefused

BLOCK_BYTES = 512
END_BLOCKS = 2


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file to be put into a single file: its bytes, or where a stretch of them lies on our own disk."""

    name: str
    size_bytes: int
    data: bytes = b""
    source: Path | None = None
    offset: int = 0


class SingleFile:
    """A `.qanat` file that somebody brought: a `Carrier`."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read its list of files. The file stays the caller's.

        Raises LetterRefused where it is not such a file.
        """
        self._file = file
        self._places = _listed(file)

    def files(self) -> Mapping[str, int]:
        return {name: size_bytes for name, (_, size_bytes) in self._places.items()}

    def open(self, name: str) -> BinaryIO:
        if name not in self._places:
            raise StickBroken("A file that was looked for is not in what was brought.", "Have it written again.")
        return io.BufferedReader(_Window(self._file, *self._places[name]))


def write_single(path: Path, files: Sequence[Enclosed], hear: Callable[[int], None]) -> None:
    """Write these files as one, lasting; tells `hear` how many bytes each step wrote.

    Raises DiskFull or BoxFault.
    """
    try:
        with durable.replacing(path) as target:
            for one in files:
                target.write(_header(one))
                for piece in _pieces(one):
                    target.write(piece)
                    hear(len(piece))
                target.write(bytes(-one.size_bytes % BLOCK_BYTES))
            target.write(bytes(END_BLOCKS * BLOCK_BYTES))
    except OSError as error:
        raise durable.disk_fault(error, path) from error


def single_bytes(files: Sequence[tuple[str, int]]) -> int:
    """How long a single file of these names and sizes is."""
    padded = sum(BLOCK_BYTES + size_bytes + -size_bytes % BLOCK_BYTES for _, size_bytes in files)
    return padded + END_BLOCKS * BLOCK_BYTES


def is_single(path: Path) -> bool:
    """Tell whether a path means a single file, not a folder."""
    return path.suffix.lower() == SUFFIX


def opened_single(path: Path) -> BinaryIO:
    """Raises CallerFault where there is no such file."""
    try:
        return path.open("rb")
    except OSError as error:
        raise CallerFault(f"{path} cannot be read: {error.strerror}.", "Check the file's name.") from error


class _Window(io.RawIOBase):
    """A stretch of a file, as a file of its own."""

    def __init__(self, file: IO[bytes], start: int, size_bytes: int) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._size_bytes = size_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]
        wanted_bytes = min(len(buffer), max(0, self._size_bytes - self._at))
        self._file.seek(self._start + self._at)
        data = self._file.read(wanted_bytes)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _listed(file: IO[bytes]) -> dict[str, tuple[int, int]]:
    """Each file's place and size, as far as all of it is here."""
    places: dict[str, tuple[int, int]] = {}
    try:
        end = file.seek(0, io.SEEK_END)
        at = 0
        while at + BLOCK_BYTES <= end:
            file.seek(at)
            block = file.read(BLOCK_BYTES)
            if not block.strip(b"\0"):
                break
            name, size_bytes = _read_header(block)
            if name in places or len(places) == FILES_MAX:
                raise _refused("it names a file twice, or too many of them")
            if at + BLOCK_BYTES + size_bytes > end:
                break
            places[name] = (at + BLOCK_BYTES, size_bytes)
            at += BLOCK_BYTES + size_bytes + -size_bytes % BLOCK_BYTES
    except OSError as error:
        raise broken(error) from error
    if not places:
        raise _refused("it holds nothing that a box or a hub wrote")
    return places


def _read_header(block: bytes) -> tuple[str, int]:
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.TarError, ValueError) as error:
        raise _refused("its list of files is damaged") from error
    if info.type != tarfile.REGTYPE or not is_file_name(info.name) or info.size < 0:
        raise _refused("it holds something that no box or hub puts there")
    return info.name, info.size


def _header(one: Enclosed) -> bytes:
    info = tarfile.TarInfo(one.name)
    info.size = one.size_bytes
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def _pieces(one: Enclosed) -> Iterator[bytes]:
    if one.source is None:
        yield one.data
        return
    left_bytes = one.size_bytes
    with one.source.open("rb") as file:
        file.seek(one.offset)
        while left_bytes:
            piece = file.read(min(READ_BYTES, left_bytes))
            if not piece:
                raise OSError(0, "it became shorter while it was read")
            yield piece
            left_bytes -= len(piece)


def _refused(what: str) -> LetterRefused:
    return LetterRefused(
        f"This is not a whole {SUFFIX} file: {what}.",
        "Choose the file that the box or the hub gave you; if it is that, fetch it again.",
    )
