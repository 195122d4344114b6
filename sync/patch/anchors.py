"""Anchors: finding at the hub what two big files share.

* First by anchors: pieces cut by content, of about a KiB, that lie in both files; each match is stretched byte by byte
  both ways. That finds a film in a film that was muxed again, in a fraction of a second.
* Then once more, finer, in what is left: the tables of such a film share runs of tens of bytes. Whether these copies
  are worth their instructions differs from file to file, so both answers are given and the smaller is taken.
* Files are mapped, never read whole; the anchors of the largest base take some tens of MiB.
* The same two files give the same copies: keys are sums of bytes, places are tried in order.
"""

import lzma
import mmap
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from pyfastcdc import FastCDC

from sync.patch.copies import COPIES_MAX, Copy

ANCHOR_BYTES = 1 << 10
"""The mean length of an anchor. Shorter ones find more in text and cost more; edges are found byte by byte anyway."""
ANCHORS_MAX = 1 << 18
"""Of larger bases the anchors are longer, so that their list stays in memory."""
ANCHOR_BYTES_MAX = 1 << 20
CANDIDATES_MAX = 8
"""How many places of the base with equal bytes are tried; a file of zeros has thousands."""
COPY_BYTES_MIN = 64

FINE_ANCHOR_BYTES = 16
FINE_STEP_BYTES = 8
FINE_COPY_BYTES_MIN = 32
FINE_LITERAL_BYTES_MAX = 1 << 20
FINE_BASE_BYTES_MAX = 2 << 20
"""Finer copies are looked for only where little is left of the target, and in the last so many bytes that the base has
left: tables and indexes mostly lie at a file's end."""

