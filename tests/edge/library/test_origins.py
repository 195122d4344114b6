"""What a hostile course can ask for, over real sockets: its own files, and nothing else of the box."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from catalog.manifest import Release
from edge.box import Box
from edge.config import Config
from edge.library.launches import Address
from edge.library.stage import files
from edge.serve import sites
from sync.web.front import Front
from tests.ports import free_ports

pytestmark = pytest.mark.system


@dataclass
class Campus:
    """A box that serves two courses to one guest."""

    box: Box
    cookie: str
    water: Address
    pipe: Address

    def asks(self, port: int, path: str, **more: dict[str, str]) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{port}{path}", **more)  # type: ignore[arg-type]


@pytest.fixture
def box(boxes: Callable[..., Box]) -> Box:
    first, *_ = free_ports(4)
    return boxes("open", config=Config(host="127.0.0.1", port=first, content_port=first + 1, content_ports=3))


@pytest.fixture
def campus(box: Box, lesson: Release, siphon: Release) -> Iterator[Campus]:
    box.start()
    cookie, session = box.sessions.begin("", "guest", {})
    with Front(sites(box), box.clock).serving():
        opened = [box.launches.open(session, one.course, one.root, one.activities[0].id) for one in (lesson, siphon)]
        yield Campus(box, cookie, *opened)


def test_a_course_reads_its_own_files(campus: Campus) -> None:
    at = campus.water

    assert 200 == campus.asks(at.port, f"/{at.token}/site/style.css").status_code


def test_a_course_that_knows_anothers_token_reads_nothing_on_its_own_origin(campus: Campus) -> None:
    assert 404 == campus.asks(campus.pipe.port, f"/{campus.water.token}/site/index.html").status_code


def test_a_course_may_not_read_another_origins_answers(campus: Campus) -> None:
    at = campus.water
    origin = {"Origin": f"http://127.0.0.1:{campus.pipe.port}"}

    answer = campus.asks(at.port, f"/{at.token}/site/index.html", headers=origin)

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_no_page_of_the_box_answers_on_a_content_port(campus: Campus) -> None:
    cookies = {f"qanat-box-{campus.box.config.port}": campus.cookie}
    paths = ["/", "/library", "/staff", "/sign-in", "/static/look.css"]

    answers = [campus.asks(campus.water.port, path, cookies=cookies) for path in paths]

    assert [404] * len(paths) == [answer.status_code for answer in answers]


def test_content_sets_no_cookie(campus: Campus) -> None:
    at = campus.water

    assert "Set-Cookie" not in campus.asks(at.port, f"/{at.token}/site/index.html").headers


def test_a_course_cannot_write_with_the_readers_cookie(campus: Campus) -> None:
    """Cookies ignore ports: the browser sends the reader's cookie along with a course's own form."""
    port = campus.box.config.port
    cookies = {f"qanat-box-{port}": campus.cookie}

    answer = httpx.post(
        f"http://127.0.0.1:{port}/learn/completed",
        data={"course": "lesson", "activity": "site"},
        headers={"Origin": f"http://127.0.0.1:{campus.water.port}"},
        cookies=cookies,
    )

    assert 403 == answer.status_code


def test_a_cookie_that_a_course_planted_is_refused(campus: Campus) -> None:
    port = campus.box.config.port
    name = f"qanat-box-{port}"

    answer = campus.asks(port, "/", headers={"Cookie": f"{name}={campus.cookie}; {name}=planted"})

    assert 400 == answer.status_code


def test_a_course_may_be_framed_by_the_boxs_pages_only(campus: Campus) -> None:
    at = campus.water

    policy = campus.asks(at.port, f"/{at.token}/site/index.html").headers["Content-Security-Policy"]

    assert f"frame-ancestors 'self' http://127.0.0.1:{campus.box.config.port}" in policy


def test_no_course_gets_a_service_worker(campus: Campus) -> None:
    at = campus.water

    answer = campus.asks(at.port, f"/{at.token}/site/index.html", headers={"Service-Worker": "script"})

    assert 403 == answer.status_code


def test_what_the_box_itself_says_on_a_courses_origin_is_its_own(campus: Campus) -> None:
    """No file of a course is asked for there, no body is taken anywhere else, and the players are kept for good."""
    at = campus.water
    own = {"Origin": f"http://127.0.0.1:{at.port}"}
    player = next(iter(files.addressed()))

    statuses = [
        campus.asks(at.port, f"/{at.token}/~nothing").status_code,
        campus.asks(at.port, f"/{at.token}/%7Estate").status_code,
        httpx.post(f"http://127.0.0.1:{at.port}/{at.token}/site/index.html", headers=own).status_code,
        httpx.post(f"http://127.0.0.1:{at.port}/{at.token}/~state", headers=own, content=b"x" * (3 << 20)).status_code,
    ]

    assert [404, 200, 405, 413] == statuses
    assert "immutable" in campus.asks(at.port, f"/{player}").headers["Cache-Control"]
