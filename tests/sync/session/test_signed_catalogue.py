"""A session where the hub signs what may be shelved: the real hub, the real box."""

import pytest
from sqlalchemy import delete

from catalog.trust.roles import CatalogueExpired, NotListed
from sync.hub import schema
from sync.hub.engine import writing
from sync.hub.trust.listing import mark_due
from sync.receiving.catalogues import Catalogues
from tests.sync.session.conftest import SITE

DAY_SECONDS = 86_400


@pytest.fixture
def trusting(box):
    """The box, whose sessions ask for the catalogue."""
    box.catalogues = Catalogues(box.database, box.clock, lambda: 180)
    return box


def _unlist(hub, course, version):
    listing = schema.trust_listing
    with writing(hub.engine) as connection:
        connection.execute(delete(listing).where(listing.c.course == course, listing.c.version == version))
        mark_due(connection, "own")


def test_the_first_night_brings_the_catalogue_and_the_course(trusting, campus):
    release = campus.publishes("water", core=SITE)

    outcome = trusting.syncs()

    assert () == outcome.faults
    assert {"water": ["core"]} == trusting.on_shelf()
    assert trusting.catalogues.judge("water", 1, release.root) is None


def test_a_course_that_the_plan_names_and_nobody_signed_is_not_even_fetched(trusting, campus, hub, wire):
    """The hub's database was changed by a thief, who has none of the keys: its plan names what no catalogue lists."""
    campus.publishes("water", core=SITE)
    _unlist(hub, "water", 1)

    outcome = trusting.syncs()

    assert [NotListed] == [type(fault) for fault in outcome.faults]
    assert [] == wire.packs()
    assert {} == trusting.on_shelf()


def test_what_is_on_the_shelf_stays_there_when_it_is_listed_no_more(trusting, campus, hub):
    campus.publishes("water", core=SITE)
    trusting.syncs()
    _unlist(hub, "water", 1)

    trusting.syncs()

    assert {"water": ["core"]} == trusting.on_shelf()
    assert SITE["index.html"] == trusting.reads("water", "index.html")


def test_after_the_grace_nothing_new_comes_and_what_is_here_is_served(trusting, campus, hub, clock):
    """The hub lost its keys and signs no more; years later its plan still comes."""
    campus.publishes("water", core=SITE)
    trusting.syncs()
    campus.publishes("fire", core={"index.html": b"<h1>Fire</h1>"})
    trusting.database.write(lambda connection: trusting.catalogues.take(connection, hub.trust.full()))
    for key in (hub.data / "keys/catalogue").glob("*.key"):
        key.unlink()
    later = clock.now().wall_seconds + 3_000 * DAY_SECONDS
    trusting.database.write(lambda connection: trusting.catalogues.hear_time(connection, later))

    outcome = trusting.syncs()

    assert [CatalogueExpired] == [type(fault) for fault in outcome.faults]
    assert {"water": ["core"]} == trusting.on_shelf()


def test_a_box_of_before_takes_what_the_hub_plans(box, campus, hub):
    campus.publishes("water", core=SITE)
    _unlist(hub, "water", 1)

    box.syncs()

    assert {"water": ["core"]} == box.on_shelf()
