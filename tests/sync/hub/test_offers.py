"""What a box is told to fetch, at a hub whose course has come to its sixth version."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from catalog.manifest import CORE, Release
from sync.hub.engine import reading
from sync.hub.hub import Hub
from sync.hub.stock import FORMER_KEPT_SECONDS
from sync.wire import CAN_PATCH, Holding, Parcel
from tests.sync.hub.courses import book, film, record

pytestmark = pytest.mark.slow
CAN = (CAN_PATCH,)
COURSES = 8
FILM_IN_FULL = [("video", None, 4), ("video", 4, 6)]
"""It stayed the same since the fourth edition, whose full pack serves on."""


def held(release: Release, *layers: str) -> Holding:
    return Holding(release.course, release.root, layers or (CORE,))


def planned(hub: Hub, *holdings: Holding, can: tuple[str, ...] = CAN) -> list[Parcel]:
    (campus,) = hub.fleet.campuses()
    with reading(hub.engine) as connection:
        return hub.packing.parcels(connection, campus.id, holdings, can)


def ways(hub: Hub, plan: list[Parcel]) -> list[tuple[str, int | None, int]]:
    """Each parcel as (layer, from version, to version)."""
    numbers = {release.root: release.version for release in hub.catalog.releases.versions("water")}
    return [(one.layer, None if one.from_root is None else numbers[one.from_root], numbers[one.root]) for one in plan]


@pytest.fixture
def campus(hub: Hub) -> None:
    hub.fleet.campus_called("Wadi")


@pytest.fixture
def six(hub: Hub, campus: None, publishes: Callable[..., Release]) -> list[Release]:
    """Six versions, published one after the other; the film changed with the fourth."""
    return [publishes(core=book(edition), video=film("first" if edition < 4 else "second")) for edition in range(1, 7)]


def test_an_empty_box_gets_the_latest_in_full(hub, six):
    assert [("core", None, 6), *FILM_IN_FULL] == ways(hub, planned(hub))


def test_the_version_before_gets_one_patch_and_keeps_its_film(hub, six):
    plan = planned(hub, held(six[4], "core", "video"))

    assert [("core", 5, 6)] == ways(hub, plan)
    assert plan[0].size_bytes < 1000
    assert plan[0].disk_bytes == len(book(6)["page-0.html"])


def test_an_older_version_gets_the_steps_in_between(hub, six):
    """No box was known to hold it, so nobody made it a patch of its own: it goes by those that are there."""
    assert [("core", 3, 4), ("core", 4, 5), ("core", 5, 6)] == ways(hub, planned(hub, held(six[2])))[:3]


def test_an_older_version_that_a_box_holds_gets_a_patch_of_its_own(hub, six, box):
    box.holdings = (held(six[2], "core", "video"),)
    box.sends()

    hub.packing.build_missing()

    assert [("core", 3, 6), *FILM_IN_FULL] == ways(hub, list(box.sends().plan))


def test_a_version_too_old_for_any_patch_gets_the_course_in_full(hub, six, publishes, clock):
    publishes(core=book(7), video=film("second"))
    clock.passes(FORMER_KEPT_SECONDS)
    hub.packing.build_missing()

    assert ("core", None, 7) == ways(hub, planned(hub, held(six[0])))[0]
    assert [("core", place, place + 1) for place in range(2, 7)] == ways(hub, planned(hub, held(six[1])))[:5]


def test_a_film_that_changed_comes_in_full_where_a_patch_saves_nothing(hub, six):
    assert FILM_IN_FULL == ways(hub, planned(hub, held(six[2], "core", "video")))[-2:]


def test_a_film_that_is_on_its_way_goes_on_under_its_name_whatever_is_mended_meanwhile(hub, six, publishes, clock):
    """It comes over many nights. Begun anew with every new edition of the pages, it would never arrive."""
    (before,) = (one for one in planned(hub) if one.layer == "video" and one.from_root is None)
    for edition in range(7, 15):
        publishes(core=book(edition), video=film("second"))
        clock.passes(FORMER_KEPT_SECONDS)
    hub.packing.build_missing()

    (after,) = (one for one in planned(hub) if one.layer == "video" and one.from_root is None)

    assert before == after
    assert hub.packing.find(after.pack) is not None
    assert [("core", None, 14), ("video", None, 4), ("video", 4, 14)] == ways(hub, planned(hub))
    assert planned(hub)[-1].size_bytes < 500
    assert 0 == planned(hub)[-1].disk_bytes


def test_a_box_that_cannot_patch_is_sent_only_what_lies_ready_in_full(hub, six):
    plan = planned(hub, held(six[4], "core", "video"), can=())

    assert [("core", None, 6)] == ways(hub, plan)


def test_a_box_with_everything_is_sent_nothing(hub, six):
    assert [] == planned(hub, held(six[5], "core", "video"))


def test_a_box_with_a_release_that_this_hub_never_had_is_sent_the_course_in_full(hub, six):
    """A hub put back from an old copy."""
    unknown = Holding("water", six[0].root.replace("a", "b"), ("core", "video"))

    assert [("core", None, 6), *FILM_IN_FULL] == ways(hub, planned(hub, unknown))


# ---- what it costs to ask ----


@contextmanager
def statements(hub: Hub) -> Iterator[list[str]]:
    """What the hub's database, and the catalog's, are asked meanwhile."""
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    catalog = hub.catalog.database.read().conn
    event.listen(hub.engine, "before_cursor_execute", hear)
    catalog.set_trace_callback(asked.append)
    try:
        yield asked
    finally:
        catalog.set_trace_callback(None)
        event.remove(hub.engine, "before_cursor_execute", hear)


@pytest.fixture
def many(hub: Hub, campus: None) -> list[tuple[Release, Release]]:
    """Some courses in two versions."""
    courses = [f"course-{number}" for number in range(COURSES)]
    first = [record(hub, course, {CORE: {"index.html": course.encode() * 50}}) for course in courses]
    hub.packing.build_missing()
    second = [record(hub, course, {CORE: {"index.html": course.encode() * 51}}) for course in courses]
    hub.packing.build_missing()
    return list(zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("holds", "first_time", "later"), [("nothing", 3, 2), ("the former", 4, 2), ("the latest", 2, 1)]
)
def test_a_plan_takes_a_fixed_number_of_statements_however_many_courses_there_are(
    hub, many, monkeypatch, holds, first_time, later
):
    holdings = {
        "nothing": [],
        "the former": [held(former) for former, _ in many],
        "the latest": [held(latest) for _, latest in many],
    }[holds]
    (campus,) = hub.fleet.campuses()
    hub.packing._offers._outlines.clear()
    monkeypatch.setattr(Release, "from_bytes", None)  # whoever reads a document now fails

    counts = []
    with reading(hub.engine) as connection:
        for _ in range(2):
            with statements(hub) as asked:
                plan = hub.packing.parcels(connection, campus.id, holdings, CAN)
            counts.append(len(asked))

    assert [first_time, later] == counts
    assert (0 if holds == "the latest" else COURSES) == len(plan)
