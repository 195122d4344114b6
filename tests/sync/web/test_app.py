"""What every page of box and hub has in common."""

import gzip
import random
import re
from collections.abc import Iterator
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient

from catalog.db import Database
from catalog.fault import BoxFault, CallerFault, ContentFault, DiskFull, LinkFault
from sync.web import sessions as sessions_table
from sync.web.app import (
    BARE_HEADER,
    WebSettings,
    bare,
    begin_session,
    create_base,
    csrf_token,
    end_session,
    frame_content,
    require,
    send_file,
    session_now,
)
from sync.web.names import REACHED_AT, own_names
from sync.web.sessions import DatabaseSessions

OWN = {"Origin": "http://localhost"}


@pytest.fixture
def app(tmp_path: Path, clock: Any, randomness: random.Random) -> Iterator[Flask]:
    database = Database(tmp_path / "box.db", [sessions_table.migrations])
    sessions = DatabaseSessions(database, clock, randomness.randbytes)
    app = create_base("sync", WebSettings("Al-Noor", "box", names=frozenset({"localhost", "box.lan"})), sessions)

    @app.get("/")
    def home() -> str:
        return f"{session_now().kind}:{session_now().person}"

    @app.get("/form")
    def form() -> str:
        return csrf_token()

    @app.post("/sign-in")
    def sign_in() -> str:
        begin_session("amina", request.form.get("kind", "learner"))
        return csrf_token()

    @app.post("/sign-out")
    def sign_out() -> str:
        end_session()
        return "bye"

    @app.get("/staff")
    @require("staff", "teacher")
    def staff() -> str:
        return "staff only"

    @app.get("/long")
    def long() -> str:
        return "lesson " * 500

    @app.get("/frame")
    def frame() -> str:
        frame_content("http://localhost:8081")
        return "framed"

    @app.get("/file/<cache>")
    def file(cache: Any) -> Response:
        return send_file(Path("/data/شرح.pdf"), "application/pdf", cache=cache, filename="شرح.pdf", etag="e1")

    @app.route("/sync/session", methods=["GET", "POST"])
    @bare
    def machine() -> Response:
        return Response(b"ok", content_type="application/json")

    faults = {"caller": CallerFault, "content": ContentFault, "box": BoxFault, "disk": DiskFull, "link": LinkFault}

    @app.get("/fault/<name>")
    def fault(name: str) -> str:
        raise faults[name]("It is so.", "Do this.")

    app.logger.disabled = True
    yield app
    database.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def signed_in(client: FlaskClient, kind: str = "learner") -> str:
    """Sign in as the browser would; returns the word for the next form."""
    word = client.get("/form").text
    return client.post("/sign-in", data={"csrf": word, "kind": kind}, headers=OWN).text


def test_a_learner_signs_in_and_out(client: FlaskClient) -> None:
    word = signed_in(client)
    assert "learner:amina" == client.get("/").text

    client.post("/sign-out", data={"csrf": word}, headers=OWN)

    assert ":" == client.get("/").text


def test_reading_sets_no_cookie(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/").headers


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/form").headers["Set-Cookie"]

    assert cookie.startswith("qanat-box=")
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/"))


def test_the_port_is_in_the_name_as_cookies_ignore_ports(client: FlaskClient) -> None:
    assert client.get("/form", headers={"Host": "box.lan:8080"}).headers["Set-Cookie"].startswith("qanat-box-8080=")


def test_signing_in_changes_the_cookie(client: FlaskClient) -> None:
    client.get("/form")
    before = client.get_cookie("qanat-box")
    assert before is not None
    signed_in(client)
    after = client.get_cookie("qanat-box")

    assert after is not None
    assert before.value != after.value
    client.set_cookie("qanat-box", before.value)
    assert ":" == client.get("/").text


def test_two_session_cookies_are_refused(app: Flask) -> None:
    reply = app.test_client(use_cookies=False).get("/", headers={"Cookie": "qanat-box=planted; other=1; qanat-box=own"})

    assert 400 == reply.status_code
    assert "two session cookies" in reply.text
    assert "sign in again" in reply.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost:8081"},
        {"Origin": "https://localhost"},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "null", "Referer": "http://localhost/form"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": "http://localhost:8081/form"},
        {},
    ],
)
def test_a_write_from_elsewhere_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    word = client.get("/form").text

    assert 403 == client.post("/sign-in", data={"csrf": word}, headers=headers).status_code
    assert ":" == client.get("/").text


