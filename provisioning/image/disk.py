"""The disk: partitions put together to one file that is written to a card as it is.

* No part of it is mounted, and no loop device is needed.
* Four primary partitions in an MBR, which a Pi 3 reads too: start files, slot A, slot B, data. The data partition is
  last and small; the first start makes it fill the card.
* Same parts, same bytes: names sorted, one moment for all times, identifiers drawn from what is in it.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioning.image.tools import run

MIB = 1 << 20
SECTOR_BYTES = 512
COPY_BYTES = 4 * MIB

START_MIB = 1
FIRMWARE_MIB = 256
SLOT_MIB = 384
DATA_MIB = 64
DATA_SPARE = 1.15
"""What a file system adds to the files in it."""

FAT_WITH_LBA = "c"
"""What a Pi reads, and UEFI as well."""
EFI_SYSTEM = "ef"
LINUX = "83"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each partition begins and how long it is, in MiB, and the whole disk."""

    firmware: tuple[int, int]
    slot_a: tuple[int, int]
    slot_b: tuple[int, int]
    data: tuple[int, int]

    @classmethod
    def with_data(cls, data_mib: int) -> "Layout":
        at, places = START_MIB, []
        for size in (FIRMWARE_MIB, SLOT_MIB, SLOT_MIB, data_mib):
            places.append((at, size))
            at += size
        return cls(*places)

    @property
    def size_bytes(self) -> int:
        return sum(self.data) * MIB

    def script(self, arch: str, disk_id: str) -> str:
        """The partition table, for sfdisk(8)."""
        first = EFI_SYSTEM if arch == "amd64" else FAT_WITH_LBA
        kinds = (f"{first}, bootable", LINUX, LINUX, LINUX)
        places = (self.firmware, self.slot_a, self.slot_b, self.data)
        rows = [
            f"start={start}MiB, size={size}MiB, type={kind}" for (start, size), kind in zip(places, kinds, strict=True)
        ]
        return "\n".join(["label: dos", f"label-id: 0x{disk_id}", *rows, ""])


def make_root(root: Path, file: Path, built_seconds: int) -> None:
    """Pack a root into a read-only file system (squashfs)."""
    moment = str(built_seconds)
    run(
        ["mksquashfs", root, file, "-comp", "zstd", "-Xcompression-level", "15", "-b", "256K", "-noappend",
         "-no-xattrs", "-no-exports", "-mkfs-time", moment, "-all-time", moment, "-no-progress", "-quiet"],
    )  # fmt: skip


def make_firmware(files: Mapping[str, bytes], file: Path, disk_id: str, built_seconds: int) -> None:
    """Make the first partition (FAT32) with these files in it."""
    environment = {"SOURCE_DATE_EPOCH": str(built_seconds), "TZ": "UTC", "MTOOLS_SKIP_CHECK": "1"}
    _make_sparse(file, FIRMWARE_MIB * MIB)
    run(["mformat", "-i", file, "-F", "-v", "QANAT", "-N", disk_id, "::"], environment=environment)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in sorted(files.items()):
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (built_seconds, built_seconds))
        for below in sorted(Path(folder).rglob("*")):
            inside = f"::/{below.relative_to(folder)}"
            if below.is_dir():
                run(["mmd", "-i", file, inside], environment=environment)
            else:
                run(["mcopy", "-m", "-i", file, below, inside], environment=environment)


def make_data(folder: Path | None, file: Path, uuid: str, built_seconds: int) -> int:
    """Make the data partition (ext4), with what is in `folder`. Returns its size in MiB."""
    bytes_held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder else 0
    size_mib = DATA_MIB + int(bytes_held * DATA_SPARE) // MIB
    _make_sparse(file, size_mib * MIB)
    run(
        ["mke2fs", "-q", "-t", "ext4", "-L", "qanat-data", "-U", uuid, "-m", "1",
         "-E", f"hash_seed={uuid},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
         *(["-d", str(folder)] if folder else []), file],
        environment={"E2FSPROGS_FAKE_TIME": str(built_seconds)},
    )  # fmt: skip
    return size_mib


def assemble(arch: str, disk_id: str, firmware: Path, root: Path, data: Path, out: Path) -> None:
    """Put the parts together to a disk, its empty stretches left as holes."""
    layout = Layout.with_data(data.stat().st_size // MIB)
    _make_sparse(out, layout.size_bytes)
    run(["sfdisk", "--quiet", out], data=layout.script(arch, disk_id).encode())
    for part, (start, _) in ((firmware, layout.firmware), (root, layout.slot_a), (data, layout.data)):
        _copy_into(part, out, start * MIB)


def _copy_into(part: Path, disk: Path, at: int) -> None:
    """Copy what holds data of a sparse file; the rest is a hole in the disk's file already."""
    with part.open("rb") as source, disk.open("r+b") as target:
        end = part.stat().st_size
        position = 0
        while position < end:
            try:
                position = os.lseek(source.fileno(), position, os.SEEK_DATA)
            except OSError:  # nothing but a hole follows
                return
            until = os.lseek(source.fileno(), position, os.SEEK_HOLE)
            source.seek(position)
            target.seek(at + position)
            while position < until:
                piece = source.read(min(COPY_BYTES, until - position))
                if piece.count(0) == len(piece):
                    target.seek(len(piece), os.SEEK_CUR)
                else:
                    target.write(piece)
                position += len(piece)


def _make_sparse(file: Path, size_bytes: int) -> None:
    file.unlink(missing_ok=True)
    with file.open("wb") as made:
        made.truncate(size_bytes)
