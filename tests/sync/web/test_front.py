"""The front on a real socket: what browsers, phones and worse do to it."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.clock import SystemClock
from sync.web.content import Content
from sync.web.front import Front, Limits, Site
from sync.web.wsgi import Accel, Application

Serve = Callable[..., Front]
Call = Callable[[Front], Any]
VIDEO_BYTES = 3_000_000


class Desk:
    """A small WSGI application that remembers what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.may_go_on = threading.Event()
        self.is_working = threading.Event()
        self.is_stream_closed = threading.Event()

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Any:
        self.asked.append(environ)
        text = ("Content-Type", "text/plain")
        match environ["PATH_INFO"]:
            case "/file":
                start("200 OK", [text, ("X-Sendfile", environ["QUERY_STRING"]), ("Content-Length", "0")])
                return []
            case "/slow":
                self.is_working.set()
                assert self.may_go_on.wait(10)
                body = b"late"
            case "/stream":
                start("200 OK", [text])
                return self.pieces()
            case "/bare":
                start("200 OK", [("X-Qanat-Bare", "1"), ("Content-Length", "2")])
                return [b"ok"]
            case "/fail":
                raise ValueError("planted")
            case "/cut":
                start("200 OK", [text, ("X-Bad", "a\r\nSet-Cookie: planted=1"), ("Content-Length", "0")])
                return []
            case _:
                body = environ["wsgi.input"].read()
                self.bodies.append(body)
                body = b"%d" % len(body)
        start("200 OK", [text, ("Content-Length", str(len(body)))])
        return [body]

    def pieces(self) -> Iterator[bytes]:
        try:
            for number in range(5):
                yield b"piece %d\n" % number
            yield b"x" * 1_000_000
        finally:
            self.is_stream_closed.set()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "video.mp4").write_bytes(os.urandom(VIDEO_BYTES))
    (folder / "small.txt").write_bytes(b"0123456789")
    return Desk(folder)


@pytest.fixture
def front(desk: Desk, serve: Serve) -> Front:
    return serve(Application(desk, [desk.folder], {"/upload": 5_000_000}))


def test_a_page_is_answered_again_and_again_on_one_connection(front: Front, call: Call) -> None:
    caller = call(front)

    assert [b"0", b"0", b"0"] == [caller.ask("/page").body for _ in range(3)]


def test_requests_sent_together_are_answered_in_order(front: Front, call: Call) -> None:
    caller = call(front)
    caller.send("".join(f"POST /{n} HTTP/1.1\r\nHost: x\r\nContent-Length: {n}\r\n\r\n{'x' * n}" for n in range(1, 40)))

    assert [b"%d" % n for n in range(1, 40)] == [caller.reply().body for _ in range(1, 40)]


def test_a_file_named_by_the_application_is_sent(front: Front, desk: Desk, call: Call) -> None:
    reply = call(front).ask(f"/file?{desk.folder}/video.mp4")

    assert (200, (desk.folder / "video.mp4").read_bytes()) == (reply.status, reply.body)
    assert "x-sendfile" not in reply.headers


@pytest.mark.parametrize("name", ["video.mp4", "small.txt"])
def test_a_part_of_a_file_is_sent(front: Front, desk: Desk, call: Call, name: str) -> None:
    data = (desk.folder / name).read_bytes()

    reply = call(front).ask(f"/file?{desk.folder}/{name}", "Range: bytes=3-6")

    assert (206, data[3:7], f"bytes 3-6/{len(data)}") == (reply.status, reply.body, reply.headers["content-range"])


@pytest.mark.parametrize(
    ("lines", "method", "status", "size"),
    [
        (["Range: bytes=-5"], "GET", 206, 5),
        (["Range: bytes=2999999-"], "GET", 206, 1),
        (["Range: lines=1-2"], "GET", 200, VIDEO_BYTES),
        (["Range: bytes=0-1,4-5"], "GET", 200, VIDEO_BYTES),
        (["Range: bytes=0-9"], "HEAD", 200, VIDEO_BYTES),
        (['If-Range: "x"', "Range: bytes=0-9"], "GET", 200, VIDEO_BYTES),
    ],
)
def test_the_range_matrix_on_the_wire(
    front: Front, desk: Desk, call: Call, lines: list[str], method: str, status: int, size: int
) -> None:
    reply = call(front).ask(f"/file?{desk.folder}/video.mp4", *lines, method=method)

    assert (status, str(size)) == (reply.status, reply.headers["content-length"])


