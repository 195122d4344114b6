"""Row 26 of docs/security.md: the signed catalogue, attacked at the box's own door. Each attack has its name (TUF)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.db import Database
from catalog.fault import ContentFault
from catalog.trust import delta
from catalog.trust.client import Document
from catalog.trust.metadata import Publisher
from catalog.trust.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, CatalogueExpired, MetadataRefused, NotListed
from sync.clock import Moment
from sync.receiving import catalogues
from sync.receiving.catalogues import Catalogues
from tests.catalog.trust.signers import LATER_SECONDS, NOW_SECONDS, ROOT_KEYS, STRANGER, Forge, key, listed

Takes = Callable[..., ContentFault | None]
DAY_SECONDS, GRACE_DAYS = 86_400, 180


class SetClock:
    """A clock that says what it is told to."""

    def __init__(self) -> None:
        self.wall_seconds, self.is_trusted = NOW_SECONDS, True

    def now(self) -> Moment:
        return Moment(self.wall_seconds, 0.0, self.is_trusted)

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


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
def takes(box: Catalogues, database: Database) -> Takes:
    """Give the box these documents; it believes version 5 of the catalogue already. Returns why it refused."""

    def take(documents: list[Document]) -> ContentFault | None:
        part = delta.part_of(Forge().catalogue, documents)
        return database.write(lambda connection: box.take(connection, delta.to_bytes([part])))

    assert take(Forge(version=5, targets=[listed("cells", 2)]).documents()) is None
    return take


def version_of(box: Catalogues) -> int:
    (held,) = box.held()
    return held.timestamp_version


def allows(box: Catalogues, course: str, version: int) -> bool:
    return box.judge(course, version, listed(course, version).digest) is None


def test_row_26_rollback_is_refused(box: Catalogues, takes: Takes) -> None:
    """Last year's catalogue, signed as it should be, on which a withdrawn release is still listed."""
    fault = takes(Forge(version=4, targets=[listed("cells", 1)]).documents())

    assert isinstance(fault, MetadataRefused)
    assert (5, False, True) == (version_of(box), allows(box, "cells", 1), allows(box, "cells", 2))


def test_row_26_freeze_is_noticed_and_ends_what_is_new(box: Catalogues, takes: Takes, clock: SetClock) -> None:
    """Somebody keeps the box on an old catalogue for ever: its word runs out, and after the grace nothing new comes."""
    clock.wall_seconds = LATER_SECONDS + GRACE_DAYS * DAY_SECONDS + 1

    fault = box.judge("cells", 2, listed("cells", 2).digest)

    assert isinstance(fault, CatalogueExpired)


def test_row_26_a_clock_that_is_put_back_thaws_nothing(box: Catalogues, takes: Takes, clock: SetClock) -> None:
    database = box._database
    late_seconds = LATER_SECONDS + GRACE_DAYS * DAY_SECONDS + 1
    database.write(lambda connection: box.hear_time(connection, late_seconds))
    clock.wall_seconds = 0

    assert isinstance(box.judge("cells", 2, listed("cells", 2).digest), CatalogueExpired)


def test_row_26_mix_and_match_is_refused(box: Catalogues, takes: Takes) -> None:
    """The timestamp of one moment with the lists of another."""
    sixth, seventh = Forge(version=6).documents(), Forge(version=7).documents()
    mixed = [one for one in seventh if one.role == TIMESTAMP] + [one for one in sixth if one.role != TIMESTAMP]

    assert isinstance(takes(mixed), MetadataRefused)
    assert 5 == version_of(box)


@pytest.mark.parametrize("signers", [ROOT_KEYS[:1], [ROOT_KEYS[0], ROOT_KEYS[0]], [key(11), key(12), key(13)]])
def test_row_26_a_new_root_below_its_threshold_is_refused(box: Catalogues, takes: Takes, signers: list[object]) -> None:
    """One key of three, one key twice, three keys of somebody else's."""
    fault = takes(Forge(version=6, root_version=2, root_signers=signers).documents())  # type: ignore[arg-type]

    assert isinstance(fault, MetadataRefused)
    assert 1 == box.held()[0].root_version


@pytest.mark.parametrize("role", [TARGETS, SNAPSHOT, TIMESTAMP])
def test_row_26_a_role_by_another_key_is_refused(box: Catalogues, takes: Takes, role: str) -> None:
    forge = Forge(version=6, signers=Forge().signers | {role: STRANGER}, targets=[listed("atoms", 1)])

    assert isinstance(takes(forge.documents()), MetadataRefused)
    assert not allows(box, "atoms", 1)


def test_row_26_a_publisher_lists_no_course_that_is_not_delegated_to_it(box: Catalogues, takes: Takes) -> None:
    """Its key is good, and good for `cells-*` alone."""
    forge = Forge(
        version=6,
        publishers=[Publisher("biology", Forge().publisher_key.public, "cells-*")],
        targets=[listed("atoms", 1), listed("cells-1", 1)],
    )

    assert takes(forge.documents()) is None
    assert (False, True) == (allows(box, "atoms", 1), allows(box, "cells-1", 1))


def test_row_26_a_publisher_whose_key_was_replaced_is_believed_no_more(box: Catalogues, takes: Takes) -> None:
    forge = Forge(version=6, publishers=[Publisher("biology", key(20).public)], targets=[listed("atoms", 1)])

    assert isinstance(takes(forge.documents()), MetadataRefused)
    assert not allows(box, "atoms", 1)


def test_row_26_every_byte_of_every_document_counts(box: Catalogues, takes: Takes) -> None:
    for place, one in enumerate(Forge(version=6).documents()):
        if one.role == ROOT:
            continue
        documents = Forge(version=6).documents()
        body = bytearray(one.body)
        body[len(body) // 2] ^= 1
        documents[place] = Document(one.role, one.version, bytes(body))

        assert isinstance(takes(documents), MetadataRefused), one.role
    assert 5 == version_of(box)


def test_row_26_what_is_not_listed_does_not_come(box: Catalogues, takes: Takes) -> None:
    assert isinstance(box.judge("cells", 3, listed("cells", 3).digest), NotListed)
