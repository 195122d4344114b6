"""The hub's role matrix: every route, asked for by everybody; one campus's things asked for by another's address; and
every route for boxes, asked with every key but the right one."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from provisioning.previews import Drafts
from sync.adoption import ADOPT_PATH
from sync.enrolment import Token
from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import reading, writing
from sync.hub.hub import Hub
from sync.hub.pages.second_factor import HAS_NONE, WAITING
from sync.keys import KeyPair, box_id
from sync.signing import sign_request
from sync.web.takes import PAGE, taken_by
from sync.wire import ENROL_PATH, SESSION_PATH, Enrol, Refusal

Box = Any
NewBox = Callable[[], Any]

VISITORS: dict[str, tuple[str, str, dict[str, str]]] = {
    "nobody": ("", "", {}),
    "waiting": ("", "", {WAITING: "Rana"}),
    "without": ("Omar", "staff", HAS_NONE),
    "staff": ("Rana", "staff", {}),
}
"""Person, kind and data of a session. Who waits has proven a password alone; who is without has no second factor
where others have one."""

ANYBODY = frozenset(VISITORS)
SIGNED_IN = frozenset({"without", "staff"})
STAFF = frozenset({"staff"})
NOT_YET_SAFE = ANYBODY - {"without"}
"""Open to all; but whoever comes without a second factor is led to setting one up first."""

MATRIX = {
    "accounts.claim_page": ANYBODY,
    "accounts.claim": ANYBODY,
    "accounts.sign_in_page": ANYBODY,
    "accounts.talk": ANYBODY,
    "accounts.sign_in": ANYBODY,
    "accounts.sign_out": ANYBODY,
    "accounts.second_code": ANYBODY,
    "accounts.prove_code": ANYBODY,
    "accounts.second_factor": SIGNED_IN,
    "accounts.second_factor_talk": SIGNED_IN,
    "accounts.keep_second_factor": SIGNED_IN,
    "campuses.fleet": STAFF,
    "campuses.make_campus": STAFF,
    "campuses.campus": STAFF,
    "campuses.make_token": STAFF,
    "campuses.make_batch": STAFF,
    "campuses.revoke": STAFF,
    "carrying.ask": NOT_YET_SAFE,
    "carrying.take": NOT_YET_SAFE,
    "carrying.fetch": NOT_YET_SAFE,
    "courses.courses": STAFF,
    "courses.course": STAFF,
    "courses.publish_page": STAFF,
    "courses.publish": STAFF,
    "courses.withdraw": STAFF,
    "courses.roll_back": STAFF,
    "drafts.draft": STAFF,
    "drafts.make": STAFF,
    "drafts.files": STAFF,
    "drafts.announce": STAFF,
    "drafts.put": STAFF,
    "drafts.begin": STAFF,
    "drafts.words": STAFF,
    "drafts.moved": STAFF,
    "drafts.campuses": STAFF,
    "drafts.publish": STAFF,
    "drafts.discard": STAFF,
    "library.course": STAFF,
    "library.activity": STAFF,
    "library.file": STAFF,
    "library.poster": STAFF,
    "library.captions": STAFF,
    "copy.fetch": STAFF,
    "quiz.page": STAFF,
    "quiz.keep": STAFF,
    "quiz.file": STAFF,
    "campuses.languages": STAFF,
    "keeping.settle": STAFF,
    "keeping.replace": STAFF,
    "keeping.adoption": STAFF,
    "keeping.audit": STAFF,
    "learners.export": STAFF,
    "learners.ask_erase": STAFF,
    "learners.erase": STAFF,
    "said.roster": STAFF,
    "said.add_class": STAFF,
    "said.add_learner": STAFF,
    "said.decide": STAFF,
    "said.rename_class": STAFF,
    "said.learner": STAFF,
    "said.change_learner": STAFF,
    "said.study_elsewhere": STAFF,
    "said.notices": STAFF,
    "said.announce": STAFF,
    "said.withdraw": STAFF,
    "said.assign": STAFF,
    "said.unassign": STAFF,
    "said.budget": STAFF,
    "said.rules": STAFF,
    "signing.signing": STAFF,
    "openapi.read": STAFF,
    "styleguide.show": NOT_YET_SAFE,
    "styleguide.ping": ANYBODY,
    "static_file": ANYBODY,
    "choose_language": ANYBODY,
    "choose_look": ANYBODY,
    "catalogue.catalogue": ANYBODY,
    "mirror.fetch": ANYBODY,
    "protocol.enrol": ANYBODY,
    "protocol.adopt": ANYBODY,
    "protocol.session": ANYBODY,
}
"""Who gets past the door of each route. What boxes fetch is public by design: it is named by its content, and signed;
what they say proves its box by a signature, whoever's browser it comes from."""


