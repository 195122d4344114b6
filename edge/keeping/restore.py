"""Restoring a box: from its backup to a data folder that can be served.

* Only an empty folder is written to, and it stays empty until all is there and proven: every byte by its hash, the
  database by SQLite, the journal by its chain, the key by the box's name.
* The restored box opens a new epoch, as at every start, and asks its hub for the thread: nothing is lost or doubled,
  and the hub tells it whom it must forget.
* It knows that it was restored: its staff page says so. Nobody is signed in any more.
"""

import contextlib
import os
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from catalog import durable
from catalog.db import Connection, Database, whole
from catalog.digest import READ_BYTES, Hasher
from catalog.fault import CallerFault, ContentFault, Fault
from catalog.manifest import parsed
from catalog.releases import Releases
from catalog.shelf import Shelf
from catalog.store import Store
from edge.box import FOLDER_MODE, MIGRATIONS
from edge.keeping.alarms import Alarms
from edge.keeping.backup import DATABASE, FORM, KEYS, NAMES, PROOF, STORE, Listing, Proof
from edge.keeping.sealing import BackupRefused, unseal
from sync import chain
from sync.clock import Clock
from sync.keys import KeyPair, box_id

STAGING = ".restoring"
"""Where all is put together. A folder that holds only this is what a power cut left, and counts as empty."""
PROOF_BYTES_MAX = 64 << 10
KEY = "box.key"


@dataclass(frozen=True, slots=True)
class Restored:
    """A box that was restored: which, from when, and how many events its journal has."""

    proof: Proof
    events: int


def restore(data: Path, source: Path, identity_file: Path | None, words: str, clock: Clock) -> Restored:
    """Bring the box in the backup `source` back into the empty folder `data`.

    Raises CallerFault where the folder is not empty or the backup is opened otherwise, BackupRefused where it is not
    whole, DiskFull or BoxFault where the disk refuses. Nothing stays in the folder then.
    """
    _make_empty(data)
    staging = data / STAGING
    try:
        staging.mkdir(mode=FOLDER_MODE)
        proof = _unpacked(source, staging, identity_file, words)
        events = _put_right(staging, proof, clock)
        _move_into_place(staging, data)
    except OSError as error:
        raise durable.disk_fault(error, data) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Restored(proof, events)


def _make_empty(data: Path) -> None:
    try:
        data.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        there = [path for path in data.iterdir() if path.name != STAGING]
        shutil.rmtree(data / STAGING, ignore_errors=True)
    except OSError as error:
        raise CallerFault(
            f"The folder {data} cannot be used: {error.strerror}.", "Name another with --data."
        ) from error
    if there:
        raise CallerFault(
            f"The folder {data} is not empty: {there[0].name} is in it.",
            "Name an empty folder; nothing is overwritten.",
        )


def _unpacked(source: Path, staging: Path, identity_file: Path | None, words: str) -> Proof:
    """Write what the backup holds under `staging`, each file proven by the last part, which is returned."""
    listing = Listing()
    proof: Proof | None = None
    try:
        with source.open("rb") as sealed, _opened(sealed, identity_file, words) as plain:
            with tarfile.open(fileobj=plain, mode="r|") as archive:
                for member in archive:
                    content = archive.extractfile(member)
                    if proof is not None or content is None or not NAMES.fullmatch(member.name):
                        raise _refused(f"{member.name[:80]!r} does not belong in it")
                    if member.name == PROOF:
                        proof = _proof(content.read(PROOF_BYTES_MAX))
                    else:
                        listing.add(member.name, _written(staging / member.name, content))
            while plain.read(READ_BYTES):
                pass  # to the end, where the seal is proven
    except tarfile.TarError as error:
        raise _refused("it is damaged") from error
    except FileNotFoundError as error:
        raise CallerFault(f"There is no file {source}.", "Name the backup with --from.") from error
    if proof is None or (proof.files, proof.digest) != (listing.files, listing.digest()):
        raise _refused("it is not whole")
    return proof


