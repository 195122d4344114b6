"""The plan: what should travel to a box, and in which order.

* A box lacks a layer when the wanted release names it and the box does not hold that very root with that layer.
* A route brings a layer: a full pack, a patch, or patches one upon another; the one with the fewest bytes, of what
  lies ready. All of it, or none.
* A layer that stayed the same since a release that the box holds is not sent: the box has it. The core always is,
  since it brings the new release's own words.
* Lanes in order: the cores of all courses (small ones first), then sound, then pictures that move, then the rest.
  So every course can be opened before the first video comes.
* The box takes what fits its disk, in that order; what it leaves out, it says.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count

from catalog.digest import Digest
from catalog.manifest import CORE, Outline
from sync.routes import Route, rest_of, routes_of
from sync.wire import Holding, Parcel

DISK_SPARE_BYTES = 64 << 20
"""Left free for the journal and the system, whatever comes."""
REQUEST_BYTES = 600
"""What a request costs beside its pack, both ways: one that saves less is not made."""


class Lane(IntEnum):
    """Less goes first."""

    CORE = 0
    AUDIO = 1
    VIDEO = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class Skipped:
    """A route left for another night, and why. `parcel` is the one that would have reached the shelf."""

    parcel: Parcel
    sentence: str
    route: Route = ()
    """Every parcel that was left out with it, itself included: none of them is of use without the others."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a box takes of a plan now, in order, and what it leaves."""

    take: tuple[Parcel, ...]
    skipped: tuple[Skipped, ...]


def parcels_for(
    wanted: Iterable[Outline],
    holdings: Iterable[Holding],
    ready: Iterable[Parcel],
    known: Mapping[Digest, Outline],
    families: Mapping[str, str] | None = None,
) -> list[Parcel]:
    """What a box that has `holdings` should fetch to have all of `wanted`, of the packs that are `ready`.

    `known` are the releases that the box may hold. Of one that is not known no layer is taken for the same as another.
    `families` says of courses to which family of language editions they belong: one builds on another.
    A layer to which no ready pack leads is left out: the next report's plan has it.
    """
    packs: dict[tuple[str, str], list[Parcel]] = defaultdict(list)
    for parcel in ready:
        packs[parcel.course, parcel.layer].append(parcel)
    held = _by_course(holdings)
    parcels: list[Parcel] = []
    for release in wanted:
        here = held.get(release.course, {}) | _of_family(release.course, held, families or {})
        for layer in _lacking(release, here, known):
            bases = [root for root, layers in here.items() if layer in layers]
            parcels += route(release.root, bases, packs.get((release.course, layer), ()))
    return in_order(parcels)


def incomplete(wanted: Iterable[Outline], holdings: Iterable[Holding]) -> list[Outline]:
    """Those of `wanted` of which a box with these holdings lacks anything."""
    held = _by_course(holdings)
    return [one for one in wanted if not one.layers.keys() <= held.get(one.course, {}).get(one.root, set())]


def siblings_first(
    wanted: Sequence[Outline], holdings: Iterable[Holding], ready: Iterable[Parcel], families: Mapping[str, str]
) -> list[Outline]:
    """Those of `wanted` that should travel now, where a box may come again at once.

    Of a family of which nothing is here yet, the edition with the smallest core goes alone before those that a patch
    leads to from it: they build on it when it is there, and cost what is their own.
    """
    held = {families[holding.course] for holding in holdings if CORE in holding.layers and holding.course in families}
    full: dict[str, int] = {}
    steps: dict[Digest, set[Digest]] = defaultdict(set)
    for parcel in ready:
        if parcel.layer == CORE and parcel.from_root is None:
            full[parcel.root] = parcel.size_bytes
        elif parcel.layer == CORE and parcel.from_root is not None:
            steps[parcel.from_root].add(parcel.root)
    first: dict[str, Outline] = {}
    for release in sorted(wanted, key=lambda one: (full.get(one.root, 0), one.course)):
        if release.root in full and families.get(release.course) not in (None, *held):
            first.setdefault(families[release.course], release)
    later = {root for release in first.values() for root in steps[release.root]}
    return [release for release in wanted if release.root not in later]


def route(root: Digest, bases: Collection[Digest], packs: Iterable[Parcel]) -> list[Parcel]:
    """The cheapest way to one layer of the release `root`, from nothing or from any of `bases`; [] if there is none.

    `packs` are of that layer. Of two ways that cost the same, the one with fewer requests.
    """
    onward: dict[Digest | None, list[Parcel]] = defaultdict(list)
    for pack in packs:
        onward[pack.from_root].append(pack)
    ties = count()
    starts: list[Digest | None] = [None, *bases]
    queue: list[tuple[int, int, int, Digest | None, tuple[Parcel, ...]]] = [
        (0, 0, next(ties), start, ()) for start in starts
    ]
    reached: set[Digest | None] = set()
    while queue:
        cost, hops, _, place, way = heappop(queue)
        if place == root:
            return list(way)
        if place in reached:
            continue
        reached.add(place)
        for pack in sorted(onward[place], key=lambda one: (one.size_bytes, one.pack)):
            step = cost + pack.size_bytes + REQUEST_BYTES
            heappush(queue, (step, hops + 1, next(ties), pack.root, (*way, pack)))
    return []


