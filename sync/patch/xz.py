"""LZMA2 on a prefix: packed at the hub by liblzma itself, unpacked at a box with nothing but the standard library.

* What is packed may refer to a prefix that the other side has. liblzma calls it a preset dictionary, and Python's own
  `lzma` has no word for it; so the hub speaks to liblzma directly, and where it is not there `find` gives None.
* A box gives its decoder the prefix as LZMA2's own *uncompressed chunks*, throws away what comes out, and goes on with
  the bytes of the wire: the decoder cannot tell the difference.
* Both sides work piece by piece: a box needs the window (prefix and data) in memory once, a hub about twelve times.
* The same bytes give the same bytes as long as liblzma's version is the same; older and newer ones read each other.
"""

import ctypes
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ctypes import POINTER, byref, c_int, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from functools import cache
from typing import BinaryIO, NamedTuple

from catalog.fault import BoxFault
from sync.patch.format import demand, refused

Filters = Sequence[Mapping[str, int]]
"""What `lzma` does before LZMA2 when it packs, and after it when it unpacks."""

PIECE_BYTES = 1 << 18
CHUNK_BYTES_MAX = 1 << 16
"""LZMA2 has no longer chunk that is not compressed."""
DICTIONARY_BYTES_MIN = 1 << 12
LIBRARY = "liblzma.so.5"


class Shape(NamedTuple):
    """What liblzma is told of the bytes; it writes this into the stream itself, so a box need not know."""

    literal_context_bits: int
    literal_position_bits: int
    position_bits: int


TEXT = Shape(3, 0, 0)
"""Text and markup have no columns: none of liblzma's usual two bits is spent on the place of a byte."""
TABLES = (Shape(0, 2, 2), Shape(0, 0, 2))
"""Numbers of four bytes each, like the index of a film: a byte resembles the one four places before it."""
SLOPES = (Shape(4, 0, 0), Shape(3, 0, 1))
"""Differences: small numbers, of which one tells much about the next."""
MATCH_BYTES = 273
"""A match this long is taken at once; LZMA has no longer ones."""

_FIRST_CHUNK, _NEXT_CHUNK = 1, 2
_LZMA2 = 0x21
_NO_FILTER = (1 << 64) - 1
_BINARY_TREES = 0x14
_EXTREME = 9 | 1 << 31
_FINISH = 3
_OK, _END = 0, 1


DIFFERENCES: Filters = ({"id": lzma.FILTER_DELTA, "dist": 4},)
"""Before LZMA2: of each byte its difference from the one four places before it."""


def unpack(
    file: BinaryIO,
    wire_bytes: int,
    raw_bytes: int,
    prefix: Iterable[bytes],
    prefix_bytes: int,
    filters: Filters = (),
) -> Iterator[bytes]:
    """What the next `wire_bytes` of `file` hold: exactly `raw_bytes`, a little at a time. Raises PackRefused."""
    window_bytes = max(DICTIONARY_BYTES_MIN, prefix_bytes + raw_bytes)
    lzma2 = {"id": lzma.FILTER_LZMA2, "dict_size": window_bytes}
    decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[*filters, lzma2])
    for chunk in _chunks(prefix):
        decoder.decompress(chunk)
    left_bytes, data = raw_bytes, b""
    try:
        while left_bytes or not decoder.eof:
            if decoder.needs_input:
                data = file.read(min(PIECE_BYTES, wire_bytes))
                wire_bytes -= len(data)
                demand(bool(data), "a group ends before its end")
            # One byte more than should come: what has more than it says is found out, and still takes no memory.
            piece = decoder.decompress(data, min(PIECE_BYTES, left_bytes + 1))
            data = b""
            demand(len(piece) <= left_bytes, "a group does not hold what it should")
            left_bytes -= len(piece)
            if piece:
                yield piece
            demand(not (left_bytes and decoder.eof), "a group does not hold what it should")
    except lzma.LZMAError as error:
        raise refused("a group cannot be unpacked") from error
    demand(wire_bytes == 0 and not decoder.unused_data, "a group does not hold what it should")


def packed_differences(raw: bytes) -> bytes:
    """Tables of numbers, packed as their differences. The standard library can do this alone, without a prefix."""
    window = {"id": lzma.FILTER_LZMA2, "preset": _EXTREME, "dict_size": max(DICTIONARY_BYTES_MIN, len(raw))}
    shapes = ({"lc": shape[0], "lp": shape[1], "pb": shape[2]} for shape in SLOPES)
    return min((lzma.compress(raw, lzma.FORMAT_RAW, filters=[*DIFFERENCES, window | one]) for one in shapes), key=len)


