"""Throttle: slowing down guessing, without locking out a class.

* Tries are counted for each account on each device, and for each device; never for an account alone:
  nobody can shut somebody else out by guessing badly from another tablet.
* Whole classes stand behind one address, so a device is told by its session, its address only as a last resort.
* Waiting grows with each failure and is never long: a child who mistypes waits seconds, a guesser years.
* It decides with values; whoever keeps `Tries` keeps them in memory, bounded.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

FREE_TRIES = 4
WAIT_SECONDS_FIRST = 2.0
WAIT_SECONDS_MAX = 120.0
FORGET_SECONDS = 900.0
DEVICE_FREE_TRIES = 30
TRIES_KEPT_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Tries:
    """Failures so far, and when the last one was (monotonic seconds)."""

    failures: int = 0
    last_seconds: float = 0.0


def wait_seconds(tries: Tries, now_seconds: float, free_tries: int = FREE_TRIES) -> float:
    """Say how long to wait before the next try; 0 is now.

    >>> wait_seconds(Tries(4, 100.0), 100.0), wait_seconds(Tries(6, 100.0), 101.0)
    (2.0, 7.0)
    """
    if tries.failures < free_tries or now_seconds - tries.last_seconds >= FORGET_SECONDS:
        return 0.0
    doublings = min(tries.failures - free_tries, 16)
    wait = min(WAIT_SECONDS_FIRST * (1 << doublings), WAIT_SECONDS_MAX)
    return max(0.0, tries.last_seconds + wait - now_seconds)


def failed(tries: Tries, now_seconds: float) -> Tries:
    """Count one more failure; old ones are forgotten."""
    if now_seconds - tries.last_seconds >= FORGET_SECONDS:
        return Tries(1, now_seconds)
    return Tries(tries.failures + 1, now_seconds)


class Throttle:
    """Remembers tries, the most recent ones, for a while. Safe from any thread."""

    def __init__(self, device_free_tries: int = DEVICE_FREE_TRIES) -> None:
        self._device_free_tries = device_free_tries
        self._lock = threading.Lock()
        self._tries: OrderedDict[tuple[str, str], Tries] = OrderedDict()

    def wait_seconds(self, account: str, device: str, now_seconds: float) -> float:
        """How long this device should wait before it tries this account again."""
        with self._lock:
            mine = self._tries.get((account, device), Tries())
            all_of_device = self._tries.get(("", device), Tries())
        return max(
            wait_seconds(mine, now_seconds),
            wait_seconds(all_of_device, now_seconds, free_tries=self._device_free_tries),
        )

    def failed(self, account: str, device: str, now_seconds: float) -> None:
        """Note a wrong secret."""
        with self._lock:
            for key in ((account, device), ("", device)):
                self._tries[key] = failed(self._tries.get(key, Tries()), now_seconds)
                self._tries.move_to_end(key)
            while len(self._tries) > TRIES_KEPT_MAX:
                self._tries.popitem(last=False)

    def succeeded(self, account: str, device: str) -> None:
        """Forget what went before: it was the right person after all."""
        with self._lock:
            self._tries.pop((account, device), None)