@pytest.fixture
def database_url() -> str | None:
    """These doors are the same whatever the database: the hub's own file will do."""
    return None


@pytest.fixture
def app(hub: Hub) -> Flask:
    """The application of a hub where one of two accounts has a second factor."""
    for name in ("Rana", "Omar"):
        hub.staff.add(name, "water finds its way")
    with writing(hub.engine) as connection:
        row = {"name": "Rana", "secret": "JBSWY3DPEHPK3PXP", "last_step": 0, "salt": "", "made_seconds": 1}
        connection.execute(schema.second_factor.insert().values(row))
    return create_app(hub, looks=Drafts(hub).pages())


# ---- who gets past the door ----


def test_every_route_is_in_the_matrix(app: Flask) -> None:
    assert MATRIX.keys() == {rule.endpoint for rule in app.url_map.iter_rules()}


def test_each_route_lets_in_whom_it_should(app: Flask, hub: Hub) -> None:
    assert {page: _let_in(app, hub, page) for page in MATRIX} == MATRIX


def test_only_who_has_proven_a_password_is_asked_for_a_code(app: Flask, hub: Hub) -> None:
    asked = {visitor: _asks(app, hub, visitor, "GET", "/sign-in/code").status_code for visitor in VISITORS}

    assert {"nobody": 303, "waiting": 200, "without": 303, "staff": 303} == asked


def test_a_stranger_without_a_page_of_ours_can_send_no_form(app: Flask) -> None:
    forms = [
        _path(rule)
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not taken_by(app.view_functions[rule.endpoint]).is_signed
    ]

    answers = {path: app.test_client().post(path).status_code for path in forms}

    assert dict.fromkeys(forms, 403) == answers


def test_every_page_of_staff_has_the_whole_of_its_header(app: Flask, hub: Hub, new_box: NewBox, publishes: Any) -> None:
    """What a page calls by the name of something that every page has, hides it: then no language can be chosen."""
    publishes("water", core={"index.html": b"Water"})
    campus = hub.fleet.campus_called("Wadi").id
    there = {"campus_id": campus, **_said_to(hub, campus, new_box())}
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if MATRIX[rule.endpoint] == STAFF
        and "GET" in (rule.methods or ())
        and taken_by(app.view_functions[rule.endpoint]).gives == PAGE
    ]
    paths = [re.sub(r"<(?:[^>]+:)?(\w+)>", lambda named: there.get(named[1], "gone"), rule.rule) for rule in rules]
    pages = {path: _asks(app, hub, "staff", "GET", path) for path in paths}
    shown = {path: page.text for path, page in pages.items() if page.status_code == 200}

    lacking = {
        path: [
            part for part in ("– Qanat</title>", "<span>Qanat<small>", 'href="/language/fr?next=') if part not in text
        ]
        for path, text in shown.items()
    }

    assert len(lacking) > 8
    assert {} == {path: missing for path, missing in lacking.items() if missing}


def test_a_route_without_a_row_is_found(app: Flask) -> None:
    app.add_url_rule("/planted", "planted", lambda: "Everything of everybody.")

    assert {"planted"} == {rule.endpoint for rule in app.url_map.iter_rules()} - MATRIX.keys()


def test_a_page_that_lost_its_guard_is_found(app: Flask, hub: Hub) -> None:
    guarded: Any = app.view_functions["campuses.fleet"]
    app.view_functions["campuses.fleet"] = guarded.__wrapped__

    assert _let_in(app, hub, "campuses.fleet") == NOT_YET_SAFE != MATRIX["campuses.fleet"]


