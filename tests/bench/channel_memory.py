"""What applying costs in memory: `qanat sync patch apply` in a process of its own, by what the kernel says of it.

* Growth is the highest resident size while it applies, less the resident size when all that it needs was loaded. The
  kernel's own high-water mark is set back in between, so nothing that came before counts.
* Children, such as `djxl`, are not in it: they have limits of their own.
"""

import json
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from tests.bench.processes import ROOT

MEBIBYTE = 1 << 20
LOADED_BEFORE = ("lzma", "zstandard", "sync.patch.cli", "sync.patch.apply", "sync.patch.folders", "sync.patch.versions")
"""A box has these in its memory anyway when a pack comes."""

_RESET_PEAK = "5"


def growth_bytes(pack: Path, old: Path | None = None) -> int:
    """How far the memory of a fresh process grows while it applies `pack` on `old`."""
    with tempfile.TemporaryDirectory(prefix="qanat-memory-") as folder:
        words = ["apply", str(pack), *(["--from", str(old)] if old else []), "--out", str(Path(folder) / "made")]
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.channel_memory", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-1000:]
    growth: int = json.loads(done.stdout.splitlines()[-1])
    return growth


def _measured(words: list[str]) -> int:
    """The child's part: load, set the mark back, apply, read the mark."""
    from provisioning.cli import qanat

    for name in LOADED_BEFORE:
        import_module(name)
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    before_bytes = _status_bytes("VmRSS")
    qanat.main(["sync", "patch", *words], standalone_mode=False)
    return _status_bytes("VmHWM") - before_bytes


def _status_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    print(json.dumps(_measured(sys.argv[1:])))
