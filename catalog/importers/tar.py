"""Tar archives from strangers, packed with gzip: unpacked while streaming, under the rules of `archive`.

* Files lie in the given folder under numbers of ours; the archive's names are only paths to ask by.
* Links, devices and sparse files are refused, and so is a name that leads out, in whatever header it stands.
* No header is longer than headers are; bytes, entries and the ratio are counted as they come.
"""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from catalog.digest import READ_BYTES
from catalog.durable import disk_fault
from catalog.fault import ContentFault
from catalog.importers.archive import (
    ENTRIES_MAX,
    HOSTILE,
    PACK_AGAIN,
    RATIO_FREE_BYTES,
    RATIO_MAX,
    UNPACKED_BYTES_MAX,
    path_of,
    refused,
)  # fmt: skip
from catalog.importers.intake import pieces_of

BLOCK = tarfile.BLOCKSIZE
LONG_BYTES_MAX = 64 << 10
PEEK_BYTES_MAX = 8 << 20

_DAMAGE = (gzip.BadGzipFile, zlib.error, EOFError, tarfile.HeaderError, UnicodeError, ValueError)
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_SKIPPED = (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK)
_LINKS = (tarfile.LNKTYPE, tarfile.SYMTYPE)


@dataclass(frozen=True, slots=True)
class Head:
    """What an entry says of itself, long names and sizes settled."""

    name: str
    kind: bytes
    size_bytes: int


class TarTree:
    """The files of a tar that was packed with gzip."""

    def __init__(self, source: Path, folder: Path, advance: Callable[[int], None]) -> None:
        """Unpack it into `folder`; `advance` hears how many bytes of the source were read.

        Raises ContentFault where it is damaged or hostile, DiskFull or BoxFault where the disk does.
        """
        self._source = source
        self._files: dict[str, tuple[Path, int]] = {}
        self._unpacked_bytes = 0
        self._limit_bytes = min(UNPACKED_BYTES_MAX, max(RATIO_FREE_BYTES, source.stat().st_size * RATIO_MAX))
        with source.open("rb") as file:
            told = 0
            for head, pieces in _entries(source, file):
                self._take(folder, head, pieces)
                advance(file.tell() - told)
                told = file.tell()
            advance(source.stat().st_size - told)
        self.paths: Sequence[str] = list(self._files)

    def size_bytes(self, path: str) -> int:
        return self._files[path][1]

    def source_bytes(self, path: str) -> int:
        """Nothing: all of it was read, and told, while it was unpacked."""
        return 0

    def pieces(self, path: str) -> Iterator[bytes]:
        return pieces_of(self._files[path][0])

    def _take(self, folder: Path, head: Head, pieces: Iterator[bytes]) -> None:
        if head.kind == tarfile.DIRTYPE:
            return
        path = path_of(self._source, head.name)
        if path in self._files:
            raise refused(self._source, f"two of its files have one name: {path}", PACK_AGAIN)
        if len(self._files) >= ENTRIES_MAX:
            raise refused(self._source, f"it lists more than {ENTRIES_MAX:,} files", "Divide it into smaller ones.")
        place = folder / str(len(self._files))
        try:
            with place.open("xb") as file:
                for piece in pieces:
                    self._unpacked_bytes += len(piece)
                    if self._unpacked_bytes > self._limit_bytes:
                        raise refused(self._source, "it unpacks to far more than its size promises", HOSTILE)
                    file.write(piece)
        except OSError as error:
            raise disk_fault(error, folder) from error
        self._files[path] = (place, head.size_bytes)


def is_gzip(head: bytes) -> bool:
    return head.startswith(b"\x1f\x8b\x08")


def first_names(source: Path) -> list[str]:
    """The names of the first entries, as far as a look may go; none of a file that is no such archive."""
    names, seen = [], 0
    try:
        with source.open("rb") as file:
            for head, pieces in _entries(source, file):
                names.append(head.name)
                seen += BLOCK + head.size_bytes
                if seen > PEEK_BYTES_MAX:
                    break
                for _ in pieces:
                    pass
    except (ContentFault, OSError):
        return names
    return names


def _entries(source: Path, packed: IO[bytes]) -> Iterator[tuple[Head, Iterator[bytes]]]:
    """Every entry, and its bytes; those that were not read are passed over."""
    with gzip.GzipFile(fileobj=packed) as stream:
        try:
            while (head := _head(source, stream)) is not None:
                pieces = _pieces(source, stream, head.size_bytes)
                yield head, pieces
                for _ in pieces:
                    pass
                _exactly(stream, -head.size_bytes % BLOCK)
        except _DAMAGE as error:
            raise _damaged(source) from error


def _head(source: Path, stream: gzip.GzipFile) -> Head | None:
    """The next entry's head; None at the end of the archive."""
    long_name, long_size = "", -1
    while True:
        block = stream.read(BLOCK)
        if not block.strip(b"\0"):
            return None
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.size < 0:
            raise ValueError("a size below nothing")
        if info.type in _NAMES or info.type in _SKIPPED:
            said = _long(source, stream, info.size)
            if info.type == tarfile.GNUTYPE_LONGNAME:
                long_name = said.rstrip(b"\0").decode("utf-8", "replace")
            elif info.type in _NAMES:
                records = _records(said)
                if any(name.startswith("GNU.sparse") for name in records):
                    raise refused(source, "a file in it has holes", PACK_AGAIN)
                long_name = records.get("path", long_name)
                long_size = int(records.get("size", long_size))
            continue
        name = long_name or info.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if info.type == tarfile.LNKTYPE and info.linkname.removeprefix("./") == name.removeprefix("./"):
            continue  # a file that was packed a second time, as a link to itself
        if info.type in _LINKS:
            raise refused(source, f"{name[:80]!r} is a link to another file", "Pack the file itself instead of it.")
        if info.type not in _FILES and info.type != tarfile.DIRTYPE:
            raise refused(source, f"{name[:80]!r} is a device or a file with holes", PACK_AGAIN)
        size_bytes = long_size if long_size >= 0 else info.size
        return Head(name, tarfile.DIRTYPE if name.endswith("/") else info.type, size_bytes)


def _long(source: Path, stream: gzip.GzipFile, size_bytes: int) -> bytes:
    if size_bytes > LONG_BYTES_MAX:
        raise refused(source, "a name in it is far longer than names are", HOSTILE)
    said = _exactly(stream, size_bytes)
    _exactly(stream, -size_bytes % BLOCK)
    return said


def _records(said: bytes) -> dict[str, str]:
    """The records of an extended header: `27 path=...` and a line's end each, its length first."""
    records: dict[str, str] = {}
    while said:
        length, _, _ = said.partition(b" ")
        record, said = said[: int(length)], said[int(length) :]
        if not record or int(length) < 4:
            raise ValueError("a record without a length")
        name, _, value = record[len(length) + 1 : -1].partition(b"=")
        records[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return records


def _pieces(source: Path, stream: gzip.GzipFile, size_bytes: int) -> Iterator[bytes]:
    left = size_bytes
    while left:
        try:
            piece = stream.read(min(left, READ_BYTES))
        except _DAMAGE as error:
            raise _damaged(source) from error
        if not piece:
            raise _damaged(source)
        left -= len(piece)
        yield piece


def _damaged(source: Path) -> ContentFault:
    return ContentFault(
        f"{source.name} is a damaged archive.",
        "It was probably cut while downloading or copying. Fetch it again and import it again.",
    )


def _exactly(stream: gzip.GzipFile, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError("it ends too early")
    return data
