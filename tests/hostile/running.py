"""Running: cases are judged in a child process, so that one that brings it down is a finding and not the end."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

Outcome = tuple[int, str]
"""A case's number, and what is wrong with how it ended, or ""."""


def judged(first: int, count: int, *, step: int = 1, mistake: str = "") -> Iterator[Outcome]:
    """Judge these cases; with a mistake planted only until it is found. A case that ends its child is one."""
    end = first + count * step
    while first < end:
        last = yield from _child(first, (end - first + step - 1) // step, step, mistake)
        if last is None:
            return
        first = last + step


def _child(first: int, count: int, step: int, mistake: str) -> Generator[Outcome, None, int | None]:
    """What one child says. Returns the number that it died of, or None."""
    words = [sys.executable, "-m", "tests.hostile", str(first), f"--count={count}", f"--step={step}", "--json"]
    child = subprocess.Popen(
        [*words, *([f"--mistake={mistake}"] if mistake else [])], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    number = first
    try:
        assert child.stdout is not None
        assert child.stderr is not None
        for line in child.stdout:
            said, complaint = json.loads(line)
            yield said, complaint
            number = said + step
        said_last = child.stderr.read().strip().splitlines()[-1:]
        code = child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()
    if code == 0:
        return None
    yield number, f"the process ended with {code} {' '.join(said_last)}"
    return number
