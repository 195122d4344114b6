"""The link: the way to the hub, whatever carries it.

* A link moves bytes and counts them; it understands neither messages nor packs, and believes nothing.
* All that can go wrong on the way is a `LinkFault` of one of the kinds below, with a sentence and a next step.
* Slow, flaky or counted is a wrapper around a link, not a flag inside it.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

from catalog.fault import LinkFault


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


def retry_after_seconds(headers: Mapping[str, str]) -> int:
    """When a busy hub asks us to come again; 0 where it does not say, or says it as a date."""
    text = headers.get("retry-after", "")
    return min(int(text), RETRY_AFTER_SECONDS_MAX) if text.isascii() and text.isdigit() and len(text) < 10 else 0


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
        """Send one message and wait for the answer, at most `wire.MESSAGE_BYTES_MAX` long.

        Raises LinkFault.
        """
        ...

    def fetch(self, pack: str, offset: int, size_bytes: int) -> Generator[bytes, None, None]:
        """The bytes of a pack from `offset` to its end, as they come; never more than `size_bytes - offset`.

        Nothing is asked for before the first piece is. Raises LinkFault, also in the middle; `close()` hangs up.
        """
        ...
