"""The pack file: how one layer of a release is laid out to travel.

* prelude | header | groups, one after the other, and nothing behind them:

      prelude   4 bytes "QPCK", version u8, profile u8, header's length u32, its unpacked length u32, its CRC-32 u32
      header    one zstd frame of canonical JSON: the release's document, the layer's name, files, groups
      group     what the header's row says: codec, length on the wire, length unpacked, SHA-256 of the wire

* The groups unpack to one stream; the files take their bytes from it in the order of the header's list. A file may
  reach over several groups, a group may hold thousands of files, and each group stands on its own.
* No file's digest travels: who rebuilds the files computes them, and the release's root proves them all at once.
* There is a codec byte for every group and for every file, and a kind for every file's operation. What a full pack
  does not need (bases, copies, other codecs) gets further numbers and further columns, never another framing.
* Lengths are little-endian. Every length has a limit, checked before anything is unpacked.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

import zstandard

from catalog.digest import Digest
from catalog.fault import ContentFault
from catalog.manifest import LAYER_FILES_MAX, canonical, is_safe_path, parsed
from sync.keys import base64url, from_base64url

MAGIC = b"QPCK"
VERSION = 1
PROFILE_BASE = 1
"""The codecs that every box has. A second profile may use more, in packs of their own."""

PRELUDE = struct.Struct("<4sBBIII")
GROUP_BYTES = 8 << 20
"""Where a builder closes a group: what the box needs in memory, twice."""
GROUP_RAW_BYTES_MAX = 16 << 20
GROUP_WIRE_BYTES_MAX = GROUP_RAW_BYTES_MAX
GROUPS_MAX = 1 << 17
HEADER_BYTES_MAX = 32 << 20
HEADER_LEVEL = 19
HASH_BYTES = 32
WINDOW_BYTES_MAX = 32 << 20


class PackRefused(ContentFault):
    """A pack cannot be taken: damaged, cut short, hostile, or not the release that was asked for.

    `good_bytes` says how much of the file's beginning was found whole: what a fetch may keep.
    """

    def __init__(self, sentence: str, hint: str = "", good_bytes: int = 0) -> None:
        super().__init__(sentence, hint)
        self.good_bytes = good_bytes


class Operation(IntEnum):
    """Where a file's bytes come from."""

    NEW = 0
    """The next bytes of the stream."""
    SAME = 1
    """The same as an earlier file of the list; its place there is the argument."""


class FileCodec(IntEnum):
    """How a file's bytes lie in the stream."""

    PLAIN = 0


class GroupCodec(IntEnum):
    """How a group's bytes lie on the wire."""

    RAW = 0
    ZSTD = 1


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file of the layer, in the order of the stream."""

    path: str
    size_bytes: int
    media_type: str
    role: str
    operation: Operation = Operation.NEW
    codec: FileCodec = FileCodec.PLAIN
    argument: int = 0


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group: how it is packed, how long it is packed and unpacked, and what proves it came whole."""

    codec: GroupCodec
    wire_bytes: int
    raw_bytes: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What a pack says of itself. `release` is the document's own bytes, so that its root can be proven."""

    release: bytes
    layer: str
    files: tuple[FileRow, ...]
    groups: tuple[GroupRow, ...]

    def to_bytes(self) -> bytes:
        """Prelude and header. Raises PackRefused where the layer has too many or too long names for one header."""
        types, roles = (sorted({getattr(row, name) for row in self.files}) for name in ("media_type", "role"))
        document = canonical(
            {
                "files": {
                    "operation": [_operation(row) for row in self.files],
                    "path": [row.path for row in self.files],
                    "role": [roles.index(row.role) for row in self.files],
                    "size": [row.size_bytes for row in self.files],
                    "type": [types.index(row.media_type) for row in self.files],
                },
                "groups": [[row.codec, row.wire_bytes, row.raw_bytes, base64url(row.sha256)] for row in self.groups],
                "layer": self.layer,
                "release": self.release.decode(),
                "roles": roles,
                "types": types,
            }
        )
        if len(document) > HEADER_BYTES_MAX or len(self.groups) > GROUPS_MAX:
            raise refused(f"its list of {len(self.files)} files does not fit into one header")
        wire = zstandard.ZstdCompressor(level=HEADER_LEVEL).compress(document)
        return PRELUDE.pack(MAGIC, VERSION, PROFILE_BASE, len(wire), len(document), zlib.crc32(wire)) + wire

    @classmethod
    def from_bytes(cls, prelude: "Prelude", wire: bytes) -> Self:
        """Raises PackRefused where the header is not one that we would have written."""
        fields = _fields(prelude, wire)
        names = {name: _texts(fields, name) for name in ("types", "roles")}
        files = _table(fields.get("files"), names["types"], names["roles"])
        rows = fields.get("groups")
        demand(isinstance(rows, list) and len(rows) <= GROUPS_MAX, "its groups are not a list")
        groups = tuple(_group(row) for row in rows or [])
        demand(isinstance(fields.get("release"), str) and isinstance(fields.get("layer"), str), "it names no release")
        stream_bytes = sum(row.size_bytes for row in files if row.operation is Operation.NEW)
        demand(stream_bytes == sum(group.raw_bytes for group in groups), "its groups do not hold what its files need")
        return cls(fields["release"].encode(), fields["layer"], files, groups)


