"""How much room Qanat takes: installed, at the start, and idle.

* Two fresh environments are filled from the locks, as a box and a hub are; pip is not counted, Qanat is.
* The box is started from there some times over one data folder, medians are shown; the start that makes it is left out.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.processes import ROOT, cpu_seconds, first_page, memory_bytes, running, threads
from tests.bench.table import Row, show
from tests.ports import free_ports

STARTS = 5
IDLE_SECONDS = 4
"""Long enough that the timer of the night is loaded too."""

MIB = 1 << 20


def installed(extra: str, folder: Path) -> int:
    """Bytes of everything that an installation brings, pip apart."""
    venv = folder / extra
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--require-hashes", "--requirement", str(ROOT / f"lock/{extra}.txt")],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    source = folder / f"source-{extra}"
    kept = shutil.ignore_patterns(".git", ".venv", "tests", "docs", "__pycache__", "build", "*.egg-info", ".*_cache")
    shutil.copytree(ROOT, source, ignore=kept)
    subprocess.run([*pip, "--no-deps", str(source)], check=True, stderr=subprocess.DEVNULL)
    packages = next(venv.glob("lib/python3*/site-packages"))
    used = subprocess.run(
        ["du", "-sk", "--exclude=pip", "--exclude=pip-*", str(packages)], capture_output=True, check=True
    )
    return int(used.stdout.split()[0]) * 1024


def started(folder: Path, qanat: Path) -> tuple[float, float, int, int]:
    """Seconds and CPU seconds to the first page, then idle memory and threads: medians over some starts."""
    figures = []
    for number in range(STARTS):
        port, content_port = free_ports(20)[:2]
        ports = ["--host", "127.0.0.1", "--port", str(port), "--content-port", str(content_port)]
        command = [str(qanat), "box", "serve", "--data", str(folder / "data"), *ports]
        with running(command, folder / f"box-{number}.log") as process:
            seconds = first_page(f"http://127.0.0.1:{port}/", process)
            cpu = cpu_seconds(process.pid)
            time.sleep(IDLE_SECONDS)
            figures.append((seconds, cpu, memory_bytes(process.pid), threads(process.pid)))
    figures = figures[1:]  # the first start makes the box
    medians = [statistics.median(column) for column in zip(*figures, strict=True)]
    return medians[0], medians[1], int(medians[2]), int(medians[3])


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        box, hub = installed("box", Path(folder)) / MIB, installed("hub", Path(folder)) / MIB
        seconds, cpu, memory, count = started(Path(folder), Path(folder) / "box/bin/qanat")
    memory_megabytes = memory / 1_000_000
    return [
        Row("installed, box", "350 MiB", f"{box:.0f} MiB", "<= 125 MiB", box <= 125, box),
        Row("installed, with hub", "350 MiB", f"{hub:.0f} MiB", "<= 155 MiB", hub <= 155, hub),
        Row("start to first page", "2.1-4.2 s", f"{seconds:.2f} s", "<= 1.0 s", seconds <= 1.0, seconds),
        Row("start, CPU", "1.1 s", f"{cpu:.2f} s", "<= 0.6 s", cpu <= 0.6, cpu),
        Row(
            "idle memory (PSS)",
            "103 MB",
            f"{memory_megabytes:.0f} MB",
            "<= 75 MB",
            memory_megabytes <= 75,
            memory_megabytes,
        ),
        Row("idle threads", "310", str(count), "<= 40", count <= 40, count),
    ]


if __name__ == "__main__":
    show("Footprint (peer: Kolibri 0.19.5)", rows())
