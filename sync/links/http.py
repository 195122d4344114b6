"""The link over HTTP: one connection to the hub's address, counted to the byte.

* A request carries only the headers that it needs: on a night with nothing new they would outweigh the message.
* Nothing that comes is trusted or kept whole in memory: bodies are bounded while they stream, and a far end that drips
  is as good as silent.
* Whatever else may answer at the hub's address (a sign-in page, a proxy, another site) is named as what it is.
* A hub that has moved is followed once, to the same path at another address, never from https back to http; the link
  remembers it as long as it lasts.
* The environment has no say: a proxy comes from the settings. A clock that cannot be trusted checks no dates of
  certificates; what the hub says is signed in any case.
"""

import socket
import ssl
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

import httpcore
import httpx

from catalog.fault import CallerFault
from sync.clock import Clock, Moment
from sync.link import UNSAID_BYTES_MAX, LinkBroken, NotTheHub, Reply, Traffic
from sync.links.answering import BUSY, busy, demand_hub, is_markup, moved_to, sign_in_page, start_of
from sync.links.trouble import broken, no_address, said_as_faults
from sync.links.waiting import RATE_BYTES_MIN, Waiting, Watched
from sync.parcel import is_single
from sync.wire import ANSWER_BYTES_MAX, PACK_PATH

CONNECT_SECONDS_MAX = 30
SILENCE_SECONDS_MAX = 60
"""Longer than any satellite's round trip; a link that says nothing for so long is gone."""
PATIENCE_SECONDS = 8
"""In the middle of a pack a silence means something sooner. TCP waits ever longer before it tries again; a new
connection goes on at the byte as soon as the link is back."""
STEADY_BYTES = 1 << 16
"""A link that brought so much before it fell silent is not slow: it was gone for a moment."""

_NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python's ssl has no name for."""