@pytest.mark.parametrize("headers", [OWN, {"Sec-Fetch-Site": "same-origin"}, {"Referer": "http://localhost/form"}])
def test_a_write_from_our_page_is_taken(client: FlaskClient, headers: dict[str, str]) -> None:
    word = client.get("/form").text

    assert 200 == client.post("/sign-in", data={"csrf": word}, headers=headers).status_code


@pytest.mark.parametrize("data", [{}, {"csrf": ""}, {"csrf": "x"}, {"csrf": "é"}])
def test_a_write_without_its_word_is_refused(client: FlaskClient, data: dict[str, str]) -> None:
    client.get("/form")

    assert 403 == client.post("/sign-in", data=data, headers=OWN).status_code


def test_the_word_of_another_session_is_worth_nothing(app: Flask) -> None:
    mine, theirs = app.test_client(), app.test_client()
    mine.get("/form")

    assert 403 == mine.post("/sign-in", data={"csrf": theirs.get("/form").text}, headers=OWN).status_code


def test_a_script_may_send_the_word_as_a_header(client: FlaskClient) -> None:
    word = client.get("/form").text

    assert 200 == client.post("/sign-in", headers={**OWN, "X-Csrf": word}).status_code


def test_a_page_for_staff_asks_who_you_are(client: FlaskClient) -> None:
    reply = client.get("/staff?page=2")

    assert (303, "/sign-in?next=/staff%3Fpage%3D2") == (reply.status_code, reply.headers["Location"])


def test_a_page_for_staff_is_not_for_learners(client: FlaskClient) -> None:
    signed_in(client)
    assert 403 == client.get("/staff").status_code

    signed_in(client, "teacher")
    assert "staff only" == client.get("/staff").text


def test_an_unknown_name_is_not_answered_to(client: FlaskClient) -> None:
    assert 400 == client.get("/", headers={"Host": "evil.example"}).status_code
    assert 200 == client.get("/", headers={"Host": "box.lan:8080"}).status_code


def test_whoever_comes_by_a_foreign_name_is_sent_to_the_address_that_was_reached(client: FlaskClient) -> None:
    """A router may have given us a name that we do not know. Its reader comes in; a page of evil.example does not."""
    reached = {REACHED_AT: lambda: "10.42.0.1:8080"}

    asked = client.get("/form?next=/me", headers={"Host": "library.school"}, environ_overrides=reached)
    sent = client.post("/form", headers={"Host": "library.school"}, environ_overrides=reached)

    assert (302, "http://10.42.0.1:8080/form?next=/me") == (asked.status_code, asked.location)
    assert (400, None) == (sent.status_code, sent.location)
    assert "Set-Cookie" not in asked.headers


@pytest.mark.parametrize("host", ["10.42.0.1", "10.42.0.1:8080", "[fe80::1]:8080", "BOX.lan.", "localhost:1"])
def test_an_address_in_numbers_is_always_ours(client: FlaskClient, host: str) -> None:
    assert 200 == client.get("/", headers={"Host": host}).status_code


def test_the_names_of_an_end_are_those_it_was_told_and_the_machines_own() -> None:
    told = own_names(["Hub.example.org", ""], is_behind_proxy=True)

    assert told is not None
    assert {"hub.example.org", "localhost", f"{gethostname().partition('.')[0].lower()}.local"} <= told
    assert (None, None) == (own_names([""], is_behind_proxy=True), own_names(["*"], is_behind_proxy=False))
    assert own_names([], is_behind_proxy=False) is not None


