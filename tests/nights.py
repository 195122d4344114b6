"""A night of the demo, for tests and benches: a hub and a box as processes, on ports that no other worker looks at."""

import sys
from contextlib import ExitStack
from pathlib import Path

from provisioning.demo import BOX_PORT, CONTENT_PORT, CONTENT_PORTS, Night
from tests.ports import free_ports


def a_night(folder: Path, leaving: ExitStack) -> Night:
    """Made and not begun; what it starts is stopped when `leaving` ends."""
    hub, box, *_ = free_ports(10 + CONTENT_PORT - BOX_PORT + CONTENT_PORTS)[::10]
    night = Night(
        folder, leaving, lan=False, say=lambda words: print(words, file=sys.stderr), hub_port=hub, box_port=box
    )
    leaving.callback(night.hub.stop)
    leaving.callback(night.box.stop)
    return night


def _say(words: str) -> None:
    print(words, file=sys.stderr)
