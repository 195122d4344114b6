"""Coverage-guided inputs: atheris knocks at each door for seconds in every run, and longer where it is asked to."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.doors import NAMES
from tests.hostile.running import ROOT

RUNS = {"messages": 1_500, "batches": 600, "letters": 600, "files": 600, "films": 300, "metadata": 150}
RUNS_ELSEWHERE = 60
"""At doors where one case takes milliseconds."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="atheris is built for x86_64 alone"),
]


@pytest.mark.parametrize("name", NAMES)
def test_coverage_leads_to_no_input_that_is_taken_for_another(name: str, tmp_path: Path) -> None:
    done = _guided(name, tmp_path)

    assert 0 == done.returncode, done.stderr[-3_000:]
    assert "Done" in done.stderr


def test_coverage_leads_to_a_planted_mistake(tmp_path: Path) -> None:
    done = _guided("batches", tmp_path, "--mistake=a batch is believed without its chain")

    assert done.returncode != 0
    assert list(tmp_path.glob("crash-*"))


def _guided(name: str, folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    words = ["-m", "tests.hostile.guided", name, str(folder), f"--runs={RUNS.get(name, RUNS_ELSEWHERE)}", *more]
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
