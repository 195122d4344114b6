"""Rows 13 to 15 and 19 of docs/security.md: courses are programs by strangers. Tests bear their row's number."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Release
from catalog.media import TYPES, media_type
from edge.box import Box
from sync.web.app import page_policy
from sync.web.content import content_headers, content_policy

Signed = Callable[..., FlaskClient]


@pytest.fixture
def opened(signed: Signed, lesson: Release) -> Any:
    """The page on which a guest has opened the lesson."""
    return signed().get("/library/lesson/site")


def frame_of(page: str) -> str:
    found = re.search(r"<iframe[^>]*>", page)
    assert found is not None, "the page has no frame"
    return found[0]


# ---- 13: an origin of its own ----


def test_row_13_a_course_runs_on_another_port_than_the_pages(opened: Any) -> None:
    source = re.search(r'src="(http://[^/"]+)/[0-9a-f]{32}/', frame_of(opened.text))

    assert source is not None
    assert "http://localhost" != source[1]
    assert f"frame-src {source[1]};" in opened.headers["Content-Security-Policy"]


def test_row_13_no_file_of_a_program_comes_from_the_pages_origin(signed: Signed, lesson: Release) -> None:
    """Only films, captions and documents do; a course's pages, scripts and pictures have no address there."""
    client = signed()
    (activity,) = lesson.activities

    answers = [client.get(f"/library/lesson/{activity.id}/{name}") for name in ("file", "captions/0", activity.path)]

    assert [404, 404, 404] == [answer.status_code for answer in answers]


def test_row_13_two_courses_never_share_an_origin(box: Box, lesson: Release, siphon: Release, as_: Any) -> None:
    _, session = as_("guest")
    water, pipe = (box.launches.open(session, one.course, one.root, one.activities[0].id) for one in (lesson, siphon))

    assert water.port != pipe.port
    assert None is box.content.resolve(pipe.port, "box.lan", f"{water.token}/{lesson.activities[0].path}")


# ---- 14: what a course may do ----


def test_row_14_the_frame_is_a_sandbox_that_cannot_lead_the_window_away(opened: Any) -> None:
    sandbox = re.search(r'sandbox="([^"]*)"', frame_of(opened.text))

    assert sandbox is not None
    assert "allow-top-navigation" not in sandbox[1]
    assert "allow-popups-to-escape-sandbox" not in sandbox[1]


def test_row_14_a_course_loads_from_its_own_origin_and_only_our_pages_frame_it() -> None:
    policy = content_policy("http://box.lan:8080")

    assert policy.startswith("default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:;")
    assert policy.endswith("frame-ancestors 'self' http://box.lan:8080")
    assert "*" not in policy


def test_row_14_our_own_pages_run_our_own_scripts_alone(signed: Signed, box: Box, grade: Any) -> None:
    policies = {signed().get(path).headers["Content-Security-Policy"] for path in ("/", "/library", "/none")}

    assert {page_policy([])} == policies
    assert "script-src 'self';" in page_policy([])
    assert "frame-ancestors 'none'" in page_policy([])


# ---- 15: what a file is ----


def test_row_15_a_file_is_what_one_table_says_and_nobody_guesses() -> None:
    headers = dict(content_headers(media_type("evil.png"), ""))

    assert ("image/png", "nosniff") == (headers["Content-Type"], headers["X-Content-Type-Options"])


@pytest.mark.parametrize("name", ["evil", "evil.exe", "evil.hta", "evil.html.unknown", "evil.shtml", "evil.svgz"])
def test_row_15_an_unknown_suffix_is_bytes_to_download(name: str) -> None:
    assert "application/octet-stream" == media_type(name)


def test_row_15_every_answer_of_the_pages_forbids_guessing(signed: Signed, film: Release) -> None:
    client = signed()
    paths = ("/", "/library/film/film/file", "/none", "/static/look.css")

    assert {"nosniff"} == {client.get(path).headers.get("X-Content-Type-Options") for path in paths}


# ---- 19: pictures and pages that are programs ----


def test_row_19_svg_and_html_never_come_as_such_from_the_pages_origin(signed: Signed, film: Release) -> None:
    """What a reader may fetch there is a film or a document, whatever the course calls its activities."""
    client = signed()
    served = [client.get(f"/library/film/{one.id}/file").content_type for one in film.activities]

    assert {"image/svg+xml", "text/html", "application/xhtml+xml"} <= set(TYPES.values())
    assert all(kind.startswith(("video/", "audio/", "application/pdf")) for kind in served)


def test_row_19_a_file_of_the_pages_origin_runs_nothing(signed: Signed, film: Release) -> None:
    policy = signed().get("/library/film/film/file").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
