"""Nights in which a course changes: what comes, what it is built on, and what happens where that does not hold."""

import pytest

from sync.link import Unreachable
from sync.parcel import file_name, manifest_name
from sync.receiving.fetching import TRIES_MAX
from sync.receiving.shelving import BaseMissing
from tests.sync.session.conftest import FILM
from tests.wire import Crash, SimulatedLink, cut_at, flips_a_byte_at, never_gets_there, noise, says

pytestmark = pytest.mark.slow

BOOK = noise(200_000)
"""What stays the same from version to version: whoever fetches it again pays for it."""


def site(version):
    lines = [f"<p>Lesson {number}, edition {version if number % 10 == 0 else 1}</p>" for number in range(400)]
    return {"index.html": "\n".join(lines).encode(), "book.bin": BOOK, "same.html": b"<p>same</p>"}


def spoil(box, data):
    """Let the card lose a bit of the file with these bytes."""
    (path,) = [path for path in box.store.folder.glob("??/*") if path.read_bytes() == data]
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def test_a_new_version_comes_as_a_patch(box, campus, wire):
    campus.publishes("water", core=site(1))
    box.syncs()
    campus.publishes("water", 2, core=site(2))

    outcome = box.syncs()

    assert (("water",), ()) == (outcome.shelved, outcome.faults)
    assert site(2)["index.html"] == box.reads("water", "index.html")
    assert 3 == outcome.traffic.requests
    assert outcome.traffic.total_bytes < 5_000
    assert [] == box.leftovers()


def test_a_layer_that_stayed_the_same_is_taken_over_without_a_byte(box, campus, wire):
    campus.publishes("water", core=site(1), video=FILM)
    box.syncs()
    campus.publishes("water", 2, core=site(2), video=FILM)
    wire.asked.clear()

    outcome = box.syncs()

    assert {"water": ["core", "video"]} == box.on_shelf() == campus.holds(box)
    assert FILM["film.mp4"] == box.reads("water", "film.mp4")
    assert 1 == len(wire.packs())
    assert outcome.traffic.total_bytes < 5_000


def test_layers_that_this_box_does_not_want_never_come(box, campus, wire):
    campus.publishes("water", core=site(1), video=FILM)
    box.layers = {"audio"}

    outcome = box.syncs()

    assert ({"water": ["core"]}, ()) == (box.on_shelf(), outcome.faults)
    assert 1 == len(wire.packs())
    assert [] == box.session()._wants.lacking()


def test_a_film_is_still_patched_when_the_night_ended_after_the_core(box, campus, wire):
    """The new version's core is in use, its film is not here, and the former version's is: the hub is told of it."""
    film = noise(300_000, 7)
    campus.publishes("water", core=site(1), video={"film.mp4": film})
    box.syncs()
    campus.publishes("water", 2, core=site(2), video={"film.mp4": film, "more.mp4": noise(20_000, 8)})
    wire.when_packs_are_asked += [None, *[never_gets_there] * TRIES_MAX]

    first, second = box.syncs(), box.syncs()

    assert [Unreachable] == [type(fault) for fault in first.faults]
    assert () == second.faults
    assert second.traffic.bytes_down < 30_000
    assert noise(20_000, 8) == box.reads("water", "more.mp4")


def test_a_damaged_patch_gives_way_to_the_full_pack_in_the_same_night(box, campus, wire, hub):
    campus.publishes("water", core=site(1))
    box.syncs()
    campus.publishes("water", 2, core=site(2))
    (patch,) = [path for path in hub.packing.folder.glob("core-*") if path.stat().st_size < 5_000]
    data = bytearray(patch.read_bytes())
    data[-10] ^= 1
    patch.write_bytes(data)

    outcome = box.syncs()

    assert (("water",), ()) == (outcome.shelved, outcome.faults)
    assert site(2)["index.html"] == box.reads("water", "index.html")
    assert 3 + 1 == len(wire.packs())
    assert [] == box.leftovers()


def test_a_pack_that_went_away_is_planned_anew_in_the_same_night(box, campus, wire, hub):
    campus.publishes("water", core=site(1))
    box.syncs()
    campus.publishes("water", 2, core=site(2))

    def is_deleted(request, answer):
        for path in hub.packing.folder.glob("core-*"):
            if path.stat().st_size < 5_000:
                path.unlink()
        hub.packing.build_missing()
        return says(404, b"")(request, answer)

    wire.when_packs_are_asked.append(is_deleted)
    wire.asked.clear()

    box.syncs()
    again = box.syncs()

    assert () == again.faults
    assert site(2)["index.html"] == box.reads("water", "index.html")


def test_a_rotten_base_file_is_put_right_by_fetching_single_files(box, campus, wire):
    """The card lost a bit of the page that the patch builds on: the list comes, and that page, and nothing else."""
    campus.publishes("water", core=site(1))
    box.syncs()
    spoil(box, site(1)["index.html"])
    campus.publishes("water", 2, core=site(2))
    wire.asked.clear()

    outcome = box.syncs()

    assert (("water",), ()) == (outcome.shelved, outcome.faults)
    assert site(2)["index.html"] == box.reads("water", "index.html")
    assert ["core", "manifest", "file"] == [name.partition("-")[0] for name in wire.packs()]
    assert [] == box.leftovers()


def test_a_repair_that_the_link_ends_goes_on_the_next_night(box, campus, wire):
    campus.publishes("water", core=site(1))
    box.syncs()
    spoil(box, site(1)["index.html"])
    campus.publishes("water", 2, core=site(2))
    wire.when_packs_are_asked += [None, None, cut_at(5_000), *[never_gets_there] * (TRIES_MAX - 1)]

    first = box.syncs()
    wire.asked.clear()
    second = box.syncs()

    assert [Unreachable] == [type(fault) for fault in first.faults]
    assert (("water",), ()) == (second.shelved, second.faults)
    assert ["manifest", "file"] == [name.partition("-")[0] for name in wire.packs()]
    assert ["bytes=5000-"] == wire.ranges()
    assert [] == box.leftovers()


