"""The shelf: which release of each course is in use here.

* A release takes the place of the former one in one transaction, the caller's; never half of it.
* The former release stays, with its files and its tree, until the next one; it can be brought back.
* Each release in use has a tree of hard links. Trees are made from the index and can be made again at any time.
"""

import json
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlite_utils.migrations import Migrations

from catalog import tree
from catalog.db import Connection, Database
from catalog.digest import Digest
from catalog.fault import CallerFault, Damaged
from catalog.manifest import CORE, Layer, Release, canonical
from catalog.moved import moved_in, way_back
from catalog.releases import Releases
from catalog.store import VARIANT_SUFFIX, Store

RELEASES_REMEMBERED_MAX = 256

Moving = Callable[[Connection, str, Mapping[str, str]], None]
"""Hears of which course activities have other ids now."""

migrations = Migrations("catalog.shelf")


@migrations()
def shelf(connection: Connection) -> None:
    """`tree_layer` says which layers a tree holds for certain: written once their links are lasting."""
    connection.execute(
        """
        create table shelf (
            course text primary key,
            root text not null references release (root),
            former_root text references release (root),
            layers text not null,
            place integer not null
        ) strict
        """
    )
    connection.execute(
        """
        create table tree_layer (
            root text not null,
            layer text not null,
            primary key (root, layer)
        ) strict, without rowid
        """
    )


@dataclass(frozen=True, slots=True)
class Shelved:
    """One course on the shelf: the release in use, and which of its layers are here."""

    course: str
    root: Digest
    layers: tuple[str, ...]
    former_root: Digest | None


@lru_cache(maxsize=RELEASES_REMEMBERED_MAX)
def _release(document: bytes) -> Release:
    """Read a release once: every page and every answer asks for one, and they never change."""
    return Release.from_bytes(document)


