"""Trying again: how long to leave a link alone before the next try.

* Each pause is drawn anew between nothing and a limit that grows fourfold: a link that was gone for a moment is taken
  up at once, and boxes that lost one hub together do not come back together.
* Where the other side says when to come again, that is heeded, as long as a session can wait for it.
* Nothing here reads a clock or waits.
"""

from collections.abc import Callable

from sync.link import HubBusy

PAUSE_SECONDS_FIRST = 1
PAUSE_SECONDS_MAX = 60
"""A hub that wants to be left alone for longer is met again in the next session."""
DRAW_BYTES = 4


def pause_seconds(tried: int, random_bytes: Callable[[int], bytes]) -> float:
    """How long to wait after so many tries that failed: full jitter under 1, 4, 16 and 60 seconds."""
    limit_seconds = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_FIRST << 2 * min(tried - 1, 10))
    return limit_seconds * int.from_bytes(random_bytes(DRAW_BYTES)) / (1 << 8 * DRAW_BYTES)


def is_worth_waiting(fault: Exception) -> bool:
    """Tell whether this session may wait for the other side to serve it again."""
    return not isinstance(fault, HubBusy) or fault.wait_seconds <= PAUSE_SECONDS_MAX


def told_seconds(fault: Exception) -> int:
    """How long the other side asked to be left alone."""
    return fault.wait_seconds if isinstance(fault, HubBusy) else 0
