import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils.migrations import Migrations

from catalog.db import WORKS_PER_COMMIT_MAX, Connection, Database
from catalog.fault import BoxFault

migrations = Migrations("test.answers")


@migrations()
def answer(connection: Connection) -> None:
    connection.execute("create table answer (number integer primary key, words text not null) strict")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "box.db", [migrations])
    yield opened
    opened.close()


class Adding:
    """A piece of work: adds one answer, and then fails if told to."""

    def __init__(self, number: int, error: Exception | None = None) -> None:
        self.number = number
        self.error = error

    def __call__(self, connection: Connection) -> int:
        connection.execute("insert into answer (number, words) values (?, ?)", [self.number, "yes"])
        if self.error is not None:
            raise self.error
        return self.number


def numbers(database: Database) -> list[int]:
    return [row["number"] for row in database.read().execute("select number from answer order by number")]


def test_a_write_returns_what_its_work_returns_and_is_there(database: Database) -> None:
    assert 7 == database.write(Adding(7))
    assert [7] == numbers(database)


def test_what_waits_together_is_committed_together(database: Database) -> None:
    commits: list[str] = []
    database._writer._tracer = lambda sql, parameters: commits.append(sql) if sql == "commit" else None
    futures = [database.submit(Adding(number)) for number in range(100)]

    assert 100 == database.commit_pending()
    assert list(range(100)) == [future.result() for future in futures]
    assert ["commit"] == commits


def test_nothing_is_answered_before_the_commit(database: Database) -> None:
    future = database.submit(Adding(1))

    assert not future.done()
    assert [] == numbers(database)


def test_one_that_fails_takes_nothing_else_with_it(database: Database) -> None:
    futures = [database.submit(Adding(1)), database.submit(Adding(2, KeyError("lesson"))), database.submit(Adding(3))]

    database.commit_pending()

    assert [1, 3] == numbers(database)
    assert isinstance(futures[1].exception(), KeyError)


def test_a_row_that_is_there_already_is_told_to_its_own_writer_only(database: Database) -> None:
    futures = [database.submit(Adding(1)), database.submit(Adding(1)), database.submit(Adding(2))]

    database.commit_pending()

    assert [1, 2] == numbers(database)
    assert isinstance(futures[1].exception(), sqlite3.IntegrityError)


def test_a_table_that_is_not_there_is_a_fault_with_a_hint(database: Database) -> None:
    with pytest.raises(BoxFault, match="no such table"):
        database.write(lambda connection: connection.execute("select * from elsewhere"))


def test_a_work_that_rolls_everything_back_fails_with_all_its_neighbours(database: Database) -> None:
    """SQLite itself may roll a whole transaction back, as it does on a full disk: then no one is told yes."""

    def roll_back(connection: Connection) -> None:
        connection.execute("rollback")
        raise sqlite3.OperationalError("database or disk is full")

    futures = [database.submit(Adding(1)), database.submit(roll_back), database.submit(Adding(3))]

    database.commit_pending()

    assert [] == numbers(database)
    assert [BoxFault] * 3 == [BoxFault if isinstance(future.exception(), BoxFault) else None for future in futures]


def test_a_write_behind_more_work_than_one_commit_takes_is_done_too(database: Database) -> None:
    waiting = [database.submit(Adding(number)) for number in range(WORKS_PER_COMMIT_MAX + 5)]

    assert 9999 == database.write(Adding(9999))
    assert all(future.done() for future in waiting)


def test_a_work_that_waits_for_other_work_is_a_mistake_and_not_a_silence(database: Database) -> None:
    with pytest.raises(AssertionError, match="holds the writer"):
        database.write(lambda connection: database.write(Adding(1)))

    assert [] == numbers(database)


def test_many_threads_write_through_one_writer(database: Database) -> None:
    database.start()
    threads = [threading.Thread(target=database.write, args=[Adding(number)]) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(50)) == numbers(database)


def test_many_threads_write_without_a_writer_thread_too(database: Database) -> None:
    threads = [threading.Thread(target=database.write, args=[Adding(number)]) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(50)) == numbers(database)


def test_one_that_fails_in_the_threaded_writer_takes_nothing_else_with_it(database: Database) -> None:
    database.start()
    futures = [database.submit(Adding(1)), database.submit(Adding(2, KeyError("lesson"))), database.submit(Adding(3))]

    assert (1, 3) == (futures[0].result(), futures[2].result())
    assert isinstance(futures[1].exception(), KeyError)
    assert [1, 3] == numbers(database)


