"""What goes out on a connection: bytes, and parts of files, as fast as the client takes them and no faster.

* A file is sent a piece at a time, in turns with the others: three hundred slow readers cost three hundred
  descriptors, and no page waits for them.
* A piece that the page cache has is sent at once; one that it has not is fetched by a thread meanwhile.
* Nothing is buffered for a slow reader but the answer's head, or one cold piece.
"""

import asyncio
import socket
from collections.abc import Callable

from sync.web.exchange import FilePart
from sync.web.hands import Hands
from sync.web.reading import PIECE_BYTES

PIECE_BYTES_MIN = 16 << 10


class Outgoing:
    """The sending half of a socket. `sent` is called when all is handed over, `lost` when the client is gone."""

    def __init__(self, hands: Hands, sock: socket.socket, sent: Callable[[], None], lost: Callable[[], None]) -> None:
        self.moved_seconds = hands.loop.time()
        self._loop = hands.loop
        self._files = hands.files
        self._turns = hands.turns
        self._socket = sock
        self._descriptor = sock.fileno()
        self._sent = sent
        self._lost = lost
        self._data = memoryview(b"")
        self._part: FilePart | None = None
        self._piece_bytes = PIECE_BYTES
        self._flushed: asyncio.Future[None] | None = None
        self._is_watched = self._is_closed = self._is_lined_up = self._is_fetching = False

    @property
    def is_blocked(self) -> bool:
        """Whether it is the client that we wait for (and not our own disk)."""
        return self._is_watched

    def send(self, data: bytes, part: FilePart | None = None) -> None:
        """Send `data` and then the part of a file; `sent` is called when both are handed over."""
        self._data, self._part = memoryview(data), part
        self.moved_seconds = self._loop.time()
        self._pump()

    async def flush(self, data: bytes, part: FilePart | None = None) -> None:
        """Send, and wait until it is handed over. Raises ConnectionResetError where the client has left."""
        if self._is_closed:
            raise ConnectionResetError("the client has left")
        self._flushed = self._loop.create_future()
        try:
            self.send(data, part)
            await self._flushed
        finally:
            self._flushed = None

    def close(self) -> None:
        """Send nothing more; the socket is its owner's to close."""
        self._is_closed = True
        self._watch(False)
        if self._part is not None:
            self._part.file.close()
            self._part = None
        if self._flushed is not None and not self._flushed.done():
            self._flushed.set_exception(ConnectionResetError("the client has left"))

    def _pump(self) -> None:
        """Give the network what it takes now: what is written, or one piece of a file."""
        try:
            if self._data:
                count = self._socket.send(self._data, socket.MSG_MORE if self._part is not None else 0)
                self._data = self._data[count:]
                self.moved_seconds = self._loop.time()
                if self._data:
                    self._watch(True)
                    return
            if self._part is not None and self._part.size_bytes:
                self._line_up()
                return
        except (BlockingIOError, InterruptedError):
            self._watch(True)
            return
        except OSError:
            self._lost()
            return
        self._all_sent()

    def _line_up(self) -> None:
        if not self._is_lined_up:
            self._is_lined_up = True
            self._watch(False)
            self._turns.line_up(self._take_turn)

    def _take_turn(self) -> int:
        """Send one piece, if it is at hand and the client takes it."""
        self._is_lined_up = False
        part = self._part
        if part is None or self._is_closed or self._is_fetching:
            return 0
        piece = self._files.piece_now(part.file, part.first_byte, min(self._piece_bytes, part.size_bytes))
        if piece is None:
            self._fetch(part)
            return 0
        try:
            count = self._socket.send(piece)
        except (BlockingIOError, InterruptedError):
            self._watch(True)
            return 0
        except OSError:
            self._lost()
            return 0
        part.first_byte += count
        part.size_bytes -= count
        self._piece_bytes = min(PIECE_BYTES, max(PIECE_BYTES_MIN, 2 * count))
        self.moved_seconds = self._loop.time()
        if not part.size_bytes:
            self._all_sent()
        elif count < len(piece):
            self._watch(True)
        else:
            self._line_up()
        return count

    def _fetch(self, part: FilePart) -> None:
        """Have a piece that is not in the page cache read by a thread; nobody else waits for it."""
        self._watch(False)
        self._is_fetching = True
        self._files.piece_cold(part.file, part.first_byte, part.size_bytes).add_done_callback(self._fetched)

    def _fetched(self, future: "asyncio.Future[bytes]") -> None:
        self._is_fetching = False
        error = None if future.cancelled() else future.exception()
        if self._is_closed or self._part is None:
            return
        data = b"" if future.cancelled() or error is not None else future.result()
        if not data:
            self._lost()
            return
        self._part.first_byte += len(data)
        self._part.size_bytes -= len(data)
        self._data = memoryview(data)
        self.moved_seconds = self._loop.time()
        self._pump()

    def _all_sent(self) -> None:
        self._watch(False)
        self._part = None
        if self._flushed is None:
            self._sent()
        elif not self._flushed.done():
            self._flushed.set_result(None)

    def _watch(self, wanted: bool) -> None:
        if wanted and not self._is_watched:
            self._loop.add_writer(self._descriptor, self._pump)
        elif self._is_watched and not wanted:
            self._loop.remove_writer(self._descriptor)
        self._is_watched = wanted
