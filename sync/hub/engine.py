"""The engine: the hub's way to its database, SQLite by default, PostgreSQL where it has grown.

* Opening asserts that what is committed lasts: SQLite in WAL with synchronous=FULL, PostgreSQL with synchronous_commit.
* `writing` is one transaction that excludes other writers of the same rows; `reading` sees one consistent state.
* Several processes may hold the same database: `qanat hub publish` works while `qanat hub serve` runs.
* What the database refuses (no room, a failing disk, another process, a broken file) is a fault, in words.
* An error names tables and columns, never what was to be written: errors end in logs, values are names and secrets.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from catalog.db import keep_private
from catalog.fault import BoxFault, CallerFault, DiskFull
from sync.hub import schema

BUSY_SECONDS_MAX = 30
CONNECTIONS_MAX = 32
CACHE_KIBIBYTES = 8192
DATABASE_ERRORS = (DBAPIError, sqlite3.Error)
"""What a database may raise: through the convenience layer, and while a connection is set up before it."""
DatabaseRefusal = DBAPIError | sqlite3.Error
POSTGRES_DISK_FULL = "53100"
PRIMARY_CODE = 0xFF
"""SQLite says what went wrong in the lowest byte, and more closely in the others."""
_HAS_ERASED = "has erased"
MIGRATION_LOCK = 0x71616E6174
"""One number that all hub processes agree on, so that two which start together do not both make the tables."""


def open_engine(url: str) -> Engine:
    """Open the database at `url`, assert that its commits last, and bring its tables up to date.

    Raises CallerFault where the address is not one we know, BoxFault where the database does not answer.
    """
    try:
        address = make_url(url)
        if address.drivername in ("postgresql", "postgres"):
            address = address.set(drivername="postgresql+psycopg")
        if address.drivername not in ("sqlite", "postgresql+psycopg"):
            raise ArgumentError(address.drivername)
        engine = _engine(address)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise CallerFault(
            "This database address cannot be used.",
            "Give sqlite:///FILE or postgresql://USER@HOST/NAME; PostgreSQL needs `pip install qanat[hub,postgres]`.",
        ) from error
    try:
        _prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def bare_engine(address: str | URL, **options: Any) -> Engine:
    """An engine that promises nothing of what `open_engine` does, for copies and for a look at what is there.

    Every engine of the hub's begins here, since what its errors say ends in a log.
    """
    engine = create_engine(address, hide_parameters=True, **options)
    event.listen(engine, "handle_error", _say_no_values)
    return engine


def sqlite_url(file: Path) -> str:
    """The address of the hub's own file."""
    return f"sqlite:///{file}"


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction; committed, and lasting, when the block ends without an error.

    Raises BoxFault or DiskFull where the database refuses; then nothing of it stays.
    """
    with _in_words(), engine.connect().execution_options(is_writing=True) as connection:
        with connection.begin():
            yield connection
        if connection.info.pop(_HAS_ERASED, False) and connection.dialect.name == "sqlite":
            # Nor may it be read in the log. Where others still read, or the disk refuses, the log goes with the next
            # erasure, or at the end: what was committed is not called failed for it.
            with suppress(sqlite3.Error):
                connection.connection.driver_connection.execute("pragma wal_checkpoint(truncate)")  # type: ignore[union-attr]


def erasing(connection: Connection) -> None:
    """Say that this transaction erases: what it overwrites is then gone from SQLite's log too."""
    connection.info[_HAS_ERASED] = True


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view; changes nothing. Raises BoxFault where the database refuses."""
    with _in_words(), engine.connect() as connection, connection.begin():
        yield connection


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing`: both dialects say it alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def is_damaged(error: DatabaseRefusal) -> bool:
    """Tell whether SQLite says that the file itself is broken, and not that it is in use or has no room."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_busy(error: DatabaseRefusal) -> bool:
    """Tell whether SQLite says that another process holds the database."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_full(error: DatabaseRefusal) -> bool:
    """Tell whether there is no room for what was to be written."""
    state = getattr(getattr(error, "orig", None), "sqlstate", "")
    return _code(error) == sqlite3.SQLITE_FULL or state == POSTGRES_DISK_FULL


def damaged(error: DatabaseRefusal) -> BoxFault:
    """The fault of a database that is broken."""
    return BoxFault(
        f"The hub's database is damaged: {said_by(error)}.",
        "Put the hub back from a backup: `qanat hub restore --data DIR --from BACKUPS --replace`.",
    )


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except DATABASE_ERRORS as error:
        if (fault := _fault(error)) is None:
            raise  # a mistake of ours
        raise fault from error


def _fault(error: DatabaseRefusal) -> BoxFault | None:
    """What a refusal of the database's means to whoever stands beside the hub; None where it is none."""
    if is_damaged(error):
        return damaged(error)
    if not isinstance(error, OperationalError | sqlite3.OperationalError):
        return None
    if is_busy(error):
        return BoxFault("Another process holds the hub's database.", "Try again in a moment.")
    if is_full(error):
        return DiskFull(
            "The hub's disk is full: its database could not be written.",
            "Free some space; everything acknowledged before is safe, and boxes come again by themselves.",
        )
    return BoxFault(
        f"The hub's database does not answer: {said_by(error)}.",
        "Check that it runs, that its address is right and that its disk is well and has room; then try again.",
    )


