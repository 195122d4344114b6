"""Fetching: a file by its name from the other side into the spool, however often the link breaks.

* It goes on at the byte where it was left. A link that breaks is taken up again while it gets on; one that brings
  nothing several times running ends the session.
* The pause before each new try is drawn by lot; a hub that says when to come again is heeded.
* Whatever ends it, what had come lasts.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from catalog.fault import LinkFault
from sync.clock import Clock
from sync.link import HubBusy, Link, LinkBroken, Unreachable
from sync.receiving.spool import Spool
from sync.retry import is_worth_waiting, pause_seconds, told_seconds

TRIES_MAX = 5
"""So many tries in a row without a byte: a link that stays away so long is left to the next session."""

STRANGE_MAX = 2
"""So many answers in a row that are something else: asking again brings the same."""
PASSING = (LinkBroken, Unreachable, HubBusy)
"""What may be over in a minute."""

T = TypeVar("T")
Hear = Callable[[int], None]
"""Told after every piece how many bytes of the file are here."""


class StrangeAnswer(LinkBroken):
    """What came does not begin as what was asked for; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fills the spool from one link."""

    link: Link
    spool: Spool
    clock: Clock
    random_bytes: Callable[[int], bytes]

    def fetch(self, name: str, size_bytes: int, hear: Hear, begins: bytes = b"") -> None:
        """Spool the file, from the byte where it was left; `begins` is how every file of its kind does.

        Raises DiskFull before the first byte where there is no room; LinkFault.
        """
        if self.spool.offset(name) > size_bytes:
            self.spool.drop(name)
        tried = 0
        while (offset := self.spool.offset(name)) < size_bytes:
            try:
                with closing(self._watched(name, offset, size_bytes, hear, begins)) as pieces:
                    self.spool.write(name, pieces, size_bytes)
            except PASSING as fault:
                tried = 1 if self.spool.offset(name) > offset else tried + 1
                # Who listens may also stop the session: better before the pause than after it.
                hear(self.spool.offset(name))
                self._pause(tried, fault)

    def persistently(self, ask: Callable[[], T]) -> T:
        """What `ask` gets of the link, asked again where the link fails it. Raises LinkFault."""
        for tried in range(1, TRIES_MAX):
            try:
                return ask()
            except PASSING as fault:
                self._pause(tried, fault)
        return ask()

    def _pause(self, tried: int, fault: LinkFault) -> None:
        """Wait before the next try; raises the fault again where there should be none."""
        tries_max = STRANGE_MAX if isinstance(fault, StrangeAnswer) else TRIES_MAX
        if tried >= tries_max or not is_worth_waiting(fault):
            raise fault
        self.clock.wait(told_seconds(fault) + pause_seconds(tried, self.random_bytes))

    def _watched(
        self, name: str, offset: int, size_bytes: int, hear: Hear, begins: bytes
    ) -> Generator[bytes, None, None]:
        done_bytes = offset
        with closing(self.link.fetch(name, offset, size_bytes)) as pieces:
            for piece in pieces:
                if done_bytes == 0 and piece[: len(begins)] != begins[: len(piece)]:
                    # Kept, a stranger's answer would spoil all that is fetched behind it.
                    raise StrangeAnswer(
                        "Something else came where a pack was asked for.",
                        "The network may want a sign-in first; the box asks again by itself.",
                    )
                yield piece
                done_bytes += len(piece)
                hear(done_bytes)
