"""`qanat demo` lives the whole night with real processes, and says what moved."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.fault import BoxFault
from provisioning.demo import Serving

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent.parent
KEYS = {"courses", "bytes_down", "bytes_up", "requests", "events_up", "seconds"}


def test_the_night_ends_well_and_is_summed_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "provisioning", "demo", "--once", "--json", "--data", str(tmp_path / "demo")]

    night = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)

    assert night.returncode == 0, night.stderr
    summary = json.loads(night.stdout)
    assert KEYS <= summary.keys()
    assert len(summary["courses"]) == 3
    assert summary["events_up"] > 0
    assert summary["bytes_down"] > 0


def test_our_own_courses_serve_where_no_others_are(tmp_path: Path) -> None:
    """A clone that stands alone: the project's folder copied away from everything beside it."""
    script = (
        "import pathlib, provisioning.demo as demo\n"
        "demo.SHARED = pathlib.Path('/nowhere')\n"
        "demo.demo.main(['--once', '--json'], standalone_mode=False)\n"
    )

    night = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )

    assert night.returncode == 0, night.stderr
    assert sorted(json.loads(night.stdout)["courses"]) == ["qanat-ar", "siphon", "water"]


def test_whoever_else_answers_at_the_port_is_not_taken_for_the_hub(tmp_path: Path) -> None:
    """Two demos began in one moment: the second looked for its claim code at the first one's hub."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        hub = Serving("hub", tmp_path / "hub", port, ["--port", str(port), "--host", "127.0.0.1"])

        with pytest.raises(BoxFault, match="did not start") as refused:
            hub.start()

    assert "choose another with --port" in refused.value.hint