# ---- one campus by another's address ----


@pytest.mark.parametrize(
    "path",
    [
        "classes/{classroom}",
        "learners/{learner}",
        "learners/{learner}/elsewhere",
        "learners/{learner}/erase",
        "learners/{learner}/export.zip",
        "proposals/{proposal}",
        "announcements/{announcement}/withdraw",
        "assignments/{assignment}/withdraw",
    ],
)
def test_what_is_of_one_campus_is_not_changed_by_the_address_of_another(
    app: Flask, hub: Hub, new_box: NewBox, publishes: Any, path: str
) -> None:
    """The page of one campus is open, and the form names something of the other."""
    publishes("water", core={"index.html": b"Water"})
    wadi, coast = hub.fleet.campus_called("Wadi").id, hub.fleet.campus_called("Coast").id
    there = _said_to(hub, coast, new_box())
    at_home = hub.roster.add_class(wadi, "Grade 7 C")
    before = _state(hub, coast)
    assert all(before)

    fields = {"name": "Taken", "number": "1", "class": at_home, "place": f"{wadi}/{at_home}", "accept": "1"}
    fields["seen"] = "Grade 7 D"
    answer = _asks(app, hub, "staff", "POST", f"/campuses/{wadi}/{path.format(**there)}", fields)

    assert answer.status_code in (303, 400, 404, 422)
    assert before == _state(hub, coast)


def test_the_page_of_a_learner_is_not_shown_at_another_campus(app: Flask, hub: Hub) -> None:
    wadi, coast = hub.fleet.campus_called("Wadi").id, hub.fleet.campus_called("Coast").id
    learner = hub.roster.add_learner(coast, hub.roster.add_class(coast, "Grade 7 D"), "Sahra Ali")

    own, other = (_asks(app, hub, "staff", "GET", f"/campuses/{campus}/learners/{learner}") for campus in (coast, wadi))

    assert (True, False) == tuple("Sahra Ali" in answer.text for answer in (own, other))


# ---- boxes, and every key but the right one ----


def _of_another(box: Box, other: Box) -> tuple[KeyPair, str]:
    return other.keys, other.id


def _of_another_under_its_name(box: Box, other: Box) -> tuple[KeyPair, str]:
    return other.keys, box.id


def _of_nobody(box: Box, other: Box) -> tuple[KeyPair, str]:
    keys = KeyPair.from_seed(bytes(32))
    return keys, box_id(keys.public)


@pytest.mark.parametrize("key", [_of_another, _of_another_under_its_name, _of_nobody])
@pytest.mark.parametrize("path", [SESSION_PATH, ENROL_PATH])
def test_a_message_under_another_key_is_refused_and_nothing_is_kept(
    hub: Hub, client: FlaskClient, new_box: NewBox, box: Box, path: str, key: Callable[[Box, Box], tuple[KeyPair, str]]
) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campus_called("Coast")))
    box.writes("class", class_="7b", name="Class 7b")
    body = _message(hub, box, path)
    before = _rows(hub)

    keys, name = key(box, other)
    reply = client.post(path, data=body, headers=sign_request("POST", path, body, keys, name))

    assert reply.status_code in (401, 403)
    assert Refusal.from_bytes(reply.data).code in ("signature", "box-unknown")
    assert before == _rows(hub)


@pytest.mark.parametrize("path", [SESSION_PATH, ENROL_PATH])
def test_a_box_out_of_service_is_refused_and_nothing_is_kept(
    hub: Hub, client: FlaskClient, box: Box, path: str
) -> None:
    box.writes("class", class_="7b", name="Class 7b")
    body = _message(hub, box, path)
    hub.fleet.revoke(box.id)
    before = _rows(hub)

    reply = client.post(path, data=body, headers=sign_request("POST", path, body, box.keys, box.id))

    assert (403, "box-unknown") == (reply.status_code, Refusal.from_bytes(reply.data).code)
    assert before == _rows(hub)


