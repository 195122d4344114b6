"""A real front on a loopback port, and a client that can be as rude as it likes."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from sync.clock import Clock
from sync.web.content import Content, ContentFile
from sync.web.front import Front, Limits, Site
from sync.web.wsgi import Application

WAIT_SECONDS = 10


@dataclass(frozen=True)
class Reply:
    """An answer as it came off the wire."""

    status: int
    head: str
    headers: dict[str, str]
    body: bytes


class Caller:
    """One connection to a front."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_SECONDS)
        self._rest = b""

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def ask(self, target: str, *lines: str, method: str = "GET", body: bytes = b"") -> Reply:
        """Send one request and read its answer."""
        length = [f"Content-Length: {len(body)}"] if body else []
        head = "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *length, *lines])
        self.send(head.encode() + b"\r\n\r\n" + body)
        return self.reply(method)

    def reply(self, method: str = "GET") -> Reply:
        while b"\r\n\r\n" not in self._rest:
            self._more()
        raw, _, self._rest = self._rest.partition(b"\r\n\r\n")
        head = raw.decode("latin-1")
        headers = {name.lower(): value for name, value in re.findall(r"(?m)^([^:\r\n]+): (.*?)\r?$", head)}
        status = int(head.split(" ", 2)[1])
        if status < 200:
            return Reply(status, head, headers, b"")
        if method == "HEAD" or status == 304:
            return Reply(status, head, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Reply(status, head, headers, self._chunks())
        if "content-length" not in headers:
            return Reply(status, head, headers, self.rest())
        length = int(headers["content-length"])
        while len(self._rest) < length:
            self._more()
        body, self._rest = self._rest[:length], self._rest[length:]
        return Reply(status, head, headers, body)

    def rest(self) -> bytes:
        """Everything until the other side closes."""
        try:
            while data := self.socket.recv(1 << 20):
                self._rest += data
        except ConnectionError:
            pass
        rest, self._rest = self._rest, b""
        return rest

    def is_closed(self) -> bool:
        """Wait for the other side to close."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.socket.close()

    def _more(self) -> None:
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError(f"closed after {self._rest[:80]!r}")
        self._rest += data

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._rest:
                self._more()
            size, _, self._rest = self._rest.partition(b"\r\n")
            length = int(size, 16)
            while len(self._rest) < length + 2:
                self._more()
            body += self._rest[:length]
            self._rest = self._rest[length + 2 :]
            if length == 0:
                return body


class Shelf:
    """A resolver over one folder: what LAUNCH names is there, and on this port only."""

    LAUNCH = "t0ken"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[str] = []
        self.types = {".html": "text/html", ".js": "text/javascript", ".mp4": "video/mp4", ".png": "image/png"}

    def resolve(self, port: int, host: str, path: str) -> ContentFile | None:
        launch, _, rest = path.partition("/")
        if launch != self.LAUNCH:
            return None
        return ContentFile(self.folder / rest, self.types.get(Path(rest).suffix, "application/octet-stream"))

    def on_page(self, port: int, host: str, path: str) -> None:
        self.seen.append(path)


@pytest.fixture
def serve(clock: Clock, tmp_path: Path) -> Iterator[Callable[..., Front]]:
    """Start a front for an application or a content site; returns it, with its ports."""
    with ExitStack() as stack:

        def start(answerer: Application | Content, limits: Limits | None = None) -> Front:
            front = Front([Site("127.0.0.1", 0, answerer)], clock, spool=tmp_path / "spool", limits=limits)
            return stack.enter_context(front.serving())

        yield start


@pytest.fixture
def call() -> Iterator[Callable[[Front], Caller]]:
    """Open a connection to a front."""
    with ExitStack() as stack:

        def connect(front: Front) -> Caller:
            caller = Caller(front.ports[0])
            stack.callback(caller.close)
            return caller

        yield connect


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "tree"
    folder.mkdir()
    return Shelf(folder)
