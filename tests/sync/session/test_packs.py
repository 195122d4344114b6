"""Nights in which courses come, over a wire that we can cut at any byte."""

import pytest

from catalog.fault import DiskFull
from catalog.store import Store
from sync.budget.due import Lanes
from sync.hub import schema
from sync.hub.engine import writing
from sync.link import Unreachable
from sync.patch.format import PackRefused
from sync.receiving.fetching import TRIES_MAX
from sync.receiving.spool import CHECKPOINT_BYTES
from tests.sync.session.conftest import FILM, SITE
from tests.wire import (
    Crash,
    cut_at,
    flips_a_byte_at,
    never_gets_there,
    noise,
    says,
)

pytestmark = pytest.mark.slow


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
    wire.when_packs_are_asked.extend([cut_at(200_000), *[never_gets_there] * (TRIES_MAX - 1)])

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


def test_what_does_not_fit_is_said_before_its_first_byte_and_the_rest_comes(box, campus, wire, monkeypatch):
    campus.publishes("huge", core={"noise.bin": noise(900_000)})
    campus.publishes("water", core=SITE)
    monkeypatch.setattr("sync.receiving.receiver.free_bytes", lambda folder: (64 << 20) + 500_000)

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


def test_a_part_damaged_on_the_way_is_fetched_again_and_no_more(box, campus, wire, monkeypatch):
    monkeypatch.setattr("sync.patch.build.GROUP_RAW_BYTES_MAX", 5 << 20)
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
    wire.when_packs_are_asked.extend([misfortune] * TRIES_MAX)

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
    wire.when_packs_are_asked.extend([None, *[never_gets_there] * TRIES_MAX])

    box.syncs()
    first = box.on_shelf()
    box.syncs()

    assert {"water": ["core"]} == first
    assert {"water": ["core", "video"]} == box.on_shelf() == campus.holds(box)
    assert FILM["film.mp4"] == box.reads("water", "film.mp4")
