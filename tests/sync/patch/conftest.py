"""Nouns of the pack tests: a hub's store and a box's store, and courses made from a mapping of paths to bytes."""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from catalog import store as stores
from catalog.db import Database
from catalog.manifest import Entry, Layer, LayerName, Release
from catalog.store import Store
from sync.patch.apply import apply
from sync.patch.build import build_full
from sync.patch.format import GROUP_BYTES


class Road:
    """A hub's store and a box's, and the one file that travels between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.databases = [Database(folder / name, [stores.migrations]) for name in ("hub.db", "box.db")]
        self.hub = Store(folder / "hub", self.databases[0])
        self.box = Store(folder / "box", self.databases[1])
        self.pack = folder / "pack"
        self.group_bytes = GROUP_BYTES

    def publishes(self, files: Mapping[str, bytes], course: str = "water") -> tuple[Release, Layer]:
        """Put the files into the hub's store, as one layer of a release."""
        with self.hub.batch() as batch:
            entries = [Entry(path, *reversed(batch.add_bytes(data)), "text/plain") for path, data in files.items()]
        layer = Layer.of("core", entries)
        named = LayerName(layer.root, layer.size_bytes, len(layer.entries))
        release = Release(course, 1, {"en": "Water"}, {}, ("en",), "CC-BY-4.0", {}, (), {"core": named})
        return release, layer

    def packs(self, files: Mapping[str, bytes]) -> Release:
        release, layer = self.publishes(files)
        build_full(release, layer, self.hub, self.pack, group_bytes=self.group_bytes)
        return release

    def unpacks(self, release: Release) -> dict[str, bytes]:
        """What the box has on its disk afterwards."""
        with self.box.batch() as batch:
            _, layer = apply(self.pack, batch, release.root, "core")
        return {entry.path: self.box.path(entry.digest).read_bytes() for entry in layer.entries}

    def box_files(self) -> list[Path]:
        return [path for path in (self.folder / "box").rglob("*") if path.is_file() and not path.name.startswith(".")]

    def close(self) -> None:
        for database in self.databases:
            database.close()


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
