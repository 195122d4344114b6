"""Row 39 of docs/security.md at the hub: an error of the database says where, and never what was to be written.

SQLAlchemy puts what was to be written into the text of its errors, unless it is told not to.
"""

import logging
from typing import Any

import pytest
from sqlalchemy import Table, insert, text
from sqlalchemy.exc import DBAPIError

from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import open_engine, writing
from sync.hub.hub import Hub
from tests.sync.hub.conftest import fresh_postgres as fresh_postgres
from tests.sync.hub.conftest import postgres_server as postgres_server
from tests.sync.hub.test_pages import Browser
from tests.sync.hub.test_second_factor import PASSWORD

NAME, NUMBER, SECRET = "Amina Warsame", "D-1042", "JBSWY3DPEHPK3PXP"


@pytest.fixture
def staff(hub: Hub) -> Browser:
    hub.staff.add("Rana", PASSWORD)
    browser = Browser(create_app(hub))
    assert 303 == browser.proves("/sign-in", name="Rana", password=PASSWORD).status_code
    return browser


def fill_the_disk(hub: Hub, table: Table) -> None:
    """From now on nothing more is written to this table."""
    with writing(hub.engine) as connection:
        connection.execute(
            text(f"create trigger full before insert on {table.name} begin select raise(abort, 'disk is full'); end")
        )


def test_row_39_a_hub_that_cannot_write_a_learner_names_nobody_in_its_log(
    hub: Hub, staff: Browser, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    campus = hub.fleet.campus_called("Wadi").id
    classroom = hub.roster.add_class(campus, "9 A")
    at = f"/campuses/{campus}/roster"
    fill_the_disk(hub, schema.campus_word)

    with caplog.at_level(logging.DEBUG):
        answer = staff.sends(f"/campuses/{campus}/learners", page=at, name=NAME, number=NUMBER, **{"class": classroom})

    assert (500, True) == (answer.status_code, "disk is full" in caplog.text)
    said = "".join((caplog.text, *capfd.readouterr()))
    assert [] == [word for word in (NAME, "Amina", NUMBER) if word in said]


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (schema.second_factor, {"name": "Rana", "secret": SECRET, "last_step": 1, "salt": "salt", "made_seconds": 0}),
        (schema.staff, {"name": "Rana", "secret": SECRET, "made_seconds": 0}),
    ],
)
def test_row_39_a_secret_that_cannot_be_written_is_not_in_the_error(
    hub: Hub, table: Table, values: dict[str, Any]
) -> None:
    fill_the_disk(hub, table)

    with pytest.raises(DBAPIError, match="disk is full") as raised, writing(hub.engine) as connection:
        connection.execute(insert(table), values)

    assert SECRET not in str(raised.value)


@pytest.mark.system
def test_row_39_postgresql_does_not_quote_the_row_that_failed(fresh_postgres: Any) -> None:
    """Its errors come with a detail: "Key (name, secret)=(...) already exists"."""
    engine = open_engine(fresh_postgres())
    row = {"name": "Rana", "secret": SECRET, "made_seconds": 0}

    with pytest.raises(DBAPIError, match="duplicate key") as raised, writing(engine) as connection:
        connection.execute(insert(schema.staff), row)
        connection.execute(insert(schema.staff), row)

    engine.dispose()
    assert ("Rana" in str(raised.value), "Rana" in str(raised.value.orig)) == (False, False)