@pytest.mark.parametrize("path", [SESSION_PATH, ENROL_PATH])
def test_the_same_message_under_the_right_key_is_kept(hub: Hub, client: FlaskClient, box: Box, path: str) -> None:
    """So the refusals above were for the key, and for nothing else."""
    box.writes("class", class_="7b", name="Class 7b")
    token = hub.fleet.make_token(hub.fleet.campus_called("Wadi"))
    body = _message(hub, box, path, token)
    before = _rows(hub)

    reply = client.post(path, data=body, headers=sign_request("POST", path, body, box.keys, box.id))

    assert 200 == reply.status_code
    assert before != _rows(hub)


def test_there_is_no_route_for_boxes_that_asks_for_no_key_and_takes_anything(app: Flask) -> None:
    """What asks for no key gives alone: packs and lists, each named by its content."""
    below = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/sync/")]

    unsigned = [rule for rule in below if not taken_by(app.view_functions[rule.endpoint]).is_signed]

    assert {SESSION_PATH, ENROL_PATH, ADOPT_PATH} == {rule.rule for rule in below} - {rule.rule for rule in unsigned}
    assert [] == [rule.rule for rule in unsigned if not {"GET", "HEAD", "OPTIONS"} >= set(rule.methods or ())]


def _let_in(app: Flask, hub: Hub, page: str) -> frozenset[str]:
    """Who gets past the door; a wrong or harmless form is used, so that nothing is changed on the way."""
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == page)
    method = "POST" if "POST" in (rule.methods or ()) else "GET"
    answers = {visitor: _asks(app, hub, visitor, method, _path(rule)) for visitor in VISITORS}
    return frozenset(visitor for visitor, answer in answers.items() if not _is_sent_away(answer, rule))


def _is_sent_away(answer: TestResponse, rule: Rule) -> bool:
    place = answer.location or ""
    return place.startswith("/sign-in?next=") or (place == "/second-factor" and rule.rule != "/second-factor")


def _asks(
    app: Flask, hub: Hub, visitor: str, method: str, path: str, fields: dict[str, str] | None = None
) -> TestResponse:
    cookie, session = hub.sessions.begin(*VISITORS[visitor])
    client = app.test_client()
    client.set_cookie("qanat-hub", cookie)
    headers = {"Origin": "http://localhost", "X-Csrf": session.csrf}
    return client.open(path, method=method, headers=headers, data=fields if method == "POST" else None)


def _path(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "gone", re.sub(r"<int:[^>]+>", "0", rule.rule))


def _said_to(hub: Hub, campus: str, theirs: Box) -> dict[str, str]:
    """Something of each kind at a campus, by the name that its address has for it."""
    classroom = hub.roster.add_class(campus, "Grade 7 D")
    theirs.enrols(hub.fleet.make_token(hub.fleet.campus_called("Coast")))
    wish = {"about": "class", "id": classroom, "field": "name", "was": "Grade 7 D", "value": "Grade 7 E"}
    theirs.writes("proposed", proposal="wish", **wish)
    theirs.sends()
    return {
        "classroom": classroom,
        "learner": hub.roster.add_learner(campus, classroom, "Sahra Ali"),
        "proposal": "wish",
        "announcement": hub.notices.announce(campus, "The well is open again.", 3),
        "assignment": hub.notices.assign(campus, classroom, "water", 3),
    }


def _state(hub: Hub, campus: str) -> tuple[Any, ...]:
    return (
        hub.roster.classes(campus),
        hub.roster.proposals(campus),
        hub.notices.announcements(campus),
        hub.notices.assignments(campus),
    )


def _message(hub: Hub, box: Box, path: str, token: Token | None = None) -> bytes:
    if path == SESSION_PATH:
        return bytes(box.report().to_bytes())
    token = token or hub.fleet.make_token(hub.fleet.campus_called("Wadi"))
    return Enrol(token.secret, box.keys.public, "Lab", box.name()).to_bytes()


def _rows(hub: Hub) -> dict[str, list[Any]]:
    """Everything that the hub keeps."""
    with reading(hub.engine) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table)).all()))
            for table in schema.METADATA.sorted_tables
        }