@dataclass(frozen=True, slots=True)
class Prelude:
    """The first bytes of a pack: how long its header is."""

    wire_bytes: int
    raw_bytes: int
    crc32: int

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises PackRefused."""
        demand(len(data) == PRELUDE.size, "it is cut short")
        magic, version, profile, wire_bytes, raw_bytes, crc32 = PRELUDE.unpack(data)
        demand(magic == MAGIC, "it is not a pack")
        if version != VERSION or profile != PROFILE_BASE:
            raise PackRefused(
                f"A pack has form {version}.{profile}; form {VERSION}.{PROFILE_BASE} is understood here.",
                "Update the box's software; its courses stay as they are until then.",
            )
        demand(wire_bytes <= HEADER_BYTES_MAX and raw_bytes <= HEADER_BYTES_MAX, "its header is too long")
        return cls(wire_bytes, raw_bytes, crc32)


def pack_name(from_root: Digest | None, release_root: Digest, layer: str) -> str:
    """The file name of a pack: which layer, of which release, from which other (or full), in which profile.

    >>> pack_name(None, Digest("12" + "ab" * 32), "core")
    'core-abababababababababababababababab-full-1'
    """
    base = "full" if from_root is None else _short(from_root)
    return f"{layer}-{_short(release_root)}-{base}-{PROFILE_BASE}"


def unpacked(codec: GroupCodec, wire: bytes, raw_bytes: int) -> bytes:
    """A group's bytes, which are exactly `raw_bytes` long. Raises PackRefused."""
    match codec:
        case GroupCodec.RAW:
            demand(len(wire) == raw_bytes, "a group is not as long as it says")
            return wire
        case GroupCodec.ZSTD:
            return unpacked_frame(wire, raw_bytes)


def unpacked_frame(wire: bytes, raw_bytes: int) -> bytes:
    """What one zstd frame holds, never more than it should: its own word is checked before memory is taken."""
    try:
        frame = zstandard.get_frame_parameters(wire)
        fits = frame.content_size == raw_bytes and frame.window_size <= WINDOW_BYTES_MAX and frame.dict_id == 0
        demand(fits, "a frame does not hold what it should")
        raw = zstandard.ZstdDecompressor().decompress(wire, max_output_size=raw_bytes, allow_extra_data=False)
    except (zstandard.ZstdError, ValueError) as error:
        raise refused("a frame cannot be unpacked") from error
    demand(len(raw) == raw_bytes, "a frame does not hold what it should")
    return raw


def demand(holds: bool, what: str, good_bytes: int = 0) -> None:
    if not holds:
        raise refused(what, good_bytes)


def refused(what: str, good_bytes: int = 0) -> PackRefused:
    return PackRefused(
        f"A pack cannot be taken: {what}.",
        "Nothing of it was kept; the next session fetches it again. If it stays so, publish the course again.",
        good_bytes,
    )


