"""The metered link: what crosses it is counted, kept within an allowance, and as slow as was asked.

* Bytes are charged before they move, in steps; at the end what did not move is given back. So a power cut may leave a
  step too much on the account, never a byte too little.
* Courses end where only the progress's part of the allowance is left; progress ends where nothing is.
* What had come when the allowance or the window ended is kept: both are faults of the link like any other.
* The rate is an average over a moment: it slows down what comes, it never breaks it off.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Self

from catalog.fault import LinkFault
from sync.budget.allowance import UNLIMITED, Allowance, Limit
from sync.clock import Clock
from sync.link import Link, Reply, Traffic

STEP_BYTES = 1 << 20
"""So much is charged at once, and so much a power cut may charge for nothing."""
STEP_SHARE = 16
"""Of a small allowance a step is no more than one part in so many."""
PIECE_BYTES = 64 * 1024
"""What may come before it can be looked at: never less than this is charged ahead."""
MESSAGE_BYTES = 8 * 1024
"""What an answer and all header lines of an exchange come to, but for the longest plans."""
RECEIVE_SECONDS = 1.0
"""So much of its rate a link's machine may take in ahead of us: a satellite's round trip, and some more."""
RECEIVE_BYTES_MIN = 16 * 1024
RECEIVE_BYTES_MAX = 1 << 20
"""A faster link needs what the machine gives it by itself."""
BURST_SECONDS = 1.0
"""After a pause the link may catch up on so much of what its rate left over."""


class BudgetSpent(LinkFault):
    """The bytes of the night, of the month, or of what somebody lent are spent."""


class WindowClosed(LinkFault):
    """The hours in which courses may travel are over."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session may do. `is_open` tells whether courses may travel at this moment."""

    allowance: Allowance = UNLIMITED
    rate_bytes: int = 0
    """Bytes in a second; 0 is as fast as the link."""
    is_open: Callable[[], bool] = lambda: True
    goes_on: Mapping[Limit | None, str] = field(default_factory=dict)
    """When there are bytes again, by what ended them, and (None) when the window opens: "on 1 October"."""


def receive_bytes(rate_bytes: int) -> int:
    """What the machine may take in ahead of a link with this rate; 0 leaves it to the machine."""
    ahead_bytes = int(rate_bytes * RECEIVE_SECONDS)
    return max(RECEIVE_BYTES_MIN, ahead_bytes) if 0 < ahead_bytes <= RECEIVE_BYTES_MAX else 0


class MeteredLink:
    """A `Link` around another, within terms. `book` writes bytes to the ledger, lasting; less than 0 gives back."""

    def __init__(self, link: Link, clock: Clock, terms: Terms, book: Callable[[int], None]) -> None:
        self._link = link
        self._clock = clock
        self._terms = terms
        self._book = book
        self._start = link.traffic
        self._booked_bytes = 0
        self._paced_bytes = 0
        self._free_at_seconds = float("-inf")
        """When, in monotonic time, the rate allows the next byte."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # A process that is being ended writes nothing more: the account keeps its step too much.
        if kind is None or issubclass(kind, Exception):
            self.settle()

    @property
    def traffic(self) -> Traffic:
        return self._link.traffic

    @property
    def moved(self) -> Traffic:
        """What has crossed under these terms."""
        return self._link.traffic - self._start

    def exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Raises LinkFault; BudgetSpent before anything is sent where it would not fit."""
        coming_bytes = len(body) + MESSAGE_BYTES
        left_bytes = self._left(self._terms.allowance.all_bytes)
        if left_bytes is not None and left_bytes < coming_bytes:
            raise self._spent()
        self._charge(coming_bytes)
        try:
            return self._link.exchange(path, body, headers)
        finally:
            self._keep_pace()

    def fetch(self, name: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
        """Raises LinkFault; BudgetSpent and WindowClosed once the piece that came last has been handed over."""
        self._demand_room()
        self._charge(PIECE_BYTES)
        with closing(self._link.fetch(name, offset, size_bytes)) as pieces:
            for piece in pieces:
                yield piece
                offset += len(piece)
                self._keep_pace()
                if offset != size_bytes:
                    # What is whole is whole, though its last byte was the last that could be paid.
                    self._demand_room()
                self._charge(PIECE_BYTES)

    def settle(self) -> None:
        """Bring the account to what has crossed, no more and no less."""
        over_bytes = self._booked_bytes - self.moved.total_bytes
        if over_bytes:
            self._booked_bytes -= over_bytes
            self._book(-over_bytes)

    def _demand_room(self) -> None:
        left_bytes = self._left(self._terms.allowance.course_bytes)
        if left_bytes is not None and left_bytes <= 0:
            raise self._spent()
        if not self._terms.is_open():
            raise WindowClosed(
                f"The window has closed; the rest comes {self._when(None)}.", "What has come is kept, to the byte."
            )

    def _left(self, allowed_bytes: int | None) -> int | None:
        return None if allowed_bytes is None else allowed_bytes - self.moved.total_bytes

    def _charge(self, coming_bytes: int) -> None:
        """Have at least so much more on the account than has crossed."""
        ahead_bytes = self._booked_bytes - self.moved.total_bytes
        if ahead_bytes < coming_bytes:
            step_bytes = max(self._step_bytes(), coming_bytes - ahead_bytes)
            self._book(step_bytes)
            self._booked_bytes += step_bytes

    def _step_bytes(self) -> int:
        allowed_bytes = self._terms.allowance.all_bytes
        return STEP_BYTES if allowed_bytes is None else min(STEP_BYTES, max(PIECE_BYTES, allowed_bytes // STEP_SHARE))

    def _keep_pace(self) -> None:
        """Wait until the rate has caught up with what has crossed."""
        if not self._terms.rate_bytes:
            return
        crossed_bytes = self.moved.total_bytes
        now = self._clock.now().monotonic_seconds
        took_seconds = (crossed_bytes - self._paced_bytes) / self._terms.rate_bytes
        self._paced_bytes = crossed_bytes
        self._free_at_seconds = max(self._free_at_seconds, now - BURST_SECONDS) + took_seconds
        if self._free_at_seconds > now:
            self._clock.wait(self._free_at_seconds - now)

    def _when(self, limit: Limit | None) -> str:
        return self._terms.goes_on.get(limit, "in another session")

    def _spent(self) -> BudgetSpent:
        limit = self._terms.allowance.limit
        whose = {Limit.NIGHT: "Tonight's bytes", Limit.MONTH: "This month's bytes", Limit.LENT: "The bytes lent"}[limit]
        hint = "" if limit is Limit.LENT else " To have more now, lend it some on the staff page."
        return BudgetSpent(
            f"{whose} are spent; the rest comes {self._when(limit)}.", f"What has come is kept, to the byte.{hint}"
        )
