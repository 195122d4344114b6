"""The front: owns the sockets of a box or a hub, so that no slow reader ever holds a thread.

* One loop serves every port: the application's, through WSGI in threads, and the content sites', from memory and disk.
* Connections are bounded in all and for one address. A whole class may share an address, so one address gets most
  of the room but never all of it, and an idle connection gives way to a new one before anybody is turned away.
* Every wait has an end (`Limits`): a header that trickles in, a body, an answer that nobody takes.
* On SIGTERM no new connection is taken, what was begun is finished within `drain_seconds`, then the rest is cut.
"""

import asyncio
import contextlib
import errno
import logging
import resource
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from catalog.fault import BoxFault
from sync.clock import Clock
from sync.web.connection import Connection, State
from sync.web.exchange import Answerer, head, refusal
from sync.web.hands import Hands

logger = logging.getLogger(__name__)

BACKLOG = 1_024
SWITCH_SECONDS = 0.0005
"""How long a page that is being made may keep the loop from its next send; Python's own 5 ms add up."""
UNSENT_BYTES_MAX = 128 << 10
"""What the kernel holds for a client beyond what is on its way: without it, three hundred readers take a gigabyte."""
ACCEPTED_PER_TURN_MAX = 64
OPEN_FILES_WANTED = 16_384
OPEN_FILES_SPARE = 200
"""Descriptors kept for databases, listeners and files that are just being opened."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much, and how long, the front bears."""

    connections_max: int = 4_096
    client_share: float = 0.75
    """Of all connections, what one address may hold: behind one access point there may be a whole school."""
    keep_alive_seconds: float = 30.0
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    body_bytes_per_second: float = 256.0
    send_seconds: float = 60.0
    linger_seconds: float = 3.0
    drain_seconds: float = 10.0
    sweep_seconds: float = 1.0
    """How often the deadlines are looked at."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place to listen, and who answers there. Port 0 takes any free one."""

    host: str
    port: int
    answerer: Answerer
    congestion: str = ""
    """How TCP finds out how fast a link is, such as "bbr", for whoever asks here; "" leaves it to the machine."""


