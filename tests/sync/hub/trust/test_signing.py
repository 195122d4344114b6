"""What the hub signs, when, and how little of it travels."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from catalog.manifest import Release
from catalog.trust.delta import BaseDiffers
from catalog.trust.roles import DAY_SECONDS, LIFE_SECONDS, TIMESTAMP, Freshness, NotListed
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.hub import Hub
from sync.hub.trust import documents
from sync.hub.trust.catalogue import SignedCatalogue
from sync.hub.trust.keys import FOLDER, KeyMissing
from sync.hub.trust.listing import VERSIONS_LISTED_MAX
from sync.wire import CAN_CATALOGUE, Catalogued
from tests.sync.hub.conftest import HandClock
from tests.sync.hub.courses import book
from tests.sync.hub.trust.conftest import TrustingBox

QUIET_UP_BYTES_MAX = 60
NEW_RELEASE_BYTES_MAX = 1_500

Publishes = Callable[..., Release]


def test_a_release_is_signed_before_an_answer_names_it(hub: Hub, publishes: Publishes, trusting: TrustingBox) -> None:
    release = publishes(core=book(1))

    trusting.hears(hub)

    assert trusting.judges(release) is None


def test_a_quiet_night_costs_next_to_nothing(hub: Hub, publishes: Publishes, trusting: TrustingBox) -> None:
    publishes(core=book(1))
    trusting.hears(hub)

    assert 0 == trusting.hears(hub)
    assert len(trusting.report(CAN_CATALOGUE).to_bytes()) - len(trusting.report().to_bytes()) < QUIET_UP_BYTES_MAX


def test_a_new_release_costs_less_than_a_packet(hub: Hub, publishes: Publishes, trusting: TrustingBox) -> None:
    publishes(core=book(1))
    trusting.hears(hub)
    release = publishes(core=book(2))

    assert 0 < trusting.hears(hub) < NEW_RELEASE_BYTES_MAX
    assert trusting.judges(release) is None


def test_a_box_that_knows_no_catalogues_is_sent_none(hub: Hub, publishes: Publishes, trusting: TrustingBox) -> None:
    publishes(core=book(1))

    with writing(hub.engine) as connection:
        assert b"" == hub.trust.metadata_for(connection, trusting.report())


@pytest.mark.slow
def test_the_former_versions_stay_listed_for_a_while_and_older_ones_do_not(
    hub: Hub, publishes: Publishes, trusting: TrustingBox
) -> None:
    releases = [publishes(core=book(edition)) for edition in range(VERSIONS_LISTED_MAX + 2)]
    trusting.hears(hub)

    listed = [release for release in releases if trusting.judges(release) is None]

    assert releases[2:] == listed
    assert isinstance(trusting.judges(releases[0]), NotListed)


def test_keys_are_made_once_whatever_is_opened_again(
    hub: Hub, publishes: Publishes, clock: HandClock, tmp_path: Path
) -> None:
    publishes(core=book(1))
    before = sorted(path.name for path in (tmp_path / "hub" / FOLDER).iterdir())

    again = SignedCatalogue(hub.engine, hub.catalog.releases, hub.trust.ring, clock)
    again.catch_up()

    assert before == sorted(path.name for path in (tmp_path / "hub" / FOLDER).iterdir())
    with reading(hub.engine) as connection:
        assert 1 == connection.execute(select(func.count()).select_from(schema.trust_catalogue)).scalar_one()


def test_a_hub_from_before_the_catalogue_lists_all_that_is_on_offer(
    hub: Hub, publishes: Publishes, trusting: TrustingBox
) -> None:
    release = publishes(core=book(1))
    with writing(hub.engine) as connection:
        for table in (schema.trust_document, schema.trust_listing, schema.trust_role, schema.trust_catalogue):
            connection.execute(delete(table))

    trusting.hears(hub)

    assert trusting.judges(release) is None


def test_a_timestamp_is_signed_anew_when_a_third_of_its_life_is_gone(
    hub: Hub, publishes: Publishes, trusting: TrustingBox, clock: HandClock
) -> None:
    publishes(core=book(1))
    trusting.hears(hub)
    third_seconds = LIFE_SECONDS[TIMESTAMP] // 3

    clock.passes(third_seconds - DAY_SECONDS)
    assert 0 == trusting.hears(hub)

    clock.passes(2 * DAY_SECONDS)
    assert 0 < trusting.hears(hub) < NEW_RELEASE_BYTES_MAX
    assert 0 == trusting.hears(hub)


@pytest.mark.slow
def test_a_hub_that_is_asked_now_and_then_never_lets_its_word_run_out(
    hub: Hub, publishes: Publishes, trusting: TrustingBox, clock: HandClock
) -> None:
    publishes(core=book(1))

    for _ in range(30):
        clock.passes(40 * DAY_SECONDS)
        trusting.hears(hub)

    state = trusting.catalogues.state()
    assert state is not None
    assert Freshness.CURRENT is state.freshness


def test_a_restored_hub_signs_above_what_boxes_have_seen(
    hub: Hub, publishes: Publishes, new_trusting: Callable[[], TrustingBox], clock: HandClock
) -> None:
    """The backup knew the first release; a box has seen the second, signed under a number that the hub forgot."""
    publishes(core=book(1))
    seen = new_trusting()
    seen.hears(hub)
    (before,) = seen.catalogues.held()
    publishes(core=book(2))
    seen.hears(hub)
    (ahead,) = seen.catalogues.held()
    _restore(hub, before)

    assert 0 < seen.hears(hub)
    fresh = new_trusting()
    fresh.hears(hub)

    assert fresh.catalogues.held() == seen.catalogues.held()
    assert seen.catalogues.held()[0].timestamp_version > ahead.timestamp_version


@pytest.mark.slow
def test_a_restored_hub_that_met_a_number_again_heals_within_two_answers(
    hub: Hub, publishes: Publishes, trusting: TrustingBox
) -> None:
    """It signed something else under the number that a box has seen, before that box called: neither can know."""
    publishes(core=book(1))
    trusting.hears(hub)
    (before,) = trusting.catalogues.held()
    publishes(core=book(2))
    trusting.hears(hub)
    _restore(hub, before)
    publishes("fire", core=book(1, "fire"))
    release = publishes("earth", core=book(1, "earth"))

    with writing(hub.engine) as connection:
        news = hub.trust.metadata_for(connection, trusting.report(CAN_CATALOGUE))
    assert isinstance(trusting.takes(news), BaseDiffers)
    trusting.hears(hub)

    assert trusting.judges(release) is None


def test_a_hub_that_knows_it_was_restored_meets_no_number_again(
    hub: Hub, publishes: Publishes, trusting: TrustingBox
) -> None:
    publishes(core=book(1))
    trusting.hears(hub)
    (before,) = trusting.catalogues.held()
    publishes(core=book(2))
    trusting.hears(hub)
    _restore(hub, before)

    with writing(hub.engine) as connection:
        documents.restored(connection, hub.clock.now().wall_seconds)
    release = publishes("fire", core=book(1, "fire"))
    trusting.hears(hub)

    assert trusting.judges(release) is None


def test_a_backup_that_is_restored_twice_gives_no_number_twice(
    hub: Hub, publishes: Publishes, trusting: TrustingBox, clock: HandClock
) -> None:
    """The first attempt was heard by a box, and was no good; an hour later staff put the same backup back again."""
    publishes(core=book(1))
    trusting.hears(hub)
    (before,) = trusting.catalogues.held()
    for course in ("fire", "earth"):
        _restore(hub, before)
        with writing(hub.engine) as connection:
            documents.restored(connection, clock.now().wall_seconds)
        release = publishes(course, core=book(1, course))
        trusting.hears(hub)
        clock.passes(3600)

    assert trusting.judges(release) is None


def test_a_box_with_another_form_of_the_same_number_is_sent_all(
    hub: Hub, publishes: Publishes, trusting: TrustingBox
) -> None:
    publishes(core=book(1))
    trusting.hears(hub)
    (held,) = trusting.catalogues.held()
    trusting.database.write(lambda connection: connection.execute("update catalogue set wants_all = 1"))

    came_bytes = trusting.hears(hub)

    assert came_bytes > NEW_RELEASE_BYTES_MAX // 2
    (now,) = trusting.catalogues.held()
    assert (1, True) == (now.root_version, now.timestamp_version > held.timestamp_version)


@pytest.mark.slow
def test_a_box_that_slept_longer_than_the_hub_remembers_is_sent_all_but_the_roots(
    hub: Hub, publishes: Publishes, trusting: TrustingBox
) -> None:
    publishes(core=book(0))
    trusting.hears(hub)
    for edition in range(1, documents.VERSIONS_KEPT + 2):
        release = publishes(core={"index.html": b"%d" % edition})

    trusting.hears(hub)

    assert trusting.judges(release) is None


def test_without_a_key_what_was_signed_goes_on_to_serve(hub: Hub, publishes: Publishes, trusting: TrustingBox) -> None:
    old = publishes(core=book(1))
    trusting.hears(hub)
    for path in (hub.data / FOLDER).glob("snapshot-*"):
        path.unlink()

    publishes(core=book(2))

    assert 0 == trusting.hears(hub)
    assert isinstance(hub.trust.fault, KeyMissing)
    assert trusting.judges(old) is None


def test_the_whole_chain_serves_a_box_that_has_nothing(hub: Hub, publishes: Publishes, trusting: TrustingBox) -> None:
    release = publishes(core=book(1))

    assert trusting.takes(hub.trust.full()) is None
    assert trusting.judges(release) is None
    assert 0 == trusting.hears(hub)


def _restore(hub: Hub, to: Catalogued) -> None:
    """Put the hub's catalogue back to what a backup knew."""
    document, own = schema.trust_document, schema.trust_catalogue
    with writing(hub.engine) as connection:
        connection.execute(delete(document).where(document.c.version > to.timestamp_version))
        connection.execute(update(own).values(timestamp_version=to.timestamp_version))
        connection.execute(delete(schema.trust_listing).where(schema.trust_listing.c.version == 2))
