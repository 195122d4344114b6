"""Staging: where the files of a batch lie until they are placed.

* It goes when its batch ends, well or not. One that bears a name outlives the death of its process, for a week:
  the same batch, begun again, finds in it what was whole and takes that as it lies.
* What a journal line names was written before the line; what stands before a seal is lasting on the disk, and what
  stands after it is read again and proven before it is believed.
* A seal is set each `SEAL_BYTES`: a batch of gigabytes costs few flushes, one of small files hardly any.
"""

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from catalog.digest import Digest, digest_of_file, is_digest
from catalog.durable import disk_fault, sync_disk, sync_file
from catalog.fault import ContentFault
from catalog.manifest import canonical, parsed

KEPT = "kept-"
JOURNAL = "journal"
SEAL_BYTES = 128 << 20
KEPT_SECONDS = 7 * 24 * 3600
KEPT_MAX = 2
KEPT_BYTES_MIN = 16 << 20
"""Less is read again sooner than it is worth keeping."""


class Journal:
    """What was staged under which key; open by one process at a time."""

    def __init__(self, folder: Path, file: BinaryIO) -> None:
        self.folder = folder
        self._file = file
        self._unsealed_bytes = 0
        self._held = self._read()
        self._clear()

    @classmethod
    def open(cls, folder: Path) -> "Journal | None":
        """The journal in `folder`; None where another process is at work with it."""
        folder.mkdir(exist_ok=True)
        file = (folder / JOURNAL).open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return cls(folder, file)

    @property
    def held_bytes(self) -> int:
        return sum(size_bytes for _, size_bytes, _ in self._held.values())

    @property
    def last_number(self) -> int:
        return max((int(path.name) for _, _, path in self._held.values()), default=0)

    def find(self, key: str) -> tuple[Digest, int, Path] | None:
        return self._held.get(key)

    def note(self, key: str, digest: Digest, size_bytes: int, path: Path) -> None:
        """Remember a file that was staged; lasting with the next seal. Raises DiskFull or BoxFault."""
        self._write({"digest": digest, "file": path.name, "key": key, "size": size_bytes})
        self._unsealed_bytes += size_bytes
        if self._unsealed_bytes >= SEAL_BYTES:
            sync_disk(self.folder)
            self._write({"sealed": True})
            sync_file(self._file)
            self._unsealed_bytes = 0

    def close(self) -> None:
        # What its buffer still holds could not be written, and that was said.
        with suppress(OSError):
            self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        try:
            self._file.write(canonical(line) + b"\n")
            self._file.flush()
        except OSError as error:
            raise disk_fault(error, self.folder) from error

    def _read(self) -> dict[str, tuple[Digest, int, Path]]:
        """What can be believed. A line that a cut left half ends the journal."""
        self._file.seek(0)
        sealed: dict[str, tuple[Digest, int, Path]] = {}
        open_: dict[str, tuple[Digest, int, Path]] = {}
        whole_bytes = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            try:
                fields = parsed(line, dict)
            except ContentFault:
                break
            whole_bytes += len(line)
            if "sealed" in fields:
                sealed, open_ = {**sealed, **open_}, {}
            elif is_digest(fields.get("digest")) and str(fields.get("file")).isdigit():
                path = self.folder / str(fields["file"])
                open_[str(fields["key"])] = (Digest(fields["digest"]), int(fields["size"]), path)
        self._file.truncate(whole_bytes)
        held = {key: one for key, one in sealed.items() if _has_size(one)}
        return held | {key: one for key, one in open_.items() if _has_size(one) and digest_of_file(one[2]) == one[0]}

    def _clear(self) -> None:
        """Remove what no line vouches for."""
        known = {path.name for _, _, path in self._held.values()} | {JOURNAL}
        for path in list(self.folder.iterdir()):
            if path.name not in known:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def is_worth_keeping(folder: Path, now_seconds: float, newer: int) -> bool:
    """Tell whether a sweep should leave what a batch of this name had staged; `newer` such folders are younger."""
    if not folder.name.startswith(KEPT) or newer >= KEPT_MAX:
        return False
    try:
        age_seconds = abs(now_seconds - (folder / JOURNAL).stat().st_mtime)
        staged_bytes = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    except OSError:
        return False
    return age_seconds <= KEPT_SECONDS and staged_bytes >= KEPT_BYTES_MIN


def disk_seconds(folder: Path) -> float:
    """What the disk takes for now: files of staging are judged by the clock that dated them."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.utime(descriptor)
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)


def _has_size(one: tuple[Digest, int, Path]) -> bool:
    _, size_bytes, path = one
    return path.is_file() and path.stat().st_size == size_bytes