COST_BYTES_MAX = 1 << 20
"""Up to so many literals are packed to learn what they cost; more are counted as they are."""
COST_FILTERS = ({"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 0, "lp": 0, "pb": 2},)
COMPARED_BYTES_MIN = 1 << 12
COMPARED_BYTES_MAX = 1 << 20

Bytes = bytes | mmap.mmap


def shared(old: Bytes, new: Bytes) -> list[tuple[Copy, ...]]:
    """What `new` shares with `old`: by anchors, and where little is left, finer too."""
    coarse = _by_anchors(old, new)
    left_bytes = len(new) - sum(copy.copy_bytes for copy in coarse)
    is_fine_possible = coarse and 0 < left_bytes <= FINE_LITERAL_BYTES_MAX
    return [coarse, _finer(old, new, coarse)] if is_fine_possible else [coarse]


def mapped(source: Bytes | Path | BinaryIO) -> Bytes:
    """The bytes of a file without reading them; raises OSError where it cannot be opened."""
    if isinstance(source, bytes | mmap.mmap):
        return source
    with ExitStack() as opened:
        file = opened.enter_context(source.open("rb")) if isinstance(source, Path) else source
        size_bytes = file.seek(0, 2)
        file.seek(0)
        try:
            # An empty file cannot be mapped, and a file that is not on a disk has no number.
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size_bytes else b""
        except OSError:
            return file.read()


def packed_bytes(instructions: bytes, literals: Iterable[bytes], literal_bytes: int) -> int:
    """About what instructions and literals take once packed."""
    if literal_bytes > COST_BYTES_MAX:
        return len(instructions) + literal_bytes
    return len(lzma.compress(instructions + b"".join(literals), lzma.FORMAT_RAW, filters=COST_FILTERS))


def _by_anchors(old: Bytes, new: Bytes) -> tuple[Copy, ...]:
    mean_bytes = _mean_bytes(len(old))
    anchors = _anchors(old, mean_bytes)
    copies: list[Copy] = []
    done = 0
    for offset, length in _cut(new, mean_bytes):
        if offset + length <= done or len(copies) == COPIES_MAX:
            continue
        start = max(offset, done)
        places = [at + start - offset for at in anchors.get(_key(new, offset, length), ())]
        found = _longest(old, places, new, start, done, len(new))
        if found is not None and found.copy_bytes >= COPY_BYTES_MIN:
            copies.append(found)
            done += found.literal_bytes + found.copy_bytes
    return tuple(copies)


def _finer(old: Bytes, new: Bytes, coarse: Sequence[Copy]) -> tuple[Copy, ...]:
    """The same copies, and between them shorter ones from what the base has left."""
    anchors = _fine_anchors(old, coarse)
    copies: list[Copy] = []
    at = 0
    for copy in (*coarse, Copy(len(new), 0, 0)):
        end = min(at + copy.literal_bytes, len(new))
        found = _fine_copies(old, new, anchors, at, end)
        at += sum(one.literal_bytes + one.copy_bytes for one in found)
        copies += found
        if copy.copy_bytes:
            copies.append(Copy(end - at, copy.base_offset, copy.copy_bytes))
        at = end + copy.copy_bytes
    return tuple(copies) if len(copies) <= COPIES_MAX else tuple(coarse)


def _fine_copies(old: Bytes, new: Bytes, anchors: Mapping[bytes, Sequence[int]], start: int, end: int) -> list[Copy]:
    copies: list[Copy] = []
    done = at = start
    while at + FINE_ANCHOR_BYTES <= end:
        places = anchors.get(new[at : at + FINE_ANCHOR_BYTES], ())
        found = _longest(old, places, new, at, done, end)
        if found is not None and found.copy_bytes >= FINE_COPY_BYTES_MIN:
            copies.append(found)
            done += found.literal_bytes + found.copy_bytes
            at = done
        else:
            at += 1
    return copies


def _fine_anchors(old: Bytes, coarse: Sequence[Copy]) -> dict[bytes, list[int]]:
    anchors: dict[bytes, list[int]] = {}
    left_bytes = FINE_BASE_BYTES_MAX
    for start, end in reversed(_left_over(len(old), coarse)):
        start = max(start, end - left_bytes)
        left_bytes -= end - start
        for at in range(start, end - FINE_ANCHOR_BYTES + 1, FINE_STEP_BYTES):
            same = anchors.setdefault(old[at : at + FINE_ANCHOR_BYTES], [])
            if len(same) < CANDIDATES_MAX:
                same.append(at)
    return anchors


def _left_over(size_bytes: int, copies: Sequence[Copy]) -> list[tuple[int, int]]:
    """What no copy takes of the base, from where to where."""
    left: list[tuple[int, int]] = []
    at = 0
    for start, length in sorted((copy.base_offset, copy.copy_bytes) for copy in copies):
        if start > at:
            left.append((at, start))
        at = max(at, start + length)
    return [*left, (at, size_bytes)]


def _mean_bytes(size_bytes: int) -> int:
    mean_bytes = ANCHOR_BYTES
    while mean_bytes < ANCHOR_BYTES_MAX and size_bytes > mean_bytes * ANCHORS_MAX:
        mean_bytes *= 2
    return mean_bytes


def _anchors(data: Bytes, mean_bytes: int) -> dict[int, list[int]]:
    """Where pieces cut by content lie, by a sum of their bytes: matches are compared, so sums need not be unique."""
    places: dict[int, list[int]] = {}
    for offset, length in _cut(data, mean_bytes):
        same = places.setdefault(_key(data, offset, length), [])
        if len(same) < CANDIDATES_MAX:
            same.append(offset)
    return places


def _cut(data: Bytes, mean_bytes: int) -> Iterator[tuple[int, int]]:
    # The view is let go at the end, so that a file mapped by the caller can be closed by the caller.
    with memoryview(data) as view:
        for chunk in FastCDC(avg_size=mean_bytes).cut_buf(view):
            yield chunk.offset, chunk.length


def _key(data: Bytes, offset: int, length: int) -> int:
    return zlib.crc32(data[offset : offset + length]) << 24 | length


def _longest(old: Bytes, places: Iterable[int], new: Bytes, start: int, done: int, end: int) -> Copy | None:
    """The longest copy through `start` and one of these places of the base; the first of equal ones."""
    found = (_stretched(old, at, new, start, done, end) for at in places)
    return max(found, default=None, key=lambda copy: copy.copy_bytes)


def _stretched(old: Bytes, at: int, new: Bytes, start: int, done: int, end: int) -> Copy:
    """The copy through these two places, as long as it goes within the target's bytes from `done` to `end`."""
    back_bytes = _equal_before(old, at, new, start, min(at, start - done))
    ahead_bytes = _equal_after(old, at, new, start, min(len(old) - at, end - start))
    return Copy(start - back_bytes - done, at - back_bytes, back_bytes + ahead_bytes)


def _equal_after(old: Bytes, at: int, new: Bytes, start: int, limit_bytes: int) -> int:
    """How many bytes are equal from here on."""
    equal, step = 0, COMPARED_BYTES_MIN
    while equal < limit_bytes:
        step = min(step, limit_bytes - equal)
        one, two = old[at + equal : at + equal + step], new[start + equal : start + equal + step]
        if one != two:
            return equal + _equal_prefix(one, two)
        equal, step = equal + step, min(step * 2, COMPARED_BYTES_MAX)
    return equal


def _equal_before(old: Bytes, at: int, new: Bytes, start: int, limit_bytes: int) -> int:
    """How many bytes are equal just before here."""
    equal, step = 0, COMPARED_BYTES_MIN
    while equal < limit_bytes:
        step = min(step, limit_bytes - equal)
        one, two = old[at - equal - step : at - equal], new[start - equal - step : start - equal]
        if one != two:
            return equal + _equal_prefix(one[::-1], two[::-1])
        equal, step = equal + step, min(step * 2, COMPARED_BYTES_MAX)
    return equal


def _equal_prefix(one: bytes, two: bytes) -> int:
    """How many bytes two pieces that differ have in common at their beginning, by halves."""
    equal = 0
    while len(one) > 1:
        half = len(one) // 2
        if one[:half] == two[:half]:
            equal += half
            one, two = one[half:], two[half:]
        else:
            one, two = one[:half], two[:half]
    return equal
