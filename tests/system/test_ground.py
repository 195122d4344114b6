"""A real box that must have a partition of its own, on real mounts: none, one in memory, one on a disk."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.ports import free_ports
from tests.system.full_disk import DISK_BYTES

pytestmark = pytest.mark.system

BOX = [sys.executable, "-m", "provisioning", "box"]


@contextmanager
def mounted(folder: Path, *how: str) -> Iterator[None]:
    subprocess.run(["mount", *how, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def served(data: Path, port: int, content_port: int) -> Iterator["subprocess.Popen[str]"]:
    words = ["serve", "--data", str(data), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*BOX, *words, "--content-port", str(content_port)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "QANAT_OWN_PARTITION": "1"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def told(data: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*BOX, "status", "--data", str(data), "--json"], capture_output=True, text=True, check=False)


def test_a_box_waits_for_its_partition_and_opens_when_it_is_there(tmp_path: Path) -> None:
    """The partition comes late, as after a long check of the disk: nothing was kept before, all works afterwards."""
    data, disk = tmp_path / "data", tmp_path / "disk.img"
    data.mkdir()
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(disk)], check=True)
    box, (port, content_port, *_) = data / "box", free_ports(17)
    page = f"http://127.0.0.1:{port}/sign-in/class"
    with served(box, port, content_port) as process:
        said = line(process)
        before = httpx.get(page)
        sent = httpx.post(page, data={"code": "KMTRD"}, headers={"Origin": f"http://127.0.0.1:{port}"})
        kept = list(data.rglob("*"))
        with mounted(data, "-o", "loop", str(disk)):
            opened = [line(process) for _ in range(3)][-2:]
            after = httpx.get(page)
            status = json.loads(told(box).stdout)
            process.terminate()
            process.wait(30)
            there = (box / "box.db").exists()

    assert "no partition of its own" in said
    assert ([503, 503], []) == ([before.status_code, sent.status_code], kept)
    assert any("is open at" in one for one in opened)
    assert (200, False, True) == (after.status_code, status["is_claimed"], there)


def test_a_partition_in_memory_is_none(tmp_path: Path) -> None:
    data, (port, content_port, *_) = tmp_path / "data", free_ports(17)
    data.mkdir()
    with mounted(data, "-t", "tmpfs", "none"), served(data, port, content_port) as process:
        said = line(process)
        page = httpx.get(f"http://127.0.0.1:{port}/")
        status = told(data)
        kept = [path.name for path in data.iterdir()]
        process.terminate()
        process.wait(30)

    assert "lies in memory" in said
    assert (503, 4) == (page.status_code, status.returncode)
    assert "lies in memory" in status.stderr
    assert [] == [name for name in kept if name != "control.sock"]


def test_a_command_that_would_make_a_box_looks_at_the_ground_first(tmp_path: Path) -> None:
    words = ["--data", str(tmp_path / "box"), "--hub", "https://hub.example", "--token", "abc"]

    refused = subprocess.run([*BOX, "enrol", "--own-partition", *words], capture_output=True, text=True, check=False)

    assert (4, True) == (refused.returncode, "no partition of its own" in refused.stderr)
    assert not (tmp_path / "box").exists()
