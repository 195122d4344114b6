"""The image that is burned: read once, from its beginning to its end, and proven on the way.

* Memory is bounded: pieces of a MiB, whatever the image claims.
* Cut, damaged or longer than it says: refused, and said of the image, before any card is blamed.
* With a map its stretches are data and the rest is empty. Without one a piece that is all zeros is empty, and the map
  is made on the way.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from catalog.digest import Hasher
from catalog.fault import CallerFault, ContentFault
from provisioning.burn.mapped import BlockMap, Range, map_beside

PIECE_BYTES = 1 << 20
WINDOW_BYTES_MAX = 1 << 27
"""zstd's usual most, and that of `zstd --long`."""
ZSTD_HEADER_BYTES = 18
ZEROS = bytes(PIECE_BYTES)
SECTOR_BYTES = 512


class ImageRefused(ContentFault):
    """The image to be burned is damaged, cut short, or of a size that is not known."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The next part of an image; without `data` it is empty: zeros."""

    start: int
    size_bytes: int
    data: bytes | None


class Reader(Protocol):
    """What an image is read from. An implementation may give less than was asked for, and nothing only at the end."""

    def read(self, size: int, /) -> bytes: ...


class CardImage:
    """An image file, `.img` or `.img.zst`, with the map beside it where there is one."""

    def __init__(self, path: Path) -> None:
        """Raises CallerFault, ImageRefused or MapRefused."""
        self.path = path
        if not path.is_file():
            raise CallerFault(f"There is no image {path}.", "Make one with `qanat provision image build`.")
        self.map = map_beside(path)
        self.size_bytes = self.map.size_bytes if self.map else self._claimed_bytes()
        self.ranges: list[Range] = []
        """What every card has to read like; complete once `pieces` has ended."""
        self.sha256 = ""
        """Of the file as it lies there; known once `pieces` has ended."""

    @property
    def is_packed(self) -> bool:
        return self.path.suffix == ".zst"

    def head(self, size_bytes: int) -> bytes:
        """The first bytes, unpacked."""
        with self.path.open("rb") as file:
            return _whole(self._reader(_Watched(file)), size_bytes)

    def pieces(self) -> Iterator[Piece]:
        """The image in order. Raises ImageRefused where it is not what it, or its map, says."""
        with self.path.open("rb") as file:
            watched = _Watched(file)
            reader = self._reader(watched)
            yield from self._mapped(reader, self.map) if self.map else self._plain(reader)
            try:
                is_over = reader.read(1) == b""
            except _zstd_error() as error:
                raise self._refused("is damaged") from error
            if not is_over:
                raise self._refused("is longer than it says")
            while watched.read(PIECE_BYTES):
                pass
            self.sha256 = watched.hasher.digest()[2:]

    def _plain(self, reader: Reader) -> Iterator[Piece]:
        self.ranges = []
        for start in range(0, self.size_bytes, PIECE_BYTES):
            size = min(PIECE_BYTES, self.size_bytes - start)
            data = self._exactly(reader, size)
            if data == ZEROS[:size]:
                yield Piece(start, size, None)
                continue
            hasher = Hasher()
            hasher.update(data)
            self.ranges.append(Range(start, start + size, hasher.digest()[2:]))
            yield Piece(start, size, data)

    def _mapped(self, reader: Reader, block_map: BlockMap) -> Iterator[Piece]:
        self.ranges = list(block_map.ranges)
        at = 0
        for stretch in block_map.ranges:
            yield from self._gap(reader, at, stretch.start)
            hasher = Hasher()
            for start in range(stretch.start, stretch.end, PIECE_BYTES):
                data = self._exactly(reader, min(PIECE_BYTES, stretch.end - start))
                hasher.update(data)
                yield Piece(start, len(data), data)
            if hasher.digest()[2:] != stretch.sha256:
                raise self._refused(f"is not the one its map is of, from byte {stretch.start} to {stretch.end}")
            at = stretch.end
        yield from self._gap(reader, at, self.size_bytes)

    def _gap(self, reader: Reader, start: int, end: int) -> Iterator[Piece]:
        for at in range(start, end, PIECE_BYTES):
            size = min(PIECE_BYTES, end - at)
            if self._exactly(reader, size) != ZEROS[:size]:
                raise self._refused(f"is not the one its map is of: the map says that nothing is at byte {at}")
            yield Piece(at, size, None)

    def _exactly(self, reader: Reader, size: int) -> bytes:
        try:
            data = _whole(reader, size)
        except _zstd_error() as error:
            raise self._refused("is damaged") from error
        if len(data) < size:
            raise self._refused("is cut short")
        return data

    def _reader(self, file: Any) -> Reader:
        import zstandard

        decoder = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
        reader: Reader = file
        if self.is_packed:
            reader = decoder.stream_reader(file, read_size=PIECE_BYTES, read_across_frames=True)
        return reader

    def _claimed_bytes(self) -> int:
        """How large the image is by its own word."""
        if self.is_packed:
            import zstandard

            with self.path.open("rb") as file:
                try:
                    size = zstandard.frame_content_size(file.read(ZSTD_HEADER_BYTES))
                except zstandard.ZstdError as error:
                    raise self._refused("is no zstd file") from error
        else:
            size = self.path.stat().st_size
        if size <= 0:
            raise self._refused("does not say how large it is")
        return size

    def _refused(self, what: str) -> ImageRefused:
        return ImageRefused(
            f"The image {self.path.name} {what}.",
            "Copy it again from where it came, or make it anew; pack it with `zstd FILE`. No card can start from this.",
        )


class _Watched(io.RawIOBase):
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.hasher = Hasher()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.hasher.update(data)
        return data


def _whole(reader: Reader, size: int) -> bytes:
    """So many bytes, fewer only at the end."""
    data = reader.read(size)
    if len(data) == size:
        return data
    parts = [data]
    left = size - len(data)
    while left and (part := reader.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _zstd_error() -> Any:
    import zstandard

    return zstandard.ZstdError
