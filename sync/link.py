"""The link: the way to the hub, whatever carries it.

* A link moves bytes and counts them; it understands neither messages nor packs, and believes nothing.
* All that can go wrong on the way is a `LinkFault` of one of the kinds below, with a sentence and a next step.
* Slow, flaky or counted is a wrapper around a link, not a flag inside it.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol

from catalog.fault import LinkFault
from sync.clock import Moment


class Unreachable(LinkFault):
    """Nobody answers at the hub's address: no link, no name, or nothing listening there."""


class LinkBroken(LinkFault):
    """The link broke while something was on its way; what had come is kept, the rest is asked for again."""


class NotTheHub(LinkFault):
    """Something else answers at the hub's address: a sign-in page of the network, a proxy, another site."""


class HubBusy(LinkFault):
    """The hub cannot serve us now (5xx, 429) and may have said when to come again."""

    def __init__(self, sentence: str, hint: str = "", wait_seconds: int = 0) -> None:
        super().__init__(sentence, hint)
        self.wait_seconds = wait_seconds


class PackMissing(LinkFault):
    """The hub has no such pack any more; the next report brings a plan that names another."""


RETRY_AFTER_SECONDS_MAX = 24 * 3600
UNSAID_BYTES_MAX = 64 << 20
"""How much of a file whose length nobody said may come at most: no document that names files is longer."""


def retry_after_seconds(headers: Mapping[str, str], now: Moment | None = None) -> int:
    """When a busy hub asks us to come again; 0 where it does not say.

    A date is counted from `now`; it says nothing to a clock that cannot be trusted.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:10]), RETRY_AFTER_SECONDS_MAX)
    if now is None or not now.is_trusted:
        return 0
    try:
        wait_seconds = int(parsedate_to_datetime(text).timestamp()) - now.wall_seconds
    except (ValueError, TypeError, OverflowError):
        return 0
    return max(0, min(wait_seconds, RETRY_AFTER_SECONDS_MAX))


@dataclass(frozen=True, slots=True)
class Traffic:
    """What has crossed a link: bodies and header lines both ways, and how many requests."""

    bytes_down: int = 0
    bytes_up: int = 0
    requests: int = 0

    def __sub__(self, before: "Traffic") -> "Traffic":
        return Traffic(
            self.bytes_down - before.bytes_down, self.bytes_up - before.bytes_up, self.requests - before.requests
        )

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            self.bytes_down + other.bytes_down, self.bytes_up + other.bytes_up, self.requests + other.requests
        )

    @property
    def total_bytes(self) -> int:
        return self.bytes_down + self.bytes_up


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one message; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Link(Protocol):
    """Carries messages and packs. An implementation may not retry on its own, decide by a clock, or change a byte."""

    @property
    def traffic(self) -> Traffic:
        """What has crossed so far."""
        ...

    def exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send one message and wait for the answer, at most `wire.ANSWER_BYTES_MAX` long.

        Raises LinkFault.
        """
        ...

    def fetch(self, name: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
        """The bytes of a file from `offset` to its end, as they come; never more than `size_bytes - offset`.

        `name` is a pack's, or one of those that `sync.wire` makes for a manifest, a release and a single file. Where
        nobody said how long the file is, `size_bytes` is None: then as much comes as there is, `UNSAID_BYTES_MAX` at
        most.

        Nothing is asked for before the first piece is. Raises LinkFault, also in the middle, PackMissing where the
        other side has no such file; `close()` hangs up.
        """
        ...
