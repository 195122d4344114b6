"""Courses for the hub's tests: a book that changes a little with every version, recorded as a release."""

import random
from collections.abc import Mapping
from typing import Any

from catalog.manifest import Entry, Layer, LayerName, Release
from catalog.media import media_type
from sync.hub.hub import Hub


def record(hub: Hub, course: str, layers: Mapping[str, Mapping[str, bytes]]) -> Release:
    """The next version of a course in the hub's catalog, whose packs are not built yet."""
    catalog = hub.catalog
    with catalog.store.batch() as batch:
        made = []
        for name, files in layers.items():
            staged = [(path, *batch.add_bytes(data)) for path, data in files.items()]
            entries = [Entry(path, size, digest, media_type(path)) for path, digest, size in staged]
            made.append(Layer.of(name, entries))
        batch.place()
        about = {layer.name: LayerName(layer.root, layer.size_bytes, len(layer.entries)) for layer in made}
        version = catalog.releases.next_version(course)
        release = Release(course, version, {"en": course}, {}, ("en",), "", {}, (), about)

        def kept(connection: Any) -> None:
            batch.record(connection)
            catalog.releases.record(connection, release, made)

        catalog.database.write(kept)
    return release


def book(edition: int, seed: str = "water", chapters: int = 6) -> dict[str, bytes]:
    """Pages of which only the first changes from edition to edition; hardly anything makes them smaller."""
    pages = {}
    for number in range(chapters):
        numbers = random.Random(f"{seed} {number}")
        words = " ".join(f"{numbers.randrange(10**9)}" for _ in range(300))
        news = f"<p>Edition {edition}</p>" if number == 0 else ""
        pages[f"page-{number}.html"] = f"<!doctype html><title>{number}</title>{news}<p>{words}</p>".encode()
    return pages


def film(seed: str = "water", size_bytes: int = 40_000) -> dict[str, bytes]:
    """A film: noise."""
    return {"film.mp4": random.Random(seed).randbytes(size_bytes)}
