"""Rows 22 to 24 of docs/security.md: whom we call, for how long, and what may be kept on the way back."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient

from catalog.fault import CallerFault, LinkFault
from catalog.manifest import Release
from catalog.publish import Catalog, publish
from edge.app import create_app
from edge.box import Box
from edge.people.people import Classroom, Person
from sync.link import LinkBroken, NotTheHub
from sync.links.http import HttpLink
from sync.parcel import file_name, manifest_name, release_name
from sync.wire import ANSWER_BYTES_MAX, PACK_PATH, SESSION_PATH
from tests.sync.links.test_waiting import HandClock, link
from tests.wire import Body

ROOT = Path(__file__).parents[2]
CALLERS = {
    "edge/control.py": "the box itself, through a socket in its own folder",
    "edge/nights/neighbours.py": "looks for boxes of its own network, by mDNS",
    "edge/serve.py": "nobody: asks the machine by which of its addresses it would go out",
    "provisioning/batch/check.py": "a box on the desk, at the address that its maker typed",
    "provisioning/batch/check_cli.py": "the same",
    "provisioning/desk/app.py": "the same",
    "provisioning/demo.py": "nobody: asks the machine which ports are free, and by which address it would go out",
    "provisioning/slots/health.py": "the box's own page on this machine, to see whether new software answers",
    "provisioning/visitor.py": "the demo's visitors, who open pages of the demo itself",
    "sync/hub/secure/authority.py": "the authority for certificates, at the address that the hub's staff gave",
    "sync/links/answering.py": "reads answers",
    "sync/links/http.py": "the hub, at the address that staff gave; a hub that mirrors another, likewise",
    "sync/links/neighbour.py": "a neighbour that was found on the box's own network",
    "sync/links/trouble.py": "says in words what went wrong",
    "sync/links/waiting.py": "looks at how long a link's own connection takes",
}
"""The only modules that can open a connection to another machine, and to whom."""
CLIENTS = {
    "aiohttp.ClientSession", "aiohttp.client", "aiohttp.request", "asyncio.open_connection",
    "asyncio.open_unix_connection", "dns", "ftplib", "grpc", "http.client", "httpcore", "httpx", "imaplib", "nntplib",
    "paramiko", "poplib", "pycurl", "requests", "smtplib", "socket.create_connection", "telnetlib", "urllib.request",
    "urllib3", "websocket", "websockets", "xmlrpc.client", "zeroconf",
}  # fmt: skip
"""What is imported by whoever calls another machine; of a package, any part of it."""
CONNECTING = {
    "connect_ex", "create_connection", "create_datagram_endpoint", "open_connection", "open_unix_connection",
    "sendto", "sock_connect", "sock_sendto",
}  # fmt: skip
"""What they call on the standard library's sockets and event loops, whatever these are named."""

Signed = Callable[..., FlaskClient]
Sent = Callable[[httpx.Request], httpx.Response]


class Far(httpx.BaseTransport):
    """The far end of a link: answers as it is told, and remembers what it was asked and for how long."""

    def __init__(self, *replies: httpx.Response) -> None:
        self.replies = list(replies)
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.replies.pop(0)


def imports_of(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


# ---- 22: whom we call ----


def can_call(path: Path) -> bool:
    """Tell whether anything in this module opens a connection."""
    tree = ast.parse(path.read_text())
    imported = imports_of(tree)
    parts = {".".join(name.split(".")[:length]) for name in imported for length in (1, 2, 3)}
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    connects = "connect" in called and "socket" in parts
    return bool(parts & CLIENTS) or bool(called & CONNECTING) or connects


def callers_in(root: Path) -> list[str]:
    """The modules below `root` that import anything by which another machine could be called."""
    modules = [path for floor in ("catalog", "sync", "edge", "provisioning") for path in (root / floor).rglob("*.py")]
    # Looked for as words first: to parse every module takes seconds.
    words = {*(one.partition(".")[0] for one in CLIENTS), *CONNECTING, "socket"}
    suspects = [path for path in modules if any(word in path.read_text() for word in words)]
    return sorted(path.relative_to(root).as_posix() for path in suspects if can_call(path))


def test_row_22_nothing_but_links_can_call_another_machine() -> None:
    """There is no import by URL: no view, no importer and no command fetches an address that somebody typed."""
    assert sorted(CALLERS) == callers_in(ROOT)


@pytest.mark.parametrize(
    "line",
    [
        "import httpx",
        "import urllib3.poolmanager",
        "from urllib.request import urlopen",
        "from urllib import request",
        "from aiohttp import ClientSession",
        "import socket; socket.create_connection(('hub', 80))",
        "from socket import create_connection as reach",
        "import socket as net; net.socket().connect(('hub', 80))",
        "import asyncio; asyncio.open_connection('hub', 80)",
        "self.loop.create_connection(Protocol, 'hub', 80)",
        "import http.client as web",
    ],
)
def test_row_22_a_view_that_could_fetch_an_address_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "pages.py").write_text(f"def view():\n    {line}\n")

    assert ["edge/pages.py"] == callers_in(tmp_path)


