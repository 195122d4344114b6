"""Seeding a stock image: the same box on a Raspberry Pi OS image, for one card.

* The base is only read. What is made is a copy, in place whole or not at all.
* A data partition of its own is added behind the system's (number 4, as on our cards); the system has room to grow.
* cloud-init (NoCloud) does the rest at the first start. The stock meta-data names every card as the same instance:
  ours names each by its seed, so that a card that is seeded again is set up again.
* Everything on the FAT partition is put there by mtools, read back and compared; that it has room is seen to first.
"""

import json
import lzma
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from catalog import durable
from catalog.fault import BoxFault, CallerFault, ContentFault
from edge.birth.seed import FILE as SEED_FILE
from edge.birth.seed import Seed
from provisioning.burn.image import ZEROS, CardImage
from provisioning.burn.own import TABLE_AT, Fat, fat_at
from provisioning.image.tools import run

SECTOR_BYTES = 512
MIB = 1 << 20
ROOT_ROOM_MIB = 2048
"""How far the system's own partition can grow."""
DATA_MIB = 64
"""At first; it grows to the card's end at the first start."""
LABEL = "qanat-data"
IMAGE_BYTES_MAX = 1 << 37
PIECE_BYTES = 1 << 20
INSTALL = Path(__file__).parent / "install"
USER_DATA = {
    "hostname": "box",
    "preserve_hostname": False,
    "users": [
        {
            "name": "qanat",
            "system": True,
            "lock_passwd": True,
            "no_create_home": True,
            "homedir": "/nonexistent",
            "shell": "/usr/sbin/nologin",
        }
    ],
    "ssh_pwauth": False,
    "disable_root": True,
    "runcmd": [["sh", "/boot/firmware/qanat/install"]],
}
"""Nobody signs in at a box: the only account that is made is the one that the box runs as."""


class BaseRefused(ContentFault):
    """The base is no stock Raspberry Pi OS image that can be seeded."""


def seed_image(base: Path, out: Path, seed: Seed, software: bytes) -> None:
    """Make `out` of the stock image `base` for the card of this seed.

    Raises CallerFault, BaseRefused, DiskFull, BoxFault.
    """
    if out.exists() and base.exists() and out.samefile(base):
        raise CallerFault("The base stays as it is: name another file with --out.")
    try:
        with durable.replacing(out, 0o600) as made:
            _copy(base, made)
            # By its descriptor: whatever name it has while it is not whole yet.
            passing = Path(f"/proc/{os.getpid()}/fd/{made.fileno()}")
            with passing.open("rb") as reader:
                start = _stock(base, reader.read(SECTOR_BYTES))
            _add_data(made)
            _put_files(Fat(passing, start), seed, software)
    except OSError as error:
        raise durable.disk_fault(error, out) from error


def card_files(seed: Seed, software: bytes) -> dict[str, bytes]:
    """What is put on the FAT partition, by name."""
    meta = {"instance-id": f"qanat-{seed.id}", "local-hostname": "box", "dsmode": "local"}
    return {
        "qanat/software.tar.gz": software,
        "qanat/install": INSTALL.read_bytes(),
        "user-data": f"#cloud-config\n{json.dumps(USER_DATA, indent=1)}\n".encode(),
        "meta-data": f"{json.dumps(meta, indent=1)}\n".encode(),
        SEED_FILE: seed.to_bytes(),
    }


def _put_files(fat: Fat, seed: Seed, software: bytes) -> None:
    files = card_files(seed, software)
    need, free = sum(len(data) for data in files.values()), fat.free_bytes()
    if need > free:
        raise BaseRefused(
            f"The image's first partition has too little room: {free} bytes are free, {need} are needed.",
            "Take a newer Raspberry Pi OS image: its first partition has 512 MB.",
        )
    fat.make_folder("qanat")
    for name, data in files.items():
        fat.write(name, data)
    for name, data in files.items():
        if fat.read(name) != data:
            raise BoxFault(f"{name} does not read as it was written.", "The disk may be failing: try another one.")


def _stock(base: Path, head: bytes) -> int:
    """Where the FAT partition begins. Raises BaseRefused, NoFat."""
    start = fat_at(head)
    second, spare = head[TABLE_AT + 16 : TABLE_AT + 32], head[TABLE_AT + 32 : TABLE_AT + 64]
    if second[4] != 0x83 or any(spare):
        raise BaseRefused(
            f"{base.name} is not laid out as Raspberry Pi OS is: two partitions, FAT and Linux.",
            "Take the Lite image from raspberrypi.com. An image of ours needs no seeding: burn it.",
        )
    return start


def _add_data(made: BinaryIO) -> None:
    """Add the data partition, behind room for the system to grow."""
    size = os.fstat(made.fileno()).st_size
    start = (-(-size // MIB) + ROOT_ROOM_MIB) * MIB
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.img"
        with data.open("wb") as file:
            file.truncate(DATA_MIB * MIB)
        run(
            ["mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-m", "1", "-E", "lazy_itable_init=0,lazy_journal_init=0", data]
        )
        with data.open("rb") as file:
            for at in range(0, DATA_MIB * MIB, PIECE_BYTES):
                if (piece := file.read(PIECE_BYTES)) != ZEROS:
                    os.pwrite(made.fileno(), piece, start + at)
    os.ftruncate(made.fileno(), start + DATA_MIB * MIB)
    places = (start // SECTOR_BYTES).to_bytes(4, "little") + (DATA_MIB * MIB // SECTOR_BYTES).to_bytes(4, "little")
    os.pwrite(made.fileno(), b"\0\xfe\xff\xff\x83\xfe\xff\xff" + places, TABLE_AT + 48)


def _copy(base: Path, made: BinaryIO) -> None:
    """Copy the base, unpacked, with holes where nothing is."""
    at = 0
    for piece in _pieces(base):
        if piece.count(0) < len(piece):
            os.pwrite(made.fileno(), piece, at)
        at += len(piece)
    os.ftruncate(made.fileno(), at)


def _pieces(base: Path) -> Iterator[bytes]:
    if base.suffix != ".xz":
        for part in CardImage(base).pieces():
            yield bytes(part.size_bytes) if part.data is None else part.data
        return
    if not base.is_file():
        raise CallerFault(f"There is no image {base}.", "Get Raspberry Pi OS Lite (64-bit) from raspberrypi.com.")
    size = 0
    try:
        with lzma.open(base) as file:
            while piece := file.read(PIECE_BYTES):
                size += len(piece)
                if size > IMAGE_BYTES_MAX:
                    raise BaseRefused(f"{base.name} is larger than an image may be.", "Get it again.")
                yield piece
    except (lzma.LZMAError, EOFError) as error:
        raise BaseRefused(f"{base.name} is damaged or cut short.", "Get it again, and compare its SHA-256.") from error