def chosen(
    plan: Sequence[Parcel],
    free_bytes: int,
    held: Collection[tuple[Digest, str]],
    spooled_bytes: Callable[[str], int],
    is_wanted: Callable[[str], bool] = lambda layer: True,
) -> Chosen:
    """What to take of `plan` with `free_bytes` on the disk; `held` are (root, layer) that are here already.

    A layer that `is_wanted` does not name is passed by without a word, except a core: without it nothing opens.

    A parcel needs room for what is still to come of its pack and for what it unpacks to. The pack's own room comes
    free again when it is unpacked, so only the files count against the parcels after it. A route is taken whole.
    """
    room_bytes = free_bytes - DISK_SPARE_BYTES
    take: list[Parcel] = []
    skipped: list[Skipped] = []
    here = set(held)
    for way in _in_order(plan):
        target = way[-1]
        if (target.root, target.layer) in here or not (target.layer == CORE or is_wanted(target.layer)):
            continue
        coming = rest_of(way, here)
        needed_bytes, kept_bytes = _room(coming, spooled_bytes)
        if needed_bytes > room_bytes:
            skipped.append(Skipped(target, _no_room(target, needed_bytes, max(0, room_bytes)), coming))
            continue
        room_bytes -= kept_bytes
        take += coming
        here |= {(hop.root, hop.layer) for hop in coming[:-1]}
    return Chosen(tuple(take), tuple(skipped))


def in_order(parcels: Sequence[Parcel]) -> list[Parcel]:
    """Lanes first, then the smaller route, then the name: the same plan gives the same order everywhere.

    The parcels of one route stay together, each behind the one that it builds on.
    """
    ordered: list[Parcel] = []
    hops: set[Parcel] = set()
    for way in _in_order(parcels):
        # Two routes may have a hop in common: it travels once, before the first that needs it.
        ordered += [*(hop for hop in way[:-1] if hop not in hops), way[-1]]
        hops.update(way[:-1])
    return ordered


def first_routes(parcels: Sequence[Parcel], parcels_max: int) -> list[Parcel]:
    """The beginning of a plan in order: as many routes as have together at most so many parcels."""
    first: list[Parcel] = []
    for way in _in_order(parcels):
        if len(first) + len(way) > parcels_max:
            break
        first += way
    return first


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


def _by_course(holdings: Iterable[Holding]) -> dict[str, dict[Digest, set[str]]]:
    held: dict[str, dict[Digest, set[str]]] = defaultdict(dict)
    for holding in holdings:
        held[holding.course].setdefault(holding.root, set()).update(holding.layers)
    return held


def _of_family(
    course: str, held: Mapping[str, dict[Digest, set[str]]], families: Mapping[str, str]
) -> dict[Digest, set[str]]:
    """What is here of other courses of the same family."""
    family = families.get(course)
    siblings = [one for one in held if one != course and family and families.get(one) == family]
    return {root: layers for sibling in siblings for root, layers in held[sibling].items()}


def _lacking(release: Outline, here: Mapping[Digest, Collection[str]], known: Mapping[Digest, Outline]) -> list[str]:
    """The layers of a wanted release that have to travel to a box that has this of its course."""
    if here.get(release.root):
        # It has the release. What it could take over from others it has taken over; what is still missing must come.
        return [layer for layer in release.layers if layer not in here[release.root]]
    same = {
        layer
        for root, layers in here.items()
        if root in known
        for layer in layers
        if layer != CORE and release.layers.get(layer) == known[root].layers.get(layer)
    }
    return [layer for layer in release.layers if layer not in same]


def _in_order(parcels: Sequence[Parcel]) -> list[Route]:
    return sorted(routes_of(parcels), key=_place)


def _place(way: Route) -> tuple[int, int, str, str]:
    last = way[-1]
    return lane_of(last.layer), sum(parcel.size_bytes for parcel in way), last.course, last.layer


def _room(way: Route, spooled_bytes: Callable[[str], int]) -> tuple[int, int]:
    """The room a route needs at its fullest, and what of it its files keep."""
    needed_bytes = kept_bytes = 0
    for parcel in way:
        coming_bytes = max(0, parcel.size_bytes - spooled_bytes(parcel.pack))
        needed_bytes = max(needed_bytes, kept_bytes + coming_bytes + parcel.disk_bytes)
        kept_bytes += parcel.disk_bytes
    return needed_bytes, kept_bytes


def _no_room(parcel: Parcel, needed_bytes: int, room_bytes: int) -> str:
    what = parcel.course if parcel.layer == CORE else f"{parcel.course} ({parcel.layer})"
    return f"{what}: needs {_mebibytes(needed_bytes)} of disk, {_mebibytes(room_bytes)} can be used."


def _mebibytes(count: int) -> str:
    return f"{-(-count // (1 << 20))} MiB"
