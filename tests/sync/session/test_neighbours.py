"""Nights in which another box near by has what this one lacks."""

import pytest

from catalog.fault import LinkFault
from sync.link import LinkBroken
from sync.receiving.neighbourhood import SLOW_SECONDS
from tests.sync.session.conftest import FILM, SITE
from tests.wire import Crash, SimulatedLink, noise

pytestmark = pytest.mark.slow


def kinds(names):
    return [name.partition("-")[0] for name in names]


def test_what_a_neighbour_has_does_not_cross_the_link(box, campus, wire):
    release = campus.publishes("water", core=SITE, video=FILM)
    box.neighbours = [campus.neighbour(release)]

    outcome = box.syncs()

    assert {"water": ["core", "video"]} == box.on_shelf() == campus.holds(box)
    assert ([], ()) == (wire.packs(), outcome.faults)
    assert outcome.traffic.total_bytes < 3_000
    assert outcome.neighbour_bytes > len(FILM["film.mp4"])
    assert [] == box.leftovers()


def test_only_files_that_are_not_here_are_asked_for(box, campus):
    campus.publishes("water", core=SITE)
    box.syncs()
    box.neighbours = [campus.neighbour(campus.publishes("water", 2, core={**SITE, "new.html": b"<p>new</p>"}))]

    box.syncs()

    assert ["release", "manifest", "file"] == kinds(box.neighbours[0].asked)
    assert b"<p>new</p>" == box.reads("water", "new.html")


@pytest.mark.parametrize(
    "changed",
    [{"film_mp4": b"\0" * 300_000}, {"film_mp4": b"short"}, {"film_mp4": noise(300_001)}, {"film_mp4": None}],
    ids=["lies", "gives less", "gives more", "lacks it"],
)
def test_what_a_neighbour_lacks_or_lies_about_comes_from_the_hub(box, campus, wire, changed):
    release = campus.publishes("water", core=SITE, video=FILM)
    box.neighbours = [campus.neighbour(release, **changed)]

    outcome = box.syncs()

    assert ({"water": ["core", "video"]}, ()) == (box.on_shelf(), outcome.faults)
    assert ["video"] == kinds(wire.packs())
    assert FILM["film.mp4"] == box.reads("water", "film.mp4")
    assert [] == box.leftovers()
    assert box.store.count() == len({*SITE.values(), *FILM.values()})


def test_a_neighbour_with_another_list_is_not_asked_again(box, campus, wire):
    release = campus.publishes("water", core=SITE)
    liar = campus.neighbour(release)
    liar.files = {name: data if name.startswith("release") else b"[]" for name, data in liar.files.items()}
    box.neighbours = [liar]
    campus.publishes("soil", core={"index.html": b"<p>soil</p>"})

    outcome = box.syncs()

    assert (["soil", "water"], ()) == (sorted(box.on_shelf()), outcome.faults)
    assert 1 == kinds(liar.asked).count("manifest")


def test_what_one_neighbour_lacks_another_may_have(box, campus, wire):
    release = campus.publishes("water", core=SITE, video=FILM)
    box.neighbours = [campus.neighbour(release, film_mp4=None), campus.neighbour(release)]

    box.syncs()

    assert {"water": ["core", "video"]} == box.on_shelf()
    assert [] == wire.packs()


def test_a_neighbour_that_dawdles_is_left(box, campus, clock, wire):
    release = campus.publishes("water", core=SITE, video=FILM)

    class Slow(SimulatedLink):
        def fetch(self, name, offset, size_bytes):
            for piece in super().fetch(name, offset, size_bytes):
                clock.wait(SLOW_SECONDS if name.startswith("file") else 0)
                yield piece

    box.neighbours = [Slow(campus.neighbour(release).files)]

    outcome = box.syncs()

    assert ({"water": ["core", "video"]}, ()) == (box.on_shelf(), outcome.faults)
    assert ["video"] == kinds(wire.packs())


def test_neighbours_go_on_where_the_link_has_ended(box, campus, wire):
    """The night's bytes are spent in the first course; the second lies next door."""
    campus.publishes("huge", core={"noise.bin": noise(90_000)})
    soil = campus.publishes("soil", core={"noise.bin": noise(99_000, 2)})
    box.neighbours = [campus.neighbour(soil)]

    class Spent(LinkFault):
        """As the metered link ends it."""

    def is_spent(request, answer):
        raise Spent("The night's 20 MB are spent.", "It goes on tomorrow.")

    wire.when_packs_are_asked.append(is_spent)

    outcome = box.syncs()

    assert ["soil"] == list(box.on_shelf())
    assert ["The night's 20 MB are spent."] == [fault.sentence for fault in outcome.faults]
    assert ["core"] == kinds(wire.packs())


def test_a_power_cut_while_a_neighbour_gives_leaves_nothing(box, campus):
    release = campus.publishes("water", core=SITE, video=FILM)

    class Dies(SimulatedLink):
        def fetch(self, name, offset, size_bytes):
            if size_bytes == len(FILM["film.mp4"]):
                raise Crash
            yield from super().fetch(name, offset, size_bytes)

    box.neighbours = [Dies(campus.neighbour(release).files)]
    box.loses_power_while_syncing()
    before = (box.on_shelf(), box.store.count(), box.leftovers())
    box.neighbours = []
    box.syncs()

    assert ({"water": ["core"]}, len(SITE), []) == before
    assert FILM["film.mp4"] == box.reads("water", "film.mp4")


def test_a_hub_that_breaks_off_leaves_the_rest_to_the_neighbours(box, campus, wire):
    campus.publishes("huge", core={"noise.bin": noise(90_000)})
    soil = campus.publishes("soil", core={"noise.bin": noise(99_000, 2)})
    box.neighbours = [campus.neighbour(soil)]

    def breaks(request, answer):
        raise LinkBroken("Gone.")

    wire.when_packs_are_asked += [breaks] * 5

    outcome = box.syncs()

    assert ["soil"] == list(box.on_shelf())
    assert ["Gone."] == [fault.sentence for fault in outcome.faults]
