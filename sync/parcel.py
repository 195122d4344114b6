"""The parcel: what a box holds, what it should fetch, and what each thing is called on the way.

* Whatever goes down is named by what it is, never changes, and proves itself by a root that the hub signed: so any
  link may bring it, and any cache or neighbour may serve it.
* A patch says which release it builds on. A reader that knows no patches never sees one.
* Rows may grow at their end: a reader takes the columns it knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from catalog.digest import Digest, digest_of, is_digest
from catalog.manifest import canonical, is_course
from sync.fields import demand, name_in, row_in, whole_in


@dataclass(frozen=True, slots=True)
class Parcel:
    """One layer that a box should fetch: which file, how long, and the root that proves it.

    A patch says which release it builds on. A parcel whose root a later parcel of the same course and layer builds on
    is a hop: it is rebuilt and kept for that one, not put on the shelf.
    """

    course: str
    version: int
    root: Digest
    layer: str
    pack: str
    """The immutable file's name under PACK_PATH."""
    size_bytes: int
    disk_bytes: int
    """Room that its files take once unpacked; of a patch, those that its base does not have."""
    from_root: Digest | None = None
    """The release whose layer of this name a patch builds on; None for a full pack."""

    def row(self) -> list[Any]:
        """Seven columns, and an eighth where it is a patch."""
        own = [self.course, self.version, self.root, self.layer, self.pack, self.size_bytes, self.disk_bytes]
        return own if self.from_root is None else [*own, self.from_root]

    @classmethod
    def from_row(cls, value: Any) -> Self:
        """Raises MessageRefused."""
        course, version, root, layer, pack, size_bytes, disk_bytes = row_in(value, 7, "a parcel")
        demand(isinstance(course, str) and is_course(course) and is_digest(root), "a parcel names no course")
        from_root = value[7] if len(value) > 7 else None
        demand(from_root is None or is_digest(from_root), "a parcel builds on no release")
        return cls(
            course,
            whole_in(version, "version"),
            Digest(root),
            name_in(layer, "layer"),
            name_in(pack, "pack"),
            whole_in(size_bytes, "size"),
            whole_in(disk_bytes, "disk"),
            from_root,
        )


@dataclass(frozen=True, slots=True)
class Holding:
    """A release of which a box has layers, on its shelf or behind it: what it needs no more, and can build on."""

    course: str
    root: Digest
    layers: Sequence[str]

    def row(self) -> list[Any]:
        return [self.course, self.root, sorted(self.layers)]


def manifest_name(layer_root: Digest) -> str:
    """What a layer's list of files is called under PACK_PATH: one zstd frame, proven by its root once unpacked."""
    return f"manifest-{layer_root}"


def release_name(root: Digest) -> str:
    """What a release's document is called under PACK_PATH: plain, proven by its root."""
    return f"release-{root}"


def file_name(digest: Digest) -> str:
    """What one file of a release is called under PACK_PATH: plain, proven by its digest."""
    return f"file-{digest}"


def is_single(name: str) -> bool:
    """Tell whether a name is one that `file_name` makes."""
    return name.startswith("file-")


def shelf_digest(holdings: Sequence[Holding]) -> str:
    """One name for all that a box holds; equal shelves have equal names."""
    return digest_of(canonical(sorted(holding.row() for holding in holdings)))


def holdings_of(rows: Sequence[Any]) -> tuple[Holding, ...]:
    """Raises MessageRefused."""
    return tuple(_holding(row) for row in rows)


def _holding(value: Any) -> Holding:
    course, root, layers = row_in(value, 3, "a holding")
    demand(isinstance(course, str) and is_course(course) and is_digest(root), "a holding names no course")
    demand(isinstance(layers, list), "a holding's layers are not a list")
    return Holding(course, Digest(root), tuple(name_in(layer, "layer") for layer in layers))


def plan_fields(plan: Sequence[Parcel]) -> dict[str, Any]:
    """A plan as it travels: full packs in `plan`, and in `patches` those that build on another release.

    Apart, because a reader that knows no patches would take one for a full pack. A patch's ninth column says how many
    full packs go before it, so that the two lists are one order again.
    """
    full: list[list[Any]] = []
    patches: list[list[Any]] = []
    for parcel in plan:
        if parcel.from_root is None:
            full.append(parcel.row())
        else:
            patches.append([*parcel.row(), len(full)])
    return {name: rows for name, rows in (("plan", full), ("patches", patches)) if rows}


def plan_of(full: Sequence[Any], patches: Sequence[Any]) -> tuple[Parcel, ...]:
    """The two lists as one plan again. Raises MessageRefused."""
    # A full pack stands behind the patches that say as many are before it.
    placed = [(2 * place + 1, Parcel.from_row(row_in(row, 7, "a parcel"))) for place, row in enumerate(full)]
    for row in patches:
        *columns, before = row_in(row, 9, "a patch")
        parcel = Parcel.from_row(columns)
        demand(parcel.from_root is not None, "a patch builds on no release")
        placed.append((2 * whole_in(before, "a patch's place"), parcel))
    return tuple(parcel for _, parcel in sorted(placed, key=lambda one: one[0]))
