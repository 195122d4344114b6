"""What a box believes of catalogues: what may come on the shelf, on whose word, and for how long."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.db import Connection, Database
from catalog.digest import digest_of
from catalog.fault import ContentFault
from catalog.trust import delta
from catalog.trust.roles import (
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    CatalogueExpired,
    Freshness,
    MetadataRefused,
    NotListed,
    Target,
    root_path,
)
from sync.clock import Moment
from sync.receiving import catalogues
from sync.receiving.believed import entries_of, note_source
from sync.receiving.catalogues import Catalogues
from sync.wire import Catalogued
from tests.catalog.trust.signers import LATER_SECONDS, NOW_SECONDS, Forge, key, listed

DAY_SECONDS = 86_400
GRACE_DAYS = 180

Hears = Callable[..., ContentFault | None]


class SetClock:
    """A clock that says what it is told to."""

    def __init__(self) -> None:
        self.moment = Moment(NOW_SECONDS, 0.0, is_trusted=True)

    def now(self) -> Moment:
        return self.moment

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")

    def says(self, wall_seconds: int, *, is_trusted: bool = True) -> None:
        self.moment = Moment(wall_seconds, 0.0, is_trusted)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    one = Database(tmp_path / "box.db", [catalogues.migrations])
    yield one
    one.close()


@pytest.fixture
def box(database: Database, clock: SetClock) -> Catalogues:
    return Catalogues(database, clock, lambda: GRACE_DAYS)


@pytest.fixture
def hears(box: Catalogues, database: Database) -> Hears:
    """Believe what these catalogues would sign; returns what could not be believed."""

    def hear(*forges: Forge) -> ContentFault | None:
        parts = [delta.part_of(forge.catalogue, forge.documents()) for forge in forges]
        return database.write(lambda connection: box.take(connection, delta.to_bytes(parts)))

    return hear


def _judged(box: Catalogues, target: Target) -> ContentFault | None:
    course, version = target.course or ("", 0)
    return box.judge(course, version, target.digest)


def test_a_box_that_never_heard_of_a_catalogue_shelves_by_the_plan(box: Catalogues) -> None:
    assert _judged(box, listed("cells", 1)) is None
    assert box.state() is None
    assert [] == box.held()


def test_what_is_listed_may_come_and_nothing_else(box: Catalogues, hears: Hears) -> None:
    hears(Forge())

    assert _judged(box, listed("cells", 1)) is None
    assert isinstance(_judged(box, listed("cells", 2)), NotListed)
    assert isinstance(_judged(box, listed("atoms", 1)), NotListed)


def test_a_release_with_one_byte_changed_is_not_the_one_listed(box: Catalogues, hears: Hears) -> None:
    hears(Forge())

    fault = box.judge("cells", 1, digest_of(b"cells 1, changed"))

    assert isinstance(fault, NotListed)
    assert "not the one that the signed catalogue lists" in fault.sentence


def test_the_hub_is_told_what_is_here(box: Catalogues, hears: Hears) -> None:
    hears(Forge(version=7))

    assert [Catalogued(Forge().catalogue, 1, 7)] == box.held()


def test_an_old_bundle_that_is_played_again_changes_nothing(box: Catalogues, hears: Hears) -> None:
    """Row 28: somebody kept last year's stick, on which a withdrawn release is still listed."""
    hears(Forge(version=7, targets=[listed("cells", 2)]))

    fault = hears(Forge(version=3, targets=[listed("cells", 1)]))

    assert isinstance(fault, MetadataRefused)
    assert isinstance(_judged(box, listed("cells", 1)), NotListed)
    assert [Catalogued(Forge().catalogue, 1, 7)] == box.held()


def test_a_second_catalogue_must_be_named_by_the_first(box: Catalogues, hears: Hears) -> None:
    hears(Forge())
    other = _of_another_hub()

    fault = hears(other)

    assert isinstance(fault, MetadataRefused)
    assert isinstance(_judged(box, listed("atoms", 1, "physics")), NotListed)


def test_what_a_mirrored_catalogue_lists_may_come_as_well(box: Catalogues, hears: Hears) -> None:
    other = _of_another_hub()

    assert hears(_naming(other), other) is None
    assert _judged(box, listed("atoms", 1, "physics")) is None
    assert 2 == len(box.held())


def test_a_mirror_cannot_forge_what_it_mirrors(box: Catalogues, hears: Hears) -> None:
    """It lists a release of its own under the name of a course that came from elsewhere."""
    other = _of_another_hub()
    hears(_naming(other), other)
    _shelves(box, "atoms", listed("atoms", 1, "physics"))

    forged = replace(_naming(other), version=3, targets=[listed("cells", 1), listed("atoms", 2)])
    hears(forged)

    assert isinstance(_judged(box, listed("atoms", 2)), NotListed)


def test_a_mirror_that_names_another_root_is_not_believed(box: Catalogues, hears: Hears) -> None:
    other = _of_another_hub()
    forged = replace(other, publisher_key=key(99), keys=other.keys | {TIMESTAMP: [key(98).public]})
    naming = _naming(other)

    fault = hears(naming, replace(forged, signers=other.signers | {TIMESTAMP: key(98)}))

    assert isinstance(fault, MetadataRefused)
    assert 1 == len(box.held())


