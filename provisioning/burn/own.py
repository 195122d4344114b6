"""What each card has for its own: the identifier of its disk, and its seed.

* Two cards in one machine are never taken for each other: each has another disk identifier, and the files that name the
  root by it (`root=PARTUUID=...`) name the card's own. A stock system, which names it elsewhere too, keeps it.
* Files on the first partition (FAT) are read and written with mtools: nothing is mounted, and files need no root.
* Nothing secret passes through a file or an argument of a program: seeds go through pipes.
"""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from catalog.fault import BoxFault, ContentFault
from provisioning.burn.disks import DISK_ID_AT, disk_id_of

SECTOR_BYTES = 512
TABLE_AT = 446
SECOND_AT = TABLE_AT + 16
SQUASHFS = b"hsqs"
FAT_TYPES = frozenset({0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E, 0xEF})
BOOT_FILES = ("cmdline.txt", "a/cmdline.txt", "b/cmdline.txt")
ENTRIES = "loader/entries"
TOOL_SECONDS_MAX = 120
FILE_BYTES_MAX = 1 << 20


class NoFat(ContentFault):
    """The first partition of this image or card is none that a seed can be put on."""


def fat_at(head: bytes) -> int:
    """Where the first partition begins, in bytes. Raises NoFat where it is no FAT of a disk with an MBR."""
    entry = head[TABLE_AT : TABLE_AT + 16]
    start = int.from_bytes(entry[8:12], "little") * SECTOR_BYTES
    if head[510:512] != b"\x55\xaa" or entry[4] not in FAT_TYPES or start == 0:
        raise NoFat(
            "The image has no FAT partition in front that a seed could be put on.",
            "Burn an image that `qanat provision image` made.",
        )
    return start


def names_itself(head: bytes, read: Callable[[int, int], bytes]) -> bool:
    """Tell whether files that we do not write name this disk by its identifier: then it must keep it.

    Our own second partition is a read-only squashfs in which no disk is named; a stock system has it in its fstab.
    """
    start = int.from_bytes(head[SECOND_AT + 8 : SECOND_AT + 12], "little") * SECTOR_BYTES
    return start > 0 and read(start, len(SQUASHFS)) != SQUASHFS


def with_disk_id(head: bytes, disk_id: str) -> bytes:
    """The same head with another identifier of its disk."""
    return head[:DISK_ID_AT] + int(disk_id, 16).to_bytes(4, "little") + head[DISK_ID_AT + 4 :]


def renamed(text: bytes, old_id: str, new_id: str) -> bytes:
    """A boot file that names the disk by its new identifier, of the same length.

    >>> renamed(b"ro root=PARTUUID=1234ABCD-02", "1234abcd", "00c0ffee")
    b'ro root=PARTUUID=00c0ffee-02'
    """
    pattern = re.compile(rb"(?<=PARTUUID=)" + old_id.encode() + rb"(?=-[0-9a-f]{2}\b)", re.IGNORECASE)
    return pattern.sub(new_id.encode(), text)


class Fat:
    """The FAT partition that begins at a byte of a device or file."""

    def __init__(self, path: Path, start: int) -> None:
        self._image = f"{path}@@{start}"

    def names(self, folder: str) -> list[str]:
        """Files in a folder, with the folder; none where there is no such folder."""
        answer = self._run("mdir", "-b", f"::/{folder}", may_fail=True)
        listed = (line.removeprefix("::/") for line in answer.decode("utf-8", "replace").splitlines())
        return [name for name in listed if name and not name.endswith("/")]

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None where there is none."""
        if not self.names(name):
            return None
        return self._run("mcopy", "-n", f"::/{name}", "-")

    def free_bytes(self) -> int:
        """How much room there is. Raises BoxFault where the partition cannot be read."""
        found = re.findall(r"([\d ]+) bytes free", self._run("mdir", "::/").decode("utf-8", "replace"))
        if not found:
            raise BoxFault("The FAT partition does not say how much room it has.", "Take another card or image.")
        return int(found[-1].replace(" ", ""))

    def write(self, name: str, data: bytes) -> None:
        """Put a file in the place of the one of its name. Raises BoxFault where there is no room."""
        self._run("mcopy", "-o", "-", f"::/{name}", data=data)

    def make_folder(self, name: str) -> None:
        """Make a folder where there is none of that name."""
        self._run("mmd", "-D", "s", f"::/{name}", may_fail=True)

    def remove(self, name: str) -> None:
        """Take a file away, where there is one."""
        self._run("mdel", f"::/{name}", may_fail=True)

    def _run(self, tool: str, *words: str, data: bytes | None = None, may_fail: bool = False) -> bytes:
        # What mtools would ask is answered by its arguments; its own settings are left out of it.
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "MTOOLSRC": "/dev/null", "MTOOLS_SKIP_CHECK": "1"}
        try:
            done = subprocess.run(
                [tool, "-i", self._image, *words],
                input=data or b"",
                capture_output=True,
                check=False,
                timeout=TOOL_SECONDS_MAX,
                env=environment,
            )
        except FileNotFoundError as error:
            raise BoxFault(f"{tool} is not installed.", "Install the package mtools.") from error
        except subprocess.TimeoutExpired as error:
            raise BoxFault(f"{tool} did not end within {TOOL_SECONDS_MAX} s.", "Take another card.") from error
        if done.returncode and not may_fail:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise BoxFault(f"{tool} failed: {said[-1] if said else done.returncode}.", "Take another card.")
        return done.stdout


def own_files(fat: Fat, head: bytes, disk_id: str) -> dict[str, bytes]:
    """The boot files that name the image's disk, as they have to be on the card whose disk has another name."""
    old_id = disk_id_of(head)
    files = {}
    for name in (*BOOT_FILES, *(name for name in fat.names(ENTRIES) if name.endswith(".conf"))):
        text = fat.read(name)
        if text is not None and len(text) <= FILE_BYTES_MAX and (now := renamed(text, old_id, disk_id)) != text:
            files[name] = now
    return files
