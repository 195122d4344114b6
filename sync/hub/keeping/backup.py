"""Backups: a folder from which the whole hub can be put back.

* A backup is a folder named for its moment: the hub's database, the catalog's, the keys, and a list of what they must
  be. The files of courses lie beside all backups, each once (`copies`); packs are left out, the hub makes them anew.
* It is proven after it was written: every page read, every batch decoded, every chain and mark worked out again.
* Only then does the second mark move to what it holds, so that boxes clear away what two places have.
* Beside the backups stands who was erased (`forgotten`), kept up to date with each.
* A backup is whole under its name or not there at all. The last few are kept.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, func, select

from catalog import durable
from catalog.digest import Digest, digest_of_file
from catalog.fault import BoxFault
from catalog.publish import DATABASE as CATALOG_FILE
from catalog.publish import Catalog
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import insert, reading, writing
from sync.hub.keeping import backed_up, copies, forgotten
from sync.hub.keeping.alarms import THE_HUB, Kind, raise_alarm, settle
from sync.hub.keeping.databases import POSTGRES_FILE, SQLITE_FILE, check_pages, copy_file, copy_proven
from sync.hub.keeping.forgotten import Forgotten
from sync.hub.keeping.proof import Progress, damaged
from sync.keys import KeyPair

FORM = 1
LIST_FILE = "backup.json"
KEYS = "keys"
HUB_KEY = f"{KEYS}/hub.key"
KEPT = 7
FOLDER_MODE = 0o700
NAMES = re.compile(r"hub\.db|hub\.dump|catalog\.db|keys(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){1,4}")
"""What a backup may hold; nothing else is written to a disk when it is restored."""
_LOCK = ".lock"
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was proven."""

    place: Path
    events: int
    moved: int
    """Epochs whose second mark moved."""
    files: int
    """Files of courses that were copied now; the others lay there already."""
    written_bytes: int

    def document(self) -> dict[str, Any]:
        """As a command prints it for programs."""
        return {
            "backup": str(self.place),
            "events": self.events,
            "epochs_moved": self.moved,
            "files": self.files,
            "written_bytes": self.written_bytes,
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """What a backup says of itself: its files and their digests, whose hub it is of, and how many events it holds."""

    folder: Path
    made_seconds: int
    hub: str
    events: int
    files: dict[str, Digest]

    @property
    def is_postgres(self) -> bool:
        return POSTGRES_FILE in self.files


RESTORED = "restored"
"""How the log of who did what calls it."""


class Backups:
    """Makes backups of one hub."""

    def __init__(
        self, engine: Engine, data: Path, catalog: Catalog, keys: KeyPair, forgotten: Forgotten, clock: Clock
    ) -> None:
        self._engine = engine
        self._data = data
        self._catalog = catalog
        self._keys = keys
        self._forgotten = forgotten
        self._clock = clock

    def make(self, place: Path, progress: Progress | None = None) -> Made:
        """Make a backup in the folder `place`, prove it, and move the marks; then let go of those beyond the last few.

        Raises Damaged where the hub itself is not whole, DiskFull or BoxFault where the place will not do.
        """
        place = place.resolve()
        try:
            with _alone(place):
                made = self._made(place, progress)
        except OSError as error:
            raise durable.disk_fault(error, place) from error
        self._forgotten.tell()
        return made

    def last_seconds(self) -> int | None:
        """When the last backup was made."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(schema.backup.c.made_seconds))).scalar_one_or_none()

    def tell_of_erased(self) -> None:
        """Let every place of backups know who was erased since."""
        self._forgotten.catch_up()

    def restored_from(self) -> str:
        """The name of the backup that this hub was put back from, where no other was made since; else ""."""
        audit = schema.audit
        query = select(audit).where(audit.c.act == RESTORED).order_by(audit.c.id.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None or row.moment_seconds < (self.last_seconds() or 0):
            return ""
        return str(json.loads(row.about)["backup"])

    def failed(self) -> None:
        """Let it be known that a backup could not be made; the next one that is made ends it."""
        with writing(self._engine) as connection:
            raise_alarm(connection, THE_HUB, Kind.BACKUP_FAILED, self._now())

    def _made(self, place: Path, progress: Progress | None) -> Made:
        for left in place.glob(f".*{_PART}"):
            shutil.rmtree(left)
        now_seconds = self._now()
        name = _free_name(place, now_seconds)
        part = place / f".{name}{_PART}"
        part.mkdir(mode=FOLDER_MODE)
        # The hub's database first: what it offers is then in the catalog's copy too, which is younger.
        marks = copy_proven(self._engine, part, progress)
        copy_file(self._data / CATALOG_FILE, part / CATALOG_FILE)
        check_pages(part / CATALOG_FILE)
        _copy_keys(self._data / KEYS, part / KEYS)
        copied = copies.bring(
            place / copies.FOLDER, copies.indexed(part / CATALOG_FILE), self._catalog.store.path,
            now_seconds // 86_400,
        )  # fmt: skip
        durable.sync_disk(place)
        events = sum(sequence + 1 for sequence in marks.values())
        _write_list(part, now_seconds, self._keys.public, events)
        with reading(self._engine) as connection:
            forgotten.write(place, forgotten.erased_in(connection))
        durable.move_into_place(part, place / name)
        durable.sync_folder(place)
        size_bytes = sum(file.stat().st_size for file in _files(place / name))
        moved = self._record(place, name, marks, size_bytes, now_seconds)
        _let_go(place)
        return Made(place / name, events, moved, copied.files, copied.written_bytes + size_bytes)

    def _record(self, place: Path, name: str, marks: backed_up.Marks, size_bytes: int, now_seconds: int) -> int:
        row = {"name": name, "place": str(place), "made_seconds": now_seconds, "size_bytes": size_bytes}
        with writing(self._engine) as connection:
            moved = backed_up.move(connection, marks)
            connection.execute(delete(schema.backup).where(schema.backup.c.place == str(place)))
            connection.execute(insert(connection, schema.backup).values(row).on_conflict_do_nothing())
            settle(connection, THE_HUB, Kind.BACKUP_FAILED, now_seconds)
        return moved

    def _now(self) -> int:
        return self._clock.now().wall_seconds


def in_place(place: Path) -> list[Path]:
    """The backups that lie in a folder, the oldest first."""
    return sorted(folder.parent for folder in place.glob(f"[!.]*/{LIST_FILE}"))


def read_list(folder: Path) -> Listed:
    """What a backup says of itself, its own files proven against it. Raises Damaged."""
    try:
        document = json.loads((folder / LIST_FILE).read_bytes())
        files = {str(name): Digest(digest) for name, digest in document["files"].items()}
        listed = Listed(folder, int(document["made_seconds"]), str(document["hub"]), int(document["events"]), files)
        if document["form"] != FORM:
            raise damaged(f"it has form {document['form']}, and form {FORM} is understood here")
        for name, digest in files.items():
            if not NAMES.fullmatch(name):
                raise damaged(f"{name[:80]!r} does not belong in it")
            if digest_of_file(folder / name) != digest:
                raise damaged(f"{name} is not what was written")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(f"its {LIST_FILE}, or a file that it names, cannot be read") from error
    if CATALOG_FILE not in files or files.keys().isdisjoint({SQLITE_FILE, POSTGRES_FILE}):
        raise damaged("it lacks a database")
    if HUB_KEY not in files:
        raise damaged("it lacks the hub's own key")
    return listed


def _write_list(folder: Path, made_seconds: int, hub: str, events: int) -> None:
    files = {str(file.relative_to(folder)): digest_of_file(file) for file in _files(folder)}
    document = {"form": FORM, "made_seconds": made_seconds, "hub": hub, "events": events, "files": files}
    durable.write_file(folder / LIST_FILE, json.dumps(document, indent=1, sort_keys=True).encode())


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.is_file())


def _copy_keys(source: Path, target: Path) -> None:
    """The keys as they are, for their owner's eyes only."""
    for file in _files(source):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        durable.write_file(copy, file.read_bytes(), 0o600)


def _let_go(place: Path) -> None:
    """Remove the backups beyond the last few, then the files that only they named."""
    kept = in_place(place)
    gone, kept = kept[:-KEPT], kept[-KEPT:]
    for folder in gone:
        # Without its list it is no backup any more, however far the removing comes.
        (folder / LIST_FILE).unlink()
        durable.sync_folder(folder)
        shutil.rmtree(folder)
    if gone:
        named = {digest for folder in kept for digest, _ in copies.indexed(folder / CATALOG_FILE)}
        copies.keep_only(place / copies.FOLDER, named)


def _free_name(place: Path, now_seconds: int) -> str:
    """A name that sorts by time, and behind every backup that is there, whatever the clock says."""
    moment = datetime.fromtimestamp(now_seconds, UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    names = [folder.name for folder in in_place(place)]
    newest = max([moment, *names])
    return moment if moment == newest and moment not in names else f"{newest}+"


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Keep other backups out of this folder meanwhile. Raises BoxFault where one is at work."""
    place.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    descriptor = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise BoxFault("Another backup is being made in this folder.", "Wait until it is done.") from error
    finally:
        os.close(descriptor)
