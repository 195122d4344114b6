"""Machines of a bad night: real processes on the loopback, which can be killed, and the commands that ask them."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.bench.processes import ROOT, first_page, qanat
from tests.ports import free_ports

COMMAND_SECONDS_MAX = 120
END_SECONDS_MAX = 30


class Machine:
    """A hub or a box as a process on the loopback, with its folder; its code is that in `root`."""

    def __init__(self, kind: str, data: Path, root: Path = ROOT) -> None:
        self.kind, self.data, self.root = kind, data, root
        self.process: subprocess.Popen[bytes] | None = None
        self.ports: list[int] = []
        self.program = "provisioning"
        """The module that serves: another one has a mistake planted in it."""
        data.mkdir(parents=True, exist_ok=True)

    def starts(self) -> None:
        # The same again at the next start: a box knows its hub by its address.
        self.ports = ports = self.ports or free_ports(2)
        self.address = f"http://127.0.0.1:{ports[0]}"
        self.port = ports[0]
        words = [self.kind, "serve", "--data", str(self.data), "--host", "127.0.0.1", "--port", str(ports[0])]
        words += ["--content-port", str(ports[1])] if self.kind == "box" else []
        with self.data.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.program, *words],
                cwd=self.root,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            first_page(f"{self.address}/", self.process)
        except AssertionError as error:
            error.add_note(self.data.with_suffix(".log").read_text()[-2000:])
            raise

    def is_killed(self) -> None:
        """As the kernel kills: nothing is tidied up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(END_SECONDS_MAX)

    def stops(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.is_killed()

    def shows(self, path: str = "/") -> int:
        with urllib.request.urlopen(self.address + path, timeout=END_SECONDS_MAX) as answer:
            return int(answer.status)

    def told(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of this machine, as staff type it."""
        return command(self.kind, *words, "--data", str(self.data), root=self.root)

    def says(self, *words: str) -> Any:
        """The same, which must go well; its JSON."""
        ended = self.told(*words, "--json")
        assert 0 == ended.returncode, ended.stderr
        return json.loads(ended.stdout)

    def courses(self) -> list[str]:
        return [row["course"] for row in self.says("courses")["courses"]]


def command(*words: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        qanat(*words), cwd=root, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS_MAX
    )
