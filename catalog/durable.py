"""Lasting writes: what is said to be written survives a power cut.

* A file that matters is written beside its place, synced, renamed, and its folder synced.
* A batch of files is written under temporary names, renamed, and made lasting by one `syncfs` AFTER the renames;
  the index that names them commits last. (A syncfs before the renames lost every file in modelled cuts.)
* Nothing else in Qanat renames or syncs.
"""

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from catalog.fault import BoxFault, DiskFull, PlaceRefused

PLACE_ERRORS = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR, errno.ENAMETOOLONG)
"""What a disk says that works, of a place that will not do."""
_libc = ctypes.CDLL(None, use_errno=True)
_offset = ctypes.c_longlong
_FALLOCATE_KEEP_SIZE = 1


def write_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace `path` by `data`, all or nothing, lasting once this returns.

    Raises DiskFull or BoxFault where the disk will not do: then the old file is there or the new one, never half of it.
    """
    beside = path.with_name(f".{path.name}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            sync_file(file)
        os.replace(beside, path)  # noqa: TID251 - its home
        sync_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise disk_fault(error, path) from error


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path`, lasting, when the block ends well; else nothing of it stays.

    What already lies beside under the passing name is removed, never written through: it may be a stranger's link.
    Raises OSError as the disk does: only the caller knows which disk that is.
    """
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with open(descriptor, "wb") as file:
            yield file
            sync_file(file)
        os.replace(beside, path)  # noqa: TID251 - its home
        sync_folder(path.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def move_into_place(source: Path, target: Path) -> None:
    """Rename on one disk; lasting only after `sync_folder` or `sync_disk`."""
    os.replace(source, target)  # noqa: TID251 - its home


def sync_file(file: BinaryIO) -> None:
    """Make what was written to `file` so far last."""
    file.flush()
    os.fsync(file.fileno())  # noqa: TID251 - its home


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)  # noqa: TID251 - its home
    finally:
        os.close(descriptor)


def sync_disk(folder: Path) -> None:
    """Make everything written so far on the disk that holds `folder` last: one flush for a whole batch.

    Raises BoxFault where the disk reports an error.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise disk_fault(OSError(number, os.strerror(number)), folder)
    finally:
        os.close(descriptor)


def reserve(file: BinaryIO, size_bytes: int) -> None:
    """Take `size_bytes` on the disk for `file` before the first byte is written.

    Raises DiskFull while nothing is lost yet.
    """
    if size_bytes == 0:
        return
    try:
        os.posix_fallocate(file.fileno(), 0, size_bytes)
    except OSError as error:
        raise disk_fault(error, Path(file.name)) from error


def reserve_ahead(file: BinaryIO, size_bytes: int) -> None:
    """Take the room for a file that will grow to `size_bytes`, and leave its length as it is.

    Raises DiskFull while nothing is lost yet. A disk that cannot take room ahead is only asked how much it has.
    """
    path, length_bytes = Path(file.name), os.fstat(file.fileno()).st_size
    if size_bytes - length_bytes > free_bytes(path.parent):
        raise disk_fault(OSError(errno.ENOSPC, ""), path)
    if size_bytes == 0 or _libc.fallocate(file.fileno(), _FALLOCATE_KEEP_SIZE, _offset(0), _offset(size_bytes)) == 0:
        return
    number = ctypes.get_errno()
    if number not in (errno.EOPNOTSUPP, errno.ENOSYS):
        os.ftruncate(file.fileno(), length_bytes)  # gives back what it did get
        raise disk_fault(OSError(number, os.strerror(number)), path)


def free_bytes(folder: Path) -> int:
    """Bytes that we may still write on the disk that holds `folder`."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it, where it is not there yet.

    Raises PlaceRefused where none can be, DiskFull or BoxFault where the disk will not do.
    """
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise disk_fault(error, folder) from error


def disk_fault(error: OSError, path: Path) -> BoxFault:
    """Say an operating-system error as a sentence with a next step."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"The disk is full: {path.name} could not be written.",
            "Free some space or take a larger card; nothing half-written was kept.",
        )
    if error.errno in PLACE_ERRORS:
        return PlaceRefused(
            f"{path.name} cannot be written in {path.parent.name or path.parent}: {os.strerror(error.errno or 0)}.",
            "See that the folder is there and may be written to; a disk that turned read-only by itself is failing.",
        )
    return BoxFault(
        f"The disk refused to write {path.name}: {os.strerror(error.errno or 0)}.",
        "The card may be failing; copy what matters and replace it.",
    )
