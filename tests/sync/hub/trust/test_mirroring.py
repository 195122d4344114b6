"""Three at once: a ministry's hub, a national hub that mirrors it, and a box of the national one."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog.fault import CallerFault, ContentFault
from catalog.manifest import Release
from catalog.trust.roles import DAY_SECONDS, MetadataRefused, NotListed
from sync.hub.app import create_app
from sync.hub.engine import writing
from sync.hub.hub import Hub
from sync.hub.trust.ceremony import Ceremonies, Sticks
from sync.hub.trust.mirroring import Brought, CourseTaken, Mirroring
from sync.hub.trust.state import state_of
from sync.links.http import HttpLink
from sync.wire import SESSION_PATH
from tests.sync.hub.conftest import HandClock
from tests.sync.hub.courses import book, record
from tests.sync.hub.trust.conftest import TrustingBox
from tests.wire import ADDRESS, Wire, flips_a_byte_at

Publishes = Callable[..., Release]


@dataclass
class Ministry:
    """The hub that is mirrored, and the wire to it."""

    hub: Hub
    wire: Wire

    def publishes(self, course: str = "algebra", edition: int = 1) -> Release:
        release = record(self.hub, course, {"core": book(edition, course)})
        self.hub.packing.build_missing()
        return release

    @property
    def catalogue(self) -> str:
        with writing(self.hub.engine) as connection:
            return self.hub.trust.sign(connection)


@pytest.fixture
def ministry(tmp_path: Path, clock: HandClock) -> Iterator[Ministry]:
    hub = Hub.open(tmp_path / "ministry", clock, random.Random(99).randbytes)
    yield Ministry(hub, Wire(create_app(hub)))
    hub.close()


@pytest.fixture
def mirrors(hub: Hub, ministry: Ministry) -> Callable[..., Brought]:
    """Let the national hub mirror the ministry's."""

    def mirror(catalogue: str = "") -> Brought:
        mirroring = Mirroring(hub.engine, hub.catalog, hub.trust, hub.clock)
        with HttpLink(ADDRESS, ministry.wire) as link:
            brought = mirroring.bring(link, catalogue or ministry.catalogue, ADDRESS, lambda course: None)
        hub.packing.build_missing()
        return brought

    return mirror


def _offered(hub: Hub) -> list[str]:
    return [offer.course for offer in hub.packing.offers()]


def test_a_box_shelves_what_its_hub_mirrors_on_the_word_of_who_made_it(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought], publishes: Publishes, trusting: TrustingBox
) -> None:
    algebra, water = ministry.publishes("algebra"), publishes("water", core=book(1))

    mirrors()
    trusting.hears(hub)

    assert ["algebra", "water"] == _offered(hub)
    assert [None, None] == [trusting.judges(algebra), trusting.judges(water)]
    assert 2 == len(trusting.catalogues.held())
    sources = trusting.database.read().execute("select catalogue from catalogue_target where course = 'algebra'")
    assert [ministry.catalogue] == [row["catalogue"] for row in sources.fetchall()]


@pytest.mark.slow
def test_what_is_new_there_comes_and_what_is_here_does_not_come_again(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought], trusting: TrustingBox
) -> None:
    ministry.publishes(edition=1)
    first = mirrors()
    trusting.hears(hub)
    second_edition = ministry.publishes(edition=2)

    second, third = mirrors(), mirrors()
    trusting.hears(hub)

    assert (["algebra"], ["algebra"], []) == (first.courses, second.courses, third.courses)
    assert second.came_bytes < first.came_bytes // 2
    assert trusting.judges(second_edition) is None


def test_nothing_of_learners_goes_to_the_mirrored_hub(ministry: Ministry, mirrors: Callable[..., Brought]) -> None:
    ministry.publishes()

    mirrors()

    assert {"GET"} == {request.method for request in ministry.wire.asked}
    assert SESSION_PATH not in {request.url.path for request in ministry.wire.asked}


@pytest.mark.parametrize("name", ["a" * 16, "ministry", "../../hub"], ids=["another", "no name", "a path"])
def test_a_catalogue_that_is_not_there_is_the_callers_to_name(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought], name: str
) -> None:
    ministry.publishes()

    with pytest.raises(CallerFault, match="has no catalogue called") as refused:
        mirrors(name)

    assert "16 letters" in refused.value.hint
    assert [] == _offered(hub)


