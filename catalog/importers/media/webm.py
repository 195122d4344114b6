"""WebM files: is the film whole, and how long is it?

* The file is an EBML header and one segment, which says its length unless it was recorded live.
* Only the headers before the first pictures are read. RFC 8794 says what the elements are.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from catalog.fault import ContentFault

ELEMENTS_MAX = 1000
MAGIC = b"\x1a\x45\xdf\xa3"

_SEGMENT, _INFO, _CLUSTER = 0x18538067, 0x1549A966, 0x1F43B675
_SCALE, _DURATION = 0x2AD7B1, 0x4489
_NANOSECONDS = 1_000_000_000


class Element(NamedTuple):
    """An element's name, where its contents begin, and their length (None: not said)."""

    name: int
    start: int
    size_bytes: int | None


def is_webm(head: bytes) -> bool:
    """Tell whether a file that begins so is a WebM film."""
    return head.startswith(MAGIC) and b"webm" in head[:64]


def seconds_of(film: Path) -> int:
    """The length of a film in seconds, rounded up; 0 where it does not say.

    Raises ContentFault where the film was cut.
    """
    file_bytes = film.stat().st_size
    with film.open("rb") as file:
        segment = _find(file, 0, file_bytes, _SEGMENT)
        if segment is None:
            raise _cut(film)
        end = file_bytes if segment.size_bytes is None else segment.start + segment.size_bytes
        if end > file_bytes:
            raise _cut(film)
        info = _find(file, segment.start, end, _INFO)
        return _seconds(file, info) if info is not None else 0


def _cut(film: Path) -> ContentFault:
    return ContentFault(
        f"The film {film.name} ends too early: part of it is missing.",
        "It was probably cut while downloading or copying. Fetch it again and import it again.",
    )


def _find(file: BinaryIO, start: int, end: int, wanted: int) -> Element | None:
    for element in _elements(file, start, end):
        if element.name == wanted:
            return element
        if element.name == _CLUSTER:
            break
    return None


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[Element]:
    for _ in range(ELEMENTS_MAX):
        if start >= end:
            return
        file.seek(start)
        header = file.read(12)
        name_bytes = _length(header, 4)
        size_length = _length(header[name_bytes:], 8)
        if not name_bytes or not size_length:
            return
        name = int.from_bytes(header[:name_bytes], "big")
        size_bytes = int.from_bytes(header[name_bytes : name_bytes + size_length], "big")
        # The leading one only says how long the number is; all ones after it mean that the length was not known.
        size_bytes &= (1 << 7 * size_length) - 1
        is_known = size_bytes != (1 << 7 * size_length) - 1
        contents = start + name_bytes + size_length
        yield Element(name, contents, size_bytes if is_known else None)
        if not is_known:
            return
        start = contents + size_bytes


def _length(header: bytes, most: int) -> int:
    """How many bytes a number takes that begins here; 0 where it is not one."""
    length = 9 - header[0].bit_length() if header and header[0] else 0
    return length if 0 < length <= min(most, len(header)) else 0


def _seconds(file: BinaryIO, info: Element) -> int:
    scale, ticks = 1_000_000, 0.0
    for element in _elements(file, info.start, info.start + (info.size_bytes or 0)):
        file.seek(element.start)
        data = file.read(min(element.size_bytes or 0, 8))
        if element.name == _SCALE:
            scale = int.from_bytes(data, "big")
        elif element.name == _DURATION and len(data) in (4, 8):
            ticks = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
    seconds = ticks * scale / _NANOSECONDS
    return int(-(-seconds // 1)) if 0 < seconds < 1 << 32 else 0
