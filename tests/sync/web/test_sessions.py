"""Sessions: whose cookie it is, and for how long."""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from catalog.db import Database
from sync.web.sessions import ANONYMOUS_SESSIONS_MAX, IDLE_SECONDS_MAX, TOUCH_SECONDS, DatabaseSessions, migrations


@pytest.fixture
def database(tmp_path: Path) -> Any:
    database = Database(tmp_path / "box.db", [migrations])
    yield database
    database.close()


@pytest.fixture
def sessions(database: Database, clock: Any, randomness: random.Random) -> DatabaseSessions:
    return DatabaseSessions(database, clock, randomness.randbytes)


def rows(database: Database) -> list[Any]:
    return database.read().execute("select * from session").fetchall()


def test_a_cookie_finds_its_session(sessions: DatabaseSessions) -> None:
    cookie, session = sessions.begin("amina", "learner", {"class": "7b"})

    assert session == sessions.find(cookie)
    assert {"class": "7b"} == session.data


def test_an_unknown_cookie_finds_nothing(sessions: DatabaseSessions) -> None:
    assert sessions.find("x" * 43) is None
    assert sessions.find("") is None


def test_the_cookie_itself_is_not_kept(sessions: DatabaseSessions, database: Database) -> None:
    cookie, _ = sessions.begin("amina", "learner", {})

    assert cookie not in str([tuple(row) for row in rows(database)])


def test_a_session_survives_a_restart(sessions: DatabaseSessions, database: Database, clock: Any) -> None:
    cookie, session = sessions.begin("amina", "learner", {})

    assert session == DatabaseSessions(database, clock, os.urandom).find(cookie)


def test_nobodys_session_writes_nothing(sessions: DatabaseSessions, database: Database) -> None:
    cookie, session = sessions.begin("", "", {})

    assert session == sessions.find(cookie)
    assert [] == rows(database)


def test_a_flood_of_visits_stays_within_its_bound(sessions: DatabaseSessions) -> None:
    first, _ = sessions.begin("", "", {})
    for _ in range(ANONYMOUS_SESSIONS_MAX):
        last, _ = sessions.begin("", "", {})

    assert sessions.find(first) is None
    assert sessions.find(last) is not None


def test_an_ended_session_is_over(sessions: DatabaseSessions) -> None:
    cookie, session = sessions.begin("amina", "learner", {})
    sessions.end(session)

    assert sessions.find(cookie) is None


def test_a_person_is_signed_out_everywhere(sessions: DatabaseSessions) -> None:
    cookies = [sessions.begin("amina", "learner", {})[0] for _ in range(3)]
    other, _ = sessions.begin("omar", "learner", {})
    sessions.end_all("amina")

    assert [None, None, None] == [sessions.find(cookie) for cookie in cookies]
    assert sessions.find(other) is not None


@pytest.mark.parametrize("kind", ["learner", "staff", "guest"])
def test_an_idle_session_ends(sessions: DatabaseSessions, database: Database, clock: Any, kind: str) -> None:
    cookie, _ = sessions.begin("amina", kind, {})
    clock.wait(IDLE_SECONDS_MAX[kind])
    assert sessions.find(cookie) is not None

    clock.wait(IDLE_SECONDS_MAX[kind] + 1)

    assert sessions.find(cookie) is None
    assert [] == rows(database)


def test_use_is_noted_at_most_every_few_minutes(sessions: DatabaseSessions, database: Database, clock: Any) -> None:
    cookie, _ = sessions.begin("amina", "learner", {})
    notes = []
    for _ in range(TOUCH_SECONDS // 10 * 3):
        clock.wait(10)
        sessions.find(cookie)
        notes.append(database.commit_pending())

    assert 3 == sum(notes)


def test_a_clock_that_jumps_from_1970_signs_nobody_out(
    sessions: DatabaseSessions, database: Database, clock: Any
) -> None:
    clock.wall_seconds, clock.is_trusted = 1_000, False
    cookie, _ = sessions.begin("amina", "learner", {})
    clock.wall_seconds, clock.is_trusted = 1_900_000_000, True

    assert sessions.find(cookie) is not None
    assert DatabaseSessions(database, clock, os.urandom).find(cookie) is not None


def test_a_sign_in_sweeps_what_nobody_came_back_to(sessions: DatabaseSessions, database: Database, clock: Any) -> None:
    for _ in range(5):
        sessions.begin("amina", "learner", {})
    clock.wait(max(IDLE_SECONDS_MAX.values()) + TOUCH_SECONDS + 1)
    sessions.begin("omar", "learner", {})

    assert ["omar"] == [row["person"] for row in rows(database)]
