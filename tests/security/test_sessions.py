"""Rows 1 to 12 of docs/security.md: sessions on a LAN that anybody may listen to. Tests bear their row's number."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edge.app import create_app
from edge.box import Box
from edge.config import Config
from edge.people import codes
from edge.people.people import Classroom, Person, Secret
from edge.portal.probes import HOSTS
from sync.web.names import REACHED_AT
from sync.web.sessions import IDLE_SECONDS_MAX
from sync.web.takes import taken_by
from tests.signing_in import talk

HTTPS = "https://localhost"
PASSWORD = "a long password"
EXPOSED = "Whoever listens to an open Wi-Fi can read names and answers"


@pytest.fixture
def app(box: Box, grade: Classroom) -> Flask:
    return create_app(box)


def cookies(client: FlaskClient, path: str = "/sign-in/password", **options: Any) -> list[str]:
    return client.get(path, **options).headers.getlist("Set-Cookie")


def word(client: FlaskClient, path: str, **options: Any) -> str:
    return client.get(path, **options).text.partition('name="csrf" value="')[2].partition('"')[0]


def sign_in(client: FlaskClient, name: str = "staff", password: str = PASSWORD) -> Any:
    """Prove a password at the box; returns the answer that brings the new cookie."""
    sent = {"csrf": word(client, "/sign-in/password")}
    origin = {"Origin": "http://localhost"}

    def post(path: str, said: Any) -> Any:
        return client.post(path, data={**sent, **said}, headers=origin).get_json()

    prover = talk(post, "/sign-in/talk", name)
    return client.post("/sign-in/password", data={**sent, "name": name, **prover.says(password)}, headers=origin)


# ---- 1: HTTP says what it is ----


@pytest.fixture
def with_a_class(app: Flask, grade: Classroom, amina: Person) -> FlaskClient:
    """A browser that knows its class, and is about to join it as somebody new."""
    client = app.test_client()
    origin = {"Origin": "http://localhost"}
    for path, fields in (("/sign-in/class", {"code": grade.code}), ("/join", {"name": "Deka", "by": "pin"})):
        client.post(path, data={"csrf": word(client, path), **fields}, headers=origin)
    return client


def asking_pages(app: Flask, **values: list[str]) -> list[str]:
    """Every page that asks who is there, out of the map of routes."""
    return [
        rule.build(dict(zip(names, chosen, strict=True)))[1]
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.rule.startswith(("/sign-in", "/join"))
        for names in [sorted(rule.arguments)]
        for chosen in product(*(values[name] for name in names))
    ]


def test_row_01_every_page_that_asks_who_is_there_says_over_http_what_can_be_heard(
    with_a_class: FlaskClient, box: Box, grade: Classroom, amina: Person
) -> None:
    """A new page of the kind fails here until it says so too."""
    drawn = box.people.enrol_learner(grade.id, "Bilan", Secret("pictures", "kite drum kite"))
    paths = asking_pages(with_a_class.application, person=[amina.id, drawn.id], kind=["pin", "pictures"])

    answers = {path: with_a_class.get(path) for path in paths}

    assert {200} == {answer.status_code for answer in answers.values()}
    assert [] == [path for path, answer in answers.items() if EXPOSED not in answer.text]
    assert len(paths) >= 9


@pytest.mark.parametrize("path", ["/sign-in/number", "/sign-in/as/{amina}", "/join/pin", "/join/pictures"])
def test_row_01_a_page_that_asks_for_a_pin_says_that_it_can_be_heard(
    with_a_class: FlaskClient, amina: Person, path: str
) -> None:
    assert "hear a PIN or pictures" in with_a_class.get(path.format(amina=amina.id)).text


def test_row_01_the_first_claim_says_what_can_be_heard(boxes: Any) -> None:
    client = create_app(boxes()).test_client()

    assert EXPOSED in client.get("/claim").text
    assert EXPOSED not in client.get("/claim", base_url=HTTPS).text


def test_row_01_over_https_there_is_nothing_to_say(app: Flask) -> None:
    client = app.test_client()

    assert [] == [
        path for path in ("/sign-in/password", "/sign-in/number") if EXPOSED in client.get(path, base_url=HTTPS).text
    ]


def test_row_01_a_password_is_asked_for_so_that_no_browser_can_send_it_over_http(app: Flask) -> None:
    page = app.test_client().get("/sign-in/password").text

    assert 'id="f-password"' in page
    assert 'name="password"' not in page


def test_row_01_a_password_that_comes_over_http_all_the_same_is_not_looked_at(app: Flask) -> None:
    client = app.test_client()
    sent = {"csrf": word(client, "/sign-in/password"), "name": "staff", "password": PASSWORD}

    answer = client.post("/sign-in/password", data=sent, headers={"Origin": "http://localhost"})

    assert 400 == answer.status_code
    assert "was not sent" in answer.text


def test_row_01_over_https_the_plain_form_will_do(app: Flask) -> None:
    client = app.test_client()
    sent = {"csrf": word(client, "/sign-in/password", base_url=HTTPS), "name": "staff", "password": PASSWORD}

    answer = client.post("/sign-in/password", data=sent, headers={"Origin": HTTPS}, base_url=HTTPS)

    assert "/staff" == answer.location


# ---- 2: the cookie ----


def test_row_02_the_session_cookie_is_http_only_and_same_site(app: Flask) -> None:
    (cookie,) = cookies(app.test_client())

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_row_02_the_session_cookie_is_secure_behind_tls(boxes: Any) -> None:
    box = boxes(config=Config(is_behind_tls=True))
    box.setup.claim(str(box.setup.label_code()), PASSWORD, "Grade 8 B")

    (cookie,) = cookies(create_app(box).test_client(), base_url=HTTPS)

    assert "Secure" in cookie


# ---- 3: another session at each sign-in ----


def test_row_03_session_id_is_rotated_at_login(app: Flask, box: Box) -> None:
    client = app.test_client()
    (planted,) = [one.partition("=")[2].partition(";")[0] for one in cookies(client)]

    answer = sign_in(client)

    (given,) = [one.partition("=")[2].partition(";")[0] for one in answer.headers.getlist("Set-Cookie")]
    assert planted != given
    assert box.sessions.find(planted) is None
    assert "staff" == getattr(box.sessions.find(given), "kind", "")


def test_row_03_a_proof_counts_in_the_session_that_asked_for_it_alone(app: Flask) -> None:
    asked, thief = app.test_client(), app.test_client()
    origin = {"Origin": "http://localhost"}
    mine, theirs = word(asked, "/sign-in/password"), word(thief, "/sign-in/password")

    def post(path: str, said: Any) -> Any:
        return asked.post(path, data={"csrf": mine, **said}, headers=origin).get_json()

    proof = talk(post, "/sign-in/talk", "staff").says(PASSWORD)

    stolen = thief.post("/sign-in/password", data={"csrf": theirs, "name": "staff", **proof}, headers=origin)

    assert 400 == stolen.status_code


def test_row_03_a_proof_that_was_heard_proves_nothing_again(app: Flask) -> None:
    client = app.test_client()
    origin = {"Origin": "http://localhost"}
    sent = {"csrf": word(client, "/sign-in/password"), "name": "staff"}

    def post(path: str, said: Any) -> Any:
        return client.post(path, data={**sent, **said}, headers=origin).get_json()

    proof = talk(post, "/sign-in/talk", "staff").says("not the password")
    client.post("/sign-in/password", data={**sent, **proof}, headers=origin)

    again = client.post("/sign-in/password", data={**sent, **proof}, headers=origin)

    assert "open for too long" in again.text


# ---- 4: sessions end ----


def test_row_04_signing_out_ends_the_session_at_the_box_too(phone: Any, box: Box, amina: Person) -> None:
    phone.sends("/sign-in/number", number="D-1042", pin="4719")
    assert 1 == _sessions(box)

    phone.sends("/sign-out")

    assert 0 == _sessions(box)


def test_row_04_a_new_pin_ends_the_sessions_of_the_old_one(phone: Any, box: Box, amina: Person) -> None:
    phone.sends("/sign-in/number", number="D-1042", pin="4719")

    box.people.new_pin(amina.id)

    phone.opens("/me")
    assert phone.path.startswith("/sign-in")


def test_row_04_a_new_password_ends_the_sessions_of_the_old_one(staff: Any, box: Box) -> None:
    person = box.people.with_password("staff")
    assert person is not None

    box.accounts.change_password(person.id, "another long password")

    staff.opens("/staff")
    assert staff.path.startswith("/sign-in")


# ---- 5: shared devices ----


@pytest.mark.parametrize(("kind", "hours"), [("learner", 4), ("staff", 1)])
def test_row_05_an_idle_device_forgets_who_used_it(box: Box, clock: Any, amina: Person, kind: str, hours: int) -> None:
    person = box.people.with_password("staff") if kind == "staff" else amina
    assert person is not None
    cookie, _ = box.sessions.begin(person.id, kind, {})
    assert hours * 3_600 == IDLE_SECONDS_MAX[kind]

    clock.wind(hours * 3_600 + 1)

    assert box.sessions.find(cookie) is None


# ---- 6: guessing ----


def test_row_06_guessing_slows_the_account_on_that_device_and_nobody_else(
    phones: Callable[..., Any], box: Box, grade: Classroom, amina: Person
) -> None:
    guesser, elsewhere, classmate = phones("10.0.0.9"), phones("10.0.0.10"), phones("10.0.0.9")
    box.people.enrol_learner(grade.id, "Hodan Said", Secret("pin", "8350"), "D-1043")
    for guess in range(6):
        guesser.sends("/sign-in/number", number="D-1042", pin=f"00{guess}1")

    guesser.sends("/sign-in/number", number="D-1042", pin="4719")
    elsewhere.sends("/sign-in/number", number="D-1042", pin="4719")
    classmate.sends("/sign-in/number", number="D-1043", pin="8350")

    assert (400, "/", "/") == (guesser.status, elsewhere.path, classmate.path)


def test_row_06_guessing_a_password_or_a_code_is_slowed_down(phones: Callable[..., Any], grade: Classroom) -> None:
    guesser, other = phones("10.0.0.9"), phones("10.0.0.11")
    for guess in range(5):
        guesser.signs_in("staff", f"guess {guess}")
        other.sends("/sign-in/code", name="staff", code=f"CCCCC-DDDD{codes.CLASS_CODE_LETTERS}{guess}")

    guesser.signs_in("staff", PASSWORD)

    assert "Wait" in guesser.page
    assert "Wait" in other.page


# ---- 7 and 8: what is kept, and who may have little ----


def test_row_07_no_secret_is_kept_as_it_was_typed(box: Box, amina: Person) -> None:
    kept = dict(box.database.read().execute("select kind, secret from person").fetchall())

    assert kept["learner"].startswith("$argon2id$")
    assert kept["staff"].startswith("scram-scrypt$32768$")
    assert "4719" not in kept["learner"]
    assert PASSWORD not in kept["staff"]


def test_row_08_teachers_and_staff_never_have_a_pin_alone(box: Box, staff: Any, phone: Any) -> None:
    person = box.people.with_password("staff")
    assert person is not None

    with pytest.raises(Exception, match="not on this box"):
        box.people.change_secret(person.id, Secret("pin", "4719"))
    phone.sends(f"/sign-in/as/{person.id}", pin="4719")
    assert phone.path.startswith("/sign-in")


# ---- 9: forged forms ----


def test_row_09_no_write_is_taken_without_the_word_of_its_session(app: Flask) -> None:
    client = app.test_client()
    sign_in(client)
    writes = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or set())]

    refused = {
        rule.rule: client.post(_somewhere(rule.rule), headers={"Origin": "http://localhost"}).status_code
        for rule in writes
    }

    # Where a tool's key is the proof, a session is none, with or without its word.
    keyed = {rule.rule for rule in writes if taken_by(app.view_functions[rule.endpoint]).is_keyed}
    assert {rule.rule: 401 if rule.rule in keyed else 403 for rule in writes} == refused


def test_row_09_no_write_is_taken_from_another_port_of_the_box(app: Flask) -> None:
    client = app.test_client()
    sent = {"csrf": word(client, "/sign-in/password")}

    assert 403 == client.post("/guest", data=sent, headers={"Origin": "http://localhost:8410"}).status_code


# ---- 10 to 12: whose name, and whose pages ----


def test_row_10_a_box_answers_to_its_own_names_alone(boxes: Any) -> None:
    client = create_app(boxes(config=Config(allowed_hosts=("box.lan",)))).test_client()

    assert 400 == client.get("/", base_url="http://evil.example").status_code
    assert 302 == client.get("/sign-in", base_url="http://box.lan").status_code


@pytest.mark.parametrize("path", ["/", "/sign-in/password", "/claim", "/none"])
def test_row_10_a_new_box_shows_no_page_under_a_foreign_name(boxes: Any, path: str) -> None:
    """Where somebody's own page has its name point at the box, its script would read ours (DNS rebinding)."""
    client = create_app(boxes()).test_client()
    reached = {REACHED_AT: lambda: "10.42.0.1:8080"}

    answer = client.get(path, base_url="http://evil.example", environ_overrides=reached)

    assert (302, f"http://10.42.0.1:8080{path}") == (answer.status_code, answer.location)