def test_a_hub_does_not_mirror_itself(hub: Hub, ministry: Ministry, publishes: Publishes) -> None:
    publishes("water", core=book(1))
    with writing(hub.engine) as connection:
        own = hub.trust.sign(connection)
    mirroring = Mirroring(hub.engine, hub.catalog, hub.trust, hub.clock)

    with HttpLink(ADDRESS, Wire(create_app(hub))) as link, pytest.raises(MetadataRefused):
        mirroring.bring(link, own, ADDRESS, lambda course: None)


@pytest.mark.parametrize("place", [40, 300, 900, -5])
def test_a_catalogue_with_one_byte_changed_is_refused_and_nothing_taken(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought], place: int
) -> None:
    """Row 27, on the way between two hubs."""
    ministry.publishes()
    catalogue = ministry.catalogue
    ministry.wire.misfortunes.append(flips_a_byte_at(place))

    with pytest.raises(ContentFault):
        mirrors(catalogue)

    assert [] == _offered(hub)


def test_a_file_that_was_changed_on_the_way_keeps_its_course_out(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought]
) -> None:
    ministry.publishes("algebra")
    ministry.wire.misfortunes += [None, None, None, flips_a_byte_at(10)]

    brought = mirrors()

    assert ([], 1) == (brought.courses, len(brought.faults))
    assert [] == _offered(hub)
    assert ["algebra"] == mirrors().courses


def test_a_course_that_the_hub_publishes_itself_is_not_taken_from_elsewhere(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought], publishes: Publishes, trusting: TrustingBox
) -> None:
    own, theirs = publishes("water", core=book(1)), ministry.publishes("water", edition=2)

    brought = mirrors()
    trusting.hears(hub)

    assert [CourseTaken] == [type(fault) for fault in brought.faults]
    assert trusting.judges(own) is None
    assert hub.catalog.releases.document(theirs.root) is None


@pytest.mark.parametrize("about", [{"course": "algebra"}, {"title": "Algebra"}], ids=["by name", "by title"])
def test_a_course_that_is_mirrored_is_not_published_here_as_well(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought], trusting: TrustingBox, lesson: Path,
    about: dict[str, str],
) -> None:  # fmt: skip
    """Boxes would be offered the one and be shown the other in the list, and get neither."""
    theirs = ministry.publishes()
    mirrors()

    with pytest.raises(CourseTaken, match=f"from the catalogue {ministry.catalogue}"):
        hub.publish([lesson], **about)
    trusting.hears(hub)

    assert [1] == [offer.version for offer in hub.packing.offers()]
    assert trusting.judges(theirs) is None


@pytest.mark.slow
def test_what_the_ministry_revokes_is_gone_at_the_box(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought], trusting: TrustingBox
) -> None:
    """Its own key was stolen: with the next mirroring and the next night nothing counts that the thief signed."""
    algebra = ministry.publishes()
    ceremonies = Ceremonies(ministry.hub.engine, ministry.hub.trust, ministry.hub.clock)
    ceremonies.delegate("school", courses="algebra")
    mirrors()
    trusting.hears(hub)
    assert trusting.judges(algebra) is None

    ceremonies.revoke("school", Sticks())
    mirrors()
    trusting.hears(hub)

    assert isinstance(trusting.judges(algebra), NotListed)


def test_a_catalogue_that_ran_out_long_ago_is_not_mirrored(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought], clock: HandClock
) -> None:
    ministry.publishes()
    catalogue = ministry.catalogue
    clock.passes(90 * DAY_SECONDS + 180 * DAY_SECONDS)

    with pytest.raises(MetadataRefused, match="run out"):
        mirrors(catalogue)


def test_the_mirror_says_where_it_has_things_from(
    hub: Hub, ministry: Ministry, mirrors: Callable[..., Brought]
) -> None:
    ministry.publishes()
    mirrors()

    with writing(hub.engine) as connection:
        state = state_of(connection, hub.trust)

    assert [(ministry.catalogue, ADDRESS)] == [(one.catalogue, one.address) for one in state.mirrored]


def test_the_catalogue_is_served_to_whoever_asks_and_not_for_ever(hub: Hub, publishes: Publishes) -> None:
    publishes("water", core=book(1))
    with writing(hub.engine) as connection:
        own = hub.trust.sign(connection)
    client = create_app(hub).test_client()

    reply = client.get(f"/sync/packs/catalogue-{own}")

    assert (200, "public, max-age=60") == (reply.status_code, reply.headers["Cache-Control"])
    assert 404 == client.get("/sync/packs/catalogue-" + "a" * 16).status_code
    assert 404 == client.get("/sync/packs/catalogue-nonsense").status_code
