"""A far end that drips: time is moved by hand, and the network below HTTP is one that we play."""

from collections.abc import Iterator
from typing import Any

import httpcore
import pytest

from sync.clock import Moment
from sync.link import LinkBroken
from sync.links.http import HttpLink
from sync.links.waiting import RATE_BYTES_MIN, WAIT_SECONDS_MAX, Waiting, Watched

ADDRESS = "http://hub.example.org"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
SATELLITE_BYTES = 2_500
"""20 kbit/s."""
BODY = bytes(256 << 10)


class HandClock:
    """Time passes only where a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Moment:
        return Moment(1_800_000_000, self.seconds, is_trusted=True)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


class Wire(httpcore.NetworkStream):
    """Hands over what comes in pieces, each after its time; takes what goes at a rate."""

    def __init__(self, clock: HandClock, pieces: Iterator[bytes], seconds: float, up_bytes: float) -> None:
        self.clock, self.pieces, self.seconds, self.up_bytes = clock, pieces, seconds, up_bytes
        self.sent = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if timeout is not None and self.seconds > timeout:
            self.clock.wait(timeout)
            raise httpcore.ReadTimeout
        self.clock.wait(self.seconds)
        return next(self.pieces, b"")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.sent += len(buffer)
        self.clock.wait(len(buffer) / self.up_bytes)

    def close(self) -> None:
        pass

    def start_tls(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        return self


class Network(httpcore.NetworkBackend):
    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def connect_tcp(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        return self.wire


def cut_up(data: bytes, length: int) -> Iterator[bytes]:
    return (data[start : start + length] for start in range(0, len(data), length))


def link(clock: HandClock, data: bytes, piece: int, seconds: float, up_bytes: float = 1e9) -> HttpLink:
    return HttpLink(ADDRESS, clock=clock, network=Network(Wire(clock, cut_up(data, piece), seconds, up_bytes)))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.mark.parametrize(
    "data",
    [HEAD % 1_000_000 + bytes(1_000_000), b"HTTP/1.1 200 OK\r\nX: " + bytes(1_000_000).replace(b"\0", b"x")],
    ids=["body", "head"],
)
def test_an_answer_that_drips_is_given_up(clock: HandClock, data: bytes) -> None:
    """A byte each half second is never silent for long, and would have held the night for days."""
    with pytest.raises(LinkBroken, match="too little"):
        link(clock, data, 1, 0.5).exchange("/sync/session", b"{}", {})

    assert clock.seconds <= WAIT_SECONDS_MAX * 1.1


def test_a_pack_that_begins_quickly_and_then_drips_is_given_up(clock: HandClock) -> None:
    """What came quickly is no credit for hours of dripping."""

    def pieces() -> Iterator[bytes]:
        yield HEAD % (1 << 24)
        for _ in range(64):
            yield bytes(1 << 16)
        while True:
            yield b"x"

    wire = Wire(clock, pieces(), 0.5, 1e9)
    came = bytearray()

    with pytest.raises(LinkBroken, match="too little"):
        for piece in HttpLink(ADDRESS, clock=clock, network=Network(wire)).fetch("pack", 0, 1 << 24):
            came += piece

    assert len(came) >= 1 << 22
    assert clock.seconds <= WAIT_SECONDS_MAX * 1.5


def test_a_report_and_its_answer_pass_over_the_slowest_satellite(clock: HandClock) -> None:
    answer = HEAD % len(BODY) + BODY

    reply = link(clock, answer, SATELLITE_BYTES, 1.0, SATELLITE_BYTES).exchange("/sync/session", BODY, {})

    assert BODY == reply.body
    assert clock.seconds > 2 * len(BODY) / SATELLITE_BYTES


def test_a_body_that_the_machine_took_at_once_has_its_time_to_leave(clock: HandClock) -> None:
    """The write returns in a moment; then nothing is heard until the last of it has crossed."""
    taken_seconds = len(BODY) / SATELLITE_BYTES

    reply = link(clock, HEAD % 2 + b"{}", 1_000, taken_seconds).exchange("/sync/session", BODY, {})

    assert b"{}" == reply.body


def test_a_pack_over_the_slowest_satellite_comes_whole(clock: HandClock) -> None:
    data = bytes(4 << 20)

    came = b"".join(link(clock, HEAD % len(data) + data, SATELLITE_BYTES, 1.0).fetch("pack", 0, len(data)))

    assert len(data) == len(came)


def test_what_we_do_between_two_pieces_is_our_own_time(clock: HandClock) -> None:
    """A rate that the staff set, or a slow card, is not the hub's fault."""
    data, came = bytes(1 << 20), 0

    for piece in link(clock, HEAD % len(data) + data, 1_000, 0.1).fetch("pack", 0, len(data)):
        came += len(piece)
        clock.wait(60)

    assert len(data) == came


def test_a_hub_that_takes_a_report_by_drops_is_given_up(clock: HandClock) -> None:
    with pytest.raises(LinkBroken, match="too little"):
        link(clock, HEAD % 2 + b"{}", 1_000, 0.1, up_bytes=10).exchange("/sync/session", BODY, {})

    assert clock.seconds <= 3 * (WAIT_SECONDS_MAX + len(BODY) / RATE_BYTES_MIN)


def test_the_network_of_every_real_link_is_watched(clock: HandClock) -> None:
    """httpx has no option for it: another version may keep it elsewhere."""
    pool: Any = HttpLink(ADDRESS, clock=clock)._client._transport._pool  # type: ignore[attr-defined]

    assert isinstance(pool._network_backend, Watched)


def test_a_silence_is_told_from_a_drip(clock: HandClock) -> None:
    with pytest.raises(LinkBroken, match="said nothing for 60 seconds"):
        link(clock, b"", 1, 90.0).exchange("/sync/session", b"{}", {})


def test_each_request_begins_anew(clock: HandClock) -> None:
    waiting = Waiting(clock)
    waiting.through(lambda timeout: (clock.wait(100), b"")[1], None)

    waiting.begin()
    waiting.through(lambda timeout: (clock.wait(100), b"")[1], None)

    assert 200.0 == clock.seconds
