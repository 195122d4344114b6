"""A card's parts, as a board left them: read without a mount, while the board is off."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from provisioning.image.disk import DATA_MIB as DATA_PARTITION_MIB
from provisioning.image.disk import FIRMWARE_MIB, MIB, SLOT_MIB, START_MIB

SLOT_A_MIB = START_MIB + FIRMWARE_MIB
SLOT_B_MIB = SLOT_A_MIB + SLOT_MIB
DATA_MIB = SLOT_B_MIB + SLOT_MIB
SECTOR_BYTES = 512


@dataclass(frozen=True)
class Card:
    """A card out of its board."""

    disk: Path

    def data_file(self, name: str) -> bytes:
        """A file on the data partition; empty where there is none. What waits in its journal is taken in first."""
        with self._data() as part:
            done = subprocess.run(["/usr/sbin/debugfs", "-R", f"cat {name}", part], capture_output=True, check=True)
            return done.stdout

    def data_bytes(self) -> int:
        """How long the data partition's file system is."""
        with self._data() as part:
            said = subprocess.run(["/usr/sbin/dumpe2fs", "-h", part], capture_output=True, text=True, check=True).stdout
        facts = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
        return int(facts["Block count"]) * int(facts["Block size"])

    def is_whole(self) -> bool:
        """Whether the data partition's file system has nothing to mend beyond its journal."""
        with self._data() as part:
            subprocess.run(["/usr/sbin/e2fsck", "-p", part], capture_output=True, check=False)
            return subprocess.run(["/usr/sbin/e2fsck", "-fn", part], capture_output=True, check=False).returncode == 0

    def copy_slot(self, source_mib: int, target_mib: int) -> None:
        """Copy one slot over the other, as an update does."""
        subprocess.run(
            ["dd", f"if={self.disk}", f"of={self.disk}", "bs=1M", f"skip={source_mib}", f"seek={target_mib}",
             f"count={SLOT_MIB}", "conv=notrunc,sparse", "status=none"], check=True,
        )  # fmt: skip

    def spoil_slot(self, target_mib: int) -> None:
        """Write over the beginning of a slot: what an update that went wrong unnoticed would leave."""
        with self.disk.open("r+b") as file:
            file.seek(target_mib * MIB)
            file.write(b"\xa5" * MIB)

    def spoil_data(self) -> None:
        """Write over the whole data partition of an image: no copy of its superblock is left."""
        with self.disk.open("r+b") as file:
            file.seek(DATA_MIB * MIB)
            for _ in range(DATA_PARTITION_MIB):
                file.write(b"\xa5" * MIB)

    def _data(self) -> "_Part":
        return _Part(self.disk)


class _Part:
    """The data partition as a file of its own."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk
        self._part = disk.with_suffix(".data")

    def __enter__(self) -> Path:
        table = subprocess.run(
            ["/usr/sbin/sfdisk", "--dump", self._disk], capture_output=True, text=True, check=True
        ).stdout
        fourth = next(line for line in table.splitlines() if line.startswith(f"{self._disk}4"))
        fields = dict(part.strip().split("=") for part in fourth.partition(":")[2].split(",") if "=" in part)
        start, size = int(fields["start"]) // (MIB // SECTOR_BYTES), int(fields["size"]) // (MIB // SECTOR_BYTES)
        subprocess.run(
            ["dd", f"if={self._disk}", f"of={self._part}", "bs=1M", f"skip={start}", f"count={size}", "conv=sparse",
             "status=none"], check=True,
        )  # fmt: skip
        subprocess.run(["/usr/sbin/e2fsck", "-p", self._part], capture_output=True, check=False)
        return self._part

    def __exit__(self, *error: object) -> None:
        self._part.unlink(missing_ok=True)
