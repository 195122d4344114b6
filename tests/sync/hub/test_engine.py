"""The hub's database: what it asserts when it opens, and several processes at once."""

from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, inspect, make_url, select, text

from catalog.fault import BoxFault, CallerFault, DiskFull
from sync.hub import schema
from sync.hub.engine import insert, open_engine, reading, sqlite_url, writing
from sync.hub.hub import Hub
from sync.wire import SESSION_PATH, Refusal


def test_both_dialects_have_every_table(hub: Hub) -> None:
    assert set(schema.METADATA.tables) <= set(inspect(hub.engine).get_table_names())


def test_a_hub_opens_again_with_what_it_had(hub: Hub, tmp_path: Path, clock: Any, database_url: str | None) -> None:
    hub.fleet.campus_called("Wadi")

    again = Hub.open(tmp_path / "hub", clock, lambda count: bytes(count), database_url)

    assert (["Wadi"], hub.keys.public) == ([one.name for one in again.fleet.campuses()], again.keys.public)
    again.close()


def test_a_database_of_a_newer_qanat_is_not_touched(hub: Hub, tmp_path: Path, database_url: str | None) -> None:
    with writing(hub.engine) as connection:
        connection.execute(schema.schema_version.update().values(number=99))

    with pytest.raises(BoxFault, match="newer Qanat"):
        open_engine(database_url or sqlite_url(tmp_path / "hub" / "hub.db"))


FIRST_FORM = (
    "drop table hardware_print",
    "drop table twin",
    "drop table certificate_order",
    "drop table certificate",
    "drop table certificate_request",
    "drop table letter",
    "drop table carried_pack",
    "drop table unread",
    "drop table result",
    "drop table draft_weight",
    "drop table draft_chunk",
    "drop table draft_file",
    "drop table draft",
    "drop table edition",
    "drop table scheduled",
    "drop table moved_activity",
    "alter table offer drop column family",
    "alter table offer drop column languages",
    "alter table campus drop column languages",
    "alter table want drop column layers",
    "alter table want drop column withdrawn_seconds",
    "alter table want drop column held_root",
    "alter table want drop column held_until_seconds",
    "drop table adoption",
    "alter table enrolment_token drop column replaces",
    "drop index pack_course",
    "alter table pack drop column from_root",
    "alter table pack drop column profile",
    "alter table pack drop column is_kept",
    "alter table box drop column can",
    "alter table box drop column follows",
    "alter table box drop column heads",
    "alter table enrolment_token drop column batch",
    "alter table enrolment_token drop column expires_seconds",
    "update schema_version set number = 1",
)
"""What leads back to the tables that the first hubs have."""


def form_of(engine: Engine) -> dict[str, Any]:
    """Every table's columns and indexes, in words that can be compared."""
    tables = inspect(engine)
    return {
        name: (
            {one["name"]: (str(one["type"]), one["nullable"], one["default"]) for one in tables.get_columns(name)},
            sorted(str(one["name"]) for one in tables.get_indexes(name)),
        )
        for name in tables.get_table_names()
    }


def test_a_hub_of_the_first_form_comes_to_the_newest_one(
    hub: Hub, lesson: Path, tmp_path: Path, clock: Any, database_url: str | None
) -> None:
    """Its packs are of a form that no box reads any more: they go, and are made anew, and the wants stay."""
    hub.fleet.campus_called("Wadi")
    release = hub.publish([lesson]).release
    newest = form_of(hub.engine)
    with writing(hub.engine) as connection:
        for statement in FIRST_FORM:
            connection.execute(text(statement))

    again = Hub.open(tmp_path / "hub", clock, lambda count: bytes(count), database_url)

    assert newest == form_of(again.engine)
    assert [] == again.packing.offers()
    assert 1 == again.packing.build_missing()
    assert [release.root] == [offer.root for offer in again.packing.offers()]
    again.close()


