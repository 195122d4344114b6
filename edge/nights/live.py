"""Live: what the session that is under way told last, for whoever watches.

* `hear` costs next to nothing: the session's own thread calls it many times a second.
* Watchers are woken and never handed anything: each takes a snapshot when it has time, so a slow one holds nobody up.
* A snapshot is whole: frozen, and made under one lock. The version grows with every change and never goes back.
* Nothing lasts: what a session did stands in its night's row. `end` is called when that row is written.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.clock import Clock

RATE_SECONDS = 20.0
"""The rate is that of the last so many seconds: long enough for a link that comes in gusts."""
RATE_SECONDS_MIN = 1.0
SAMPLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a session stands at this moment. Without `is_running` all else is empty."""

    is_running: bool = False
    doing: str = ""
    """"reporting", "fetching", "repairing", "shelving", and others that sessions may tell."""
    name: str = ""
    """The course, and in brackets the layer where it is not the first."""
    number: int = 0
    count: int = 0
    """This is parcel `number` of `count`; 0 where it is not known."""
    done_bytes: int = 0
    total_bytes: int = 0
    """Of this parcel; 0 where nothing is counted now."""
    all_done_bytes: int = 0
    all_total_bytes: int = 0
    """Of all that this session fetches from the hub."""
    is_near: bool = False
    """It comes from a neighbour, and costs the link nothing."""
    rate_bytes: float = 0.0
    """Bytes in a second, lately; 0 where there is nothing to judge by."""

    @property
    def counted_bytes(self) -> tuple[int, int]:
        """How much of how much is here: of all that comes from the hub, else of this parcel alone."""
        if self.all_total_bytes and not self.is_near:
            return self.all_done_bytes, self.all_total_bytes
        return self.done_bytes, self.total_bytes

    @property
    def left_seconds(self) -> float | None:
        """How long the rest takes at this rate; None where that cannot be said."""
        done_bytes, total_bytes = self.counted_bytes
        return max(0, total_bytes - done_bytes) / self.rate_bytes if self.rate_bytes and total_bytes else None


class Live:
    """Keeps the last word of the session that is under way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._version = 0
        self._is_running = False
        self._told: Mapping[str, Any] = {}
        self._came_bytes = 0
        self._samples: deque[tuple[float, int]] = deque()
        self._wakes: dict[int, Callable[[], None]] = {}
        self._wakes_made = 0

    @property
    def version(self) -> int:
        return self._version

    def begin(self) -> None:
        """A session begins."""
        with self._lock:
            self._is_running, self._told, self._came_bytes = True, {}, 0
            self._samples.clear()
        self._stir()

    def hear(self, progress: Mapping[str, Any]) -> None:
        """Take what the session tells: {"doing", "name"}, with bytes where something is on its way."""
        now = self._clock.now().monotonic_seconds
        with self._lock:
            self._is_running = True
            self._came_bytes += _came(self._told, progress)
            self._told = progress
            if not self._samples or now - self._samples[-1][0] >= SAMPLE_SECONDS:
                self._samples.append((now, self._came_bytes))
                while self._samples[0][0] < now - RATE_SECONDS:
                    self._samples.popleft()
        self._stir()

    def end(self) -> None:
        """The session is over and its row is written."""
        with self._lock:
            self._is_running, self._told = False, {}
            self._samples.clear()
        self._stir()

    def snapshot(self) -> Snapshot:
        """How it stands now. A link that stands still is seen: its rate falls."""
        now = self._clock.now().monotonic_seconds
        with self._lock:
            if not self._is_running:
                return Snapshot()
            told, rate_bytes = self._told, self._rate(now)
        return Snapshot(
            is_running=True,
            doing=str(told.get("doing", "")),
            name=str(told.get("name", "")),
            number=int(told.get("number", 0)),
            count=int(told.get("count", 0)),
            done_bytes=int(told.get("done_bytes", 0)),
            total_bytes=int(told.get("total_bytes", 0)),
            all_done_bytes=int(told.get("all_done_bytes", 0)),
            all_total_bytes=int(told.get("all_total_bytes", 0)),
            is_near=told.get("from") == "neighbour",
            rate_bytes=rate_bytes,
        )

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called after every change, by whichever thread made it; it may not wait. Returns what ends it."""
        with self._lock:
            self._wakes_made += 1
            key = self._wakes_made
            self._wakes = {**self._wakes, key: wake}

        def unsubscribe() -> None:
            with self._lock:
                self._wakes = {other: one for other, one in self._wakes.items() if other != key}

        return unsubscribe

    def _stir(self) -> None:
        with self._lock:
            self._version += 1
            wakes = self._wakes
        for wake in wakes.values():
            wake()

    def _rate(self, now: float) -> float:
        if not self._samples:
            return 0.0
        began, came_bytes = self._samples[0]
        passed_seconds = now - began
        return (self._came_bytes - came_bytes) / passed_seconds if passed_seconds >= RATE_SECONDS_MIN else 0.0


def _came(before: Mapping[str, Any], now: Mapping[str, Any]) -> int:
    """Bytes that came between two words of a session; what lay there already when a parcel began did not come."""
    if "done_bytes" not in now or "done_bytes" not in before or before.get("name") != now.get("name"):
        return 0
    return max(0, int(now["done_bytes"]) - int(before["done_bytes"]))
