"""Images, built by the command that builds them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Image = Callable[[str], Path]


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image of an architecture, built once from this checkout; stages of former runs are used."""
    folder, built = tmp_path_factory.mktemp("images"), dict[str, Path]()

    def of(arch: str) -> Path:
        if arch not in built:
            out = folder / f"{arch}.img"
            command = [
                sys.executable,
                "-m",
                "provisioning",
                "provision",
                "image",
                "build",
                "--arch",
                arch,
                "--out",
                out,
            ]
            subprocess.run(command, cwd=ROOT, check=True)
            built[arch] = out
        return built[arch]

    return of
