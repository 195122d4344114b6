"""The budget of time: when a session may start, and what it may carry then.

* Each box has its own minute in each of its windows; between two of them it has one good session.
* A box that was off at its minute goes at the next chance: in the window everything, outside it the progress alone;
  a box that is off every night gets everything by day rather than nothing.
* With a clock that cannot be trusted only progress travels, until the hub has said the time.
* Nothing here reads a clock: `due` takes values and gives a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sync.budget.windows import DAY_MINUTES, DAY_SECONDS, Window, is_any_open, slot_minute, slots_passed, spread

RETRY_MINUTES_FIRST = 5
RETRY_MINUTES_MAX = 60
UNTRUSTED_MINUTES = 60
"""How often a box whose clock is not trusted tries to bring its progress and hear the time."""
STARTUP_SECONDS_MAX = 300
"""After a power cut a whole district comes up at once: starts outside the window spread over this long."""
NIGHTS_MISSED_MAX = 2
"""A box that missed so many nights is off at night; it may take courses by day."""


class Lanes(Enum):
    """What a session may carry."""

    PROGRESS = "progress"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Now:
    """This moment, as the decision sees it: local time in seconds (wall time plus the zone's offset), and its worth."""

    local_seconds: int
    monotonic_seconds: float
    is_trusted: bool


@dataclass(frozen=True, slots=True)
class State:
    """What has happened so far. Local seconds are comparable with `Now.local_seconds`; None means never.

    `tried_monotonic_seconds` counts since this machine came up: None until the first try after that.
    """

    box: str
    windows: Sequence[Window]
    good_local_seconds: int | None = None
    """When the last session that carried everything ended well."""
    tried_monotonic_seconds: float | None = None
    """When the last session began, well or not."""
    failures: int = 0
    """Sessions that failed since the last good one."""
    wait_seconds: int = 0
    """The hub asked not to come again before so long after the last try."""
    has_progress_sent: bool = False
    """Whether progress has travelled since the night that was missed."""


def due(state: State, now: Now) -> Lanes | None:
    """What a session may carry if it starts now; None when none should start."""
    if not _has_waited(state, now):
        return None
    if not now.is_trusted:
        return Lanes.PROGRESS
    missed = nights_missed(state, now)
    if missed == 0:
        return None
    if is_any_open(state.windows, local_minute(now)) or missed > NIGHTS_MISSED_MAX:
        return Lanes.ALL
    return None if state.has_progress_sent else Lanes.PROGRESS


def nights_missed(state: State, now: Now) -> int:
    """How many times this box's minute has passed since the last good session, in the window where it passed most
    often; a box that never had one counts from its first night: one."""
    good = state.good_local_seconds
    if good is None:
        return 1
    return max(
        max(0, slots_passed(state.box, window, now.local_seconds) - slots_passed(state.box, window, good))
        for window in state.windows
    )


def next_start_seconds(state: State, now: Now) -> int:
    """How long until this box's own minute comes round again, in whichever window it comes first."""
    slots_seconds = [slot_minute(state.box, window) * 60 for window in state.windows]
    return min((slot_seconds - now.local_seconds) % DAY_SECONDS for slot_seconds in slots_seconds)


def local_minute(now: Now) -> int:
    """The minute of the local day."""
    return now.local_seconds // 60 % DAY_MINUTES


def retry_minutes(failures: int) -> int:
    """How long to leave the link alone after so many failures in a row: 5, 10, 20, 40, 60, 60 ..."""
    return min(RETRY_MINUTES_MAX, RETRY_MINUTES_FIRST << min(failures - 1, 10)) if failures else 0


def _has_waited(state: State, now: Now) -> bool:
    if state.tried_monotonic_seconds is None:
        starts_by_chance = now.is_trusted and is_any_open(state.windows, local_minute(now))
        return starts_by_chance or now.monotonic_seconds >= spread(state.box, STARTUP_SECONDS_MAX)
    waited_seconds = now.monotonic_seconds - state.tried_monotonic_seconds
    least_minutes = retry_minutes(state.failures)
    if not now.is_trusted:
        least_minutes = max(least_minutes, UNTRUSTED_MINUTES)
    return waited_seconds >= max(least_minutes * 60, state.wait_seconds)
