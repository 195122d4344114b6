"""Restoring: a hub is put back from a backup, and picks up every thread.

* The backup is proven before anything is written; the new folder takes its place whole, in one rename. A hub that was
  there before is put aside, not overwritten.
* Boxes are met with fresh nonces: no answer of before counts any more, and each goes on in one more request. Marks go
  back to what the backup holds, so that boxes send again what came since.
* Keys that were replaced since the backup stay replaced where the hub that is put aside still tells of them.
* Whoever was erased stays erased: whom the list beside the backups names, whom the hub had erased that is put aside,
  and, as soon as they call, whom any box has.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, delete, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from catalog import durable
from catalog.fault import BoxFault, CallerFault, DiskFull
from catalog.publish import DATABASE as CATALOG_FILE
from catalog.publish import STORE
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import DATABASE_ERRORS, bare_engine, insert, is_busy, open_engine, reading, sqlite_url, writing
from sync.hub.keeping import audit, backed_up, copies, forgotten
from sync.hub.keeping.alarms import THE_HUB, Kind, raise_alarm
from sync.hub.keeping.backup import FOLDER_MODE, HUB_KEY, RESTORED, Listed, in_place, read_list
from sync.hub.keeping.databases import POSTGRES_FILE, SQLITE_FILE, check_dump, check_file, check_pages, load_dump
from sync.hub.keeping.erasing import erase, hold
from sync.hub.keeping.forgotten import Erased
from sync.hub.keeping.proof import Progress, damaged, prove
from sync.hub.trust import documents as trust_documents
from sync.hub.trust import former
from sync.hub.trust.keys import FOLDER, KeyRing
from sync.keys import KeyPair, base64url

NONCE_BYTES = 12

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    backup: Path
    events: int
    boxes: int
    erased: int
    """Learners of the backup who had been erased since it was made."""
    put_aside: Path | None
    """Where the hub lies that was there before."""
    is_rootless: bool = False
    """Whether root keys of the backup were left in it, since they had been moved to sticks."""

    def document(self) -> dict[str, Any]:
        """As a command prints it for programs."""
        aside = None if self.put_aside is None else str(self.put_aside)
        own = {"backup": str(self.backup), "events": self.events, "boxes": self.boxes, "erased": self.erased}
        return {**own, "put_aside": aside, "root_keys_left_out": self.is_rootless}


def restore(
    source: Path, data: Path, clock: Clock, random_bytes: Callable[[int], bytes], *,
    is_replacing: bool = False, database_url: str | None = None, progress: Progress | None = None,
) -> Restored:  # fmt: skip
    """Put a hub back into the folder `data` from a backup, or from the newest in a folder of backups.

    A hub in `data` is put aside if `is_replacing`; a backup of PostgreSQL goes into the empty database at
    `database_url`. Raises Damaged where the backup is not whole, CallerFault where the target is not free, BoxFault.
    """
    listed = _found(source)
    _check_target(data, listed, is_replacing=is_replacing, database_url=database_url)
    put_aside: Erased = _read_in(data / SQLITE_FILE, _erased, ())
    erased = sorted({*put_aside, *forgotten.read(listed.folder.parent)})
    roots = _read_in(data / SQLITE_FILE, former.roots_in, former.FormerRoots())
    events = _proven(listed, progress)
    part = data.with_name(f".{data.name}.restoring")
    shutil.rmtree(part, ignore_errors=True)
    try:
        _fill(listed, part, data / STORE)
        url = database_url if listed.is_postgres and database_url else sqlite_url(part / SQLITE_FILE)
        if listed.is_postgres:
            load_dump(listed.folder / POSTGRES_FILE, make_url(url))
        boxes, gone = _pick_up(url, listed, erased, roots, clock.now().wall_seconds, random_bytes)
        is_rootless = _is_same_hub(data, listed) and _bring_keys(url, data, part)
        durable.sync_disk(part)
        aside = _swap(part, data, clock.now().wall_seconds)
    except (DatabaseError, UnicodeDecodeError) as error:
        # Its pages and chains are whole, and yet it is no hub's: it was made to be so.
        raise damaged("its database is not one that a hub wrote") from error
    except BoxFault as fault:
        if listed.is_postgres or isinstance(fault, DiskFull) or not isinstance(fault.__cause__, DATABASE_ERRORS):
            raise
        raise damaged("its database is not one that a hub wrote") from fault
    except OSError as error:
        raise durable.disk_fault(error, data) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Restored(listed.folder, events, boxes, gone, aside, is_rootless)


def _found(source: Path) -> Listed:
    """The backup here, or the newest one in this folder. Raises CallerFault, Damaged."""
    folders = [source] if (source / "backup.json").exists() else in_place(source)
    if not folders:
        raise CallerFault("There is no backup here.", "Give the folder that `qanat hub backup --to` wrote to.")
    return read_list(folders[-1])


def _check_target(data: Path, listed: Listed, *, is_replacing: bool, database_url: str | None) -> None:
    """Raises CallerFault, BoxFault."""
    if listed.is_postgres != (database_url is not None):
        raise CallerFault(
            "The backup and the database are not of one kind.",
            "A backup of PostgreSQL needs `--database` with an empty one; a backup of SQLite goes without.",
        )
    if not data.exists() or not any(data.iterdir()):
        return
    if not is_replacing:
        raise CallerFault(
            f"The folder {data.name} is not empty.",
            "Give a new folder; or say --replace, and the hub that is there is put aside.",
        )
    if (data / SQLITE_FILE).exists():
        _check_unused(data / SQLITE_FILE)


def _check_unused(file: Path) -> None:
    """Raises BoxFault where another process holds this database. A broken one is nobody's: that is why it goes."""
    engine = bare_engine(sqlite_url(file))
    try:
        with engine.connect() as connection:
            # Leaving the log takes the database for oneself: refused while anybody else has it open.
            connection.execute(text("pragma busy_timeout = 1"))
            connection.execute(text("pragma journal_mode = delete"))
    except DatabaseError as error:
        if is_busy(error):
            hint = "Stop it first: `systemctl stop qanat-hub`."
            raise BoxFault("A hub is running from this folder.", hint) from error
    finally:
        engine.dispose()


