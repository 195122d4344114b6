"""MP4 files: is the film whole, and how long is it?

* The file is a row of boxes, each saying its length; one that reaches past the end of the file means it was cut.
* Without the box `moov`, the film's index, no player can open it. Only headers are read, never the pictures.
* ISO/IEC 14496-12 says what the boxes are.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from catalog.fault import ContentFault

BOXES_MAX = 200_000
_TOP_KINDS = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot"}


class Box(NamedTuple):
    """A box's kind, and where its contents begin and end."""

    kind: bytes
    start: int
    end: int


def is_mp4(head: bytes) -> bool:
    """Tell whether a file that begins so is an MP4 or QuickTime film."""
    return len(head) >= 12 and (head[4:8] == b"ftyp" or (head[4:8] in _TOP_KINDS and head[:2] == b"\0\0"))


def seconds_of(film: Path) -> int:
    """The length of a whole film in seconds, rounded up; 0 where its index does not say.

    Raises ContentFault where the film was cut or has no index.
    """
    with film.open("rb") as file:
        boxes = {box.kind: box for box in _boxes(file, 0, film.stat().st_size, film.name)}
        moov = boxes.get(b"moov")
        if moov is None:
            raise ContentFault(
                f"The film {film.name} has no index, so no player can open it.",
                "Its recording or export was interrupted. Export it again as MP4.",
            )
        parts = {box.kind: box for box in _boxes(file, moov.start, moov.end, film.name)}
        if b"trak" not in parts or not {b"mdat", b"moof"} & boxes.keys():
            raise ContentFault(f"The film {film.name} has no pictures in it.", "Export it again as MP4.")
        return _seconds(file, parts.get(b"mvhd"))


def is_sound(film: Path) -> bool:
    """Tell whether there is sound in it and no picture, whatever it calls itself; its tracks say so."""
    try:
        with film.open("rb") as file:
            kinds = set(_tracks(file, film))
    except ContentFault:
        return False
    return b"soun" in kinds and b"vide" not in kinds


def _tracks(file: BinaryIO, film: Path) -> Iterator[bytes]:
    for moov in _boxes(file, 0, film.stat().st_size, film.name):
        if moov.kind != b"moov":
            continue
        for trak in _boxes(file, moov.start, moov.end, film.name):
            for mdia in _boxes(file, trak.start, trak.end, film.name) if trak.kind == b"trak" else ():
                for hdlr in _boxes(file, mdia.start, mdia.end, film.name) if mdia.kind == b"mdia" else ():
                    if hdlr.kind == b"hdlr":
                        file.seek(hdlr.start + 8)
                        yield file.read(4)


def is_faststart(film: Path) -> bool:
    """Tell whether the index stands before the pictures, so that a player can begin before all of it has come."""
    with film.open("rb") as file:
        kinds = [box.kind for box in _boxes(file, 0, film.stat().st_size, film.name) if box.kind in (b"moov", b"mdat")]
    return kinds[:1] == [b"moov"]


def _boxes(file: BinaryIO, start: int, end: int, name: str) -> Iterator[Box]:
    for _ in range(BOXES_MAX):
        if start == end:
            return
        file.seek(start)
        header = file.read(16)
        size_bytes, contents = _size(header, end - start)
        if size_bytes < contents or start + size_bytes > end:
            raise ContentFault(
                f"The film {name} ends too early: part of it is missing.",
                "It was probably cut while downloading or copying. Fetch it again and import it again.",
            )
        yield Box(header[4:8], start + contents, start + size_bytes)
        start += size_bytes
    raise ContentFault(f"The film {name} is made of too many pieces.", "Export it again as MP4.")


def _size(header: bytes, left_bytes: int) -> tuple[int, int]:
    """A box's whole length and its header's length; impossible ones where the header itself is cut."""
    if left_bytes < 8:
        return left_bytes, 8
    size_bytes = struct.unpack_from(">L", header)[0]
    match size_bytes:
        case 0:
            return left_bytes, 8
        case 1:
            return (struct.unpack_from(">Q", header, 8)[0], 16) if left_bytes >= 16 else (0, 16)
        case _:
            return size_bytes, 8


def _seconds(file: BinaryIO, mvhd: Box | None) -> int:
    if mvhd is None or mvhd.end - mvhd.start < 20:
        return 0
    file.seek(mvhd.start)
    data = file.read(32)
    if data[0] == 1 and len(data) == 32:
        scale, duration = struct.unpack_from(">LQ", data, 20)
    else:
        scale, duration = struct.unpack_from(">LL", data, 12)
    return -(-duration // scale) if scale and duration < 1 << 48 and duration != 0xFFFFFFFF else 0
