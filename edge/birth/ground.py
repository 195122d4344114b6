"""Ground: what the box's folder stands on, and whether anything that is written there would stay.

* On an appliance the data folder is on a partition of its own. Where that is not mounted, the folder lies on the
  system's partition or in memory: all that learners did would be gone, or in the way of it, at the next start.
* The kernel's own list of mounts decides, and the device numbers: a folder that is bound to a place of its own is
  still on the system's partition.
* Judging writes nothing and makes no folder.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from catalog.fault import BoxFault
from sync.web.language import gettext

MOUNTINFO = Path("/proc/self/mountinfo")
SYSTEM = Path("/")
IN_MEMORY = frozenset({"tmpfs", "ramfs", "overlay", "rootfs", "devtmpfs", "squashfs", "aufs"})
"""File systems that keep nothing through a start, or are made of layers of which the upper one is in memory."""

_ESCAPED = re.compile(r"\\([0-7]{3})")


class Trouble(Enum):
    """Why a box must not keep anything where its folder is."""

    SYSTEM = "system"
    """On the system's own partition."""
    MEMORY = "memory"
    """In memory, until the next start."""
    READ_ONLY = "read-only"
    """On a partition that takes nothing: the kernel found it damaged."""
    UNKNOWN = "unknown"
    """The list of mounts does not say."""


class GroundMissing(BoxFault):
    """The box's folder is on no partition of its own: nothing is kept, nothing is taken."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the kernel's list."""

    point: PurePosixPath
    kind: str
    device: str
    """major:minor"""
    is_read_only: bool


def mounts(text: str) -> list[Mount]:
    """Read the list as /proc/self/mountinfo has it; lines that are none are passed over."""
    return [one for line in text.splitlines() if (one := _mount(line)) is not None]


def judge(folder: PurePosixPath, listed: Sequence[Mount], *, is_system_device: bool) -> Trouble | None:
    """Say what is wrong with the ground under `folder`; None where all is well.

    `is_system_device`: its device number is that of the root folder.
    """
    under = _holding(folder, listed)
    system = _holding(PurePosixPath("/"), listed)
    if under is None:
        return Trouble.UNKNOWN
    if under.kind in IN_MEMORY:
        return Trouble.MEMORY
    if is_system_device or under.point == PurePosixPath("/") or (system and system.device == under.device):
        return Trouble.SYSTEM
    return Trouble.READ_ONLY if under.is_read_only else None


def look(data: Path, mountinfo: Path = MOUNTINFO, system: Path = SYSTEM) -> Trouble | None:
    """The same of the machine as it is now, of a folder that need not be there yet."""
    folder = data.resolve()
    try:
        listed = mounts(mountinfo.read_text(encoding="utf-8", errors="surrogateescape"))
        is_system_device = _nearest(folder).stat().st_dev == system.stat().st_dev
    except OSError:
        return Trouble.UNKNOWN
    return judge(PurePosixPath(folder), listed, is_system_device=is_system_device)


def demand(data: Path, mountinfo: Path = MOUNTINFO) -> None:
    """Raises GroundMissing where the folder has no partition of its own."""
    if (trouble := look(data, mountinfo)) is not None:
        raise missing(trouble)


def missing(trouble: Trouble) -> GroundMissing:
    """The same as commands say it."""
    return GroundMissing(f"{sentence()} {reason(trouble)}", " ".join(steps()))


def sentence() -> str:
    """What is wrong."""
    return gettext("This box has no partition of its own for what people do here, so it keeps nothing.")


def reason(trouble: Trouble) -> str:
    """Why we think so."""
    match trouble:
        case Trouble.SYSTEM:
            return gettext("Its folder lies on the partition of the system: the data partition is not mounted.")
        case Trouble.MEMORY:
            return gettext("Its folder lies in memory and would be gone at the next start.")
        case Trouble.READ_ONLY:
            return gettext("The data partition can only be read: it was found to be damaged.")
        case Trouble.UNKNOWN:
            return gettext("The machine does not say where its folder lies.")


def steps() -> list[str]:
    """What to do."""
    return [
        gettext("Switch the box off, wait ten seconds, and switch it on again."),
        gettext("If this page comes back, put another card in, and keep this one: what people did may still be on it."),
        gettext("Whoever made the card can look what is left with `qanat provision rescue`."),
    ]


def _holding(folder: PurePosixPath, listed: Sequence[Mount]) -> Mount | None:
    """The mount that a folder is in: the deepest, and of those on one point the last."""
    found: Mount | None = None
    for one in listed:
        is_above = folder == one.point or one.point in folder.parents
        if is_above and (found is None or len(one.point.parts) >= len(found.point.parts)):
            found = one
    return found


def _mount(line: str) -> Mount | None:
    own, separator, rest = line.partition(" - ")
    fields, more = own.split(" "), rest.split(" ")
    if not separator or len(fields) < 6 or len(more) < 3:
        return None
    options = {*fields[5].split(","), *more[2].split(",")}
    return Mount(PurePosixPath(_plain(fields[4])), more[0], fields[2], "ro" in options)


def _plain(name: str) -> str:
    raw = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), name)
    return os.fsdecode(os.fsencode(raw))


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())
