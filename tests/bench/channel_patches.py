"""Our patches made by hand: `qanat sync patch`, as anybody may run it, with its bytes and its CPU.

* A figure counts only when it is true: what a patch makes of the older folder must be the newer one, file by file.
* CPU is user and system time of the command and of all it started; so Python's own start is in it.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.channel_courses import Course, contents, files
from tests.bench.processes import ROOT, qanat

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch or a full pack that was built, and is known to bring the newer version."""

    path: Path
    size_bytes: int
    cpu_seconds: float
    """What building it took."""
    is_exact: bool
    """What it makes of the older version is the newer one."""


def patch(course: Course, out: Path, *, old: Path | None = None, new: Path | None = None) -> Patch:
    """From the course's older version to its newer one; `old` and `new` are other sources of the same, such as zips."""
    source, target = str(old or course.old), str(new or course.new)
    cpu_seconds = _cpu_seconds("build", source, target, "--out", str(out))
    made = _applied(out, course, "--from", source)
    return Patch(out, out.stat().st_size, cpu_seconds, made)


def full(course: Course, out: Path) -> Patch:
    """The course's newer version, for who has nothing."""
    cpu_seconds = _cpu_seconds("full", str(course.new), "--out", str(out))
    return Patch(out, out.stat().st_size, cpu_seconds, _applied(out, course))


def _applied(pack: Path, course: Course, *options: str) -> bool:
    made = pack.with_name(f"{pack.name}-made")
    _cpu_seconds("apply", str(pack), *options, "--out", str(made))
    try:
        return _listing(made) == _listing(course.new)
    finally:
        shutil.rmtree(made)


def _listing(folder: Path) -> dict[str, tuple[int, str]]:
    paths = [path.relative_to(folder).as_posix() for path in files(folder)]
    return dict(zip(paths, contents(folder), strict=True))


def _cpu_seconds(*words: str) -> float:
    """Run `qanat sync patch` with these words, and say what it took."""
    command = qanat("sync", "patch", *words)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    with process.stderr:
        said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"qanat sync patch {words[0]}: {said.decode()[-500:]}"
    return usage.ru_utime + usage.ru_stime
