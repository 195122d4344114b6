"""The `qanat` command: one door, instant help, faults as sentences."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from provisioning.cli import GROUPS, qanat

HEAVY = ("flask", "httpx", "aiohttp", "sqlite_utils", "apscheduler", "zstandard", "sqlalchemy", "cryptography", "babel")


@pytest.mark.parametrize(
    "words",
    [
        [], ["box"], ["hub"], ["catalog"], ["box", "sync"], ["hub", "publish"], ["demo"], ["sync"],
        ["sync", "patch", "build"], ["sync", "patch", "apply"],
    ],
)  # fmt: skip
def test_help_opens_no_heavy_room(words: list[str]) -> None:
    """A start-up is asserted by what it loads, not by seconds: none of the heavy libraries."""
    script = (
        "import sys\n"
        "from provisioning.cli import qanat\n"
        f"try:\n    qanat.main({[*words, '--help']!r}, standalone_mode=True)\n"
        "except SystemExit as leaving:\n    assert not leaving.code, leaving.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.exit(f'loads {loaded}' if loaded else 0)\n"
    )

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr


def test_every_group_is_listed_with_a_sentence() -> None:
    help_text = CliRunner().invoke(qanat, ["--help"]).output

    assert [name for name in GROUPS if name not in help_text] == []


def test_a_fault_is_a_sentence_a_hint_and_an_exit_code(tmp_path: object) -> None:
    command = [
        sys.executable,
        "-m",
        "provisioning",
        "catalog",
        "import",
        f"{tmp_path}/nowhere.zip",
        "--data",
        str(tmp_path),
    ]

    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert answer.returncode in (2, 3)
    assert "Traceback" not in answer.stderr
