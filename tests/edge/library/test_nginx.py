"""The image's nginx before a box: the real programs, on loopback.

The file in provisioning/ is used as it is; only its ports and its folder are those of the test.
"""

import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from catalog.manifest import Release
from catalog.media import TYPES
from edge.box import Box
from edge.config import Config
from edge.library.launches import Address
from edge.library.stage import files
from edge.people.people import Person, Secret
from edge.portal.probes import PROBES, Probe
from edge.serve import sites
from sync.web.content import content_headers
from sync.web.front import Front
from sync.web.sessions import Session
from tests.made_packages import Item, scorm

NGINX = "/usr/sbin/nginx"
SITE = Path(__file__).parents[3] / "provisioning" / "nginx.conf"
SAMPLES = Path(__file__).parents[3] / "provisioning" / "samples"


def test_media_types_are_those_of_the_one_table() -> None:
    block = re.search(r"^types \{(.*?)^\}", SITE.read_text(), re.DOTALL | re.MULTILINE)
    assert block is not None
    lines = [line.strip(" ;").split() for line in block.group(1).splitlines() if line.strip()]

    assert TYPES == {f".{suffix}": media_type for media_type, *suffixes in lines for suffix in suffixes}


@dataclass
class Campus:
    """A box behind nginx, with a lesson and a film on its shelf."""

    box: Box
    pages: str
    courses: str
    lesson: Release
    film: Release
    shelve: Callable[..., Release]

    def open(self, session: Session) -> Address:
        return self.box.launches.open(session, "lesson", self.lesson.root, "site")


@pytest.fixture
def campus(tmp_path: Path, boxes: Callable[..., Box], shelve: Callable[..., Release]) -> Iterator[Campus]:
    seen, own, content = _ports()
    config = Config(
        host="127.0.0.1",
        port=own,
        port_seen=seen,
        content_port=10_000 + content,
        content_port_seen=content,
        content_ports=1,
        accel="/internal/",
        portal=True,
    )
    box = boxes("behind", config=config)
    box.start()
    lesson = shelve(box, "lesson", [SAMPLES / "lesson"])
    film = shelve(box, "film", sorted((SAMPLES / "film").iterdir()))
    site = (
        SITE.read_text()
        .replace("/var/lib/qanat", str(box.data))
        .replace("127.0.0.1:18080", f"127.0.0.1:{own}")
        .replace("listen 80 default_server", f"listen 127.0.0.1:{seen}")
        .replace("listen 8100-8115", f"listen 127.0.0.1:{content}")
        # A test's port is not the usual one, so that it has to be said.
        .replace("$scheme://$host", f"$scheme://$host:{seen}")
    )
    main = tmp_path / "nginx.conf"
    main.write_text(
        f"user root;\npid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\ndaemon off;\n"
        f"events {{ }}\nhttp {{\naccess_log off;\n{_temporary(tmp_path)}\n{site}\n}}\n"
    )
    with Front(sites(box), box.clock).serving(), subprocess.Popen([NGINX, "-c", main, "-p", tmp_path]) as nginx:
        _wait_for(seen)
        try:
            yield Campus(box, f"http://127.0.0.1:{seen}", f"http://127.0.0.1:{content}", lesson, film, shelve)
        finally:
            nginx.terminate()


@pytest.mark.system
def test_an_asset_is_read_by_nginx_under_the_boxs_rules(campus: Campus) -> None:
    _, session = campus.box.sessions.begin("", "guest", {})
    address = campus.open(session)

    answer = httpx.get(f"{campus.courses}/{address.token}/site/style.css", headers={"Accept-Encoding": "gzip"})

    assert (200, "text/css", "gzip") == (
        answer.status_code,
        answer.headers["Content-Type"],
        answer.headers["Content-Encoding"],
    )
    assert answer.headers["Server"].startswith("nginx")
    expected = dict(content_headers("text/css", campus.pages))
    assert expected == {name: answer.headers[name] for name in expected}


