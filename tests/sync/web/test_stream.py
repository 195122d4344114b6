"""Event streams on a real socket: who watches holds no thread, and leaves nothing behind."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from sync.web.front import Front
from sync.web.stream import Events, StreamLimits, event
from sync.web.wsgi import Application

WAIT_SECONDS = 10
QUICK = StreamLimits(watchers_max=3, pause_seconds=0.01, heartbeat_seconds=5)


class Tap:
    """A feed that is opened by hand."""

    def __init__(self) -> None:
        self.level = 0
        self.wakes: list[Callable[[], None]] = []

    @property
    def version(self) -> int:
        return self.level

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        self.wakes.append(wake)
        return lambda: self.wakes.remove(wake)

    def rises(self, level: int) -> None:
        self.level = level
        for wake in list(self.wakes):
            wake()


class Place:
    """An application with one stream, and what was made for it."""

    def __init__(self, limits: StreamLimits) -> None:
        self.tap = Tap()
        self.mood = ""
        """What changes by itself, and tells nobody."""
        self.made: list[str] = []
        self.threads: set[int] = set()
        self.events = Events(self.tap, self.tell, limits)
        self.app = Flask(__name__)
        self.app.add_url_rule("/watch/<key>", view_func=lambda key: self.events.answer(key), endpoint="watch")
        self.app.add_url_rule("/page", view_func=lambda: "page", endpoint="page")

    def tell(self, key: str) -> str:
        self.threads.add(threading.get_ident())
        self.made.append(f"{key} {self.tap.level}{self.mood}")
        if self.tap.level < 0:
            raise ValueError("planted")
        return self.made[-1]


class Watcher:
    """A reader of a stream."""

    def __init__(self, front: Front, key: str = "en", version: str = "1.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", front.ports[0]), WAIT_SECONDS)
        self.socket.sendall(f"GET /watch/{key} HTTP/{version}\r\nHost: x\r\n\r\n".encode())
        self.seen = b""

    def sees(self, words: bytes) -> bytes:
        """Read until these words have come."""
        while words not in self.seen:
            data = self.socket.recv(65_536)
            assert data, self.seen
            self.seen += data
        return self.seen

    def sees_the_end(self) -> bytes:
        while data := self.socket.recv(65_536):
            self.seen += data
        return self.seen


@pytest.fixture
def open_at(serve: Callable[..., Front]) -> Callable[..., tuple[Place, Front]]:
    def begin(limits: StreamLimits = QUICK) -> tuple[Place, Front]:
        place = Place(limits)
        return place, serve(Application(place.app, []))

    return begin


@pytest.fixture
def watch() -> Iterator[Callable[..., Watcher]]:
    watchers: list[Watcher] = []

    def begin(front: Front, *words: str) -> Watcher:
        watchers.append(Watcher(front, *words))
        return watchers[-1]

    yield begin
    for watcher in watchers:
        watcher.socket.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    still = threading.Event()
    for _ in range(1_000):
        if holds():
            return
        still.wait(0.01)
    raise AssertionError("it never came")


def test_a_watcher_sees_how_it_is_and_every_change(open_at: Any, watch: Any) -> None:
    place, front = open_at()
    watcher = watch(front)

    first = watcher.sees(b"data: en 0\n\n")
    place.tap.rises(7)

    watcher.sees(b"data: en 7\n\n")
    assert b"200 OK" in first
    assert b"Content-Type: text/event-stream" in first
    assert b"X-Accel-Buffering: no" in first
    assert b"Cache-Control: no-store" in first
    assert b"retry: 4000\n" in first


def test_a_flood_is_told_as_its_last_word(open_at: Any, watch: Any) -> None:
    place, front = open_at(StreamLimits(pause_seconds=0.1, heartbeat_seconds=5))
    watcher = watch(front)
    watcher.sees(b"data: en 0\n\n")

    for level in range(1, 2_001):
        place.tap.rises(level)

    assert watcher.sees(b"data: en 2000\n\n").count(b"data:") < 20


def test_words_are_made_once_for_all_who_want_the_same(open_at: Any, watch: Any) -> None:
    place, front = open_at()
    watchers = [watch(front, "en"), watch(front, "en"), watch(front, "ar")]
    for watcher in watchers:
        watcher.sees(b" 0\n\n")

    place.tap.rises(1)
    for watcher in watchers:
        watcher.sees(b" 1\n\n")

    assert sorted(["en 0", "ar 0", "en 1", "ar 1"]) == sorted(place.made)


def test_watching_holds_no_thread(open_at: Any, watch: Any, call: Any) -> None:
    _, front = open_at(StreamLimits(watchers_max=60))
    watchers = [watch(front) for _ in range(50)]
    for watcher in watchers:
        watcher.sees(b"data: en 0\n\n")

    assert b"page" == call(front).ask("/page").body
    assert threading.active_count() < 40


def test_watchers_are_bounded_and_a_place_that_is_left_is_free(open_at: Any, watch: Any) -> None:
    place, front = open_at()
    watchers = [watch(front) for _ in range(3)]
    for watcher in watchers:
        watcher.sees(b"data: en 0\n\n")

    assert b"503" in watch(front).sees(b"\r\n\r\n")
    watchers[0].socket.close()
    until(lambda: place.events.watching == 2)

    watch(front).sees(b"data: en 0\n\n")
    assert 3 == len(place.tap.wakes)


def test_a_silent_stream_beats(open_at: Any, watch: Any) -> None:
    _, front = open_at(StreamLimits(heartbeat_seconds=0.05))

    watch(front).sees(b":\n\n")


def test_what_changes_by_itself_comes_with_the_next_beat(open_at: Any, watch: Any) -> None:
    place, front = open_at(StreamLimits(heartbeat_seconds=0.05))
    watcher = watch(front)
    watcher.sees(b"data: en 0\n\n")

    place.mood = " and slower"

    watcher.sees(b"data: en 0 and slower\n\n")


def test_a_stream_that_had_its_time_says_so_and_ends(open_at: Any, watch: Any) -> None:
    place, front = open_at(StreamLimits(stream_seconds_max=0.05))
    watcher = watch(front)

    watcher.sees(b"event: over\n")

    watcher.sees(b"0\r\n\r\n")
    until(lambda: place.events.watching == 0)
    assert [] == place.tap.wakes


def test_a_proxy_that_speaks_the_older_http_gets_the_plain_stream(open_at: Any, watch: Any) -> None:
    place, front = open_at(StreamLimits(stream_seconds_max=0.2, pause_seconds=0.01))
    watcher = watch(front, "en", "1.0")
    watcher.sees(b"data: en 0\n\n")

    place.tap.rises(1)

    head, _, body = watcher.sees_the_end().partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert b"retry: 4000\n\ndata: en 0\n\ndata: en 1\n\nevent: over\ndata:\n\n" == body


def test_a_stopping_front_waits_for_no_watcher(open_at: Any, watch: Any) -> None:
    place, front = open_at()
    watcher = watch(front)
    watcher.sees(b"data: en 0\n\n")

    front.stop()

    watcher.sees_the_end()
    assert 0 == place.events.watching


def test_words_that_cannot_be_made_end_the_stream_and_nothing_else(open_at: Any, watch: Any) -> None:
    place, front = open_at()
    watcher = watch(front)
    watcher.sees(b"data: en 0\n\n")

    place.tap.rises(-1)

    watcher.sees_the_end()
    until(lambda: place.events.watching == 0)
    place.tap.rises(1)
    watch(front).sees(b"data: en 1\n\n")


def test_without_our_front_the_answer_is_empty() -> None:
    place = Place(QUICK)

    answer = place.app.test_client().get("/watch/en")

    assert (200, b"", "text/event-stream") == (answer.status_code, answer.data, answer.mimetype)
    assert 0 == place.events.watching


def test_a_head_of_a_stream_opens_none(open_at: Any, call: Any) -> None:
    place, front = open_at()

    assert 200 == call(front).ask("/watch/en", method="HEAD").status
    assert 0 == place.events.watching


def test_an_event_is_one_line() -> None:
    with pytest.raises(AssertionError):
        event("two\nlines")