class Front:
    """Serves sites until it is stopped."""

    def __init__(
        self, sites: Sequence[Site], clock: Clock, *, spool: Path | None = None, limits: Limits | None = None
    ) -> None:
        self.ports: list[int] = []
        self.is_draining = False
        self._sites = sites
        self._clock = clock
        self._spool = spool
        self._limits = limits or Limits()
        self._listeners: list[socket.socket] = []
        self._connections: set[Connection] = set()
        self._clients: Counter[str] = Counter()
        self._connections_max = self._limits.connections_max
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._is_full = False
        self.hands: Hands

    def bind(self) -> list[int]:
        """Take the ports, before anything else is begun; returns them. `run` does it if it was not done.

        Raises BoxFault where a port is taken.
        """
        for site in self._sites:
            self._listeners.append(_listener(site))
            self.ports.append(self._listeners[-1].getsockname()[1])
        return self.ports

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Serve until SIGTERM, SIGINT or `stop`; `ready` is called once everything answers."""
        if not self._listeners:
            self.bind()
        _raise_open_files()
        asyncio.run(self._serve(ready))

    def stop(self) -> None:
        """Finish what was begun and end; from any thread."""
        if self._stopping is not None:
            with contextlib.suppress(RuntimeError):
                self.hands.loop.call_soon_threadsafe(self._stopping.set)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @contextlib.contextmanager
    def serving(self) -> Iterator["Front"]:
        """Serve from a thread for a while. Raises what kept it from serving, a taken port for one."""
        is_ready: Future[None] = Future()

        def run() -> None:
            try:
                self.run(lambda: is_ready.set_result(None))
            except BaseException as error:
                if is_ready.done():
                    raise
                is_ready.set_exception(error)

        self._thread = threading.Thread(target=run, name="front", daemon=True)
        self._thread.start()
        is_ready.result()
        try:
            yield self
        finally:
            self.stop()

    @property
    def connections_open(self) -> int:
        return len(self._connections)

    def report(self, message: str, error: BaseException) -> None:
        """Tell whoever reads the log that a request failed."""
        logger.error("%s", message, exc_info=error)

    def forget(self, connection: Connection) -> None:
        """Strike a connection that has closed."""
        self._connections.discard(connection)
        self._clients[connection.client] -= 1
        if self._clients[connection.client] <= 0:
            del self._clients[connection.client]
        if self._is_full:
            self._is_full = False
            self._listen()

    # ---- serving -----------------------------------------------------------------------------------------------

    async def _serve(self, ready: Callable[[], None] | None) -> None:
        loop = asyncio.get_running_loop()
        self.hands = Hands(loop, self._clock, self._spool)
        self._stopping = asyncio.Event()
        self._connections_max = min(self._limits.connections_max, _open_files_max() // 2 - OPEN_FILES_SPARE)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stopping.set)
        sys.setswitchinterval(SWITCH_SECONDS)
        self._listen()
        if ready is not None:
            ready()
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._limits.sweep_seconds)
            self._sweep()
        await self._drain()
        self.hands.close()

    def _listen(self) -> None:
        for listener, site, port in zip(self._listeners, self._sites, self.ports, strict=True):
            self.hands.loop.add_reader(listener.fileno(), self._accept, listener, site, port)

    def _stop_listening(self) -> None:
        for listener in self._listeners:
            self.hands.loop.remove_reader(listener.fileno())

    def _accept(self, listener: socket.socket, site: Site, port: int) -> None:
        for _ in range(ACCEPTED_PER_TURN_MAX):
            try:
                sock, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self._make_room()
                    self._is_full = True
                    self._stop_listening()
                    self.hands.loop.call_later(self._limits.sweep_seconds, self._listen_again)
                    return
                raise
            self._admit(sock, str(address[0]) if address else "local", site, port)

    def _listen_again(self) -> None:
        if self._is_full and not self.is_draining:
            self._is_full = False
            self._listen()

    def _admit(self, sock: socket.socket, client: str, site: Site, port: int) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES_MAX)
        is_crowded = self._clients[client] >= self._connections_max * self._limits.client_share
        if is_crowded or len(self._connections) >= self._connections_max:
            self._make_room(client if is_crowded else None)
        if (
            self._clients[client] >= self._connections_max * self._limits.client_share
            or len(self._connections) >= self._connections_max
        ):
            _turn_away(sock)
            return
        self._clients[client] += 1
        self._connections.add(Connection(self, site, port, sock, client))

    def _make_room(self, client: str | None = None) -> None:
        """Close the connection that has been idle longest, of one address or of all."""
        idle = (one for one in self._connections if one.state is State.IDLE and client in (None, one.client))
        oldest = min(idle, key=lambda one: one.idle_since_seconds, default=None)
        if oldest is not None:
            oldest.close()

    def _sweep(self) -> None:
        now_seconds = self.hands.loop.time()
        for connection in list(self._connections):
            if connection.is_overdue(now_seconds, self._limits):
                connection.hang_up()

    async def _drain(self) -> None:
        """Take nothing new, finish what was begun, cut what does not end."""
        self.is_draining = True
        self._stop_listening()
        for listener in self._listeners:
            listener.close()
        end_seconds = self.hands.loop.time() + self._limits.drain_seconds
        while self._connections and self.hands.loop.time() < end_seconds:
            for connection in list(self._connections):
                if connection.state is State.IDLE:
                    connection.close()
                else:
                    connection.end_endless()
            self._sweep()
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)


def _listener(site: Site) -> socket.socket:
    family = socket.AF_INET6 if ":" in site.host else socket.AF_INET
    try:
        listener = socket.create_server((site.host, site.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise BoxFault(
            f"Nobody can be served at {site.host} port {site.port}: {error.strerror or error}.",
            "Another program holds this port, or the address is not this machine's; choose another with --port.",
        ) from error
    if site.congestion:
        # A machine that lacks it, or keeps it for others, goes on with its own.
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, site.congestion.encode())
    listener.setblocking(False)
    return listener


def _turn_away(sock: socket.socket) -> None:
    """Say at once that there is no room, and close."""
    answer = refusal(503, "Too many devices are connected.", "Close other pages and try again.", ("Retry-After", "5"))
    assert isinstance(answer.body, bytes), "a refusal is a short page"
    with contextlib.suppress(OSError):
        sock.send(head(answer.status, answer.headers, len(answer.body), connection="close") + answer.body)
    sock.close()


def _open_files_max() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES_WANTED if soft == resource.RLIM_INFINITY else soft


def _raise_open_files() -> None:
    """Ask for as many descriptors as this process may have, up to what we want."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(OPEN_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
