"""Boards: whole machines that start an image, emulated by QEMU, with the firmware that a real one has.

* A board has a disk of its own, copied from the image, on which everything stays between its starts.
* Its network is QEMU's own: the board reaches nothing but this machine's loopback, and only its ports 80 and 8100 are
  reached from here.
* Cutting the power ends QEMU at once. What the board's kernel had not written is lost; what the host's has, is not.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.ports import free_ports

MEMORY_MIB = 1024
PAGE_SECONDS_MAX = 240
DISK_BYTES = 3 << 30
"""The card: the data partition grows to what of it is left."""

FIRMWARE_OFFSET_BYTES = 1 << 20
LOUD = "systemd.journald.forward_to_console=1 loglevel=6"
"""Everything that services say comes out at the serial line as well."""

EMULATORS = {
    "amd64": ["qemu-system-x86_64", "-M", "q35", "-cpu", "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16"],
    "arm64": ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a72"],
}
FIRMWARE = {"amd64": "/usr/share/OVMF/OVMF_CODE_4M.fd", "arm64": "/usr/share/AAVMF/AAVMF_CODE.fd"}
VARIABLES = {"amd64": "/usr/share/OVMF/OVMF_VARS_4M.fd", "arm64": "/usr/share/AAVMF/AAVMF_VARS.fd"}


@dataclass
class Board:
    """One emulated machine with its card."""

    arch: str
    disk: Path
    log: Path = field(init=False)
    port: int = field(init=False, default=0)
    _process: "subprocess.Popen[bytes] | None" = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.log = self.disk.with_suffix(".log")

    @classmethod
    def with_card(cls, arch: str, image: Path, folder: Path, disk_bytes: int = DISK_BYTES, options: str = LOUD) -> Self:
        """A board with a copy of this image on a card of its own; its kernel is told `options` as well."""
        disk = folder / f"{arch}.disk"
        subprocess.run(["cp", "--sparse=always", image, disk], check=True)
        os.truncate(disk, disk_bytes)
        shutil.copy(VARIABLES[arch], disk.with_suffix(".vars"))
        board = cls(arch, disk)
        for name in board.start_files("loader/entries"):
            board.put(
                f"loader/entries/{name}", board.read(f"loader/entries/{name}").rstrip() + f" {options}\n".encode()
            )
        return board

    def start(self) -> Self:
        """Switch it on."""
        assert self._process is None, "it is on already"
        self.port = free_ports(1)[0]
        self.log.write_bytes(b"")
        self._process = subprocess.Popen(
            [
                *EMULATORS[self.arch], "-accel", "tcg,thread=multi", "-smp", "2", "-m", str(MEMORY_MIB), "-no-reboot",
                "-display", "none", "-monitor", "none", "-serial", f"file:{self.log}",
                "-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE[self.arch]}",
                "-drive", f"if=pflash,format=raw,file={self.disk.with_suffix('.vars')}",
                "-drive", f"file={self.disk},format=raw,if=virtio,cache=unsafe",
                "-netdev", f"user,id=lan,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:80",
                "-device", "virtio-net-pci,netdev=lan,romfile=", "-device", "virtio-rng-pci",
            ],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return self

    def start_files(self, folder: str) -> list[str]:
        """The files of a folder on the card's first partition; the board is off."""
        said = self._mtools("mdir", "-b", f"::/{folder}").decode()
        return [line.rpartition("/")[2] for line in said.splitlines() if line.strip()]

    def read(self, name: str) -> bytes:
        """A file on the card's first partition; the board is off."""
        return self._mtools("mtype", f"::/{name}")

    def put(self, name: str, data: bytes) -> None:
        """Write a file on the card's first partition; the board is off."""
        assert not self.is_on, "the board has it open"
        self._mtools("mcopy", "-o", "-", f"::/{name}", data=data)

    def put_folder(self, name: str) -> None:
        """Make a folder on the card's first partition, where there is none."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._mtools("mmd", "-D", "s", f"::/{name}")

    def _mtools(self, program: str, *arguments: str, data: bytes | None = None) -> bytes:
        command = [program, "-i", f"{self.disk}@@{FIRMWARE_OFFSET_BYTES}", *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """What it wrote on its serial line since it was switched on."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.log.read_text(errors="replace"))

    def page(self, path: str = "/", seconds: float = PAGE_SECONDS_MAX) -> httpx.Response:
        """The first page that the box itself answers with; looks again until it is there."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.is_on:
            with contextlib.suppress(httpx.HTTPError):
                answer = httpx.get(self.address + path, timeout=10, headers={"Host": f"127.0.0.1:{self.port}"})
                if answer.status_code != 503:
                    return answer
            time.sleep(0.5)
        raise AssertionError(f"no page within {seconds} s; it said:\n{self.said[-4000:]}")

    def page_that_says(self, words: str, seconds: float = PAGE_SECONDS_MAX) -> httpx.Response:
        """The first page, once it says these words, with whatever status."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.is_on:
            with contextlib.suppress(httpx.HTTPError):
                answer = httpx.get(self.address, timeout=10)
                if words in answer.text:
                    return answer
            time.sleep(0.5)
        raise AssertionError(f"no page said {words!r}; the machine said:\n{self.said[-4000:]}")

    def says(self, pattern: str, seconds: float = PAGE_SECONDS_MAX) -> str:
        """Wait until it says what matches; the first group of it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if (match := re.search(pattern, self.said)) is not None:
                return match.group(1)
            time.sleep(0.1)
        raise AssertionError(f"it never said {pattern}, but:\n{self.said[-4000:]}")

    def said_to_kernel(self) -> str:
        """The command line that its kernel was given at this start."""
        return self.says(r"Kernel command line: ([^\n]*)")

    @property
    def is_on(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_until_off(self, seconds: float = PAGE_SECONDS_MAX) -> None:
        """Wait until the machine switched itself off, or asked to start again."""
        assert self._process is not None
        self._process.wait(seconds)
        self._process = None

    def cut(self) -> None:
        """Cut the power."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