def test_a_catalogue_that_is_named_no_more_counts_no_more(box: Catalogues, hears: Hears) -> None:
    other = _of_another_hub()
    hears(_naming(other), other)

    hears(Forge(version=9))

    assert isinstance(_judged(box, listed("atoms", 1, "physics")), NotListed)


def test_a_course_may_move_once_its_publisher_lets_it_go(box: Catalogues, hears: Hears) -> None:
    hears(Forge(version=2))
    _shelves(box, "cells", listed("cells", 1))

    hears(Forge(version=3, publisher="physics", versions={"biology": 3}, targets=[listed("cells", 2, "physics")]))

    assert _judged(box, listed("cells", 2, "physics")) is None


def test_news_on_another_base_are_asked_for_whole(box: Catalogues, hears: Hears, database: Database) -> None:
    hears(Forge(version=2))
    elsewhere = Forge(version=2, targets=[listed("cells", 8)])
    part = delta.part_of(elsewhere.catalogue, Forge(version=3).documents(), elsewhere.believed())

    fault = database.write(lambda connection: box.take(connection, delta.to_bytes([part])))

    assert isinstance(fault, delta.BaseDiffers)
    assert [Catalogued(Forge().catalogue, 0, 2)] == box.held()
    hears(Forge(version=3))
    assert [Catalogued(Forge().catalogue, 1, 3)] == box.held()


def test_a_word_that_ran_out_is_a_warning_and_then_the_end(box: Catalogues, hears: Hears, clock: SetClock) -> None:
    hears(Forge())

    clock.says(LATER_SECONDS)
    assert Freshness.EXPIRED is _state(box)
    assert _judged(box, listed("cells", 1)) is None

    clock.says(LATER_SECONDS + GRACE_DAYS * DAY_SECONDS)
    assert Freshness.STALE is _state(box)
    assert isinstance(_judged(box, listed("cells", 1)), CatalogueExpired)


def test_news_that_come_after_the_end_bring_content_again(box: Catalogues, hears: Hears, clock: SetClock) -> None:
    hears(Forge())
    clock.says(LATER_SECONDS + GRACE_DAYS * DAY_SECONDS)

    hears(Forge(version=2, until_seconds=LATER_SECONDS + 400 * DAY_SECONDS))

    # The root's own word still ends when it did; two root keys give it another five years.
    assert Freshness.STALE is _state(box)
    assert isinstance(_judged(box, listed("cells", 1)), CatalogueExpired)


def test_a_box_whose_clock_says_1970_takes_what_is_listed(box: Catalogues, hears: Hears, clock: SetClock) -> None:
    clock.says(0, is_trusted=False)
    hears(Forge())

    assert Freshness.CURRENT is _state(box)
    assert _judged(box, listed("cells", 1)) is None


def test_the_time_that_a_hub_signed_is_never_forgotten(
    box: Catalogues, hears: Hears, clock: SetClock, database: Database
) -> None:
    hears(Forge())
    clock.says(0, is_trusted=False)

    database.write(lambda connection: box.hear_time(connection, LATER_SECONDS + GRACE_DAYS * DAY_SECONDS))
    database.write(lambda connection: box.hear_time(connection, NOW_SECONDS))

    assert isinstance(_judged(box, listed("cells", 1)), CatalogueExpired)


def test_a_clock_that_was_wrong_and_set_right_locks_nobody_out(box: Catalogues, hears: Hears, clock: SetClock) -> None:
    hears(Forge())
    clock.says(LATER_SECONDS + 9_999 * DAY_SECONDS)
    assert Freshness.STALE is _state(box)

    clock.says(NOW_SECONDS)

    assert Freshness.CURRENT is _state(box)


def test_a_box_finds_its_software_where_the_catalogue_lists_it(box: Catalogues, hears: Hears, clock: SetClock) -> None:
    software = Target("software/qanat-2.tar", digest_of(b"2"), 1)
    hears(Forge(publisher="software", targets=[software, listed("cells", 1)]))

    assert software == box.listed("software/qanat-2.tar")
    assert box.listed("software/qanat-1.tar") is None
    clock.says(LATER_SECONDS + GRACE_DAYS * DAY_SECONDS)
    assert box.listed("software/qanat-2.tar") is None


def _state(box: Catalogues) -> Freshness:
    state = box.state()
    assert state is not None
    return state.freshness


def _shelves(box: Catalogues, course: str, target: Target) -> None:
    """As if the release of this target had come on the shelf."""

    def note(connection: Connection) -> None:
        (entry,) = [one for one in entries_of(connection, course) if one.root == target.digest]
        note_source(connection, course, entry.source)

    box._database.write(note)


def _of_another_hub() -> Forge:
    """Other keys throughout, another publisher."""
    roots = [key(31), key(32), key(33)]
    signers = {TARGETS: key(34), SNAPSHOT: key(35), TIMESTAMP: key(36)}
    publics = {role: [one.public] for role, one in signers.items()}
    return Forge(
        root_signers=roots, keys={ROOT: [one.public for one in roots], **publics}, signers=signers,
        publisher="physics", publisher_key=key(37), targets=[listed("atoms", 1, "physics")],
    )  # fmt: skip


def _naming(other: Forge) -> Forge:
    """Our own hub's, which mirrors this one."""
    first = other.root().body
    return Forge(version=2, top=[Target(root_path(other.catalogue), digest_of(first), len(first))])