class Shelf:
    """The shelf in `database`; its trees lie in the folder `trees`, on the disk of the store."""

    def __init__(self, database: Database, releases: Releases, store: Store, trees: Path) -> None:
        self.database = database
        self.releases = releases
        self.store = store
        self.trees = trees
        self._building = threading.Lock()
        self._when_moved: list[Moving] = []
        trees.mkdir(parents=True, exist_ok=True)

    def when_moved(self, hear: Moving) -> None:
        """Have `hear` called with a course and {former id: id} where a release is put in use that names activities
        anew, in the transaction that does it."""
        self._when_moved.append(hear)

    def switch(self, connection: Connection, release: Release, layers: Sequence[str]) -> None:
        """Put `release` in use with these layers, in the transaction that records it. A new course comes last.

        Call `ensure_trees` afterwards; whoever asks for the tree earlier makes it.
        """
        assert CORE in layers, "the shelf switches on core"
        connection.execute(
            "insert into shelf (course, root, layers, place)"
            " values (?, ?, ?, (select coalesce(max(place), 0) + 1 from shelf))"
            " on conflict (course) do update set"
            " former_root = case when root = excluded.root then former_root else root end,"
            " root = excluded.root, layers = excluded.layers",
            [release.course, release.root, canonical(sorted(layers)).decode()],
        )
        self._tell_moved(connection, release.course, moved_in(release))

    def bring_back(self, connection: Connection, course: str) -> Shelved:
        """Put the former release of `course` in use again, in the caller's transaction; the present one becomes former.

        Raises CallerFault where there is no former release.
        """
        row = connection.execute("select root, former_root from shelf where course = ?", [course]).fetchone()
        if row is None or row["former_root"] is None:
            raise CallerFault(f"There is no former version of {course} here to bring back.", "Sync to get a newer one.")
        layers = self.releases.layers_present(row["former_root"])
        present, former = self.releases.release(row["root"]), self.releases.release(row["former_root"])
        connection.execute(
            "update shelf set root = former_root, former_root = root, layers = ? where course = ?",
            [canonical(list(layers)).decode(), course],
        )
        if present is not None and former is not None:
            self._tell_moved(connection, course, way_back(present, former))
        return Shelved(course, row["former_root"], layers, row["root"])

    def clear(self, connection: Connection) -> None:
        """Take every course off the shelf, in the caller's transaction; `tidy` frees what they were made of."""
        connection.execute("delete from shelf")
        connection.execute("delete from tree_layer")

    def take_away(self, connection: Connection, courses: Collection[str]) -> list[str]:
        """Take these courses off the shelf, in the caller's transaction; `free` makes room of what they were made of.

        Returns those that were on it.
        """
        gone = connection.execute(
            "delete from shelf where course in (select value from json_each(?)) returning course",
            [canonical(list(courses)).decode()],
        ).fetchall()
        return [row["course"] for row in gone]

    def free(self, courses: Collection[str]) -> int:
        """Forget the releases of courses that are not on the shelf, and free their files. Returns the bytes freed."""
        named = canonical(list(courses)).decode()

        def digests_kept(connection: Connection) -> set[Digest]:
            others = connection.execute(
                "select root from release where course not in (select value from json_each(?))"
                " or course in (select course from shelf)",
                [named],
            ).fetchall()
            self.releases.forget_others(connection, [row["root"] for row in others])
            return self.releases.digests(connection)

        with self._building:
            self._drop_strays()
            return self.store.prune(digests_kept)

    def shelved(self) -> list[Shelved]:
        """What is in use, in the order of the shelf."""
        rows = self.database.read().execute("select course, root, former_root, layers from shelf order by place")
        return [
            Shelved(row["course"], row["root"], tuple(json.loads(row["layers"])), row["former_root"])
            for row in rows.fetchall()
        ]

    def holdings(self) -> list[tuple[str, Digest, tuple[str, ...]]]:
        """What this box tells the hub: course, root and layers."""
        return [(one.course, one.root, one.layers) for one in self.shelved()]

    def bases(self) -> list[tuple[str, Digest, tuple[str, ...]]]:
        """What is here beside the releases in use and may help them: course, root and layers.

        These are layers of other releases of a course that the one in use names too, and lacks.
        """
        rows = self.database.read().execute(
            """
            select release.course, release.root, other.name from shelf
            join release_layer lacked on lacked.release_root = shelf.root
            join release on release.course = shelf.course and release.root != shelf.root
            join release_layer other on other.release_root = release.root and other.name = lacked.name
            join layer on layer.root = other.layer_root and layer.name = other.name
            where not exists (select 1 from layer where root = lacked.layer_root and name = lacked.name)
            order by release.course, release.version, release.root, other.name
            """
        )
        layers: dict[tuple[str, Digest], list[str]] = {}
        for row in rows.fetchall():
            layers.setdefault((row["course"], Digest(row["root"])), []).append(row["name"])
        return [(course, root, tuple(names)) for (course, root), names in layers.items()]

    def courses(self) -> list[Release]:
        """The releases in use, in the order of the shelf."""
        rows = self.database.read().execute(
            "select document from shelf join release on release.root = shelf.root order by place"
        )
        return [_release(row["document"]) for row in rows.fetchall()]

    def release(self, course: str) -> Release | None:
        rows = self.database.read().execute(
            "select document from shelf join release on release.root = shelf.root where shelf.course = ?", [course]
        )
        row = rows.fetchone()
        return _release(row["document"]) if row else None

    def tree(self, course: str) -> Path:
        """The folder with the files of the release in use; made now if it is not there yet.

        Raises CallerFault where the course is not on the shelf.
        """
        one = next((one for one in self.shelved() if one.course == course), None)
        if one is None:
            raise CallerFault(f"The course {course} is not on the shelf.", "Look at the library for what is there.")
        with self._building:
            self._ensure(one.root, one.layers)
        return self.tree_of(one.root)

    def tree_of(self, root: Digest) -> Path:
        """Where the tree of this release lies, or would lie."""
        return self.trees / root

    def ensure_trees(self) -> None:
        """Make the trees that are missing, and take away those of releases that are neither in use nor former."""
        with self._building:
            for one in self.shelved():
                self._ensure(one.root, one.layers)
            self._drop_strays()

    def take_off(self, digests: Collection[Digest]) -> None:
        """Let no tree hold these files any more: they have rotted. Readers that have one open keep it."""
        for path, variant in self._places(digests):
            path.unlink(missing_ok=True)
            if variant is not None:
                variant.unlink(missing_ok=True)

    def take_off_variants(self, digests: Collection[Digest]) -> None:
        """Let no tree hold the gzip of these files any more."""
        for _, variant in self._places(digests):
            if variant is not None:
                variant.unlink(missing_ok=True)

    def put_back(self, digests: Collection[Digest]) -> None:
        """Give these files, which the store has again, back to the trees that name them."""
        with self._building:
            for root, layers in self._naming(digests):
                tree.build(self.tree_of(root), layers, self.store)

    def tidy(self, keep: Collection[Digest] = ()) -> int:
        """Forget releases that are neither in use nor former nor in `keep`, and free their files.

        Returns the bytes freed.
        """

        def digests_kept(connection: Connection) -> set[Digest]:
            self.releases.forget_others(connection, [*_kept(connection), *keep])
            return self.releases.digests(connection)

        with self._building:
            self._drop_strays()
            return self.store.prune(digests_kept)

    def _tell_moved(self, connection: Connection, course: str, moved: Mapping[str, str]) -> None:
        if moved:
            for hear in self._when_moved:
                hear(connection, course, moved)

    def _places(self, digests: Collection[Digest]) -> list[tuple[Path, Path | None]]:
        """Where trees hold these files, and the gzip of each; None where that name is the course's own."""
        wanted = set(digests)
        places: list[tuple[Path, Path | None]] = []
        for root, layers in self._naming(digests):
            entries = [entry for layer in layers for entry in layer.entries]
            own = {entry.path for entry in entries}
            for entry in entries:
                if entry.digest in wanted:
                    beside = entry.path + VARIANT_SUFFIX
                    variant = None if beside in own else self.tree_of(root) / beside
                    places.append((self.tree_of(root) / entry.path, variant))
        return places

    def _naming(self, digests: Collection[Digest]) -> list[tuple[Digest, list[Layer]]]:
        """Trees that are there, each with those of its layers that name one of these files."""
        wanted = set(digests)
        made = self.database.read().execute("select root, layer from tree_layer order by root, layer").fetchall()
        found: list[tuple[Digest, list[Layer]]] = []
        for root in dict.fromkeys(Digest(row["root"]) for row in made):
            names = {row["layer"] for row in made if row["root"] == root}
            here = [layer for layer in self.releases.layers(root) if layer.name in names]
            if any(entry.digest in wanted for layer in here for entry in layer.entries):
                found.append((root, here))
        return found

    def _ensure(self, root: Digest, layers: Sequence[str]) -> None:
        folder = self.tree_of(root)
        rows = self.database.read().execute("select layer from tree_layer where root = ?", [root]).fetchall()
        if folder.is_dir() and set(layers) <= {row["layer"] for row in rows}:
            return
        present = [layer for layer in self.releases.layers(root) if layer.name in layers]
        if len(present) != len(layers):
            raise Damaged(f"The file lists of {root[:12]} are not all here.", "Sync again.")
        tree.build(folder, present, self.store)
        self.database.write(
            lambda connection: connection.conn.executemany(
                "insert into tree_layer (root, layer) values (?, ?) on conflict do nothing",
                [(root, layer) for layer in layers],
            )
        )

    def _drop_strays(self) -> None:
        kept = set(_kept(self.database.read()))
        strays = [folder for folder in sorted(self.trees.iterdir()) if folder.name not in kept]
        if not strays:
            return
        # Forgotten before they go: a cut in between must not leave half a tree that counts as whole.
        self.database.write(
            lambda connection: connection.conn.executemany(
                "delete from tree_layer where root = ?", [(stray.name,) for stray in strays]
            )
        )
        for stray in strays:
            tree.remove(stray)


def _kept(connection: Connection) -> list[Digest]:
    rows = connection.execute(
        "select root from shelf union select former_root from shelf where former_root is not null order by 1"
    )
    return [Digest(row[0]) for row in rows.fetchall()]
