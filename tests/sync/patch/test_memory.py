"""What applying takes: one group's window at a time, whatever the course's size; asked of a process of its own."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PATCH_GROWTH_MIB_MAX = 48
FULL_GROWTH_MIB_MAX = 96

CHILD = """
import pickle, sys
from pathlib import Path
import lzma, zstandard, sync.patch.apply, sync.patch.copies
from catalog import store as stores
from catalog.db import Database
from catalog.store import Store
from sync.patch.apply import apply
from sync.patch.format import Held

folder, root = Path(sys.argv[1]), sys.argv[2]
base = pickle.loads((folder / "base.pickle").read_bytes())
database = Database(folder / "box.db", [stores.migrations])
store = Store(folder / "box", database)

def mib(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) >> 10

Path("/proc/self/clear_refs").write_text("5")
before = mib("VmRSS")
with store.batch() as batch:
    rebuilt = apply(folder / "pack", batch, root, "core", base=base and Held(*base, store.open))
assert rebuilt.is_proven
print(mib("VmHWM") - before)
database.close()
"""


def growth_mib(road, release, before=None):
    import pickle

    base = None if before is None else road.publishes(before, 1)
    (road.folder / "base.pickle").write_bytes(pickle.dumps(base))
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(road.folder), release.root],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[3],
    )
    return int(run.stdout)


def pages(megabytes, seed):
    """Files of a MiB each that shrink, that no other resembles, and that are packed quickly."""
    lots = random.Random(seed)
    return {f"{seed}-{number}.html": lots.randbytes(1 << 15) * 32 for number in range(megabytes)}


def test_a_patch_takes_one_window(road):
    before = pages(40, 1)
    after = {path: data[:500_000] + b"changed" + data[500_000:] for path, data in before.items()}
    road.holds(before)
    release = road.packs(after, before)

    assert len(road.header(before).groups) > 2
    assert growth_mib(road, release, before) <= PATCH_GROWTH_MIB_MAX


def test_a_full_pack_takes_one_group(road):
    release = road.packs(pages(70, 2))

    assert len(road.header().groups) > 2
    assert growth_mib(road, release) <= FULL_GROWTH_MIB_MAX


def test_pictures_and_films_take_next_to_nothing(road, noise):
    release = road.packs({f"{number}.bin": noise(6 << 20) for number in range(12)})

    assert growth_mib(road, release) <= 16


def test_a_film_that_was_muxed_again_takes_next_to_nothing(road, noise):
    film = noise(80 << 20)
    before, after = {"film.mp4": film}, {"film.mp4": b"captions" + film}
    road.holds(before)

    assert growth_mib(road, road.packs(after, before), before) <= 16
