"""The facts that the doctor judges: what the box knows of itself, and what its machine shows.

* Only reads. What takes long is bounded: a database that is larger than the bound is not read through.
* A box that cannot be opened is looked at from outside: its machine, its key's file, its database's file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.db import quick_problems, quick_problems_of_file
from catalog.durable import free_bytes
from edge.doctor import machine
from edge.doctor.machine import Machine
from edge.keeping.alarms import Alarm
from edge.keeping.rot import Rot, rot_of
from edge.staff import verdict
from edge.staff.known import facts_of
from sync import marks

if TYPE_CHECKING:
    from edge.box import Box

DATABASE_BYTES_MAX = 256 << 20
"""Read through in ten seconds on a small board; a larger one is proven a little each night, and not here."""
KEY_FILE = Path("keys/box.key")
DATABASE_FILE = "box.db"
OTHERS_MAY_READ = 0o077
DAY_SECONDS = 86_400
NIGHTS_LOOKED_AT = 400
WELL = ("well", "short")


@dataclass(frozen=True, slots=True)
class Inside:
    """What a box knows that is open."""

    box: str
    known: verdict.Facts
    alarms: tuple[Alarm, ...]
    rot: Rot
    is_claimed: bool
    is_own_key: bool
    """Whether its key is the one that its hub knows; true where there is no hub yet."""
    days_since_well: int | None
    """Since a session with the hub went well; None: never, or the time is not known."""
    unsent: int
    waits_for_backup: bool
    """Whether the hub has progress of this box that is in none of its backups."""
    uplink: str
    is_behind_nginx: bool
    nights: Mapping[str, int] = field(default_factory=dict)
    """How many of the last nights ended in which way."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is judged. Without `inside` the box could not be opened."""

    free_bytes: int
    database_problem: str | None
    """What SQLite finds wrong; "" where it is whole; None where it was too large to be read through here."""
    has_key: bool
    is_key_private: bool
    machine: Machine
    inside: Inside | None


def read(box: "Box", database_bytes_max: int = DATABASE_BYTES_MAX, at: Machine | None = None) -> Facts:
    """The facts of a box that is open; `at` stands in for its machine."""
    return Facts(
        free_bytes=box.free_bytes,
        database_problem=_problem(box.data, database_bytes_max, lambda: quick_problems(box.database.read())),
        **_key(box.data),
        machine=at or machine.read(box.data),
        inside=_inside(box),
    )


def read_closed(data: Path, database_bytes_max: int = DATABASE_BYTES_MAX, at: Machine | None = None) -> Facts:
    """The facts of a box that nobody has opened, and that cannot be: nothing is written, and nothing is made anew."""
    return Facts(
        free_bytes=free_bytes(data),
        database_problem=_problem(data, database_bytes_max, lambda: quick_problems_of_file(data / DATABASE_FILE)),
        **_key(data),
        machine=at or machine.read(data),
        inside=None,
    )


def _inside(box: "Box") -> Inside:
    rot, hub = rot_of(box), box.hub
    known = facts_of(box, rot)
    outcomes = [night.outcome for night in known.nights]
    return Inside(
        box=box.id,
        known=known,
        alarms=tuple(box.alarms.standing()),
        rot=rot,
        is_claimed=box.setup.is_claimed,
        is_own_key=hub is None or hub.box == box.id,
        days_since_well=_days_since_well(box),
        unsent=box.journal.unsent_count(),
        waits_for_backup=marks.waits_for_backup(box.database.read()),
        uplink=box.config.uplink,
        is_behind_nginx=bool(box.config.accel),
        nights={outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
    )


def _days_since_well(box: "Box") -> int | None:
    moment = box.clock.now()
    if not moment.is_trusted:
        return None
    ended = (
        night.ended_seconds
        for night in box.nights.last(NIGHTS_LOOKED_AT)
        if night.outcome in WELL and night.is_clock_trusted
    )
    last = next(ended, None)
    return None if last is None else max(0, (moment.wall_seconds - last) // DAY_SECONDS)


def _key(data: Path) -> dict[str, bool]:
    try:
        mode = (data / KEY_FILE).stat().st_mode
    except OSError:
        return {"has_key": False, "is_key_private": True}
    return {"has_key": True, "is_key_private": not mode & OTHERS_MAY_READ}


def _problem(data: Path, bytes_max: int, look: Callable[[], str]) -> str | None:
    try:
        return look() if (data / DATABASE_FILE).stat().st_size <= bytes_max else None
    except OSError as error:
        return str(error.strerror)
