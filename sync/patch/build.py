"""Building a pack at the hub: one layer of a release, from the store to one immutable file.

* Files go in the order of extension, base name and path, so that like lies beside like: that, and packing them
  together, is what makes a pack small (more than any compression level does).
* A pack appears whole or not at all, and the same layer gives the same bytes.
* One group at a time is in memory: `GROUP_BYTES`, and what the compressor needs for it (about ten times that).
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import zstandard

from catalog.digest import READ_BYTES, Digest, sha256
from catalog.durable import disk_fault, move_into_place, sync_file, sync_folder
from catalog.fault import Damaged
from catalog.manifest import Entry, Layer, Release
from catalog.store import Store
from sync.patch.format import GROUP_BYTES, FileRow, GroupCodec, GroupRow, Header, Operation, pack_name

__all__ = ["PackInfo", "build_full", "pack_name"]

LEVEL = 19
PROBE_LEVEL = 1
BIG_FILE_BYTES = 4 << 20
"""From here on a file has groups of its own: they are probed first, for film and sound hardly ever shrink."""
WORTH_PERMILLE = 10
"""What compression must save of a group that is part of a big file: less is not worth the hub's and the box's time."""


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack that was built."""

    name: str
    size_bytes: int
    groups: int


def build_full(release: Release, layer: Layer, store: Store, out: Path, *, group_bytes: int = GROUP_BYTES) -> PackInfo:
    """Build the pack from which a box with nothing gets this layer, as the file `out`.

    Raises Damaged where the store's files are not what the layer says, DiskFull or BoxFault where the disk does.
    """
    rows, digests = _arranged(layer)
    try:
        with tempfile.TemporaryFile(dir=out.parent) as body:
            pieces = _raw_groups(rows, digests, store, group_bytes)
            groups = tuple(_write_group(body, raw, is_big) for raw, is_big in pieces)
            header = Header(release.to_bytes(), layer.name, rows, groups).to_bytes()
            body.seek(0)
            size_bytes = _write(out, header, body)
    except OSError as error:
        raise disk_fault(error, out) from error
    return PackInfo(pack_name(None, release.root, layer.name), size_bytes, len(groups))


def stream_order(entry: Entry) -> tuple[str, str, str]:
    """Where a file lies in the stream: by extension, base name, path."""
    path = PurePosixPath(entry.path)
    return path.suffix.lower(), path.name, entry.path


def _arranged(layer: Layer) -> tuple[tuple[FileRow, ...], dict[str, Digest]]:
    """The rows in the order of the stream, equal files named once; and the digest behind every path."""
    rows: list[FileRow] = []
    places: dict[Digest, int] = {}
    for entry in sorted(layer.entries, key=stream_order):
        first = places.setdefault(entry.digest, len(rows))
        row = FileRow(entry.path, entry.size_bytes, entry.media_type, entry.role)
        rows.append(row if first == len(rows) else replace(row, operation=Operation.SAME, argument=first))
    return tuple(rows), {entry.path: entry.digest for entry in layer.entries}


def _raw_groups(
    rows: tuple[FileRow, ...], digests: dict[str, Digest], store: Store, group_bytes: int
) -> Iterator[tuple[bytes, bool]]:
    """The stream, cut into groups; with each, whether it is a piece of one big file."""
    gathered = bytearray()
    for row in rows:
        if row.operation is not Operation.NEW:
            continue
        is_big = row.size_bytes > min(BIG_FILE_BYTES, group_bytes)
        if gathered and (is_big or len(gathered) + row.size_bytes > group_bytes):
            yield bytes(gathered), False
            gathered.clear()
        for piece in _pieces(store, digests[row.path], row.size_bytes, group_bytes):
            if is_big:
                yield piece, True
            else:
                gathered += piece
    if gathered:
        yield bytes(gathered), False


def _pieces(store: Store, digest: Digest, size_bytes: int, group_bytes: int) -> Iterator[bytes]:
    left_bytes = size_bytes
    with store.open(digest) as file:
        while left_bytes:
            piece = file.read(min(group_bytes, left_bytes))
            left_bytes -= len(piece)
            if not piece:
                break
            yield piece
        if left_bytes or file.read(1):
            raise Damaged(
                f"The store's file {digest[:12]} should have {size_bytes} bytes, and has not.",
                "Run `qanat catalog verify`, and publish the course again.",
            )


def _write_group(body: BinaryIO, raw: bytes, is_big_file: bool) -> GroupRow:
    codec, wire = GroupCodec.RAW, raw
    if not is_big_file or _shrinks(raw):
        frame = zstandard.ZstdCompressor(level=LEVEL).compress(raw)
        if len(frame) < len(raw):
            codec, wire = GroupCodec.ZSTD, frame
    body.write(wire)
    return GroupRow(codec, len(wire), len(raw), sha256(wire))


def _shrinks(raw: bytes) -> bool:
    probe = zstandard.ZstdCompressor(level=PROBE_LEVEL).compress(raw)
    return (len(raw) - len(probe)) * 1000 >= len(raw) * WORTH_PERMILLE


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
