"""One connection: requests in, answers out, one at a time and in order.

* Every state has a deadline: waiting for a request, for its header, for its body, for the client to take the answer.
* A client may leave at any moment; what was open for it is closed, and a thread at work for it ends unheard.
* What the parser does not accept is refused and the connection closed: no second guess at where a request ends.
"""

import asyncio
import contextlib
import enum
import socket
from collections import deque
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING

from sync.web.exchange import Answer, FilePart, Pieces, Request, head, refusal, request_of
from sync.web.names import reached_at
from sync.web.outgoing import Outgoing
from sync.web.parser import (
    BaseProtocol,
    HttpProcessingError,
    HttpRequestParser,
    LineTooLong,
    RawRequestMessage,
    StreamReader,
)

if TYPE_CHECKING:
    from sync.web.front import Front, Limits, Site

READ_BYTES = 64 << 10
BODY_BUFFER_BYTES = 128 << 10
LINE_BYTES_MAX = 4_096
HEADER_BYTES_MAX = 8_190
HEADERS_MAX = 64
HEAD_BYTES_MAX = 32 << 10
PIPELINED_MAX = 8
LINGER_BYTES_MAX = 8 << 20


class State(enum.Enum):
    """What this connection waits for."""

    IDLE = "a request"
    HEAD = "the rest of a request's header"
    BODY = "a request's body"
    WORK = "the answer to be made"
    SENDING = "the client to take the answer"
    LINGERING = "the client to close, after a refusal"
    CLOSED = "nothing"