def _operation(row: FileRow) -> list[int]:
    return [row.operation, row.codec] if row.operation is Operation.NEW else [row.operation, row.codec, row.argument]


def _fields(prelude: Prelude, wire: bytes) -> dict[str, Any]:
    demand(len(wire) == prelude.wire_bytes, "it is cut short")
    demand(zlib.crc32(wire) == prelude.crc32, "its header is damaged")
    raw = unpacked_frame(wire, prelude.raw_bytes)
    try:
        fields = parsed(raw, dict)
        # Written as we would write it: so no text in it is one that cannot be written at all (half a surrogate pair).
        demand(canonical(fields) == raw, "its header is not canonical")
    except (ContentFault, ValueError) as error:
        raise refused("its header cannot be read") from error
    return fields


def _texts(fields: dict[str, Any], name: str) -> list[str]:
    texts = fields.get(name)
    demand(isinstance(texts, list) and all(isinstance(text, str) for text in texts), f"its {name} are not texts")
    return list(texts or [])


def _table(columns: Any, types: Sequence[str], roles: Sequence[str]) -> tuple[FileRow, ...]:
    names = ("path", "size", "type", "role", "operation")
    demand(isinstance(columns, dict) and all(isinstance(columns.get(name), list) for name in names), "it has no files")
    lengths = {len(columns[name]) for name in names}
    demand(len(lengths) == 1 and lengths.pop() <= LAYER_FILES_MAX, "its list of files is uneven or too long")
    rows: list[FileRow] = []
    for path, size, kind, role, operation in zip(*(columns[name] for name in names), strict=True):
        rows.append(_file(rows, path, size, _pick(types, kind), _pick(roles, role), operation))
    demand(len({row.path for row in rows}) == len(rows), "it has a path twice")
    return tuple(rows)


def _file(before: Sequence[FileRow], path: Any, size: Any, media_type: str, role: str, operation: Any) -> FileRow:
    demand(isinstance(path, str) and is_safe_path(path), f"it has an unsafe path {str(path)[:80]!r}")
    demand(_is_count(size), f"{path} has no size")
    whole = isinstance(operation, list) and len(operation) >= 2 and all(_is_count(number) for number in operation)
    demand(whole, f"{path} comes from nowhere")
    kind, codec, *arguments = operation
    if kind not in iter(Operation) or codec not in iter(FileCodec):
        raise PackRefused(
            f"A pack uses a way of packing ({kind}.{codec}) that is not understood here.", "Update the box's software."
        )
    row = FileRow(path, size, media_type, role, Operation(kind), FileCodec(codec), *arguments[:1])
    match row.operation:
        case Operation.NEW:
            demand(not arguments, f"{path} comes from nowhere")
        case Operation.SAME:
            is_earlier = len(arguments) == 1 and row.argument < len(before)
            demand(is_earlier and before[row.argument].size_bytes == size, f"{path} is the same as no file")
    return row


def _group(row: Any) -> GroupRow:
    demand(isinstance(row, list) and len(row) == 4, "a group is not described")
    codec, wire_bytes, raw_bytes, text = row
    demand(all(_is_count(number) for number in (codec, wire_bytes, raw_bytes)), "a group has no length")
    if codec not in iter(GroupCodec):
        raise PackRefused(f"A pack uses a codec ({codec}) that is not understood here.", "Update the box's software.")
    demand(0 < raw_bytes <= GROUP_RAW_BYTES_MAX and 0 < wire_bytes <= GROUP_WIRE_BYTES_MAX, "a group is too long")
    try:
        hash_bytes = from_base64url(text) if isinstance(text, str) else b""
    except ValueError:
        hash_bytes = b""
    demand(len(hash_bytes) == HASH_BYTES, "a group has no hash")
    return GroupRow(GroupCodec(codec), wire_bytes, raw_bytes, hash_bytes)


def _pick(names: Sequence[str], place: Any) -> str:
    demand(_is_count(place) and place < len(names), "a file's type or role is not in its list")
    return names[int(place)]


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _short(root: Digest) -> str:
    """128 bits of a root: enough that no two packs meet in one name. What proves a pack is its root, not its name."""
    return root[2:34]
