"""Building a pack at the hub: one layer of a release, whole or as a patch on a base, as one immutable file.

* Files go in the order of extension, base name and path, so that like lies beside like; and what they were before
  lies before them. That, and packing them together, is what makes a pack small, more than any compressor does.
* Every group goes the shortest way there is: LZMA2, zstd or as it is. What is packed already (pictures, films) is
  looked at once, quickly, and kept apart, so that it takes neither time nor another file's room.
* A pack appears whole or not at all, and the same layers give the same bytes.
* One group at a time is in memory: its window, and what the compressor needs for it (about twelve times that).
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import zstandard

from catalog.digest import READ_BYTES, Digest
from catalog.durable import disk_fault, move_into_place, sync_file, sync_folder
from catalog.manifest import Entry, Layer, Release
from sync.patch.bases import Arrival, GroupPlan, fill, listing, planned
from sync.patch.format import (
    GROUP_RAW_BYTES_MAX,
    WINDOW_BYTES_MAX,
    ZSTD_WINDOW_BYTES_MAX,
    FileCodec,
    GroupCodec,
    GroupRow,
    Held,
    PackInfo,
    Profile,
    pack_name,
    stream_key,
    stream_order,
)
from sync.patch.groups import check_of, read_pieces, zstd_packed
from sync.patch.header import Header
from sync.patch.jpeg import JpegXl
from sync.patch.stream import Item, Looking
from sync.patch.xz import TABLES, TEXT, Packer, packed_differences

__all__ = ["PackInfo", "build", "pack_name"]

PATCH_WINDOW_BYTES = 24 << 20
"""What a group and its prefix take at a box: less than it could, so that its other work has room."""
PATCH_GROUP_BYTES = 16 << 20
ZSTD_TRY_BYTES_MAX = 1 << 20
"""Up to here, with the prefix, zstd is tried as well: of two changed words it makes less than LZMA2 does."""
SHAPES_TRY_BYTES_MAX = 1 << 20
"""Up to here a group without a prefix, such as what is new in a film, is packed in every shape there is."""
PROBE_LEVEL = 3
PROBE_WINDOW_LOG = 25
WORTH_PERMILLE = 5
"""What a quick look must find in a group of packed files (pictures that share a part), so that LZMA2 has a try."""

Progress = Callable[[int, int], None]
"""How many bytes of the stream are done, of how many."""


def build(
    release: Release,
    layer: Layer,
    open_file: Callable[[Digest], BinaryIO],
    out: Path,
    *,
    base: Held | None = None,
    jpeg_xl: JpegXl | None = None,
    progress: Progress | None = None,
    group_bytes: int | None = None,
) -> PackInfo:
    """Build the pack that brings a box from `base`, or from nothing, to this layer, as the file `out`.

    Raises Damaged where the files are not what the layer says, DiskFull or BoxFault where the disk does.
    """
    try:
        with tempfile.TemporaryFile(dir=out.parent) as body, tempfile.TemporaryFile(dir=out.parent) as scratch:
            found = listing(layer, base.layer if base is not None else None)
            items = Looking(found, open_file, base, jpeg_xl, scratch).items()
            rows = tuple(item.row for item in items)
            groups = tuple(_groups(body, items, base, found.removed, progress, group_bytes))
            is_plain = all(row.codec is FileCodec.PLAIN for row in rows)
            profile = Profile.BASE if is_plain else Profile.JPEG_XL
            header = Header(release.to_bytes(), layer.name, found.removed, rows, groups, profile).to_bytes(base)
            body.seek(0)
            size_bytes = _write(out, header, body)
    except OSError as error:
        raise disk_fault(error, out) from error
    base_root = base.release.root if base is not None else None
    return PackInfo(pack_name(base_root, release.root, layer.name, profile), size_bytes, len(groups), profile)


def _groups(
    body: BinaryIO,
    items: Sequence[Item],
    base: Held | None,
    removed: Sequence[int],
    progress: Progress | None,
    group_bytes: int | None,
) -> Iterator[GroupRow]:
    in_stream = sorted((item for item in items if item.row.is_in_stream), key=lambda item: stream_key(item.row))
    entries: Sequence[Entry] = base.layer.entries if base is not None else ()
    plans = _plans(in_stream, entries, removed, group_bytes)
    stream = _Stream(in_stream)
    total_bytes = sum(plan.raw_bytes for plan in plans)
    done_bytes = 0
    for plan in plans:
        yield _write_group(body, plan, stream.take(plan.raw_bytes), _prefix(plan, base))
        done_bytes += plan.raw_bytes
        if progress is not None:
            progress(done_bytes, total_bytes)


def _plans(
    items: Sequence[Item], entries: Sequence[Entry], removed: Sequence[int], group_bytes: int | None
) -> list[GroupPlan]:
    is_full = not entries
    window_bytes = WINDOW_BYTES_MAX if is_full else PATCH_WINDOW_BYTES
    if Packer.find() is None and not is_full:
        window_bytes = ZSTD_WINDOW_BYTES_MAX
    most_bytes = group_bytes or min(window_bytes, GROUP_RAW_BYTES_MAX if is_full else PATCH_GROUP_BYTES)
    arrivals = (Arrival(item.row.path, stream_key(item.row)[0], item.row.stream_bytes, item.near) for item in items)
    plans = planned(arrivals, window_bytes, most_bytes)
    for plan in plans:
        if not plan.is_packed:
            fill(plan, entries, removed, window_bytes)
    return plans


def _prefix(plan: GroupPlan, base: Held | None) -> bytes:
    if base is None:
        return b""
    entries = base.layer.entries
    pieces: list[bytes] = []
    for places in (plan.far, plan.near):
        for place in sorted(places, key=lambda place: stream_order(entries[place].path)):
            with base.open(entries[place].digest) as file:
                pieces.append(file.read())
    return b"".join(pieces)


def _packed(packer: Packer, raw: bytes, prefix: bytes) -> Iterator[bytes]:
    """The group in LZMA2: a short one as text and as tables, whichever is less."""
    if prefix or len(raw) > SHAPES_TRY_BYTES_MAX:
        return packer.pack(raw, prefix)
    return iter([min((b"".join(packer.pack(raw, prefix, shape)) for shape in (TEXT, *TABLES)), key=len)])


def _write_group(body: BinaryIO, plan: GroupPlan, raw: bytes, prefix: bytes) -> GroupRow:
    start = body.tell()
    codec, wire_bytes = GroupCodec.RAW, len(raw)
    packer = Packer.find()
    is_worth = not plan.is_packed or _shrinks(raw, prefix)
    if is_worth and packer is not None:
        for piece in _packed(packer, raw, prefix):
            body.write(piece)
        if (packed_bytes := body.tell() - start) < wire_bytes:
            codec, wire_bytes = GroupCodec.XZ, packed_bytes
    for other, pack in _others(raw, prefix, packer) if is_worth else ():
        wire = pack()
        if len(wire) < wire_bytes:
            codec, wire_bytes = other, len(wire)
            body.seek(start)
            body.write(wire)
    if codec is GroupCodec.RAW:
        body.seek(start)
        body.write(raw)
    body.truncate(start + wire_bytes)
    body.seek(start)
    check = check_of(read_pieces(body, wire_bytes))
    is_alone = codec is GroupCodec.RAW
    far, near = (() if is_alone else tuple(sorted(places)) for places in (plan.far, plan.near))
    return GroupRow(codec, wire_bytes, len(raw), check, far, near)


def _others(raw: bytes, prefix: bytes, packer: Packer | None) -> Iterator[tuple[GroupCodec, Callable[[], bytes]]]:
    """What else a group may be packed with, where that takes little time."""
    if _is_for_zstd(raw, prefix, packer):
        yield GroupCodec.ZSTD, lambda: zstd_packed(raw, prefix)
    if not prefix and len(raw) <= SHAPES_TRY_BYTES_MAX:
        yield GroupCodec.XZ_DELTA, lambda: packed_differences(raw)


def _is_for_zstd(raw: bytes, prefix: bytes, packer: Packer | None) -> bool:
    if packer is not None:
        return len(raw) + len(prefix) <= ZSTD_TRY_BYTES_MAX
    return not prefix or len(raw) + len(prefix) <= ZSTD_WINDOW_BYTES_MAX


def _shrinks(raw: bytes, prefix: bytes) -> bool:
    """Whether pictures and films of one group share something, with each other or with what they were."""
    if prefix:
        return True
    parameters = zstandard.ZstdCompressionParameters.from_level(
        PROBE_LEVEL, window_log=PROBE_WINDOW_LOG, enable_ldm=True
    )
    probe = zstandard.ZstdCompressor(compression_params=parameters).compress(raw)
    return (len(raw) - len(probe)) * 1000 >= len(raw) * WORTH_PERMILLE


class _Stream:
    """The bytes of all files, one after the other."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._pieces = (piece for item in items for piece in item.pieces())
        self._left = b""

    def take(self, size_bytes: int) -> bytes:
        taken = bytearray()
        while len(taken) < size_bytes:
            piece = self._left or next(self._pieces)
            lacking_bytes = size_bytes - len(taken)
            taken += piece[:lacking_bytes]
            self._left = piece[lacking_bytes:]
        return bytes(taken)


def _write(out: Path, header: bytes, body: BinaryIO) -> int:
    beside = out.with_name(f".{out.name}.part")
    try:
        with beside.open("wb") as file:
            file.write(header)
            shutil.copyfileobj(body, file, READ_BYTES)
            sync_file(file)
            size_bytes = file.tell()
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    move_into_place(beside, out)
    sync_folder(out.parent)
    return size_bytes
