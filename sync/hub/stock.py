"""The stock: the pack files that lie ready at the hub, and the rows that say what each of them is.

* A row is written after its file is lasting and goes before its file does: what the rows name can be fetched.
* Packs are a cache. A file that somebody removed by hand takes its row with it, and is made again if it is needed.
* Kept by rule: the full packs of the release on offer (or of the one that had the same layer), the patches that lead
  to it from the versions before it, the step from each of those versions to the next. What a release leaves behind
  stays one day, for the night in progress.
* A pack that was made and found not worth keeping has a row without a file, so that it is not made again.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, delete, select

from catalog.digest import Digest
from sync.hub import schema
from sync.hub.engine import insert, reading, writing
from sync.patch.format import Profile
from sync.wire import CAN_JPEG_XL, CAN_PATCH, Parcel

PATCH_VERSIONS_MAX = 5
"""So many versions before the latest have patches that lead to it; an older box fetches the course in full."""
FORMER_KEPT_SECONDS = 24 * 3600
"""How long the packs that nothing needs any more outlive the offer that made them so: a night is shorter."""
COURSES_NAMED_MAX = 500
"""Up to so many courses are named in a query; beyond, all rows are read and sorted out here."""

LOCK = ".lock"
"""The file by which processes take turns in changing the folder."""

Edge = tuple[Digest | None, Digest]
"""From which release (None: from nothing) to which other one."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was made: what a box is told of it, and for which boxes it is."""

    parcel: Parcel
    profile: Profile
    is_kept: bool = True

    @property
    def edge(self) -> Edge:
        return self.parcel.from_root, self.parcel.root

    @property
    def way(self) -> tuple[Edge, str]:
        return self.edge, self.parcel.layer

    def is_for(self, can: Collection[str]) -> bool:
        """Whether a box that can do this can take it."""
        is_base_known = self.parcel.from_root is None or CAN_PATCH in can
        return is_base_known and (self.profile is Profile.BASE or CAN_JPEG_XL in can)

    def row(self) -> dict[str, Any]:
        parcel = self.parcel
        return {
            "name": parcel.pack,
            "course": parcel.course,
            "version": parcel.version,
            "root": parcel.root,
            "layer": parcel.layer,
            "size_bytes": parcel.size_bytes,
            "disk_bytes": parcel.disk_bytes,
            "from_root": parcel.from_root,
            "profile": int(self.profile),
            "is_kept": int(self.is_kept),
        }


class Stock:
    """The packs in `folder`."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.folder = folder
        self._engine = engine
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, name: str) -> Path | None:
        """The file of this pack, or None where there is none of that name."""
        pack = schema.pack
        with reading(self._engine) as connection:
            query = select(pack.c.name).where(pack.c.name == name, pack.c.is_kept == 1)
            found = connection.execute(query).scalar_one_or_none()
        path = None if found is None else self.folder / found
        return path if path is not None and path.exists() else None

    def ready(self, connection: Connection, campus: str, courses: Collection[str]) -> list[Packed]:
        """The packs of these courses that boxes of a campus may be sent, in one statement."""
        pack, want = schema.pack, schema.want
        query = (
            select(pack)
            .join(want, want.c.course == pack.c.course)
            .where(want.c.campus == campus, pack.c.is_kept == 1)
            .order_by(pack.c.name)
        )
        if len(courses) <= COURSES_NAMED_MAX:
            query = query.where(pack.c.course.in_(sorted(courses)))
        return [_packed(row) for row in connection.execute(query) if row.course in courses]

    def made(self) -> dict[str, Packed]:
        """Every pack that was made, kept or not, by its name."""
        with reading(self._engine) as connection:
            return {row.name: _packed(row) for row in connection.execute(select(schema.pack))}

    def add(self, packed: Packed) -> None:
        """Note a pack whose file is lasting, or that is not worth one."""
        with writing(self._engine) as connection:
            connection.execute(insert(connection, schema.pack).values(packed.row()).on_conflict_do_nothing())

    def forget_lost(self) -> None:
        """Drop the rows whose files somebody took away."""
        there = {path.name for path in self.folder.iterdir()}
        self._drop(name for name, packed in self.made().items() if packed.is_kept and name not in there)

    def tidy(self, kept: Collection[tuple[Edge, str]]) -> None:
        """Remove all packs but those on the `kept` edges of the layers named with them, and files that no row names."""
        made = self.made()
        self._drop(name for name, packed in made.items() if packed.way not in kept)
        named = {name for name, packed in made.items() if packed.way in kept and packed.is_kept}
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in named and path.name != LOCK:
                path.unlink(missing_ok=True)

    def _drop(self, names: Iterable[str]) -> None:
        rows = [{"dropped": name} for name in names]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(delete(schema.pack).where(schema.pack.c.name == bindparam("dropped")), rows)


def edges_to(root: Digest, history: Sequence[Digest]) -> list[Edge]:
    """The edges that lead to a release of a course in one step: from nothing, and from the versions before it.

    `history` is every version of the course, the oldest first.
    """
    place = history.index(root)
    bases = history[max(0, place - PATCH_VERSIONS_MAX) : place]
    return [(None, root), *((base, root) for base in reversed(bases))]


def edges_kept(history: Sequence[Digest], aims: Iterable[Digest]) -> set[Edge]:
    """The edges whose packs are of use while the last of `history` is the latest and boxes should have `aims`."""
    kept = set(edges_to(history[-1], history))
    kept.update(pairwise(history[-1 - PATCH_VERSIONS_MAX :]))
    for aim in aims:
        kept.update(edges_to(aim, history))
    return kept


def _packed(row: Row[Any]) -> Packed:
    from_root = None if row.from_root is None else Digest(row.from_root)
    parcel = Parcel(
        row.course, row.version, Digest(row.root), row.layer, row.name, row.size_bytes, row.disk_bytes, from_root
    )
    return Packed(parcel, Profile(row.profile), row.is_kept == 1)
