"""Power cuts over files and the index together, modelled from the system calls of the real code."""

import gzip
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog import releases, shelf, store
from catalog.db import Database
from catalog.fault import Fault
from catalog.releases import Releases
from catalog.shelf import Shelf
from catalog.store import Store
from tests.catalog.powercut_story import ONLY_A_START
from tests.powercut import Cut, Model, Trace

pytestmark = pytest.mark.system

MIGRATIONS = (store.migrations, releases.migrations, shelf.migrations)
STORY = Path(__file__).with_name("powercut_story.py")
ROOT = Path(__file__).parent.parent.parent
CUTS = 200
SEEDS = (1, 2)
FIRST_CUTS = 12
SECOND_CUTS = 20

Played = Callable[..., Trace]


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """Play the story under strace: `played()`, or with a mistake built in."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def play(mistake: str = "") -> Trace:
        data = tmp_path / "data"
        data.mkdir()
        return Trace([sys.executable, str(STORY), str(data), mistake], data, tmp_path / "trace")

    return play


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Path]:
    """Where the disks after each cut are written; in memory where there is such a place."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="cuts-", dir=memory if memory.is_dir() else tmp_path))
    yield folder
    shutil.rmtree(folder)


def complaints(cut: Cut) -> list[str]:
    """Start again on the disk that the cut left, with the real code, and ask for all that was acknowledged."""
    said = json.loads(cut.said[-1]) if cut.said else {"versions": {}, "files": []}
    try:
        database = Database(cut.disk / "box.db", MIGRATIONS)
        try:
            return list(_complaints(database, cut.disk, said["versions"], said["files"]))
        finally:
            database.close()
    except Fault as fault:
        return [f"does not start: {fault.sentence}"]
    except (sqlite3.Error, OSError) as error:
        return [f"does not work: {error}"]


def _complaints(database: Database, disk: Path, versions: dict[str, int], wanted: list[str]) -> Iterator[str]:
    integrity = database.read().execute("pragma integrity_check").fetchone()[0]
    if integrity != "ok":
        yield f"database: {integrity}"
        return
    files = Store(disk / "store", database)
    boards = Shelf(database, Releases(database, files), files, disk / "trees")
    files.sweep()
    yield from (f"acknowledged file lost: {digest[:8]}" for digest in files.missing(wanted))  # type: ignore[arg-type]
    yield from (f"indexed file is not its bytes: {digest[:8]}" for digest in files.verify())
    found = {release.course: release.version for release in boards.courses()}
    yield from (
        f"{course}: version {version} was acknowledged, {found.get(course)} is there"
        for course, version in versions.items()
        if found.get(course, 0) < version
    )
    for release in boards.courses():
        tree = boards.tree(release.course)
        layers = boards.releases.layers(release.root)
        if {layer.name for layer in layers} != set(release.layers):
            yield f"{release.course}: half a release"
        for entry in (entry for layer in layers for entry in layer.entries):
            if not (tree / entry.path).samefile(files.path(entry.digest)):
                yield f"{release.course}: {entry.path} is another file"
            variant = files.variant_path(entry.digest)
            if variant and gzip.decompress(variant.read_bytes()) != files.path(entry.digest).read_bytes():
                yield f"{release.course}: {entry.path}.gz is not its file"


def judged(trace: Trace, disks: Path, seed: int) -> list[tuple[int, str, str]]:
    """What every cut is blamed for: where, in what manner, and why."""
    blamed = []
    for cut in trace.cuts(CUTS, seed, disks):
        blamed += [(cut.at, cut.manner, complaint) for complaint in complaints(cut)]
        shutil.rmtree(cut.disk)
    return blamed


@pytest.mark.parametrize("seed", SEEDS)
def test_no_power_cut_takes_what_was_acknowledged_or_leaves_half_a_release(
    played: Played, disks: Path, seed: int
) -> None:
    assert [] == judged(played(), disks, seed)


def test_the_model_ends_where_the_program_ended(played: Played, disks: Path, tmp_path: Path) -> None:
    """The model is true: with nothing lost, it has the very files that the program left."""
    trace = played()
    model = Model(str(tmp_path / "data"))
    for call in trace.calls:
        model.apply(call)
    model.write_out(disks, "kept", random.Random(1))

    assert _files(tmp_path / "data") == _files(disks)


def test_a_second_power_cut_while_a_start_mends_the_first_takes_nothing_either(
    played: Played, disks: Path, tmp_path: Path
) -> None:
    (disks / "again").mkdir()
    blamed = []
    for first in played().cuts(FIRST_CUTS, SEEDS[0], disks):
        start = Trace([sys.executable, str(STORY), str(first.disk), ONLY_A_START], first.disk, tmp_path / "start")
        for second in start.cuts(SECOND_CUTS, first.at, disks / "again"):
            found = complaints(replace(second, said=first.said))
            blamed += [(first.at, first.manner, second.at, second.manner, complaint) for complaint in found]
            shutil.rmtree(second.disk)
        shutil.rmtree(first.disk)

    assert [] == blamed


@pytest.mark.parametrize(
    "mistake", ["synchronous off", "flush before renames", "tree without a flush", "variant without a flush"]
)
def test_the_cuts_find_a_mistake_that_was_built_in(played: Played, disks: Path, mistake: str) -> None:
    trace = played(mistake)
    blamed = [one for seed in SEEDS for one in judged(trace, disks, seed)]

    assert len({at for at, _, _ in blamed}) > 2, blamed


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
