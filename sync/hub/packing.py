"""Packing: the files that boxes fetch, built ahead of the asking.

* A pack is built once, off the request path, and never changes; its name says what it holds.
* A release is offered, and so appears in plans, only when every one of its packs exists: one transaction says both.
* Building stops and starts at will: what is missing is decided from the catalog, so a hub that died builds the rest.
* One process builds at a time; `qanat hub publish` beside `qanat hub serve` waits its turn.
"""

import fcntl
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, select

from catalog.digest import Digest
from catalog.fault import Fault
from catalog.manifest import Layer, Release, Text, canonical
from catalog.publish import Catalog
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import insert, reading, writing
from sync.patch.build import build_full
from sync.patch.format import pack_name
from sync.plan import PackSize, parcels_for
from sync.wire import Holding, Parcel

LOOK_AGAIN_SECONDS = 60
"""How often the thread looks for releases that another process published."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The release of a course that boxes get now."""

    course: str
    version: int
    root: Digest
    title: Text


@dataclass(frozen=True, slots=True)
class Wanted:
    """The releases that a campus should have, and where each of their layers lies ready."""

    releases: tuple[Release, ...]
    ready: Mapping[tuple[Digest, str], PackSize]

    def parcels(self, holdings: Sequence[Holding]) -> list[Parcel]:
        """What a box that has `holdings` should fetch, in order."""
        return parcels_for(self.releases, holdings, self.ready)


class Packing:
    """Builds packs, and says from what is built what a box should fetch."""

    def __init__(self, catalog: Catalog, engine: Engine, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.fault: Fault | None = None
        """Why the thread could not build the last time; None when it could."""
        self._catalog = catalog
        self._engine = engine
        self._clock = clock
        self._releases: dict[Digest, Release] = {}
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closing = False
        folder.mkdir(parents=True, exist_ok=True)

    def build_missing(self) -> int:
        """Build the packs that latest releases lack, and offer those releases. Returns how many are newly offered.

        Raises the first Fault met, after the other courses had their turn.
        """
        offered = 0
        faults: list[Fault] = []
        with self._turn():
            for release in self._unoffered():
                if self._is_closing:
                    break
                try:
                    self._offer(release)
                    offered += 1
                except Fault as fault:
                    faults.append(fault)
        if faults:
            raise faults[0]
        return offered

    def wanted(self, connection: Connection, campus: str) -> Wanted:
        """What a campus wants of what is on offer, and the packs that hold it."""
        offer, want, pack = schema.offer, schema.want, schema.pack
        rows = connection.execute(
            select(pack.c.root, pack.c.layer, pack.c.name, pack.c.size_bytes)
            .join(offer, offer.c.root == pack.c.root)
            .join(want, want.c.course == offer.c.course)
            .where(want.c.campus == campus)
        ).all()
        ready = {(Digest(row.root), row.layer): PackSize(row.name, row.size_bytes) for row in rows}
        found = (self.release(root) for root in sorted({root for root, _ in ready}))
        return Wanted(tuple(release for release in found if release is not None), ready)

    def release(self, root: Digest) -> Release | None:
        """The release of this root, if it was ever published here."""
        # Releases never change, so that each is read and parsed once.
        release = self._releases.get(root) or self._catalog.releases.release(root)
        if release is not None:
            self._releases[root] = release
        return release

    def offers(self) -> list[Offer]:
        """Every course on offer, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(schema.offer).order_by(schema.offer.c.course)).all()
        return [Offer(row.course, row.version, Digest(row.root), json.loads(row.title)) for row in rows]

    def find(self, name: str) -> Path | None:
        """The file of this pack, or None where there is none of that name."""
        with reading(self._engine) as connection:
            found = connection.execute(
                select(schema.pack.c.name).where(schema.pack.c.name == name)
            ).scalar_one_or_none()
        return None if found is None else self.folder / found

    def start(self) -> None:
        """Build from a thread of its own, now and whenever `wake` is called or another process published."""
        self._thread = threading.Thread(target=self._run, name="packing", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was published."""
        self._wake.set()

    def close(self) -> None:
        """Finish the release in hand and stop."""
        self._is_closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closing:
            self._wake.clear()
            try:
                self.build_missing()
                self.fault = None
            except Fault as fault:
                self.fault = fault  # staff see it on the publish page; the next turn tries again
            self._wake.wait(LOOK_AGAIN_SECONDS)

    def _unoffered(self) -> list[Release]:
        offered = {offer.root for offer in self.offers()}
        return [release for release in self._catalog.releases.all_latest() if release.root not in offered]

    def _offer(self, release: Release) -> None:
        packs = [self._packed(release, layer) for layer in self._catalog.releases.layers(release.root)]
        with writing(self._engine) as connection:
            self._record(connection, release, packs)

    def _packed(self, release: Release, layer: Layer) -> dict[str, object]:
        """The row of a layer's pack, which is built where it is not there yet."""
        name = pack_name(None, release.root, layer.name)
        path = self.folder / name
        if not path.exists():
            build_full(release, layer, self._catalog.store, path)
        return {
            "name": name,
            "course": release.course,
            "version": release.version,
            "root": release.root,
            "layer": layer.name,
            "size_bytes": path.stat().st_size,
            "disk_bytes": layer.size_bytes,
        }

    def _record(self, connection: Connection, release: Release, packs: list[dict[str, object]]) -> None:
        connection.execute(insert(connection, schema.pack).on_conflict_do_nothing(), packs)
        connection.execute(delete(schema.offer).where(schema.offer.c.course == release.course))
        row = {
            "course": release.course,
            "version": release.version,
            "root": release.root,
            "title": canonical(dict(release.title)).decode(),
            "offered_seconds": self._clock.now().wall_seconds,
        }
        connection.execute(schema.offer.insert().values(row))
        campuses = connection.execute(select(schema.campus.c.id)).scalars().all()
        wants = [{"campus": campus, "course": release.course} for campus in campuses]
        if wants:
            connection.execute(insert(connection, schema.want).on_conflict_do_nothing(), wants)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with (self.folder / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
