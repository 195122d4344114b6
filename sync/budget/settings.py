"""Settings of a budget: what of them can be. One rule for whoever writes them: a file, a page, or a hub that proposes.

* A number has its range, 0 being no limit; windows are as `parse_windows` reads them.
* Nothing is mended on the way: what cannot be is named, and never taken for something else.
"""

from collections.abc import Mapping
from typing import Any

from catalog.fault import CallerFault
from sync.budget.windows import parse_windows

QUOTA_MB_MAX = 100_000_000
"""A hundred terabytes: more is a slip of the pen."""
RATE_KBIT_MAX = 100_000_000
NUMBERS: Mapping[str, int] = {"night_mb": QUOTA_MB_MAX, "month_mb": QUOTA_MB_MAX, "rate_kbit": RATE_KBIT_MAX}
"""The most that each number may be."""
WINDOW = "window"
BUDGET_FIELDS = (*NUMBERS, WINDOW)
"""All of them: what a hub may propose, and a box's staff decide."""


def wrong_in(settings: Mapping[str, Any]) -> list[str]:
    """The names of those settings that cannot be; one that is no setting of a budget cannot be either."""
    return [name for name, value in settings.items() if not can_be(name, value)]


def can_be(name: str, value: Any) -> bool:
    """Tell whether a setting of a budget may have this value."""
    if name in NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= NUMBERS[name]
    return name == WINDOW and isinstance(value, str) and _are_windows(value)


def wanted(name: str) -> str:
    """What a setting should be."""
    return f"0 to {NUMBERS[name]}" if name in NUMBERS else 'two times such as "01:00-05:00"'


def _are_windows(text: str) -> bool:
    try:
        parse_windows(text)
    except CallerFault:
        return False
    return True
