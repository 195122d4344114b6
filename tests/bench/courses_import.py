"""Imports that cost: many small files, a large one, long lists.

* Each is the real command in a process of its own.
* Flushes are counted by strace, in a run of their own that is not timed.
* Memory is the highest resident size of the process and of whatever it started, as the kernel says at its end.
"""

import os
import random
import re
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.bench.processes import ROOT, qanat
from tests.bench.table import Row

FILES = 20_000
SECONDS_MAX = 20
FLUSHES_MAX = 50
MEMORY_BYTES_MAX = 200 << 20
LARGE_BYTES = 1 << 30
FLUSHES_EACH = 47_039
"""What the same took with one flush a file, counted at the disk on a machine of the same kind."""
SECONDS_EACH = 242

_FLUSHES = re.compile(r"\b(?:fsync|fdatasync|syncfs|sync)\(")


def import_rows(folder: Path) -> Iterator[Row]:
    """Seconds and flushes of 20,000 small files."""
    source = many_small(folder)
    seconds, _ = imported(source, folder / "timed")
    yield from import_verdicts(seconds, _flushes(source, folder / "traced"))


def memory_rows(folder: Path) -> Iterator[Row]:
    """The peak of each costly source."""
    for name, make in SOURCES.items():
        place = folder / name.replace(" ", "-")
        place.mkdir()
        _, peak_bytes = imported(make(place), place / "data")
        yield memory_verdict(name, peak_bytes)


def import_verdicts(seconds: float, flushes: int) -> Iterator[Row]:
    """What these figures are called."""
    name, is_fast = f"import of {FILES:,} files", seconds <= SECONDS_MAX
    yield Row(name, f"{SECONDS_EACH} s", f"{seconds:.1f} s", f"<= {SECONDS_MAX} s", is_fast, seconds)
    holds = flushes <= FLUSHES_MAX
    yield Row(f"{name}: flushes", f"{FLUSHES_EACH:,}", str(flushes), f"<= {FLUSHES_MAX}", holds, flushes)


def memory_verdict(name: str, peak_bytes: int) -> Row:
    """What this peak is called."""
    shown = f"{peak_bytes / (1 << 20):.0f} MiB"
    return Row(f"import of {name}", "-", shown, "<= 200 MiB", peak_bytes <= MEMORY_BYTES_MAX, peak_bytes)


def imported(source: Path, data: Path) -> tuple[float, int]:
    """Import one source by hand; seconds, and the peak of its memory in bytes."""
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(ROOT)
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            command = _command(source, data)
            os.execv(command[0], command)
        finally:
            os._exit(127)
    _, status, used = os.wait4(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, f"the import of {source.name} failed"
    return time.monotonic() - begun, used.ru_maxrss * 1024


def many_small(folder: Path) -> Path:
    """20,000 files of 4 KB in the middle, some 190 MB in all, as a course of many pages has them."""
    draws = random.Random(1)
    source = folder / "small.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", "<title>Small files</title>")
        for number in range(FILES):
            size = min(400_000, int(draws.lognormvariate(8.3, 1.3)))
            archive.writestr(f"part-{number // 200}/file-{number}.bin", draws.randbytes(size))
    return source


def one_large(folder: Path) -> Path:
    """A zip with one file of a GiB that packs to little, as a screen's recording does."""
    source = folder / "large.zip"
    draws = random.Random(2)
    block = draws.randbytes(1 << 14) * 64
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("index.html", "<title>Large</title>")
        with archive.open("recording.bin", "w", force_zip64=True) as file:
            for _ in range(LARGE_BYTES // len(block)):
                file.write(block)
    return source


def many_links(folder: Path) -> Path:
    """Pages that are full of links to the internet, each of which the report has to judge."""
    source = folder / "links.zip"
    links = '<a href="https://example.org/{0}">x</a><img src="//cdn.example.net/{0}.png">'
    page = "".join(links.format(number) for number in range(4_000))
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", f"<title>Links</title>{page}")
        for number in range(500):
            archive.writestr(f"page-{number}.html", page)
    return source


def long_names(folder: Path) -> Path:
    """As many files as may be, no two alike, under long names in another script."""
    source = folder / "names.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("index.html", "<title>Names</title>")
        for number in range(99_000):
            archive.writestr(f"دروس العلوم والرياضيات {number // 100}/الماء والهواء {number}.txt", str(number))
    return source


SOURCES: Mapping[str, Callable[[Path], Path]] = {
    f"{FILES:,} small files": many_small,
    "a file of 1 GiB": one_large,
    "two million links": many_links,
    "99,000 long names": long_names,
}


def _command(source: Path, data: Path) -> list[str]:
    return qanat("catalog", "import", str(source), "--data", str(data), "--json")


def _flushes(source: Path, data: Path) -> int:
    trace = data.with_suffix(".trace")
    watched = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,syncfs,sync", "-o", str(trace)]
    subprocess.run([*watched, *_command(source, data)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return len(_FLUSHES.findall(trace.read_text()))
