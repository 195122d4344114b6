"""Rows 31, 32 and 35 of docs/security.md: what is said twice, what a revoked box hears, and addresses of packs."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from sync.hub.hub import Hub
from sync.wire import ENROL_PATH, PACK_PATH, SESSION_PATH, Enrol, Refusal

Box = Any
NewBox = Callable[[], Any]
FLOORS = ("catalog", "sync", "edge", "provisioning")
ROOT = Path(__file__).parents[3]


def events_of(hub: Hub) -> int:
    return sum(one.events for one in hub.fleet.boxes())


# ---- 31: said twice ----


def test_row_31_a_report_that_is_played_again_has_no_effect(hub: Hub, box: Box) -> None:
    """Somebody in between kept it, signature and all."""
    box.writes("class", class_="7b", name="Class 7b")
    report = box.report()
    first = box.posts(SESSION_PATH, report.to_bytes())
    before = events_of(hub)

    again = [box.posts(SESSION_PATH, report.to_bytes()) for _ in range(3)]

    assert {first.data} == {reply.data for reply in again}
    assert before == events_of(hub)


def test_row_31_a_report_from_before_the_last_answer_is_refused(hub: Hub, box: Box) -> None:
    box.writes("class", class_="7b", name="Class 7b")
    old = box.report()
    box.sends(old)
    box.writes("class", class_="7c", name="Class 7c")
    box.sends()
    before = events_of(hub)

    reply = box.posts(SESSION_PATH, old.to_bytes())

    assert (409, "nonce") == (reply.status_code, Refusal.from_bytes(reply.data).code)
    assert before == events_of(hub)


def test_row_31_a_batch_that_comes_again_in_a_new_report_is_taken_once(hub: Hub, box: Box) -> None:
    """The box lost the answer, or its memory of it: the same events, under a new nonce."""
    box.writes("class", class_="7b", name="Class 7b")
    batch = box.unsent()
    box.sends()
    before = events_of(hub)

    box.sends(box.report(batch))

    assert before == events_of(hub)


# ---- 32: revoked ----


def test_row_32_a_revoked_box_is_refused_and_nothing_of_it_is_kept(hub: Hub, box: Box) -> None:
    box.writes("class", class_="7b", name="Class 7b")
    hub.fleet.revoke(box.id)

    reply = box.posts(SESSION_PATH, box.report().to_bytes())

    assert 403 == reply.status_code
    assert 0 == events_of(hub)


def test_row_32_a_revoked_key_does_not_come_back_with_a_new_token(hub: Hub, box: Box) -> None:
    hub.fleet.revoke(box.id)
    token = hub.fleet.make_token(hub.fleet.campuses()[0])

    ask = Enrol(token.secret, box.keys.public, "Lab", "nonce-1")
    reply = box.posts(ENROL_PATH, ask.to_bytes())

    assert 200 != reply.status_code
    assert [True] == [one.is_revoked for one in hub.fleet.boxes()]


def test_row_32_who_is_revoked_hears_nothing_of_the_campus(hub: Hub, box: Box, new_box: NewBox) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campuses()[0]))
    other.writes("learner", "amina", name="Amina Warsame", class_="7b")
    other.sends()
    hub.fleet.revoke(box.id)

    reply = box.posts(SESSION_PATH, box.report().to_bytes())

    assert 403 == reply.status_code
    assert not [word for word in (b"Amina", other.id.encode()) if word in reply.data]


# ---- 35: addresses that bear a right ----


def test_row_35_no_address_bears_a_signature(publishes: Any, hub: Hub, box: Box) -> None:
    """A plan names packs; where they are is the hub's own address, and who may fetch them is everybody."""
    publishes("water", core={"index.html": b"<p>Water finds its way.</p>"})

    answer = box.sends()

    assert answer.plan
    assert all(re.fullmatch(r"[a-z0-9.-]+", parcel.pack) for parcel in answer.plan)
    assert b"://" not in answer.to_bytes()


def test_row_35_nothing_here_makes_such_addresses() -> None:
    """Packs are files of the hub; there is no object store, so nothing to sign an address for."""
    words = re.compile(r"presign|X-Amz-|generate_presigned|AWSAccessKeyId|\bboto", re.IGNORECASE)
    found = [
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*.py")
        if words.search(path.read_text())
    ]

    assert [] == found


def test_row_35_a_pack_can_be_read_by_its_name_and_changed_by_nobody(
    publishes: Any, box: Box, client: FlaskClient
) -> None:
    publishes("water", core={"index.html": b"<p>Water finds its way.</p>"})
    (parcel, *_) = box.sends().plan
    address = PACK_PATH + parcel.pack

    statuses = [client.open(address, method=method).status_code for method in ("GET", "PUT", "POST", "DELETE", "PATCH")]

    assert [200, 405, 405, 405, 405] == statuses
    assert 404 == client.get(PACK_PATH).status_code
