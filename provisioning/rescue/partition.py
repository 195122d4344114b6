"""The data partition of a card that is ill: found and read without mounting it, and without writing to the card.

* Found by the partition table, or where that is gone by looking for what an ext4 file system begins with.
* Read with debugfs(8) (e2fsprogs), opened for reading only. Where the superblock is damaged, its copies are tried.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.fault import BoxFault, CallerFault

SECTOR_BYTES = 512
TABLE_AT = 446
LINUX = 0x83
MAGIC_AT = 1024 + 56
MAGIC = b"\x53\xef"
LOOK_STEP_BYTES = 1 << 20
LOOK_STEPS_MAX = 8192
"""Without a partition table the first 8 GiB are looked through: ours begin at a whole MiB."""
TOOL_SECONDS_MAX = 3600
WAYS = (
    (),
    ("-c",),
    *((*often, "-b", str(size), "-s", str(block)) for size, blocks in (
        (4096, (32768, 98304, 163840)), (1024, (8193, 24577, 40961)), (2048, (16384, 49152)),
    ) for block in blocks for often in ((), ("-c",))),
)  # fmt: skip
"""How debugfs is told to open it: plainly, without the bitmaps (-c), by the copies of the superblock (-s)."""


class CardUnreadable(BoxFault):
    """Nothing of a box can be read off this card."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A data partition that can be read."""

    card: Path
    start: int
    way: tuple[str, ...]

    def copy(self, name: str, to: Path) -> bool:
        """Copy a file of the partition; False where there is none, or nothing of it could be read."""
        if not self.has(name):
            return False
        self._debugfs(f'dump "{name}" "{to}"')
        return to.is_file() and to.stat().st_size > 0

    def has(self, name: str) -> bool:
        return "Inode:" in self._debugfs(f'stat "{name}"')

    def _debugfs(self, command: str) -> str:
        words = ["debugfs", *self.way, "-R", command, f"{self.card}?offset={self.start}"]
        try:
            done = subprocess.run(words, capture_output=True, check=False, timeout=TOOL_SECONDS_MAX)
        except FileNotFoundError as error:
            raise BoxFault("debugfs is not installed.", "Install the package e2fsprogs.") from error
        except subprocess.TimeoutExpired as error:
            raise CardUnreadable("The card answers too slowly to be read.", "Try another reader.") from error
        return done.stdout.decode("utf-8", "replace")


def data_partition(card: Path, mark: str) -> Partition:
    """The partition that has the file `mark`. Raises CallerFault, CardUnreadable."""
    if not card.exists():
        raise CallerFault(f"There is no {card}.", "Name the card's device, such as /dev/sdb, or an image of it.")
    try:
        starts = list(dict.fromkeys(_starts(card)))
    except OSError as error:
        raise CardUnreadable(f"{card} cannot be read: {error.strerror}.", "Try another reader.") from error
    for start in starts:
        for way in WAYS:
            partition = Partition(card, start, way)
            if partition.has(mark):
                return partition
    raise CardUnreadable(
        f"On {card} no box is to be found.",
        "If it is the card of a box: its data partition is too damaged for us. Keep the card, and ask for help.",
    )


def _starts(card: Path) -> Iterator[int]:
    """Where the data partition may begin: the fourth of the table first, as our cards have it."""
    with card.open("rb") as file:
        head = file.read(SECTOR_BYTES)
        if head[510:512] == b"\x55\xaa":
            entries = [head[TABLE_AT + 16 * place : TABLE_AT + 16 * (place + 1)] for place in range(4)]
            for entry in reversed(entries):
                if entry[4] == LINUX:
                    yield int.from_bytes(entry[8:12], "little") * SECTOR_BYTES
            return
        yield 0
        for step in range(1, LOOK_STEPS_MAX):
            file.seek(step * LOOK_STEP_BYTES + MAGIC_AT)
            found = file.read(2)
            if not found:
                return
            if found == MAGIC:
                yield step * LOOK_STEP_BYTES
