"""A box's backup: one sealed file, from which another card goes on.

* It is of one moment: the database as it stood then, while learners go on and others write.
* It holds the database, the keys, the settings and what statements brought along. Courses come again by themselves;
  with them it holds those too.
* It streams, so it may be larger than the memory. Nothing of it lies on the disk unsealed but the copy of the
  database, which has no name any more once it is read.
* Its last part proves all the others. Without it, it is no backup.
"""

import io
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, BinaryIO

from catalog import durable
from catalog.digest import READ_BYTES, Digest, Hasher
from catalog.fault import BoxFault, CallerFault, Fault
from catalog.manifest import canonical
from catalog.store import STAGING
from edge.config import FILE as SETTINGS
from edge.keeping.sealing import Lock, seal
from edge.learning.lrs.attachments import FOLDER as ATTACHMENTS

if TYPE_CHECKING:
    from edge.box import Box

FORM = 1
DATABASE = "box.db"
KEYS = "keys"
STORE = "store"
LABEL = "label.txt"
PROOF = "proof.json"
COPY_FOLDER = ".backup-"
"""Where the copy of the database is made. What a power cut left of one goes with the next backup."""

NAMES = re.compile(
    r"box\.db|box\.toml|label\.txt|proof\.json|keys/[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
    r"|store/[0-9a-f]{2}/12[0-9a-f]{64}(?:\.gz)?|attachments/[0-9a-f]{2}/12[0-9a-f]{64}"
)
"""What a backup may hold; nothing else is written to a disk when it is read."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the last part of a backup says of all that came before it."""

    box: str
    name: str
    made_seconds: int
    has_courses: bool
    files: int
    digest: Digest
    """Of the list of all files: see `Listing`."""

    def to_bytes(self) -> bytes:
        return canonical(
            {
                "form": FORM,
                "box": self.box,
                "name": self.name,
                "made_seconds": self.made_seconds,
                "has_courses": int(self.has_courses),
                "files": self.files,
                "digest": self.digest,
            }
        )


class Listing:
    """One digest over the names, lengths and digests of files, in the order in which they pass."""

    def __init__(self) -> None:
        self._hasher = Hasher()
        self.files = 0

    def add(self, name: str, content: Hasher) -> None:
        self._hasher.update(f"{name} {content.size_bytes} {content.digest()}\n".encode())
        self.files += 1

    def digest(self) -> Digest:
        return self._hasher.digest()


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written."""

    path: Path
    size_bytes: int
    files: int
    has_courses: bool


def back_up(box: "Box", to: Path, lock: Lock, *, with_courses: bool = False) -> Backup:
    """Write a backup of this box to the file `to`, lasting; the box goes on serving meanwhile.

    Raises CallerFault where `lock` seals nothing or `to` cannot be, DiskFull or BoxFault where it cannot be written.
    """
    lock.check()
    if to.is_dir() or not to.parent.is_dir():
        raise CallerFault(f"A backup cannot be written to {to}.", "Name a file in a folder that is there.")
    listing = Listing()
    try:
        with _copied(box) as database, durable.replacing(to, 0o600) as target:
            source = _Joined(_tar(box, database, listing, with_courses))
            with source.own_faults():
                seal(io.BufferedReader(source, READ_BYTES), target, lock)
    except OSError as error:
        raise durable.disk_fault(error, to) from error
    return Backup(to, to.stat().st_size, listing.files, with_courses)


def _copied(box: "Box") -> BinaryIO:
    """The database as it stands now, in a file without a name."""
    for left in box.data.glob(COPY_FOLDER + "*"):
        shutil.rmtree(left)
    folder = Path(mkdtemp(prefix=COPY_FOLDER, dir=box.data))
    try:
        box.database.copy_to(folder / DATABASE)
        return (folder / DATABASE).open("rb")
    finally:
        shutil.rmtree(folder)


def _tar(box: "Box", database: BinaryIO, listing: Listing, with_courses: bool) -> Iterator[bytes]:
    """The backup before it is sealed, a little at a time."""
    yield from _member(DATABASE, database, listing)
    for path in _files(box.data, with_courses):
        try:
            file = path.open("rb")
        except FileNotFoundError as error:
            raise BoxFault(
                f"Files changed while the backup was made: {path.name} is gone.", "Make the backup again."
            ) from error
        with file:
            yield from _member(path.relative_to(box.data).as_posix(), file, listing)
    proof = Proof(
        box.id, box.config.name, box.clock.now().wall_seconds, with_courses, listing.files, listing.digest()
    ).to_bytes()
    yield _header(PROOF, len(proof)) + proof + _padding(len(proof)) + bytes(2 * tarfile.BLOCKSIZE)


def _files(data: Path, with_courses: bool) -> Iterator[Path]:
    """What goes along beside the database; what lies in the folder besides was not written by us."""
    own = [data / SETTINGS, data / LABEL, *sorted((data / KEYS).iterdir())]
    own += sorted((data / ATTACHMENTS).glob("*/*"))
    yield from (path for path in own if path.is_file() and NAMES.fullmatch(path.relative_to(data).as_posix()))
    if with_courses:
        for folder in sorted((data / STORE).iterdir()):
            if folder.is_dir() and folder.name != STAGING:
                yield from (
                    path for path in sorted(folder.iterdir()) if NAMES.fullmatch(f"store/{folder.name}/{path.name}")
                )


def _member(name: str, file: BinaryIO, listing: Listing) -> Iterator[bytes]:
    size_bytes = os.fstat(file.fileno()).st_size
    yield _header(name, size_bytes)
    content = Hasher()
    while piece := file.read(min(READ_BYTES, size_bytes - content.size_bytes)):
        content.update(piece)
        yield piece
    if content.size_bytes != size_bytes:
        raise BoxFault(f"{name} changed while the backup was made.", "Make the backup again.")
    yield _padding(size_bytes)
    listing.add(name, content)


def _header(name: str, size_bytes: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size_bytes, 0o600
    return member.tobuf(tarfile.PAX_FORMAT)


def _padding(size_bytes: int) -> bytes:
    return bytes(-size_bytes % tarfile.BLOCKSIZE)


class _Joined(io.RawIOBase):
    """Pieces, read as one file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._piece = memoryview(b"")
        self._fault: Exception | None = None

    @contextmanager
    def own_faults(self) -> Iterator[None]:
        """What failed while a piece was made is raised as it was, not as the one who read it tells it."""
        try:
            yield
        except Exception as error:
            if self._fault is not None:
                raise self._fault from error
            raise

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._piece:
            try:
                piece = next(self._pieces, None)
            except (Fault, OSError) as fault:
                self._fault = fault
                raise
            if piece is None:
                return 0
            self._piece = memoryview(piece)
        size = min(len(buffer), len(self._piece))
        buffer[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size
