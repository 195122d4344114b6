"""Enrolling: a box that has a token becomes its hub's by itself, as soon as there is a way there.

* Tried each minute's tick that is due, never by a page: who reads a course waits for nothing of it.
* The first minute asks at once: somebody stands beside it. A way that is not there is tried again after 1, 2, 4 ...
  minutes, at most some hours; each box at moments of its own, so that thirty of one desk do not come back together.
* A token that the hub refuses is an alarm; it is tried again as seldom as may be, for a hub may know it again one day.
* Whoever enrolled it, by the token or by hand: afterwards the seed's secrets are let go.
"""

import threading
from typing import TYPE_CHECKING

from catalog.fault import CallerFault, Fault, LinkFault
from sync.budget.windows import spread
from sync.clock import Moment
from sync.link import HubBusy

if TYPE_CHECKING:
    from edge.birth.seed import Seed
    from edge.box import Box

PAUSE_SECONDS_FIRST = 60
PAUSE_SECONDS_MAX = 6 * 3600


class Enrolling:
    """The clockwork that enrols one box."""

    def __init__(self, box: "Box") -> None:
        self._box = box
        self._at_work = threading.Lock()
        self._failures = 0
        self._next_monotonic_seconds = 0.0
        self._is_over = False

    def tick(self, moment: Moment) -> bool:
        """Ask the hub if it is time to; let go of what has served. Tells whether the box was enrolled just now."""
        if self._is_over or not self._at_work.acquire(blocking=False):
            return False
        try:
            return self._step(moment)
        finally:
            self._at_work.release()

    def _step(self, moment: Moment) -> bool:
        seed = self._box.birth.waiting()
        if seed is None:
            self._box.birth.let_go()
            self._settle()
            return False
        if moment.monotonic_seconds < self._next_monotonic_seconds or self._box.nightly.is_stopping:
            return False
        return self._ask(seed)

    def _ask(self, seed: "Seed") -> bool:
        # Loaded when there is somebody to enrol: the commands' work is the same.
        from edge.works import enrol

        try:
            enrol(self._box, {"hub": seed.hub, "token": seed.token, "name": ""})
        except LinkFault as fault:
            self._wait(self._failures + 1, fault.wait_seconds if isinstance(fault, HubBusy) else 0)
            return False
        except CallerFault:
            self._box.alarms.raise_("token-refused")
            self._wait(self._failures + 1, PAUSE_SECONDS_MAX)
            return False
        except Fault:
            self._wait(self._failures + 1, 0)
            raise
        self._box.birth.let_go()
        self._settle()
        return True

    def _settle(self) -> None:
        if self._box.hub is not None:
            self._box.alarms.settle("token-refused")
            self._is_over = True

    def _wait(self, failures: int, least_seconds: int) -> None:
        self._failures = failures
        now = self._box.clock.now().monotonic_seconds
        self._next_monotonic_seconds = now + max(least_seconds, pause_seconds(self._box.id, failures))


def pause_seconds(box: str, failures: int) -> int:
    """How long to wait after so many failures in a row: doubled each time, three quarters to five quarters of it."""
    whole_seconds = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_FIRST << min(failures - 1, 16))
    return whole_seconds * 3 // 4 + spread(f"{box} {failures}", whole_seconds // 2)
