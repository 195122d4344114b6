"""Pace: no box takes the hub's time from the others.

* A box may say a lot at once, as after weeks without a link; after that so many reports in a second, and no more.
* It counts only what bears the box's own signature: nobody uses up another's share.
* It decides with values; what is remembered is bounded, and forgotten with the process.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

REPORTS_AT_ONCE = 600
REPORTS_PER_SECOND = 10.0
BOXES_KEPT_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Share:
    """How many reports a box may still send at once, and when that was so (monotonic seconds)."""

    reports: float
    at_seconds: float


def taken(share: Share, now_seconds: float) -> Share | None:
    """The share after one more report; None where there is none left.

    >>> taken(Share(1.5, 10.0), 10.0), taken(Share(0.5, 10.0), 10.0)
    (Share(reports=0.5, at_seconds=10.0), None)
    """
    grown = share.reports + max(0.0, now_seconds - share.at_seconds) * REPORTS_PER_SECOND
    left = min(grown, float(REPORTS_AT_ONCE)) - 1
    return None if left < 0 else Share(left, now_seconds)


class Pace:
    """The shares of all boxes. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shares: OrderedDict[str, Share] = OrderedDict()

    def has_room(self, box: str, now_seconds: float) -> bool:
        """Count one report of a box; tells whether it may be answered."""
        with self._lock:
            share = taken(self._shares.get(box, Share(REPORTS_AT_ONCE, now_seconds)), now_seconds)
            if share is None:
                return False
            self._shares[box] = share
            self._shares.move_to_end(box)
            while len(self._shares) > BOXES_KEPT_MAX:
                self._shares.popitem(last=False)
        return True
