"""Rows 30 and 34 of docs/security.md: a box sees its own campus alone, and takes no more than its share of the hub."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.adoption import ADOPT_PATH
from sync.enrolment import Token
from sync.hub import pace
from sync.hub.app import create_app
from sync.hub.hub import Hub
from sync.hub.pace import REPORTS_AT_ONCE, REPORTS_PER_SECOND, Pace, Share, taken
from sync.signing import sign_request
from sync.web.names import own_names
from sync.wire import ENROL_PATH, SESSION_PATH, Enrol, Refusal

Box = Any
NewBox = Callable[[], Any]
OPEN = ("/sync/packs/", "/static/", "/carry", "/claim", "/sign-in", "/ping", "/language/", "/look/", "/styleguide")
"""Where nobody needs a key: what is named by its content or sealed to its reader, and the doors themselves."""


def test_row_30_a_box_cannot_speak_for_another(hub: Hub, new_box: NewBox, token: Token, box: Box) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campus_called("Elsewhere")))
    box.writes("class", class_="7b", name="Class 7b")
    report = box.report()

    forged = box.posts(SESSION_PATH, report.to_bytes(), keys=other.keys)
    enrolled = box.posts(
        ENROL_PATH, Enrol(token.secret, box.keys.public, "x", "n").to_bytes(), keys=other.keys, keyid=box.id
    )

    assert ["signature", "signature"] == [Refusal.from_bytes(reply.data).code for reply in (forged, enrolled)]
    assert 0 == sum(one.events for one in hub.fleet.boxes())


def test_row_30_a_box_hears_nothing_of_another_campus(hub: Hub, new_box: NewBox, box: Box) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campus_called("Elsewhere")))
    box.writes("learner", "amina", name="Amina Warsame", class_="7b")
    box.sends()

    heard = other.posts(SESSION_PATH, other.report().to_bytes()).data

    assert b"Amina" not in heard
    assert box.id.encode() not in heard


def test_row_30_every_other_route_asks_for_staff_whoever_signs(hub: Hub, client: FlaskClient, box: Box) -> None:
    hub.staff.add("Rana", "water finds its way")
    rules = [
        (rule.rule, method)
        for rule in client.application.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
        if not rule.rule.startswith(OPEN) and rule.rule not in (SESSION_PATH, ENROL_PATH, ADOPT_PATH, "/sign-out")
    ]

    let_in = [(rule, method) for rule, method in rules if _is_answered(client, box, rule, method)]

    assert [] == let_in


def test_row_34_a_box_that_asks_without_end_is_told_to_come_later(
    monkeypatch: pytest.MonkeyPatch, hub: Hub, new_box: NewBox, token: Token
) -> None:
    monkeypatch.setattr(pace, "REPORTS_AT_ONCE", 5)
    box, neighbour = new_box(), new_box()
    box.enrols(token)
    neighbour.enrols(hub.fleet.make_token(hub.fleet.campus_called("Elsewhere")))

    replies = [box.posts(SESSION_PATH, box.report().to_bytes()) for _ in range(8)]

    assert 503 == replies[-1].status_code
    assert ("busy", "60") == (Refusal.from_bytes(replies[-1].data).code, replies[-1].headers["Retry-After"])
    assert 200 == neighbour.posts(SESSION_PATH, neighbour.report().to_bytes()).status_code


def test_row_34_the_share_grows_again_and_no_further() -> None:
    empty = Share(0.0, 100.0)

    assert taken(empty, 100.0) is None
    assert Share(REPORTS_PER_SECOND - 1, 101.0) == taken(empty, 101.0)
    assert Share(REPORTS_AT_ONCE - 1, 10_000.0) == taken(empty, 10_000.0)


def test_row_34_what_is_remembered_of_boxes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "BOXES_KEPT_MAX", 10)
    shares = Pace()

    for number in range(50):
        assert shares.has_room(f"box-{number}", 0.0)

    assert 10 == len(shares._shares)


@pytest.mark.parametrize(("told", "is_behind_proxy"), [(["hub.example.org"], True), ([], False)])
def test_row_10_a_hub_shows_no_page_under_a_foreign_name(hub: Hub, told: list[str], is_behind_proxy: bool) -> None:
    client = create_app(hub, names=own_names(told, is_behind_proxy=is_behind_proxy)).test_client()

    asked = [client.get(path, base_url="http://evil.example").status_code for path in ("/", "/claim", "/sign-in")]

    assert [400, 400, 400] == asked
    assert 200 == client.get("/claim", base_url="http://10.1.2.3:8080").status_code


def test_row_10_a_box_is_heard_by_whatever_name_it_knows_its_hub(hub: Hub, box: Box) -> None:
    """What boxes say is signed, and their settings may hold a name of years ago."""
    client = create_app(hub, names=own_names(["hub.example.org"], is_behind_proxy=True)).test_client()

    def answers(name: str) -> list[tuple[int, bytes]]:
        replies = [client.post(path, base_url=f"http://{name}") for path in (SESSION_PATH, ENROL_PATH)]
        return [(reply.status_code, reply.data) for reply in replies]

    said = answers("old-name.example")

    assert answers("hub.example.org") == said
    assert all(b"message" in body for _, body in said)


def _is_answered(client: FlaskClient, box: Box, rule: str, method: str) -> bool:
    """Whether a request that bears a box's signature gets past the door of a page."""
    path = rule.replace("<", "").replace(">", "").replace("path:", "").replace("int:", "")
    headers = sign_request(method, path, b"", box.keys, box.id)
    status = client.open(path, method=method, headers=headers).status_code
    return status not in (303, 308, 401, 403, 404, 405)
