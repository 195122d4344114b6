"""The house stands: imports go down only, hard things have one home, and no room has grown fat unnoticed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("catalog", "sync", "edge", "provisioning")
MODULE_LINES_MAX = 400
BREACHES = [
    ("catalog/digest.py", "import sync.wire", "Imports go down the staircase only"),
    ("sync/journal.py", "import edge.config", "Imports go down the staircase only"),
    ("edge/box.py", "import sync.hub.hub", "The box never imports the hub"),
    ("sync/wire.py", "import sync.hub.hub", "Both ends share the wire, and the wire knows neither"),
    ("sync/budget/due.py", "import time", "Decisions touch nothing"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house that a test may spoil."""
    copy = tmp_path_factory.mktemp("house")
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, copy / floor, ignore=shutil.ignore_patterns("__pycache__", "samples", "static"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def contracts(house: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(house), "COLUMNS": "200"}
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)


def test_the_contracts_hold(house: Path) -> None:
    answer = contracts(house)

    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(("module", "breach", "contract"), BREACHES)
def test_a_planted_breach_is_caught(house: Path, module: str, breach: str, contract: str) -> None:
    path = house / module
    clean = path.read_text()
    path.write_text(f"{clean}\n{breach}\n")

    answer = contracts(house)
    path.write_text(clean)

    assert answer.returncode != 0
    assert f"{contract} BROKEN" in answer.stdout


def test_no_module_is_fat_without_a_reason() -> None:
    """A module over 400 lines says why in its docstring, with the words "Long because"."""
    fat = [
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*.py")
        if len((text := path.read_text()).splitlines()) > MODULE_LINES_MAX and "Long because" not in text
    ]

    assert fat == []


def test_every_module_says_what_it_keeps_true() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*.py")
        if not path.read_text().startswith('"""')
    ]

    assert silent == []