ROOTS_UNHEARD = (
    "drop table trust_told",
    "alter table trust_catalogue drop column seen_root_version",
    "alter table trust_catalogue drop column restored_root_version",
    "alter table box drop column follows",
    "update schema_version set number = 7",
)
"""What leads back to a hub that signs, and does not hear what boxes hold of it."""


def test_a_hub_that_signed_before_it_heard_of_roots_signs_on(
    hub: Hub, lesson: Path, tmp_path: Path, clock: Any, database_url: str | None
) -> None:
    hub.publish([lesson])
    whole = hub.trust.full()
    newest = form_of(hub.engine)
    with writing(hub.engine) as connection:
        for statement in ROOTS_UNHEARD:
            connection.execute(text(statement))

    again = Hub.open(tmp_path / "hub", clock, lambda count: bytes(count), database_url)

    assert (newest, whole) == (form_of(again.engine), again.trust.full())
    again.close()


@pytest.mark.parametrize("url", ["mysql://hub", "nonsense", "sqlite+aiosqlite:///x.db"])
def test_an_address_that_is_none_is_refused_in_words(url: str) -> None:
    with pytest.raises(CallerFault, match="cannot be used"):
        open_engine(url)


def test_a_database_that_does_not_answer_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(BoxFault, match="does not answer"):
        open_engine(sqlite_url(tmp_path / "none" / "hub.db"))


def test_what_a_full_disk_refuses_is_said_in_words_and_nothing_of_it_stays(tmp_path: Path) -> None:
    """A command at a hub without room ended in thirty lines of a traceback."""
    engine = open_engine(sqlite_url(tmp_path / "hub.db"))
    campuses = [{"id": f"campus-{number}", "name": "x" * 4_000, "made_seconds": 0} for number in range(20)]

    with pytest.raises(DiskFull, match="disk is full"), writing(engine) as connection:
        connection.execute(text("pragma max_page_count = 1"))
        connection.execute(schema.campus.insert(), campuses)

    with reading(engine) as connection:
        assert [] == connection.execute(select(schema.campus.c.id)).all()
    engine.dispose()


def test_who_finds_the_database_held_is_told_to_try_again(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "hub.db"))
    with writing(engine), pytest.raises(BoxFault, match="Another process"), reading(engine) as connection:
        connection.execute(text("pragma busy_timeout = 1"))
        connection.execute(schema.campus.insert(), [{"id": "wadi", "name": "Wadi", "made_seconds": 0}])
    engine.dispose()


@pytest.mark.system
def test_a_postgresql_that_would_lose_commits_is_refused(fresh_postgres: Any) -> None:
    url = fresh_postgres()
    name = make_url(url).database
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text(f"alter database {name} set synchronous_commit = off"))
    engine.dispose()

    with pytest.raises(BoxFault, match="could be lost"):
        open_engine(url)


def test_writers_wait_for_each_other(hub: Hub) -> None:
    """Reading first and writing then is safe: nobody else writes in between."""
    row = {"name": "hub", "secret": "0", "made_seconds": 0}

    def count() -> None:
        with writing(hub.engine) as connection:
            connection.execute(insert(connection, schema.staff).values(row).on_conflict_do_nothing())
            query = select(schema.staff.c.made_seconds).with_for_update()
            number = connection.execute(query).scalar_one()
            connection.execute(schema.staff.update().values(made_seconds=number + 1))

    threads = [Thread(target=count) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with reading(hub.engine) as connection:
        assert 16 == connection.execute(select(schema.staff.c.made_seconds)).scalar_one()


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_busy_database_sends_the_box_away_for_a_while(hub: Hub, box: Any) -> None:
    event.listen(hub.engine, "connect", lambda connection, _: connection.execute("pragma busy_timeout = 1"))
    report = box.report()

    with writing(hub.engine):
        reply = box.posts(SESSION_PATH, report.to_bytes())

    assert (503, "busy") == (reply.status_code, Refusal.from_bytes(reply.data).code)
    assert "60" == reply.headers["Retry-After"]
    assert report.request == box.sends(report).request