def test_a_range_beyond_the_end_names_the_size(front: Front, desk: Desk, call: Call) -> None:
    reply = call(front).ask(f"/file?{desk.folder}/video.mp4", "Range: bytes=3000000-")

    assert (416, f"bytes */{VIDEO_BYTES}") == (reply.status, reply.headers["content-range"])


def test_what_a_client_has_is_not_sent_again(front: Front, desk: Desk, call: Call) -> None:
    caller = call(front)
    first = caller.ask(f"/file?{desk.folder}/small.txt")

    again = caller.ask(f"/file?{desk.folder}/small.txt", f"If-None-Match: {first.headers['etag']}")

    assert (304, first.headers["etag"]) == (again.status, again.headers["etag"])


def test_a_file_outside_the_folders_is_never_sent(front: Front, desk: Desk, call: Call) -> None:
    caller = call(front)

    assert caller.ask("/file?/etc/hostname").status == 500
    assert caller.ask(f"/file?{desk.folder}/../../../etc/hostname").status == 500


def test_a_client_cannot_name_a_file(front: Front, desk: Desk, call: Call) -> None:
    reply = call(front).ask("/page", f"X-Sendfile: {desk.folder}/small.txt")

    assert reply.body == b"0"


def test_a_large_upload_arrives_whole_and_leaves_nothing(front: Front, desk: Desk, call: Call, tmp_path: Path) -> None:
    body = os.urandom(4_000_000)

    reply = call(front).ask("/upload", method="POST", body=body)

    assert (b"4000000", body) == (reply.body, desk.bodies[0])
    assert [] == list((tmp_path / "spool").iterdir())


def test_an_upload_in_chunks_arrives_whole(front: Front, desk: Desk, call: Call) -> None:
    caller = call(front)
    caller.send("POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(30):
        caller.send(b"%x\r\n%b\r\n" % (70_000, b"y" * 70_000))
    caller.send("0\r\n\r\n")

    assert b"2100000" == caller.reply().body


def test_what_is_too_large_is_refused_before_it_is_sent(front: Front, desk: Desk, call: Call) -> None:
    caller = call(front)
    caller.send("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 6000000\r\nExpect: 100-continue\r\n\r\n")

    reply = caller.reply()

    assert 413 == reply.status
    assert b"at most 5 MB" in reply.body
    assert [] == desk.asked


def test_a_sender_of_too_much_hears_the_refusal(front: Front, call: Call) -> None:
    caller = call(front)
    caller.send("POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n")
    caller.send(b"z" * 4_000_000)

    assert 413 == caller.reply().status


def test_a_client_that_asks_is_told_to_go_on(front: Front, call: Call) -> None:
    caller = call(front)
    caller.send("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert 100 == caller.reply().status

    caller.send("hello")

    assert b"5" == caller.reply().body


def test_an_answer_of_unknown_length_is_sent_as_it_is_made(front: Front, desk: Desk, call: Call) -> None:
    reply = call(front).ask("/stream")

    assert b"".join(b"piece %d\n" % n for n in range(5)) + b"x" * 1_000_000 == reply.body
    assert desk.is_stream_closed.wait(10)


def test_a_reader_who_leaves_a_stream_lets_it_end(front: Front, desk: Desk, call: Call) -> None:
    caller = call(front)
    caller.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    caller.close()

    assert desk.is_stream_closed.wait(10)


def test_an_answer_for_machines_has_no_line_too_many(front: Front, call: Call) -> None:
    reply = call(front).ask("/bare")

    assert ["HTTP/1.1 200 OK", "Content-Length: 2"] == reply.head.split("\r\n")


def test_a_page_has_the_date_unless_the_clock_is_wrong(front: Front, call: Call, clock: Any) -> None:
    caller = call(front)
    assert "Mon, 21 Sep 2026 14:13:20 GMT" == caller.ask("/page").headers["date"]

    clock.is_trusted = False

    assert "date" not in caller.ask("/page").headers


def test_a_failing_page_ends_nothing_else(front: Front, call: Call) -> None:
    caller = call(front)

    assert [500, 200] == [caller.ask("/fail").status, caller.ask("/page").status]


def test_a_header_with_a_line_break_is_dropped(front: Front, call: Call) -> None:
    assert "planted" not in call(front).ask("/cut").head


def test_a_header_name_with_an_underscore_is_not_passed_on(front: Front, desk: Desk, call: Call) -> None:
    call(front).ask("/page", "X_Forwarded_For: 10.0.0.1", "X-Other: 1")

    assert "HTTP_X_FORWARDED_FOR" not in desk.asked[0]
    assert "1" == desk.asked[0]["HTTP_X_OTHER"]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: %b\r\n" % (n, b"a" * 7_000) for n in range(9)), 431),
    ],
)
def test_what_is_no_request_is_refused_and_closed(front: Front, call: Call, request_bytes: bytes, status: int) -> None:
    caller = call(front)
    caller.send(request_bytes)

    assert status == caller.reply().status
    assert caller.is_closed()


