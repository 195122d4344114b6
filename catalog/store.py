"""The store: every file once, under its digest.

* The index, not the folder, says what exists: a digest is indexed only after its bytes are lasting on the disk.
* A batch is written under temporary names, renamed, made lasting by one flush, and then indexed in one transaction.
* A batch that fails leaves nothing behind: no temporary file, no file without an index row.
* Files never change, so they may be hard-linked and served as they lie.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlite_utils.migrations import Migrations

from catalog.batch import Batch, StagedFile
from catalog.db import Connection, Database
from catalog.digest import Digest, digest_of_file
from catalog.durable import disk_fault
from catalog.fault import BoxFault, Damaged
from catalog.manifest import canonical
from catalog.staging import KEPT, Journal, disk_seconds, is_worth_keeping

STAGING = "staging"
LOCK = ".lock"
VARIANT_SUFFIX = ".gz"
NO_VARIANT = 0

__all__ = ["Batch", "StagedFile", "Store", "migrations"]

migrations = Migrations("catalog.store")


@migrations()
def stored_file(connection: Connection) -> None:
    """`compressed_bytes`: null while nobody tried, 0 when gzip does not pay, else the size of `<digest>.gz` beside."""
    connection.execute(
        """
        create table stored_file (
            digest text primary key,
            size_bytes integer not null,
            compressed_bytes integer
        ) strict, without rowid
        """
    )


class Store:
    """A folder of files by digest, and its index in `database`."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        (folder / STAGING).mkdir(parents=True, exist_ok=True)

    def batch(self, name: str = "") -> Batch:
        """Open a batch: a context manager that keeps all of its files, or none. One that bears a name and whose process
        died goes on, begun again under that name, with what it had staged."""
        return Batch(self, name)

    def path(self, digest: Digest) -> Path:
        """Where the file of this digest lies.

        Raises Damaged where the store does not hold it.
        """
        if not self.has(digest):
            raise Damaged(
                f"The store does not hold the file {digest[:12]}.",
                "Sync again; if it stays so, publish the course again.",
            )
        return self.place_of(digest)

    def has(self, digest: Digest) -> bool:
        rows = self.database.read().execute("select 1 from stored_file where digest = ?", [digest])
        return rows.fetchone() is not None

    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        """Those of `digests` that the store does not hold, each once, in their order."""
        wanted = list(dict.fromkeys(digests))
        held = self.database.read().execute(
            "select digest from stored_file where digest in (select value from json_each(?))",
            [canonical(wanted).decode()],
        )
        known = {row["digest"] for row in held}
        return [digest for digest in wanted if digest not in known]

    def open(self, digest: Digest) -> BinaryIO:
        """Open the file of this digest for reading.

        Raises Damaged where the store does not hold it, or the disk lost it.
        """
        try:
            return self.path(digest).open("rb")
        except FileNotFoundError as error:
            raise lost(digest) from error

    def variant_path(self, digest: Digest) -> Path | None:
        """Where the gzip of this file lies, or None where there is none."""
        rows = self.database.read().execute("select compressed_bytes from stored_file where digest = ?", [digest])
        row = rows.fetchone()
        return self.variant_place_of(digest) if row and row["compressed_bytes"] else None

    def verify(self) -> Iterator[Digest]:
        """Read every indexed file again, and name those whose bytes are not what their digest says."""
        reader = self.database.read()
        for (digest,) in reader.execute("select digest from stored_file order by digest").fetchall():
            try:
                is_whole = digest_of_file(self.place_of(digest)) == digest
            except OSError:
                is_whole = False
            if not is_whole:
                yield Digest(digest)

    def count(self) -> int:
        """How many files the index names."""
        return int(self.database.read().execute("select count(*) from stored_file").fetchone()[0])

    def sweep(self) -> int:
        """Remove what a power cut left: staging, and files that the index does not name. Returns how many.

        Does nothing while a batch is open, here or in another process: the next start sweeps.
        """
        with self._alone() as is_alone:
            if not is_alone:
                return 0
            leftovers = self._leftovers()
            for leftover in leftovers:
                shutil.rmtree(leftover)
            indexed = dict(self.database.read().execute("select digest, compressed_bytes from stored_file").fetchall())
            strays = [path for path in self._files() if not _is_indexed(path.name, indexed)]
            for stray in strays:
                stray.unlink()
            return len(leftovers) + len(strays)

    def prune(self, keep: Callable[[Connection], Collection[Digest]]) -> int:
        """Remove every file that `keep` does not name. Returns the bytes freed; 0 while a batch is open.

        `keep` is asked inside the transaction, once no batch can add to the index any more.
        """

        def forget(connection: Connection) -> list[tuple[Digest, int]]:
            kept = set(keep(connection))
            rows = connection.execute("select digest, size_bytes from stored_file").fetchall()
            gone = [(Digest(row["digest"]), int(row["size_bytes"])) for row in rows if row["digest"] not in kept]
            connection.conn.executemany("delete from stored_file where digest = ?", [(digest,) for digest, _ in gone])
            return gone

        with self._alone() as is_alone:
            if not is_alone:
                return 0
            # The index forgets first: a cut in between leaves strays for the sweep, never a row without its file.
            gone = self.database.write(forget)
            for digest, _ in gone:
                self._unlink(digest)
            return sum(size_bytes for _, size_bytes in gone)

    def untried(self, digests: Iterable[Digest]) -> list[Digest]:
        """Those of `digests` that nobody tried to compress yet."""
        rows = self.database.read().execute(
            "select digest from stored_file where compressed_bytes is null"
            " and digest in (select value from json_each(?)) order by digest",
            [canonical(list(digests)).decode()],
        )
        return [Digest(row["digest"]) for row in rows]

    def record_variants(self, sizes: Iterable[tuple[Digest, int]]) -> None:
        """Index gzip variants (NO_VARIANT where it does not pay) whose files are lasting by now."""
        rows = [(size_bytes, digest) for digest, size_bytes in sizes]
        self.database.write(
            lambda connection: connection.conn.executemany(
                "update stored_file set compressed_bytes = ? where digest = ?", rows
            )
        )

    def place_of(self, digest: Digest) -> Path:
        """Where this file lies, or would lie. The first byte of every digest is the algorithm, so the next divides."""
        return self.folder / digest[2:4] / digest

    def variant_place_of(self, digest: Digest) -> Path:
        return self.folder / digest[2:4] / (digest + VARIANT_SUFFIX)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder of its own on the store's disk, gone afterwards; nothing is pruned meanwhile."""
        lock = self._lock(fcntl.LOCK_SH)
        try:
            with tempfile.TemporaryDirectory(dir=self.folder / STAGING, ignore_cleanup_errors=True) as folder:
                yield Path(folder)
        except OSError as error:
            raise disk_fault(error, self.folder) from error
        finally:
            os.close(lock)

    @contextmanager
    def kept_staging(self, name: str) -> Iterator[Journal | None]:
        """The staging of this name and what is in it; None where another process is at work with it. Gone afterwards,
        unless the process is: then the next one of this name finds it."""
        lock = self._lock(fcntl.LOCK_SH)
        try:
            journal = Journal.open(self.folder / STAGING / f"{KEPT}{name}")
            try:
                yield journal
            except Exception:
                self._drop(journal)
                raise
            else:
                self._drop(journal)
            finally:
                if journal is not None:
                    journal.close()
        except OSError as error:
            raise disk_fault(error, self.folder) from error
        finally:
            os.close(lock)

    def _drop(self, journal: Journal | None) -> None:
        if journal is not None:
            shutil.rmtree(journal.folder, ignore_errors=True)

    def _leftovers(self) -> list[Path]:
        """What lies in staging while nobody is at work there, but for what a later start may go on with."""
        staging = self.folder / STAGING
        youngest_first = sorted(staging.iterdir(), key=lambda path: -path.stat().st_mtime)
        now_seconds, kept = disk_seconds(staging), 0
        leftovers = []
        for folder in youngest_first:
            if is_worth_keeping(folder, now_seconds, kept):
                kept += 1
            else:
                leftovers.append(folder)
        return leftovers

    def remove_unindexed(self, digests: Iterable[Digest]) -> None:
        """Free the files of a batch that was placed but not indexed, unless another batch is at work with them."""
        with self._alone() as is_alone:
            if is_alone:
                for digest in self.missing(digests):
                    self._unlink(digest)

    def _files(self) -> Iterator[Path]:
        for part in sorted(self.folder.iterdir()):
            if part.is_dir() and part.name != STAGING:
                yield from sorted(part.iterdir())

    def _unlink(self, digest: Digest) -> None:
        self.variant_place_of(digest).unlink(missing_ok=True)
        self.place_of(digest).unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Keep batches out, in this process and others; yields False where one is open."""
        try:
            lock = self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            os.close(lock)

    def _lock(self, kind: int) -> int:
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, kind)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _is_indexed(name: str, indexed: dict[str, int | None]) -> bool:
    if name.endswith(VARIANT_SUFFIX):
        return bool(indexed.get(name.removesuffix(VARIANT_SUFFIX)))
    return name in indexed


def lost(digest: Digest) -> BoxFault:
    return BoxFault(
        f"The disk lost the file {digest[:12]}.",
        "The card may be failing; run `qanat catalog verify`, then sync again.",
    )