def test_row_10_a_box_behind_https_sends_to_its_own_address(boxes: Any) -> None:
    config = Config(address="https://box.school.example", is_behind_tls=True)
    client = create_app(boxes(config=config)).test_client()

    answer = client.get("/library", base_url="https://evil.example")

    assert "https://box.school.example/library" == answer.location
    assert 200 == client.get("/sign-in/password", base_url="https://box.school.example").status_code


def test_row_11_pages_for_anybody_hold_no_secret(boxes: Any) -> None:
    box = boxes()
    code = str(box.setup.label_code())
    client = create_app(box).test_client()

    pages = [client.get(path, follow_redirects=True).text for path in ("/", "/claim", "/sign-in", "/ping")]

    assert not any(code in page or code.replace("-", "") in page for page in pages)
    assert not any(box.keys.public in page for page in pages)


def test_row_11_the_portal_tells_a_stranger_where_the_library_is_and_nothing_else(boxes: Any) -> None:
    box = boxes(config=Config(portal=True, address="http://box.lan", hub="https://hub.example"))
    code = str(box.setup.label_code())
    client = create_app(box).test_client()
    hosts = [*sorted(HOSTS), "evil.example", "box.lan"]

    answers = [client.get(path, base_url=f"http://{host}") for host in hosts for path in ("/", "/welcome", "/sign-in")]

    told = [one.text for one in answers]
    assert not any(secret in page for page in told for secret in (code, box.keys.public, box.id, "hub.example", "csrf"))
    assert not any("Set-Cookie" in one.headers for one in answers)


