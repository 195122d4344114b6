"""Boxes talk to the hub: what is believed, what is refused, and what a lost reply costs (nothing)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from catalog.digest import digest_of
from sync.enrolment import Token
from sync.hub import answers, schema
from sync.hub.app import create_app
from sync.hub.engine import reading, writing
from sync.hub.hub import Hub
from sync.hub.protocol import REPORT_BYTES_MAX
from sync.keys import PublicKey
from sync.parcel import file_name, manifest_name, release_name
from sync.signing import SignatureRefused, sign_request, verify_answer
from sync.wire import BATCH_BYTES_MAX, ENROL_PATH, PACK_PATH, SESSION_PATH, Answer, Enrol, Holding, Refusal
from tests.sync.hub.courses import book

Box = Any
NewBox = Callable[[], Any]


def refusal_of(reply: Any) -> Refusal:
    return Refusal.from_bytes(reply.data)


def state_of(hub: Hub, box: Box) -> tuple[Any, ...]:
    with reading(hub.engine) as connection:
        return tuple(connection.execute(select(schema.box).where(schema.box.c.id == box.id)).one())


# ---- enrolment ----


def test_a_token_makes_a_box_part_of_a_campus(hub: Hub, new_box: NewBox, token: Token) -> None:
    box = new_box()

    welcome = box.enrols(token)

    assert (box.id, "Wadi", hub.keys.public) == (welcome.box, welcome.campus_name, welcome.hub_key)
    assert [("Lab", "Wadi")] == [(one.name, one.campus.name) for one in hub.fleet.boxes()]


def test_the_same_box_gets_the_same_welcome_again(new_box: NewBox, token: Token) -> None:
    box = new_box()
    first = box.enrols(token)

    assert first == box.enrols(token)


def test_a_token_that_another_box_used_is_refused(new_box: NewBox, token: Token) -> None:
    new_box().enrols(token)
    thief = new_box()

    reply = thief.posts(ENROL_PATH, Enrol(token.secret, thief.keys.public, "x", "nonce").to_bytes())

    assert (403, "token-used") == (reply.status_code, refusal_of(reply).code)


def test_a_token_that_the_hub_never_made_is_refused(new_box: NewBox) -> None:
    box = new_box()

    reply = box.posts(ENROL_PATH, Enrol("a" * 24, box.keys.public, "x", "nonce").to_bytes())

    assert (403, "token-unknown") == (reply.status_code, refusal_of(reply).code)


def test_an_enrolment_signed_with_another_key_is_refused_and_leaves_the_token_unused(
    new_box: NewBox, token: Token
) -> None:
    box, other = new_box(), new_box()
    ask = Enrol(token.secret, box.keys.public, "x", "nonce").to_bytes()

    forged = box.posts(ENROL_PATH, ask, keys=other.keys, keyid=box.id)

    assert "signature" == refusal_of(forged).code
    assert "Wadi" == box.enrols(token).campus_name


def test_a_key_that_is_none_is_refused(new_box: NewBox, token: Token) -> None:
    box = new_box()

    reply = box.posts(ENROL_PATH, Enrol(token.secret, "not-a-key", "x", "nonce").to_bytes())

    assert (400, "message") == (reply.status_code, refusal_of(reply).code)


def test_a_token_is_not_kept_in_clear(hub: Hub, token: Token) -> None:
    with reading(hub.engine) as connection:
        (kept,) = connection.execute(select(schema.enrolment_token.c.hash)).scalars()

    assert token.secret not in kept


def test_a_box_does_not_change_its_campus(hub: Hub, box: Box) -> None:
    elsewhere = hub.fleet.make_token(hub.fleet.campus_called("Elsewhere"))

    reply = box.posts(ENROL_PATH, Enrol(elsewhere.secret, box.keys.public, "x", "nonce").to_bytes())

    assert (409, "fault") == (reply.status_code, refusal_of(reply).code)


# ---- the thread ----


def test_events_go_up_and_the_marks_come_back(box: Box) -> None:
    box.writes("class", class_="7b", name="Class 7b")

    answer = box.sends()

    assert [(1, -1)] == [(mark.taken, mark.backed_up) for mark in answer.marks]
    assert 0 == box.journal.unsent_count()


def test_a_lost_reply_is_given_again_also_after_a_restart_of_the_hub(hub: Hub, box: Box) -> None:
    """The box sent its night's events, the link broke before the answer came, and the hub was restarted."""
    box.writes("class", class_="7b", name="Class 7b")
    report = box.report()
    lost = box.posts(SESSION_PATH, report.to_bytes())

    again = (
        create_app(hub)
        .test_client()
        .post(SESSION_PATH, data=report.to_bytes(), headers=box_headers(box, report.to_bytes()))
    )

    assert lost.data == again.data
    assert box.believes(report, again).request == report.request
    assert 2 == hub.fleet.boxes()[0].events