def _chunks(prefix: Iterable[bytes]) -> Iterator[bytes]:
    control = _FIRST_CHUNK
    for piece in prefix:
        for at in range(0, len(piece), CHUNK_BYTES_MAX):
            chunk = piece[at : at + CHUNK_BYTES_MAX]
            yield bytes([control]) + (len(chunk) - 1).to_bytes(2, "big") + chunk
            control = _NEXT_CHUNK


class _Options(ctypes.Structure):
    """lzma_options_lzma"""

    _fields_ = [
        ("dict_size", c_uint32),
        ("preset_dict", c_void_p),
        ("preset_dict_size", c_uint32),
        ("lc", c_uint32),
        ("lp", c_uint32),
        ("pb", c_uint32),
        ("mode", c_int),
        ("nice_len", c_uint32),
        ("mf", c_int),
        ("depth", c_uint32),
        ("reserved_numbers", c_uint32 * 8),
        ("reserved_choices", c_int * 4),
        ("reserved_pointers", c_void_p * 2),
    ]


class _Filter(ctypes.Structure):
    """lzma_filter"""

    _fields_ = [("id", c_uint64), ("options", c_void_p)]


class _Stream(ctypes.Structure):
    """lzma_stream"""

    _fields_ = [
        ("next_in", c_void_p),
        ("avail_in", c_size_t),
        ("total_in", c_uint64),
        ("next_out", c_void_p),
        ("avail_out", c_size_t),
        ("total_out", c_uint64),
        ("allocator", c_void_p),
        ("internal", c_void_p),
        ("reserved_pointers", c_void_p * 4),
        ("seek_position", c_uint64),
        ("reserved_numbers", c_uint64),
        ("reserved_sizes", c_size_t * 2),
        ("reserved_choices", c_int * 2),
    ]


class Packer:
    """liblzma, as far as packing goes."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.lzma_lzma_preset.argtypes = [POINTER(_Options), c_uint32]
        library.lzma_raw_encoder.argtypes = [POINTER(_Stream), POINTER(_Filter)]
        library.lzma_code.argtypes = [POINTER(_Stream), c_int]
        library.lzma_end.argtypes = [POINTER(_Stream)]
        library.lzma_end.restype = None

    @staticmethod
    @cache
    def find() -> "Packer | None":
        """liblzma on this machine; None where it cannot be loaded."""
        try:
            return Packer(ctypes.CDLL(LIBRARY))
        except (OSError, AttributeError):
            return None

    def pack(self, raw: bytes, prefix: bytes = b"", shape: Shape = TEXT) -> Iterator[bytes]:
        """These bytes packed on `prefix`, a little at a time."""
        stream = _Stream()
        self._begin(stream, len(raw), prefix, shape)
        out = (c_uint8 * PIECE_BYTES)()
        # Both are read where they are: liblzma has its own copy of what it still needs.
        held = ctypes.c_char_p(raw)
        stream.next_in, stream.avail_in = ctypes.cast(held, c_void_p).value, len(raw)
        try:
            is_done = False
            while not is_done:
                data, is_done = self._step(stream, out)
                yield data
        finally:
            self._library.lzma_end(byref(stream))

    def _begin(self, stream: _Stream, raw_bytes: int, prefix: bytes, shape: Shape) -> None:
        options = _Options()
        assert not self._library.lzma_lzma_preset(byref(options), _EXTREME), "liblzma has its presets"
        options.dict_size = max(DICTIONARY_BYTES_MIN, raw_bytes + len(prefix))
        options.lc, options.lp, options.pb = shape
        options.nice_len, options.mf, options.depth = MATCH_BYTES, _BINARY_TREES, 0
        # liblzma copies the prefix into its window here and now: it need not outlive this call.
        held = ctypes.c_char_p(prefix)
        if prefix:
            options.preset_dict, options.preset_dict_size = ctypes.cast(held, c_void_p), len(prefix)
        filters = (_Filter * 2)()
        filters[0].id, filters[0].options = _LZMA2, ctypes.addressof(options)
        filters[1].id = _NO_FILTER
        if self._library.lzma_raw_encoder(byref(stream), filters) != _OK:
            raise BoxFault(
                "There is not enough memory here to pack a course.",
                f"Packing needs about {12 * options.dict_size >> 20} MiB; give the hub more.",
            )

    def _step(self, stream: _Stream, out: "ctypes.Array[c_uint8]") -> tuple[bytes, bool]:
        stream.next_out, stream.avail_out = ctypes.addressof(out), PIECE_BYTES
        result = self._library.lzma_code(byref(stream), _FINISH)
        assert result in (_OK, _END), f"liblzma packs whatever it is given ({result})"
        return bytes(memoryview(out)[: PIECE_BYTES - stream.avail_out]), result == _END
