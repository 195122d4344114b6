"""The bridge to Flask: a WSGI application, run in threads, that says what to send and never sends a file itself.

* A thread is taken when the request's body is whole and given back when the answer is made: slow clients hold none.
* `X-Sendfile` in an answer names a file; the front sends it with ranges and conditions. It is read from the
  application's answer only, never from a request, and only for files under the folders that were allowed.
* Behind nginx the same header becomes `X-Accel-Redirect`, and nginx sends the file.
* What a view handed to the disk (`lasting`) is on it before the answer leaves; no thread is held for that either.
* A body of unknown length is sent in chunks as it is made; no thread is held between two pieces.
* An event stream (`sync/web/stream.py`) is handed to the loop once the application has let its reader in.
"""

import asyncio
import contextvars
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote, unquote, unquote_to_bytes

from catalog.fault import DiskFull, Fault
from sync.web import body
from sync.web.exchange import BODILESS, Answer, Request, refusal
from sync.web.filing import answer_with_file
from sync.web.hands import Busy, Hands
from sync.web.lasting import AWAITED, TELL
from sync.web.names import REACHED_AT
from sync.web.stream import STREAM

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BUSY_RETRY_SECONDS = 2
BARE_HEADER = "x-qanat-bare"
SENDFILE_HEADER = "x-sendfile"
_NOT_PASSED_ON = frozenset(
    {"content-length", "connection", "transfer-encoding", "date", "server", "keep-alive", BARE_HEADER, SENDFILE_HEADER}
)


@dataclass(frozen=True, slots=True)
class Accel:
    """How a file is named to the nginx before us: `root`/x becomes `prefix`x, an `internal` location over `root`.

    Files that lie elsewhere go through us, past nginx.
    """

    prefix: str
    root: Path


@dataclass(frozen=True, slots=True)
class Application:
    """A WSGI application on a port."""

    app: "WSGIApplication"
    folders: Sequence[Path]
    """Where files that may be sent lie; nothing else on this machine can be asked for."""
    body_bytes_max: Mapping[str, int] = field(default_factory=dict)
    """Limits of request bodies by prefix of the path; `body.DEFAULT_BODY_BYTES_MAX` elsewhere."""
    asked_first: Collection[str] = ()
    """Paths whose bodies may be huge: none of one is taken in before the page that holds its form was allowed."""
    accel: Accel | None = None
    is_behind_proxy: bool = False
    """Whether the client's address and scheme are those that the proxy states (X-Forwarded-For, -Proto)."""

    def answer_now(self, request: Request, hands: Hands) -> None:
        return None

    async def answer(self, request: Request, hands: Hands) -> Answer:
        environ: dict[str, Any] = {}
        try:
            path = request.target.partition("?")[0]
            taken, size_bytes = None, 0
            if request.has_body:
                if path in self.asked_first and not await self._is_let_in(request, hands):
                    return refusal(403, "Only those who may see this page may send something to it.", "Sign in first.")
                taken, size_bytes = await body.take_in(request, body.limit_for(path, self.body_bytes_max), hands)
            environ = environ_of(request, taken, size_bytes, is_behind_proxy=self.is_behind_proxy)
            awaited: list[Future[Any]] = environ.setdefault(AWAITED, [])
            answer, file = await hands.run(_Call(self, environ, taken, hands).run)
            for one in awaited:
                await asyncio.wrap_future(one)
            if STREAM in environ and request.method == "GET":
                answer.body, answer.is_endless = environ[STREAM](hands), True
                return answer
            return await self._with_file(answer, file, request, hands)
        except body.TooLarge as refused:
            return refusal(
                413,
                "This is too large to be sent here.",
                f"Send at most {refused.limit_bytes // 1_000_000} MB at once, or send it in parts.",
            )
        except Busy:
            return refusal(
                503,
                "Very many people are asking at this moment.",
                "Wait a few seconds and try again.",
                ("Retry-After", str(BUSY_RETRY_SECONDS)),
            )
        except Fault as fault:
            if TELL in environ:
                return Answer(*environ[TELL](fault))
            return refusal(507 if isinstance(fault, DiskFull) else 503, fault.sentence, fault.hint)

    async def _is_let_in(self, request: Request, hands: Hands) -> bool:
        """Ask the application whether it would show whoever asks the page of this path."""
        environ = environ_of(request, None, 0, is_behind_proxy=self.is_behind_proxy)
        environ = {name: value for name, value in environ.items() if name not in ("CONTENT_LENGTH", "CONTENT_TYPE")}
        answer, _ = await hands.run(_Call(self, {**environ, "REQUEST_METHOD": "HEAD"}, None, hands).run)
        return answer.status == 200

    async def _with_file(self, answer: Answer, named: str | None, request: Request, hands: Hands) -> Answer:
        if named is None:
            return answer
        path = allowed_path(unquote(named), self.folders)
        assert path is not None, f"the application named a file outside its folders: {named}"
        if self.accel is not None and path.is_relative_to(self.accel.root):
            place = quote(str(path.relative_to(self.accel.root)))
            return Answer(answer.status, [*answer.headers, ("X-Accel-Redirect", f"{self.accel.prefix}{place}")])
        return await answer_with_file(path, answer.headers, request, hands, is_bare=answer.is_bare)


