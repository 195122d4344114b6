"""The guard at the door: slows down whoever guesses, never a class.

* A wrong secret slows the next try of that account from that address; nobody shuts another out from another tablet.
* A wrong class code slows that phone's session, whatever address a whole class stands behind.
* Hundreds of failures from one address slow that address: more than any class mistypes, far fewer than a guesser needs.
"""

import math

from flask import request

from sync.clock import Clock
from sync.web.language import duration, gettext
from sync.web.throttle import Throttle

ADDRESS_FREE_TRIES = 200


class Guard:
    """Counts failures of this box's doors, in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._throttle = Throttle(device_free_tries=ADDRESS_FREE_TRIES)

    def wait_seconds(self, account: str) -> int:
        """How long this device should wait before it tries this account; 0 is now."""
        now_seconds = self._clock.now().monotonic_seconds
        return math.ceil(self._throttle.wait_seconds(account, _address(), now_seconds))

    def wrong(self, account: str) -> None:
        self._throttle.failed(account, _address(), self._clock.now().monotonic_seconds)

    def right(self, account: str) -> None:
        self._throttle.succeeded(account, _address())

    @staticmethod
    def sentence(wait_seconds: int) -> str:
        """What to tell who must wait; nothing when nobody must."""
        if not wait_seconds:
            return ""
        return gettext("That was wrong several times. Wait %(time)s, then try again.", time=duration(wait_seconds))


def _address() -> str:
    return request.remote_addr or "?"
