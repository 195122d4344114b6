"""The story whose power is cut: two courses are renewed, version after version, by the real code.

`python powercut_story.py DATA [MISTAKE]`. Each line it prints is an acknowledgement: what must be there ever after.
A MISTAKE is built in on purpose, to prove that the cuts find it. With "only a start" for one there is none, and nothing
is renewed: it is the start after a cut.
"""

import json
import sys
from pathlib import Path
from typing import Any

from catalog import batch as batch_
from catalog import compressed, db, releases, shelf, store, tree
from catalog.db import Connection, Database
from catalog.durable import move_into_place, sync_disk
from catalog.manifest import CORE, Entry, Layer, LayerName, Release
from catalog.media import media_type
from catalog.releases import Releases
from catalog.shelf import Shelf
from catalog.store import Store

MIGRATIONS = (store.migrations, releases.migrations, shelf.migrations)
COURSES = ("water", "soil")
VERSIONS = 4
CHECKPOINT_PAGES = 12
ONLY_A_START = "only a start"


def main(data: Path, mistake: str) -> None:
    make(mistake)
    lives = [range(1, VERSIONS), range(VERSIONS, VERSIONS + 2)]
    for versions in [range(0)] if mistake == ONLY_A_START else lives:
        database = Database(data / "box.db", MIGRATIONS)
        # Often enough that cuts fall into checkpoints too.
        database._writer.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
        files = Store(data / "store", database)
        boards = Shelf(database, Releases(database, files), files, data / "trees")
        files.sweep()
        boards.ensure_trees()
        for version in versions:
            for course in COURSES:
                renew(boards, course, version)
                acknowledge(boards)
                boards.ensure_trees()
            boards.tidy()
        database.close()


def renew(boards: Shelf, course: str, version: int) -> None:
    with boards.store.batch() as batch:
        entries = []
        for path, data in pages(course, version).items():
            digest, size_bytes = batch.add_bytes(data)
            entries.append(Entry(path, size_bytes, digest, media_type(path)))
        core = Layer.of(CORE, entries)
        named = {CORE: LayerName(core.root, core.size_bytes, len(entries))}
        release = Release(course, version, {"en": course}, {}, ("en",), "", {}, (), named)
        batch.place()

        def work(connection: Connection) -> None:
            batch.record(connection)
            boards.releases.record(connection, release, [core])
            boards.switch(connection, release, [CORE])

        boards.database.write(work)


def pages(course: str, version: int) -> dict[str, bytes]:
    """Some files stay from version to version, some change, some are shared by the courses."""
    return {
        "index.html": f"<p>{course} {version}</p>".encode() * 90,
        "style.css": b"p { margin: 0 }" * 60,
        "img/a.png": f"{course} picture {version // 2}".encode() * 150,
        f"page-{version}.html": f"<p>page {version}</p>".encode(),
    }


def acknowledge(boards: Shelf) -> None:
    """Say what is in use, and every file that it and its former release need."""
    roots = [root for one in boards.shelved() for root in (one.root, one.former_root) if root]
    layers = [layer for root in roots for layer in boards.releases.layers(root)]
    said: dict[str, Any] = {
        "versions": {release.course: release.version for release in boards.courses()},
        "files": sorted({entry.digest for layer in layers for entry in layer.entries}),
    }
    print(json.dumps(said), flush=True)


def make(mistake: str) -> None:
    match mistake:
        case "synchronous off":
            honest = db._connect

            def careless(path: Path, *, is_reader: bool = False) -> Connection:
                connection = honest(path, is_reader=is_reader)
                connection.execute("pragma synchronous = off")
                return connection

            db._connect = careless
        case "flush before renames":

            def flush_and_move(source: Path, target: Path) -> None:
                sync_disk(target.parent)
                move_into_place(source, target)

            batch_.move_into_place = flush_and_move  # type: ignore[attr-defined]
            batch_.sync_disk = lambda folder: None  # type: ignore[attr-defined]
        case "tree without a flush":
            tree.sync_disk = lambda folder: None  # type: ignore[attr-defined]
        case "variant without a flush":
            compressed.sync_disk = lambda folder: None  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
