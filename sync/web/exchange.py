"""Requests and answers, as the front and those who answer pass them to each other.

* A request's header is whole and checked before anybody sees it; its body is read by whoever wants it.
* An answer is a status, headers and one of three bodies: bytes, a part of an open file, or pieces that are still made.
* Header values that hold a line break never reach the wire.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from sync.web.parser import EMPTY_PAYLOAD, RawRequestMessage, StreamReader

if TYPE_CHECKING:
    from sync.web.hands import Hands
    from sync.web.reading import OpenFile

Headers = Sequence[tuple[str, str]]
BODILESS = frozenset({204, 304})
ERROR_POLICY = "default-src 'none'; frame-ancestors 'self'"


@dataclass(slots=True)
class Request:
    """One request on one connection."""

    method: str
    target: str
    headers: Mapping[str, str]
    raw_headers: Sequence[tuple[bytes, bytes]]
    payload: StreamReader
    port: int
    client: str
    is_last: bool
    is_http_11: bool
    go_on: Callable[[], None]
    """Tells a client that asked (`Expect: 100-continue`) to send the body."""
    reached_at: Callable[[], str] = str
    """The address and port by which the client reached us; "" where that is not known any more."""

    @property
    def is_plain(self) -> bool:
        """Whether this asks for a whole file, unconditionally, and for more after it: what one message can answer."""
        headers = self.headers
        return (
            self.method == "GET"
            and self.is_http_11
            and not self.is_last
            and "Range" not in headers
            and "If-None-Match" not in headers
            and "If-Modified-Since" not in headers
            and "If-Match" not in headers
            and "If-Unmodified-Since" not in headers
        )

    @property
    def has_body(self) -> bool:
        return self.payload is not EMPTY_PAYLOAD

    def accepts_gzip(self) -> bool:
        """Whether the client takes gzip (RFC 9110, section 12.5.3), weight 0 meaning no."""
        return takes_gzip(self.headers.get("Accept-Encoding", ""))


@dataclass(slots=True)
class FilePart:
    """A part of an open file; whoever sends it closes the file."""

    file: "OpenFile"
    first_byte: int
    size_bytes: int


class Pieces(Protocol):
    """A body that is made while it is sent. `close` is called whatever happened, and may not wait.

    Of an endless body `close` may be called while `next_piece` waits, which then ends, and again after that.
    """

    async def next_piece(self) -> bytes | None: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Answer:
    """What goes back. `after` is called once it has been handed to the network."""

    status: int
    headers: Headers
    body: bytes | FilePart | Pieces = b""
    is_bare: bool = False
    """Nothing is added to the headers but what HTTP needs: on a metered link every line is paid for."""
    has_date: bool = True
    after: Callable[[], None] | None = None
    size_bytes: int | None = None
    """The body's size where the body does not tell it: an application answers HEAD with a size and no body."""
    is_endless: bool = False
    """The body goes on for as long as somebody reads it: it is closed when the client leaves or the front stops."""


class Answerer(Protocol):
    """Answers for one port. An implementation may not block the loop: what waits goes through `hands`."""

    def answer_now(self, request: Request, hands: "Hands") -> Answer | bytes | None:
        """Answer from memory, as a whole message if it is at hand, or None."""
        ...

    async def answer(self, request: Request, hands: "Hands") -> Answer:
        """Answer, taking the time it takes."""
        ...


def head(
    status: int,
    headers: Headers,
    body_bytes: int | None,
    *,
    date: str = "",
    connection: str = "",
    is_chunked: bool = True,
) -> bytes:
    """Write an answer's head. A body of unknown length (None) goes in chunks, to HTTP/1.0 until the end."""
    lines = [_status_line(status)]
    lines += [f"{name}: {value}" for name, value in headers if _is_clean(name, value)]
    if date:
        lines.append(f"Date: {date}")
    if connection:
        lines.append(f"Connection: {connection}")
    if body_bytes is None:
        lines += ["Transfer-Encoding: chunked"] if is_chunked else []
    elif status not in BODILESS:
        lines.append(f"Content-Length: {body_bytes}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def refusal(status: int, sentence: str, hint: str, *extra: tuple[str, str]) -> Answer:
    """Say no where there is no application to say it: a short page with the next step."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{status}</title><h1>{sentence}</h1><p>{hint}</p></html>\n"
    )
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", ERROR_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        *extra,
    ]
    return Answer(status, headers, page.encode())


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: str) -> bool:
    """Read an Accept-Encoding header.

    >>> takes_gzip("gzip, deflate"), takes_gzip("gzip;q=0, *"), takes_gzip("br")
    (True, False, False)
    """
    star = False
    for piece in accept_encoding.lower().split(","):
        coding, _, weight = piece.partition(";")
        is_wanted = weight.replace(" ", "").rstrip("0.") != "q="
        if coding.strip() in ("gzip", "x-gzip"):
            return is_wanted
        if coding.strip() == "*":
            star = is_wanted
    return star


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    try:
        return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP/1.1 {status} Answer"


def _is_clean(name: str, value: str) -> bool:
    return not any(letter in name or letter in value for letter in "\r\n\0")


def request_of(
    message: RawRequestMessage,
    payload: StreamReader,
    port: int,
    client: str,
    go_on: Callable[[], None],
    reached_at: Callable[[], str],
) -> Request:
    """Make a request of what the parser read."""
    return Request(
        message.method,
        message.path,
        message.headers,
        message.raw_headers,
        payload,
        port,
        client,
        message.should_close,
        message.version.minor == 1,
        go_on,
        reached_at,
    )
