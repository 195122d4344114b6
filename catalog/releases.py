"""Releases: which versions of which courses are known here, and their lists of files.

* A release and a layer are kept as the bytes they are named by; a root read back proves them again.
* A layer's list is recorded in the transaction that indexes its files: a list that is here has its files here.
* Versions of a course only grow; the latest one is the highest number.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import Digest
from catalog.fault import Damaged
from catalog.manifest import Layer, Outline, Release, WrittenLayer, canonical
from catalog.store import Store

migrations = Migrations("catalog.releases")


@migrations()
def release(connection: Connection) -> None:
    connection.execute(
        """
        create table release (
            root text primary key,
            course text not null,
            version integer not null,
            document blob not null
        ) strict
        """
    )
    connection.execute("create index release_by_course on release (course, version)")
    connection.execute(
        """
        create table layer (
            root text not null,
            name text not null,
            document blob not null,
            primary key (root, name)
        ) strict
        """
    )
    connection.execute(
        """
        create table release_layer (
            release_root text not null references release (root) on delete cascade,
            name text not null,
            layer_root text not null,
            primary key (release_root, name)
        ) strict, without rowid
        """
    )
    connection.execute("create index release_layer_by_root on release_layer (layer_root, name)")


class Releases:
    """The releases in `database`, whose files lie in `store`."""

    def __init__(self, database: Database, store: Store) -> None:
        self.database = database
        self.store = store

    def record(self, connection: Connection, release: Release, layers: Iterable[Layer]) -> None:
        """Note a release and those of its layers whose files are here, in the caller's transaction.

        Raises Damaged where a layer is not the one that the release names.
        """
        connection.execute(
            "insert into release (root, course, version, document) values (?, ?, ?, ?) on conflict (root) do nothing",
            [release.root, release.course, release.version, release.to_bytes()],
        )
        connection.conn.executemany(
            "insert into release_layer (release_root, name, layer_root) values (?, ?, ?) on conflict do nothing",
            [(release.root, name, layer.root) for name, layer in release.layers.items()],
        )
        for layer in layers:
            named = release.layers.get(layer.name)
            if named is None or named.root != layer.root:
                raise _not_named(release, layer)
            self.record_layers(connection, [layer.written])

    def record_layers(self, connection: Connection, layers: Iterable[WrittenLayer]) -> None:
        """Note lists whose files are here, in the caller's transaction, before any release names them."""
        for layer in layers:
            connection.execute(
                "insert into layer (root, name, document) values (?, ?, ?) on conflict do nothing",
                [layer.root, layer.name, layer.document],
            )

    def has_layer(self, layer_root: Digest, name: str, connection: Connection | None = None) -> bool:
        """Tell whether the files of this layer are here."""
        rows = (connection or self.database.read()).execute(
            "select 1 from layer where root = ? and name = ?", [layer_root, name]
        )
        return rows.fetchone() is not None

    def release(self, root: Digest) -> Release | None:
        row = self.database.read().execute("select document from release where root = ?", [root]).fetchone()
        return Release.from_bytes(row["document"]) if row else None

    def layer(self, layer_root: Digest, name: str | None = None) -> Layer | None:
        """The list of files with this root, if it is here. Two layers of one root differ in name only."""
        rows = self.database.read().execute(
            "select name, document from layer where root = ? and name = coalesce(?, name) order by name",
            [layer_root, name],
        )
        row = rows.fetchone()
        return Layer.from_bytes(row["name"], row["document"]) if row else None

    def demand_layer(self, release: Release, name: str) -> Layer:
        """The list of one layer of a release. Raises Damaged where its files are not here."""
        layer = self.layer(release.layers[name].root, name)
        if layer is None:
            raise Damaged(
                f"{release.course} {release.version}: the list of its layer {name} is not here.",
                "Publish the course again; boxes keep what they have until then.",
            )
        return layer

    def layers(self, root: Digest) -> tuple[Layer, ...]:
        """Those layers of the release `root` that are here."""
        rows = self.database.read().execute(
            "select layer.name, document from release_layer"
            " join layer on layer.root = release_layer.layer_root and layer.name = release_layer.name"
            " where release_root = ? order by layer.name",
            [root],
        )
        return tuple(Layer.from_bytes(row["name"], row["document"]) for row in rows.fetchall())

    def layers_present(self, root: Digest, connection: Connection | None = None) -> tuple[str, ...]:
        """The names of those layers of the release `root` that are here, without reading their lists.

        A layer that another release brought counts: its list is the same. On the writer's `connection` what its
        transaction has just recorded counts too.
        """
        rows = (connection or self.database.read()).execute(
            "select layer.name from release_layer"
            " join layer on layer.root = release_layer.layer_root and layer.name = release_layer.name"
            " where release_root = ? order by layer.name",
            [root],
        )
        return tuple(row["name"] for row in rows.fetchall())

    def outlines(self, roots: Iterable[Digest] | None = None) -> list[Outline]:
        """Releases in outline, by course, the oldest first: all of them, or those with these roots that are here.

        One statement, however many they are, and no document is read.
        """
        rows = self.database.read().execute(
            "select course, version, root, name, layer_root from release"
            " join release_layer on release_layer.release_root = release.root"
            " where ?1 is null or root in (select value from json_each(?1)) order by course, version, root, name",
            [None if roots is None else canonical(list(roots)).decode()],
        )
        return [
            Outline(*release, {row["name"]: Digest(row["layer_root"]) for row in layers})
            for release, layers in groupby(rows.fetchall(), lambda row: (row["course"], row["version"], row["root"]))
        ]

    def document(self, root: Digest) -> bytes | None:
        """The bytes that name the release `root`, if it is here."""
        row = self.database.read().execute("select document from release where root = ?", [root]).fetchone()
        return bytes(row["document"]) if row else None

    def layer_document(self, layer_root: Digest) -> bytes | None:
        """The bytes that name a layer, whatever it is called, if its files are here."""
        row = self.database.read().execute("select document from layer where root = ?", [layer_root]).fetchone()
        return bytes(row["document"]) if row else None

    def layer_roots(self) -> tuple[Digest, ...]:
        """The root of every layer whose files are here and that a release names, in order."""
        rows = self.database.read().execute(
            "select distinct layer.root from layer"
            " join release_layer on release_layer.layer_root = layer.root and release_layer.name = layer.name"
            " order by layer.root"
        )
        return tuple(Digest(row["root"]) for row in rows.fetchall())

    def latest(self, course: str, connection: Connection | None = None) -> Release | None:
        row = (
            (connection or self.database.read())
            .execute("select document from release where course = ? order by version desc limit 1", [course])
            .fetchone()
        )
        return Release.from_bytes(row["document"]) if row else None

    def all_latest(self) -> list[Release]:
        """The latest release of every course, by course."""
        rows = self.database.read().execute(
            "select document, max(version) from release group by course order by course"
        )
        return [Release.from_bytes(row["document"]) for row in rows.fetchall()]

    def versions(self, course: str, connection: Connection | None = None) -> list[Release]:
        """Every release of this course, the oldest first."""
        rows = (connection or self.database.read()).execute(
            "select document from release where course = ? order by version", [course]
        )
        return [Release.from_bytes(row["document"]) for row in rows.fetchall()]

    def next_version(self, course: str, connection: Connection | None = None) -> int:
        """The number a new release of this course takes; ask on the writer's `connection` to be alone with it."""
        rows = (connection or self.database.read()).execute(
            "select coalesce(max(version), 0) + 1 from release where course = ?", [course]
        )
        return int(rows.fetchone()[0])

    def forget_others(self, connection: Connection, keep: Sequence[Digest]) -> int:
        """Forget every release that is not in `keep`, and the lists that no other names. Returns how many releases."""
        forgotten = connection.execute(
            "delete from release where root not in (select value from json_each(?))", [canonical(list(keep)).decode()]
        )
        connection.execute(
            "delete from layer where not exists (select 1 from release_layer"
            " where layer_root = layer.root and release_layer.name = layer.name)"
        )
        return forgotten.rowcount

    def has_unnamed(self, keep: Sequence[Digest]) -> bool:
        """Tell whether there are lists that no release names, but for those with a root in `keep`."""
        rows = self.database.read().execute(
            "select 1 from layer where root not in (select value from json_each(?)) and not exists (select 1"
            " from release_layer where layer_root = layer.root and release_layer.name = layer.name) limit 1",
            [canonical(list(keep)).decode()],
        )
        return rows.fetchone() is not None

    def forget_unnamed(self, connection: Connection, keep: Sequence[Digest]) -> None:
        """Forget the lists that no release names, but for those with a root in `keep`."""
        connection.execute(
            "delete from layer where root not in (select value from json_each(?)) and not exists (select 1"
            " from release_layer where layer_root = layer.root and release_layer.name = layer.name)",
            [canonical(list(keep)).decode()],
        )

    def digests(self, connection: Connection) -> set[Digest]:
        """Every file that a list here names."""
        rows = connection.execute("select name, document from layer").fetchall()
        layers = (Layer.from_bytes(row["name"], row["document"]) for row in rows)
        return {entry.digest for layer in layers for entry in layer.entries}


def _not_named(release: Release, layer: Layer) -> Damaged:
    return Damaged(
        f"{release.course} {release.version}: the files of its layer {layer.name} are not the ones it names.",
        "Sync again; if it stays so, publish the course again.",
    )
