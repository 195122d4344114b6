"""The link to a neighbour: another box on the same network, which serves the files that it has proven itself.

* It carries files and no messages: what learners did goes to the hub alone.
* A neighbour is near or of no use: it has seconds to answer, and is not followed anywhere else.
"""

from collections.abc import Generator, Mapping
from typing import Self

import httpx

from catalog.fault import LinkFault
from sync.clock import Clock
from sync.link import Reply, Traffic
from sync.links.http import HttpLink

CONNECT_SECONDS_MAX = 3
SILENCE_SECONDS_MAX = 10


class NeighbourLink:
    """The way to the box at `address`, such as "http://192.168.1.20:8080"; a `Link` that fetches only."""

    def __init__(
        self, address: str, transport: httpx.BaseTransport | None = None, *, clock: Clock | None = None
    ) -> None:
        """Raises CallerFault where the address is none."""
        self._http = HttpLink(
            address,
            transport,
            clock=clock,
            connect_seconds_max=CONNECT_SECONDS_MAX,
            silence_seconds_max=SILENCE_SECONDS_MAX,
            follows_moves=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    @property
    def traffic(self) -> Traffic:
        return self._http.traffic

    def exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Raises LinkFault, always."""
        raise LinkFault("A neighbour takes no messages.", "They go to the hub, in the box's own session.")

    def fetch(self, name: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
        """Raises LinkFault."""
        return self._http.fetch(name, offset, size_bytes)
