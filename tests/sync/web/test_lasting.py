"""What is acknowledged is on the disk: the answer waits for the writer, and no thread waits with it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from catalog.db import Connection, Database
from catalog.fault import DiskFull
from sync.web.front import Front
from sync.web.lasting import write_then_answer
from sync.web.wsgi import Application


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database whose writer nobody steps but the test."""
    database = Database(tmp_path / "notes.db", [])
    database.write(lambda connection: connection.execute("create table note (words text) strict"))
    yield database
    database.close()


@pytest.fixture
def app(database: Database) -> Flask:
    app = Flask(__name__)

    @app.post("/note")
    def note() -> tuple[str, int]:
        write_then_answer(database, lambda connection: _insert(connection))
        return "", 204

    @app.post("/full")
    def full() -> tuple[str, int]:
        write_then_answer(database, lambda connection: _refuse())
        return "", 204

    return app


def test_an_answer_leaves_only_after_its_commit(
    serve: Callable[..., Front], call: Callable[[Front], Any], app: Flask, database: Database
) -> None:
    caller = call(serve(Application(app, [])))
    caller.send("POST /note HTTP/1.1\r\nHost: box\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    _wait_for_work(database)
    caller.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        caller.socket.recv(1)
    caller.socket.setblocking(True)

    database.commit_pending()

    assert 204 == caller.reply().status


def test_a_write_that_fails_is_the_answer(
    serve: Callable[..., Front], call: Callable[[Front], Any], app: Flask, database: Database
) -> None:
    caller = call(serve(Application(app, [])))
    caller.send("POST /full HTTP/1.1\r\nHost: box\r\nContent-Length: 0\r\n\r\n")
    _wait_for_work(database)

    database.commit_pending()

    assert 507 == caller.reply().status


def test_another_server_waits_in_its_own_thread(app: Flask, database: Database) -> None:
    answer = app.test_client().post("/note")

    assert (204, 1) == (answer.status_code, database.read().execute("select count(*) from note").fetchone()[0])


def _wait_for_work(database: Database) -> None:
    with database._ready:
        assert database._ready.wait_for(lambda: database._pending, 10)


def _insert(connection: Connection) -> None:
    connection.execute("insert into note (words) values ('heard')")


def _refuse() -> None:
    raise DiskFull("The disk is full.", "Free some space.")
