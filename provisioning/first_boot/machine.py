"""The machine as first boot finds it: where things are, and the programs that change them.

* Every path hangs below one root, so that the steps can be tried on a folder.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from catalog.fault import BoxFault, CallerFault


@dataclass(frozen=True, slots=True)
class Machine:
    """A running appliance."""

    root: Path = Path("/")

    @property
    def data(self) -> Path:
        """The data partition."""
        return self.root / "data"

    @property
    def box(self) -> Path:
        """The box's own folder on it."""
        return self.data / "box"

    @property
    def state(self) -> Path:
        """What the machine itself keeps on it: its id, its clock."""
        return self.data / "machine"

    @property
    def firmware(self) -> Path:
        """The card's first partition, mounted to be read."""
        return self.root / "boot/firmware"

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def devices(self) -> Path:
        """The partitions of the disk that the machine started from, by what they are."""
        return self.root / "dev/qanat"

    def demand_appliance(self) -> None:
        """Raises CallerFault where this is no appliance: what its commands do is for no other machine."""
        if not (self.root / "usr/lib/qanat/box.toml").is_file():
            raise CallerFault(
                "This machine is no appliance of Qanat, so nothing was done.",
                "Burn a card with `qanat provision burn`, and start a box from it.",
            )

    def started(self) -> dict[str, str]:
        """What the first steps wrote down: `disk`, the name of the disk, and `slot`, the number of the partition."""
        text = (self.etc / "qanat/started").read_text()
        return dict(pair.split("=", 1) for pair in text.split())

    def run(self, command: Sequence[str], told: str = "") -> str:
        """Run a program of the system, with what it is told on its standard input. Raises BoxFault."""
        done = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = " ".join((done.stderr + done.stdout).split())
            raise BoxFault(
                f"{command[0]} ended with {done.returncode}: {said}", "Start the box again, or try another card."
            )
        return done.stdout
