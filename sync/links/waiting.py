"""Waiting: how long the far end may keep us, whatever it sends meanwhile.

* Only time that passes while we wait for the other side counts: what we do with what came, or a rate that we keep to,
  is our own. It is counted below HTTP and TLS, so that a head, a body and their framing are all one.
* A little at a time is as good as nothing: bytes make up for waiting at the rate of the slowest link that is any use,
  and what a link brought quickly is no credit for later.
* A clock is given; nothing here starts a timer of its own.
"""

import ssl
from collections.abc import Callable, Iterable
from functools import partial

import httpcore
from httpcore import SOCKET_OPTION

from sync.clock import Clock
from sync.links.trouble import broken

RATE_BYTES_MIN = 1024
"""A link that brings less in a second is of no use: a satellite's slowest has 2,500, GSM 1,200."""
WAIT_SECONDS_MAX = 120
"""How far a link may fall behind that rate. Longer than any silence that is waited out."""
SLICE_BYTES = 4096


class Waiting:
    """What the far end owes in one request: seconds that it kept us, less what its bytes make up for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.begin()

    def begin(self, sent_bytes: int = 0) -> None:
        """Another request. The machine may take all of a body at once, and send it for as long as it takes."""
        self._owed_seconds = 0.0
        self._limit_seconds = WAIT_SECONDS_MAX + sent_bytes / RATE_BYTES_MIN

    def through(self, work: Callable[[float | None], bytes], timeout: float | None) -> bytes:
        """Do `work`, which gives what came or went within a timeout, and count. Raises LinkBroken."""
        begun_seconds = self._clock.now().monotonic_seconds
        left_seconds = self._limit_seconds - self._owed_seconds
        moved = b""
        try:
            moved = work(left_seconds if timeout is None else min(timeout, left_seconds))
        finally:
            taken_seconds = self._clock.now().monotonic_seconds - begun_seconds
            self._owed_seconds = max(0.0, self._owed_seconds + taken_seconds - len(moved) / RATE_BYTES_MIN)
            if self._owed_seconds >= self._limit_seconds:
                raise broken(f"The hub sends too little: under {RATE_BYTES_MIN} bytes a second, for minutes.")
        return moved


class Watched(httpcore.NetworkBackend):
    """The machine's network, with an eye on how long it takes."""

    def __init__(self, waiting: Waiting, network: httpcore.NetworkBackend) -> None:
        self._waiting = waiting
        self._network = network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        return _WatchedStream(self._waiting, stream)


class _WatchedStream(httpcore.NetworkStream):
    def __init__(self, waiting: Waiting, stream: httpcore.NetworkStream) -> None:
        self._waiting = waiting
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._waiting.through(lambda seconds: self._stream.read(max_bytes, seconds), timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), SLICE_BYTES):
            self._waiting.through(partial(self._sent, buffer[start : start + SLICE_BYTES]), timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _WatchedStream(self._waiting, self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

    def _sent(self, piece: bytes, timeout: float | None) -> bytes:
        self._stream.write(piece, timeout)
        return piece