def said_by(error: DatabaseRefusal) -> str:
    """What the database itself said."""
    return str(error.orig if isinstance(error, DBAPIError) else error)


def _code(error: DatabaseRefusal) -> int:
    said = error.orig if isinstance(error, DBAPIError) else error
    return getattr(said, "sqlite_errorcode", 0) & PRIMARY_CODE


def _engine(address: Any) -> Engine:
    if address.drivername == "sqlite" and address.database:
        keep_private(Path(address.database))
    engine = bare_engine(address, pool_size=4, max_overflow=CONNECTIONS_MAX, pool_timeout=BUSY_SECONDS_MAX)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _say_no_values(context: ExceptionContext) -> None:
    """PostgreSQL's details quote the row that failed; its first line says what is wrong."""
    said = getattr(getattr(context.original_exception, "diag", None), "message_primary", None)
    if said and context.sqlalchemy_exception is not None:
        whole, context.original_exception.args = str(context.original_exception), (said,)
        context.sqlalchemy_exception.args = tuple(
            one.replace(whole, said) if isinstance(one, str) else one for one in context.sqlalchemy_exception.args
        )


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS_MAX * 1000}",
        "journal_mode = wal",
        "synchronous = full",
        "foreign_keys = on",
        "secure_delete = on",  # an erased name is overwritten, not only unlisted
        f"cache_size = -{CACHE_KIBIBYTES}",
    ):
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    # A writer that began as a reader could not wait for another: it would be refused at its first write.
    connection.exec_driver_sql("begin immediate" if is_writing else "begin")


def _prepare(engine: Engine) -> None:
    with writing(engine) as connection:
        _assert_commits_last(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
        schema.bring_up_to_date(connection)


def _assert_commits_last(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        names = ("journal_mode", "synchronous", "foreign_keys")
        settings = [connection.exec_driver_sql(f"pragma {name}").scalar_one() for name in names]
        if settings != ["wal", 2, 1]:
            raise BoxFault(
                f"The hub's disk does not let hub.db be written so that nothing is lost ({settings}).",
                "Free some space, or look whether the disk is failing; then start the hub again.",
            )
    else:
        setting = connection.execute(text("show synchronous_commit")).scalar_one()
        if setting == "off":
            raise BoxFault(
                "PostgreSQL has synchronous_commit off: progress that the hub acknowledged could be lost.",
                "Set synchronous_commit = on for the hub's database or role, and start again.",
            )