class Connection(BaseProtocol):
    """A client's socket, from accept to close."""

    def __init__(self, front: "Front", site: "Site", port: int, sock: socket.socket, client: str) -> None:
        self.hands = front.hands
        parser = HttpRequestParser(
            self,
            self.hands.loop,
            BODY_BUFFER_BYTES,
            max_line_size=LINE_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
            max_headers=HEADERS_MAX,
            auto_decompress=False,
            max_msg_queue_size=PIPELINED_MAX,
        )
        super().__init__(self.hands.loop, parser)
        self.client = client
        self.state = State.IDLE
        self._front = front
        self._site = site
        self._port = port
        self._socket = sock
        self._descriptor = sock.fileno()
        self._since_seconds = self._moved_seconds = self.hands.loop.time()
        self._head_bytes = self._body_bytes = self._linger_bytes = 0
        self._waiting: deque[tuple[RawRequestMessage, StreamReader] | Answer] = deque()
        self._payload: StreamReader | None = None
        self._task: asyncio.Task[None] | None = None
        self._endless: Pieces | None = None
        self._is_last = self._is_ended_by_client = False
        self._is_read_watched = False
        self._out = Outgoing(self.hands, sock, self._finish, self.close)
        self._watch_reading()

    # ---- requests in -------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        if not data:
            self._client_ended()
        elif self.state is State.LINGERING:
            self._linger_bytes += len(data)
            if self._linger_bytes > LINGER_BYTES_MAX:
                self.close()
        else:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent, or go on with what the parser still holds."""
        if self._parser is None or self._is_last:
            return
        if data:
            self._moved_seconds = self._loop.time()
            self._body_bytes += len(data)
            if self.state is State.IDLE:
                self.state, self._since_seconds, self._head_bytes = State.HEAD, self._moved_seconds, 0
        try:
            messages, is_upgraded, _ = self._parser.feed_data(data)
        except HttpProcessingError as error:
            self._refuse(error)
            return
        self._waiting.extend(messages)
        if is_upgraded:
            self._waiting.append(refusal(400, "This address speaks plain HTTP only.", "Open it in a browser."))
        if self.state is State.HEAD and not self._waiting:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(LineTooLong(b"", HEAD_BYTES_MAX))
                return
        if len(self._waiting) >= PIPELINED_MAX:
            self._buffer_paused = True
            self._watch_reading()
        self._next()

    def _next(self) -> None:
        """Answer what waits, until something takes its time."""
        while self._waiting and self.state in (State.IDLE, State.HEAD):
            item = self._waiting.popleft()
            if isinstance(item, Answer):
                self._is_last = True
                self._start(self._send(item, None))
                return
            assert self._parser is not None, "the parser goes only when the connection does"
            self._parser.message_consumed()
            reached = partial(reached_at, self._socket)
            self._begin(request_of(*item, self._port, self.client, self._go_on, reached))
        if self._buffer_paused and self.state in (State.IDLE, State.HEAD):
            self._buffer_paused = False
            self._watch_reading()
            self.data_received(b"")

    def _begin(self, request: Request) -> None:
        if not request.target.startswith("/"):
            request.is_last = True
            answer: Answer | bytes | None = refusal(400, "This request was not understood.", "Check the address.")
        else:
            answer = self._site.answerer.answer_now(request, self.hands)
        if isinstance(answer, bytes):
            self.state = State.SENDING
            self._out.send(answer)
            return
        self.state = State.BODY if request.has_body else State.WORK
        self._since_seconds, self._body_bytes = self._moved_seconds, 0
        self._payload = request.payload
        self._start(self._work(request, answer))

    async def _work(self, request: Request, answer: Answer | None) -> None:
        try:
            if answer is None:
                answer = await self._site.answerer.answer(request, self.hands)
        except ConnectionError:
            self.close()
            return
        except Exception as error:  # noqa: BLE001 - a request that fails is reported and answered, and ends nothing else
            self._front.report(f"{request.method} {request.target} failed", error)
            answer = refusal(500, "Something went wrong here.", "Try again; if it stays so, tell the staff.")
        await self._send(answer, request)

    def _go_on(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, error: HttpProcessingError) -> None:
        if isinstance(error, LineTooLong) or "Too many headers" in error.message:
            answer = refusal(431, "This request's header is too large.", "Clear this site's cookies and try again.")
        else:
            answer = refusal(400, "This request was not understood.", "Check the address and try again.")
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(ConnectionResetError("the body was not understood"))
            return
        self._waiting.append(answer)
        self._next()

    def _client_ended(self) -> None:
        """The client sends no more. Some wait for their answer all the same, but not for one without an end."""
        self._is_ended_by_client = True
        if self.state in (State.WORK, State.SENDING) and self._endless is None:
            self._is_last = True
            self._watch_reading()
        else:
            self.close()

    # ---- answers out -------------------------------------------------------------------------------------------

    async def _send(self, answer: Answer, request: Request | None) -> None:
        """Send an answer whole, then take the next request or close."""
        if self.state is State.CLOSED:
            _let_go(answer)
            return
        is_unread = request is not None and not request.payload.is_eof()
        if request is None or request.is_last or is_unread or self._front.is_draining:
            self._is_last = True
        self.state = State.SENDING
        if answer.is_endless and not isinstance(answer.body, (bytes, FilePart)):
            self._endless = answer.body
        try:
            await self._send_body(answer, request)
        except OSError:
            self.close()
            return
        except Exception as error:  # noqa: BLE001 - the head is out: all that can still be said is that it broke off
            self._front.report("An answer broke off while it was sent", error)
            self.close()
            return
        finally:
            self._endless = None
            _let_go(answer)
        if answer.after is not None:
            self.hands.run_in_order(answer.after)
        if is_unread or request is None:
            self._linger()
        else:
            self._finish()

    async def _send_body(self, answer: Answer, request: Request | None) -> None:
        body, has_body = answer.body, request is None or request.method != "HEAD"
        is_http_11 = request is None or request.is_http_11
        size: int | None
        match body:
            case bytes():
                size = len(body) if answer.size_bytes is None else answer.size_bytes
            case FilePart():
                size = body.size_bytes
            case _:
                size = None
                self._is_last = self._is_last or not is_http_11
        connection = "close" if self._is_last else "" if is_http_11 else "keep-alive"
        date = self.hands.date() if answer.has_date and not answer.is_bare else ""
        lines = head(answer.status, answer.headers, size, date=date, connection=connection, is_chunked=is_http_11)
        if isinstance(body, bytes):
            await self._out.flush(lines + body if has_body else lines)
        elif isinstance(body, FilePart):
            await self._out.flush(lines, body if has_body else None)
        else:
            await self._out.flush(lines)
            if has_body:
                await self._send_pieces(body, is_chunked=is_http_11)

    async def _send_pieces(self, pieces: Pieces, *, is_chunked: bool) -> None:
        while (piece := await pieces.next_piece()) is not None:
            await self._out.flush(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
        if is_chunked:
            await self._out.flush(b"0\r\n\r\n")

    def _finish(self) -> None:
        """Be ready for the next request, or close."""
        self._payload = None
        if self._is_last or self._is_ended_by_client or self._front.is_draining:
            self.close()
            return
        self.state, self._since_seconds, self._head_bytes = State.IDLE, self._loop.time(), 0
        self._task = None
        if self._waiting or self._buffer_paused:
            self._loop.call_soon(self._next)

    def _linger(self) -> None:
        """Let a client that is still sending hear our refusal: closing at once would take it off the wire."""
        if self.state is State.CLOSED:
            return
        self.state, self._since_seconds = State.LINGERING, self._loop.time()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._reading_paused = self._buffer_paused = False
        self._watch_reading()

    # ---- life --------------------------------------------------------------------------------------------------

    def is_overdue(self, now_seconds: float, limits: "Limits") -> bool:
        """Tell whether this connection has waited too long for its client."""
        waited_seconds = now_seconds - self._since_seconds
        match self.state:
            case State.IDLE:
                return waited_seconds > limits.keep_alive_seconds
            case State.HEAD:
                return waited_seconds > limits.head_seconds
            case State.BODY:
                if self._reading_paused or (self._payload is not None and self._payload.is_eof()):
                    return False
                is_too_slow = self._body_bytes < limits.body_bytes_per_second * (waited_seconds - limits.body_seconds)
                return is_too_slow or now_seconds - self._moved_seconds > limits.body_seconds
            case State.SENDING:
                return self._out.is_blocked and now_seconds - self._out.moved_seconds > limits.send_seconds
            case State.LINGERING:
                return waited_seconds > limits.linger_seconds
            case State.WORK | State.CLOSED:
                return False

    def hang_up(self) -> None:
        """End a connection that is overdue; one that was in the middle of a request is told why."""
        if self.state is State.HEAD:
            self._waiting.append(refusal(408, "The request took too long to arrive.", "Try again, nearer the Wi-Fi."))
            self._next()
        else:
            self.close()

    def close(self) -> None:
        """Let everything go, at once, in any state."""
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self._is_last = True
        self._watch_reading()
        self.end_endless()
        self._out.close()
        self._socket.close()
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(ConnectionResetError("the client has left"))
        self._waiting.clear()
        self._parser = None
        self._front.forget(self)

    def end_endless(self) -> None:
        """Let an answer that would go on for ever come to its end."""
        if self._endless is not None:
            self._endless.close()

    @property
    def idle_since_seconds(self) -> float:
        return self._since_seconds

    @property
    def connected(self) -> bool:
        return self.state is not State.CLOSED

    def pause_reading(self) -> None:
        """A body comes in faster than it is taken."""
        self._reading_paused = True
        if self._parser is not None:
            self._parser.pause_reading()
        self._watch_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        self._reading_paused = False
        if resume_parser:
            self.data_received(b"")
        self._watch_reading()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        if self.state in (State.IDLE, State.HEAD):
            self.state = State.WORK
        self._task = self._loop.create_task(work)

    def _watch_reading(self) -> None:
        is_over = self._is_ended_by_client or self.state is State.CLOSED
        wanted = not (self._reading_paused or self._buffer_paused or is_over)
        if wanted and not self._is_read_watched:
            self._loop.add_reader(self._descriptor, self._readable)
        elif self._is_read_watched and not wanted:
            self._loop.remove_reader(self._descriptor)
        self._is_read_watched = wanted


def _let_go(answer: Answer) -> None:
    """Close what an answer holds, sent or not."""
    match answer.body:
        case bytes():
            return
        case FilePart(file=file):
            file.close()
        case pieces:
            pieces.close()
