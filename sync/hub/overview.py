"""The overview: what staff want to know of campuses and boxes at a glance.

* It is worked out from what boxes last said and what is on offer; nothing of it is kept.
* What is on its way is the very plan that the box would get now.
* Unknown is unknown: a box that never called holds nothing that we could name, and is not called late.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import Engine

from catalog.digest import Digest
from catalog.manifest import Release, Text
from sync.clock import Clock
from sync.hub.engine import reading
from sync.hub.fleet import BoxState, Campus, Fleet, boxes_in
from sync.hub.keeping.alarms import Alarm, Kind, standing
from sync.hub.offers import Wanted
from sync.hub.packing import Packing
from sync.wire import Holding

LATE_SECONDS = 3 * 86_400
"""A box sends every night; after three nights somebody should look."""


class Verdict(Enum):
    """How the whole fleet is, the most pressing first."""

    EMPTY = "empty"
    FORKED = "forked"
    PUT_BACK = "put back"
    ALARMED = "alarmed"
    LATE = "late"
    WAITING = "waiting"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Course:
    """A course as one line: what a box holds of it, or what is still to come."""

    course: str
    title: Text
    size_bytes: int


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One box and its courses."""

    box: BoxState
    holds: tuple[Course, ...]
    coming: tuple[Course, ...]
    is_late: bool
    alarms: tuple[Alarm, ...] = ()

    @property
    def coming_bytes(self) -> int:
        return sum(course.size_bytes for course in self.coming)


@dataclass(frozen=True, slots=True)
class CampusLine:
    """One campus and its boxes."""

    campus: Campus
    boxes: tuple[BoxLine, ...]


class Overview:
    """Looks at everything at once."""

    def __init__(self, engine: Engine, fleet: Fleet, packing: Packing, clock: Clock) -> None:
        self._engine = engine
        self._fleet = fleet
        self._packing = packing
        self._clock = clock

    def campuses(self) -> list[CampusLine]:
        """Every campus with its boxes, by name."""
        lines = self._lines(None)
        return [
            CampusLine(campus, tuple(line for line in lines if line.box.campus.id == campus.id))
            for campus in self._fleet.campuses()
        ]

    def boxes(self, campus_id: str) -> list[BoxLine]:
        """The boxes of one campus, by name."""
        return self._lines(campus_id)

    def _lines(self, campus_id: str | None) -> list[BoxLine]:
        with reading(self._engine) as connection:
            boxes = boxes_in(connection, campus_id)
            wanted = {campus: self._packing.wanted(connection, campus) for campus in {box.campus.id for box in boxes}}
            now_seconds = self._clock.now().wall_seconds
            alarms = standing(connection, now_seconds)
        return [self._line(box, wanted[box.campus.id], alarms.get(box.id, []), now_seconds) for box in boxes]

    def _line(self, box: BoxState, wanted: Wanted, alarms: Sequence[Alarm], now_seconds: int) -> BoxLine:
        holds = tuple(self._held(holding) for holding in self._in_use(box.holdings))
        coming = () if box.is_revoked else self._coming(wanted, box)
        is_late = not box.is_revoked and box.seen_seconds is not None and now_seconds - box.seen_seconds > LATE_SECONDS
        return BoxLine(box, holds, coming, is_late, tuple(alarms))

    def _coming(self, wanted: Wanted, box: BoxState) -> tuple[Course, ...]:
        sizes: dict[str, int] = {}
        for parcel in wanted.parcels(box.holdings, box.can):
            sizes[parcel.course] = sizes.get(parcel.course, 0) + parcel.size_bytes
        roots = {release.course: release.root for release in wanted.releases}
        return tuple(
            Course(course, self._title(course, roots[course]), size_bytes) for course, size_bytes in sizes.items()
        )

    def _in_use(self, holdings: Sequence[Holding]) -> list[Holding]:
        """The newest release that a box has of each course; what it has behind that one only serves to build on."""
        newest: dict[str, Holding] = {}
        for holding in sorted(holdings, key=self._version):
            newest[holding.course] = holding
        return list({holding.course: newest[holding.course] for holding in holdings}.values())

    def _version(self, holding: Holding) -> int:
        release = self._packing.release(holding.root)
        return -1 if release is None else release.version

    def _held(self, holding: Holding) -> Course:
        release = self._packing.release(holding.root)
        size_bytes = 0 if release is None else _size_bytes(release, holding.layers)
        return Course(holding.course, self._title(holding.course, holding.root), size_bytes)

    def _title(self, course: str, root: Digest) -> Text:
        release = self._packing.release(root)
        return {"en": course} if release is None else release.title


def verdict_of(campuses: Sequence[CampusLine], of_hub: Sequence[Alarm] = ()) -> Verdict:
    """Say how the fleet is, in one word; `of_hub` are the alarms about the hub itself."""
    lines = [line for campus in campuses for line in campus.boxes if not line.box.is_revoked]
    if not campuses:
        return Verdict.EMPTY
    alarms = [*of_hub, *(alarm for line in lines for alarm in line.alarms)]
    if any(alarm.is_of_two_cards for alarm in alarms):
        return Verdict.FORKED
    if any(alarm.is_of_older_card for alarm in alarms):
        return Verdict.PUT_BACK
    if any(alarm.kind is not Kind.SILENT_BOX for alarm in alarms):
        return Verdict.ALARMED
    if any(line.is_late for line in lines):
        return Verdict.LATE
    if not lines or any(line.box.seen_seconds is None for line in lines):
        return Verdict.WAITING
    return Verdict.WELL


def _size_bytes(release: Release, layers: Sequence[str]) -> int:
    return sum(about.size_bytes for name, about in release.layers.items() if name in layers)
