"""The checks: what of the facts is well, what is not, and what was not seen.

* Decisions only: facts in, findings out. Words are in `edge/doctor/wording.py`.
* What the verdict and the alarms have judged is taken from them, never judged a second time.
* A check's number is what it is called in the code on the phone: numbers are only ever appended, none is used again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum

from edge.doctor.code import code_of, days_step, room_step
from edge.doctor.facts import Facts, Inside
from edge.keeping.alarms import Alarm, Kind, is_grave
from edge.staff.verdict import WELL_ANYWAY, Matter, is_disk_low, verdict

HOT_MILLIDEGREES = 80_000
"""From here on a Raspberry Pi makes itself slower."""
TOO_LITTLE_VOLTAGE = 0x1_0001
"""Bits of `throttled`: now, or since it was started."""
MEMORY_FREE_BYTES_MIN = 48 << 20
WORN_TENTHS = 9
UNSENT_DAYS = 7
"""Progress that waits longer than this is better carried by hand."""
NO_COUNTRY = "00"


class Check(IntEnum):
    """What is looked at. Append only."""

    DATA_MOUNT = 0
    ROOM = 1
    DISK_ERRORS = 2
    DISK_WORN = 3
    DATABASE = 4
    KEY = 5
    CLOCK = 6
    CLOCK_WENT_BACK = 7
    HUB = 8
    NIGHTS = 9
    LAST_NIGHT = 10
    BUDGET = 11
    UPLINK = 12
    WIFI = 13
    NGINX = 14
    SOFTWARE = 15
    WARMTH = 16
    POWER = 17
    MEMORY = 18
    SHELF = 19
    UNSENT = 20
    BACKUP = 21
    CARD_CLONED = 22
    JOURNAL = 23
    FILES = 24
    CATALOGUE = 25
    CARD_RESTORED = 26
    HUB_RESTORED = 27
    CLAIMED = 28
    OPENED = 29


class State(Enum):
    """What was found."""

    ILL = "ill"
    KNOW = "know"
    """Nothing to be done, or it passes by itself; only to be known."""
    WELL = "well"
    UNSEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check, and what stands behind it where the verdict or an alarm has judged it."""

    check: Check
    state: State
    matter: tuple[Matter, int] | None = None
    alarm: Alarm | None = None

    @property
    def stands(self) -> bool:
        return self.state in (State.ILL, State.KNOW)


OF_MATTERS: Mapping[Matter, Check] = {
    Matter.DISK_LOW: Check.ROOM,
    Matter.NO_HUB: Check.HUB,
    Matter.SILENT: Check.NIGHTS,
    Matter.LAST_NIGHT_FAILED: Check.LAST_NIGHT,
    Matter.LAST_NIGHT_CUT: Check.LAST_NIGHT,
    Matter.CLOCK: Check.CLOCK,
    Matter.NO_NIGHT_YET: Check.NIGHTS,
    Matter.MONTH_SPENT: Check.BUDGET,
    Matter.LATE: Check.SHELF,
}
OF_ALARMS: Mapping[Kind, Check] = {
    "card-cloned": Check.CARD_CLONED,
    "journal-damaged": Check.JOURNAL,
    "card-restored": Check.CARD_RESTORED,
    "hub-rewound-journal": Check.HUB_RESTORED,
    "hub-restored": Check.HUB_RESTORED,
    "scrub-found": Check.FILES,
    "clock-replaced": Check.CLOCK_WENT_BACK,
    "catalogue-expired": Check.CATALOGUE,
}


def examine(facts: Facts) -> list[Finding]:
    """Judge the facts: every check, what is ill first, then what is to be known, what is well, what was not seen."""
    findings = {check: Finding(check, _own(check, facts)) for check in Check}
    if facts.inside is not None:
        findings |= _judged_elsewhere(facts.inside)
    order = list(State)
    return sorted(findings.values(), key=lambda one: (order.index(one.state), one.check))


def is_well(findings: list[Finding]) -> bool:
    return all(one.state is not State.ILL for one in findings)