def _read_in(file: Path, read: Callable[[Connection], T], otherwise: T) -> T:
    """Read something of the hub that is put aside. What cannot be read of a broken one, boxes tell again."""
    if not file.exists():
        return otherwise
    engine = bare_engine(sqlite_url(file))
    try:
        with engine.connect() as connection:
            return read(connection)
    except (DatabaseError, UnicodeDecodeError):
        return otherwise
    finally:
        engine.dispose()


def _erased(connection: Connection) -> Erased:
    return [(row.campus, row.learner) for row in connection.execute(select(schema.erased))]


def _proven(listed: Listed, progress: Progress | None) -> int:
    """Read everything of a backup back before it is used. Returns how many events it holds. Raises Damaged."""
    check_pages(listed.folder / CATALOG_FILE)
    if listed.is_postgres:
        # Its chains are worked out once it is loaded: a dump is no database yet.
        check_dump(listed.folder / POSTGRES_FILE)
        return listed.events
    marks = check_file(listed.folder / SQLITE_FILE, progress)
    return sum(sequence + 1 for sequence in marks.values())


def _fill(listed: Listed, part: Path, former_store: Path) -> None:
    """Write the data folder anew, every file of a course proven on the way. Raises Damaged, DiskFull, BoxFault."""
    part.mkdir(mode=FOLDER_MODE)
    for name in listed.files:
        if name != POSTGRES_FILE:
            (part / name).parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            shutil.copyfile(listed.folder / name, part / name)
            (part / name).chmod(0o600)
    files = listed.folder.parent / copies.FOLDER
    for digest, _ in copies.indexed(part / CATALOG_FILE):
        target, copied = copies.place_of(part / STORE, digest), copies.place_of(files, digest)
        former = copies.place_of(former_store, digest)
        if not copied.exists() and not former.exists():
            raise damaged(f"the file {digest[:12]} of a course is missing")
        copies.copy(copied if copied.exists() else former, target, digest)
    engine = bare_engine(sqlite_url(part / CATALOG_FILE))
    try:
        with engine.begin() as connection:
            # Compressed forms were not kept: they are made anew where they are wanted.
            connection.execute(text("update stored_file set compressed_bytes = null"))
    finally:
        engine.dispose()


