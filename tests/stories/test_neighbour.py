"""Two boxes stand side by side, and one of them has a bad link."""

import pytest

from edge.app import create_app
from edge.nights.neighbours import Neighbours
from sync.links.neighbour import NeighbourLink
from sync.receiving.fetching import TRIES_MAX
from tests.stories.box import CampusBox
from tests.stories.world import World
from tests.wire import Ask, Wire, cut_at, flips_a_byte_at, never_gets_there, noise

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}
FILM = {"film.mp4": noise(400_000)}


def stands_beside(box: CampusBox, other: CampusBox) -> Wire:
    """Let a box find another on its network. Returns the wire between the two."""
    wire = Wire(create_app(other.box))
    box.box.__dict__["neighbours"] = Neighbours(
        box.id, 0, lambda: ["http://10.0.0.8:8080"], open_link=lambda address: NeighbourLink(address, wire)
    )
    return wire


def test_a_film_crosses_the_link_once_for_two_boxes(world: World) -> None:
    """The first box fetched the course last night; the second takes it from the first, and only reports to the hub."""
    world.hub.publishes("water", core=SITE, video=FILM)
    first, second = world.box("first room"), world.box("second room")
    first.night()
    wire = stands_beside(second, first)

    night = second.night()

    assert ("well", ["water"], []) == (night.outcome, night.courses, second.wire.packs())
    assert {"water": ["core", "video"]} == second.shelf() == world.hub.holds(second.id)
    assert FILM["film.mp4"] == second.reads("water", "film.mp4")
    # Some 4,400, of which 1,700 are the report of a new box and 1,900 the chain of the signed catalogue.
    assert night.bytes_down + night.bytes_up < 4_500
    assert wire.delivered.total() > len(FILM["film.mp4"])


def test_a_new_version_travels_file_by_file_between_neighbours(world: World) -> None:
    """Both have the first version; of the second only what is new crosses the room."""
    world.hub.publishes("water", core=SITE, video=FILM)
    first, second = world.box("first room"), world.box("second room")
    first.night()
    second.night()
    world.hub.publishes("water", core={**SITE, "more.html": b"<p>more</p>"}, video=FILM)
    first.night()
    wire = stands_beside(second, first)
    second.wire.asked.clear()

    night = second.night()

    assert ("well", []) == (night.outcome, second.wire.packs())
    assert b"<p>more</p>" == second.reads("water", "more.html")
    assert ["release", "manifest", "file"] == [name.partition("-")[0] for name in wire.packs()]


def test_a_neighbour_that_is_switched_off_in_the_middle(world: World) -> None:
    """Somebody needs the socket: the film stops coming, and comes from the hub instead."""
    world.hub.publishes("water", core=SITE, video=FILM)
    first, second = world.box("first room"), world.box("second room")
    first.night()
    wire = stands_beside(second, first)
    gone = [never_gets_there] * 20
    wire.when_packs_are_asked += [None, None, None, None, cut_at(100_000), *gone]

    night = second.night()

    assert ("well", ["water"]) == (night.outcome, night.courses)
    assert ["video"] == [name.partition("-")[0] for name in second.wire.packs()]
    assert FILM["film.mp4"] == second.reads("water", "film.mp4")


def test_a_neighbour_whose_card_fails_is_not_believed(world: World) -> None:
    """What it hands over is not what the root says; nobody sees a wrong byte, and the hub is asked."""
    world.hub.publishes("water", core=SITE, video=FILM)
    first, second = world.box("first room"), world.box("second room")
    first.night()
    wire = stands_beside(second, first)
    wire.when_packs_are_asked += [None, None, None, None, flips_a_byte_at(7)]

    night = second.night()

    assert ("well", ["water"]) == (night.outcome, night.courses)
    assert FILM["film.mp4"] == second.reads("water", "film.mp4")
    assert ["video"] == [name.partition("-")[0] for name in second.wire.packs()]


def test_the_link_ends_and_the_neighbour_goes_on(world: World) -> None:
    """The line drops for the night in a course that only the hub has; what stands next door comes all the same."""
    world.hub.publishes("water", core=SITE, video=FILM)
    first, second = world.box("first room"), world.box("second room")
    first.night()
    world.hub.publishes("soil", core={"index.html": b"<h1>Soil</h1>"})
    stands_beside(second, first)
    second.wire.when_packs_are_asked += [never_gets_there] * TRIES_MAX

    night, after = second.night(), second.night()

    assert ("short", ["water"]) == (night.outcome, night.courses)
    assert ("well", ["soil"]) == (after.outcome, after.courses)


def test_the_power_goes_while_a_neighbour_gives(world: World) -> None:
    """Half of the film is here when the lights go out; the morning finds a whole core, and nothing half."""
    world.hub.publishes("water", core=SITE, video=FILM)
    first, second = world.box("first room"), world.box("second room")
    first.night()
    wire = stands_beside(second, first)
    wire.when_packs_are_asked += [None, None, None, None, second.loses_power_at(150_000)]

    cut = second.night()
    shelf, staged = second.shelf(), second.staged()
    night = second.night()

    assert ("cut", {"water": ["core"]}, []) == (cut.outcome, shelf, staged)
    assert ("well", ["water"]) == (night.outcome, night.courses)
    assert FILM["film.mp4"] == second.reads("water", "film.mp4")


def test_a_neighbour_of_another_school_gives_nothing_that_this_one_has_no_right_to_know(world: World) -> None:
    """What a box serves to its neighbours is courses: no report, no journal, no name of a learner."""
    world.hub.publishes("water", core=SITE)
    first = world.box("first room")
    first.learner("Amina").answers()
    first.night()
    wire = Wire(create_app(first.box))
    asked: list[str] = ["box.db", "keys", "box.key", "../box.db", "..%2Fbox.db", "file-box.db", "spool", "staging"]
    ask: Ask = wire.answer
    address = "http://10.0.0.8:8080"

    with NeighbourLink(address, wire) as link:
        statuses = [ask(link._http._client.build_request("GET", f"{address}/sync/packs/{name}")) for name in asked]

    assert {404} == {reply.status_code for reply in statuses}
