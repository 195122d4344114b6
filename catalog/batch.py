"""A batch: files on their way into the store, all of them or none.

* They are written under temporary names, renamed, made lasting by one flush, and only then indexed.
* However a batch ends, its temporary files are gone; if it fails, so are the files it had already renamed. Only the
  death of its process leaves them, for a batch that bears a name: begun again, it takes them as they lie.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from catalog.db import Connection
from catalog.digest import READ_BYTES, Digest, Hasher
from catalog.durable import disk_fault, move_into_place, reserve, sync_disk
from catalog.staging import Journal

if TYPE_CHECKING:
    from catalog.store import Store


class Batch:
    """Files on their way into the store: `with store.batch() as batch: batch.add_file(path)`.

    Leaving the block keeps them all. To commit the index together with rows of one's own, call `place()` and then,
    in one `database.write`, `record(connection)`.
    """

    def __init__(self, store: "Store", name: str = "") -> None:
        self.store = store
        self._name = name
        self._journal: Journal | None = None
        self._staged: dict[Digest, tuple[str, int]] = {}
        """What each file is called in the folder, and its size: there may be many."""
        self._replaced: set[Digest] = set()
        self._files_made = 0
        self._is_placed = False
        self._is_recorded = False

    def __enter__(self) -> Self:
        self._staging = ExitStack()
        if self._name:
            self._journal = self._staging.enter_context(self.store.kept_staging(self._name))
        if self._journal is None:
            self.folder = self._staging.enter_context(self.store.staging())
        else:
            self.folder, self._files_made = self._journal.folder, self._journal.last_number
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_kept = False
        try:
            if kind is None:
                self._keep()
                is_kept = True
        finally:
            # Whoever stops the program (a key, a signal) is no failure of the batch: it may go on another time.
            is_stopped = kind is not None and not issubclass(kind, Exception)
            self._staging.__exit__(kind if is_stopped else None, error if is_stopped else None, trace)
            if not is_kept and self._is_placed:
                self.store.remove_unindexed(self._staged)

    def add_file(self, path: Path) -> tuple[Digest, int]:
        """Take a copy of the file at `path`."""
        with path.open("rb") as source:
            return self.add_stream(iter(lambda: source.read(READ_BYTES), b""))

    def add_bytes(self, data: bytes) -> tuple[Digest, int]:
        return self.add_stream([data])

    def add_stream(self, pieces: Iterable[bytes]) -> tuple[Digest, int]:
        """Take a file as it comes, in pieces.

        Raises DiskFull or BoxFault where it cannot be written.
        """
        with self.new_file() as file:
            for piece in pieces:
                file.write(piece)
            return file.finish()

    def new_file(self) -> "StagedFile":
        """A file to be written piece by piece; `finish()` makes it part of the batch."""
        assert not self._is_placed, "a batch takes no more files once placed"
        self._files_made += 1
        return StagedFile(self, self.folder / str(self._files_made))

    @property
    def held_bytes(self) -> int:
        """What an earlier batch of this name had staged and this one need not write again."""
        return self._journal.held_bytes if self._journal else 0

    def held_bytes_of(self, key: str) -> int | None:
        """The size of what `take_again` would find; None where it would find nothing."""
        held = self._journal.find(key) if self._journal else None
        return None if held is None else held[1]

    def take_again(self, key: str) -> tuple[Digest, int, Path] | None:
        """Take the file that was staged under this key before the process died: its name, its size, where it lies."""
        held = self._journal.find(key) if self._journal else None
        if held is not None:
            digest, size_bytes, path = held
            self._staged.setdefault(digest, (path.name, size_bytes))
        return held

    def files(self) -> Sequence[tuple[Digest, int]]:
        """What is in the batch so far."""
        return [(digest, size_bytes) for digest, (_, size_bytes) in self._staged.items()]

    def forget(self, digest: Digest) -> None:
        """Leave a file out again that nothing names after all."""
        assert not self._is_placed, "a batch gives nothing back once placed"
        name, _ = self._staged.pop(digest)
        (self.folder / name).unlink(missing_ok=True)

    def replace(self, digest: Digest) -> None:
        """Put this file in place of the one that the store has: its bytes are no longer what their name says."""
        self._replaced.add(digest)

    def place(self) -> None:
        """Rename every new file to its place and make them all last with one flush.

        Raises DiskFull or BoxFault; then leaving the batch takes back what was placed.
        """
        assert not self._is_placed, "a batch is placed once"
        self._is_placed = True
        new = [digest for digest in self._staged if not self._is_held(digest)]
        try:
            for part in {self.store.place_of(digest).parent for digest in new}:
                part.mkdir(exist_ok=True)
            for digest in new:
                move_into_place(self.folder / self._staged[digest][0], self.store.place_of(digest))
        except OSError as error:
            raise disk_fault(error, self.store.folder) from error
        if new:
            sync_disk(self.store.folder)

    def record(self, connection: Connection) -> None:
        """Index the placed files, in the caller's transaction."""
        assert self._is_placed, "files are lasting before the index names them"
        connection.conn.executemany(
            "insert into stored_file (digest, size_bytes) values (?, ?) on conflict (digest) do nothing", self.files()
        )
        self._is_recorded = True

    def _keep(self) -> None:
        if not self._is_placed:
            self.place()
        if not self._is_recorded:
            self.store.database.write(self.record)

    def _is_held(self, digest: Digest) -> bool:
        """Whether the index names it and the disk still has it: a file that was lost is put back."""
        if digest in self._replaced:
            return False
        place = self.store.place_of(digest)
        return self.store.has(digest) and place.is_file() and place.stat().st_size == self._staged[digest][1]

    def take(self, path: Path, digest: Digest, size_bytes: int, key: str = "") -> None:
        if digest in self._staged:
            path.unlink()
        else:
            self._staged[digest] = (path.name, size_bytes)
        if key and self._journal is not None:
            self._journal.note(key, digest, size_bytes, self.folder / self._staged[digest][0])


class StagedFile:
    """One file of a batch while it is being written. Without `finish` it is forgotten."""

    def __init__(self, batch: Batch, path: Path) -> None:
        self._batch = batch
        self._path = path
        self._hasher = Hasher()
        self._is_finished = False
        try:
            self._file = path.open("xb")
        except OSError as error:
            raise disk_fault(error, path) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_finished:
            self._path.unlink(missing_ok=True)
            # What its buffer still holds belongs to a file that is gone.
            with suppress(OSError):
                self._file.close()

    @property
    def size_bytes(self) -> int:
        return self._hasher.size_bytes

    @property
    def digest(self) -> Digest:
        """Of what has been written so far."""
        return self._hasher.digest()

    def reserve(self, size_bytes: int) -> None:
        """Take the room before the first byte. Write exactly this much.

        Raises DiskFull while nothing is lost yet.
        """
        reserve(self._file, size_bytes)

    def write(self, piece: bytes | memoryview) -> None:
        """Raises DiskFull or BoxFault."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise disk_fault(error, self._path) from error
        self._hasher.update(piece)

    def finish(self, key: str = "") -> tuple[Digest, int]:
        """Make the file part of its batch; returns its digest and size. `key` names what it was made of, for a batch
        that goes on. Raises DiskFull or BoxFault."""
        try:
            self._file.close()
        except OSError as error:
            raise disk_fault(error, self._path) from error
        self._is_finished = True
        digest = self._hasher.digest()
        self._batch.take(self._path, digest, self.size_bytes, key)
        return digest, self.size_bytes
