"""Burning: how long eight cards take beside one, and how much memory that needs.

* An image as large as the appliance's, of what does not pack; targets are files on this machine's disk. So this
  measures us and this disk, not cards: eight cards in eight readers are as fast as one where we are fast enough.
* Everything is in the time: probe, writing, reading back, seeds.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.table import Row, show
from tests.system.burning.made_image import MIB, map_of, pack, run

RATIO_MAX = 3.5
MEMORY_MAX_BYTES = 150_000_000
RUNS = 3
CARDS = 8
FULL_MIB = 200


def appliance(folder: Path) -> Path:
    """An image with the partitions of the appliance's: 1089 MiB, 240 of them full."""
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(1089 * MIB)
    table = "label: dos\nlabel-id: 0x1234abcd\nstart=1MiB, size=256MiB, type=c, bootable\n"
    table += "start=257MiB, size=384MiB, type=83\nstart=641MiB, size=384MiB, type=83\nstart=1025MiB, type=83\n"
    run("sfdisk", "--quiet", image, data=table.encode())
    fat = f"{image}@@{MIB}"
    run("mformat", "-i", fat, "-F", "-T", 256 * 2048, "-h", "64", "-s", "32", "::")
    run("mcopy", "-i", fat, "-", "::/cmdline.txt", data=b"root=PARTUUID=1234abcd-02\n")
    run("mcopy", "-i", fat, "-", "::/kernel", data=os.urandom(40 * MIB))
    with image.open("r+b") as file:
        file.seek(257 * MIB)
        for _ in range(FULL_MIB):
            file.write(os.urandom(MIB))
    (folder / "card.img.bmap").write_bytes(map_of(image))
    return pack(image)


def burned(image: Path, folder: Path, count: int) -> tuple[float, int]:
    """Seconds and peak memory of the real command, for so many cards."""
    command = [sys.executable, "-m", "tests.bench.burning", "burn", str(image), str(folder), str(count)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, memory = answer.stdout.split()
    for card in folder.glob("card-*"):
        card.unlink()
    return float(seconds), int(memory)


def burn_here(image_path: Path, folder: Path, count: int) -> None:
    import time

    from provisioning.burn.burning import Bench, burn_all
    from provisioning.burn.disks import Disks
    from provisioning.burn.image import CardImage

    began = time.monotonic()
    image = CardImage(image_path)
    disks = [Disks().named(folder / f"card-{number}", image.size_bytes) for number in range(count)]
    outcomes = burn_all(None, image, disks, lambda told: None, Bench.here())
    assert all(outcome.is_good for outcome in outcomes), outcomes
    seconds = time.monotonic() - began
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(seconds, int(status["VmHWM"].split()[0]) * 1024)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BURN_IN")) as name:
        folder = Path(name)
        image = appliance(folder)
        one = [burned(image, folder, 1) for _ in range(RUNS)]
        eight = [burned(image, folder, CARDS) for _ in range(RUNS)]
    one_seconds = statistics.median(seconds for seconds, _ in one)
    eight_seconds = statistics.median(seconds for seconds, _ in eight)
    ratio, memory = eight_seconds / one_seconds, max(memory for _, memory in eight)
    return [
        Row("one card", "", f"{one_seconds:.2f} s", "", True, one_seconds),
        Row("eight cards", "", f"{eight_seconds:.2f} s", "", True, eight_seconds),
        Row("eight beside one", "8 x", f"{ratio:.2f} x", f"<= {RATIO_MAX} x", ratio <= RATIO_MAX, ratio),
        Row(
            "memory, eight cards",
            "",
            f"{memory / 1_000_000:.0f} MB",
            f"<= {MEMORY_MAX_BYTES // 1_000_000} MB",
            memory <= MEMORY_MAX_BYTES,
            memory / 1_000_000,
        ),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["burn"]:
        burn_here(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        show("Burning", rows())
