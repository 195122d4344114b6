"""Groups: pieces of a pack that are packed, checked and unpacked by themselves.

* What a group holds is unpacked piece by piece, so that it goes straight to the disk; what a box needs in memory is
  the group's window (its prefix and itself), whatever the course's size.
* A codec's own words about lengths are checked before memory is taken.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import zstandard

from catalog.digest import Hasher
from sync.patch import xz
from sync.patch.format import (
    CHECK_BYTES,
    WINDOW_BYTES_MAX,
    ZSTD_WINDOW_BYTES_MAX,
    GroupCodec,
    demand,
    hash_of,
    refused,
)

LEVEL = 19
PIECE_BYTES = 1 << 18
FRAME_HEADER_BYTES_MAX = 18


def unpacked(
    codec: GroupCodec, file: BinaryIO, wire_bytes: int, raw_bytes: int, prefix: Iterable[bytes], prefix_bytes: int
) -> Iterator[bytes]:
    """What the next `wire_bytes` of `file` hold: exactly `raw_bytes`, a little at a time. Raises PackRefused."""
    match codec:
        case GroupCodec.RAW:
            demand(wire_bytes == raw_bytes, "a group is not as long as it says")
            return _read(file, raw_bytes)
        case GroupCodec.ZSTD:
            return _zstd(file, wire_bytes, raw_bytes, prefix, prefix_bytes)
        case GroupCodec.XZ:
            demand(prefix_bytes + raw_bytes <= WINDOW_BYTES_MAX, "a group is too long")
            return xz.unpack(file, wire_bytes, raw_bytes, prefix, prefix_bytes)
        case GroupCodec.XZ_DELTA:
            demand(not prefix_bytes, "a group of differences has a prefix")
            demand(raw_bytes <= WINDOW_BYTES_MAX, "a group is too long")
            return xz.unpack(file, wire_bytes, raw_bytes, (), 0, xz.DIFFERENCES)


def packed(raw: bytes, prefix: bytes) -> tuple[GroupCodec, bytes]:
    """The shortest way to send these bytes to one who has `prefix`. At the hub; for what is small."""
    ways = [(GroupCodec.RAW, raw)]
    if len(raw) + len(prefix) <= ZSTD_WINDOW_BYTES_MAX or not prefix:
        ways.append((GroupCodec.ZSTD, zstd_packed(raw, prefix)))
    packer = xz.Packer.find()
    if packer is not None and len(raw) + len(prefix) <= WINDOW_BYTES_MAX:
        ways.append((GroupCodec.XZ, b"".join(packer.pack(raw, prefix))))
    return min(ways, key=lambda way: len(way[1]))


def zstd_packed(raw: bytes, prefix: bytes) -> bytes:
    """One zstd frame on `prefix`."""
    assert not prefix or len(raw) + len(prefix) <= ZSTD_WINDOW_BYTES_MAX, "zstd finds nothing in so large a prefix"
    parameters = zstandard.ZstdCompressionParameters.from_level(LEVEL, source_size=len(raw), dict_size=len(prefix))
    return zstandard.ZstdCompressor(dict_data=_dictionary(prefix), compression_params=parameters).compress(raw)


def check_of(pieces: Iterable[bytes]) -> bytes:
    """What shows that a group came whole: the beginning of its SHA-256."""
    hasher = Hasher()
    for piece in pieces:
        hasher.update(piece)
    return hash_of(hasher.digest())[:CHECK_BYTES]


def read_pieces(file: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    """The next `size_bytes` of `file`, or what is left of it."""
    while size_bytes and (piece := file.read(min(PIECE_BYTES, size_bytes))):
        size_bytes -= len(piece)
        yield piece


def _read(file: BinaryIO, raw_bytes: int) -> Iterator[bytes]:
    for piece in read_pieces(file, raw_bytes):
        raw_bytes -= len(piece)
        yield piece
    demand(raw_bytes == 0, "it is cut short")


def _zstd(
    file: BinaryIO, wire_bytes: int, raw_bytes: int, prefix: Iterable[bytes], prefix_bytes: int
) -> Iterator[bytes]:
    fits = raw_bytes + prefix_bytes <= (ZSTD_WINDOW_BYTES_MAX if prefix_bytes else WINDOW_BYTES_MAX)
    demand(fits, "a group is too long")
    start = file.tell()
    left_bytes = raw_bytes
    try:
        frame = zstandard.get_frame_parameters(file.read(min(FRAME_HEADER_BYTES_MAX, wire_bytes)))
        file.seek(start)
        fits = frame.content_size == raw_bytes and frame.window_size <= WINDOW_BYTES_MAX and frame.dict_id == 0
        demand(fits, "a group does not hold what it should")
        decoder = zstandard.ZstdDecompressor(dict_data=_dictionary(b"".join(prefix)), max_window_size=WINDOW_BYTES_MAX)
        # The reader takes no more of the file than the group's own bytes.
        with decoder.stream_reader(
            cast(BinaryIO, _Part(file, wire_bytes)), read_size=PIECE_BYTES, closefd=False
        ) as reader:
            while piece := reader.read(min(PIECE_BYTES, left_bytes + 1)):
                demand(len(piece) <= left_bytes, "a group does not hold what it should")
                left_bytes -= len(piece)
                yield piece
    except (zstandard.ZstdError, ValueError) as error:
        raise refused("a group cannot be unpacked") from error
    demand(left_bytes == 0, "a group does not hold what it should")


def _dictionary(prefix: bytes) -> "zstandard.ZstdCompressionDict | None":
    return zstandard.ZstdCompressionDict(prefix, zstandard.DICT_TYPE_RAWCONTENT) if prefix else None


class _Part:
    """The next so many bytes of a file, as a file."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._left_bytes = size_bytes

    def read(self, size_bytes: int) -> bytes:
        piece = self._file.read(min(size_bytes, self._left_bytes))
        self._left_bytes -= len(piece)
        return piece
