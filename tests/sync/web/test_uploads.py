"""Uploads: on our own disk, bounded by path and by who asks, gone with the request."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Request, request

from sync.web.uploads import request_class
from sync.web.wsgi import Application

DATA = b"x" * 300_000


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__)

    def bytes_max(asked: Request) -> int:
        return 1_000_000 if asked.path == "/large" else 1_000

    app.request_class = request_class(tmp_path, bytes_max)

    @app.post("/<path>")
    def take(path: str) -> list[Any]:
        file = request.files["file"]
        return [len(file.stream.read()), [one.stat().st_size for one in tmp_path.iterdir()]]

    return app


def send(app: Flask, path: str) -> Any:
    return app.test_client().post(path, data={"file": (io.BytesIO(DATA), "a.qanat")})


def test_a_file_lies_on_our_disk_while_it_is_worked_on(app: Flask, tmp_path: Path) -> None:
    answer = send(app, "/large")

    assert [len(DATA), [len(DATA)]] == answer.json
    answer.close()
    assert [] == list(tmp_path.iterdir())


def test_a_path_takes_no_more_than_its_own(app: Flask, tmp_path: Path) -> None:
    answer = send(app, "/small")

    assert 413 == answer.status_code
    answer.close()
    assert [] == list(tmp_path.iterdir())


def guarded(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
    """A page for staff: others are sent to sign in."""
    is_staff = environ.get("HTTP_COOKIE") == "who=staff"
    body = b"%d" % len(environ["wsgi.input"].read()) if is_staff else b""
    start("200 OK" if is_staff else "303 SEE OTHER", [("Content-Length", str(len(body)))])
    return [body]


@pytest.mark.system
def test_no_large_body_is_taken_in_from_whoever_may_not_see_the_page(
    serve: Callable[..., Any], call: Callable[[Any], Any], tmp_path: Path
) -> None:
    """A pupil who sends gigabytes to a page of staff would fill and wear the card before anybody asked who it is."""
    front = serve(Application(guarded, [], {"/brought": 5_000_000}, asked_first=["/brought"]))

    stranger = call(front).ask("/brought", "Content-Length: 4000000", method="POST")
    staff = call(front).ask("/brought", "Cookie: who=staff", method="POST", body=b"x" * 3_000_000)

    assert (403, 200, b"3000000") == (stranger.status, staff.status, staff.body)
    assert not list(tmp_path.glob("spool/*"))
