"""The chart of the nights: how many bytes moved in each of the last sixty, and how each went.

* Decisions only: rows in, columns out. A template draws them; how a night went has a shape, never a colour alone.
* A night is what the budget counts as one: from the start of the first window to the next. Its sessions are one column.
* A night in which one session did all counts as well, however often it was tried before.
* What somebody lent stands in no bar: it is outside the budget whose line is drawn there.
* What is not known is not drawn: a session of a clock that could not be trusted has no place in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from edge.nights.night import LENT, Night
from sync.budget.allowance import day_date
from sync.budget.windows import Window, local_seconds, night_number

NIGHTS_DRAWN = 60
FULL_PERMILLE = 1000
_BEST_FIRST = ("well", "short", "cut", "failed")
SIGNS = {"well": "done", "short": "half", "cut": "cut", "failed": "stuck", "": "unknown"}
"""The sign of each outcome, as the channel has them everywhere; without a session there is only a dash."""


@dataclass(frozen=True, slots=True)
class Column:
    """One night: its date, how it went ("" where there was no session) and how high its bar stands."""

    day: date
    outcome: str
    size_bytes: int
    permille: int

    @property
    def sign(self) -> str:
        return SIGNS[self.outcome]


@dataclass(frozen=True, slots=True)
class Chart:
    """All columns, the oldest first, and the line of the night's budget (None where it has none)."""

    columns: Sequence[Column]
    top_bytes: int
    line_permille: int | None

    def count(self, outcome: str) -> int:
        return sum(column.outcome == outcome for column in self.columns)

    @property
    def is_empty(self) -> bool:
        return not any(column.outcome for column in self.columns)


def chart(
    nights: Sequence[Night], windows: Sequence[Window], zone: tzinfo, now_seconds: int, night_bytes_max: int
) -> Chart:
    """Draw up the last sixty nights; `night_bytes_max` is what one may cost, 0 without a limit."""
    sessions: dict[int, list[Night]] = {}
    for night in nights:
        if night.is_clock_trusted and night.lanes != LENT:
            number = night_number(windows, local_seconds(night.started_seconds, zone))
            sessions.setdefault(number, []).append(night)
    last = night_number(windows, local_seconds(now_seconds, zone))
    drawn = [(number, sessions.get(number, [])) for number in range(last - NIGHTS_DRAWN + 1, last + 1)]
    sizes_bytes = [sum(one.bytes_down + one.bytes_up for one in of_night) for _, of_night in drawn]
    top_bytes = max(night_bytes_max, *sizes_bytes)
    return Chart(
        [
            Column(day_date(number), _outcome(of_night), size_bytes, _permille(size_bytes, top_bytes))
            for (number, of_night), size_bytes in zip(drawn, sizes_bytes, strict=True)
        ],
        max(sizes_bytes),
        _permille(night_bytes_max, top_bytes) if night_bytes_max else None,
    )


def _outcome(sessions: Sequence[Night]) -> str:
    outcomes = {session.outcome for session in sessions}
    return next((outcome for outcome in _BEST_FIRST if outcome in outcomes), "")


def _permille(size_bytes: int, top_bytes: int) -> int:
    return size_bytes * FULL_PERMILLE // top_bytes if top_bytes else 0