@pytest.mark.system
def test_a_page_goes_through_the_box_and_is_the_learners_place(campus: Campus) -> None:
    amina = _learner(campus.box)
    _, session = campus.box.sessions.begin(amina.id, "learner", {})
    address = campus.open(session)

    answer = httpx.get(f"{campus.courses}/{address.token}/site/parts/2-the-slope.html")
    folder = httpx.get(f"{campus.courses}/{address.token}/site/")

    assert (200, 200) == (answer.status_code, folder.status_code)
    expected = dict(content_headers("text/html", campus.pages))
    assert expected == {name: answer.headers[name] for name in expected}
    _stop_and_read(campus)
    assert campus.box.learning.place(amina.id, "lesson", "site") is not None


@pytest.mark.system
def test_what_is_right_in_a_quiz_is_told_to_nobody(campus: Campus) -> None:
    folder = campus.box.shelf.tree_of(campus.lesson.root) / "site"
    for name in ("~quiz.json", "quiz.json"):
        (folder / name).write_text("{}")
    _, session = campus.box.sessions.begin("", "guest", {})
    address = campus.open(session)

    paths = ["site/~quiz.json", "site/%7Equiz.json", "site/quiz.json"]
    found = [httpx.get(f"{campus.courses}/{address.token}/{path}").status_code for path in paths]

    assert [404, 404, 200] == found


@pytest.mark.system
def test_a_launch_that_ended_opens_nothing(campus: Campus) -> None:
    _, session = campus.box.sessions.begin("", "guest", {})
    address = campus.open(session)
    campus.box.sessions.end(session)

    paths = ["site/style.css", "site/index.html", "site/", ""]
    assert [404] * 4 == [httpx.get(f"{campus.courses}/{address.token}/{path}").status_code for path in paths]


@pytest.mark.system
def test_what_the_box_itself_says_beside_a_course_comes_through_nginx(campus: Campus, tmp_path: Path) -> None:
    amina = _learner(campus.box)
    _, session = campus.box.sessions.begin(amina.id, "learner", {})
    package = campus.shelve(campus.box, "lesson", [scorm(tmp_path / "water.zip", [Item("one", "The well")])])
    address = campus.box.launches.open(session, "lesson", package.root, package.activities[0].id)
    at, own = f"{campus.courses}/{address.token}", {"Origin": campus.courses}
    save = {"part": "one", "sitting": 1, "number": 1, "state": {}}

    page = httpx.get(f"{at}/~play/")
    player = httpx.get(f"{campus.courses}{files.own('keep.js')}")
    kept = httpx.post(f"{at}/~state", json=save, headers=own)
    from_elsewhere = httpx.post(f"{at}/~state", json=save, headers={"Origin": "http://evil.example"})

    assert [200, 200, 204, 403] == [one.status_code for one in (page, player, kept, from_elsewhere)]
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert ["one"] == [part for _, _, part, _ in campus.box.packages.states_of(amina.id)]


@pytest.mark.system
def test_nginx_gives_no_course_a_service_worker(campus: Campus) -> None:
    _, session = campus.box.sessions.begin("", "guest", {})
    address = campus.open(session)

    answers = [
        httpx.get(f"{campus.courses}/{address.token}/site/{path}", headers={"Service-Worker": "script"})
        for path in ("style.css", "index.html")
    ]

    assert [403, 403] == [answer.status_code for answer in answers]


@pytest.mark.system
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/../trees/",
        "/{token}/../../box.db",
        "/{token}/%2e%2e/%2e%2e/box.db",
        "/{token}/site/..%2f..%2fx.css",
    ],
)
def test_nothing_outside_a_launch_is_reached(campus: Campus, path: str) -> None:
    _, session = campus.box.sessions.begin("", "guest", {})
    address = campus.open(session)
    with socket.create_connection(("127.0.0.1", int(campus.courses.rpartition(":")[2]))) as connection:
        asked = path.format(token=address.token)
        connection.sendall(f"GET {asked} HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n".encode())
        status = int(connection.makefile("rb").readline().split()[1])

    assert status in (400, 404)


