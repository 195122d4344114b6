"""What the staff page says of a session while it goes on, in the reader's words."""

import json
import socket
from dataclasses import replace
from typing import Any

import pytest

from edge.app import create_app
from edge.box import Box
from edge.nights.live import Snapshot
from edge.staff.watching import Shown, shown
from sync.web.front import Front, Site
from sync.web.language import NO_BREAK, speaking
from sync.web.wsgi import Application

TITLES = {"water": "Water and life"}
COMING = Snapshot(
    is_running=True, doing="fetching", name="water", number=2, count=5, done_bytes=1_000_000, total_bytes=4_000_000,
    all_done_bytes=5_000_000, all_total_bytes=20_000_000, rate_bytes=50_000.0,
)  # fmt: skip


def said(now: Snapshot, language: str = "en") -> Shown:
    with speaking(language):
        return shown(now, lambda course: TITLES.get(course, course))


def test_it_says_which_course_how_many_bytes_how_fast_and_how_long() -> None:
    now = said(COMING)

    assert "Water and life is on its way: 2 of 5." == now.line
    assert "5 MB of 20 MB · 50 kB a second · 5 min left" == now.figures.replace(NO_BREAK, " ")
    assert 250 == now.permille


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("water (audio)", "Water and life (sound) is on its way: 2 of 5."),
        ("water (video-360)", "Water and life (films) is on its way: 2 of 5."),
        ("water (maps)", "Water and life (maps) is on its way: 2 of 5."),
        ("unheard-of", "unheard-of is on its way: 2 of 5."),
    ],
)
def test_a_part_of_a_course_has_its_word(name: str, line: str) -> None:
    assert line == said(replace(COMING, name=name)).line


@pytest.mark.parametrize(
    ("doing", "line"),
    [
        ("reporting", "The box tells the hub how it is."),
        ("shelving", "Water and life is being put on the shelf."),
        ("repairing", "Water and life is being mended."),
        ("dancing", "A session is under way."),
    ],
)
def test_whatever_a_session_does_is_said(doing: str, line: str) -> None:
    now = said(Snapshot(is_running=True, doing=doing, name="water"))

    assert (line, "", None) == (now.line, now.figures, now.permille)


def test_what_comes_from_a_neighbour_counts_by_itself() -> None:
    now = said(replace(COMING, is_near=True))

    assert "Water and life comes from a box nearby." == now.line
    assert "1 MB of 4 MB · 50 kB a second · 1 min left" == now.figures.replace(NO_BREAK, " ")


def test_a_reader_of_arabic_reads_arabic_digits() -> None:
    assert "٢٠" in said(COMING, "ar").figures


def test_without_a_session_nothing_is_said() -> None:
    assert Shown(False) == said(Snapshot())


# ---- on the page -------------------------------------------------------------------------------------------------


def test_the_page_says_how_far_it_is_when_it_is_loaded(staff: Any, box: Box) -> None:
    box.live.hear({"doing": "fetching", "name": "water", "done_bytes": 1_000_000, "total_bytes": 4_000_000})

    page = staff.opens("/staff")

    assert 'data-running="yes"' in page
    assert "water is on its way." in page
    assert 'value="250"' in page
    assert "This page stands still." in page


def test_without_a_session_that_part_is_hidden(staff: Any) -> None:
    assert 'data-running="no" aria-labelledby="now" hidden>' in staff.opens("/staff")


def test_only_staff_may_watch(phone: Any, grade: Any) -> None:
    phone.opens("/staff/live")

    assert "/sign-in" in phone.path


def test_whoever_watches_sees_it_go_on(box: Box, clock: Any) -> None:
    """Over a real front: the cookie of the phone lets the stream in, and the session's thread writes to it."""
    app = create_app(box)
    cookie, _ = box.sessions.begin("staff", "staff", {})
    with Front([Site("127.0.0.1", 0, Application(app, []))], clock).serving() as front:
        port = front.ports[0]
        with socket.create_connection(("127.0.0.1", port), 10) as watcher:
            lines = [f"GET /staff/live HTTP/1.0\r\nHost: 127.0.0.1:{port}", f"Cookie: qanat-box-{port}={cookie}"]
            watcher.sendall("\r\n".join([*lines, "Accept-Language: en", "", ""]).encode())
            reader = watcher.makefile("rb")
            first = _next_event(reader)
            box.live.hear({"doing": "fetching", "name": "water", "done_bytes": 10, "total_bytes": 40})
            second = _next_event(reader)

    assert [False, True] == [event["running"] for event in (first, second)]
    assert ("water is on its way.", 250) == (second["line"], second["permille"])


def _next_event(reader: Any) -> Any:
    for line in reader:
        if line.startswith(b"data: "):
            return json.loads(line[6:])
    raise AssertionError("the stream ended")
