"""The mirror serves what releases are made of, by names that prove what comes; and nothing else that lies here."""

import pytest
import zstandard
from flask import Flask

from catalog import releases as releases_
from catalog import store as store_
from catalog.db import Database
from catalog.digest import digest_of
from catalog.manifest import Entry, Layer, LayerName, Release
from catalog.releases import Releases
from catalog.store import Store
from sync.mirror import Mirror, create_mirror
from sync.parcel import file_name, manifest_name, release_name
from sync.wire import PACK_PATH

PAGE = b"<!doctype html><title>Water</title>" + b"<p>Water finds its way.</p>" * 9


class Place:
    """A box or hub with a store, releases and a mirror of them."""

    def __init__(self, folder):
        self.database = Database(folder / "place.db", (store_.migrations, releases_.migrations))
        self.store = Store(folder / "store", self.database)
        self.releases = Releases(self.database, self.store)
        self.mirror = Mirror(self.releases, self.store)

    def keeps(self, data):
        """A file that no release names."""
        with self.store.batch() as batch:
            digest, _ = batch.add_bytes(data)
            batch.place()
            self.database.write(batch.record)
        return digest

    def shelves(self, *files, course="water", version=1, name="core"):
        with self.store.batch() as batch:
            entries = []
            for place, data in enumerate(files):
                digest, size_bytes = batch.add_bytes(data)
                entries.append(Entry(f"{place}.html", size_bytes, digest, "text/html"))
            layer = Layer.of(name, entries)
            about = {name: LayerName(layer.root, layer.size_bytes, len(entries))}
            release = Release(course, version, {"en": course}, {}, ("en",), "", {}, (), about)
            batch.place()

            def record(connection):
                batch.record(connection)
                self.releases.record(connection, release, [layer])

            self.database.write(record)
        return release, layer

    def forgets_all(self):
        self.database.write(lambda connection: self.releases.forget_others(connection, []))


@pytest.fixture
def place(tmp_path):
    one = Place(tmp_path)
    yield one
    one.database.close()


@pytest.fixture
def client(place):
    app = Flask(__name__)
    app.register_blueprint(create_mirror(place.mirror))
    return app.test_client()


def test_a_release_comes_as_the_bytes_that_name_it(place):
    release, _ = place.shelves(PAGE)

    assert release.root == digest_of(place.mirror.open(release_name(release.root)))


def test_a_list_comes_as_one_frame_that_is_proven_once_unpacked(place):
    _, layer = place.shelves(PAGE, b"other")

    frame = place.mirror.open(manifest_name(layer.root))

    assert layer == Layer.from_bytes("core", zstandard.ZstdDecompressor().decompress(frame))
    assert zstandard.get_frame_parameters(frame).content_size == len(layer.to_bytes())


def test_a_file_comes_from_its_place_in_the_store(place):
    _, layer = place.shelves(PAGE)

    assert PAGE == place.mirror.open(file_name(layer.entries[0].digest)).read_bytes()


def test_a_file_that_no_release_names_is_not_served(place):
    """What a learner handed in lies in the same store."""
    place.shelves(PAGE)
    handed_in = place.keeps(b"What I think about water")

    assert None is place.mirror.open(file_name(handed_in))


def test_what_came_since_the_last_question_is_served_and_what_went_is_not(place):
    _, first = place.shelves(PAGE)
    name = file_name(first.entries[0].digest)
    assert place.mirror.open(name) is not None

    _, second = place.shelves(b"soil", course="soil")
    assert place.mirror.open(file_name(second.entries[0].digest)) is not None

    place.forgets_all()
    assert None is place.mirror.open(name)


def test_a_file_that_the_disk_lost_is_not_served(place):
    _, layer = place.shelves(PAGE)
    place.store.place_of(layer.entries[0].digest).unlink()

    assert None is place.mirror.open(file_name(layer.entries[0].digest))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "file-",
        "file-12",
        f"file-{'0' * 66}",
        f"key-{digest_of(PAGE)}",
        f"file-{digest_of(PAGE)}.gz",
        "manifest-../x",
    ],
)
def test_other_names_lead_to_nothing(place, name):
    place.shelves(PAGE)

    assert None is place.mirror.open(name)


def test_a_thousand_files_are_found_without_reading_a_list_again(place, monkeypatch):
    _, layer = place.shelves(*(b"%d" % number for number in range(1000)))
    read = []
    documents = place.releases.layer_document
    monkeypatch.setattr(place.releases, "layer_document", lambda root: read.append(root) or documents(root))

    found = [place.mirror.open(file_name(entry.digest)) for entry in layer.entries]

    assert 1000 == len([path for path in found if path is not None])
    assert [layer.root] == read


# ---- over HTTP ----


def test_a_file_is_named_to_the_front_which_knows_ranges(place, client):
    _, layer = place.shelves(PAGE)
    name = file_name(layer.entries[0].digest)

    reply = client.get(PACK_PATH + name)

    assert reply.headers["X-Sendfile"].endswith(layer.entries[0].digest)
    assert ('"' + name + '"', "public, max-age=31536000, immutable") == (
        reply.headers["ETag"], reply.headers["Cache-Control"],
    )  # fmt: skip


def test_a_document_is_gone_on_with_at_any_byte(place, client):
    release, _ = place.shelves(PAGE)
    whole = client.get(PACK_PATH + release_name(release.root))

    rest = client.get(PACK_PATH + release_name(release.root), headers={"Range": "bytes=40-"})

    assert (200, release.to_bytes()) == (whole.status_code, whole.data)
    assert (206, release.to_bytes()[40:]) == (rest.status_code, rest.data)
    assert f"bytes 40-{len(whole.data) - 1}/{len(whole.data)}" == rest.headers["Content-Range"]
    assert whole.headers["ETag"] == rest.headers["ETag"]
    assert "public, max-age=31536000, immutable" == rest.headers["Cache-Control"]


def test_what_is_not_here_is_not_found(place, client):
    assert 404 == client.get(PACK_PATH + release_name(digest_of(b"other"))).status_code
    assert 404 == client.get(PACK_PATH + "core-none").status_code


def test_a_hubs_packs_go_before_what_the_mirror_has(place, tmp_path):
    pack = tmp_path / "core-pack"
    pack.write_bytes(b"QPCK")
    app = Flask(__name__)
    app.register_blueprint(create_mirror(place.mirror, {"core-pack": pack}.get))

    reply = app.test_client().get(PACK_PATH + "core-pack")

    assert str(pack) == reply.headers["X-Sendfile"]
