"""Choosing what a patch builds on: pure decisions over lists and sketches, no file is opened here.

* A path that is there again with other bytes builds on what it was. A file that arrives builds on the one of its
  extension that it resembles most (a sketch of its lines tells), among those that left or whose names resemble its.
* What arrives whole may be the tenth language of a course: it shares addresses, code and markup with the other nine.
  So files related by name are laid further off in the prefix, as many as twice what arrives.
* Equal inputs give equal choices, whatever the machine.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog.digest import Digest
from catalog.manifest import Entry, Layer
from sync.patch.format import FileRow, Operation, stream_order

SKETCH_HASHES = 64
LINE_BYTES_MIN = 16
"""Shorter lines (brackets, blanks) are in every file."""
LINES_MIN = 8
"""A file of fewer lines (a script made small) is cut into its words instead."""
ALIKE_HASHES_MIN = 4
OWN_SHARE_MAX = 8
"""A base this many times as large as its file costs more time to take in than it gives."""
OWN_BYTES_FREE = 64 << 10
FAR_SHARE = 2
"""How much of related files a group's prefix takes, for each byte that arrives without a base of its own."""

_NO_CASE = bytes.maketrans(b";,>} \t", b"\n\n\n\n\n\n")


@dataclass(frozen=True, slots=True)
class Listing:
    """What differs between a layer and its base."""

    removed: tuple[int, ...]
    rows: tuple[FileRow, ...]
    """Those whose path the base has, then the others; both in the order of paths."""
    digests: tuple[Digest, ...]
    own: Mapping[int, int]
    """Of the rows whose path the base has: where in its list."""


def listing(layer: Layer, base: Layer | None) -> Listing:
    """Compare two lists of files. What is the same under another path is found by its digest."""
    old = {entry.path: (place, entry) for place, entry in enumerate(base.entries)} if base is not None else {}
    held = _held(base)
    changed = [entry for entry in layer.entries if entry.path in old and old[entry.path][1] != entry]
    added = [entry for entry in layer.entries if entry.path not in old]
    here = {entry.path for entry in layer.entries}
    rows: list[FileRow] = []
    firsts: dict[Digest, int] = {}
    expected = 0
    for entry in (*changed, *added):
        row = FileRow(entry.path, entry.size_bytes, entry.media_type, entry.role)
        if places := held.get(entry.digest):
            place = _likeliest(places, entry.path, expected, base)
            expected = place + 1
            rows.append(replace(row, operation=Operation.HELD, place=place))
        elif (first := firsts.setdefault(entry.digest, len(rows))) != len(rows):
            rows.append(replace(row, operation=Operation.SAME, place=first))
        else:
            rows.append(replace(row, stream_bytes=entry.size_bytes))
    return Listing(
        removed=tuple(place for path, (place, _) in old.items() if path not in here),
        rows=tuple(rows),
        digests=tuple(entry.digest for entry in (*changed, *added)),
        own={number: old[entry.path][0] for number, entry in enumerate(changed)},
    )


def sketch_of(data: bytes) -> frozenset[int]:
    """A file in a few numbers, of which files that share lines share some: the lowest checksums of its lines."""
    lines = _lines(data)
    if len(lines) < LINES_MIN:
        lines = _lines(data.translate(_NO_CASE))
    return frozenset(sorted({zlib.crc32(line) for line in lines})[:SKETCH_HASHES])


def most_alike(sketch: frozenset[int], places: Mapping[int, Sequence[int]]) -> int | None:
    """The file that has most lines in common with this sketch, of those that `places` names by their lines'
    checksums; None where none has enough."""
    shared = Counter(place for line in sketch for place in places.get(line, ()))
    best = max(shared, key=lambda place: (shared[place], -place), default=None)
    return best if best is not None and shared[best] >= ALIKE_HASHES_MIN else None


def is_own_worth(row: FileRow, base: Entry) -> bool:
    """Tell whether a changed file should have its former self in the prefix, by their sizes."""
    return base.size_bytes <= OWN_SHARE_MAX * row.size_bytes + OWN_BYTES_FREE


