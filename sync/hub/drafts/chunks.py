"""Chunks: the files of drafts while they come, in pieces that have numbers.

* A chunk is lasting before anybody says that it has come: a hub that falls in between gets it once more.
* The same chunk twice is the same chunk; in which order they come does not matter.
* Everything of a draft lies in one folder, and goes with it.
"""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from catalog.durable import disk_fault, free_bytes, sync_file, sync_folder
from catalog.fault import DiskFull
from sync.hub.drafts.draft import CHUNK_BYTES, DraftRefused, chunk_bytes

FILE_MODE = 0o600
FREE_BYTES_MIN = 256 << 20
"""What uploads leave free: boxes must be able to send progress."""


class Chunks:
    """The files of drafts, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def place(self, draft: str, number: int, name: str) -> Path:
        """Where a file of a draft lies. A folder each: two files may have one name."""
        return self.folder / draft / str(number) / name

    def is_there(self, place: Path) -> bool:
        """Whether anything of a file has come and is still here."""
        return place.is_file()

    def demand_room(self, wanted_bytes: int) -> None:
        """Raises DiskFull where so much cannot come and be taken in after that: for a while it is here twice."""
        free = free_bytes(self.folder)
        if 2 * wanted_bytes + FREE_BYTES_MIN > free:
            raise DiskFull(
                f"The hub's disk has {free >> 20} MiB free, and this needs {2 * wanted_bytes + FREE_BYTES_MIN >> 20}.",
                "Free some space or take a larger disk; nothing was begun.",
            )

    def put(self, place: Path, size_bytes: int, chunk: int, data: bytes) -> None:
        """Write one chunk of the file at `place`, lasting.

        Raises DraftRefused where it is not as long as that chunk is, DiskFull or BoxFault where the disk refuses.
        """
        expected_bytes = chunk_bytes(size_bytes, chunk)
        if not expected_bytes or len(data) != expected_bytes:
            raise DraftRefused(
                f"Part {chunk} of {place.name} should have {expected_bytes} bytes, and {len(data)} came.",
                "Choose the same file again; what is here already stays.",
            )
        is_new = not place.exists()
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
            with os.fdopen(descriptor, "r+b") as file:
                file.seek(chunk * CHUNK_BYTES)
                file.write(data)
                sync_file(file)
            if is_new:
                self._sync_names(place)
        except OSError as error:
            raise disk_fault(error, place) from error

    def take(self, place: Path, source: Path) -> int:
        """Take a whole file; where it lies on this disk already, without a copy. Returns its size.

        Raises DiskFull or BoxFault.
        """
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                place.hardlink_to(source)
            except OSError:
                shutil.copyfile(source, place)
            with place.open("r+b") as file:
                sync_file(file)
            self._sync_names(place)
            return place.stat().st_size
        except OSError as error:
            raise disk_fault(error, place) from error

    def drop(self, draft: str) -> None:
        """Remove everything of a draft."""
        shutil.rmtree(self.folder / draft, ignore_errors=True)

    def sweep(self, drafts: Collection[str]) -> None:
        """Remove what belongs to no draft any more."""
        for stray in self._strays(drafts):
            shutil.rmtree(stray, ignore_errors=True)

    def _sync_names(self, place: Path) -> None:
        for folder in (place.parent, place.parent.parent, self.folder):
            sync_folder(folder)

    def _strays(self, drafts: Collection[str]) -> Iterator[Path]:
        return (path for path in sorted(self.folder.iterdir()) if path.is_dir() and path.name not in drafts)
