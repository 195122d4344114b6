"""Flights: writes that are under way, so that the store can say up to when it knows everything.

* A statement is stored at a moment not before its write set out. Up to just before the earliest write that has not
  landed, all that is stored can be read.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from edge.learning.lrs.call import Work
from sync.clock import Clock


class Flights:
    """The writes of one store."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._begun_ms: dict[int, int] = {}
        self._last = 0

    def known_ms(self) -> int:
        """Up to which moment everything that was stored can be read from now on."""
        with self._lock:
            earliest_ms = min(self._begun_ms.values(), default=None)
        return (self._clock.now().wall_milliseconds if earliest_ms is None else earliest_ms) - 1

    def track(self, submit: Callable[[Work], "Future[Any]"], work: Work) -> "Future[Any]":
        """Send a write on its way by `submit`, and note it until it has landed."""
        with self._lock:
            self._last += 1
            flight = self._last
            self._begun_ms[flight] = self._clock.now().wall_milliseconds
        try:
            future = submit(work)
        except BaseException:
            self._landed(flight)
            raise
        future.add_done_callback(lambda _: self._landed(flight))
        return future

    def _landed(self, flight: int) -> None:
        with self._lock:
            self._begun_ms.pop(flight, None)