def test_an_old_client_is_answered_and_closed(front: Front, call: Call) -> None:
    caller = call(front)
    caller.send("GET /page HTTP/1.0\r\n\r\n")

    assert b"0" == caller.reply().body
    assert caller.is_closed()


def test_an_old_client_gets_a_stream_without_chunks(front: Front, call: Call) -> None:
    caller = call(front)
    caller.send("GET /stream HTTP/1.0\r\n\r\n")

    assert caller.reply().body.endswith(b"x" * 1_000_000)


def test_one_who_ends_sending_still_gets_the_answer(front: Front, desk: Desk, call: Call) -> None:
    caller = call(front)
    caller.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    assert desk.is_working.wait(10)
    caller.socket.shutdown(1)
    desk.may_go_on.set()

    assert b"late" == caller.reply().body


def test_clients_that_vanish_at_any_moment_do_no_harm(front: Front, desk: Desk, call: Call) -> None:
    video = f"/file?{desk.folder}/video.mp4"
    for data in (
        b"GE",
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        f"GET {video} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"GET {video} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 8,
        b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        for _ in range(5):
            caller = call(front)
            caller.send(data)
            caller.close()
    desk.may_go_on.set()

    assert b"0" == call(front).ask("/page").body


def test_readers_who_do_not_read_hold_nobody_up(front: Front, desk: Desk, call: Call) -> None:
    for _ in range(60):
        call(front).send(f"GET /file?{desk.folder}/video.mp4 HTTP/1.1\r\nHost: x\r\n\r\n" * 4)

    assert [b"0"] * 20 == [call(front).ask("/page").body for _ in range(20)]


def test_a_header_that_trickles_in_is_cut_off(desk: Desk, serve: Serve, call: Call) -> None:
    caller = call(serve(Application(desk, []), Limits(head_seconds=0.1, sweep_seconds=0.05)))
    caller.send("GET /page HTTP/1.1\r\nHost: x\r\nX-")

    assert 408 == caller.reply().status
    assert caller.is_closed()


def test_a_body_that_does_not_come_is_cut_off(desk: Desk, serve: Serve, call: Call) -> None:
    caller = call(serve(Application(desk, []), Limits(body_seconds=0.1, sweep_seconds=0.05)))
    caller.send("POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")

    assert caller.is_closed()
    assert [] == desk.asked


def test_an_idle_connection_is_closed(desk: Desk, serve: Serve, call: Call) -> None:
    caller = call(serve(Application(desk, []), Limits(keep_alive_seconds=0.1, sweep_seconds=0.05)))

    assert caller.is_closed()


def test_an_answer_that_nobody_takes_is_given_up(desk: Desk, serve: Serve, call: Call) -> None:
    front = serve(Application(desk, [desk.folder]), Limits(send_seconds=0.1, sweep_seconds=0.05))
    (desk.folder / "long.mp4").write_bytes(bytes(30_000_000))
    caller = call(front)
    caller.send(f"GET /file?{desk.folder}/long.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"HTTP/1.1 200" == caller.socket.recv(12)
    while front.connections_open:
        threading.Event().wait(0.01)

    assert len(caller.rest()) < 30_000_000


def test_a_new_connection_takes_the_place_of_an_idle_one(desk: Desk, serve: Serve, call: Call) -> None:
    front = serve(Application(desk, []), Limits(connections_max=8, client_share=1.0))
    callers = [call(front) for _ in range(8)]
    assert {200} == {caller.ask("/page").status for caller in callers}

    assert 200 == call(front).ask("/page").status
    assert callers[0].is_closed()


def test_one_address_never_takes_all_the_room(desk: Desk, serve: Serve, call: Call) -> None:
    front = serve(Application(desk, []), Limits(connections_max=8, client_share=0.5))
    busy = [call(front) for _ in range(4)]
    for caller in busy:
        caller.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    assert desk.is_working.wait(10)

    assert 503 == call(front).reply().status
    desk.may_go_on.set()
    assert {b"late"} == {caller.reply().body for caller in busy}


def test_stopping_finishes_what_was_begun(desk: Desk, serve: Serve, call: Call) -> None:
    front = serve(Application(desk, []))
    caller, idle = call(front), call(front)
    caller.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    assert desk.is_working.wait(10)
    stopper = threading.Thread(target=front.stop)
    stopper.start()
    assert idle.is_closed()
    desk.may_go_on.set()

    assert b"late" == caller.reply().body
    assert caller.is_closed()
    stopper.join()


def test_a_content_site_and_an_application_share_a_front(desk: Desk, shelf: Any, serve: Serve, call: Call) -> None:
    (shelf.folder / "index.html").write_bytes(b"<p>lesson</p>")

    assert b"<p>lesson</p>" == call(serve(Content(shelf, 8080))).ask("/t0ken/").body
    assert b"0" == call(serve(Application(desk, []))).ask("/page").body


def test_a_video_that_is_not_in_memory_is_read_from_the_disk(front: Front, desk: Desk, call: Call) -> None:
    path = desk.folder / "video.mp4"
    with path.open("rb") as file:
        os.fsync(file.fileno())  # noqa: TID251 - the kernel forgets only what is on the disk
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        reply = call(front).ask(f"/file?{path}", "Range: bytes=1000000-2999999")

    assert path.read_bytes()[1_000_000:] == reply.body


def test_a_file_that_is_cut_off_while_it_is_sent_ends_the_connection(front: Front, desk: Desk, call: Call) -> None:
    path = desk.folder / "long.mp4"
    path.write_bytes(bytes(30_000_000))
    caller = call(front)
    caller.send(f"GET /file?{path} HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"HTTP/1.1 200" == caller.socket.recv(12)
    os.truncate(path, 1_000)

    assert len(caller.rest()) < 30_000_000


def test_when_too_much_waits_the_answer_is_to_come_back(front: Front, call: Call) -> None:
    caller = call(front)
    front.hands._waiting = 10_000

    reply = caller.ask("/page")

    assert (503, "2") == (reply.status, reply.headers["retry-after"])
    front.hands._waiting = 0
    assert 200 == caller.ask("/page").status


def test_behind_nginx_the_file_is_named_to_it(desk: Desk, serve: Serve, call: Call) -> None:
    front = serve(Application(desk, [desk.folder], accel=Accel("/internal/", desk.folder), is_behind_proxy=True))

    reply = call(front).ask(f"/file?{desk.folder}/small.txt", "X-Forwarded-For: 9.9.9.9, 10.0.0.7")

    assert ("/internal/small.txt", b"") == (reply.headers["x-accel-redirect"], reply.body)
    assert "10.0.0.7" == desk.asked[0]["REMOTE_ADDR"]


def test_a_client_cannot_state_its_own_address(front: Front, desk: Desk, call: Call) -> None:
    call(front).ask("/page", "X-Forwarded-For: 10.0.0.7", "X-Forwarded-Proto: https")

    assert ("127.0.0.1", "http") == (desk.asked[0]["REMOTE_ADDR"], desk.asked[0]["wsgi.url_scheme"])


@pytest.mark.parametrize(("wished", "has_it"), [("reno", True), ("no such way", False)])
def test_tcps_way_of_judging_a_link_is_taken_where_the_machine_has_it(desk: Desk, wished: str, has_it: bool) -> None:
    front = Front([Site("127.0.0.1", 0, Application(desk, [desk.folder]), wished)], SystemClock())
    front.bind()
    with contextlib.closing(front._listeners[0]) as listener:
        used = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).partition(b"\0")[0].decode()

        assert has_it == (used == wished)
