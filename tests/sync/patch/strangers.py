"""Packs as a stranger may write them: every sum fits, and what they claim is what their release names."""

import io
import lzma
from collections.abc import Sequence
from dataclasses import replace

import zstandard

from catalog.manifest import CORE, Layer, LayerName
from sync.patch.format import FileRow, GroupCodec, GroupRow, Held
from sync.patch.groups import check_of
from sync.patch.header import Header
from sync.patch.versions import release_of


def forged(
    rows: Sequence[FileRow],
    *,
    groups: Sequence[GroupRow] = (),
    body: bytes = b"",
    base: Held | None = None,
    removed: Sequence[int] = (),
) -> tuple[bytes, Held]:
    """A pack whose release names exactly what its rows claim, so that only the reader's limits can refuse it."""
    kept = [] if base is None else [
        entry for place, entry in enumerate(base.layer.entries)
        if place not in removed and entry.path not in {row.path for row in rows}
    ]  # fmt: skip
    sizes = [entry.size_bytes for entry in kept] + [row.size_bytes for row in rows]
    layer = Layer.of(CORE, kept)
    release = replace(release_of(layer), layers={CORE: LayerName(layer.root, sum(sizes), len(sizes))})
    header = Header(release.to_bytes(), CORE, tuple(removed), tuple(rows), tuple(groups))
    return header.to_bytes(base) + body, Held(release, layer, io.BytesIO)


def group(codec: GroupCodec, wire: bytes, raw_bytes: int, **prefix: tuple[int, ...]) -> GroupRow:
    return GroupRow(codec, len(wire), raw_bytes, check_of([wire]), **prefix)


def plain(path: str, size_bytes: int) -> FileRow:
    return FileRow(path, size_bytes, "text/plain", "content", stream_bytes=size_bytes)


def packed(codec: GroupCodec, raw: bytes) -> bytes:
    if codec is GroupCodec.ZSTD:
        return zstandard.ZstdCompressor(level=19).compress(raw)
    return lzma.compress(raw, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}])
