"""Nights over HTTP: what the real hub and the real box move when a course is new, and when it has changed.

* The programs are `qanat hub serve` and `qanat box sync`; between box and hub stands the relay of tests/bench/quiet.py,
  which counts every byte of the TCP streams, header lines included.
* Two boxes: the first one has the older version and gets the newer one, the second one starts with the newer.
* It is the whole night that counts, both ways: the report, the answer, the patch, and the report of what was shelved.
"""

import secrets
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from catalog.db import Connection
from catalog.digest import Digest
from catalog.manifest import CORE, Entry, Layer, LayerName, Release
from catalog.media import media_type
from sync.clock import SystemClock
from sync.hub import schema
from sync.hub.engine import open_engine, reading, sqlite_url
from sync.hub.hub import Hub
from tests.bench.channel_courses import Course, files
from tests.bench.processes import ROOT, first_page, qanat, running
from tests.bench.quiet import Relay, said
from tests.ports import free_ports

COURSE = "course"


@dataclass(frozen=True, slots=True)
class Night:
    """What crossed in one session."""

    bytes: int
    requests: int
    fetches: int
    """Requests for patches and packs."""
    batches: int
    """Batches of events that the hub took."""
    told_bytes: int
    """What the box says that it moved."""

    @property
    def requests_max(self) -> int:
        """One report, one more for each batch, one for each patch."""
        return 1 + self.batches + self.fetches


@dataclass(frozen=True, slots=True)
class History:
    """A course's two nights, and that both boxes hold the newer version afterwards."""

    update: Night
    download: Night
    is_exact: bool


def history(course: Course, folder: Path) -> History:
    """Publish the course's two versions, one after the other, and let boxes come for them."""
    hub_port, relay_port = free_ports(2)
    hub = folder / "hub"
    publish(hub, course.old)
    serve = qanat("hub", "serve", "--data", str(hub), "--host", "127.0.0.1", "--port", str(hub_port))
    with running(serve, folder / "hub.log") as process, Relay(relay_port, hub_port).listening() as relay:
        first_page(f"http://127.0.0.1:{hub_port}/", process)
        here, late = folder / "here", folder / "late"
        address = f"http://127.0.0.1:{relay_port}"
        enrol(here, hub, address)
        _night(here, hub, relay)
        root = publish(hub, course.new)
        update = _night(here, hub, relay)
        enrol(late, hub, address)
        download = _night(late, hub, relay)
    found = History(update, download, _holds(here, root) and _holds(late, root))
    shutil.rmtree(folder)
    return found


def publish(data: Path, folder: Path) -> Digest:
    """Record the folder as the course's next release at the hub, every file as it is, and build what boxes fetch.

    The importers are left out: they ask for a page to start with, and what the peers carry has to be what we carry.
    """
    hub = Hub.open(data, SystemClock(), secrets.token_bytes)
    try:
        releases, store = hub.catalog.releases, hub.catalog.store
        with store.batch() as batch:
            entries = []
            for path in files(folder):
                name = path.relative_to(folder).as_posix()
                digest, size_bytes = batch.add_file(path)
                entries.append(Entry(name, size_bytes, digest, media_type(name)))
        layer = Layer.of(CORE, entries)
        named = {CORE: LayerName(layer.root, layer.size_bytes, len(layer.entries))}

        def record(connection: Connection) -> Release:
            version = releases.next_version(COURSE, connection)
            release = Release(COURSE, version, {"en": "A course"}, {}, ("en",), "", {}, (), named)
            releases.record(connection, release, [layer])
            return release

        release = hub.catalog.database.write(record)
        hub.packing.build_missing()
    finally:
        hub.close()
    return release.root


def enrol(box: Path, hub: Path, address: str, inside: Callable[[list[str]], list[str]] = list) -> None:
    """Make a box of this folder, and let it join the hub at `address`; `inside` puts a command where it should run."""
    token: str = said("hub", "token", "--data", str(hub), "--campus", "Bench school")["token"]
    words = qanat("box", "enrol", "--data", str(box), "--hub", address, "--token", token)
    subprocess.run(inside(words), cwd=ROOT, check=True, capture_output=True)


def _night(box: Path, hub: Path, relay: Relay) -> Night:
    batches_before = _batches(hub)
    relay.count_anew()
    told = said("box", "sync", "--data", str(box))
    assert told["outcome"] == "well", told["sentence"]
    return Night(
        bytes=relay.bytes_up + relay.bytes_down,
        requests=relay.requests,
        fetches=relay.fetches,
        batches=_batches(hub) - batches_before,
        told_bytes=told["bytes_up"] + told["bytes_down"],
    )


def _batches(hub: Path) -> int:
    engine = open_engine(sqlite_url(hub / "hub.db"))
    with reading(engine) as connection:
        count: int = connection.execute(select(func.count()).select_from(schema.batch)).scalar_one()
    engine.dispose()
    return count


def _holds(box: Path, root: Digest) -> bool:
    """Tell whether the box's shelf has this release: the session proved every byte of it by this root."""
    return root in [row["root"] for row in said("box", "courses", "--data", str(box))["courses"]]
