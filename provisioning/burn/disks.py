"""Disks of this computer, and which of them a card may be burned onto.

* Only a removable disk in a USB or card reader is ever taken unasked. Another must be named, and named again.
* Never: a disk that this computer runs from, one that is mounted or otherwise in use, one that may not be written.
* Everything is read from `sys`, `proc` and `dev` below one root folder; of a disk itself, its first sector.
* A refusal is a sentence that names the disk.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.fault import CallerFault

SECTOR_BYTES = 512
"""Of sysfs, whatever the disk's own are."""
DISK_ID_AT = 440
SIZE_MAX_BYTES = 2_000_000_000_000
SYSTEM_PLACES = ("/", "/boot", "/usr", "/etc", "/var", "/home", "/nix", "/run/live", "/run/initramfs")
NEVER_LISTED = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd)\d*.*")
_PORT = re.compile(r"\d+-\d+(\.\d+)*")
_MOUNT_ESCAPE = re.compile(r"\\([0-7]{3})")
_CMDLINE_ID = re.compile(r"root=PARTUUID=([0-9a-f]{8})-\d\d", re.IGNORECASE)


class DiskRefused(CallerFault):
    """This disk is not burned onto."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A place for a card: a disk as the kernel tells of it, or a file that stands for one."""

    path: Path
    size_bytes: int
    model: str = ""
    serial: str = ""
    """A card's own identifier (CID) where the reader tells it, else the reader's serial number."""
    port: str = ""
    """Where the reader is plugged in, such as USB 1-4.2."""
    by_path: str = ""
    is_file: bool = False
    is_removable: bool = False
    is_card_reader: bool = False
    """Whether it hangs on USB or on an SD slot."""
    is_read_only: bool = False
    mounted_at: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    """What else holds it: swap, a volume group, an array."""
    disk_id: str = ""
    """The identifier in its partition table, 8 hex digits."""
    is_started_from: bool = False
    """Whether this computer's kernel was told to find its root there."""

    @property
    def slot(self) -> str:
        """How it is named to who stands before it."""
        return f"{self.path} ({self.port or self.by_path})" if self.port or self.by_path else str(self.path)

    @property
    def is_taken_unasked(self) -> bool:
        """Tell whether it is a card in a reader: what `--all-readers` means."""
        return self.size_bytes > 0 and self.is_removable and self.is_card_reader


def refusal(disk: Disk, need_bytes: int, size_max_bytes: int, *, is_insisted: bool = False) -> str:
    """Why this disk is not burned onto, as a sentence; empty where it may be."""
    system = [place for place in disk.mounted_at if _is_system(place)]
    if system or disk.is_started_from:
        why = f"it holds {', '.join(system)}" if system else "it was started from it"
        return f"{disk.slot} is what this computer runs from: {why}."
    if disk.mounted_at:
        return f"{disk.slot} is mounted at {', '.join(disk.mounted_at)}: unmount it first."
    if disk.used_by:
        return f"{disk.slot} is in use by {', '.join(disk.used_by)}."
    if disk.is_read_only:
        return f"{disk.slot} may not be written: move the small switch on the side of the card or its adapter."
    if disk.size_bytes == 0:
        return f"{disk.slot} has no card in it."
    if disk.size_bytes < need_bytes:
        return f"{disk.slot} is too small: it has {disk.size_bytes} bytes, and the image has {need_bytes}."
    if disk.size_bytes > size_max_bytes and not disk.is_file:
        return f"{disk.slot} is larger than a card may be: {disk.size_bytes} bytes (--size-max)."
    if not disk.is_file and not disk.is_taken_unasked and not is_insisted:
        return f"{disk.slot} is no card in a USB or card reader. Say --yes-this-disk {disk.path} if you mean it."
    return ""