def test_who_stops_waiting_stops_neither_the_work_nor_the_writer(database: Database) -> None:
    """A phone that goes in the middle of an answer: the front gives up what it waits for."""
    database.start()
    is_let_go = threading.Event()
    busy = database.submit(lambda connection: is_let_go.wait(5))
    left = database.submit(Adding(1))

    left.cancel()
    is_let_go.set()

    assert busy.result(5)
    assert 2 == database.submit(Adding(2)).result(5)
    assert [1, 2] == numbers(database)


def test_closing_commits_what_waits(tmp_path: Path) -> None:
    first = Database(tmp_path / "box.db", [migrations])
    future = first.submit(Adding(1))
    first.close()
    second = Database(tmp_path / "box.db", [migrations])

    assert 1 == future.result()
    assert [1] == numbers(second)
    second.close()


def test_a_closed_database_takes_no_more(tmp_path: Path) -> None:
    database = Database(tmp_path / "box.db", [migrations])
    database.start()
    database.close()

    with pytest.raises(BoxFault, match="shutting down"):
        database.write(Adding(1))


def test_a_reader_can_change_nothing(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.read().execute("insert into answer (number, words) values (1, 'no')")


def test_each_thread_has_a_reader_of_its_own(database: Database) -> None:
    others: list[Connection] = []
    thread = threading.Thread(target=lambda: others.append(database.read()))
    thread.start()
    thread.join()

    assert database.read() is database.read()
    assert database.read() is not others[0]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "box.db").write_bytes(b"These are not the rows you are looking for. " * 100)

    with pytest.raises(BoxFault, match=r"box\.db could not be used"):
        Database(tmp_path / "box.db", [migrations])


def test_every_commit_is_durable(database: Database) -> None:
    settings = {
        name: database._writer.execute(f"pragma {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }

    assert {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1} == settings


def test_what_was_erased_is_not_in_the_log_either(database: Database, tmp_path: Path) -> None:
    """A name was overwritten in the database, and could still be read in the write-ahead log beside it."""
    database.write(lambda connection: connection.execute("insert into answer values (1, 'Amina Warsame')"))

    def erase(connection: Connection) -> None:
        connection.execute("pragma secure_delete = on")
        connection.execute("delete from answer")
        database.empty_log()

    database.write(erase)

    assert [] == [path.name for path in tmp_path.iterdir() if b"Amina Warsame" in path.read_bytes()]


def test_a_log_that_cannot_be_emptied_fails_nobody_and_goes_with_the_next_commit(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refused once, after the commit: an erasure was called failed, and was done; an answer beside it, too."""
    database.write(lambda connection: connection.execute("insert into answer values (1, 'Amina Warsame')"))
    execute, refusals = database._writer.execute, [sqlite3.OperationalError("disk I/O error")]

    def refuses_once(sql: str, *arguments: Any) -> Any:
        if "wal_checkpoint" in sql and refusals:
            raise refusals.pop()
        return execute(sql, *arguments)

    monkeypatch.setattr(database._writer, "execute", refuses_once)

    def erase(connection: Connection) -> None:
        execute("pragma secure_delete = on")
        connection.execute("delete from answer")
        database.empty_log()

    database.write(erase)

    database.write(lambda connection: connection.execute("insert into answer values (2, 'Yusuf')"))
    assert [] == refusals
    assert [] == [path.name for path in tmp_path.iterdir() if b"Amina Warsame" in path.read_bytes()]


def test_a_database_of_another_program_is_refused_in_words(tmp_path: Path) -> None:
    """Its list of what was applied had the right name and other columns: found among damaged backups."""
    file = tmp_path / "box.db"
    other = sqlite3.connect(file)  # noqa: TID251 - not ours
    other.execute("create table _sqlite_migrations (id integer, migration_set text, name text, seen text)")
    other.execute("insert into _sqlite_migrations values (1, 'test.answers', 'answer', 'long ago')")
    other.commit()
    other.close()

    with pytest.raises(BoxFault, match="list of changes"):
        Database(file, [migrations])


def test_a_database_that_can_have_no_log_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite goes on without the log that it could not make, and says nothing; one in memory can never have one."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BoxFault, match="so that nothing is lost"):
        Database(Path(":memory:"), [migrations])
