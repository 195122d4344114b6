"""Nights between a real box and a real hub: what is said, what is believed, and in which order."""

import pytest

from catalog.fault import LinkFault
from sync.hub import schema
from sync.hub.engine import writing
from sync.keys import KeyPair
from sync.link import HubBusy, LinkBroken, NotTheHub, Unreachable
from sync.signing import SignatureRefused
from sync.wire import Answer, Mark, Refusal, Report
from tests.sync.session.conftest import FILM, SITE
from tests.wire import (
    loses_the_reply,
    never_gets_there,
    power_cut,
    power_cut_after,
    says,
    signed_by,
)

pytestmark = pytest.mark.slow


def test_a_first_night_brings_the_courses_and_tells_the_hub(box, campus):
    campus.publishes("water", core=SITE, video=FILM)
    campus.publishes("soil", core={"index.html": b"<h1>Soil</h1>"})
    box.writes(3)

    outcome = box.syncs()

    assert {"water": ["core", "video"], "soil": ["core"]} == box.on_shelf() == campus.holds(box)
    assert (b"<h1>Water</h1>", FILM["film.mp4"]) == (box.reads("water", "index.html"), box.reads("water", "film.mp4"))
    assert ("soil", "water") == outcome.shelved
    assert () == outcome.faults
    assert 5 == outcome.traffic.requests
    assert campus.events(box) == outcome.events_up == 1 + 3 + 3
    assert [] == box.leftovers()


def test_when_nothing_is_new_it_is_one_request_of_a_kilobyte_and_a_half(box, campus):
    campus.publishes("water", core=SITE)
    box.is_given(99)
    box.writes()
    box.syncs()

    outcome = box.syncs()

    assert 100 == len(box.on_shelf()) == len(campus.holds(box))
    assert 1 == outcome.traffic.requests
    assert outcome.traffic.bytes_up + outcome.traffic.bytes_down <= 1500


def test_progress_is_at_the_hub_before_the_first_pack_is_asked_for(box, campus, wire):
    campus.publishes("water", core=SITE)
    box.writes(7)
    wire.when_packs_are_asked.append(power_cut)

    box.loses_power_while_syncing()

    assert 8 == campus.events(box)
    assert 0 == box.journal.unsent_count()


def test_several_batches_are_several_requests_each_acknowledged(box, campus, wire):
    for _ in range(3):
        box.writes(2)
        box.starts()

    outcome = box.syncs()

    assert 3 == outcome.traffic.requests
    assert 9 == outcome.events_up == campus.events(box)


def test_a_lost_reply_repeats_the_same_bytes_and_is_taken_once(box, campus, wire):
    box.writes(5)
    wire.misfortunes.append(loses_the_reply)

    box.syncs()

    first, second = wire.reports()
    assert first == second
    assert 6 == campus.events(box)


def test_a_reply_lost_for_the_whole_night_is_asked_for_again_the_next(box, campus, wire):
    box.writes(5)
    wire.misfortunes.extend([loses_the_reply] * 3)
    with pytest.raises(LinkBroken):
        box.syncs()
    box.starts()
    box.writes(2)

    outcome = box.syncs()

    assert 1 == len(set(wire.reports()[:4]))
    assert 9 == campus.events(box)
    assert 9 == outcome.events_up


def test_a_hub_that_is_not_there_is_said_at_once(box, wire):
    wire.misfortunes.append(never_gets_there)

    with pytest.raises(Unreachable):
        box.syncs()
    assert 1 == len(wire.asked)


def test_a_lost_thread_is_picked_up_with_the_hubs_fresh_nonce(box, campus, wire):
    box.syncs()
    box.writes()
    box.database.write(lambda connection: connection.execute("update exchange set nonce = 'longago'"))

    outcome = box.syncs()

    assert 2 == outcome.traffic.requests
    assert 2 == outcome.events_up == campus.events(box)


def test_a_nonce_that_never_fits_is_not_tried_for_ever(box, hub, wire):
    no = signed_by(hub.keys, 409, lambda report: Refusal("nonce", "Not this one.", "", "another"))
    wire.misfortunes.extend([no] * 10)

    with pytest.raises(LinkFault, match="Not this one"):
        box.syncs()
    assert 2 == len(wire.asked)


def state(box):
    return [tuple(row) for row in box.database.read().execute("select nonce, told_shelf, pending from exchange")]


def generous_answer(report):
    epoch = report.heads[0].epoch
    return Answer(report.request, "forged", [Mark(epoch, 99, 99)])