def box_headers(box: Box, body: bytes) -> dict[str, str]:
    return sign_request("POST", SESSION_PATH, body, box.keys, box.id)


def test_a_report_of_yesterday_played_again_is_refused_and_changes_nothing(hub: Hub, box: Box) -> None:
    yesterday = box.report()
    box.sends(yesterday)
    box.sends()
    before = state_of(hub, box)

    reply = box.posts(SESSION_PATH, yesterday.to_bytes())

    assert (409, "nonce") == (reply.status_code, refusal_of(reply).code)
    assert before == state_of(hub, box)


def test_a_box_that_lost_the_thread_picks_it_up_with_the_nonce_of_the_refusal(box: Box) -> None:
    report = replace(box.report(), nonce="forgotten")
    reply = box.posts(SESSION_PATH, report.to_bytes())
    verify_answer(409, dict(reply.headers), reply.data, PublicKey(box.hub_key), "forgotten")

    answer = box.sends(replace(box.report(), nonce=refusal_of(reply).nonce))

    assert answer.nonce == box.nonce


def test_the_same_request_with_other_bytes_is_not_given_the_stored_answer(box: Box) -> None:
    report = box.report()
    box.sends(report)

    reply = box.posts(SESSION_PATH, replace(report, free_bytes=1).to_bytes())

    assert "nonce" == refusal_of(reply).code


def test_every_answer_names_another_nonce(box: Box) -> None:
    nonces = [box.sends().nonce for _ in range(5)]

    assert 5 == len(set(nonces))


# ---- who may ask ----


def test_a_report_signed_by_another_box_is_refused(new_box: NewBox, hub: Hub, box: Box) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campus_called("Elsewhere")))
    before = state_of(hub, box)

    honest_name = box.posts(SESSION_PATH, box.report().to_bytes(), keys=other.keys)
    borrowed_name = box.posts(SESSION_PATH, box.report().to_bytes(), keys=other.keys, keyid=box.id)

    assert ["signature", "signature"] == [refusal_of(reply).code for reply in (honest_name, borrowed_name)]
    assert before == state_of(hub, box)


def test_a_box_that_never_enrolled_is_unknown(new_box: NewBox, box: Box) -> None:
    stranger = new_box()

    reply = stranger.posts(SESSION_PATH, stranger.report(b"").to_bytes().replace(b'"nonce":""', b'"nonce":"n"'))

    assert (403, "box-unknown") == (reply.status_code, refusal_of(reply).code)


def test_a_box_out_of_service_is_refused_in_a_sentence(hub: Hub, box: Box, token: Token) -> None:
    hub.fleet.revoke(box.id)

    reports = box.posts(SESSION_PATH, box.report().to_bytes())
    enrols = box.posts(ENROL_PATH, Enrol(token.secret, box.keys.public, "x", "nonce").to_bytes())

    assert ["box-unknown", "box-unknown"] == [refusal_of(reply).code for reply in (reports, enrols)]
    assert "out of service" in refusal_of(reports).sentence


