"""The plan: what should travel to a box, and in which order.

* A box lacks a layer when the wanted release names it and the box does not hold that very root with that layer.
* Lanes in order: the cores of all courses (small ones first), then sound, then pictures that move, then the rest.
  So every course can be opened before the first video comes.
* The box takes what fits its disk, in that order; what it leaves out, it says.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from catalog.digest import Digest
from catalog.manifest import CORE, Release
from sync.wire import Holding, Parcel

DISK_SPARE_BYTES = 64 << 20
"""Left free for the journal and the system, whatever comes."""


class Lane(IntEnum):
    """Less goes first."""

    CORE = 0
    AUDIO = 1
    VIDEO = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class PackSize:
    """A pack that lies ready at the hub: its file name and its length."""

    pack: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A parcel left for another night, and why."""

    parcel: Parcel
    sentence: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a box takes of a plan now, in order, and what it leaves."""

    take: tuple[Parcel, ...]
    skipped: tuple[Skipped, ...]


def parcels_for(
    wanted: Sequence[Release],
    holdings: Sequence[Holding],
    ready: Mapping[tuple[Digest, str], PackSize],
) -> list[Parcel]:
    """What a box that has `holdings` should fetch to have all of `wanted`, of the packs that are ready.

    A pack that is not built yet is left out: the next report's plan has it.
    """
    held = {(holding.root, layer) for holding in holdings for layer in holding.layers}
    parcels = [
        Parcel(
            release.course, release.version, release.root, layer, ready[release.root, layer].pack,
            ready[release.root, layer].size_bytes, release.layers[layer].size_bytes,
        )
        for release in wanted
        for layer in release.layers
        if (release.root, layer) not in held and (release.root, layer) in ready
    ]  # fmt: skip
    return in_order(parcels)


def chosen(
    plan: Sequence[Parcel],
    free_bytes: int,
    held: Collection[tuple[Digest, str]],
    spooled_bytes: Callable[[str], int],
) -> Chosen:
    """What to take of `plan` with `free_bytes` on the disk; `held` are (root, layer) that are here already.

    A parcel needs room for what is still to come of its pack and for what it unpacks to. The pack's own room comes
    free again when it is unpacked, so only the files count against the parcels after it.
    """
    room_bytes = free_bytes - DISK_SPARE_BYTES
    take: list[Parcel] = []
    skipped: list[Skipped] = []
    for parcel in in_order(plan):
        if (parcel.root, parcel.layer) in held:
            continue
        coming_bytes = max(0, parcel.size_bytes - spooled_bytes(parcel.pack))
        if coming_bytes + parcel.disk_bytes > room_bytes:
            skipped.append(Skipped(parcel, _no_room(parcel, coming_bytes + parcel.disk_bytes, max(0, room_bytes))))
            continue
        room_bytes -= parcel.disk_bytes
        take.append(parcel)
    return Chosen(tuple(take), tuple(skipped))


def in_order(parcels: Sequence[Parcel]) -> list[Parcel]:
    """Lanes first, then the smaller pack, then the name: the same plan gives the same order everywhere."""
    return sorted(parcels, key=lambda one: (lane_of(one.layer), one.size_bytes, one.course, one.layer))


def lane_of(layer: str) -> Lane:
    """The lane of a layer, by its name."""
    match layer.partition("-")[0]:
        case "core":
            return Lane.CORE
        case "audio":
            return Lane.AUDIO
        case "video":
            return Lane.VIDEO
        case _:
            return Lane.OTHER


def _no_room(parcel: Parcel, needed_bytes: int, room_bytes: int) -> str:
    what = parcel.course if parcel.layer == CORE else f"{parcel.course} ({parcel.layer})"
    return f"{what}: needs {_mebibytes(needed_bytes)} of disk, {_mebibytes(room_bytes)} can be used."


def _mebibytes(count: int) -> str:
    return f"{-(-count // (1 << 20))} MiB"