@pytest.mark.parametrize(
    ("misfortune", "kind"),
    [
        (signed_by(KeyPair.from_seed(bytes(32)), 200, generous_answer), SignatureRefused),
        (signed_by(KeyPair.from_seed(bytes(32)), 409, lambda _: Refusal("nonce", "No.", "", "forged")), NotTheHub),
        (lambda request, _: says(200, generous_answer(Report.from_bytes(request.content)).to_bytes())(request, _),
         SignatureRefused),
        (says(409, Refusal("nonce", "No.", "", "forged").to_bytes()), NotTheHub),
        (says(403, Refusal("box-unknown", "Go away.").to_bytes()), NotTheHub),
        (says(200, b"\x00\xff rubbish"), SignatureRefused),
        (says(404, b"not here"), NotTheHub),
        (says(200, b"<html>Sign in</html>", content_type="text/html"), NotTheHub),
        (says(302, b"", location="http://portal/"), NotTheHub),
        (says(503, b"", retry_after="90"), HubBusy),
    ],
    ids=[
        "another key's answer", "another key's no", "no signature", "a no without signature", "a sending away",
        "rubbish", "not found", "a page", "a redirect", "busy",
    ],
)  # fmt: skip
def test_of_what_the_hub_did_not_sign_nothing_is_believed(box, campus, wire, misfortune, kind):
    box.writes(4)
    wire.misfortunes.append(misfortune)

    with pytest.raises(kind):
        box.syncs()

    nonce, _, pending = state(box)[0]
    assert (nonce, pending) == (Report.from_bytes(wire.reports()[0]).nonce, wire.reports()[0])
    assert 5 == box.journal.unsent_count()
    assert 5 == box.syncs().events_up == campus.events(box)


def test_an_answer_to_an_earlier_report_is_refused(box, wire):
    recorded = []

    def records(request, answer):
        reply = answer(request)
        recorded.append((reply.status_code, reply.stream.data, dict(reply.headers)))
        return reply

    wire.misfortunes.append(records)
    box.syncs()
    box.writes()
    status, body, headers = recorded[0]
    wire.misfortunes.append(says(status, body, **headers))

    with pytest.raises(SignatureRefused, match="another question"):
        box.syncs()
    assert 2 == box.journal.unsent_count()


def test_events_that_the_hub_refuses_do_not_keep_the_courses_away(box, campus, hub, wire):
    campus.publishes("water", core=SITE)
    box.writes()
    wire.misfortunes.append(
        signed_by(hub.keys, 422, lambda report: Refusal("batch", "These events do not follow.", "", report.nonce))
    )

    outcome = box.syncs()

    assert ("water",) == outcome.shelved
    assert ["These events do not follow."] == [fault.sentence for fault in outcome.faults]
    assert box.journal.unsent_count() > 0


def test_a_hub_that_answers_and_takes_nothing_is_not_asked_for_ever(box, hub, wire):
    box.writes()
    wire.misfortunes.extend([signed_by(hub.keys, 200, lambda report: Answer(report.request, "next", []))] * 9)

    outcome = box.syncs()

    assert 2 == len(wire.asked)
    assert ["The hub answered, and took nothing of what was sent."] == [one.sentence for one in outcome.faults]


def test_a_hub_that_lost_the_list_of_the_shelf_gets_it(box, campus, wire):
    campus.publishes("water", core=SITE)
    box.syncs()
    with writing(campus.hub.engine) as connection:
        connection.execute(schema.box.update().values(shelf="", holdings="[]"))

    outcome = box.syncs()

    assert 2 == outcome.traffic.requests
    assert {"water": ["core"]} == campus.holds(box)
    assert 1 == len(wire.packs())


def test_a_learner_erased_at_the_hub_is_forgotten_here_and_that_is_told(box, campus):
    box.writes(3, learner="amina")
    box.syncs()
    campus.erases(box, "amina")

    box.syncs()

    assert box.journal.has_erased("amina")
    assert "amina" in box.forgotten
    assert 0 == box.journal.unsent_count()
    assert 5 == campus.events(box)


@pytest.mark.parametrize("misfortune", [power_cut, power_cut_after])
@pytest.mark.parametrize("step", range(5))
def test_a_box_killed_at_any_request_goes_on_by_itself(box, campus, wire, step, misfortune):
    campus.publishes("water", core=SITE, video=FILM)
    campus.publishes("soil", core={"index.html": b"<p>soil</p>"})
    box.writes(5)
    wire.misfortunes.extend([None] * step + [misfortune])

    box.loses_power_while_syncing()
    box.syncs()
    box.syncs()

    assert {"water": ["core", "video"], "soil": ["core"]} == box.on_shelf() == campus.holds(box)
    assert 0 == box.journal.unsent_count()
    assert box.journal.verify() == campus.events(box)
    assert [] == box.leftovers()