@pytest.mark.parametrize("away", ["//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example"])
def test_row_12_signing_in_leads_to_pages_of_this_box_alone(phone: Any, amina: Person, away: str) -> None:
    phone.sends(f"/sign-in/number?next={away}", number="D-1042", pin="4719")

    assert "/" == phone.path


@pytest.mark.parametrize("host", ["captive.apple.com", "www.msftconnecttest.com", "www.gstatic.com"])
@pytest.mark.parametrize("path", ["/", "/redirect", "/hotspot-detect.html", "/generate_204"])
def test_row_12_the_portal_leads_to_this_box_alone_whatever_it_is_asked(boxes: Any, host: str, path: str) -> None:
    client = create_app(boxes(config=Config(portal=True, address="http://box.lan"))).test_client()
    lies = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "Referer": "http://evil.example/"}

    answer = client.get(f"{path}?next=//evil.example/&url=http://evil.example", base_url=f"http://{host}", headers=lies)

    led = answer.location or re.findall(r'href="([^"]*)"', answer.text)[0]
    assert led in ("http://box.lan/", "http://box.lan/welcome")
    assert "evil.example" not in answer.text


def _sessions(box: Box) -> int:
    return int(box.database.read().execute("select count(*) from session").fetchone()[0])


def _somewhere(rule: str) -> str:
    """An address of this route; whether anything is there does not matter."""
    return re.sub(r"<[^>]*>", "gone", re.sub(r"<any\((\w+)[^>]*>", r"\1", rule))
