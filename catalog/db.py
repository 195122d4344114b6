"""Opening SQLite, and writing to it: one database, one writer, nothing acknowledged is lost.

* Every database is WAL with synchronous=FULL and foreign keys on; opening asserts it. Tables are STRICT.
* All writes of a process go through one writer. Pieces of work that wait together are committed together (one flush),
  each in a savepoint of its own: one that fails takes nothing else with it.
* `write` returns only after the commit that holds its work is on the disk.
* A database is for its owner's eyes only.
* What was erased is gone from the log too, not only from the file, before whoever erased it hears so.
* The writer is steppable (`commit_pending`); `start` only adds a thread that steps it.
"""

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import sqlite_utils
from sqlite_utils.migrations import Migrations

from catalog.durable import make_folder
from catalog.fault import BoxFault, ContentFault, DiskFull

T = TypeVar("T")

Connection = sqlite_utils.Database
"""What SQL is run on: `execute`, `executemany`, `query`."""

WORKS_PER_COMMIT_MAX = 512
BUSY_SECONDS_MAX = 30
CACHE_KIBIBYTES = 2048
FILE_MODE = 0o600
LIST_COLUMNS = {"migration_set", "name", "applied_at"}
"""What the list of applied migrations is read by."""
STRANGERS_VALUE_BYTES_MAX = 4 << 20
STRANGERS_STEP = 100_000
STRANGERS_STEPS_MAX = 20_000
"""Of so many instructions each: some seconds for a channel of a hundred thousand nodes, and an end for what loops."""

LOG_MILLISECONDS_MAX = 100
"""How long a commit waits for readers before it leaves emptying the log to the next one."""


