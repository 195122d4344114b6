"""The pack file: how one layer of a release travels, whole or as a patch on what the other side has.

* prelude | open part | closed part | groups, one after the other, and nothing behind them:

      prelude       4 bytes "QPCK", version u8, profile u8, codec of the closed part u8, CRC-32 of both parts u32,
                    the base release's root (32 bytes; noughts in a full pack), three counts: the length of the open
                    part, of the closed part on the wire, and of the closed part unpacked
      open part     how many files were removed, changed, added; the groups; the hashes that the release has anew
      closed part   the release's document and the columns of files, packed on the base's document and its paths
                    (sync/patch/header.py): so names and words that the other side has cost next to nothing
      group         what its row says: codec, length on the wire, length unpacked, and a check of the wire

* The groups unpack to one stream; the files take their bytes from it in the order of `stream_key`. A file may reach
  over several groups, a group may hold thousands of files. Each group stands on its own: beside its own bytes it
  needs only files of the base, its prefix, which the closed part names.
* No file's digest travels: who rebuilds the files computes them, and the release's root proves them all at once. A
  group's check is there for accidents on the way; against lies there is only the root.
* There is a codec for every group and for every file: a codec that not every box has makes another profile.
* Fixed numbers are little-endian; a count has seven bits a byte, the lowest first, the top bit while more follow.
  Every length has a limit, checked before anything is unpacked.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from catalog.digest import ALGORITHM_SHA256, Digest
from catalog.fault import ContentFault
from catalog.manifest import Layer, Release
from sync.columns import Reader, Unreadable, Writer

MAGIC = b"QPCK"
VERSION = 2

GROUP_RAW_BYTES_MAX = 32 << 20
WINDOW_BYTES_MAX = 32 << 20
"""A group and its prefix together: the memory that a box needs to unpack it."""
ZSTD_WINDOW_BYTES_MAX = 16 << 20
"""The same where the codec is zstd and there is a prefix, which a box then holds twice; also, with a larger prefix
zstd quietly finds nothing in it."""
GROUPS_MAX = 1 << 17
PREFIX_FILES_MAX = 200_000
"""Of all groups together: a list of places is the one thing that packs to much less than it takes in memory."""
OPEN_BYTES_MAX = 4 << 20
HEADER_BYTES_MAX = 32 << 20
HEADER_PREFIX_BYTES_MAX = 8 << 20
"""How much of a base's list of paths helps to pack the next one: enough for a hundred thousand files."""
JPEG_XL_BYTES_MAX = 16 << 20
CHECK_BYTES = 8
ROOT_BYTES = 32

_PRELUDE = struct.Struct("<4sBBBI32s")
_LENGTHS_BYTES_MAX = 15


class PackRefused(ContentFault):
    """A pack cannot be taken: damaged, cut short, hostile, or not the release that was asked for.

    `good_bytes` says how much of the file's beginning was found whole: what a fetch may keep.
    """

    def __init__(self, sentence: str, hint: str = "", good_bytes: int = 0) -> None:
        super().__init__(sentence, hint)
        self.good_bytes = good_bytes


class Profile(IntEnum):
    """Which codecs a pack may use."""

    BASE = 1
    """Those that every box has."""
    JPEG_XL = 2
    """And JPEG XL, for boxes that have `djxl`."""


class Operation(IntEnum):
    """Where a file's bytes come from. A path that is neither changed nor removed stays as it is in the base."""

    NEW = 0
    """The next bytes of the stream."""
    SAME = 1
    """The same as another file of the list."""
    HELD = 2
    """The same as a file of the base, which has another path: renamed or copied."""
    COPIES = 3
    """Copied out of a file of the base, here and there; instructions and what is new are the stream's next bytes."""


class FileCodec(IntEnum):
    """How a file's bytes lie in the stream."""

    PLAIN = 0
    JPEG_XL = 1
    """A JPEG as JPEG XL, which gives back the very bytes."""


class GroupCodec(IntEnum):
    """How a group's bytes (and the closed part of the header) lie on the wire."""

    RAW = 0
    ZSTD = 1
    XZ = 2
    """LZMA2 as in .xz files, without their frame."""
    XZ_DELTA = 3
    """The same of each byte's difference from the one four places before it: for tables of numbers, as in the index of
    a film. It takes no prefix."""


