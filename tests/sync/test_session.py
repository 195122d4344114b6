"""Nights between a real box and a real hub, over a wire that we can cut at any byte."""

import httpx
import pytest
from sqlalchemy import insert, select

from catalog import releases, shelf, store
from catalog.db import Database
from catalog.fault import DiskFull, LinkFault
from catalog.manifest import Entry, Layer
from catalog.releases import Releases
from catalog.shelf import Shelf
from catalog.store import Store
from sync import enrolment, exchange, journal
from sync.budget import Lanes
from sync.enrolment import EnrolledElsewhere, Token, TokenRefused, enrol
from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import reading, writing
from sync.hub.hub import Hub
from sync.journal import Journal
from sync.keys import KeyPair, PublicKey, box_id
from sync.link import HubBusy, LinkBroken, NotTheHub, Unreachable
from sync.links.http import HttpLink
from sync.patch.format import PackRefused
from sync.session import Session
from sync.signing import SignatureRefused
from sync.spool import CHECKPOINT_BYTES, Spool
from sync.wire import Answer, Mark, Refusal, Report
from tests.wire import (
    ADDRESS,
    Body,
    Crash,
    Wire,
    cut_at,
    flips_a_byte_at,
    loses_the_reply,
    never_gets_there,
    noise,
    power_cut,
    power_cut_after,
    release_at,
    release_of,
    says,
    signed_by,
)

pytestmark = pytest.mark.slow

MIGRATIONS = [
    store.migrations, releases.migrations, shelf.migrations, journal.migrations, exchange.migrations,
    enrolment.migrations,
]  # fmt: skip


class Box:
    """A box with all that a session needs. Its folder outlives every power cut."""

    def __init__(self, folder, wire, clock, randomness, hub):
        self.folder, self.wire, self.clock, self.randomness = folder, wire, clock, randomness
        self.keys = KeyPair.from_seed(randomness.randbytes(32))
        self.id = box_id(self.keys.public)
        self.hub = PublicKey(hub.keys.public)
        self.forgotten = []
        self.listener = lambda told: None
        self.database = None
        self.starts()

    def starts(self):
        if self.database:
            self.database.close()
        self.database = Database(self.folder / "box.db", MIGRATIONS)
        self.store = Store(self.folder / "store", self.database)
        self.releases = Releases(self.database, self.store)
        self.shelf = Shelf(self.database, self.releases, self.store, self.folder / "trees")
        self.spool = Spool(self.folder / "spool")
        self.journal = Journal(self.database, self.id, self.clock, self.randomness.randbytes)
        self.store.sweep()
        self.shelf.ensure_trees()
        self.journal.open_epoch()

    def enrols(self, token):
        link = HttpLink(ADDRESS, self.wire)
        return enrol(link, self.keys, token, "Lab", ADDRESS, self.database, self.randomness.randbytes)

    def session(self):
        return Session(
            self.database, self.journal, self.store, self.releases, self.shelf, self.spool,
            HttpLink(ADDRESS, self.wire), self.keys, self.hub, self.clock, self.randomness.randbytes,
            self.listener, lambda connection, learner: self.forgotten.append(learner),
        )  # fmt: skip

    def syncs(self, lanes=Lanes.ALL):
        return self.session().run(lanes)

    def loses_power_while_syncing(self):
        with pytest.raises(Crash):
            self.syncs()
        self.starts()

    def writes(self, count=1, learner="amina"):
        def work(connection):
            for number in range(count):
                fields = {"course": "water", "version": 1, "activity": "site", "permille": number % 1000}
                self.journal.append(connection, "progressed", learner, fields)

        self.database.write(work)

    def is_given(self, count):
        """Put so many small courses on the shelf, as earlier nights did."""
        with self.store.batch() as batch:
            entry = Entry("index.html", *reversed(batch.add_bytes(b"<p>page</p>")), "text/html")
        layer = Layer.of("core", [entry])

        def work(connection):
            for number in range(count):
                release = release_of(f"course-{number:03}", 1, [layer])
                self.releases.record(connection, release, [layer])
                self.shelf.switch(connection, release, ["core"])

        self.database.write(work)

    def on_shelf(self):
        return {course: sorted(layers) for course, _, layers in self.shelf.holdings()}

    def reads(self, course, path):
        return (self.shelf.tree(course) / path).read_bytes()

    def leftovers(self):
        staged = [*(self.folder / "store" / "staging").iterdir()]
        return staged + list(self.spool.folder.iterdir())


class Campus:
    """A hub with its staff: publishes, and looks what it has of a box."""

    def __init__(self, hub):
        self.hub = hub

    def publishes(self, course, version=1, **layers):
        return release_at(self.hub, course, version, layers)

    def events(self, box):
        with reading(self.hub.engine) as connection:
            rows = connection.execute(select(schema.epoch.c.taken).where(schema.epoch.c.box == box.id)).scalars()
            return sum(taken + 1 for taken in rows)

    def holds(self, box):
        (state,) = self.hub.fleet.boxes()
        return {holding.course: list(holding.layers) for holding in state.holdings}

    def erases(self, box, learner):
        row = {"box": box.id, "learner": learner}
        with writing(self.hub.engine) as connection:
            connection.execute(insert(schema.erasure_notice).values(row))