@pytest.mark.system
def test_a_film_is_sent_by_nginx_only_to_who_is_signed_in(campus: Campus) -> None:
    cookie, _ = campus.box.sessions.begin("", "guest", {})
    port = campus.pages.rpartition(":")[2]
    address = f"{campus.pages}/library/film/{campus.film.activities[0].id}/file"
    ranged = {"Range": "bytes=10-19"}

    signed = httpx.get(address, headers=ranged, cookies={f"qanat-box-{port}": cookie})
    stranger = httpx.get(address, headers=ranged)
    by_path = httpx.get(f"{campus.pages}/internal/{campus.film.root}/{campus.film.activities[0].path}")

    assert (206, 10, "video/mp4") == (signed.status_code, len(signed.content), signed.headers["Content-Type"])
    assert "nosniff" == signed.headers["X-Content-Type-Options"]
    assert "sandbox" in signed.headers["Content-Security-Policy"]
    assert (303, 404) == (stranger.status_code, by_path.status_code)


@pytest.mark.system
def test_each_systems_probe_is_answered_through_nginx_before_and_after_the_library_was_opened(campus: Campus) -> None:
    library = f"http://box.lan:{campus.pages.rpartition(':')[2]}"

    before = [_probed(campus, probe) for probe in PROBES]
    httpx.get(f"{campus.pages}/", headers={"Host": library.removeprefix("http://")})
    after = [_probed(campus, probe) for probe in PROBES]

    assert {(302, f"{library}/welcome")} == {(one.status_code, one.headers["Location"]) for one in before}
    told = [(one.status_code, one.headers.get("Location", one.content)) for one in after]
    assert [(one.status, f"{library}/" if one.leads_home else one.body) for one in PROBES] == told


@pytest.mark.system
def test_under_a_foreign_name_nginx_shows_the_short_page_alone(campus: Campus) -> None:
    answers = [httpx.get(f"{campus.pages}/opds", headers={"Host": host}) for host in ("evil.example", "www.google.com")]

    assert [404, 404] == [answer.status_code for answer in answers]
    assert all("is not here" in answer.text for answer in answers)


AGENTS = {
    "iOS, macOS": "CaptiveNetworkSupport-407.1.1 wispr",
    "Windows": "Microsoft NCSI",
    "Android": "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 4a Build/TQ3A.230805.001)",
}


def _probed(campus: Campus, probe: Probe) -> httpx.Response:
    agent = AGENTS.get(probe.system, "Mozilla/5.0")
    headers = {"Host": probe.host, "User-Agent": agent, "Connection": "close", "Accept-Encoding": "identity"}
    return httpx.get(f"{campus.pages}{probe.path}", headers=headers)


def _learner(box: Box) -> Person:
    return box.people.enrol_learner(box.people.add_classroom("8 B").id, "Amina", Secret("pin", "4071"))


def _stop_and_read(campus: Campus) -> None:
    """What the front does after an answer is done once a write that was lined up later is done."""
    deadline = 200
    while deadline and campus.box.database.read().execute("select count(*) from place").fetchone()[0] == 0:
        campus.box.database.write(lambda connection: None)
        deadline -= 1


def _temporary(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


def _ports() -> tuple[int, int, int]:
    """Free ports: that of the pages, as seen and own, and one that is free with a 1 before its number too."""
    seen, own = (_free(0) for _ in range(2))
    for content in range(8200, 9999):
        if _is_free(content) and _is_free(10_000 + content):
            return seen, own, content
    raise AssertionError("no port is free")


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    try:
        return _free(port) == port
    except OSError:
        return False


def _wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.02)
    raise AssertionError("nginx did not come up")