@dataclass(frozen=True, slots=True)
class Held:
    """One layer of a release that is here, and so can be a base."""

    release: Release
    layer: Layer
    open: Callable[[Digest], BinaryIO]


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the layer that the base has not at this path, or has otherwise."""

    path: str
    size_bytes: int
    media_type: str
    role: str
    operation: Operation = Operation.NEW
    codec: FileCodec = FileCodec.PLAIN
    is_packed: bool = False
    """Whether it hardly shrinks, being packed already: such files have groups of their own."""
    place: int = 0
    """SAME: of the other file among the rows. HELD, COPIES: of the file in the base's list."""
    stream_bytes: int = 0
    """NEW, COPIES: what it takes of the stream."""
    instructions_bytes: int = 0
    """COPIES: how much of that tells what to copy."""

    @property
    def is_in_stream(self) -> bool:
        return self.operation in (Operation.NEW, Operation.COPIES)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group: how it is packed, how long it is packed and unpacked, what shows it came whole, and its prefix."""

    codec: GroupCodec
    wire_bytes: int
    raw_bytes: int
    check: bytes
    far: tuple[int, ...] = ()
    near: tuple[int, ...] = ()
    """The prefix: files of the base by their place in its list; the far ones, then the near ones, each lot in the
    order of the stream. What is nearer costs less to name."""


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack that was built."""

    name: str
    size_bytes: int
    groups: int
    profile: Profile = Profile.BASE


@dataclass(frozen=True, slots=True)
class Prelude:
    """The first bytes of a pack: what it is a patch on, and how long its header is."""

    profile: Profile
    codec: GroupCodec
    crc32: int
    base_root: Digest | None
    open_bytes: int
    wire_bytes: int
    raw_bytes: int

    def to_bytes(self) -> bytes:
        root = bytes(ROOT_BYTES) if self.base_root is None else hash_of(self.base_root)
        lengths = Writer()
        for number in (self.open_bytes, self.wire_bytes, self.raw_bytes):
            lengths.count(number)
        return _PRELUDE.pack(MAGIC, VERSION, self.profile, self.codec, self.crc32, root) + bytes(lengths.data)

    @classmethod
    def read(cls, file: BinaryIO) -> Self:
        """Read it, and leave `file` at the open part. Raises PackRefused."""
        data = file.read(_PRELUDE.size + _LENGTHS_BYTES_MAX)
        demand(data[: len(MAGIC)] == MAGIC[: len(data)], "it is not a pack")
        demand(len(data) > _PRELUDE.size, "it is cut short")
        _, version, profile, codec, crc32, root = _PRELUDE.unpack_from(data)
        if version != VERSION or profile not in iter(Profile) or codec not in iter(GroupCodec):
            raise PackRefused(
                f"A pack has form {version}.{profile}.{codec}, which is not understood here.",
                "Update the box's software; its courses stay as they are until then.",
            )
        try:
            lengths = Reader(data[_PRELUDE.size :])
            numbers = [lengths.count(most) for most in (OPEN_BYTES_MAX, HEADER_BYTES_MAX, HEADER_BYTES_MAX)]
        except Unreadable as error:
            raise refused("its header is too long, or cut short") from error
        file.seek(len(data) - len(lengths.rest()))
        base_root = None if root == bytes(ROOT_BYTES) else digest_from(root)
        return cls(Profile(profile), GroupCodec(codec), crc32, base_root, *numbers)


def pack_name(from_root: Digest | None, release_root: Digest, layer: str, profile: Profile = Profile.BASE) -> str:
    """The file name of a pack: which layer, of which release, from which other (or full), in which form.

    >>> pack_name(None, Digest("12" + "ab" * 32), "core")
    'core-abababababababababababababababab-full-2-1'
    """
    base = "full" if from_root is None else _short(from_root)
    return f"{layer}-{_short(release_root)}-{base}-{VERSION}-{profile}"


def base_of(pack: Path) -> Digest | None:
    """The root of the release that a pack was made against, or None for a full pack. Raises PackRefused."""
    with pack.open("rb") as file:
        return Prelude.read(file).base_root


def stream_order(path: str) -> tuple[str, str, str]:
    """Like beside like: by extension, base name, path."""
    pure = PurePosixPath(path)
    return pure.suffix.lower(), pure.name, path


def stream_key(row: FileRow) -> tuple[int, str, str, str]:
    """Where a file lies in the stream: what shrinks, what is packed already, copies; each by `stream_order`."""
    strand = 2 if row.operation is Operation.COPIES else int(row.is_packed)
    return strand, *stream_order(row.path)


def hash_of(digest: Digest) -> bytes:
    """A digest's bare 32 bytes."""
    return bytes.fromhex(digest[len(ALGORITHM_SHA256) :])


def digest_from(data: bytes) -> Digest:
    return Digest(ALGORITHM_SHA256 + data.hex())


def demand(holds: bool, what: str, good_bytes: int = 0) -> None:
    """Raises PackRefused where `holds` is not so."""
    if not holds:
        raise refused(what, good_bytes)


def refused(what: str, good_bytes: int = 0) -> PackRefused:
    return PackRefused(
        f"A pack cannot be taken: {what}.",
        "Nothing of it was kept; the next session fetches it again. If it stays so, publish the course again.",
        good_bytes,
    )


def not_understood(what: str) -> PackRefused:
    """A newer hub's pack: nothing is wrong with it."""
    return PackRefused(f"A pack uses {what}, which is not understood here.", "Update the box's software.")


def _short(root: Digest) -> str:
    """128 bits of a root: enough that no two packs meet in one name. What proves a pack is its root, not its name."""
    return root[2:34]