def allowed_path(named: str, folders: Sequence[Path]) -> Path | None:
    """The file that was named, if it lies under one of `folders` without going up or round about.

    >>> allowed_path("/data/trees/../keys/box.key", [Path("/data/trees")]) is None
    True
    """
    path = Path(named)
    if not path.is_absolute() or ".." in path.parts or "\0" in named:
        return None
    return path if any(path.is_relative_to(folder) for folder in folders) else None


def environ_of(
    request: Request, taken: BinaryIO | None, size_bytes: int, *, is_behind_proxy: bool = False
) -> dict[str, Any]:
    """Say a request in the words of PEP 3333."""
    path, _, query = request.target.partition("?")
    headers = request.headers
    host = headers.get("Host", "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.encode("utf-8", "surrogateescape")).decode("latin-1"),
        "QUERY_STRING": query.encode("utf-8", "surrogateescape").decode("latin-1"),
        "RAW_URI": request.target,
        "SERVER_NAME": host.rpartition(":")[0] or host or "localhost",
        "SERVER_PORT": str(request.port),
        "SERVER_PROTOCOL": "HTTP/1.1" if request.is_http_11 else "HTTP/1.0",
        "REMOTE_ADDR": request.client,
        REACHED_AT: request.reached_at,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": taken if taken is not None else _NOTHING,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in request.raw_headers:
        name = raw_name.decode("latin-1").upper()
        if "_" in name:
            continue
        key = f"HTTP_{name.replace('-', '_')}"
        value = raw_value.decode("latin-1")
        if key in environ:
            value = f"{environ[key]}{'; ' if name == 'COOKIE' else ', '}{value}"
        environ[key] = value
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    if taken is not None:
        environ["CONTENT_LENGTH"] = str(size_bytes)
    if is_behind_proxy:
        environ["REMOTE_ADDR"] = headers.get("X-Forwarded-For", request.client).rpartition(",")[2].strip()
        environ[REACHED_AT] = str
        if headers.get("X-Forwarded-Proto") in ("http", "https"):
            environ["wsgi.url_scheme"] = headers["X-Forwarded-Proto"]
    return environ


class _Nothing:
    """The body of a request that has none."""

    def read(self, size: int = -1) -> bytes:
        return b""

    readline = read

    def readlines(self, hint: int = -1) -> list[bytes]:
        return []

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


_NOTHING = _Nothing()


class _Call:
    """One run of the application, in a context of its own whichever thread it is in."""

    def __init__(self, application: Application, environ: dict[str, Any], taken: BinaryIO | None, hands: Hands) -> None:
        self._app = application.app
        self._environ = environ
        self._taken = taken
        self._hands = hands
        self._context = contextvars.copy_context()
        self._started: tuple[str, list[tuple[str, str]]] | None = None

    def run(self) -> tuple[Answer, str | None]:
        """Answer, and the file that is to be sent with it."""
        return self._context.run(self._run)

    def _run(self) -> tuple[Answer, str | None]:
        iterable = self._app(self._environ, self._start)
        is_streamed = False
        try:
            pieces = iter(iterable)
            first = next(pieces, b"")
            assert self._started is not None, "a WSGI application starts its answer before its body"
            status, headers = self._started
            named = {name.lower(): value for name, value in headers}
            kept = [(name, value) for name, value in headers if name.lower() not in _NOT_PASSED_ON]
            answer = Answer(int(status[:3]), kept, is_bare=BARE_HEADER in named)
            if answer.status in BODILESS:
                answer.body = b""
            elif "content-length" in named or isinstance(iterable, (list, tuple)):
                answer.body = b"".join((first, *pieces))
                if self._environ["REQUEST_METHOD"] == "HEAD" and "content-length" in named:
                    answer.size_bytes = int(named["content-length"])
            else:
                answer.body = _Stream(first, pieces, iterable, self)
                is_streamed = True
            return answer, named.get(SENDFILE_HEADER)
        finally:
            if not is_streamed:
                self.close(iterable)

    def _start(self, status: str, headers: list[tuple[str, str]], error: Any = None, /) -> Callable[[bytes], object]:
        assert self._started is None or error is not None, "an answer is started once"
        self._started = (status, headers)
        return _no_write

    def close(self, iterable: Iterable[bytes]) -> None:
        close = getattr(iterable, "close", None)
        if close is not None:
            close()
        if self._taken is not None:
            self._taken.close()

    async def next_of(self, pieces: Iterator[bytes]) -> bytes | None:
        return await self._hands.run(lambda: self._context.run(next, pieces, None))

    def close_later(self, iterable: Iterable[bytes]) -> None:
        self._hands.run_later(lambda: self._context.run(self.close, iterable))


class _Stream:
    """Pieces of an answer, each made in a thread when the network has taken the one before."""

    def __init__(self, first: bytes, pieces: Iterator[bytes], iterable: Iterable[bytes], call: _Call) -> None:
        self._first = first
        self._pieces = pieces
        self._iterable = iterable
        self._call = call

    async def next_piece(self) -> bytes | None:
        if self._first:
            first, self._first = self._first, b""
            return first
        while (piece := await self._call.next_of(self._pieces)) is not None:
            if piece:
                return piece
        return None

    def close(self) -> None:
        self._call.close_later(self._iterable)


def _no_write(data: bytes) -> object:
    raise NotImplementedError("the write callable of WSGI is not offered; yield the data")
