"""Tools: the programs of Debian that an image is made with, run with their words kept.

* A program that fails says so with its own last words; one that is missing is named with its package.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from catalog.fault import BoxFault

PACKAGES = {
    "apt-get": "apt",
    "busybox": "busybox-static",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "mcopy": "mtools",
    "mformat": "mtools",
    "mke2fs": "e2fsprogs",
    "mksquashfs": "squashfs-tools",
    "mmd": "mtools",
    "mmdebstrap": "mmdebstrap",
    "sfdisk": "fdisk",
}
SAID_LINES = 12


class ToolFailed(BoxFault):
    """A program that the image is made with is missing, or ended badly."""


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    data: bytes | None = None,
) -> bytes:
    """Run a program to its end and return what it printed. Raises ToolFailed."""
    name = Path(command[0]).name
    path = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
    if shutil.which(str(command[0]), path=path["PATH"]) is None:
        package = PACKAGES.get(name, name)
        raise ToolFailed(
            f"The program {name} is not on this machine.", f"Install it, on Debian with `apt install {package}`."
        )
    done = subprocess.run(
        [str(part) for part in command],
        env={**path, **(environment or {})},
        cwd=folder,
        input=data or b"",
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr + done.stdout).decode(errors="replace").splitlines()[-SAID_LINES:]
        raise ToolFailed(
            f"{name} ended with {done.returncode}: " + " / ".join(line.strip() for line in said if line.strip()),
            "If it was the network or the disk, run the same command again: what is made stays made.",
        )
    return done.stdout
