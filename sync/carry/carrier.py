"""The carrier: what letters and packs lie on while somebody carries them.

* A stick's folder and a single file look the same from here: small files, each under a plain name.
* Every name is one that any disk can keep: small ASCII letters, digits, dots and hyphens, 64 at most. A pack is named
  by its bytes, so that campuses share it, and lies in parts where it is longer than a file may be on FAT32.
* What is read was written by a stranger until it has proven itself; nothing here believes any of it.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from catalog.digest import READ_BYTES, Digest
from catalog.fault import BoxFault

NAME_CHARACTERS_MAX = 64
PART_BYTES_MAX = (4 << 30) - (1 << 20)
"""FAT32 ends a file at 4 GiB - 1; a round number below it keeps parts on whole clusters."""
PARTS_MAX = 1000
FILES_MAX = 20_000
DIGEST_LETTERS = 48
"""192 bits of a pack's SHA-256 name it on a stick; whose name is longer meets the limit with `.part` behind it."""
SUFFIX = ".qanat"

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_DOWN = re.compile(r"down-([a-z0-9]{1,32})\.letter")
_UP = re.compile(r"up-([a-z0-9]{1,32})\.age")


class StickBroken(BoxFault):
    """The stick was taken out, is locked against writing, or does not keep what is written to it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A pack as a letter lists it: its name in plans, its length, and its bytes' own name."""

    pack: str
    size_bytes: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a pack on a carrier: its name there, and which of the pack's bytes it holds."""

    name: str
    offset: int
    size_bytes: int


class Carrier(Protocol):
    """Hands out files. An implementation may not follow links, and may not hand out what is not a plain file."""

    def files(self) -> Mapping[str, int]:
        """Every file by its name, and its size. Raises StickBroken."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading. Raises StickBroken where it is gone, or the carrier is."""
        ...


def is_file_name(name: str) -> bool:
    """Tell whether any disk keeps this name as it is."""
    return _NAME.fullmatch(name) is not None


def down_name(box: str) -> str:
    """Where the hub's letter to this box lies."""
    return f"down-{box}.letter"


def insert_name(box: str) -> str:
    """Where what is enclosed with the hub's letter to this box lies, sealed."""
    return f"insert-{box}.age"


def up_name(box: str) -> str:
    """Where this box's sealed letter to its hub lies."""
    return f"up-{box}.age"


def down_names(files: Mapping[str, int]) -> list[str]:
    """The hub's letters among these files."""
    return sorted(name for name in files if _DOWN.fullmatch(name))


def up_names(files: Mapping[str, int]) -> list[str]:
    """The boxes' letters among these files."""
    return sorted(name for name in files if _UP.fullmatch(name))


def parts_of(listed: Listed, part_bytes: int = PART_BYTES_MAX) -> list[Part]:
    """The files that hold a pack.

    >>> [part.name[-4:] for part in parts_of(Listed("p", 10, Digest("12" + "a" * 64)), part_bytes=4)]
    ['.000', '.001', '.002']
    """
    stem = f"pack-{listed.digest[2 : 2 + DIGEST_LETTERS]}"
    return [
        Part(f"{stem}.{number:03d}", offset, min(part_bytes, listed.size_bytes - offset))
        for number, offset in enumerate(range(0, max(1, listed.size_bytes), part_bytes))
    ]


def is_pack_name(name: str) -> bool:
    """Tell whether a file of this name holds a part of a pack."""
    return name.startswith("pack-") and is_file_name(name)


def is_whole(files: Mapping[str, int], listed: Listed) -> bool:
    """Tell whether all of a pack is there, by the lengths of its parts."""
    return all(files.get(part.name) == part.size_bytes for part in parts_of(listed))


def pieces_of(carrier: Carrier, listed: Listed, offset: int = 0) -> Generator[bytes, None, None]:
    """The bytes of a pack from `offset` on, over all of its parts. Raises StickBroken."""
    for part in parts_of(listed):
        end = part.offset + part.size_bytes
        if end > offset or listed.size_bytes == 0:
            yield from _part_pieces(carrier, part, max(0, offset - part.offset))


def read_whole(carrier: Carrier, name: str, bytes_max: int) -> bytes:
    """A small file; at most `bytes_max` and one more byte of it, so that the reader sees that it is too long."""
    with carrier.open(name) as file:
        return spoken_read(file, bytes_max + 1)


def spoken_read(file: BinaryIO, size_bytes: int) -> bytes:
    """Read, and say what the disk says as a fault. Raises StickBroken."""
    try:
        return file.read(size_bytes)
    except OSError as error:
        raise broken(error) from error


def broken(error: OSError) -> StickBroken:
    """What an operating-system error means to whoever holds the stick."""
    return StickBroken(
        f"The stick cannot be used any more: {error.strerror or 'it ended too early'}.",
        "Was it taken out? Put it in again: what is on it already stays, and the rest goes on from there.",
    )


def _part_pieces(carrier: Carrier, part: Part, start: int) -> Iterator[bytes]:
    left_bytes = part.size_bytes - start
    with carrier.open(part.name) as file:
        try:
            file.seek(start)
        except OSError as error:
            raise broken(error) from error
        while left_bytes:
            piece = spoken_read(file, min(READ_BYTES, left_bytes))
            if not piece:
                raise StickBroken(
                    "A pack on the stick ends too early.", "Have the hub write the stick again; the rest is taken."
                )
            left_bytes -= len(piece)
            yield piece


def names_of(packs: Sequence[Listed]) -> set[str]:
    """The files that these packs lie in."""
    return {part.name for listed in packs for part in parts_of(listed)}