@pytest.fixture
def hub(tmp_path, clock, randomness):
    hub = Hub.open(tmp_path / "hub", clock, randomness.randbytes)
    yield hub
    hub.close()


@pytest.fixture
def campus(hub):
    return Campus(hub)


@pytest.fixture
def wire(hub):
    return Wire(create_app(hub))


@pytest.fixture
def token(hub):
    return Token.parse(str(hub.fleet.make_token(hub.fleet.campus_called("Wadi"))))


@pytest.fixture
def stranger(tmp_path, wire, clock, randomness, hub):
    """A box that has not enrolled yet."""
    box = Box(tmp_path / "box", wire, clock, randomness, hub)
    yield box
    box.database.close()


@pytest.fixture
def box(stranger, token, wire):
    stranger.enrols(token)
    wire.asked.clear()
    return stranger


SITE = {"index.html": b"<h1>Water</h1>", "a/style.css": b"h1 {}"}
FILM = {"film.mp4": noise(300_000)}


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


def test_with_the_progress_lane_alone_nothing_comes_down(box, campus, wire):
    campus.publishes("water", core=SITE)
    box.writes()

    box.syncs(Lanes.PROGRESS)

    assert [] == wire.packs()
    assert 2 == campus.events(box)


def test_a_link_cut_in_a_pack_goes_on_at_the_byte(box, campus, wire):
    campus.publishes("water", core={"noise.bin": noise(400_000)})
    wire.when_packs_are_asked.append(cut_at(123_456))

    outcome = box.syncs()

    assert ["bytes=123456-"] == [one.headers["range"] for one in wire.asked if "range" in one.headers]
    assert ("water",) == outcome.shelved
    assert () == outcome.faults


def test_a_link_that_stays_away_leaves_the_rest_to_the_next_night(box, campus, wire):
    campus.publishes("water", core={"noise.bin": noise(400_000)})
    wire.when_packs_are_asked.extend([cut_at(200_000), never_gets_there])

    first = box.syncs()
    second = box.syncs()

    assert [Unreachable] == [type(fault) for fault in first.faults]
    assert () == first.shelved
    assert ("water",) == second.shelved
    assert second.traffic.bytes_down < 210_000


def test_a_power_cut_in_a_pack_costs_at_most_a_mebibyte(box, campus, wire):
    campus.publishes("water", core={"noise.bin": noise(5 << 20)})

    def power_goes_after(told):
        if told.get("done_bytes", 0) > 2_500_000:
            raise Crash

    box.listener = power_goes_after
    box.loses_power_while_syncing()
    box.listener = lambda told: None
    second = box.syncs()

    assert ("water",) == second.shelved
    assert second.traffic.bytes_down < (5 << 20) - 2_500_000 + 2 * CHECKPOINT_BYTES + 10_000


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


def test_what_does_not_fit_is_said_before_its_first_byte_and_the_rest_comes(box, campus, wire, monkeypatch):
    campus.publishes("huge", core={"noise.bin": noise(900_000)})
    campus.publishes("water", core=SITE)
    monkeypatch.setattr("sync.session.free_bytes", lambda folder: (64 << 20) + 500_000)

    outcome = box.syncs()

    assert ["water"] == list(box.on_shelf())
    assert [DiskFull] == [type(fault) for fault in outcome.faults]
    assert "huge" in outcome.faults[0].sentence
    assert 1 == len(wire.packs())


def test_a_disk_that_fills_up_while_unpacking_frees_its_staging_and_goes_on(box, campus, monkeypatch):
    campus.publishes("soil", core={"index.html": b"<p>soil</p>"})
    campus.publishes("water", core=SITE)
    real = Store.batch
    full = iter([True])

    def batch(store):
        made = real(store)
        if next(full, False):
            made.place = fills_up
        return made

    def fills_up():
        raise DiskFull("The disk is full: a file could not be written.")

    monkeypatch.setattr(Store, "batch", batch)
    outcome = box.syncs()

    assert ["water"] == list(box.on_shelf())
    assert [DiskFull] == [type(fault) for fault in outcome.faults]
    assert [] == box.leftovers()
    assert ("soil",) == box.syncs().shelved


def test_a_part_damaged_on_the_way_is_fetched_again_and_no_more(box, campus, wire):
    release = campus.publishes("water", core={f"{number}.bin": noise(5 << 20, number) for number in range(2)})
    wire.when_packs_are_asked.append(flips_a_byte_at(-5))

    outcome = box.syncs()

    size_bytes = release.size_bytes
    assert ("water",) == outcome.shelved
    assert () == outcome.faults
    assert size_bytes * 1.4 < outcome.traffic.bytes_down < size_bytes * 1.6


def test_a_pack_that_is_not_what_it_should_be_is_said_and_dropped_and_the_rest_comes(box, campus, hub):
    campus.publishes("soil", core={"index.html": b"<p>soil</p>"})
    campus.publishes("water", core=SITE)
    packs = sorted(hub.packing.folder.glob("core-*"), key=lambda path: path.stat().st_size)
    data = bytearray(packs[0].read_bytes())
    data[9] ^= 1
    packs[0].write_bytes(data)

    outcome = box.syncs()

    assert ["water"] == list(box.on_shelf())
    assert [PackRefused] == [type(fault) for fault in outcome.faults]
    assert [] == box.leftovers()