class Disks:
    """The disks of this computer, read from below `root`."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def readers(self) -> list[Disk]:
        """Cards in readers, in the order of their ports."""
        names = sorted(
            path.name for path in (self._root / "sys/block").iterdir() if not NEVER_LISTED.fullmatch(path.name)
        )
        disks = [self._disk(name) for name in names]
        return sorted((disk for disk in disks if disk.is_taken_unasked), key=lambda disk: (disk.port, disk.path))

    def named(self, path: Path, need_bytes: int) -> Disk:
        """The disk behind a device file, or a file as a disk (made by whoever burns, where it is not there yet).

        Raises DiskRefused where it is neither.
        """
        real = path.resolve()
        try:
            kind = real.stat().st_mode
        except FileNotFoundError:
            if real.is_relative_to("/dev") or not real.parent.is_dir():
                raise DiskRefused(f"There is no {path}.", "Look at `lsblk` for what there is.") from None
            return Disk(real, need_bytes, is_file=True)
        if stat.S_ISREG(kind):
            size = real.stat().st_size
            return Disk(real, size or need_bytes, is_file=True, is_read_only=not os.access(real, os.W_OK))
        if not stat.S_ISBLK(kind):
            raise DiskRefused(f"{path} is no disk.", "Name a device such as /dev/sdb, or a file.")
        if not (self._root / "sys/block" / real.name).exists():
            raise DiskRefused(f"{path} is a part of a disk.", "Name the whole disk: /dev/sdb, not /dev/sdb1.")
        return self._disk(real.name)

    def _disk(self, name: str) -> Disk:
        folder = (self._root / "sys/block" / name).resolve()
        parts = [folder, *(path.parent for path in sorted(folder.glob("*/partition")))]
        numbers = {_text(part / "dev") for part in parts}
        device = folder / "device"
        kind = _text(device / "type")
        is_mmc = name.startswith("mmcblk")
        usb = next((above for above in folder.parents if _PORT.fullmatch(above.name)), None)
        disk_id = self._disk_id(name)
        return Disk(
            path=Path("/dev") / name,
            size_bytes=int(_text(folder / "size") or "0") * SECTOR_BYTES,
            model=" ".join(filter(None, (_text(device / "vendor"), _text(device / "model") or _text(device / "name")))),
            serial=_text(device / "cid") or (_text(usb / "serial") if usb else "") or _text(device / "serial"),
            port=f"USB {usb.name}" if usb else "SD slot" if is_mmc else "",
            by_path=self._by_path(name),
            # A card in a built-in slot is not "removable" to the kernel; what is soldered in says MMC, a card says SD.
            is_removable=_text(folder / "removable") == "1" or (is_mmc and kind == "SD"),
            is_card_reader=usb is not None or (is_mmc and kind == "SD"),
            is_read_only=_text(folder / "ro") == "1",
            mounted_at=tuple(sorted(self._mounted(numbers, {f"/dev/{part.name}" for part in parts}))),
            used_by=tuple(sorted(self._users(parts))),
            disk_id=disk_id,
            is_started_from=disk_id != "" and disk_id == self._started_from(),
        )

    def _mounted(self, numbers: set[str], devices: set[str]) -> Iterator[str]:
        for line in _lines(self._root / "proc/self/mountinfo"):
            words = line.split(" ")
            # Some file systems (btrfs) have numbers of their own; what they are mounted from is said behind the dash.
            source = words[words.index("-") + 2] if "-" in words[6:-2] else ""
            if len(words) > 4 and (words[2] in numbers or source in devices):
                yield _MOUNT_ESCAPE.sub(lambda found: chr(int(found[1], 8)), words[4])

    def _users(self, parts: list[Path]) -> Iterator[str]:
        names = {part.name for part in parts}
        for part in parts:
            if (part / "holders").is_dir():
                yield from (holder.name for holder in (part / "holders").iterdir())
        for line in _lines(self._root / "proc/swaps")[1:]:
            if line and Path(line.split()[0]).name in names:
                yield "swap"

    def _by_path(self, name: str) -> str:
        links = self._root / "dev/disk/by-path"
        if not links.is_dir():
            return ""
        return next((link.name for link in sorted(links.iterdir()) if link.readlink().name == name), "")

    def _disk_id(self, name: str) -> str:
        try:
            with (self._root / "dev" / name).open("rb", buffering=0) as file:
                sector = file.read(SECTOR_BYTES) or b""
        except OSError:
            return ""
        return disk_id_of(sector) if len(sector) == SECTOR_BYTES and sector[510:] == b"\x55\xaa" else ""

    def _started_from(self) -> str:
        found = _CMDLINE_ID.search(_text(self._root / "proc/cmdline"))
        return found[1].lower() if found else ""


def disk_id_of(sector: bytes) -> str:
    """The identifier of a disk in its first sector, as the kernel writes it.

    >>> disk_id_of(bytes(440) + bytes([0x78, 0x56, 0x34, 0x12]))
    '12345678'
    """
    return f"{int.from_bytes(sector[DISK_ID_AT : DISK_ID_AT + 4], 'little'):08x}"


def _is_system(place: str) -> bool:
    return any(place == system or (system != "/" and place.startswith(f"{system}/")) for system in SYSTEM_PLACES)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _lines(path: Path) -> list[str]:
    return _text(path).splitlines()