def test_a_repair_that_the_hub_cannot_serve_ends_in_the_full_pack(box, campus, wire):
    campus.publishes("water", core=site(1))
    box.syncs()
    spoil(box, site(1)["index.html"])
    campus.publishes("water", 2, core=site(2))
    wire.when_packs_are_asked += [None, says(404, b"")]

    outcome = box.syncs()

    assert (("water",), ()) == (outcome.shelved, outcome.faults)
    assert site(2)["index.html"] == box.reads("water", "index.html")
    assert [] == box.leftovers()


def test_a_single_file_that_is_another_is_not_taken(box, campus, wire):
    campus.publishes("water", core=site(1))
    box.syncs()
    spoil(box, site(1)["index.html"])
    campus.publishes("water", 2, core=site(2))
    wire.when_packs_are_asked += [None, None, flips_a_byte_at(3)]

    outcome = box.syncs()

    assert (("water",), ()) == (outcome.shelved, outcome.faults)
    assert [] == list(box.store.verify()) or site(1)["index.html"] != box.reads("water", "index.html")
    assert site(2)["index.html"] == box.reads("water", "index.html")


# ---- chains, by hand ---------------------------------------------------------------------------------------------


@pytest.fixture
def versions(campus):
    return [campus.publishes("water", number, core=site(number)) for number in (1, 2, 3)]


@pytest.fixture
def chain(box, campus, versions):
    """The box has version 1; two patches lead to version 3."""
    one, two, three = versions
    box.receives([campus.parcel(one)], SimulatedLink(campus.files))
    return [campus.parcel(two, one), campus.parcel(three, two)]


def test_a_chain_of_patches_leads_to_the_newest_and_the_hop_is_never_in_use(box, campus, versions, chain):
    shelved = []
    box.listener = lambda told: shelved.append([root for _, root, _ in box.shelf.holdings()])

    outcome = box.receives(chain, SimulatedLink(campus.files))

    _, two, three = (release.root for release in versions)
    assert (("water",), ()) == (outcome.shelved, outcome.faults)
    assert [three] == [root for _, root, _ in box.shelf.holdings()]
    assert [two] not in shelved
    assert site(3)["index.html"] == box.reads("water", "index.html")
    assert box.releases.release(two) is None
    assert len({*site(1).values(), *site(3).values()}) == box.store.count()


def test_a_power_cut_between_two_hops_costs_neither(box, campus, chain):
    link = SimulatedLink(campus.files)

    def power_goes_at_the_second(told):
        if told.get("number") == 2:
            raise Crash

    box.listener = power_goes_at_the_second
    with pytest.raises(Crash):
        box.receives(chain, link)
    box.starts()
    box.listener = lambda told: None
    again = SimulatedLink(campus.files)
    outcome = box.receives(chain, again)

    assert (("water",), ()) == (outcome.shelved, outcome.faults)
    assert chain[0].pack not in again.asked
    assert site(3)["index.html"] == box.reads("water", "index.html")


def test_a_hop_that_became_the_aim_is_put_in_use_without_a_byte(box, campus, versions, chain):
    box.receives(chain, SimulatedLink({chain[0].pack: campus.files[chain[0].pack]}))
    link = SimulatedLink({})

    outcome = box.receives(chain[:1], link)

    assert (("water",), []) == (outcome.shelved, link.asked)
    assert site(2)["index.html"] == box.reads("water", "index.html")


def test_a_patch_whose_base_is_gone_is_said_before_its_first_byte(box, campus, versions, chain):
    link = SimulatedLink(campus.files)

    outcome = box.receives(chain[1:], link)

    assert [BaseMissing] == [type(fault) for fault in outcome.faults]
    assert [] == link.asked
    assert [versions[0].root] == [root for _, root, _ in box.shelf.holdings()]


def test_of_a_chain_that_breaks_only_the_first_fault_is_said(box, campus, chain):
    campus.files[chain[0].pack] = noise(len(campus.files[chain[0].pack]))

    outcome = box.receives(chain, SimulatedLink(campus.files))

    assert 1 == len(outcome.faults)
    assert site(1)["index.html"] == box.reads("water", "index.html")
    assert [] == box.leftovers()


def test_a_stick_leaves_alone_what_is_on_its_way_from_the_hub(box, campus, wire):
    campus.publishes("soil", core={"book.bin": noise(400_000)})
    wire.when_packs_are_asked += [cut_at(300_000), *[never_gets_there] * TRIES_MAX]
    box.syncs()
    water = campus.publishes("water", core=site(1))
    requests = len(wire.asked)

    outcome = box.receives([campus.parcel(water)], SimulatedLink(campus.files))

    assert (("water",), requests) == (outcome.shelved, len(wire.asked))
    assert box.syncs().traffic.bytes_down < 110_000
    assert ["soil", "water"] == sorted(box.on_shelf())


def test_a_link_in_memory_can_repair_too(box, campus, versions):
    one, two, _ = versions
    box.receives([campus.parcel(one)], SimulatedLink(campus.files))
    spoil(box, site(1)["index.html"])
    patch = campus.parcel(two, one)
    core = campus.hub.catalog.releases.layer(two.layers["core"].root)
    page = next(entry for entry in core.entries if entry.path == "index.html")
    campus.lends(manifest_name(core.root), file_name(page.digest))

    outcome = box.receives([patch], SimulatedLink(campus.files))

    assert (("water",), ()) == (outcome.shelved, outcome.faults)
    assert site(2)["index.html"] == box.reads("water", "index.html")
