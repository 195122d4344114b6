"""Pace: how much packages may state for one learner, so that a program that runs away fills no card.

* What a learner's launches send is counted together: to open the package again does not begin anew.
* It decides with values; what is kept of each learner is in memory, bounded. Tools with a key are not counted.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from edge.learning.lrs.refusal import NotTaken

AT_ONCE_BYTES = 16 << 20
A_MINUTE_BYTES = 256 << 10
"""A talkative package sends some kilobytes a minute, and now and then a recording."""
LEAST_BYTES = 1 << 10
"""What any write counts for: it takes its place on the card whatever it says."""
LEARNERS_MAX = 2_048


@dataclass(frozen=True, slots=True)
class Left:
    """What may still be sent, and when that was worked out (monotonic seconds)."""

    bytes: float = AT_ONCE_BYTES
    at_seconds: float = 0.0


def spend(left: Left, size_bytes: int, now_seconds: float) -> Left | None:
    """What is left after one more write; None where it is too much by now.

    >>> spend(Left(1024, 0.0), 2048, 1.0).bytes < 4096, spend(Left(0, 0.0), 1 << 20, 1.0) is None
    (True, True)
    """
    grown = min(AT_ONCE_BYTES, left.bytes + (now_seconds - left.at_seconds) * A_MINUTE_BYTES / 60)
    rest = grown - max(size_bytes, LEAST_BYTES)
    return Left(rest, now_seconds) if rest >= 0 else None


class Pace:
    """Remembers what is left to each learner's packages. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: OrderedDict[str, Left] = OrderedDict()

    def demand(self, who: str, size_bytes: int, now_seconds: float) -> None:
        """Count one more write. Raises NotTaken where it is too much by now."""
        with self._lock:
            left = spend(self._left.get(who, Left(AT_ONCE_BYTES, now_seconds)), size_bytes, now_seconds)
            if left is not None:
                self._left[who] = left
                self._left.move_to_end(who)
                if len(self._left) > LEARNERS_MAX:
                    self._left.popitem(last=False)
        if left is None:
            raise NotTaken(429, "This package states more than a box can keep.", "Send it again in a minute, and less.")