def test_an_unsigned_report_is_refused(client: FlaskClient, box: Box) -> None:
    reply = client.post(SESSION_PATH, data=box.report().to_bytes())

    assert (401, "signature") == (reply.status_code, refusal_of(reply).code)


def test_an_altered_report_is_refused(client: FlaskClient, box: Box) -> None:
    body = box.report().to_bytes()

    reply = client.post(SESSION_PATH, data=body.replace(b"5000000000", b"6000000000"), headers=box_headers(box, body))

    assert "signature" == refusal_of(reply).code


def test_an_answer_cannot_be_forged_or_moved_to_another_question(box: Box) -> None:
    report = box.report()
    reply = box.posts(SESSION_PATH, report.to_bytes())
    marks = Answer.from_bytes(reply.data)
    forged = replace(marks, marks=[], plan=[]).to_bytes() + b" "

    with pytest.raises(SignatureRefused):
        verify_answer(200, dict(reply.headers), forged, PublicKey(box.hub_key), report.nonce)
    with pytest.raises(SignatureRefused):
        verify_answer(200, dict(reply.headers), reply.data, PublicKey(box.hub_key), "another")


@pytest.mark.parametrize("path", [ENROL_PATH, SESSION_PATH])
@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"\xff\xfe", b"[1]", b'{"v":1}', b"[" * 5000])
def test_garbage_is_refused_in_a_sentence(box: Box, path: str, body: bytes) -> None:
    reply = box.posts(path, body)

    assert (400, "message") == (reply.status_code, refusal_of(reply).code)


def test_a_message_without_end_is_refused(client: FlaskClient) -> None:
    reply = client.post(SESSION_PATH, data=b"x" * (REPORT_BYTES_MAX + 1))

    assert (400, "message") == (reply.status_code, refusal_of(reply).code)


def test_a_box_too_old_to_be_understood_is_told_which_side_to_update(box: Box) -> None:
    reply = box.posts(SESSION_PATH, replace(box.report(), version=0).to_bytes())

    assert (400, "version") == (reply.status_code, refusal_of(reply).code)
    assert "Update" in refusal_of(reply).hint


def test_a_newer_box_with_fields_that_we_do_not_know_is_served(box: Box) -> None:
    box.writes("class", class_="7b", name="Class 7b")

    answer = box.sends(replace(box.report(), version=7, extra={"colour": "blue"}))

    assert 1 == answer.marks[0].taken


def test_a_damaged_batch_is_refused_and_the_box_may_go_on(hub: Hub, box: Box) -> None:
    box.writes("class", class_="7b", name="Class 7b")
    damaged = box.unsent()[:-9] + b"XXXXXXXXX"

    reply = box.posts(SESSION_PATH, box.report(damaged).to_bytes())

    assert (422, "batch", box.nonce) == (reply.status_code, refusal_of(reply).code, refusal_of(reply).nonce)
    assert 1 == box.sends().marks[0].taken


# ---- shelf and plan ----


def test_a_shelf_that_the_hub_does_not_know_is_asked_for_once(box: Box) -> None:
    asked = box.sends(replace(box.report(), holdings=None))
    told = box.sends()
    known = box.sends(replace(box.report(), holdings=None))

    assert [True, False, False] == [asked.wants_holdings, told.wants_holdings, known.wants_holdings]


def test_a_shelf_and_its_digest_that_differ_are_refused(box: Box) -> None:
    holdings = (Holding("water", digest_of(b"water"), ("core",)),)

    reply = box.posts(SESSION_PATH, replace(box.report(), holdings=holdings).to_bytes())

    assert "message" == refusal_of(reply).code


def test_a_published_course_is_in_the_plan_until_the_box_has_it(hub: Hub, box: Box, lesson: Any) -> None:
    release = hub.publish([lesson]).release
    (parcel,) = box.sends().plan
    box.holdings = (Holding(release.course, release.root, ("core",)),)

    assert (release.root, "core") == (parcel.root, parcel.layer)
    assert () == tuple(box.sends().plan)


