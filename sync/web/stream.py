"""Event streams: pages that follow something while it happens, without a thread for each that watches.

* Flask is asked once who may watch; from then on the front's loop owns the connection.
* What is told is made in a thread, once for all who wait for the same words, and only when there is something new:
  at most a few times a second, whatever the pace of what is followed.
* A silent stream sends a heartbeat, so that proxies keep it and a reader that has gone is noticed; with it comes what
  changed by itself.
* Watchers are bounded, and no stream lasts for ever: whoever still looks then opens the page again, and is asked again.
* Under a server that knows nothing of this the answer is empty, and the page says what it said when it was made.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from flask import Response, request

from sync.web.hands import Busy, Hands

STREAM = "qanat.stream"
"""Where a view leaves in the WSGI environment what makes the stream; the front takes it from there."""
MEDIA_TYPE = "text/event-stream"
HEARTBEAT = b":\n\n"
OVER = b"event: over\ndata:\n\n"
"""The last word of a stream that has had its time: a page that hears it does not come back by itself."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many may watch, how often they are told, and how long."""

    watchers_max: int = 64
    pause_seconds: float = 0.25
    heartbeat_seconds: float = 15.0
    """Less than the minute after which nginx and most routers forget a silent connection."""
    stream_seconds_max: float = 1_800.0
    """A page that lies open must not keep its reader signed in for ever."""
    retry_ms: int = 4_000


class Feed(Protocol):
    """Something that goes on. An implementation may be asked from any thread, and may not wait."""

    @property
    def version(self) -> int:
        """Grows with every change."""
        ...

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called after every change; returns what ends that."""
        ...


class Events:
    """One feed and those who watch it. `tell` puts it into words; it is given the key of the words that are wanted."""

    def __init__(self, feed: Feed, tell: Callable[[str], str], limits: StreamLimits | None = None) -> None:
        self.feed = feed
        self.limits = limits or StreamLimits()
        self._tell = tell
        self._making = threading.Lock()
        self._places = threading.Lock()
        self._told: dict[str, tuple[int, bytes]] = {}
        self._watching = 0

    @property
    def watching(self) -> int:
        return self._watching

    def answer(self, key: str) -> Response:
        """The answer of a view whose reader may watch; words are made for `key`, such as the reader's language."""
        if self._watching >= self.limits.watchers_max:
            return Response(b"", 503, {"Retry-After": "60"}, content_type="text/plain; charset=utf-8")
        request.environ[STREAM] = lambda hands: EventStream(self, key, hands)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Response(b"", 200, headers, content_type=MEDIA_TYPE)

    def kept(self, key: str) -> bytes | None:
        """The event as it is now, if it was made already."""
        version, made = self._told.get(key, (None, None))
        return made if version == self.feed.version else None

    def told(self, key: str, *, is_anew: bool = False) -> bytes:
        """The event as it is now, made once for everybody who wants it in these words.

        Made `is_anew` it says also what changes by itself, such as a rate that falls.
        """
        with self._making:
            made = None if is_anew else self.kept(key)
            if made is None:
                version = self.feed.version
                made = event(self._tell(key))
                self._told[key] = (version, made)
            return made

    def enter(self) -> bool:
        """Take a place among the watchers, if one is free."""
        with self._places:
            if self._watching >= self.limits.watchers_max:
                return False
            self._watching += 1
            return True

    def leave(self) -> None:
        with self._places:
            self._watching -= 1


class EventStream:
    """One watcher: pieces of an answer that ends when the reader leaves, the front stops, or its time is over."""

    def __init__(self, events: Events, key: str, hands: Hands) -> None:
        self._events = events
        self._key = key
        self._hands = hands
        self._end_seconds = hands.loop.time() + events.limits.stream_seconds_max
        self._stirred = asyncio.Event()
        self._is_stirred = False
        self._is_closed = not events.enter()
        self._is_begun = False
        self._said = b""
        self._unsubscribe: Callable[[], None] | None = None
        if not self._is_closed:
            self._unsubscribe = events.feed.subscribe(self._wake)

    async def next_piece(self) -> bytes | None:
        if not self._is_begun:
            self._is_begun = True
            self._said = await self._told()
            return None if self._is_closed else b"retry: %d\n\n" % self._events.limits.retry_ms + self._said
        while not self._is_closed:
            rest_seconds = self._end_seconds - self._hands.loop.time()
            if rest_seconds <= 0:
                self.close()
                return OVER
            heartbeat_seconds = self._events.limits.heartbeat_seconds
            is_stirred = await self._is_stirred_within(min(heartbeat_seconds, rest_seconds))
            if not is_stirred and rest_seconds <= heartbeat_seconds:
                continue
            told = await self._told(is_anew=not is_stirred)
            if told != self._said:
                self._said = told
                return told
            if not is_stirred:
                return HEARTBEAT
        return None

    def close(self) -> None:
        """Give the place back. Whoever waits for the next piece hears that there is none."""
        self._is_closed = True
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            self._events.leave()
        self._stirred.set()

    async def _is_stirred_within(self, wait_seconds: float) -> bool:
        """Wait for something new, no more often than the pause allows: what comes meanwhile is told together."""
        try:
            await asyncio.wait_for(self._stirred.wait(), wait_seconds)
        except TimeoutError:
            return False
        if not self._is_closed:
            await asyncio.sleep(self._events.limits.pause_seconds)
        return True

    async def _told(self, *, is_anew: bool = False) -> bytes:
        # Cleared before it is looked at: what changes from here on wakes us again.
        self._is_stirred = False
        self._stirred.clear()
        kept = None if is_anew else self._events.kept(self._key)
        if kept is not None:
            return kept
        try:
            return await self._hands.run(lambda: self._events.told(self._key, is_anew=is_anew))
        except Busy:
            self._wake()
            return self._said

    def _wake(self) -> None:
        """Called in the thread that changed something, many times a second: mostly there is nothing to do."""
        if self._is_stirred:
            return
        self._is_stirred = True
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it every stream
            self._hands.loop.call_soon_threadsafe(self._stirred.set)


def event(data: str) -> bytes:
    """One event as it goes over the wire.

    >>> event("water")
    b'data: water\\n\\n'
    """
    assert len(data.splitlines()) <= 1, "an event's data is one line"
    return f"data: {data}\n\n".encode()
