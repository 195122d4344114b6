"""Processes of a bench: started on free loopback ports, measured by what the kernel says, ended by their own id."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
START_SECONDS_MAX = 60
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(command: Sequence[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended when the bench is done with it."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=file, stderr=file, stdin=subprocess.DEVNULL, env={**os.environ, **environment}
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def qanat(*words: str, python: str = sys.executable) -> list[str]:
    """The command line of the `qanat` command in this Python."""
    return [python, "-m", "provisioning", *words]


def first_page(address: str, process: subprocess.Popen[bytes]) -> float:
    """Seconds until `address` answers; the process must be alive all the while."""
    begun = time.monotonic()
    while time.monotonic() - begun < START_SECONDS_MAX:
        assert process.poll() is None, "the process ended before its first page"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                answer.read()
                return time.monotonic() - begun
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"{address} did not answer in {START_SECONDS_MAX} s")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its finished children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / CLOCK_TICKS


def memory_bytes(pid: int) -> int:
    """Proportional set size: private memory and a fair share of what is shared."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel tells no PSS")


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