def _written(path: Path, content: Any) -> Hasher:
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    hasher = Hasher()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
        while piece := content.read(READ_BYTES):
            file.write(piece)
            hasher.update(piece)
    return hasher


def _proof(data: bytes) -> Proof:
    try:
        fields = parsed(data, dict)
        if fields["form"] != FORM:
            raise _refused(f"it has form {fields['form']}, and form {FORM} is understood here")
        return Proof(
            fields["box"], fields["name"], fields["made_seconds"], fields["has_courses"] == 1, fields["files"],
            fields["digest"],
        )  # fmt: skip
    except (ContentFault, KeyError) as error:
        if isinstance(error, BackupRefused):
            raise
        raise _refused("its last part cannot be read") from error


def _put_right(staging: Path, proof: Proof, clock: Clock) -> int:
    """Prove the database and the key, and make of them what a restored box needs. Returns the events of its journal."""
    if not (staging / DATABASE).exists() or not (staging / KEYS / KEY).exists():
        raise _refused("its database or its key is missing")
    keys = KeyPair.load_or_make(staging / KEYS / KEY)
    if box_id(keys.public) != proof.box:
        raise _refused("its key is another box's")
    database = Database(staging / DATABASE, MIGRATIONS)
    try:
        if problems := whole(database.read()):
            raise _refused(f"its database is damaged ({problems})")
        events = chain.verify(database.read(), proof.box)
        alarms = Alarms(database, clock)

        def settle_in(connection: Connection) -> None:
            connection.execute("delete from session")
            alarms.raise_in(connection, "card-restored", events=0)

        database.write(settle_in)
        if not proof.has_courses:
            _clear_courses(staging, database)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _refused(f"its database cannot be read ({error})") from error
    finally:
        database.close()
    return events


def _clear_courses(staging: Path, database: Database) -> None:
    """Forget courses whose files did not come along: the hub is told of an empty shelf and sends them again."""
    store = Store(staging / STORE, database)
    shelf = Shelf(database, Releases(database, store), store, staging / "trees")
    database.write(shelf.clear)
    shelf.tidy()


def _move_into_place(staging: Path, data: Path) -> None:
    """Everything at once would need a rename of the folder, which may be a disk of its own: the database comes last."""
    durable.sync_disk(staging)
    for path in sorted(staging.iterdir(), key=lambda path: path.name == DATABASE):
        durable.move_into_place(path, data / path.name)
    durable.sync_disk(data)


@contextlib.contextmanager
def _opened(sealed: BinaryIO, identity_file: Path | None, words: str) -> Iterator[BinaryIO]:
    """What was sealed, to be read: a thread unseals it into a pipe, a little ahead of the reader.

    Raises what the unsealing raises, once the reader has come to its end.
    """
    read_end, write_end = os.pipe()
    faults: list[Exception] = []

    def work() -> None:
        # A reader that has given up closes its end; it says why itself.
        with contextlib.suppress(BrokenPipeError), open(write_end, "wb") as pipe:  # noqa: PTH123 - a pipe has no path
            try:
                unseal(sealed, pipe, identity_file, words)
            except (Fault, OSError) as fault:
                faults.append(fault)

    thread = threading.Thread(target=work, name="unseal", daemon=True)
    thread.start()
    try:
        with open(read_end, "rb") as pipe:  # noqa: PTH123 - a pipe has no path
            try:
                yield pipe
            except (tarfile.TarError, BackupRefused) as fault:
                # Too little came, because the unsealing had failed before.
                raise (faults[0] if faults else fault) from fault
    finally:
        thread.join()
    if faults:
        raise faults[0]


def _refused(why: str) -> BackupRefused:
    return BackupRefused(
        f"The backup cannot be restored: {why}.",
        "Nothing was kept of it. Try another copy of the file, or an older one.",
    )