class HttpLink:
    """The way to the hub at `address`, such as "https://hub.example.org"; a `Link`."""

    def __init__(
        self,
        address: str,
        transport: httpx.BaseTransport | None = None,
        *,
        clock: Clock | None = None,
        network: httpcore.NetworkBackend | None = None,
        proxy: str = "",
        receive_bytes: int = 0,
        connect_seconds_max: int = CONNECT_SECONDS_MAX,
        silence_seconds_max: int = SILENCE_SECONDS_MAX,
        follows_moves: bool = True,
    ) -> None:
        """Without a `clock`, dates in answers say nothing and no far end is too slow. `network` is the machine's
        own. `receive_bytes` is what the machine may take in before we read it: a link with a rate keeps it small, or
        the machine would fetch ahead at full speed; 0 leaves it alone.

        Raises CallerFault where the address or proxy is none.
        """
        self._address = _checked(address)
        self._clock = clock
        self._traffic = Traffic()
        self._silence_seconds_max = silence_seconds_max
        self._connect_seconds_max = connect_seconds_max
        self._patience_seconds = min(PATIENCE_SECONDS, silence_seconds_max)
        self._follows_moves = follows_moves
        self._waiting = Waiting(clock) if clock else None
        self._client = httpx.Client(
            transport=transport or _transport(clock, proxy, receive_bytes, self._waiting, network),
            timeout=self._timeout(silence_seconds_max),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    @property
    def traffic(self) -> Traffic:
        return self._traffic

    def exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Raises LinkFault. An answer of any status comes back where it could be the hub's: it may be a signed no."""
        with self._sent("POST", path, headers, body) as response:
            demand_hub(response, self._address, self._now())
            came = bytearray()
            for piece in self._pieces(response):
                came += piece
                if len(came) > ANSWER_BYTES_MAX:
                    raise NotTheHub(
                        f"The answer is longer than {ANSWER_BYTES_MAX} bytes; a hub's never is.",
                        "Check the hub's address.",
                    )
        answer = bytes(came)
        if is_markup(answer):
            raise sign_in_page()
        if response.status_code in BUSY and "signature" not in response.headers:
            raise busy(response, self._now())
        return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, answer)

    def fetch(self, name: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
        """Raises LinkFault. Where the other end cannot resume, what is here already passes by unused."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        end = UNSAID_BYTES_MAX if size_bytes is None else size_bytes
        with self._patiently(), self._sent("GET", PACK_PATH + name, headers) as response:
            demand_hub(response, self._address, self._now())
            came_bytes = start_of(response, name, offset, size_bytes, self._now())
            for piece in self._pieces(response):
                if came_bytes == 0 and is_markup(piece) and not is_single(name):
                    # No pack and no document begins so. Kept, it would spoil all that is fetched behind it.
                    raise sign_in_page()
                wanted = piece[max(0, offset - came_bytes) : end - came_bytes]
                came_bytes += len(piece)
                if wanted:
                    yield wanted
                if came_bytes > end:
                    raise NotTheHub(f"More came for {name} than the plan says.", "The next session asks the hub again.")
            if size_bytes is not None and came_bytes < size_bytes:
                raise broken(f"The hub stopped after {came_bytes} of {size_bytes} bytes of a pack.")

    @contextmanager
    def _patiently(self) -> Iterator[None]:
        """What one fetch does to the patience of the next: a link that is slow is waited for ever longer."""
        before_bytes = self._traffic.bytes_down
        try:
            yield
        except LinkBroken:
            is_steady = self._traffic.bytes_down - before_bytes >= STEADY_BYTES
            longer_seconds = PATIENCE_SECONDS if is_steady else 2 * self._patience_seconds
            self._patience_seconds = min(longer_seconds, self._silence_seconds_max)
            raise

    def _timeout(self, silence_seconds_max: int) -> httpx.Timeout:
        return httpx.Timeout(silence_seconds_max, connect=self._connect_seconds_max)

    def _answer_seconds(self, body: bytes) -> int:
        """How long an answer may be silent: the machine may have taken the whole body, and be sending it still."""
        return self._silence_seconds_max + len(body) // RATE_BYTES_MIN

    @contextmanager
    def _sent(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Iterator[httpx.Response]:
        """A response whose head has come; redirects of the hub's whole address are followed, once."""
        silence_seconds = self._patience_seconds if body is None else self._answer_seconds(body)
        with said_as_faults(lambda: self._address, silence_seconds, self._clock):
            response = self._send(method, path, headers, body)
            moved = moved_to(response, path, self._address) if self._follows_moves else None
            if moved is not None:
                response.close()
                self._address = moved
                response = self._send(method, path, headers, body)
            try:
                yield response
            finally:
                response.close()

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> httpx.Response:
        request = httpx.Request(method, self._address + path, headers={"User-Agent": "qanat", **headers}, content=body)
        silence_seconds = self._patience_seconds if body is None else self._answer_seconds(body)
        request.extensions["timeout"] = self._timeout(silence_seconds).as_dict()
        if self._waiting is not None:
            self._waiting.begin(len(body or b""))
        self._count(up=_head_bytes(f"{method} {path} HTTP/1.1", request.headers) + len(body or b""), requests=1)
        response = self._client.send(request, stream=True)
        line = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
        self._count(down=_head_bytes(line, response.headers))
        return response

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        # Without a size: cutting what comes into even slices costs more than it gives.
        for piece in response.iter_raw():
            self._count(down=len(piece))
            yield piece

    def _count(self, down: int = 0, up: int = 0, requests: int = 0) -> None:
        self._traffic = self._traffic + Traffic(down, up, requests)

    def _now(self) -> Moment | None:
        return self._clock.now() if self._clock else None


def _transport(
    clock: Clock | None,
    proxy: str,
    receive_bytes: int,
    waiting: Waiting | None,
    network: httpcore.NetworkBackend | None,
) -> httpx.HTTPTransport:
    context = ssl.create_default_context()
    if clock is not None and not clock.now().is_trusted:
        # A box that woke up in 1970 would find every certificate too young, and never hear from the hub what time it
        # is. Names and issuers are checked all the same, and the hub's signature says who speaks.
        context.verify_flags |= _NO_CHECK_TIME
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)] if receive_bytes else None
    transport = httpx.HTTPTransport(verify=context, proxy=_proxy(proxy) if proxy else None, socket_options=options)
    if waiting is not None:
        # httpcore takes a network of one's own, but httpx hands none on; a test sees that this is still its place.
        transport._pool._network_backend = Watched(waiting, network or httpcore.SyncBackend())
    return transport


def _proxy(address: str) -> httpx.Proxy:
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0:
            return httpx.Proxy(address)
    except (ValueError, httpx.InvalidURL):
        pass  # said below, in the same words
    raise CallerFault(f"{address!r} is not a proxy's address.", 'Write the setting `proxy` as "http://10.0.0.1:3128".')


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address.strip().rstrip("/"))
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        is_one = is_one and parts.username is None and (parts.port or 1) > 0
    except ValueError as error:
        raise no_address(address) from error
    # The path that is signed begins at the hub's root.
    if not is_one or parts.path:
        raise no_address(address)
    return parts.geturl()


def _head_bytes(line: str, headers: httpx.Headers) -> int:
    """How long a head is on the wire: its first line, its header lines, the empty line."""
    return len(line) + 2 + sum(len(name) + len(value) + 4 for name, value in headers.raw) + 2
