"""The spool: packs on their way in, kept so that a cut costs at most one MiB of wire.

* A pack's room is taken on the disk before its first byte is asked for.
* What has come is made to last at every half MiB, and when the link breaks or the process is told to stop.
* After a crash the file may be longer than what lasted: then it goes on from the last point that is known to last,
  less than one MiB back. After anything else it goes on at the byte.
* A part that turns out damaged is cut off, and only that is fetched again.
"""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import BinaryIO

from catalog.durable import disk_fault, reserve_ahead, sync_file, sync_folder, write_file
from sync.wire import is_name

CHECKPOINT_BYTES = 1 << 19
"""Half of what a cut may cost: a disk that forgets all behind a checkpoint leaves a file that ends there, of which only
the checkpoint before is known to last."""
MARK_SUFFIX = ".mark"
MARK_DIGITS_MAX = 20


class Spool:
    """A folder with one file for each pack that is on its way; the file's length is what has come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Where the pack of this name lies."""
        assert is_name(name), f"{name!r} is not the name of a pack"
        return self.folder / name

    def offset(self, name: str) -> int:
        """How much of the pack has come and lasts: the byte to go on at."""
        path = self.path(name)
        length = path.stat().st_size if path.exists() else 0
        # Nothing is written behind a checkpoint before all until there lasts; so the last one with more behind it does.
        lasting = max(0, length - 1) // CHECKPOINT_BYTES * CHECKPOINT_BYTES
        return min(length, max(lasting, self._mark(name)))

    def write(self, name: str, pieces: Iterable[bytes], size_bytes: int) -> int:
        """Add what comes to the pack, which will be `size_bytes` long. Returns its offset afterwards.

        Raises DiskFull before the first piece is asked for where there is no room; and whatever `pieces` raises, once
        what came before it lasts.
        """
        path = self.path(name)
        offset = self.offset(name)
        try:
            is_new = not path.exists()
            with path.open("ab") as file:
                file.truncate(offset)
                reserve_ahead(file, size_bytes)
                if is_new:
                    sync_folder(self.folder)
                try:
                    self._append(file, offset, pieces, size_bytes)
                finally:
                    self._leave_mark(name, file)
        except OSError as error:
            raise disk_fault(error, path) from error
        return self.offset(name)

    def is_whole(self, name: str, size_bytes: int) -> bool:
        """Tell whether all of the pack has come."""
        return self.offset(name) == size_bytes

    def cut(self, name: str, offset: int) -> None:
        """Keep the pack's beginning only: what follows was found damaged."""
        path = self.path(name)
        try:
            with path.open("r+b") as file:
                # The mark goes back first: it may never be ahead of what lasts.
                write_file(self._mark_path(name), str(min(offset, path.stat().st_size)).encode())
                file.truncate(min(offset, path.stat().st_size))
                sync_file(file)
        except OSError as error:
            raise disk_fault(error, path) from error

    def drop(self, name: str) -> None:
        """Forget the pack and free its room."""
        self._mark_path(name).unlink(missing_ok=True)
        self.path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The packs that are here, whole or not."""
        return sorted(path.name for path in self.folder.iterdir() if is_name(path.name))

    def drop_others(self, keep: Collection[str]) -> list[str]:
        """Forget every pack that no plan names any more. Returns which."""
        strays = [name for name in self.names() if name not in keep]
        for name in strays:
            self.drop(name)
        return strays

    def _append(self, file: BinaryIO, offset: int, pieces: Iterable[bytes], size_bytes: int) -> None:
        for piece in pieces:
            rest = memoryview(piece)[: size_bytes - offset]
            while rest:
                # Up to the next checkpoint at most, which lasts before anything is written behind it.
                part, rest = _split(rest, CHECKPOINT_BYTES - offset % CHECKPOINT_BYTES)
                file.write(part)
                offset += len(part)
                if offset % CHECKPOINT_BYTES == 0:
                    sync_file(file)

    def _leave_mark(self, name: str, file: BinaryIO) -> None:
        """Make all that is here last, and say so."""
        sync_file(file)
        file.seek(0, 2)
        write_file(self._mark_path(name), str(file.tell()).encode())

    def _mark(self, name: str) -> int:
        try:
            text = self._mark_path(name).read_bytes()[:MARK_DIGITS_MAX]
        except FileNotFoundError:
            return 0
        return int(text) if text.isdigit() else 0

    def _mark_path(self, name: str) -> Path:
        return self.folder / f"{name}{MARK_SUFFIX}"


def _split(data: memoryview, at: int) -> tuple[memoryview, memoryview]:
    return data[:at], data[at:]
