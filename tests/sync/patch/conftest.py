"""Nouns of the pack tests: a hub's store and a box's store, and courses made from a mapping of paths to bytes."""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from catalog import store as stores
from catalog.db import Database
from catalog.manifest import Entry, Layer, LayerName, Release
from catalog.store import Store
from sync.patch.apply import Rebuilt, apply
from sync.patch.build import build
from sync.patch.format import Held, PackInfo
from sync.patch.header import Header
from sync.patch.jpeg import JpegXl


class Road:
    """A hub's store and a box's, and the one file that travels between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.databases = [Database(folder / name, [stores.migrations]) for name in ("hub.db", "box.db")]
        self.hub = Store(folder / "hub", self.databases[0])
        self.box = Store(folder / "box", self.databases[1])
        self.pack = folder / "pack"
        self.group_bytes: int | None = None
        self.jpeg_xl: JpegXl | None = None

    def publishes(self, files: Mapping[str, bytes], version: int = 1) -> tuple[Release, Layer]:
        """Put the files into the hub's store, as one layer of a release."""
        with self.hub.batch() as batch:
            entries = [Entry(path, *reversed(batch.add_bytes(data)), _type(path)) for path, data in files.items()]
        layer = Layer.of("core", entries)
        named = LayerName(layer.root, layer.size_bytes, len(layer.entries))
        provenance = {"format": "html", "published": 1_800_000_000 + version, "sources": ["water.zip"]}
        release = Release("water", version, {"en": "Water"}, {}, ("en",), "CC-BY-4.0", provenance, (), {"core": named})
        return release, layer

    def packs(self, files: Mapping[str, bytes], before: Mapping[str, bytes] | None = None) -> Release:
        """Build a full pack of the files, or a patch on those that were `before`."""
        self.info = self._build(*self.publishes(files, 2), self.base_at(self.hub, before))
        return self.release

    def builds(self, release: Release, layer: Layer) -> PackInfo:
        return self._build(release, layer, None)

    def base_at(self, store: Store, files: Mapping[str, bytes] | None) -> Held | None:
        return None if files is None else Held(*self.publishes(files, 1), store.open)

    def _build(self, release: Release, layer: Layer, base: Held | None) -> PackInfo:
        self.release, self.layer = release, layer
        return build(
            release, layer, self.hub.open, self.pack, base=base, jpeg_xl=self.jpeg_xl, group_bytes=self.group_bytes
        )

    def header(self, before: Mapping[str, bytes] | None = None) -> Header:
        with self.pack.open("rb") as file:
            return Header.read(file, self.base_at(self.hub, before))

    def holds(self, files: Mapping[str, bytes]) -> None:
        """Let the box have these files from before."""
        with self.box.batch() as batch:
            for data in files.values():
                batch.add_bytes(data)

    def rebuilds(self, release: Release, before: Mapping[str, bytes] | None = None) -> Rebuilt:
        """Apply the pack at the box, on what it held `before`."""
        with self.box.batch() as batch:
            base = self.base_at(self.box, before)
            return apply(self.pack, batch, release.root, "core", base=base, jpeg_xl=self.jpeg_xl)

    def unpacks(self, release: Release, before: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
        """What the box has on its disk afterwards."""
        rebuilt = self.rebuilds(release, before)
        assert rebuilt.is_proven
        return {entry.path: self.box.path(entry.digest).read_bytes() for entry in rebuilt.layer.entries}

    def travels(self, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, bytes]:
        """The whole way: published, packed on what was before, unpacked at a box that has just that."""
        self.holds(before)
        return self.unpacks(self.packs(after, before), before)

    def box_files(self) -> list[Path]:
        return [path for path in (self.folder / "box").rglob("*") if path.is_file() and not path.name.startswith(".")]

    def close(self) -> None:
        for database in self.databases:
            database.close()


def _type(path: str) -> str:
    return {"html": "text/html", "css": "text/css"}.get(path.rpartition(".")[2], "text/plain")


@pytest.fixture(scope="session")
def new_road(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Road]:
    """A road for each world that a property test draws."""
    return lambda: Road(tmp_path_factory.mktemp("road"))


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    road = Road(tmp_path)
    yield road
    road.close()


@pytest.fixture
def noise() -> Callable[[int], bytes]:
    """Bytes that nothing makes smaller."""
    return random.Random(7).randbytes
