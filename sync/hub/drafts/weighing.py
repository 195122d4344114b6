"""Weighing: what a draft would take on the wire, worked out ahead by building its packs.

* A draft is weighed against what boxes have: against nothing, against each version of its course that some box holds,
  and against the editions of its family. What boxes come to hold meanwhile is weighed when it is seen.
* A pack that was built for this is measured and thrown away: the release will have a number, and perhaps other words;
  its own packs differ from these by a few bytes.
* The campus's own route is worked out by the very rules of the plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, select

from catalog.digest import Digest
from catalog.manifest import CORE, Outline, Release
from catalog.publish import Catalog
from sync.hub import schema
from sync.hub.drafts.draft import Draft, State
from sync.hub.drafts.drafts import Drafts
from sync.hub.engine import insert, reading, writing
from sync.hub.fleet import roots_held
from sync.hub.stock import PATCH_VERSIONS_MAX
from sync.parcel import Parcel
from sync.patch.format import Held

SIBLINGS_MAX = 5
WORTH_PERCENT_MAX = 90


@dataclass(frozen=True, slots=True)
class Weight:
    """One way to one layer of a draft."""

    layer: str
    from_root: Digest | None
    size_bytes: int
    disk_bytes: int


class Weighing:
    """Builds, measures, remembers."""

    def __init__(self, catalog: Catalog, engine: Engine, drafts: Drafts) -> None:
        self._catalog = catalog
        self._engine = engine
        self._drafts = drafts

    def weigh_missing(self, only: str = "") -> int:
        """Weigh what no draft, or not this one, was weighed against yet. Returns how many packs were measured.

        Raises DiskFull or BoxFault; Damaged where files are not here any more.
        """
        count = 0
        for draft in self._drafts.all():
            if only in ("", draft.id) and draft.state is State.READY and draft.release is not None:
                for layer, base in list(self._missing(draft, draft.release)):
                    self._weigh(draft, draft.said, layer, base)
                    count += 1
        return count

    def weights(self, draft: Draft) -> list[Weight]:
        """The ways that are known by now and worth going."""
        table = schema.draft_weight
        with reading(self._engine) as connection:
            rows = connection.execute(select(table).where(table.c.draft == draft.id)).all()
        full = {row.layer: row.size_bytes for row in rows if not row.from_root}
        return [
            Weight(row.layer, Digest(row.from_root) if row.from_root else None, row.size_bytes, row.disk_bytes)
            for row in rows
            if not row.from_root or row.size_bytes * 100 <= WORTH_PERCENT_MAX * full.get(row.layer, 0)
        ]

    def is_weighed(self, draft: Draft) -> bool:
        """Whether nothing is still to be weighed."""
        return draft.release is not None and next(self._missing(draft, draft.release), None) is None

    def _missing(self, draft: Draft, release: Release) -> Iterator[tuple[str, Outline | None]]:
        table = schema.draft_weight
        with reading(self._engine) as connection:
            known = {
                (row.layer, row.from_root) for row in connection.execute(select(table).where(table.c.draft == draft.id))
            }
        bases: list[Outline | None] = [None, *self._bases(draft, release)]
        for base in bases:
            for name, layer in sorted(release.layers.items()):
                is_other = base is None or (name in base.layers and (name == CORE or base.layers[name] != layer.root))
                if is_other and (name, "" if base is None else base.root) not in known:
                    yield name, base

    def _bases(self, draft: Draft, release: Release) -> list[Outline]:
        """What boxes may have of this course, or of its family, that a patch could build on."""
        outlines = self._catalog.releases.outlines()
        own = [one for one in outlines if one.course == release.course]
        with reading(self._engine) as connection:
            held = roots_held(connection)
            offer = schema.offer
            family = draft.about.family
            query = select(offer.c.root).where(offer.c.family == family, offer.c.course != release.course)
            siblings = list(connection.execute(query.order_by(offer.c.course)).scalars()) if family else []
        latest = [one for one in own[-PATCH_VERSIONS_MAX:] if one.root in held or one is own[-1]]
        return latest + [one for one in outlines if one.root in siblings[:SIBLINGS_MAX]]

    def _weigh(self, draft: Draft, release: Release, name: str, base: Outline | None) -> None:
        from sync.patch.build import build  # loads the compressors, which no other part of a hub needs

        held = self._held(release, name)
        held_base = None if base is None else self._held_of(base, name)
        known = set() if held_base is None else {entry.digest for entry in held_base.layer.entries}
        fresh = {entry.digest: entry.size_bytes for entry in held.layer.entries if entry.digest not in known}
        with TemporaryDirectory(dir=self._drafts.chunks.folder, prefix=".weighing-") as folder:
            built = build(held.release, held.layer, held.open, Path(folder) / "pack", base=held_base)
        row = {
            "draft": draft.id, "layer": name, "from_root": "" if base is None else base.root,
            "size_bytes": built.size_bytes, "disk_bytes": sum(fresh.values()), "is_kept": 1,
        }  # fmt: skip
        with writing(self._engine) as connection:
            is_there = connection.execute(select(schema.draft.c.id).where(schema.draft.c.id == draft.id)).first()
            if is_there is not None:
                connection.execute(insert(connection, schema.draft_weight).values(row).on_conflict_do_nothing())

    def _held_of(self, outline: Outline, name: str) -> Held:
        release = self._catalog.releases.release(outline.root)
        assert release is not None, "it was listed a moment ago, and releases never go"
        return self._held(release, name)

    def _held(self, release: Release, name: str) -> Held:
        return Held(release, self._catalog.releases.demand_layer(release, name), self._catalog.store.open)


def parcels_of(draft: Draft, weights: Sequence[Weight]) -> list[Parcel]:
    """The packs that a draft would have, as a plan would name them."""
    release = draft.said
    return [
        Parcel(
            release.course, release.version, release.root, one.layer, f"{one.layer}-{one.from_root or 'full'}",
            one.size_bytes, one.disk_bytes, one.from_root,
        )
        for one in weights
    ]  # fmt: skip


def outline_of(release: Release) -> Outline:
    """A release without its words."""
    layers: Mapping[str, Digest] = {name: layer.root for name, layer in release.layers.items()}
    return Outline(release.course, release.version, release.root, layers)
