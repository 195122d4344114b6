"""A real box and a real hub, over a wire that we can cut at any byte."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import insert, select

from catalog import releases, scrub, shelf, store
from catalog.db import Database
from catalog.manifest import Entry, Layer
from catalog.releases import Releases
from catalog.shelf import Shelf
from catalog.store import Store
from sync import enrolment, exchange, journal
from sync.budget.due import Lanes
from sync.enrolment import Token, enrol
from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import reading, writing
from sync.hub.hub import Hub
from sync.journal import Journal
from sync.keys import KeyPair, PublicKey, box_id
from sync.links.http import HttpLink
from sync.mirror import Mirror
from sync.parcel import file_name, manifest_name, release_name
from sync.patch.build import build
from sync.patch.format import Held
from sync.receiving import catalogues, wants
from sync.receiving.spool import Spool
from sync.session import Session
from sync.wire import Parcel
from tests.wire import (
    ADDRESS,
    Crash,
    SimulatedLink,
    Wire,
    noise,
    release_at,
    release_of,
)

MIGRATIONS = [
    store.migrations, releases.migrations, shelf.migrations, journal.migrations, exchange.migrations,
    enrolment.migrations, wants.migrations, scrub.migrations, catalogues.migrations,
]  # fmt: skip


SITE = {"index.html": b"<h1>Water</h1>", "a/style.css": b"h1 {}"}
FILM = {"film.mp4": noise(300_000)}


class Box:
    """A box with all that a session needs. Its folder outlives every power cut."""

    def __init__(self, folder, wire, clock, randomness, hub):
        self.folder, self.wire, self.clock, self.randomness = folder, wire, clock, randomness
        self.keys = KeyPair.from_seed(randomness.randbytes(32))
        self.id = box_id(self.keys.public)
        self.hub = PublicKey(hub.keys.public)
        self.forgotten = []
        self.listener = lambda told: None
        self.neighbours = []
        self.layers = None
        self.catalogues = None
        self.database = None
        self.starts()

    def starts(self):
        if self.database:
            self.database.close()
        self.database = Database(self.folder / "box.db", MIGRATIONS)
        self.store = Store(self.folder / "store", self.database)
        self.releases = Releases(self.database, self.store)
        self.shelf = Shelf(self.database, self.releases, self.store, self.folder / "trees")
        self.spool = Spool(self.folder / "spool")
        self.journal = Journal(self.database, self.id, self.clock, self.randomness.randbytes)
        self.store.sweep()
        self.shelf.ensure_trees()
        self.journal.open_epoch()

    def enrols(self, token):
        link = HttpLink(ADDRESS, self.wire)
        return enrol(link, self.keys, token, "Lab", ADDRESS, self.database, self.randomness.randbytes)

    def session(self, link=None):
        return Session(
            self.database, self.journal, self.store, self.releases, self.shelf, self.spool,
            link or HttpLink(ADDRESS, self.wire), self.keys, self.hub, self.clock, self.randomness.randbytes,
            self.listener, lambda connection, learner: self.forgotten.append(learner),
            neighbours=self.neighbours, is_wanted=lambda layer: self.layers is None or layer in self.layers,
            catalogues=self.catalogues,
        )  # fmt: skip

    def syncs(self, lanes=Lanes.ALL):
        return self.session().run(lanes)

    def receives(self, plan, link):
        return self.session(link).receive(plan)

    def loses_power_while_syncing(self):
        with pytest.raises(Crash):
            self.syncs()
        self.starts()

    def writes(self, count=1, learner="amina"):
        def work(connection):
            for number in range(count):
                fields = {"course": "water", "version": 1, "activity": "site", "permille": number % 1000}
                self.journal.append(connection, "progressed", learner, fields)

        self.database.write(work)

    def is_given(self, count):
        """Put so many small courses on the shelf, as earlier nights did."""
        with self.store.batch() as batch:
            entry = Entry("index.html", *reversed(batch.add_bytes(b"<p>page</p>")), "text/html")
        layer = Layer.of("core", [entry])

        def work(connection):
            for number in range(count):
                release = release_of(f"course-{number:03}", 1, [layer])
                self.releases.record(connection, release, [layer])
                self.shelf.switch(connection, release, ["core"])

        self.database.write(work)

    def on_shelf(self):
        return {course: sorted(layers) for course, _, layers in self.shelf.holdings()}

    def reads(self, course, path):
        return (self.shelf.tree(course) / path).read_bytes()

    def leftovers(self):
        staged = [*(self.folder / "store" / "staging").iterdir()]
        return staged + list(self.spool.folder.iterdir())


class Campus:
    """A hub with its staff: publishes, and looks what it has of a box."""

    def __init__(self, hub):
        self.hub = hub
        self.files = {}

    def publishes(self, course, version=1, **layers):
        return release_at(self.hub, course, version, layers)

    def parcel(self, new, old=None, layer="core"):
        """A pack of this release's layer, built on the old one's or on nothing; its bytes are in `files`."""
        catalog, releases = self.hub.catalog, self.hub.catalog.releases
        lists = {
            (one.root, name): releases.layer(one.layers[name].root) for one in (old, new) if one for name in [layer]
        }
        base = Held(old, lists[old.root, layer], catalog.store.open) if old else None
        with TemporaryDirectory() as folder:
            out = Path(folder) / "pack"
            build(new, releases.layer(new.layers[layer].root), catalog.store.open, out, base=base)
            data = out.read_bytes()
        name = f"{layer}-{new.version}-{old.version if old else 'full'}"
        self.files[name] = data
        return Parcel(
            new.course, new.version, new.root, layer, name, len(data), new.layers[layer].size_bytes,
            old.root if old else None,
        )  # fmt: skip

    def lends(self, *names):
        """Let a link in memory have these files of the hub, by their names."""
        mirror = Mirror(self.hub.catalog.releases, self.hub.catalog.store)
        for name in names:
            found = mirror.open(name)
            self.files[name] = found if isinstance(found, bytes) else found.read_bytes()

    def neighbour(self, release, **changed):
        """A link to somebody who has all of this release, but for what is `changed`: path -> bytes, or None."""
        layers = self.hub.catalog.releases.layers(release.root)
        entries = {entry.path: file_name(entry.digest) for layer in layers for entry in layer.entries}
        lists = [manifest_name(layer.root) for layer in layers]
        self.lends(release_name(release.root), *lists, *entries.values())
        files = {name: self.files[name] for name in (release_name(release.root), *lists, *entries.values())}
        for path, data in changed.items():
            files[entries[path.replace("_", ".")]] = data
        return SimulatedLink({name: data for name, data in files.items() if data is not None})

    def events(self, box):
        with reading(self.hub.engine) as connection:
            rows = connection.execute(select(schema.epoch.c.taken).where(schema.epoch.c.box == box.id)).scalars()
            return sum(taken + 1 for taken in rows)

    def holds(self, box):
        (state,) = self.hub.fleet.boxes()
        return {holding.course: list(holding.layers) for holding in state.holdings}

    def erases(self, box, learner):
        row = {"box": box.id, "learner": learner}
        with writing(self.hub.engine) as connection:
            connection.execute(insert(schema.erasure_notice).values(row))


@pytest.fixture
def hub(tmp_path, clock, randomness):
    hub = Hub.open(tmp_path / "hub", clock, randomness.randbytes)
    yield hub
    hub.close()


@pytest.fixture
def campus(hub):
    return Campus(hub)


@pytest.fixture
def wire(hub):
    return Wire(create_app(hub))


@pytest.fixture
def token(hub):
    return Token.parse(str(hub.fleet.make_token(hub.fleet.campus_called("Wadi"))))


@pytest.fixture
def stranger(tmp_path, wire, clock, randomness, hub):
    """A box that has not enrolled yet."""
    box = Box(tmp_path / "box", wire, clock, randomness, hub)
    yield box
    box.database.close()


@pytest.fixture
def box(stranger, token, wire):
    stranger.enrols(token)
    wire.asked.clear()
    return stranger