class Database:
    """One SQLite file, its one writer, and a reader for each thread."""

    def __init__(self, path: Path, migrations: Sequence[Migrations], *, cache_kibibytes: int = CACHE_KIBIBYTES) -> None:
        """Open, or make, the database at `path` and bring its tables up to date.

        `cache_kibibytes` is what each reader may keep in memory: there is one for each thread that ever read.

        Raises CallerFault where the folder cannot be; BoxFault where the file is no database or the disk will not do.
        """
        self.path = path
        self._pending: deque[tuple[Callable[[Connection], Any], Future[Any]]] = deque()
        self._ready = threading.Condition()
        self._stepping = threading.Lock()
        self._readers = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self._is_log_to_empty = False
        self._worker: int | None = None
        self._cache_kibibytes = cache_kibibytes
        try:
            make_folder(path.parent)
            keep_private(path)
            self._writer = _up_to_date(path, migrations)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            # A damaged file may be damaged in its words too, and SQLite quotes them.
            raise _fault(error, path) from error

    def read(self) -> Connection:
        """This thread's reader: sees everything committed, can change nothing."""
        reader: Connection | None = getattr(self._readers, "connection", None)
        if reader is None:
            reader = _connect(self.path, is_reader=True)
            reader.execute(f"pragma cache_size = -{self._cache_kibibytes}")
            self._readers.connection = reader
            with self._ready:
                self._open_readers.append(reader.conn)
        return reader

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` on the writer and return what it returns, once that is durable.

        Whatever `work` raises (sqlite3.IntegrityError included) is raised here, and then nothing of it stays.
        Raises DiskFull or BoxFault where the commit itself fails.
        """
        assert threading.get_ident() != self._worker, "work may not wait for other work: it holds the writer"
        return self.post(work).result()

    def post(self, work: Callable[[Connection], T]) -> "Future[T]":
        """Line `work` up where nobody waits for it; without a writer thread it is done before this returns."""
        future = self.submit(work)
        while self._thread is None and not future.done():
            self.commit_pending()
        return future

    def submit(self, work: Callable[[Connection], T]) -> "Future[T]":
        """Line `work` up; the future is done once its commit is durable. It cannot be cancelled: who stops waiting (a
        phone that goes in the middle) does not stop the work, nor the writer that tells of it."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        with self._ready:
            if self._is_closing:
                raise BoxFault("The box is shutting down and writes nothing more.", "Try again in a minute.")
            self._pending.append((work, future))
            self._ready.notify()
        return future

    def commit_pending(self) -> int:
        """Commit what waits, as one transaction, and answer it. Returns how many pieces of work were taken."""
        with self._stepping:
            with self._ready:
                count = min(len(self._pending), WORKS_PER_COMMIT_MAX)
                works = [self._pending.popleft() for _ in range(count)]
            if works:
                self._worker = threading.get_ident()
                try:
                    self._commit(works)
                finally:
                    self._worker = None
            return count

    def empty_log(self) -> None:
        """From inside work that erases: with its commit the log goes too, so that nothing old can be read there."""
        self._is_log_to_empty = True

    def copy_to(self, path: Path) -> None:
        """Write everything committed so far to a new database at `path`, while others go on reading and writing.

        Raises BoxFault where the copy cannot be written or is not whole.
        """
        try:
            source, target = _connect(self.path, is_reader=True), _connect(path)
            try:
                source.conn.backup(target.conn)
                problems = whole(target)
                target.execute("pragma wal_checkpoint(truncate)")
            finally:
                source.conn.close()
                target.conn.close()
        except sqlite3.Error as error:
            raise _fault(error, path) from error
        if problems:
            raise _fault(sqlite3.DatabaseError(problems), self.path)

    def start(self) -> None:
        """Step the writer from a thread of its own, until `close`."""
        assert self._thread is None, "the writer is started once"
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Commit what waits, then let the file go."""
        with self._ready:
            self._is_closing = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join()
        while self.commit_pending():
            pass
        for reader in self._open_readers:
            reader.close()
        self._writer.conn.close()

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._pending and not self._is_closing:
                    self._ready.wait()
                if not self._pending:
                    return
            self.commit_pending()

    def _commit(self, works: list[tuple[Callable[[Connection], Any], "Future[Any]"]]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            self._writer.execute("begin immediate")
            for work, future in works:
                try:
                    done.append((future, self._do(work)))
                except sqlite3.Error as error:
                    if not self._writer.conn.in_transaction:
                        raise
                    refused = isinstance(error, sqlite3.IntegrityError)
                    future.set_exception(error if refused else _fault(error, self.path))
                except BaseException as error:  # noqa: BLE001 - whoever asked for the work gets its error
                    future.set_exception(error)
            self._writer.execute("commit")
            if self._is_log_to_empty:
                self._empty_log()
        except BaseException as error:
            if self._writer.conn.in_transaction:
                self._writer.execute("rollback")
            fault = _fault(error, self.path) if isinstance(error, sqlite3.Error) else error
            for _, future in works:
                if not future.done():
                    future.set_exception(fault)
            if not isinstance(error, Exception):
                raise
            return
        for future, result in done:
            future.set_result(result)

    def _empty_log(self) -> None:
        """After a commit: what was asked for is lasting by now, and is not called failed where only this does not go.

        While others read, and on a disk that refuses, it is left to the next commit.
        """
        self._writer.execute(f"pragma busy_timeout = {LOG_MILLISECONDS_MAX}")
        with suppress(sqlite3.Error):
            self._is_log_to_empty = bool(self._writer.execute("pragma wal_checkpoint(truncate)").fetchone()[0])
        self._writer.execute(f"pragma busy_timeout = {BUSY_SECONDS_MAX * 1000}")

    def _do(self, work: Callable[[Connection], T]) -> T:
        with all_or_nothing(self._writer):
            return work(self._writer)


def fold_log(path: Path) -> None:
    """Bring what a database's log holds into its file, of a copy that may be damaged: no table is looked at.

    Raises BoxFault where the file is no database, or the disk will not do.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None)  # noqa: TID251 - its home
        try:
            connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _fault(error, path) from error


@contextmanager
def strangers(path: Path) -> "Iterator[Connection]":
    """A database that came from outside, to read from: it runs nothing of its own, and no question takes for ever.

    Raises ContentFault where it is damaged, or not what it was said to be.
    """
    connection = sqlite3.connect(  # noqa: TID251 - its home
        f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True, isolation_level=None
    )
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return int(steps > STRANGERS_STEPS_MAX)

    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, STRANGERS_VALUE_BYTES_MAX)
        connection.set_progress_handler(count, STRANGERS_STEP)
        connection.row_factory = sqlite3.Row
        for name in ("trusted_schema = off", "query_only = on", "cell_size_check = on", "mmap_size = 0"):
            connection.execute(f"pragma {name}")
        yield sqlite_utils.Database(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ContentFault(
            f"The database {path.name} cannot be read: {error}.",
            "Fetch it again; if it stays so, ask whoever made it for another copy.",
        ) from error
    finally:
        connection.close()


@contextmanager
def all_or_nothing(connection: Connection) -> Iterator[None]:
    """Inside a transaction: what the block writes stays whole, or where it raises, none of it. The rest goes on."""
    connection.execute("savepoint work")
    try:
        yield
    except BaseException:
        if connection.conn.in_transaction:
            connection.execute("rollback to work")
            connection.execute("release work")
        raise
    connection.execute("release work")


def keep_private(path: Path) -> None:
    """Let nobody but its owner read the database at `path`, made now or long ago: it holds names and verifiers.

    SQLite gives its log the same mode.
    """
    # A file that is there is not opened for this: closing it would drop the locks that SQLite has on it. And what
    # cannot be made, or is another's, SQLite refuses with a better reason, or reads as it is.
    with suppress(OSError):
        if not path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
        elif path.stat().st_mode & 0o077:
            path.chmod(FILE_MODE)


def whole(connection: Connection) -> str:
    """What SQLite finds wrong with a database, in its words; "" where it is whole."""
    found = [str(row[0]) for row in connection.execute("pragma integrity_check(5)").fetchall()]
    broken = connection.execute("pragma foreign_key_check").fetchone()
    problems = [line for line in found if line != "ok"] + (["a row names another that is gone"] if broken else [])
    return "; ".join(problems)


def quick_problems(connection: Connection | sqlite3.Connection) -> str:
    """The first thing that SQLite finds wrong with a database's pages, in its words; "" where there is none.

    Takes as long as reading it once.
    """
    try:
        found = [str(row[0]) for row in connection.execute("pragma quick_check(1)").fetchall()]
    except sqlite3.Error as error:
        return str(error)
    return "; ".join(line for line in found if line != "ok")


def quick_problems_of_file(path: Path) -> str:
    """The same of a database that nobody has open; nothing in it is changed, so that it can still be mended."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)  # noqa: TID251 - its home
    except sqlite3.Error as error:
        return str(error)
    try:
        return quick_problems(connection)
    finally:
        connection.close()


def _up_to_date(path: Path, migrations: Sequence[Migrations]) -> Connection:
    connection = _connect(path)
    try:
        _demand_own_list(connection)
        for one in migrations:
            one.apply(connection)
    except BaseException:
        connection.conn.close()
        raise
    return connection


def _demand_own_list(connection: Connection) -> None:
    """A list of what was applied that has other columns is another program's; it would be read as if it were ours."""
    columns = {row["name"] for row in connection.execute("select name from pragma_table_info('_sqlite_migrations')")}
    if columns and (missing := LIST_COLUMNS - columns):
        raise sqlite3.DatabaseError(f"its list of changes has no {', '.join(sorted(missing))}")


def _connect(path: Path, *, is_reader: bool = False) -> Connection:
    connection = sqlite3.connect(  # noqa: TID251 - its home
        path, timeout=BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, path, is_reader=is_reader)
    except BaseException:
        connection.close()
        raise
    return sqlite_utils.Database(connection)


def _prepare(connection: sqlite3.Connection, path: Path, *, is_reader: bool) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")
    connection.execute(f"pragma cache_size = -{CACHE_KIBIBYTES}")
    if is_reader:
        connection.execute("pragma query_only = on")
    settings = [connection.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    if settings != ["wal", 2]:
        # SQLite says nothing of a log that it could not make: it goes on without one.
        raise BoxFault(
            f"The disk does not let {path.name} be written so that nothing is lost ({settings}).",
            "Free some space, or look whether the card is failing; then start again.",
        )


def _fault(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> BoxFault:
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL" or "disk is full" in str(error):
        return DiskFull(
            f"The disk is full: {path.name} could not be written.",
            "Free some space or take a larger card; everything acknowledged before is safe.",
        )
    return BoxFault(
        f"The database {path.name} could not be used: {error}.",
        "Start the box again; if it stays so, the card may be failing: copy what matters and replace it.",
    )