@pytest.mark.parametrize(
    "misfortune",
    [
        says(500, b"oops"),
        says(503, b"", retry_after="60"),
        says(302, b"", location="http://portal/"),
        says(200, b"<html>Sign in", content_type="text/html"),
        cut_at(0),
    ],
    ids=["error", "busy", "redirect", "page", "cut"],
)
def test_a_hub_that_fails_at_the_packs_is_met_again_the_next_night(box, campus, wire, misfortune):
    campus.publishes("water", core=SITE)
    wire.when_packs_are_asked.extend([misfortune] * 3)

    first = box.syncs()
    wire.when_packs_are_asked.clear()
    second = box.syncs()

    assert 1 == len(first.faults)
    assert ("water",) == second.shelved


def test_a_pack_that_is_gone_does_not_keep_the_others_away(box, campus, wire):
    campus.publishes("soil", core={"index.html": b"<p>soil</p>"})
    campus.publishes("water", core=SITE)
    wire.when_packs_are_asked.append(says(404, b""))

    outcome = box.syncs()

    assert ["water"] == list(box.on_shelf())
    assert 1 == len(outcome.faults)


def test_a_new_version_takes_the_place_of_the_old_one(box, campus):
    campus.publishes("water", core=SITE)
    box.syncs()
    campus.publishes("water", 2, core={"index.html": b"<h1>More water</h1>"})

    outcome = box.syncs()

    assert ("water",) == outcome.shelved
    assert b"<h1>More water</h1>" == box.reads("water", "index.html")


def test_nothing_rolls_back(box, campus, hub, wire):
    old = campus.publishes("water", core=SITE)
    campus.publishes("water", 2, core={"index.html": b"<h1>More water</h1>"})
    box.syncs()
    with writing(hub.engine) as connection:
        connection.execute(schema.offer.update().values(version=1, root=old.root))
    wire.asked.clear()

    outcome = box.syncs()

    assert b"<h1>More water</h1>" == box.reads("water", "index.html")
    assert [] == wire.packs()
    assert outcome.faults == () or "newer version" in outcome.faults[0].sentence


def test_a_film_joins_the_course_when_it_comes(box, campus, wire):
    campus.publishes("water", core=SITE, video=FILM)
    wire.when_packs_are_asked.extend([None, never_gets_there])

    box.syncs()
    first = box.on_shelf()
    box.syncs()

    assert {"water": ["core"]} == first
    assert {"water": ["core", "video"]} == box.on_shelf() == campus.holds(box)
    assert FILM["film.mp4"] == box.reads("water", "film.mp4")


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


def test_a_stranger_is_told_to_enrol_first(stranger):
    with pytest.raises(exchange.NotEnrolled):
        stranger.syncs()


def test_a_box_is_taken_in_once_and_knows_its_hub(stranger, token, hub):
    pin = stranger.enrols(token)

    assert pin == enrolment.pinned(stranger.database)
    assert (hub.keys.public, ADDRESS, stranger.id, "Wadi") == (pin.hub_key, pin.address, pin.box, pin.campus_name)
    assert 1 == stranger.syncs().traffic.requests


def test_a_lost_welcome_is_asked_for_again_with_the_same_token(stranger, token, wire):
    wire.misfortunes.append(loses_the_reply)
    with pytest.raises(LinkBroken):
        stranger.enrols(token)

    stranger.enrols(token)

    assert 1 == stranger.syncs().traffic.requests


def test_a_token_that_another_box_used_is_refused(stranger, token):
    stranger.enrols(token)
    stranger.keys = KeyPair.from_seed(bytes(32))

    with pytest.raises(TokenRefused, match="Another box"):
        stranger.enrols(token)


def test_a_token_that_the_hub_never_made_is_refused(stranger, token):
    with pytest.raises(TokenRefused):
        stranger.enrols(Token("a" * 24, token.fingerprint))

    assert enrolment.pinned(stranger.database) is None


def test_another_hub_than_the_tokens_is_not_believed(stranger, token):
    with pytest.raises(NotTheHub, match="not the one that made this token"):
        stranger.enrols(Token(token.secret, "b" * 16))

    assert enrolment.pinned(stranger.database) is None


def test_a_welcome_that_was_altered_on_its_way_is_refused(stranger, token, wire):
    def alters(request, answer):
        reply = answer(request)
        body = reply.stream.data.replace(b"Wadi", b"Wado")
        return httpx.Response(reply.status_code, headers=reply.headers, stream=Body(body))

    wire.misfortunes.append(alters)

    with pytest.raises(SignatureRefused):
        stranger.enrols(token)
    assert enrolment.pinned(stranger.database) is None


def test_a_box_of_one_hub_is_not_enrolled_at_another(box):
    with pytest.raises(EnrolledElsewhere, match="Wadi"):
        box.enrols(Token("a" * 24, "b" * 16))
