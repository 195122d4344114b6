"""Copies: a big file as what it shares with an older one, and what is new.

* The hub has both files, so no checksum crosses the link: it finds what they share (anchors.py) and writes that down
  as instructions, a few bytes for each copy; what is left are literals, the target's own bytes in order.
* The box needs neither chunker nor memory for them: it reads the base here and there, and the literals as they come.
* Every length and offset is checked before the first byte is read. A base that turns out shorter than it was gives
  zeros, so that the stream stays in step, and the file's digest, not this module, says that it is wrong.
* `is_worth` says for which files copies are the better way; build.py asks it.
"""

import zlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from sync.patch.format import demand

if TYPE_CHECKING:
    from sync.patch.anchors import Bytes

COPIES_MAX = 1 << 17
INSTRUCTIONS_BYTES_MAX = 2 << 20
PIECE_BYTES = 1 << 18
VARINT_BYTES_MAX = 9
SPARED_EIGHTHS_MIN = 1
"""What copies must spare at least, in eighths of the file."""
LITERAL_PERMILLE_MAX = 1
"""With so little left, copies are as good as anything, and by far the quickest."""
PROBED_BYTES = 1 << 20
SHRUNK_EIGHTHS_MAX = 7

Literals = Callable[[int], Iterator[memoryview]]
"""The next so many bytes of the stream."""


class Copy(NamedTuple):
    """So many literal bytes, then so many bytes of the base from an offset on."""

    literal_bytes: int
    base_offset: int
    copy_bytes: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How to make the target out of the base: its copies in order; what follows the last one is literal."""

    copies: tuple[Copy, ...]
    target: "Bytes"

    @property
    def size_bytes(self) -> int:
        return len(self.target)

    @property
    def literal_bytes(self) -> int:
        return self.size_bytes - sum(copy.copy_bytes for copy in self.copies)

    def instructions(self) -> bytes:
        """The copies as bytes, column by column; offsets count from where the former copy ended."""
        ends = [0, *(copy.base_offset + copy.copy_bytes for copy in self.copies)]
        columns = (
            [len(self.copies)],
            [copy.literal_bytes for copy in self.copies],
            [_folded(copy.base_offset - end) for copy, end in zip(self.copies, ends, strict=False)],
            [copy.copy_bytes for copy in self.copies],
        )
        return b"".join(_varint(number) for column in columns for number in column)

    def literals(self) -> Iterator[bytes]:
        """The target's own bytes in order, a little at a time."""
        at = 0
        for literal_bytes, _, copy_bytes in self.copies:
            yield from self._pieces(at, at + literal_bytes)
            at += literal_bytes + copy_bytes
        yield from self._pieces(at, self.size_bytes)

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        for at in range(start, end, PIECE_BYTES):
            yield self.target[at : min(at + PIECE_BYTES, end)]


def difference(base: "Bytes | Path | BinaryIO", target: "Bytes | Path | BinaryIO") -> Difference:
    """Find what `target` shares with `base`: at the hub only. The same two files give the same copies."""
    # The box reads this module too, and has no chunker.
    from sync.patch.anchors import mapped, shared

    old, new = mapped(base), mapped(target)
    return min((Difference(copies, new) for copies in shared(old, new)), key=_cost)


def is_worth(difference: Difference, *, fits_a_group: bool) -> bool:
    """Tell whether a file should travel as copies.

    Beside its base in one group (`fits_a_group`) a file is packed with every short match counted, which copies miss:
    once a thousandth of a text has changed, that is smaller. But it costs the hub seconds for every MB, and brings
    nothing where what changed cannot be packed: film, sound, pictures. Two files too long for one group have only this.
    """
    spared_bytes = difference.size_bytes - difference.literal_bytes
    if spared_bytes * 8 < difference.size_bytes * SPARED_EIGHTHS_MIN or not difference.copies:
        return False
    is_nearly_whole = difference.literal_bytes * 1000 <= difference.size_bytes * LITERAL_PERMILLE_MAX
    return is_nearly_whole or not fits_a_group or not _shrinks(difference)


