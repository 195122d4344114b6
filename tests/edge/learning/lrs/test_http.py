"""The store over HTTP: versions, who may ask, HEAD, forms, other origins, limits, and the real front before it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from edge.box import Box
from edge.learning.lrs import pages
from edge.learning.lrs.attachments import BYTES_MAX
from edge.learning.lrs.resources import RESOURCES
from edge.serve import sites
from sync.web.front import Front, Site
from tests.edge.learning.lrs.conftest import ACTIVITY, AMAL, VERSION, Tool, Tools, statement, uuid_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
THROUGH = "X-Experience-API-Consistent-Through"
ASKED = {
    "about": {},
    "statements": {},
    "agents": {"agent": AMAL},
    "activities": {"activityId": ACTIVITY},
    "activities/state": {"activityId": ACTIVITY, "agent": AMAL},
    "activities/profile": {"activityId": ACTIVITY},
    "agents/profile": {"agent": AMAL},
}
resources = pytest.mark.parametrize("resource", list(ASKED))
others = pytest.mark.parametrize("resource", [name for name in ASKED if name != "about"])


# ---- versions ----


def test_about_says_which_versions_are_spoken(tool: Tool) -> None:
    answer = tool.asks("GET", "about", headers={VERSION: None, "Authorization": None})

    assert (200, {"version": ["1.0.3", "2.0.0"]}) == (answer.status_code, answer.get_json())


SPOKEN = {"1.0": "1.0.3", "1.0.0": "1.0.3", "1.0.9": "1.0.3", "2.0": "2.0.0", "2.0.0": "2.0.0"}


@others
def test_an_answer_states_the_version_of_its_request(tool: Tool, resource: str) -> None:
    answers = {asked: tool.asks("GET", resource, headers={VERSION: asked}, **ASKED[resource]) for asked in SPOKEN}

    assert SPOKEN == {asked: answer.headers[VERSION] for asked, answer in answers.items()}
    assert {200} == {answer.status_code for answer in answers.values()}


def test_a_version_that_is_not_spoken_is_refused(tool: Tool) -> None:
    strange = (None, "", "0.95", "1", "1.1.0", "2.1.0", "1.0.x", "3.0.0", "1.0.3\x7f", "١.0")

    answers = [tool.asks("GET", "statements", headers={VERSION: asked}) for asked in strange]

    assert {(400, "1.0.3")} == {(answer.status_code, answer.headers[VERSION]) for answer in answers}


@pytest.mark.parametrize("spoken", ["1.0.3", "2.0.0"])
def test_who_states_no_version_is_refused_in_the_one_that_they_last_spoke(tools: Tools, spoken: str) -> None:
    tool, other = tools(spoken), tools("1.0.3" if spoken == "2.0.0" else "2.0.0")
    for one in (tool, other):
        one.asks("GET", "statements")

    answer = tool.asks("GET", "statements", headers={VERSION: None})

    assert (400, spoken) == (answer.status_code, answer.headers[VERSION])


# ---- who may ask ----


@others
def test_nobody_is_let_in_without_a_key(tool: Tool, resource: str) -> None:
    none = (None, "", "Basic", "Basic !", "Basic Og==", "Basic YTpi", "Bearer x", "Basic /w==", "basic " + "A" * 4000)

    answers = [tool.asks("GET", resource, headers={"Authorization": one}, **ASKED[resource]) for one in none]

    found = {(answer.status_code, answer.headers["WWW-Authenticate"][:12]) for answer in answers}
    assert {(401, "Basic realm=")} == found


def test_a_session_is_no_authority(box: Box, tool: Tool) -> None:
    cookie, _ = box.sessions.begin("somebody", "staff", {})

    answer = tool.asks("GET", "statements", headers={"Authorization": None, "Cookie": f"qanat-box={cookie}"})

    assert 401 == answer.status_code
    assert "Set-Cookie" not in answer.headers


def test_a_key_that_was_revoked_opens_nothing_any_more(box: Box, tool: Tool) -> None:
    (key,) = box.lrs.credentials.listed()
    before = tool.asks("GET", "statements").status_code

    box.lrs.credentials.revoke(key.key)

    assert (200, 401) == (before, tool.asks("GET", "statements").status_code)


def test_only_a_digest_of_a_secret_is_kept(box: Box) -> None:
    key, secret = box.lrs.credentials.make("a tool")

    kept = box.database.read().execute("select * from lrs_key").fetchone()

    assert 32 == len(secret)
    assert (key, "a tool") == (kept["key"], kept["name"])
    assert secret.encode() not in b"".join(str(value).encode() for value in kept)


def test_a_tool_may_know_the_box_by_any_name(tool: Tool) -> None:
    """The proof is in the request, and no page that has our address under its own name can send it."""
    answers = [tool.asks("GET", "statements", headers={"Host": name}) for name in ("box", "school.example.org:8080")]

    assert [200, 200] == [answer.status_code for answer in answers]


# ---- methods ----


@resources
def test_head_says_what_get_says_without_saying_it(tool: Tool, resource: str) -> None:
    got, head = (tool.asks(method, resource, **ASKED[resource]) for method in ("GET", "HEAD"))

    assert (200, 200, b"") == (got.status_code, head.status_code, head.data)
    assert {**got.headers, THROUGH: ""} == {**head.headers, THROUGH: ""}


@pytest.mark.parametrize(
    ("method", "resource"),
    [("DELETE", "statements"), ("PUT", "agents"), ("POST", "activities"), ("DELETE", "about"), ("PATCH", "statements")],
)
def test_a_method_that_a_resource_has_not_is_refused(tool: Tool, method: str, resource: str) -> None:
    assert 405 == tool.asks(method, resource, body={}, **ASKED[resource]).status_code


def test_every_answer_says_up_to_when_it_knows_everything(tool: Tool) -> None:
    answers = [tool.asks("GET", "statements"), tool.asks("GET", "statements", limit="x"), tool.asks("GET", "agents")]

    assert [True, True, True] == [answer.headers[THROUGH].endswith("Z") for answer in answers]


def test_what_is_still_being_written_is_not_said_to_be_known(box: Box) -> None:
    begun_ms = box.clock.now().wall_milliseconds
    box.lrs.flights.track(box.database.submit, lambda connection: None)
    box.clock.wind(60)  # type: ignore[attr-defined]
    under_way = box.lrs.flights.known_ms()

    box.database.commit_pending()

    assert (begun_ms - 1, begun_ms + 60_000 - 1) == (under_way, box.lrs.flights.known_ms())


# ---- requests that come as forms ----


def as_form(tool: Tool, method: str, resource: str, version: str = "1.0.3", **fields: str) -> Any:
    data = urlencode({VERSION: version, "Authorization": tool.authorization, **fields}).encode()
    return tool.asks("POST", resource, body=data, method=method, headers={**FORM, VERSION: None, "Authorization": None})


def test_a_request_may_come_as_a_form(tool: Tool) -> None:
    agent = json.dumps(AMAL)
    state = {"activityId": ACTIVITY, "agent": agent, "stateId": "s"}

    put = as_form(tool, "PUT", "statements", statementId=uuid_of(1), content=json.dumps(statement()))
    got = as_form(tool, "GET", "statements", agent=agent)
    posted = as_form(tool, "POST", "statements", content=json.dumps(statement(id=uuid_of(2))))
    kept = as_form(tool, "PUT", "activities/state", content="a & b = ماء", **{"Content-Type": "text/plain"}, **state)
    read = as_form(tool, "GET", "activities/state", **state)
    gone = as_form(tool, "DELETE", "activities/state", **state)

    assert (204, 200, 204, 204) == (put.status_code, posted.status_code, kept.status_code, gone.status_code)
    assert [uuid_of(1)] == [one["id"] for one in got.get_json()["statements"]]
    assert ("a & b = ماء", "text/plain") == (read.text, read.mimetype)


def test_a_form_may_state_conditions(tool: Tool) -> None:
    profile = {"activityId": ACTIVITY, "profileId": "p"}
    statuses = [
        as_form(tool, "PUT", "activities/profile", content="{}", **{"If-None-Match": "*"}, **profile).status_code
        for _ in range(2)
    ]

    assert [204, 412] == statuses


@pytest.mark.parametrize(
    ("http", "said", "fields", "kind"),
    [
        ("PUT", {"method": "POST"}, {"content": "{}"}, FORM),
        ("POST", {"method": "PUT", "statementId": uuid_of(1)}, {"content": "{}"}, FORM),
        ("POST", {"method": "PUT"}, {"statementId": uuid_of(1)}, FORM),
        ("POST", {"method": "PUT"}, {"statementId": uuid_of(1), "content": "{}", VERSION: "0.8"}, FORM),
        ("POST", {"method": "GET"}, {"colour": "blue"}, FORM),
        ("POST", {"method": "PUT"}, {"statementId": uuid_of(1), "content": "{}"}, {"Content-Type": "application/json"}),
    ],
)
def test_a_form_that_is_none_is_refused(
    tool: Tool, http: str, said: dict[str, str], fields: dict[str, str], kind: dict[str, str]
) -> None:
    answer = tool.asks(http, "statements", body=urlencode(fields).encode(), headers=kind, **said)

    assert 400 == answer.status_code


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_version_2_has_no_requests_that_come_as_forms(tool: Tool, method: str) -> None:
    answer = as_form(tool, method, "statements", "2.0.0", content="{}")

    assert 400 == answer.status_code


def test_a_form_that_is_no_text_or_says_a_thing_twice_is_refused(tool: Tool) -> None:
    statuses = [
        tool.asks("POST", "statements", body=body, method="GET", headers=FORM).status_code
        for body in (b"agent=\xff", b"agent=%ff", b"limit=1&limit=2", b"&".join([b"a=1"] * 99))
    ]

    assert {400} == set(statuses)


# ---- other origins ----


@resources
def test_other_origins_may_ask_with_a_key_and_without_a_cookie(tool: Tool, resource: str) -> None:
    before = tool.asks(
        "OPTIONS", resource, headers={VERSION: None, "Authorization": None, "Origin": "http://elsewhere"}
    )
    answer = tool.asks("GET", resource, headers={"Origin": "http://elsewhere"}, **ASKED[resource])
    refused = tool.asks("GET", resource, colour="blue", headers={"Origin": "http://elsewhere"})

    assert (204, b"") == (before.status_code, before.data)
    assert {"Authorization", VERSION, "If-Match"} <= set(before.headers["Access-Control-Allow-Headers"].split(", "))
    assert ["*"] * 3 == [one.headers["Access-Control-Allow-Origin"] for one in (before, answer, refused)]
    assert not any("Access-Control-Allow-Credentials" in one.headers for one in (before, answer, refused))
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]


def test_what_a_tool_keeps_is_no_page_of_ours(tool: Tool) -> None:
    said = {"activityId": ACTIVITY, "agent": AMAL, "stateId": "page"}
    tool.asks("PUT", "activities/state", body=b"<script>", headers={"Content-Type": "text/html"}, **said)

    headers = tool.asks("GET", "activities/state", **said).headers

    assert "default-src 'none'; frame-ancestors 'none'; sandbox" == headers["Content-Security-Policy"]
    assert "nosniff" == headers["X-Content-Type-Options"]


# ---- limits ----


def test_a_body_that_is_too_large_is_refused(tool: Tool) -> None:
    kind = {"Content-Type": "multipart/mixed; boundary=x"}

    whole = tool.asks("POST", "statements", body=bytes(BYTES_MAX + 1), headers=kind)
    statements = tool.asks("POST", "statements", body=b" " * (3 << 20))
    form = tool.asks("POST", "statements", body=bytes(pages.FORM_BYTES_MAX + 1), method="GET", headers=FORM)

    assert [413, 413, 413] == [answer.status_code for answer in (whole, statements, form)]
    assert "1.0.3" == whole.headers[VERSION]


def test_too_many_statements_at_once_are_refused(tool: Tool) -> None:
    assert 413 == tool.asks("POST", "statements", body=[statement()] * 501).status_code


NO_JSON = [
    b"", b"{", b"[", b"1", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"actor":' * 50_000, b"[" * 33 + b"]" * 33,
    b'{"actor":{},"actor":{}}', b"[NaN]", b"[1e999]", b"[" + b"9" * 5000 + b"]", b'["\\ud800"]',
]  # fmt: skip


def test_what_is_no_json_of_ours_is_refused(tool: Tool) -> None:
    answers = [tool.asks("POST", "statements", body=body) for body in NO_JSON]

    assert {400} == {answer.status_code for answer in answers}
    assert {("error", "hint")} == {tuple(sorted(answer.get_json())) for answer in answers}


def test_an_extension_may_hold_numbers_as_they_are(tool: Tool) -> None:
    name = "http://example.org/e"
    said = {name: [1.5, -0.25, 12345678901234567890, 1e-7, None, True]}

    tool.states(statement(id=uuid_of(1), result={"extensions": said}))

    assert said == tool.reads(uuid_of(1))["result"]["extensions"]


def test_an_address_that_is_no_text_is_refused(tool: Tool) -> None:
    statuses = [tool.asks("GET", f"statements?{query}").status_code for query in ("verb=%ff", "limit=1&limit=1")]

    assert [400, 400] == statuses


def test_only_a_few_large_bodies_are_in_memory_at_once(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """While two are being read, a third is asked to come again, and a small one is not."""
    answers: list[Any] = []
    read = pages._body
    large: dict[str, Any] = {"body": b" " * (pages.LARGE_BYTES + 1)}

    def another(bytes_max: int) -> bytes:
        depth = len(answers)
        answers.append(None)
        if depth < pages.LARGE_AT_ONCE:
            answers[depth] = tool.asks("POST", "statements", **large)
        return read(bytes_max)

    monkeypatch.setattr(pages, "_body", another)
    tool.asks("POST", "statements", **large)
    small = tool.asks("POST", "statements", body=statement())

    assert (503, "2") == (answers[1].status_code, answers[1].headers["Retry-After"])
    assert (400, 200) == (answers[0].status_code, small.status_code)


# ---- through the front ----


@contextmanager
def served(box: Box) -> Iterator[httpx.Client]:
    box.start()
    key, secret = box.lrs.credentials.make()
    with Front([Site("127.0.0.1", 0, sites(box)[0].answerer)], box.clock).serving() as front:
        base = f"http://127.0.0.1:{front.ports[0]}/xapi/"
        with httpx.Client(base_url=base, auth=(key, secret), headers={VERSION: "1.0.3"}) as client:
            yield client


def test_an_answer_leaves_after_the_commit_and_a_fault_of_the_write_is_told_as_the_store_tells_it(box: Box) -> None:
    with served(box) as client:
        stored = client.post("statements", json=statement(id=uuid_of(1)))
        read = client.get("statements", params={"statementId": uuid_of(1)})
        refused = client.post("statements", json=statement(id=uuid_of(1), verb={"id": "http://example.org/other"}))

    assert (200, 200, 409) == (stored.status_code, read.status_code, refused.status_code)
    assert ("1.0.3", "*") == (refused.headers[VERSION], refused.headers["Access-Control-Allow-Origin"])
    assert "Another statement has the id" in refused.json()["error"]


def test_attachments_and_head_pass_the_front(box: Box) -> None:
    from tests.edge.learning.lrs.test_attachments import BOUNDARY, DRAWING, END, attached, first, part

    large = DRAWING * 60_000
    body = first(statement(attachments=[attached(large)])) + part(large) + END
    with served(box) as client:
        stored = client.post(
            "statements", content=body, headers={"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"}
        )
        answer = client.get("statements", params={"attachments": "true"})
        head = client.head("statements", params={"attachments": "true"})
        too_much = client.post("statements", content=bytes(BYTES_MAX + 1))

    assert (200, 200, 413) == (stored.status_code, head.status_code, too_much.status_code)
    assert large in answer.content
    assert b"" == head.content


def test_many_who_state_at_once_are_all_heard(box: Box) -> None:
    with served(box) as client, ThreadPoolExecutor(16) as pool:
        names = [uuid_of(number) for number in range(200)]
        statuses = list(pool.map(lambda name: client.post("statements", json=statement(id=name)).status_code, names))
        first = client.get("statements", params={"ascending": "true"}).json()
        rest = client.get(first["more"].removeprefix("/xapi/")).json()

    assert {200} == set(statuses)
    assert set(names) == {one["id"] for one in first["statements"] + rest["statements"]}
    box.journal.verify()


def test_each_resource_has_its_row_here() -> None:
    assert RESOURCES.keys() == ASKED.keys()
