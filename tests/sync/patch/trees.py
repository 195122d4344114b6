"""Courses out of a mapping of paths to bytes, without a store: what a pack is built of, and what it is applied to."""

import io
from collections.abc import Mapping
from pathlib import Path

from catalog import store as stores
from catalog.db import Database
from catalog.digest import digest_of
from catalog.manifest import CORE, Entry, Layer
from catalog.media import media_type
from catalog.store import Store
from sync.patch.apply import Rebuilt, apply
from sync.patch.build import build
from sync.patch.format import Held, PackInfo
from sync.patch.jpeg import JpegXl
from sync.patch.versions import release_of

Files = Mapping[str, bytes]


def held(files: Files) -> Held:
    """The files as one layer of a release that is here."""
    content = {digest_of(data): data for data in files.values()}
    entries = [Entry(path, len(data), digest_of(data), media_type(path)) for path, data in files.items()]
    layer = Layer.of(CORE, entries)
    return Held(release_of(layer), layer, lambda digest: io.BytesIO(content[digest]))


def pack(files: Files, out: Path, *, base: Files | None = None, jpeg_xl: JpegXl | None = None) -> PackInfo:
    """Write the pack that brings `files`, whole or on a base."""
    version = held(files)
    return build(
        version.release,
        version.layer,
        version.open,
        out,
        base=None if base is None else held(base),
        jpeg_xl=jpeg_xl,
    )


def write_folder(folder: Path, files: Files) -> Path:
    """The files as plain files."""
    folder.mkdir(parents=True)
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


def read_folder(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Box:
    """A box's store, into which packs are unpacked and not kept."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "box.db", [stores.migrations])
        self.store = Store(folder / "store", self.database)

    def rebuilds(self, pack: Path, version: Held, base: Held | None = None) -> Rebuilt:
        """What the pack brings. The digests in it are those of the bytes that were written."""
        batch = self.store.batch()
        batch.__enter__()
        try:
            return apply(pack, batch, version.release.root, CORE, base=base, jpeg_xl=None)
        finally:
            batch.__exit__(KeyboardInterrupt, None, None)

    def files(self) -> list[Path]:
        """Every file that lies in the store."""
        return [path for path in self.store.folder.rglob("*") if path.is_file() and path.name != stores.LOCK]

    def close(self) -> None:
        self.database.close()