def test_a_release_without_its_packs_is_in_no_plan(hub: Hub, box: Box, lesson: Any) -> None:
    hub.publishing.publish([lesson])

    before = box.sends().plan
    hub.packing.build_missing()

    assert ((), 1) == (tuple(before), len(box.sends().plan))


def test_a_pack_is_named_to_the_front_and_never_changes(hub: Hub, box: Box, lesson: Any, client: FlaskClient) -> None:
    hub.publish([lesson])
    (parcel,) = box.sends().plan

    reply = client.get(PACK_PATH + parcel.pack)

    assert reply.headers["X-Sendfile"].endswith(f"packs/{parcel.pack}")
    assert "public, max-age=31536000, immutable" == reply.headers["Cache-Control"]
    assert parcel.size_bytes == (hub.packing.folder / parcel.pack).stat().st_size


def test_what_a_release_is_made_of_is_fetched_by_its_digest(
    hub: Hub, box: Box, lesson: Any, client: FlaskClient
) -> None:
    release = hub.publish([lesson]).release
    (layer,) = hub.catalog.releases.layers(release.root)

    replies = [
        client.get(PACK_PATH + name)
        for name in (release_name(release.root), manifest_name(layer.root), file_name(layer.entries[0].digest))
    ]

    assert [200, 200, 200] == [reply.status_code for reply in replies]
    assert release.to_bytes() == replies[0].data
    assert replies[2].headers["X-Sendfile"].endswith(layer.entries[0].digest)
    assert {"public, max-age=31536000, immutable"} == {reply.headers["Cache-Control"] for reply in replies}


def test_a_long_plan_is_told_in_parts_that_end_where_a_route_ends(
    hub: Hub, box: Box, publishes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publishes("water", core=book(1))
    for edition in (2, 3):
        publishes("water", core=book(edition))
    publishes("soil", core={"index.html": b"Soil"})
    box.holdings = (Holding("water", first.root, ("core",)),)
    monkeypatch.setattr(answers, "PARCELS_MAX", 2)

    told = box.sends()

    assert (["soil"], True) == ([parcel.course for parcel in told.plan], told.more_plan)


@pytest.mark.parametrize("name", ["core-none", "..%2f..%2fhub.db", ".lock", "%00"])
def test_what_is_not_a_pack_cannot_be_fetched(client: FlaskClient, name: str) -> None:
    assert 404 == client.get(PACK_PATH + name).status_code


def test_an_answer_carries_only_the_headers_that_it_needs(box: Box) -> None:
    reply = box.posts(SESSION_PATH, box.report().to_bytes())

    names = {name.lower() for name, _ in reply.headers} - {"x-qanat-bare"}
    assert {"content-length", "content-digest", "signature-input", "signature"} == names


def test_another_key_never_learns_the_nonce(new_box: NewBox, box: Box) -> None:
    """A signature that does not hold is told nothing that could help it further."""
    other = new_box()

    reply = box.posts(SESSION_PATH, box.report().to_bytes(), keys=other.keys, keyid=box.id)

    assert "" == refusal_of(reply).nonce
    assert box.nonce.encode() not in reply.data


def test_a_report_at_the_limit_of_its_batch_is_read(box: Box) -> None:
    report = box.report(b"x" * BATCH_BYTES_MAX)

    reply = box.posts(SESSION_PATH, report.to_bytes())

    assert (422, "batch") == (reply.status_code, refusal_of(reply).code)


def test_erasures_that_a_box_has_not_heard_of_are_told(hub: Hub, box: Box) -> None:
    with writing(hub.engine) as connection:
        connection.execute(schema.erasure_notice.insert().values(box=box.id, learner="amina"))

    assert ("amina",) == tuple(box.sends().erased)