def code(facts: Facts, findings: list[Finding]) -> str:
    """What to read out on the phone."""
    days = facts.inside.days_since_well if facts.inside else None
    return code_of([one.check for one in findings if one.stands], room_step(facts.free_bytes), days_step(days))


def _judged_elsewhere(inside: Inside) -> dict[Check, Finding]:
    found: dict[Check, Finding] = {}
    for alarm in reversed(inside.alarms):
        check = OF_ALARMS[alarm.kind]
        found[check] = Finding(check, State.ILL if is_grave(alarm.kind) else State.KNOW, alarm=alarm)
    for matter, number in verdict(inside.known).matters:
        check = OF_MATTERS[matter]
        state = State.KNOW if matter in WELL_ANYWAY else State.ILL
        found[check] = Finding(check, state, matter=(matter, number))
    return found


def _own(check: Check, facts: Facts) -> State:
    """What nobody else judges. What others judge is well here, since they speak up where it is not."""
    inside, machine, mount = facts.inside, facts.machine, facts.machine.mount
    match check:
        case Check.DATA_MOUNT:
            # On somebody's own machine the data lies where it likes; an appliance says which slot it runs.
            return _ill_unless(mount and (mount.is_own if machine.slot else mount.is_own or None))
        case Check.ROOM:
            return _ill_if(is_disk_low(facts.free_bytes, facts.free_bytes)) if inside is None else State.WELL
        case Check.DISK_ERRORS:
            return _ill_if(mount and (mount.is_read_only or mount.errors))
        case Check.DISK_WORN:
            return _ill_if(_reaches(mount.worn_tenths if mount else None, WORN_TENTHS))
        case Check.DATABASE:
            return _ill_if(facts.database_problem)
        case Check.KEY:
            return _ill_unless(facts.has_key and facts.is_key_private and (inside is None or inside.is_own_key))
        case Check.UPLINK:
            return _ill_unless(inside.uplink in machine.interfaces if inside and inside.uplink else None)
        case Check.WIFI:
            return _ill_if(machine.wifi and machine.wifi.country and machine.wifi.country == NO_COUNTRY)
        case Check.NGINX:
            return _ill_unless(machine.is_nginx_running if inside and inside.is_behind_nginx else None)
        case Check.SOFTWARE:
            return State.UNSEEN if machine.slot is None else State.KNOW if machine.slot.is_trial else State.WELL
        case Check.WARMTH:
            return _ill_if(_reaches(machine.warmest_millidegrees, HOT_MILLIDEGREES))
        case Check.POWER:
            return _ill_if(None if machine.throttled is None else machine.throttled & TOO_LITTLE_VOLTAGE)
        case Check.MEMORY:
            free_bytes = machine.memory_free_bytes
            return _ill_if(None if free_bytes is None else free_bytes < MEMORY_FREE_BYTES_MIN)
        case Check.UNSENT:
            return _ill_if(inside and (inside.unsent and (inside.days_since_well or 0) >= UNSENT_DAYS))
        case Check.BACKUP:
            return State.UNSEEN if inside is None else State.KNOW if inside.waits_for_backup else State.WELL
        case Check.CLAIMED:
            return State.UNSEEN if inside is None else State.WELL if inside.is_claimed else State.KNOW
        case Check.OPENED:
            return _ill_if(inside is None)
        case (
            Check.CLOCK | Check.CLOCK_WENT_BACK | Check.HUB | Check.NIGHTS | Check.LAST_NIGHT | Check.BUDGET
            | Check.SHELF | Check.CARD_CLONED | Check.JOURNAL | Check.FILES | Check.CATALOGUE | Check.CARD_RESTORED
            | Check.HUB_RESTORED
        ):  # fmt: skip
            return State.UNSEEN if inside is None else State.WELL


def _ill_if(seen: object) -> State:
    """`seen` is None where nothing was seen."""
    return State.UNSEEN if seen is None else State.ILL if seen else State.WELL


def _ill_unless(seen: object) -> State:
    return State.UNSEEN if seen is None else State.WELL if seen else State.ILL


def _reaches(seen: int | None, bound: int) -> bool | None:
    return None if seen is None else seen >= bound