def replay(
    instructions: bytes, literals: Literals, base: BinaryIO, size_bytes: int, *, base_bytes: int | None = None
) -> Iterator[bytes | memoryview]:
    """The target again, a little at a time. `base_bytes` is how long the base should be; else it is as long as it is.

    Raises PackRefused, before a byte of base or literals is read, where the instructions do not make such a file.
    """
    expected_bytes = base.seek(0, 2) if base_bytes is None else base_bytes
    literal_bytes, offsets, lengths = _columns(instructions, size_bytes)
    end = 0
    for place, folded in enumerate(offsets):
        offset = end + _unfolded(folded)
        end = offset + lengths[place]
        demand(offset >= 0 and end <= expected_bytes, "it copies what its base does not have")
        offsets[place] = offset
    return _replayed(zip(literal_bytes, offsets, lengths, strict=True), literals, base, size_bytes)


def literal_bytes_of(instructions: bytes, size_bytes: int) -> int:
    """How many literals these instructions need. Raises PackRefused where they do not make such a file."""
    return size_bytes - sum(_columns(instructions, size_bytes)[2])


def _shrinks(difference: Difference) -> bool:
    """Whether the beginning of the literals can be packed at all."""
    probed = b"".join(islice(difference.literals(), PROBED_BYTES // PIECE_BYTES))
    return len(zlib.compress(probed, 1)) * 8 < len(probed) * SHRUNK_EIGHTHS_MAX


def _replayed(
    copies: Iterator[tuple[int, int, int]], literals: Literals, base: BinaryIO, size_bytes: int
) -> Iterator[bytes | memoryview]:
    left_bytes = size_bytes
    for literal_bytes, offset, copy_bytes in copies:
        yield from literals(literal_bytes)
        base.seek(offset)
        yield from _copied(base, copy_bytes)
        left_bytes -= literal_bytes + copy_bytes
    yield from literals(left_bytes)


def _copied(base: BinaryIO, copy_bytes: int) -> Iterator[bytes]:
    while copy_bytes:
        wanted_bytes = min(copy_bytes, PIECE_BYTES)
        piece = base.read(wanted_bytes) or bytes(wanted_bytes)
        yield piece
        copy_bytes -= len(piece)


def _columns(instructions: bytes, size_bytes: int) -> "tuple[array[int], array[int], array[int]]":
    """Literal lengths, folded offsets and copy lengths, in eight bytes a number whatever the instructions say."""
    demand(len(instructions) <= INSTRUCTIONS_BYTES_MAX, "it has too many copies")
    numbers = _numbers(instructions)
    count = next(numbers, -1)
    demand(0 <= count <= COPIES_MAX, "it has too many copies")
    literal_bytes, offsets, lengths = (array("q", _first(numbers, count)) for _ in range(3))
    demand(len(lengths) == count and next(numbers, None) is None, "its copies are uneven")
    demand(all(lengths), "it copies nothing")
    demand(sum(literal_bytes) + sum(lengths) <= size_bytes, "its copies are longer than their file")
    return literal_bytes, offsets, lengths


def _first(numbers: Iterator[int], count: int) -> Iterator[int]:
    for _, number in zip(range(count), numbers, strict=False):
        yield number


def _numbers(data: bytes) -> Iterator[int]:
    """The varints in `data`: seven bits a byte, the low ones first. Raises PackRefused where one is cut or too long."""
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
        else:
            demand(shift < 7 * VARINT_BYTES_MAX, "a number in it is too long")
    demand(shift == 0, "a number in it is cut short")


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def _folded(number: int) -> int:
    """A number with its sign in the lowest bit."""
    return number << 1 if number >= 0 else ~(number << 1)


def _unfolded(number: int) -> int:
    return number >> 1 if number & 1 == 0 else ~(number >> 1)


def _cost(difference: Difference) -> int:
    """About what a difference takes on the wire: exactly so where that is cheap to find out."""
    from sync.patch.anchors import packed_bytes

    return packed_bytes(difference.instructions(), difference.literals(), difference.literal_bytes)
