"""The verdict: how the box is doing, decided from what it knows of itself.

* Decisions only: facts in, matters out, the most pressing first. Words are for the page.
* What cannot be known is not guessed: a box that never had a night says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from edge.nights.night import Night

ROOM_BYTES_MIN = 2_000_000_000
ROOM_PERMILLE_MIN = 50
"""Below either, the next course may not fit."""

SILENT_NIGHTS = 3
SHOWN_NIGHTS = 14


class Matter(Enum):
    """What may need somebody, the most pressing first."""

    DISK_LOW = "disk low"
    NO_HUB = "no hub"
    SILENT = "silent"
    LAST_NIGHT_FAILED = "last night failed"
    LAST_NIGHT_CUT = "last night cut"
    CLOCK = "clock"
    NO_NIGHT_YET = "no night yet"
    MONTH_SPENT = "month spent"
    LATE = "late"


WELL_ANYWAY = frozenset({Matter.NO_NIGHT_YET, Matter.MONTH_SPENT, Matter.LATE})
"""Said after "All is well."."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the box knows of itself; nights are the newest first."""

    free_bytes: int
    total_bytes: int
    is_enrolled: bool
    is_clock_trusted: bool
    nights: Sequence[Night]
    late: int
    """Courses of which a part is still to come."""
    is_month_spent: bool = False
    """The month's quota has nothing left for courses."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all is well, and what matters; each with its number where it has one."""

    matters: tuple[tuple[Matter, int], ...]

    @property
    def is_well(self) -> bool:
        return all(matter in WELL_ANYWAY for matter, _ in self.matters)


def verdict(facts: Facts) -> Verdict:
    """Judge the facts."""
    found: list[tuple[Matter, int]] = []
    if is_disk_low(facts.free_bytes, facts.total_bytes):
        found.append((Matter.DISK_LOW, 0))
    if not facts.is_enrolled:
        found.append((Matter.NO_HUB, 0))
    else:
        found += _of_nights([night for night in facts.nights if night.outcome != "begun"])
    if not facts.is_clock_trusted:
        found.append((Matter.CLOCK, 0))
    if facts.is_month_spent:
        found.append((Matter.MONTH_SPENT, 0))
    if facts.late:
        found.append((Matter.LATE, facts.late))
    return Verdict(tuple(found))


def is_disk_low(free_bytes: int, total_bytes: int) -> bool:
    return free_bytes < ROOM_BYTES_MIN or free_bytes * 1000 < total_bytes * ROOM_PERMILLE_MIN


def _of_nights(nights: Sequence[Night]) -> list[tuple[Matter, int]]:
    if not nights:
        return [(Matter.NO_NIGHT_YET, 0)]
    silent = next((number for number, night in enumerate(nights) if night.outcome in ("well", "short")), len(nights))
    if silent >= SILENT_NIGHTS:
        return [(Matter.SILENT, silent)]
    match nights[0].outcome:
        case "failed":
            return [(Matter.LAST_NIGHT_FAILED, 0)]
        case "cut":
            return [(Matter.LAST_NIGHT_CUT, 0)]
        case "well" | "short" | "begun":
            return []
