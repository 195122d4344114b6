"""The hub's doors: slow down whoever guesses."""

from flask import request

from sync.clock import Clock
from sync.web.language import duration, gettext
from sync.web.throttle import Throttle


class Doors:
    """Counts failures of the hub's doors, in memory.

    A session is easily thrown away and staff are few: whoever guesses is told by the address.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._throttle = Throttle()

    def patience(self, account: str) -> str:
        """What to tell who must wait before trying this account; nothing when nobody must."""
        wait_seconds = self._throttle.wait_seconds(account, _device(), self._clock.now().monotonic_seconds)
        if wait_seconds <= 0:
            return ""
        return gettext("Too many tries. Wait %(time)s, then try again.", time=duration(wait_seconds + 1))

    def failed(self, account: str) -> None:
        self._throttle.failed(account, _device(), self._clock.now().monotonic_seconds)

    def succeeded(self, account: str) -> None:
        self._throttle.succeeded(account, _device())


def _device() -> str:
    return request.remote_addr or ""