def related(arriving: Sequence[str], entries: Sequence[Entry], removed: Iterable[int]) -> Iterator[int]:
    """Files of the base that may resemble what arrives, the likeliest first: of the same extensions; those that left,
    then those that share most of the end of their path (the same chapter in another language), then of the folder."""
    suffixes = {stream_order(path)[0] for path in arriving}
    tails = {tail for path in arriving for tail in _tails(path)}
    folders = {folder for path in arriving for folder in _folders(path)}
    gone = set(removed)

    def likeness(place: int) -> tuple[bool, int, int, str]:
        path = entries[place].path
        shared_tail = sum(tail in tails for tail in _tails(path))
        shared_folders = sum(folder in folders for folder in _folders(path))
        return place not in gone, -shared_tail, -shared_folders, path

    of_kind = (place for place, entry in enumerate(entries) if stream_order(entry.path)[0] in suffixes)
    yield from sorted(of_kind, key=likeness)


@dataclass(slots=True)
class GroupPlan:
    """One group to be: how much of the stream it takes, and its prefix."""

    is_packed: bool
    raw_bytes: int = 0
    arriving: list[str] = field(default_factory=list)
    arriving_bytes: int = 0
    near: dict[int, int] = field(default_factory=dict)
    """Place in the base's list, and length."""
    far: dict[int, int] = field(default_factory=dict)

    @property
    def window_bytes(self) -> int:
        return self.raw_bytes + sum(self.near.values()) + sum(self.far.values())


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file of the stream, and the files of the base that should be near it."""

    path: str
    strand: int
    stream_bytes: int
    near: Mapping[int, int]


def planned(arrivals: Iterable[Arrival], window_bytes: int, group_bytes: int) -> list[GroupPlan]:
    """Cut the stream into groups: as much together as a window holds, strand by strand."""
    plans: list[GroupPlan] = []
    strand = -1
    for one in arrivals:
        left_bytes = one.stream_bytes
        while left_bytes:
            if strand != one.strand or not _fits(plans[-1], one, left_bytes, window_bytes, group_bytes):
                plans.append(GroupPlan(one.strand == 1))
                strand = one.strand
            plan = plans[-1]
            taken_bytes = min(left_bytes, group_bytes - plan.raw_bytes)
            plan.raw_bytes += taken_bytes
            left_bytes -= taken_bytes
            if plan.window_bytes + sum(one.near.values()) <= window_bytes:
                plan.near.update(one.near)
            if not one.near:
                plan.arriving.append(one.path)
                plan.arriving_bytes += taken_bytes
    return plans


def fill(plan: GroupPlan, entries: Sequence[Entry], removed: Sequence[int], window_bytes: int) -> None:
    """Lay related files of the base into what is left of the group's window, where much arrives without a base."""
    left_bytes = min(window_bytes - plan.window_bytes, FAR_SHARE * plan.arriving_bytes)
    seen = {entries[place].digest for place in plan.near}
    for place in related(plan.arriving, entries, removed):
        entry = entries[place]
        if 0 < entry.size_bytes <= left_bytes and entry.digest not in seen:
            plan.far[place] = entry.size_bytes
            left_bytes -= entry.size_bytes
            seen.add(entry.digest)


def _fits(plan: GroupPlan, one: Arrival, left_bytes: int, window_bytes: int, group_bytes: int) -> bool:
    more_bytes = sum(size_bytes for place, size_bytes in one.near.items() if place not in plan.near)
    is_short = plan.raw_bytes + left_bytes <= group_bytes
    return is_short and plan.window_bytes + left_bytes + more_bytes <= window_bytes


def _held(base: Layer | None) -> dict[Digest, list[int]]:
    places: dict[Digest, list[int]] = {}
    for place, entry in enumerate(base.entries if base is not None else ()):
        places.setdefault(entry.digest, []).append(place)
    return places


def _likeliest(places: Sequence[int], path: str, expected: int, base: Layer | None) -> int:
    """Which of equal files to name: the one that follows on, else the one of this name, else the first."""
    assert base is not None, "only a base holds files"
    name = stream_order(path)[1]
    named = (place for place in places if stream_order(base.entries[place].path)[1] == name)
    return expected if expected in places else next(named, places[0])


def _lines(data: bytes) -> list[bytes]:
    return [line for line in (line.strip() for line in data.splitlines()) if len(line) >= LINE_BYTES_MIN]


def _tails(path: str) -> list[str]:
    """`a/b/c.html`: `c.html`, `b/c.html`, `a/b/c.html`."""
    parts = path.split("/")
    return ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]


def _folders(path: str) -> list[str]:
    """`a/b/c.html`: `a`, `a/b`."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