def _pick_up(
    url: str, listed: Listed, erased: Erased, roots: former.FormerRoots, now_seconds: int,
    random_bytes: Callable[[int], bytes],
) -> tuple[int, int]:  # fmt: skip
    """Make the database that of a hub that begins anew. Returns how many boxes it has, and whom it forgot again."""
    engine = open_engine(url)
    try:
        with writing(engine) as connection:
            if listed.is_postgres:
                prove(connection)
            boxes = _draw_nonces(connection, random_bytes)
            trust_documents.restored(connection, now_seconds)
            former.go_on_from(connection, roots)
            # The backup still lies there, so what it holds is in two places.
            backed_up.move(connection, backed_up.marks_held(connection))
            raise_alarm(connection, THE_HUB, Kind.HUB_RESTORED, now_seconds)
            about = {"backup": listed.folder.name}
            audit.note(connection, audit.COMMAND_LINE, RESTORED, about, now_seconds)
            _note_place(connection, listed)
        return boxes, _forget(engine, erased, now_seconds)
    finally:
        engine.dispose()


def _is_same_hub(data: Path, listed: Listed) -> bool:
    """Whether the hub that is put aside is the one of the backup."""
    try:
        return KeyPair.load(data / HUB_KEY).public == listed.hub
    except BoxFault:
        return False


def _bring_keys(url: str, data: Path, part: Path) -> bool:
    """Bring the newer keys from the folder that is put aside. Returns whether root keys were left in the backup."""
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            return former.bring_keys(connection, KeyRing(data / FOLDER), KeyRing(part / FOLDER))
    finally:
        engine.dispose()


def _note_place(connection: Connection, listed: Listed) -> None:
    """Know the place that this hub comes from: its backup was made before it was noted in itself."""
    size_bytes = sum((listed.folder / name).stat().st_size for name in listed.files)
    row = {
        "name": listed.folder.name,
        "place": str(listed.folder.parent.resolve()),
        "made_seconds": listed.made_seconds,
        "size_bytes": size_bytes,
    }
    connection.execute(insert(connection, schema.backup).values(row).on_conflict_do_nothing())


def _draw_nonces(connection: Connection, random_bytes: Callable[[int], bytes]) -> int:
    """Begin the talk with every box anew: the answers of before are gone, and must not be given again."""
    box = schema.box
    ids = list(connection.execute(select(box.c.id)).scalars())
    fresh = {"last_request": "", "last_digest": "", "last_nonce": "", "last_answer": b""}
    for name in ids:
        nonce = base64url(random_bytes(NONCE_BYTES))
        connection.execute(update(box).where(box.c.id == name).values(nonce=nonce, **fresh))
    connection.execute(delete(schema.card_sign))
    connection.execute(delete(schema.hardware_print))
    return len(ids)


def _forget(engine: Engine, erased: Erased, now_seconds: int) -> int:
    """Erase again who had been erased since the backup was made. Returns how many that were."""
    count = 0
    for campus, learner in erased:
        with writing(engine) as connection:
            known = connection.execute(select(schema.campus.c.id).where(schema.campus.c.id == campus))
            if known.first() is not None:
                hold(connection, campus, is_erasing=True)
                count += erase(connection, campus, learner, now_seconds)
    return count


def _swap(part: Path, data: Path, now_seconds: int) -> Path | None:
    """Let the new folder take its place, the one that is there put aside. Returns where that lies."""
    aside = None
    if data.exists() and any(data.iterdir()):
        aside = data.with_name(f"{data.name}.before-{now_seconds}")
        durable.move_into_place(data, aside)
    elif data.exists():
        data.rmdir()
    durable.move_into_place(part, data)
    durable.sync_folder(data.parent)
    return aside
