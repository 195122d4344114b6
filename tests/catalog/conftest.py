"""Nouns of the catalog's tests: a catalog in a folder of its own, zips, films and documents made on the spot."""

import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from catalog import releases, scrub, shelf, store
from catalog.db import Database
from catalog.publish import Catalog
from catalog.releases import Releases
from catalog.shelf import Shelf
from catalog.store import Store

# A shared machine may stall for longer than any one example should take.
settings.register_profile("catalog", deadline=None)
settings.load_profile("catalog")

Zips = Callable[[str, Mapping[str, bytes | str]], Path]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with every table of the catalog; stepped, so no thread runs."""
    opened = Database(tmp_path / "box.db", [store.migrations, releases.migrations, shelf.migrations, scrub.migrations])
    yield opened
    opened.close()


@pytest.fixture
def files(tmp_path: Path, database: Database) -> Store:
    return Store(tmp_path / "store", database)


@pytest.fixture
def known(database: Database, files: Store) -> Releases:
    return Releases(database, files)


@pytest.fixture
def boards(tmp_path: Path, database: Database, known: Releases, files: Store) -> Shelf:
    return Shelf(database, known, files, tmp_path / "trees")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(tmp_path / "hub")
    yield opened
    opened.close()


@pytest.fixture
def zipped(tmp_path: Path) -> Zips:
    """Make a zip: `zipped("course.zip", {"index.html": "..."})`."""

    def make(name: str, members: Mapping[str, bytes | str]) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in members.items():
                archive.writestr(member, data)
        return path

    return make


def box(kind: bytes, contents: bytes) -> bytes:
    return struct.pack(">L", 8 + len(contents)) + kind + contents


def film_bytes(seconds: int = 90, *, has_index: bool = True, pictures: bytes = b"\0" * 4000) -> bytes:
    """The least that is a whole MP4: its kind, its index with one track, its pictures."""
    mvhd = box(b"mvhd", struct.pack(">LLLLL", 0, 0, 0, 1000, seconds * 1000 - 1) + b"\0" * 80)
    moov = box(b"moov", mvhd + box(b"trak", b"\0" * 16))
    return box(b"ftyp", b"isom\0\0\2\0isommp41") + (moov if has_index else b"") + box(b"mdat", pictures)


@pytest.fixture
def filmed(tmp_path: Path) -> Callable[..., Path]:
    """Make a film: `filmed("name.mp4", seconds=90, has_index=True)`; `cut_bytes` takes that many from its end."""

    def make(name: str, *, cut_bytes: int = 0, **kind: Any) -> Path:
        data = film_bytes(**kind)
        path = tmp_path / name
        path.write_bytes(data[: len(data) - cut_bytes])
        return path

    return make


@pytest.fixture
def film(filmed: Callable[..., Path]) -> Path:
    return filmed("The water.mp4")


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    path = tmp_path / "The water.fr.vtt"
    path.write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nL'eau\n")
    return path


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The least that is a whole PDF."""
    head = b"%PDF-1.4\n"
    body = b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Count 0/Kids[]>>\nendobj\n"
    path = tmp_path / "Le sol.pdf"
    path.write_bytes(head + body + b"xref\n0 1\nstartxref\n%d\n%%%%EOF\n" % len(head + body))
    return path
