"""The scrub: every file has its turn, rot is found, taken off, and remembered until the file is back."""

import gzip
from pathlib import Path

import pytest

from catalog.db import Database
from catalog.digest import Digest
from catalog.manifest import Entry, Layer, LayerName, Release
from catalog.media import media_type
from catalog.releases import Releases
from catalog.scrub import Rotten, Scrub
from catalog.shelf import Shelf
from catalog.store import Store

PAGE = b"<h1>Water</h1>" * 200
FILM = bytes(range(256)) * 40
FILES = {"index.html": PAGE, "copy/index.html": PAGE, "film.bin": FILM, "empty.txt": b""}


@pytest.fixture
def scrub(files: Store, boards: Shelf) -> Scrub:
    return Scrub(files, boards)


@pytest.fixture
def tree(database: Database, files: Store, known: Releases, boards: Shelf) -> Path:
    """A course on the shelf."""
    with files.batch() as batch:
        entries = [Entry(path, *reversed(batch.add_bytes(data)), media_type(path)) for path, data in FILES.items()]
    layer = Layer.of("core", entries)
    names = {"core": LayerName(layer.root, layer.size_bytes, len(layer.entries))}
    release = Release("water", 1, {"en": "Water"}, {}, ("en",), "", {}, (), names)

    def record(connection):  # type: ignore[no-untyped-def]
        known.record(connection, release, [layer])
        boards.switch(connection, release, ["core"])

    database.write(record)
    boards.ensure_trees()
    return boards.tree("water")


def rots(path: Path) -> None:
    """One bit turns over, and nobody is told."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def digest_at(files: Store, path: Path) -> Digest:
    return next(Digest(one.name) for one in files.folder.glob("??/*") if one.samefile(path))


def test_a_sound_store_is_read_whole_and_nothing_is_found(scrub: Scrub, tree: Path) -> None:
    done = scrub.read_on(1 << 30)

    assert (3, len(PAGE) + len(FILM), ()) == (done.files, done.read_bytes, done.rotten)
    assert done.is_round_done
    assert 1 == scrub.rounds()


def test_a_round_goes_on_where_it_was_also_after_a_restart(files: Store, boards: Shelf, tree: Path) -> None:
    steps = []
    while not steps or not steps[-1].is_round_done:
        steps.append(Scrub(files, boards).read_on(1))

    assert [1, 1, 1] == [step.files for step in steps]
    assert {len(PAGE), len(FILM), 0} == {step.read_bytes for step in steps}


def test_a_rotten_file_is_served_to_nobody_any_more(scrub: Scrub, files: Store, tree: Path) -> None:
    digest = digest_at(files, tree / "index.html")
    rots(tree / "index.html")

    done = scrub.read_on(1 << 30)

    assert (Rotten(digest, len(PAGE)),) == done.rotten
    assert not files.has(digest)
    assert not files.place_of(digest).exists()
    assert {"film.bin", "empty.txt"} == {path.name for path in tree.rglob("*") if path.is_file()}
    assert [Rotten(digest, len(PAGE))] == scrub.rotten()


def test_a_file_that_the_disk_lost_counts_as_rotten(scrub: Scrub, files: Store, tree: Path) -> None:
    digest = digest_at(files, tree / "film.bin")
    files.place_of(digest).unlink()

    assert [digest] == [one.digest for one in scrub.read_on(1 << 30).rotten]


def test_what_comes_back_is_in_its_trees_again(scrub: Scrub, files: Store, tree: Path) -> None:
    rots(tree / "index.html")
    scrub.read_on(1 << 30)
    with files.batch() as batch:
        digest, _ = batch.add_bytes(PAGE)

    scrub.back([digest])

    assert PAGE == (tree / "index.html").read_bytes() == (tree / "copy" / "index.html").read_bytes()
    assert [] == scrub.rotten()


def test_a_rotten_gzip_goes_and_its_file_stays(scrub: Scrub, files: Store, tree: Path) -> None:
    variant = tree / "index.html.gz"
    assert gzip.decompress(variant.read_bytes()) == PAGE
    variant.write_bytes(gzip.compress(b"something else"))

    assert () == scrub.read_on(1 << 30).rotten
    assert not variant.exists()
    assert files.variant_path(digest_at(files, tree / "index.html")) is None
    assert PAGE == (tree / "index.html").read_bytes()
