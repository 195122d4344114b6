"""What a campus is offered beside what it gets, on either database; what it costs to ask; and what publishers see."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, select

from catalog.manifest import Release, canonical
from sync.batch import Batch
from sync.campus.asking import Demand
from sync.events import CHAIN_START, PUBLIC_SALT_KEY, Event, chained, payload_hash
from sync.hub import projections, schema
from sync.hub.app import create_app
from sync.hub.campus import demand
from sync.hub.engine import writing
from sync.hub.fleet import Campus
from sync.hub.hub import Hub
from tests.sync.hub.courses import record
from tests.sync.hub.test_pages import PASSWORD, Browser

Publishes = Callable[..., Release]


@pytest.fixture
def campus(hub: Hub) -> Campus:
    return hub.fleet.campus_called("Wadi")


@pytest.fixture
def kept_back(hub: Hub, campus: Campus) -> Callable[..., Release]:
    """A course on offer that the campus does not get."""

    def publish(course: str, text: bytes = b"water") -> Release:
        release = record(hub, course, {"core": {"index.html": text * 50}})
        hub.packing.build_missing()
        with writing(hub.engine) as connection:
            connection.execute(delete(schema.want).where(schema.want.c.course == course))
        return release

    return publish


@contextmanager
def statements(connection: Connection) -> Iterator[list[str]]:
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(connection, "before_cursor_execute", hear)
    yield asked
    event.remove(connection, "before_cursor_execute", hear)


def told(hub: Hub, campus: Campus) -> list[str]:
    """Tell the campus what is new; says the kinds and courses."""
    with writing(hub.engine) as connection:
        hub.demands.tell(connection, campus.id)
        table = schema.campus_event.c
        rows = connection.execute(select(table.payload).where(table.kind == "listed").order_by(table.sequence))
        return [bytes(row.payload).decode() for row in rows]


def says(hub: Hub, campus: Campus, kind: str, **fields: Any) -> None:
    """A box of the campus says something, and it is read out."""
    data = canonical(fields)
    hashed = payload_hash(PUBLIC_SALT_KEY, "box", "epoch-one", 0, data)
    one = Event("epoch-one", 0, kind, "", data, hashed, 5, 0, True)
    batch = Batch("box", "epoch-one", CHAIN_START, (one,), chained(CHAIN_START, "box", one), {})
    with writing(hub.engine) as connection:
        projections.project(connection, campus.id, batch)


def wanted(hub: Hub, campus: Campus) -> list[str]:
    with writing(hub.engine) as connection:
        rows = connection.execute(select(schema.want.c.course).where(schema.want.c.campus == campus.id))
        return sorted(rows.scalars())


def test_each_course_is_told_once_for_each_version(hub: Hub, campus: Campus, kept_back: Publishes) -> None:
    kept_back("water")
    first = told(hub, campus)
    again = told(hub, campus)
    kept_back("water", b"sand")
    newer = told(hub, campus)

    assert (1, 1, 2) == (len(first), len(again), len(newer))
    assert '"size_bytes":' in first[0]
    assert ('"edit":0' in newer[0], '"edit":1' in newer[1]) == (True, True)


def test_nothing_new_is_two_statements_and_no_event(hub: Hub, campus: Campus, kept_back: Publishes) -> None:
    for number in range(5):
        kept_back(f"course-{number}")
    told(hub, campus)

    with writing(hub.engine) as connection, statements(connection) as asked:
        hub.demands.tell(connection, campus.id)

    assert 2 == len(asked)


def test_a_long_list_is_told_piece_by_piece(
    hub: Hub, campus: Campus, kept_back: Publishes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demand, "TOLD_AT_ONCE_MAX", 2)
    for number in range(5):
        kept_back(f"course-{number}")

    assert [2, 4, 5, 5] == [len(told(hub, campus)) for _ in range(4)]


def test_what_staff_want_the_campus_gets_and_it_is_listed_no_more(
    hub: Hub, campus: Campus, kept_back: Publishes
) -> None:
    kept_back("water")
    told(hub, campus)

    says(hub, campus, "wanted", course="water", is_wanted=1)
    says(hub, campus, "wanted", course="water", is_wanted=1)

    assert ["water"] == wanted(hub, campus)
    assert '{"course":"water","edit":1}' == told(hub, campus)[-1]


@pytest.mark.parametrize(
    "fields",
    [
        {"course": "water", "is_wanted": 0},
        {"course": "gold", "is_wanted": 1},
        {"course": "water"},
        {"course": 5, "is_wanted": 1},
    ],
)
def test_other_words_give_a_campus_nothing(
    hub: Hub, campus: Campus, kept_back: Publishes, fields: dict[str, Any]
) -> None:
    kept_back("water")

    says(hub, campus, "wanted", **fields)

    assert [] == wanted(hub, campus)


def test_the_page_of_a_course_says_who_asked(hub: Hub, campus: Campus, kept_back: Publishes) -> None:
    kept_back("water")
    says(hub, campus, "asked", course="water", askers=12)
    hub.staff.add("Rana", PASSWORD)
    browser = Browser(create_app(hub))
    browser.proves("/sign-in", name="Rana", password=PASSWORD)

    page = browser.reads("/courses/water")

    assert "12 people asked" in page
    assert "not decided there" in page


def test_publishers_see_how_many_asked_at_each_campus(hub: Hub, campus: Campus, kept_back: Publishes) -> None:
    kept_back("water")
    kept_back("sand")
    says(hub, campus, "asked", course="water", askers=12)

    assert [(campus, Demand("water", 12))] == [(one.campus, one.demand) for one in hub.demands.asked("water")]
    assert [] == list(hub.demands.asked("sand"))
