"""The scrub: what lies in the store is read again, a little at a time, so that rot is found before a learner finds it.

* Every file has its turn, round after round; how far a round has come survives a restart.
* The disk itself is asked, not the memory that remembers what it once said.
* A file whose bytes are not what its name says is served to nobody any more: it leaves the index first, then the
  trees, then the disk. It is remembered as rotten until it is back and in its trees again.
* A gzip beside a file is held to the same; a rotten one only goes: it is made again from the file.
"""

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils.migrations import Migrations

from catalog.db import Connection
from catalog.digest import READ_BYTES, Digest, Hasher
from catalog.shelf import Shelf
from catalog.store import Store

GZIP_WINDOW_BITS = 31
BEFORE_ALL = ""
"""Every digest comes after it: so stands a round that has not begun."""

migrations = Migrations("catalog.scrub")


@migrations()
def scrub(connection: Connection) -> None:
    """`after`: the last digest that this round has read; `rounds`: how many were read to their end."""
    connection.execute(
        """
        create table scrub (
            only integer primary key check (only = 1),
            after text not null,
            rounds integer not null
        ) strict
        """
    )
    connection.execute("insert into scrub values (1, '', 0)")
    connection.execute(
        "create table rotten_file (digest text primary key, size_bytes integer not null) strict, without rowid"
    )


@dataclass(frozen=True, slots=True)
class Rotten:
    """A file that the disk did not keep as it was."""

    digest: Digest
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was read, and what of it was rotten."""

    files: int
    read_bytes: int
    rotten: tuple[Rotten, ...]
    is_round_done: bool


class Scrub:
    """Reads a store again, and takes off the shelf what has rotted."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._database = store.database
        self._store = store
        self._shelf = shelf

    def read_on(self, bytes_max: int) -> Scrubbed:
        """Read the next files of this round, at least one, until `bytes_max` are read or the round is done."""
        after = self._database.read().execute("select after from scrub").fetchone()["after"]
        last, files, read_bytes, is_done = after, 0, 0, True
        rotten: list[Rotten] = []
        for one, has_variant in self._files_after(after):
            if files and read_bytes + one.size_bytes > bytes_max:
                is_done = False
                break
            if not _is_whole(self._store.place_of(one.digest), one.digest):
                rotten.append(one)
            elif has_variant and not _unfolds_to(self._store.variant_place_of(one.digest), one.digest):
                self._drop_variant(one.digest)
            last, files, read_bytes = one.digest, files + 1, read_bytes + one.size_bytes
        self._take_off(rotten)
        self._database.write(
            lambda connection: _keep_place(connection, BEFORE_ALL if is_done else last, is_done=is_done)
        )
        return Scrubbed(files, read_bytes, tuple(rotten), is_done)

    def begin_round(self) -> None:
        """Read from the first file again."""
        self._database.write(lambda connection: _keep_place(connection, BEFORE_ALL, is_done=False))

    def rotten(self) -> list[Rotten]:
        """What was found rotten and is not back yet."""
        rows = self._database.read().execute("select digest, size_bytes from rotten_file order by digest")
        return [Rotten(Digest(row["digest"]), row["size_bytes"]) for row in rows.fetchall()]

    def back(self, digests: Iterable[Digest]) -> None:
        """These files are in the store again: they come back into their trees, and are rotten no more."""
        named = list(digests)
        self._shelf.put_back(named)
        self._database.write(
            lambda connection: connection.conn.executemany(
                "delete from rotten_file where digest = ?", [(digest,) for digest in named]
            )
        )

    def total_bytes(self) -> int:
        """How much a whole round reads."""
        row = self._database.read().execute("select coalesce(sum(size_bytes), 0) as bytes from stored_file").fetchone()
        return int(row["bytes"])

    def rounds(self) -> int:
        """How often the whole store has been read."""
        return int(self._database.read().execute("select rounds from scrub").fetchone()["rounds"])

    def _files_after(self, digest: str) -> list[tuple[Rotten, bool]]:
        rows = self._database.read().execute(
            "select digest, size_bytes, compressed_bytes from stored_file where digest > ? order by digest", [digest]
        )
        return [
            (Rotten(Digest(row["digest"]), row["size_bytes"]), bool(row["compressed_bytes"])) for row in rows.fetchall()
        ]

    def _take_off(self, rotten: list[Rotten]) -> None:
        if not rotten:
            return

        def forget(connection: Connection) -> None:
            connection.conn.executemany(
                "insert into rotten_file values (?, ?) on conflict do nothing",
                [(one.digest, one.size_bytes) for one in rotten],
            )
            connection.conn.executemany("delete from stored_file where digest = ?", [(one.digest,) for one in rotten])

        self._database.write(forget)
        self._shelf.take_off([one.digest for one in rotten])
        for one in rotten:
            self._store.variant_place_of(one.digest).unlink(missing_ok=True)
            self._store.place_of(one.digest).unlink(missing_ok=True)

    def _drop_variant(self, digest: Digest) -> None:
        # It is made anew when its tree is next built; until then readers get the file itself.
        self._database.write(
            lambda connection: connection.execute(
                "update stored_file set compressed_bytes = null where digest = ?", [digest]
            )
        )
        self._shelf.take_off_variants([digest])
        self._store.variant_place_of(digest).unlink(missing_ok=True)


def _keep_place(connection: Connection, after: str, *, is_done: bool) -> None:
    connection.execute("update scrub set after = ?, rounds = rounds + ? where only = 1", [after, int(is_done)])


def _is_whole(path: Path, digest: Digest) -> bool:
    hasher = Hasher()
    try:
        for piece in _from_disk(path):
            hasher.update(piece)
    except OSError:
        return False
    return hasher.digest() == digest


def _unfolds_to(path: Path, digest: Digest) -> bool:
    hasher, unfolding = Hasher(), zlib.decompressobj(GZIP_WINDOW_BITS)
    try:
        for piece in _from_disk(path):
            hasher.update(unfolding.decompress(piece))
    except (OSError, zlib.error):
        return False
    return unfolding.eof and hasher.digest() == digest


def _from_disk(path: Path) -> Iterator[bytes]:
    """The file's bytes as the disk has them now; what the memory kept of them is let go before and after."""
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while piece := file.read(READ_BYTES):
            yield piece
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
