"""A course that the hub has and a campus does not: listed, asked for, wanted, here. Through whole nights."""

from sqlalchemy import delete

from catalog.manifest import Release
from sync.campus.asking import Demand
from sync.hub import schema
from sync.hub.engine import writing
from tests.stories.box import CampusBox
from tests.stories.world import World

WATER = {"core": {"site/index.html": b"<p>Water " * 200}}


def campus_of(box: CampusBox) -> str:
    hub = box.box.hub
    assert hub is not None
    return hub.campus


def keeps_back(world: World, course: str, box: CampusBox) -> Release:
    """The hub publishes a course, and this campus does not get it."""
    release = world.hub.publishes(course, **WATER)
    table = schema.want.c
    with writing(world.hub.hub.engine) as connection:
        connection.execute(delete(schema.want).where(table.campus == campus_of(box), table.course == course))
    return release


def listed(box: CampusBox) -> dict[str, int]:
    return {one.listed.course: one.askers for one in box.box.asking.coming()}


def test_a_course_is_asked_for_in_one_night_and_here_in_the_next(world: World) -> None:
    box = world.box()
    keeps_back(world, "water", box)
    box.night()
    before = listed(box), box.shelf()
    amina, badr = box.learner("Amina"), box.learner("Badr")

    box.box.asking.ask(amina.id, "water")
    box.box.asking.ask(amina.id, "water")
    box.box.asking.ask(badr.id, "water")
    box.night()
    asked = world.hub.hub.demands.asked("water")
    box.box.asking.decide("water", True)
    box.night()
    box.night()

    assert ({"water": 0}, {}) == before
    assert [("Wadi", Demand("water", 2))] == [(one.campus.name, one.demand) for one in asked]
    assert ["water"] == list(box.shelf())
    assert {} == listed(box)


def test_who_asked_is_in_no_event_and_goes_with_an_erasure(world: World) -> None:
    box = world.box()
    keeps_back(world, "water", box)
    box.night()
    amina = box.learner("Amina")

    box.box.asking.ask(amina.id, "water")
    box.box.people.erase(amina.id)
    box.night()

    said = [event for event in world.hub.events(box.id) if event.kind == "asked"]
    assert [("", b'{"askers":1,"course":"water","edit":1}')] == [(one.learner, one.payload) for one in said]
    assert set() == box.box.asking.asked_by(amina.id)


def test_a_night_in_which_nothing_of_the_list_changed_is_one_request(world: World) -> None:
    box = world.box()
    keeps_back(world, "water", box)
    box.night()

    night = box.night()

    assert 1 == night.requests


def test_a_new_version_is_listed_anew_and_one_that_is_given_is_listed_no_more(world: World) -> None:
    box = world.box()
    keeps_back(world, "water", box)
    box.night()
    first = [one.listed.version for one in box.box.asking.coming()]

    keeps_back(world, "water", box)
    box.night()
    second = [one.listed.version for one in box.box.asking.coming()]
    with writing(world.hub.hub.engine) as connection:
        connection.execute(schema.want.insert().values(campus=campus_of(box), course="water"))
    box.night()
    box.night()

    assert ([1], [2], []) == (first, second, box.box.asking.coming())


def test_a_course_that_the_hub_does_not_have_is_wanted_in_vain(world: World) -> None:
    """A box that says anything: the hub believes it in nothing but what is on offer."""
    box = world.box()
    world.hub.publishes("sand", **WATER)
    box.night()

    box.box.database.write(
        lambda connection: box.box.journal.append(connection, "wanted", "", {"course": "gold", "is_wanted": 1})
    )
    box.night()

    with writing(world.hub.hub.engine) as connection:
        wanted = [row.course for row in connection.execute(schema.want.select())]
    assert ["sand"] == wanted


def test_a_hub_that_reads_all_batches_again_comes_to_the_same(world: World) -> None:
    box = world.box()
    keeps_back(world, "water", box)
    box.night()
    box.box.asking.ask(box.learner("Amina").id, "water")
    box.box.asking.decide("water", False)
    box.night()
    before = world.hub.hub.demands.asked("water")

    world.hub.hub.intake.readout.rebuild()

    assert before == world.hub.hub.demands.asked("water")
    assert [Demand("water", 1, False)] == [one.demand for one in before]
