"""Copies: the files of courses beside the backups, each once, under its digest.

* A file is copied when it is not there yet; what is copied is hashed on its way, and whole or not there at all.
* Each backup reads a share of the older copies again, so that every copy is proven once a week; one that rotted is
  copied anew.
* What no backup names any more is removed after the backup that named it last.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from catalog import durable
from catalog.digest import Digest, Hasher, digest_of_file, is_digest
from catalog.fault import Damaged
from sync.hub.engine import bare_engine, sqlite_url
from sync.hub.keeping.proof import damaged

FOLDER = "files"
READ_BYTES = 1 << 20
SHARES = 7
"""In so many backups every older copy is read again."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup added to the copies, and how much they are now."""

    files: int
    written_bytes: int


def indexed(catalog_database: Path) -> list[tuple[Digest, int]]:
    """The files that a catalog's database names, and their sizes.

    Raises Damaged where it cannot be read, or names what no file is called: places on a disk are made of these names.
    """
    engine = bare_engine(sqlite_url(catalog_database))
    try:
        with engine.connect() as connection:
            rows = connection.execute(text("select digest, size_bytes from stored_file order by digest")).all()
    except (DatabaseError, UnicodeDecodeError) as error:
        raise damaged(f"{catalog_database.name} cannot be read") from error
    finally:
        engine.dispose()
    if not all(is_digest(row.digest) for row in rows):
        raise damaged(f"{catalog_database.name} names a file that is none")
    return [(Digest(row.digest), int(row.size_bytes)) for row in rows]


def place_of(folder: Path, digest: Digest) -> Path:
    return folder / digest[2:4] / digest


def bring(
    folder: Path, wanted: Sequence[tuple[Digest, int]], source: Callable[[Digest], Path], share: int,
    progress: Progress | None = None,
) -> Copied:  # fmt: skip
    """Copy what is missing of these files into `folder`, and prove those of this share that are there.

    The caller makes them last. Raises Damaged where a file of the hub is not what its name says, DiskFull, BoxFault.
    """
    count = written_bytes = done_bytes = 0
    all_bytes = sum(size_bytes for _, size_bytes in wanted)
    for digest, size_bytes in wanted:
        target = place_of(folder, digest)
        if not _is_there(target, digest, size_bytes, is_to_be_read=int(digest[4:8], 16) % SHARES == share % SHARES):
            copy(source(digest), target, digest)
            count, written_bytes = count + 1, written_bytes + size_bytes
        done_bytes += size_bytes
        if progress is not None:
            progress(done_bytes, all_bytes)
    return Copied(count, written_bytes)


def copy(source: Path, target: Path, digest: Digest) -> None:
    """Copy one file and prove it on the way; whole under its name, or not there. Raises Damaged, DiskFull, BoxFault."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    hasher = Hasher()
    try:
        with source.open("rb") as reader, beside.open("wb") as writer:
            while data := reader.read(READ_BYTES):
                hasher.update(data)
                writer.write(data)
        if hasher.digest() != digest:
            raise Damaged(
                f"The file {digest[:12]} is not what its name says.",
                "The disk that it lies on may be failing: publish the course again, or take another backup.",
            )
        durable.move_into_place(beside, target)
    except OSError as error:
        raise durable.disk_fault(error, target) from error
    finally:
        beside.unlink(missing_ok=True)


def keep_only(folder: Path, named: Collection[Digest]) -> int:
    """Remove every copy that no backup names. Returns how many."""
    removed = 0
    for part in sorted(folder.iterdir()) if folder.exists() else ():
        for file in sorted(part.iterdir()):
            if file.name not in named:
                file.unlink()
                removed += 1
    return removed


def _is_there(file: Path, digest: Digest, size_bytes: int, *, is_to_be_read: bool) -> bool:
    try:
        if file.stat().st_size != size_bytes:
            return False
        return not is_to_be_read or digest_of_file(file) == digest
    except OSError:
        return False