@pytest.mark.parametrize("source", ["http://127.0.0.1/course.zip", "https://hub.example.org/x", "file:///etc/passwd"])
def test_row_22_an_address_is_no_source_of_a_course(tmp_path: Path, source: str) -> None:
    catalog = Catalog.open(tmp_path)
    try:
        with pytest.raises(CallerFault, match="There is no"):
            publish([Path(source)], catalog, now_seconds=0)
    finally:
        catalog.close()


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://hub.example.org", "gopher://x", "//hub", "hub", ""])
def test_row_22_a_hub_has_an_address_of_the_web(address: str) -> None:
    with pytest.raises(CallerFault):
        HttpLink(address, Far())


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:8080/staff",
        "file:///etc/passwd",
        "//evil.example/",
        "http://hub.example.org/sync/session",
    ],
)
def test_row_22_a_redirect_leads_nowhere_but_to_the_same_hub_elsewhere(target: str) -> None:
    """Only the whole address may move, to the same path; and never from HTTPS to HTTP."""
    far = Far(httpx.Response(307, headers={"Location": target}))
    link = HttpLink("https://hub.example.org", far)

    with pytest.raises(LinkFault):
        link.exchange(SESSION_PATH, b"", {})

    assert 1 == len(far.asked)


def test_row_22_the_machines_own_proxy_settings_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://evil.example:3128")
    link = HttpLink("http://hub.example.org")

    assert {} == link._client._mounts


# ---- 23: how much, and for how long ----


def test_row_23_an_answer_that_never_ends_is_broken_off() -> None:
    link = HttpLink("http://hub.example.org", Far(httpx.Response(200, stream=Body(bytes(ANSWER_BYTES_MAX + 1)))))

    with pytest.raises(NotTheHub, match="longer than"):
        link.exchange(SESSION_PATH, b"", {})


def test_row_23_a_pack_that_is_longer_than_the_plan_says_is_broken_off() -> None:
    link = HttpLink("http://hub.example.org", Far(httpx.Response(200, stream=Body(bytes(2_000)))))

    with pytest.raises(NotTheHub, match="More came"):
        list(link.fetch("pack-1", 0, 1_000))


def test_row_23_no_request_waits_for_ever() -> None:
    far = Far(httpx.Response(200, stream=Body(b"answer")))
    HttpLink("http://hub.example.org", far).exchange(SESSION_PATH, b"", {})

    assert all(0 < seconds <= 300 for seconds in far.asked[0].extensions["timeout"].values())


def test_row_23_a_far_end_that_drips_holds_nobody() -> None:
    """One byte each half second: never silent, never done. Slow links that pass are in tests/sync/links."""
    clock = HandClock()
    dripping = link(clock, b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1 << 20), 1, 0.5)

    with pytest.raises(LinkBroken, match="too little"):
        dripping.exchange(SESSION_PATH, b"", {})

    assert clock.seconds <= 300


def test_row_23_every_link_of_ours_has_a_clock() -> None:
    """Without one a link judges nobody."""
    calls = [
        node
        for path in (*(ROOT / "edge").rglob("*.py"), *(ROOT / "sync").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("HttpLink", "NeighbourLink")
    ]

    assert 4 == len(calls)
    assert [] == [ast.unparse(call) for call in calls if "clock" not in {one.arg for one in call.keywords}]


def test_row_23_a_form_that_is_too_large_is_refused(signed: Signed, grade: Classroom) -> None:
    client = signed()

    answer = client.post("/guest", data={"csrf": "x" * (2 << 20)}, headers={"Origin": "http://localhost"})

    assert 413 == answer.status_code


# ---- 24: what may be kept on the way ----


@pytest.fixture
def app_of_neighbours(box: Box, lesson: Release) -> FlaskClient:
    return create_app(box).test_client()


def test_row_24_what_anybody_may_keep_is_the_same_for_everybody(
    app_of_neighbours: FlaskClient, box: Box, lesson: Release
) -> None:
    """A shared cache knows a pack by its address alone; so no header of the asker may change what comes."""
    layer = box.releases.layers(lesson.root)[0]
    names = [release_name(lesson.root), manifest_name(layer.root), file_name(layer.entries[0].digest)]
    askers: list[dict[str, str]] = [
        {},
        {"Cookie": "qanat-box-80=stolen", "Authorization": "Bearer x"},
        {"X-Forwarded-Host": "evil.example", "X-Original-URL": "/staff", "Accept-Language": "ar"},
    ]

    for name in names:
        answers = [app_of_neighbours.get(PACK_PATH + name, headers=asker) for asker in askers]
        assert 1 == len({(answer.status_code, answer.data, str(answer.headers)) for answer in answers})
        assert "public, max-age=31536000, immutable" == answers[0].headers["Cache-Control"]
        assert "Set-Cookie" not in answers[0].headers


def test_row_24_no_page_with_a_learner_in_it_may_be_kept_by_others(
    signed: Signed, box: Box, lesson: Release, film: Release, amina: Person
) -> None:
    client = signed("learner", amina.id)
    paths = ("/", "/me", "/library", "/library/lesson", "/library/lesson/site", "/library/film/film/file", "/none")

    kept = {path: client.get(path).headers["Cache-Control"] for path in paths}

    assert dict.fromkeys(paths, True) == {path: said.startswith("private") for path, said in kept.items()}


def test_row_24_only_files_of_our_own_and_packs_are_for_everybody(
    signed: Signed, box: Box, lesson: Release, amina: Person
) -> None:
    """Every address of the box that takes no argument, as a learner sees it."""
    client = signed("learner", amina.id)
    rules = [rule.rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())]

    public = [
        path for path in rules if "<" not in path and "public" in client.get(path).headers.get("Cache-Control", "")
    ]

    assert [] == public


def test_row_24_a_forged_host_gets_into_no_page(signed: Signed, box: Box) -> None:
    headers: dict[str, Any] = {"X-Forwarded-Host": "evil.example", "X-Host": "evil.example", "Forwarded": "host=evil"}

    assert "evil" not in signed().get("/", headers=headers).text
