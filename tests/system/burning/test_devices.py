"""Real block devices: loop devices as cards, burned by the real command; and a burner that is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.burn.disks import Disks, refusal
from provisioning.burn.own import Fat
from tests.system.burning.made_image import MIB, SIZE_BYTES, make_image, map_of, pack, run

pytestmark = pytest.mark.system

CARD_BYTES = 96 * MIB
KILLED_AT = 38 * MIB
KILLED = f"""
import os, signal, sys
from pathlib import Path
from provisioning.burn.burning import Bench, burn_all
from provisioning.burn.disks import Disks
from provisioning.burn.image import CardImage

def hear(told):
    if told["doing"] == "writing" and told["done_bytes"] > {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)

image = CardImage(Path(sys.argv[1]))
burn_all(None, image, [Disks().named(Path(sys.argv[2]), image.size_bytes)], hear, Bench.here())
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    whole = make_image(tmp_path)
    (tmp_path / "card.img.bmap").write_bytes(map_of(whole))
    return pack(whole)


class Loops:
    """Files that are block devices."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.made: list[Path] = []

    def make(self, size_bytes: int, *words: str) -> Path:
        file = self._folder / f"disk-{len(self.made)}"
        with file.open("wb") as made:
            made.truncate(size_bytes)
        attached = subprocess.run(
            ["losetup", "--find", "--show", *words, str(file)], capture_output=True, text=True, check=False
        )
        if attached.returncode != 0:
            pytest.skip(f"this machine gives us no loop device: {attached.stderr.strip()}")
        device = Path(attached.stdout.strip())
        self.made.append(device)
        return device


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(tmp_path)
    yield loops
    for device in loops.made:
        run("losetup", "--detach", device)


def burn(image: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "provisioning", "provision", "burn", "--image", image, *words, "--json"]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


def meant(device: Path) -> list[str]:
    return ["--to", str(device), "--yes-this-disk", str(device)]


def test_real_devices_are_burned_and_read_past_memory(image: Path, loops: Loops) -> None:
    devices = [loops.make(CARD_BYTES), loops.make(CARD_BYTES)]

    answer = burn(image, *meant(devices[0]), *meant(devices[1]))

    cards = json.loads(answer.stdout)["cards"]
    assert [True, True] == [card["good"] for card in cards]
    plain = (image.parent / "card.img").read_bytes()
    for device, card in zip(devices, cards, strict=True):
        with device.open("rb") as file:
            found = file.read(SIZE_BYTES)
        assert plain[37 * MIB :] == found[37 * MIB :]
        assert card["disk_id"].encode() in (Fat(device, MIB).read("a/cmdline.txt") or b"")
        assert card["disk_id"] == run("blkid", "-p", "-o", "value", "-s", "PTUUID", device).decode().strip()


def test_devices_that_may_not_be_burned_are_named(image: Path, loops: Loops, tmp_path: Path) -> None:
    small, locked, used = loops.make(20 * MIB), loops.make(CARD_BYTES, "--read-only"), loops.make(CARD_BYTES)
    place = tmp_path / "place"
    place.mkdir()
    run("mke2fs", "-q", used)
    mounting = subprocess.run(["mount", str(used), str(place)], check=False, capture_output=True)
    if mounting.returncode != 0:
        pytest.skip("this machine mounts nothing for us")

    answer = burn(image, *meant(small), *meant(locked), *meant(used), "--to", loops.make(CARD_BYTES))
    run("umount", place)

    assert 2 == answer.returncode
    assert f"{small} is too small" in answer.stderr
    assert f"{locked} may not be written" in answer.stderr
    assert f"{used} is mounted at {place}" in answer.stderr
    assert f"Say --yes-this-disk {loops.made[-1]} if you mean it." in answer.stderr


def test_a_device_is_held_while_it_is_burned(image: Path, loops: Loops) -> None:
    device = loops.make(CARD_BYTES)
    held = os.open(device, os.O_RDWR | os.O_EXCL)

    answer = burn(image, *meant(device))
    os.close(held)

    assert "Something else on this computer holds it" in json.loads(answer.stdout)["cards"][0]["why"]


def test_the_disk_of_this_machine_is_never_burned() -> None:
    """Whatever is named and meant: the disk that holds / is refused in words."""
    root = Path("/").stat().st_dev
    link = Path(f"/sys/dev/block/{os.major(root)}:{os.minor(root)}")
    if not link.exists():
        pytest.skip("/ is on no disk here")
    folder = link.resolve()
    name = folder.parent.name if (folder / "partition").exists() else folder.name
    disk = Disks()._disk(name)

    assert "is what this computer runs from" in refusal(disk, 1, disk.size_bytes, is_insisted=True)


def test_a_burner_that_is_killed_leaves_a_card_that_does_not_start(image: Path, tmp_path: Path) -> None:
    card = tmp_path / "card"
    assert 0 == burn(image, "--to", card).returncode

    killed = subprocess.run([sys.executable, "-c", KILLED, str(image), str(card)], check=False)
    left = card.read_bytes()[:MIB]
    again = burn(image, "--to", card)

    assert -signal.SIGKILL == killed.returncode
    assert bytes(MIB) == left
    assert json.loads(again.stdout)["cards"][0]["good"]


def test_the_map_of_the_real_bmaptool_is_understood(tmp_path: Path) -> None:
    whole = make_image(tmp_path)
    run("bmaptool", "create", "-o", f"{whole}.bmap", whole)

    answer = burn(pack(whole, size_is_said=False), "--to", tmp_path / "card")

    assert json.loads(answer.stdout)["cards"][0]["good"]
