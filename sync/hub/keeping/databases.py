"""Databases: one consistent copy of a hub's database while the hub goes on, for SQLite and PostgreSQL.

* A copy of SQLite is one snapshot, written compactly: rows that were erased are not in it, not even as free pages.
* A copy of PostgreSQL is made by its own `pg_dump`, of the very snapshot that was proven.
* Either is read back whole before anybody relies on it. Nothing secret is given on a command line.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from catalog.fault import BoxFault, CallerFault
from sync.hub.engine import DATABASE_ERRORS, DatabaseRefusal, bare_engine, is_damaged, said_by, sqlite_url
from sync.hub.engine import damaged as broken
from sync.hub.keeping.backed_up import marks_held
from sync.hub.keeping.proof import Progress, damaged, prove

SQLITE_FILE = "hub.db"
POSTGRES_FILE = "hub.dump"
_PROGRAMS = Path("/usr/lib/postgresql")


def copy_file(source: Path, target: Path) -> None:
    """Write a consistent, compact copy of a SQLite database that may be in use. The caller makes it last.

    Raises BoxFault where the disk will not do.
    """
    try:
        with _opened(source) as engine:
            _copied(engine, target)
    except DATABASE_ERRORS as error:
        raise _unwritable(error) from error


def copy_proven(engine: Engine, folder: Path, progress: Progress | None) -> dict[tuple[str, str], int]:
    """Write a copy of the hub's database into `folder`, prove it, and return the marks that it holds.

    Raises Damaged where what is held is not whole, BoxFault where it cannot be written.
    """
    if engine.dialect.name == "postgresql":
        return _dump_proven(engine, folder / POSTGRES_FILE, progress)
    try:
        _copied(engine, folder / SQLITE_FILE)
    except DATABASE_ERRORS as error:
        raise _unwritable(error) from error
    return check_file(folder / SQLITE_FILE, progress)


def check_file(file: Path, progress: Progress | None = None) -> dict[tuple[str, str], int]:
    """Read a copy of a SQLite hub back whole, prove it, and return the marks that it holds. Raises Damaged."""
    try:
        with _opened(file) as engine, engine.connect() as connection:
            _check_pages(connection, file)
            prove(connection, progress)
            return marks_held(connection)
    except (DatabaseError, UnicodeDecodeError) as error:
        raise damaged(f"{file.name} cannot be read") from error


def check_pages(file: Path) -> None:
    """Read every page of a SQLite database. Raises Damaged."""
    try:
        with _opened(file) as engine, engine.connect() as connection:
            _check_pages(connection, file)
    except (DatabaseError, UnicodeDecodeError) as error:
        raise damaged(f"{file.name} cannot be read") from error


def check_dump(file: Path) -> None:
    """Read a dump of PostgreSQL back from its first byte to its last. Raises Damaged."""
    done = _run("pg_restore", ["--file", os.devnull, str(file)], {})
    if done.returncode != 0:
        raise damaged(f"{file.name} cannot be read back")


def load_dump(file: Path, address: URL) -> None:
    """Fill an empty PostgreSQL database from a dump, all or nothing.

    Raises CallerFault where something is in it already, BoxFault where it does not answer or cannot be filled.
    """
    engine = bare_engine(address.set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            is_empty = not inspect(connection).get_table_names()
    except DatabaseError as error:
        raise BoxFault(
            f"The database does not answer: {error.orig}.", "Check that it runs and that its address is right."
        ) from error
    finally:
        engine.dispose()
    if not is_empty:
        raise CallerFault(
            "This database is not empty.", "Make a new, empty one (`createdb NAME`) and give its address."
        )
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    done = _run("pg_restore", [*options, "--dbname", _plain(address), str(file)], _secret(address))
    if done.returncode != 0:
        raise BoxFault(
            f"PostgreSQL could not be filled: {_last_line(done.stderr)}", "Nothing was written; see its own log."
        )


def _dump_proven(engine: Engine, file: Path, progress: Progress | None) -> dict[tuple[str, str], int]:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        snapshot = connection.execute(text("select pg_export_snapshot()")).scalar_one()
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", "--file", str(file)]
        done = _run("pg_dump", [*options, "--dbname", _plain(engine.url)], _secret(engine.url))
        if done.returncode != 0:
            raise BoxFault(
                f"PostgreSQL could not be copied: {_last_line(done.stderr)}",
                "pg_dump must be as new as the server; install its postgresql-client package.",
            )
        prove(connection, progress)
        marks = marks_held(connection)
    check_dump(file)
    return marks


def _copied(engine: Engine, target: Path) -> None:
    raw = engine.raw_connection()
    try:
        assert raw.driver_connection is not None
        raw.driver_connection.execute("vacuum into ?", [str(target)])
    finally:
        raw.close()
    target.chmod(0o600)


@contextmanager
def _opened(file: Path) -> Iterator[Engine]:
    engine = bare_engine(sqlite_url(file))
    try:
        yield engine
    finally:
        engine.dispose()


def _check_pages(connection: Connection, file: Path) -> None:
    said = connection.execute(text("pragma integrity_check(1)")).scalar_one()
    if said != "ok":
        raise damaged(f"{file.name}: {said}")


def _run(program: str, arguments: Sequence[str], secret: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    found = shutil.which(program) or next((str(one) for one in sorted(_PROGRAMS.glob(f"*/bin/{program}"))[::-1]), None)
    if found is None:
        raise BoxFault(
            f"The program {program} is missing.", "Install postgresql-client, of the server's version or newer."
        )
    return subprocess.run(
        [found, *arguments], check=False, capture_output=True, text=True, env={**os.environ, **secret}
    )


def _plain(address: URL) -> str:
    """The address without its password: every user of the machine sees what a program was called with."""
    return address.set(drivername="postgresql")._replace(password=None).render_as_string(hide_password=False)


def _secret(address: URL) -> dict[str, str]:
    return {"PGPASSWORD": str(address.password)} if address.password else {}


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it did not say why."


def _unwritable(error: DatabaseRefusal) -> BoxFault:
    if is_damaged(error):
        return broken(error)
    return BoxFault(
        f"The database could not be copied: {said_by(error)}.",
        "Check that the disk of the backup has room and is writable.",
    )
