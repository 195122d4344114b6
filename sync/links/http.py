"""The link over HTTP: one connection to the hub's address, counted to the byte.

* A request carries only the headers that it needs: on a night with nothing new they would outweigh the message.
* Nothing that comes is trusted or kept whole in memory: bodies are bounded while they stream.
* Whatever else may answer at the hub's address (a sign-in page, a proxy, another site) is named as what it is.
* A hub that has moved is followed once, to the same path at another address, never from https back to http.
"""

import ssl
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

import httpx

from catalog.fault import CallerFault, LinkFault
from sync.link import HubBusy, LinkBroken, NotTheHub, PackMissing, Reply, Traffic, Unreachable, retry_after_seconds
from sync.wire import MESSAGE_BYTES_MAX, PACK_PATH

CONNECT_SECONDS_MAX = 30
SILENCE_SECONDS_MAX = 60
"""Longer than any satellite's round trip; a link that says nothing for so long is gone."""

_MOVED = (307, 308)
_NETWORK_SIGN_IN = 511
_BUSY = (429, 500, 502, 503, 504)
_MARKUP = (b"<!", b"<h", b"<H", b"<?")


class HttpLink:
    """The way to the hub at `address`, such as "https://hub.example.org"; a `Link`."""

    def __init__(self, address: str, transport: httpx.BaseTransport | None = None) -> None:
        """Raises CallerFault where the address is none."""
        self._address = _checked(address)
        self._traffic = Traffic()
        timeout = httpx.Timeout(SILENCE_SECONDS_MAX, connect=CONNECT_SECONDS_MAX)
        self._client = httpx.Client(
            transport=transport or httpx.HTTPTransport(verify=ssl.create_default_context()),
            timeout=timeout,
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
            _demand_hub(response)
            came = bytearray()
            for piece in self._pieces(response):
                came += piece
                if len(came) > MESSAGE_BYTES_MAX:
                    raise NotTheHub(
                        f"The answer is longer than {MESSAGE_BYTES_MAX} bytes; a hub's never is.",
                        "Check the hub's address.",
                    )
        answer = bytes(came)
        if answer.lstrip()[:2] in _MARKUP:
            raise _sign_in_page()
        if response.status_code in _BUSY and "signature" not in response.headers:
            raise _busy(response)
        return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, answer)

    def fetch(self, pack: str, offset: int, size_bytes: int) -> Generator[bytes, None, None]:
        """Raises LinkFault. Where the other end cannot resume, what is here already passes by unused."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        with self._sent("GET", PACK_PATH + pack, headers) as response:
            _demand_hub(response)
            came_bytes = _start(response, pack, offset, size_bytes)
            for piece in self._pieces(response):
                wanted = piece[max(0, offset - came_bytes) : size_bytes - came_bytes]
                came_bytes += len(piece)
                if wanted:
                    yield wanted
                if came_bytes > size_bytes:
                    raise NotTheHub(
                        f"More came for the pack {pack} than the plan says.", "The next session asks the hub again."
                    )
            if came_bytes < size_bytes:
                raise _broken(f"The hub stopped after {came_bytes} of {size_bytes} bytes of a pack.")

    @contextmanager
    def _sent(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Iterator[httpx.Response]:
        """A response whose head has come; redirects of the hub's whole address are followed, once."""
        with _faults(self._address):
            response = self._send(method, path, headers, body)
            moved = _moved_to(response, path, self._address)
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
        now = self._traffic
        self._traffic = Traffic(now.bytes_down + down, now.bytes_up + up, now.requests + requests)


@contextmanager
def _faults(address: str) -> Iterator[None]:
    """Say what the HTTP library raises as faults of the link."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Unreachable(
            f"Nobody answers at {address}.", "Check that the box is online and that the hub's address is right."
        ) from error
    except httpx.TimeoutException as error:
        raise _broken(f"The hub said nothing for {SILENCE_SECONDS_MAX} seconds.") from error
    except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
        raise _broken("The connection to the hub ended in the middle, or what came was not HTTP.") from error
    except (httpx.TransportError, httpx.StreamError) as error:
        raise _broken("The connection to the hub was lost.") from error
    except httpx.InvalidURL as error:
        raise _no_address(address) from error


def _demand_hub(response: httpx.Response) -> None:
    status = response.status_code
    is_page = response.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html"
    if status == _NETWORK_SIGN_IN or (is_page and status < 400):
        raise _sign_in_page()
    if 300 <= status < 400:
        raise NotTheHub(
            "The hub's address sends us on to another place.",
            "The network may want a sign-in first: open any page in a browser there. Or the hub has moved: check its "
            "address.",
        )
    if status in _BUSY and is_page:
        raise _busy(response)
    if is_page:
        raise NotTheHub(
            f"Something answers at the hub's address that is no hub (a web page, status {status}).",
            "Check the hub's address.",
        )
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotTheHub(
            "Something between box and hub repacks what passes.",
            "Let the network's proxy leave the hub's address alone.",
        )


def _start(response: httpx.Response, pack: str, offset: int, size_bytes: int) -> int:
    """At which byte of the pack the body begins."""
    status = response.status_code
    if status in (404, 410, 416):
        raise PackMissing(f"The hub does not have the pack {pack} any more.", "The next session gets a new plan.")
    if status in _BUSY:
        raise _busy(response)
    if status == 206:
        expected = f"bytes {offset}-{size_bytes - 1}/{size_bytes}"
        if response.headers.get("content-range", "") != expected:
            raise NotTheHub("The hub sent another part of a pack than was asked for.", "The next session asks again.")
        return offset
    if status != 200:
        raise NotTheHub(f"The hub answered {status} where a pack was asked for.", "Check the hub's address.")
    return 0


def _moved_to(response: httpx.Response, path: str, address: str) -> str | None:
    """The hub's new address, where it says so and it is one that we follow."""
    if response.status_code not in _MOVED:
        return None
    target, here = urlsplit(response.headers.get("location", "")), urlsplit(address)
    is_whole = target.path == here.path + path and not target.query and bool(target.netloc)
    is_as_safe = target.scheme == "https" or (target.scheme, here.scheme) == ("http", "http")
    if not (is_whole and is_as_safe):
        return None
    return f"{target.scheme}://{target.netloc}{here.path}"


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address.strip().rstrip("/"))
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        is_one = is_one and parts.username is None and (parts.port or 1) > 0
    except ValueError as error:
        raise _no_address(address) from error
    # The path that is signed begins at the hub's root.
    if not is_one or parts.path:
        raise _no_address(address)
    return parts.geturl()


def _head_bytes(line: str, headers: httpx.Headers) -> int:
    """How long a head is on the wire: its first line, its header lines, the empty line."""
    return len(line) + 2 + sum(len(name) + len(value) + 4 for name, value in headers.raw) + 2


def _busy(response: httpx.Response) -> HubBusy:
    return HubBusy(
        f"The hub cannot serve us now (status {response.status_code}).",
        "The box comes again by itself; if it stays so, tell the hub's staff.",
        retry_after_seconds(response.headers),
    )


def _sign_in_page() -> LinkFault:
    return NotTheHub(
        "A web page came instead of the hub's answer: the network may want a sign-in first.",
        "Open any page in a browser on this network and sign in; or check the hub's address.",
    )


def _broken(sentence: str) -> LinkBroken:
    return LinkBroken(sentence, "What had come is kept; the box goes on from there by itself.")


def _no_address(address: str) -> CallerFault:
    return CallerFault(f"{address!r} is not a hub's address.", 'Write it as "https://hub.example.org".')
