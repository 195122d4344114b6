"""Packs: full ones and patches, as they travel, and as their header, release and groups, sealed again by the door.

* What is proven is the layer that the release names, file by file; what is not proven says so, and builds on a base.
* The release is the one that was asked for; an entry's bytes are in the batch, or in the base.
"""

import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import zstandard

import sync.patch.header
from catalog import store as stores
from catalog.db import Database
from catalog.digest import Digest, digest_of
from catalog.manifest import CORE
from catalog.store import Store
from sync.patch.apply import apply
from sync.patch.format import GroupCodec, Held
from sync.patch.groups import check_of
from sync.patch.header import Header, read_outline
from tests.hostile.archives import Dropped
from tests.hostile.doors import Door, Room, demand
from tests.sync.patch.trees import held, pack

NOISE = Random(21).randbytes(12_000)
LESSON = b"".join(b"<li>%d drops</li>\n" % number for number in range(300))
BEFORE: Mapping[str, bytes] = {
    "index.html": LESSON,
    "old.bin": NOISE[:3000],
    "a/moved.css": b"h1 {}" * 90,
    "same.txt": b"same",
}
AFTER: Mapping[str, bytes] = {
    "index.html": LESSON.replace(b"77", b"seventy-seven"), "b/moved.css": b"h1 {}" * 90, "b/again.css": b"h1 {}" * 90,
    "new/a.bin": NOISE[3000:6000], "new/b.bin": NOISE[3000:6000], "same.txt": b"same", "empty.txt": b"",
}  # fmt: skip


class Packs(Door):
    """Where packs come in at a box."""

    name = "packs"
    kinds = (
        "full", "patch", "full-header", "patch-header", "full-group", "patch-group", "full-raw", "patch-raw",
        "full-release", "patch-release",
    )  # fmt: skip

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._database = Database(home / "store.db", [stores.migrations])
        self._store = Store(home / "store", self._database)
        self._version = held(AFTER)
        self._taken_apart = {"full": _Apart(home / "full.pack", None), "patch": _Apart(home / "patch.pack", BEFORE)}
        with self._store.batch():
            pass  # the folders of a store are there before the first case

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        way, _, part = kind.partition("-")
        real = self._taken_apart[way]
        match part:
            case "header":
                return len(real.open_part).to_bytes(2, "big") + real.open_part + real.closed, "its header"
            case "group":
                return real.body[: real.header.groups[0].wire_bytes], "its first group"
            case "raw":
                return LESSON, "what its first group holds"
            case "release":
                return real.header.release, "its release"
        return real.data, "a whole pack"

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        way, _, part = kind.partition("-")
        real = self._taken_apart[way]
        root = self._version.release.root
        match part:
            case "header":
                data = real.with_header(data)
            case "group":
                data = real.with_group(data, real.header.groups[0].raw_bytes, GroupCodec.ZSTD)
            case "raw":
                data = real.with_group(zstandard.ZstdCompressor(level=1).compress(data), len(data), GroupCodec.ZSTD)
            case "release":
                root = digest_of(data)
                data = real.with_release(data)
        source = room.came / "core.pack"
        source.write_bytes(data)
        with suppress(Dropped), self._store.batch() as batch:
            rebuilt = apply(source, batch, root, CORE, base=real.base)
            demand(rebuilt.release.root == root, "it is another release")
            demand(rebuilt.is_proven or real.base is not None, "a full pack came without proof")
            if rebuilt.is_proven:
                demand(rebuilt.layer.root == rebuilt.release.layers[CORE].root, "it is another layer")
                here = {digest for digest, _ in batch.files()} | _digests(real.base)
                demand({entry.digest for entry in rebuilt.layer.entries} <= here, "a file of it is not here")
            raise Dropped

    def close(self) -> None:
        self._database.close()


class _Apart:
    """A real pack taken apart, to be put together again in other ways, with every sum right."""

    def __init__(self, file: Path, base: Mapping[str, bytes] | None) -> None:
        self.base = None if base is None else held(base)
        pack(AFTER, file, base=base)
        self.data = file.read_bytes()
        with file.open("rb") as opened:
            self.header = Header.read(opened, self.base)
            self.body = opened.read()
            opened.seek(0)
            self.prelude, _ = read_outline(opened)
            self.open_part = self.data[opened.tell() - self.prelude.open_bytes : opened.tell()]
        self.closed = self._closed()
        file.unlink()

    def with_header(self, parts: bytes) -> bytes:
        open_bytes = int.from_bytes(parts[:2], "big")
        open_part, closed = parts[2 : 2 + open_bytes], parts[2 + open_bytes :]
        sealed = replace(
            self.prelude, codec=GroupCodec.RAW, crc32=zlib.crc32(closed, zlib.crc32(open_part)),
            open_bytes=len(open_part), wire_bytes=len(closed), raw_bytes=len(closed),
        )  # fmt: skip
        return sealed.to_bytes() + open_part + closed + self.body

    def with_group(self, wire: bytes, raw_bytes: int, codec: GroupCodec) -> bytes:
        first, *others = self.header.groups
        group = replace(first, codec=codec, wire_bytes=len(wire), raw_bytes=raw_bytes, check=check_of([wire]))
        header = replace(self.header, groups=(group, *others))
        return header.to_bytes(self.base) + wire + self.body[first.wire_bytes :]

    def with_release(self, release: bytes) -> bytes:
        # A writer works on text; what is none reaches the reader as the header's own bytes, another kind of case.
        document = release.decode("utf-8", "replace").encode()
        return replace(self.header, release=document).to_bytes(self.base) + self.body

    def _closed(self) -> bytes:
        """What the writer hands to the packer: the closed part as it is before it is packed."""
        seen: list[bytes] = []
        honest = sync.patch.header.packed

        def packed(raw: bytes, prefix: bytes) -> tuple[GroupCodec, bytes]:
            seen.append(raw)
            return honest(raw, prefix)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sync.patch.header, "packed", packed)
            self.header.to_bytes(self.base)
        return seen[0]


def _digests(base: Held | None) -> set[Digest]:
    return set() if base is None else {entry.digest for entry in base.layer.entries}
