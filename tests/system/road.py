"""The road between a real box and a real hub: a relay on the loopback that counts, breaks, or answers in their place.

It counts every byte that a socket carries, both ways, and calls whoever asked when so many have come down.
"""

import contextlib
import socket
import threading
from collections.abc import Callable

PIECE_BYTES = 16 << 10
SILENCE_SECONDS_MAX = 60


class Road:
    """Listens on a port of its own, leads to the hub's; a thread for each connection and direction."""

    def __init__(self, hub_port: int) -> None:
        self._hub_port = hub_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"
        self.up_bytes = 0
        self.down_bytes = 0
        self.connections = 0
        self.answers: bytes | None = None
        """What is said to every request instead of asking the hub; then the connection ends."""
        self._is_called_at: tuple[int, Callable[[], None]] | None = None
        self._is_called_at_up: tuple[int, Callable[[], None]] | None = None
        self._counting = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def calls(self, after_bytes: int, what: Callable[[], None]) -> None:
        """Once, when so many more bytes have come down; nothing is handed on before it returned."""
        self._is_called_at = (self.down_bytes + after_bytes, what)

    def calls_on_the_way_up(self, after_bytes: int, what: Callable[[], None]) -> None:
        """Once, when so many more bytes have come from the box; nothing is handed on before it returned."""
        self._is_called_at_up = (self.up_bytes + after_bytes, what)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                box, _ = self._listening.accept()
            except OSError:
                return  # closed
            self.connections += 1
            threading.Thread(target=self._lead, args=(box,), daemon=True).start()

    def _lead(self, box: socket.socket) -> None:
        with contextlib.suppress(OSError), box:
            box.settimeout(SILENCE_SECONDS_MAX)
            if self.answers is not None:
                box.recv(PIECE_BYTES)
                box.sendall(self.answers)
                box.shutdown(socket.SHUT_WR)
                while box.recv(PIECE_BYTES):
                    pass
                return
            with socket.create_connection(("127.0.0.1", self._hub_port)) as hub:
                up = threading.Thread(target=self._carry, args=(box, hub, self._count_up), daemon=True)
                up.start()
                self._carry(hub, box, self._count_down)
                up.join()

    def _carry(self, source: socket.socket, target: socket.socket, count: Callable[[int], None]) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                count(len(piece))
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _count_up(self, size: int) -> None:
        with self._counting:
            self.up_bytes += size
            self._call(at_bytes=0)
            called = self._is_called_at_up
            if called is not None and self.up_bytes >= called[0]:
                self._is_called_at_up = None
                called[1]()

    def _count_down(self, size: int) -> None:
        with self._counting:
            self.down_bytes += size
            self._call(at_bytes=self.down_bytes)

    def _call(self, at_bytes: int) -> None:
        called = self._is_called_at
        if called is not None and (at_bytes or self.down_bytes) >= called[0]:
            self._is_called_at = None
            called[1]()
