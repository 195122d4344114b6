"""A small real disk, ext4 on a loop device, that can be filled to the last byte and emptied again. Needs root."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DISK_BYTES = 192 << 20
"""A box takes no course that would leave it less than 64 MiB."""
PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class SmallDisk:
    folder: Path

    def fills_up(self) -> None:
        """Take all the room that there is, down to single blocks."""
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            for piece in (PIECE_BYTES, 4096, 512):
                try:
                    while True:
                        file.write(bytes(piece))
                except OSError:
                    continue

    def has_room_again(self) -> None:
        (self.folder / "ballast").unlink()

    def holds(self, name: str, beside: Path) -> Path:
        """A data folder on this disk, under a name in `beside`: what others write about it goes there, not here."""
        (self.folder / name).mkdir()
        (beside / name).symlink_to(self.folder / name)
        return beside / name


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Make and mount the disk; it is gone when the block ends."""
    image, mounted = folder / "disk.img", folder / "disk"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(mounted)], check=True)
    try:
        yield SmallDisk(mounted)
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
