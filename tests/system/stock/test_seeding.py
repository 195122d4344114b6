"""A stock image is seeded for a card; the base stands in for Raspberry Pi OS (trixie), with its layout and files."""

import io
import json
import lzma
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.digest import digest_of_file
from catalog.fault import CallerFault, Fault
from edge.birth.seed import FILE, Seed
from provisioning.batch.book import Batch, Book, Card, keep_seed
from provisioning.burn.own import Fat
from provisioning.image.cli import seed as seed_command
from provisioning.image.stock.seeding import BaseRefused, card_files, seed_image
from provisioning.image.stock.software import archive, packed, unit_files
from sync.clock import SystemClock

pytestmark = pytest.mark.system

MIB = 1 << 20
FAT_AT = 8 * MIB
STOCK_META = b"dsmode: local\ninstance_id: rpios-image\n"
SOFTWARE = archive({"opt/qanat/provisioning/cli.py": b"print()\n", "usr/bin/qanat": b"#!/bin/sh\n"})
SEED = Seed("a" * 16, "batch", 7, "Tadjourah", "https://hub.example", "one-time", "", None)
OTHER = Seed("b" * 16, "batch", 8, "Tadjourah", "https://hub.example", "another", "", None)


def run(*words: object, data: bytes = b"") -> bytes:
    return subprocess.run([str(word) for word in words], input=data, check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two partitions: bootfs (FAT32, 512 MB) with the stock files of cloud-init, rootfs (ext4)."""
    folder = tmp_path_factory.mktemp("stock")
    base, root = folder / "raspios.img", folder / "root.img"
    with base.open("wb") as file:
        file.truncate((8 + 512 + 64) * MIB)
    table = "label: dos\nlabel-id: 0x5e3da3da\nstart=8MiB, size=512MiB, type=c\nstart=520MiB, size=64MiB, type=83\n"
    run("sfdisk", "--quiet", base, data=table.encode())
    fat = f"{base}@@{FAT_AT}"
    run("mformat", "-i", fat, "-F", "-T", 512 * 2048, "-h", "64", "-s", "32", "-v", "bootfs", "::")
    run("mcopy", "-i", fat, "-", "::/meta-data", data=STOCK_META)
    run("mcopy", "-i", fat, "-", "::/user-data", data=b"#cloud-config\n")
    run("mcopy", "-i", fat, "-", "::/cmdline.txt", data=b"root=PARTUUID=5e3da3da-02 rootfstype=ext4 ds=nocloud\n")
    with root.open("wb") as file:
        file.truncate(64 * MIB)
    run("mke2fs", "-q", "-t", "ext4", "-L", "rootfs", root)
    with base.open("r+b") as file:
        file.seek(520 * MIB)
        file.write(root.read_bytes())
    return base


def test_a_seeded_image_is_the_stock_one_and_what_makes_it_a_box(stock: Path, tmp_path: Path) -> None:
    before, out = digest_of_file(stock), tmp_path / "card-7.img"

    seed_image(stock, out, SEED, SOFTWARE)

    fat = Fat(out, FAT_AT)
    assert before == digest_of_file(stock)
    assert SEED == Seed.from_bytes(fat.read(FILE) or b"")
    assert SOFTWARE == fat.read("qanat/software.tar.gz")
    assert b"root=PARTUUID=5e3da3da-02" in (fat.read("cmdline.txt") or b"")
    assert {"instance-id": f"qanat-{SEED.id}", "local-hostname": "box", "dsmode": "local"} == json.loads(
        fat.read("meta-data") or b""
    )
    with stock.open("rb") as one, out.open("rb") as other:
        one.seek(520 * MIB)
        other.seek(520 * MIB)
        assert one.read() == other.read(64 * MIB)
    assert 0o600 == out.stat().st_mode & 0o777


def test_the_data_partition_is_the_fourth_and_the_system_can_grow(stock: Path, tmp_path: Path) -> None:
    out = tmp_path / "card.img"

    seed_image(stock, out, SEED, SOFTWARE)

    table = json.loads(run("sfdisk", "--json", out))["partitiontable"]["partitions"]
    data = next(part for part in table if part["node"].endswith("4"))
    part = f"{out}?offset={data['start'] * 512}"
    assert ["1", "2", "4"] == [part["node"][-1] for part in table]
    assert 2048 * MIB <= data["start"] * 512 - 584 * MIB
    assert b"qanat-data" in run("debugfs", "-R", "stats -h", part)
    assert out.stat().st_blocks * 512 < 300 * MIB


def test_each_card_is_an_instance_of_its_own() -> None:
    assert card_files(SEED, b"")["meta-data"] != card_files(OTHER, b"")["meta-data"]


def test_the_wish_to_cloud_init_is_as_its_schema_says(stock: Path, tmp_path: Path) -> None:
    wish = tmp_path / "user-data"
    wish.write_bytes(card_files(SEED, b"")["user-data"])

    answer = subprocess.run(
        ["cloud-init", "schema", "--config-file", str(wish)], capture_output=True, text=True, check=False
    )

    assert 0 == answer.returncode, answer.stdout + answer.stderr
    assert "Valid" in answer.stdout


@pytest.mark.parametrize("packer", ["xz", "zstd"])
def test_a_packed_base_will_do(stock: Path, tmp_path: Path, packer: str) -> None:
    base = tmp_path / ("base.img.xz" if packer == "xz" else "base.img.zst")
    base.write_bytes(run(packer, "-1", "--stdout", stock) if packer == "xz" else run("zstd", "-1", "-c", stock))

    seed_image(base, tmp_path / "card.img", SEED, SOFTWARE)

    assert SEED == Seed.from_bytes(Fat(tmp_path / "card.img", FAT_AT).read(FILE) or b"")


def test_a_base_that_was_cut_is_refused_and_nothing_is_left(stock: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.img.xz"
    base.write_bytes(lzma.compress(os.urandom(4 * MIB), preset=0)[:-100_000])

    with pytest.raises(BaseRefused, match="damaged or cut short"):
        seed_image(base, tmp_path / "card.img", SEED, SOFTWARE)

    assert ["base.img.xz"] == [path.name for path in tmp_path.iterdir()]


def test_an_image_of_another_layout_is_refused(stock: Path, tmp_path: Path) -> None:
    seed_image(stock, tmp_path / "once.img", SEED, SOFTWARE)

    with pytest.raises(BaseRefused, match="not laid out as Raspberry Pi OS is"):
        seed_image(tmp_path / "once.img", tmp_path / "twice.img", SEED, SOFTWARE)


def test_a_first_partition_without_room_is_refused(stock: Path, tmp_path: Path) -> None:
    with pytest.raises(BaseRefused, match="too little room"):
        seed_image(stock, tmp_path / "card.img", SEED, bytes(520 * MIB))

    assert [] == list(tmp_path.iterdir())


def test_the_base_is_never_written_over(stock: Path) -> None:
    with pytest.raises(CallerFault, match="The base stays as it is"):
        seed_image(stock, stock, SEED, SOFTWARE)


@pytest.mark.parametrize("name", ["none.img", "none.img.xz"])
def test_a_base_that_is_not_there_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(Fault, match="There is no image"):
        seed_image(tmp_path / name, tmp_path / "card.img", SEED, SOFTWARE)


def test_the_installer_may_run_again_after_it_was_cut(tmp_path: Path) -> None:
    """Half of the software is there, without the word that it is whole: it is unpacked anew. Then it is left alone."""
    card, root = tmp_path / "card", tmp_path / "root"
    (card / "qanat").mkdir(parents=True)
    (root / "opt/qanat/half").mkdir(parents=True)
    for name, data in card_files(SEED, SOFTWARE).items():
        (card / name).write_bytes(data)
    environment = {**os.environ, "QANAT_CARD": str(card), "QANAT_ROOT": str(root)}

    subprocess.run(["sh", str(card / "qanat/install")], env=environment, check=True)
    first = (root / "opt/qanat/provisioning/cli.py").stat().st_ino
    subprocess.run(["sh", str(card / "qanat/install")], env=environment, check=True)

    assert not (root / "opt/qanat/half").exists()
    assert (root / "usr/bin/qanat").stat().st_mode & 0o111
    assert first == (root / "opt/qanat/provisioning/cli.py").stat().st_ino


def test_units_that_belong_to_our_own_image_stay_out() -> None:
    files = unit_files()
    wanted = files["usr/lib/qanat/units"].decode().split()

    assert {"qanat-box.service", "qanat-first-boot.service", "data.mount"} <= set(wanted)
    assert "boot-firmware.mount" not in wanted
    assert all(f"etc/systemd/system/{name}" in files for name in wanted)


def test_the_software_is_ours_and_what_starts_it(tmp_path: Path) -> None:
    """Packed of a wheelhouse with nothing in it, so that no network is asked: what is ours is there."""
    with tarfile.open(fileobj=io.BytesIO(packed(tmp_path))) as tar:
        names = set(tar.getnames())

    assert {"usr/bin/qanat", "opt/qanat/provisioning/cli.py", "opt/qanat/edge/box.py"} <= names
    assert "etc/systemd/system/qanat-box.service" in names


def test_the_command_takes_the_seed_of_the_batch(stock: Path, tmp_path: Path) -> None:
    folder, wheels = tmp_path / "batch", tmp_path / "wheels"
    wheels.mkdir()
    keep_seed(folder, SEED)
    Book.begin(folder, Batch("batch", "campus", "Tadjourah", "", 0, 0), [Card(7, SEED.id, "box-7")], SystemClock())
    words = ["--base", str(stock), "--out", str(tmp_path / "card.img"), "--batch", str(folder), "--card", "7"]

    answer = CliRunner().invoke(seed_command, [*words, "--wheelhouse", str(wheels)], catch_exceptions=False)

    assert "for card 7" in answer.output
    assert SEED == Seed.from_bytes(Fat(tmp_path / "card.img", FAT_AT).read(FILE) or b"")
