"""A night with nothing new: a box with 100 courses on its shelf asks its hub, and what crosses the wire is counted.

* The programs are the real ones (`qanat hub serve`, `qanat box serve`, `qanat box sync --json`), over plain HTTP.
* The count is a relay's, which stands between the two and understands nothing: every byte of the TCP streams counts,
  header lines included. What the box says of itself must be the same.
* TLS and the packets' own headers are not in the count: both depend on the way, and so does their size at the peers.
"""

import json
import re
import secrets
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.clock import SystemClock
from sync.hub.hub import Hub
from tests.bench.processes import ROOT, first_page, qanat, running
from tests.bench.table import Row, show
from tests.ports import free_ports

COURSES = 100
BYTES_MAX = 1_500
READ_BYTES = 1 << 16
_REQUEST = re.compile(rb"(?:GET|HEAD|POST) /\S* HTTP/1\.1\r\n")
_FETCH = re.compile(rb"GET /\S* HTTP/1\.1\r\n")


@dataclass
class Relay:
    """Passes what comes to `target` and back, and counts it."""

    port: int
    target: int
    bytes_up: int = 0
    bytes_down: int = 0
    requests: int = 0
    fetches: int = 0
    """How many of the requests fetch something."""
    connections: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def listening(self) -> Iterator["Relay"]:
        with socket.create_server(("127.0.0.1", self.port)) as server:
            threading.Thread(target=self._accept, args=[server], daemon=True).start()
            yield self
            server.shutdown(socket.SHUT_RDWR)

    def count_anew(self) -> None:
        self.bytes_up = self.bytes_down = self.requests = self.fetches = self.connections = 0

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = server.accept()
                self.connections += 1
                threading.Thread(target=self._lead, args=[near], daemon=True).start()

    def _lead(self, near: socket.socket) -> None:
        with suppress(OSError), near, socket.create_connection(("127.0.0.1", self.target)) as far:
            up = threading.Thread(target=self._pass_on, args=[near, far, True], daemon=True)
            up.start()
            self._pass_on(far, near, False)
            up.join()

    def _pass_on(self, source: socket.socket, end: socket.socket, is_up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(READ_BYTES):
                with self._counting:
                    if is_up:
                        self.bytes_up += len(data)
                        self.requests += len(_REQUEST.findall(data))
                        self.fetches += len(_FETCH.findall(data))
                    else:
                        self.bytes_down += len(data)
                end.sendall(data)
        with suppress(OSError):
            end.shutdown(socket.SHUT_WR)


def quiet_night(folder: Path) -> tuple[Relay, dict[str, Any], int]:
    """What the relay counted of a session with nothing new, what the box said of it, and how many courses it holds."""
    hub_port, relay_port, box_port, content_port = free_ports(24)[:4]
    token = _publish(folder)
    serve_hub = qanat("hub", "serve", "--data", str(folder / "hub"), "--port", str(hub_port))
    ports = ["--port", str(box_port), "--content-port", str(content_port)]
    box = ["--data", str(folder / "box")]
    with running(serve_hub, folder / "hub.log") as hub, Relay(relay_port, hub_port).listening() as relay:
        first_page(f"http://127.0.0.1:{hub_port}/", hub)
        said("box", "enrol", *box, "--hub", f"http://127.0.0.1:{relay_port}", "--token", token)
        with running(qanat("box", "serve", *box, "--host", "127.0.0.1", *ports), folder / "box.log") as served:
            first_page(f"http://127.0.0.1:{box_port}/", served)
            said("box", "sync", *box)
            relay.count_anew()
            told = said("box", "sync", *box)
            return relay, told, len(said("box", "courses", *box)["courses"])


def rows(folder: Path) -> list[Row]:
    relay, told, held = quiet_night(folder)
    assert held == COURSES, f"the shelf holds {held} courses"
    total = relay.bytes_up + relay.bytes_down
    same = (told["bytes_up"], told["bytes_down"], told["requests"]) == (
        relay.bytes_up,
        relay.bytes_down,
        relay.requests,
    )
    counted = f"{total} B ({relay.bytes_up} up, {relay.bytes_down} down)"
    words = "the same" if same else f"{told['bytes_up']} up, {told['bytes_down']} down, {told['requests']} requests"
    title = f"nothing new, {COURSES} courses"
    return [
        Row(f"{title}: requests", "29", str(relay.requests), "1", relay.requests == 1, relay.requests),
        Row(f"{title}: bytes, headers counted", "46 KB", counted, "<= 1.5 KB", total <= BYTES_MAX, total),
        Row(f"{title}: the box's own count", "-", words, "the same", same),
    ]


def _publish(folder: Path) -> str:
    """A hub with 100 small courses, and a token for one box."""
    hub = Hub.open(folder / "hub", SystemClock(), secrets.token_bytes)
    try:
        for number in range(COURSES):
            source = folder / "sources" / f"lesson-{number:03}"
            source.mkdir(parents=True)
            (source / "index.html").write_text(f"<!doctype html><title>Lesson {number}</title><p>Page {number}.")
            hub.publish([source], course=f"lesson-{number:03}", title=f"Lesson {number}")
        return str(hub.fleet.make_token(hub.fleet.campus_called("Bench school")))
    finally:
        hub.close()


def said(*words: str) -> dict[str, Any]:
    """What a `qanat` command answers with --json; it must end well."""
    done = subprocess.run([*qanat(*words), "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qanat-quiet-") as folder:
        show("A night with nothing new", rows(Path(folder)))


if __name__ == "__main__":
    main()