def test_our_pages_load_and_frame_nothing_from_elsewhere(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert "frame-src 'none'; frame-ancestors 'none'; base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-src http://localhost:8081;" in client.get("/frame").headers["Content-Security-Policy"]


def test_a_page_is_compressed_for_who_takes_it(client: FlaskClient) -> None:
    plain = client.get("/long")
    small = client.get("/long", headers={"Accept-Encoding": "gzip, deflate"})

    assert "Content-Encoding" not in plain.headers
    assert ("gzip", plain.data) == (small.headers["Content-Encoding"], gzip.decompress(small.data))
    assert "Accept-Encoding" in small.headers["Vary"]


def test_an_answer_for_machines_has_nothing_added(app: Flask) -> None:
    reply = app.test_client(use_cookies=False).post(
        "/sync/session", data=b"signed elsewhere", headers={"Cookie": "qanat-box=a; qanat-box=b"}
    )

    assert {"Content-Type", "Content-Length", BARE_HEADER} == set(reply.headers.keys())


@pytest.mark.parametrize(
    ("name", "status"), [("caller", 400), ("content", 422), ("box", 503), ("disk", 507), ("link", 502)]
)
def test_a_fault_is_shown_with_its_next_step(client: FlaskClient, name: str, status: int) -> None:
    reply = client.get(f"/fault/{name}")

    assert status == reply.status_code
    assert "It is so." in reply.text
    assert "Do this." in reply.text


def test_our_own_mistake_is_told_without_its_insides(client: FlaskClient) -> None:
    reply = client.get("/fault/unknown")

    assert 500 == reply.status_code
    assert "KeyError" not in reply.text


def test_what_is_not_there_has_a_page(client: FlaskClient) -> None:
    assert 404 == client.get("/none").status_code
    assert 404 == client.post("/none").status_code
    reply = client.delete("/form")
    assert 405 == reply.status_code
    assert "GET" in reply.headers["Allow"]


def test_a_file_is_named_and_not_sent(client: FlaskClient) -> None:
    reply = client.get("/file/immutable")

    assert b"" == reply.data
    assert "/data/%D8%B4%D8%B1%D8%AD.pdf" == reply.headers["X-Sendfile"]
    assert "immutable" in reply.headers["Cache-Control"]
    assert '"e1"' == reply.headers["ETag"]
    assert "attachment; filename*=UTF-8''%D8%B4%D8%B1%D8%AD.pdf" == reply.headers["Content-Disposition"]


def test_a_language_is_chosen_and_kept(client: FlaskClient) -> None:
    assert 'lang="en"' in client.get("/none").text
    reply = client.get("/language/ar?next=/none")
    assert (303, "/none") == (reply.status_code, reply.headers["Location"])

    assert 'lang="ar" dir="rtl"' in client.get("/none").text
    assert 'lang="fr"' in client.get("/none?lang=fr").text
    assert 404 == client.get("/language/xx").status_code


def test_the_browsers_language_is_spoken_unasked(client: FlaskClient) -> None:
    assert 'lang="fr"' in client.get("/none", headers={"Accept-Language": "de, fr;q=0.8, en;q=0.5"}).text


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil", ""])
def test_a_choice_never_leads_elsewhere(client: FlaskClient, target: str) -> None:
    assert "/" == client.get("/language/fr", query_string={"next": target}).headers["Location"]


def test_a_look_is_chosen_and_kept(client: FlaskClient) -> None:
    client.get("/look/theme/dark")
    client.get("/look/text/larger")

    text = client.get("/none").text
    assert 'data-theme="dark"' in text
    assert 'data-text="larger"' in text
    assert 404 == client.get("/look/theme/pink").status_code
    assert 404 == client.get("/look/none/dark").status_code


def test_a_static_file_is_named_by_its_content_and_kept_for_ever(client: FlaskClient) -> None:
    address = re.search(r'href="(/static/look.css\?v=[^"]+)"', client.get("/none").text)
    assert address is not None
    reply = client.get(address[1], headers={"Accept-Encoding": "gzip"})

    assert "public, max-age=31536000, immutable" == reply.headers["Cache-Control"]
    assert "gzip" == reply.headers["Content-Encoding"]
    assert "public, no-cache" == client.get("/static/look.css").headers["Cache-Control"]
    assert 404 == client.get("/static/..%2fapp.py").status_code
    assert 404 == client.get("/static/app.py").status_code
