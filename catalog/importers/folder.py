"""Folders: the plain files of a folder as it lies on a disk.

* Links are followed to files inside the folder only; those that lead out, and links to folders, are left out and said.
* Only plain files are read: a pipe or device could keep us waiting for ever.
"""

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.digest import READ_BYTES
from catalog.fault import ContentFault
from catalog.importers.archive import DEPTH_MAX
from catalog.importers.intake import COURSE_FILES_MAX, unreadable
from catalog.importers.report import Report


@dataclass(frozen=True, slots=True)
class Found:
    """A plain file of a folder: its path in the course, and where it lies."""

    path: str
    place: Path
    size_bytes: int


def walk(folder: Path, report: Report) -> list[Found]:
    """The plain files in `folder`, by path; what is not one goes into the report.

    Raises ContentFault where there are too many, or they lie too deep; CallerFault where one cannot be read.
    """
    found: list[Found] = []
    try:
        inside = folder.resolve(strict=True)
        for one in _walk(folder, inside, "", report):
            found.append(one)
            if len(found) > COURSE_FILES_MAX:
                raise ContentFault(
                    f"{folder.name} has more than {COURSE_FILES_MAX:,} files.", "Divide the course into smaller ones."
                )
    except OSError as error:
        raise unreadable(folder, error) from error
    return sorted(found, key=lambda one: one.path)


def _walk(folder: Path, inside: Path, prefix: str, report: Report) -> Iterator[Found]:
    if prefix.count("/") > DEPTH_MAX:
        raise ContentFault(f"{inside.name} has folders more than {DEPTH_MAX} deep.", "Flatten them a little.")
    with os.scandir(folder) as items:
        for item in sorted(items, key=lambda item: item.name):
            path = unicodedata.normalize("NFC", prefix + item.name.encode("utf-8", "replace").decode())
            place = Path(item.path)
            if item.is_symlink() and not _leads_to_a_file_inside(place, inside):
                report.left_out.append(f"{path}: a link that leads elsewhere.")
            elif item.is_dir():
                yield from _walk(place, inside, f"{prefix}{item.name}/", report)
            elif item.is_file():
                yield Found(path, place, item.stat().st_size)
            else:
                report.left_out.append(f"{path}: not a file (a pipe or a device).")


def _leads_to_a_file_inside(link: Path, inside: Path) -> bool:
    try:
        target = link.resolve(strict=True)
        return target.is_file() and target.is_relative_to(inside)
    except (OSError, RuntimeError):
        return False


def pieces(place: Path) -> Iterator[bytes]:
    """The bytes of a plain file. It may have become something else since it was found: it is judged again once open."""
    try:
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ContentFault(
                    f"{place.name} is no longer a file.", "Import again once nothing changes the folder."
                )
            while piece := file.read(READ_BYTES):
                yield piece
    except OSError as error:
        raise unreadable(place, error) from error
