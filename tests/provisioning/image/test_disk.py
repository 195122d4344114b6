"""The disk: put together by the real tools, the same bytes each time, and every part where the table says."""

import subprocess
from pathlib import Path

import pytest

from catalog.digest import digest_of_file, sha2_hex
from provisioning.image import disk
from provisioning.image.blockmap import BLOCK_BYTES, ZERO_HASH, block_map

DISK = "1f2e3d4c"
UUID = "5aa5dead-beef-4dad-8abc-0123456789ab"
MOMENT = 1_790_000_000
FILES = {"EFI/BOOT/BOOTX64.EFI": b"loader", "loader/entries/qanat-a.conf": b"title", "a/vmlinuz": b"k" * 100_000}

pytestmark = pytest.mark.system


def made(folder: Path, arch: str = "arm64") -> Path:
    folder.mkdir()
    root = folder / "tree"
    (root / "usr").mkdir(parents=True)
    (root / "usr/hello").write_text("hello")
    disk.make_root(root, folder / "root.sq", MOMENT)
    disk.make_firmware(FILES, folder / "firmware.img", DISK, MOMENT)
    disk.make_data(None, folder / "data.img", UUID, MOMENT)
    disk.assemble(arch, DISK, folder / "firmware.img", folder / "root.sq", folder / "data.img", folder / "disk.img")
    return folder / "disk.img"


def run(*command: str | Path) -> str:
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=path).stdout


def test_two_disks_of_the_same_parts_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = made(tmp_path / "one"), made(tmp_path / "two")

    assert digest_of_file(first) == digest_of_file(second)


def test_every_part_is_where_the_table_says(tmp_path: Path) -> None:
    image = made(tmp_path / "one")
    table = run("sfdisk", "--dump", image)
    fat = f"{image}@@{disk.START_MIB * disk.MIB}"
    layout = disk.Layout.with_data(disk.DATA_MIB)
    with image.open("rb") as file:
        file.seek(layout.slot_a[0] * disk.MIB)
        slot_a = file.read(4)
        file.seek(layout.data[0] * disk.MIB + 1024 + 56)
        data = file.read(2)

    assert f"label-id: 0x{DISK}" in table
    assert table.count("start=") == 4
    assert run("mtype", "-i", fat, "::/a/vmlinuz") == "k" * 100_000
    assert slot_a == b"hsqs"
    assert data == b"\x53\xef", "the mark of ext4"


@pytest.mark.parametrize(("arch", "kind"), [("arm64", "type=c"), ("amd64", "type=ef")])
def test_the_first_partition_is_what_the_board_looks_for(tmp_path: Path, arch: str, kind: str) -> None:
    assert kind in run("sfdisk", "--dump", made(tmp_path / "one", arch))


def test_the_map_names_every_stretch_that_holds_anything(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    with image.open("wb") as file:
        file.truncate(40 * disk.MIB)
        file.seek(disk.MIB)
        file.write(b"x" * BLOCK_BYTES)
        file.seek(20 * disk.MIB)
        file.write(b"y" * (17 * disk.MIB))

    text = block_map(image)
    own = text.partition("<BmapFileChecksum>")[2][:64]

    assert f">{disk.MIB // BLOCK_BYTES}</Range>" in text
    assert f'"{sha2_hex(b"x" * BLOCK_BYTES, 256)}"' in text
    assert text.count("<Range") == 3, "a long stretch is mapped in pieces of 16 MiB"
    assert own == sha2_hex(text.replace(own, ZERO_HASH).encode(), 256)
