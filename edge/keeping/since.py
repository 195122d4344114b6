"""Since: the earliest that it can be now, whatever the machine's clock says.

* A box is younger than its image, than its card's seed, and than what it last saw.
* A machine that had to be told the time when it started has not kept it: then its clock proves nothing.
* What cannot be read says nothing, and stops nothing.
"""

from pathlib import Path

from catalog.fault import Fault
from edge.birth.seed import SEED_BYTES_MAX, Seed
from sync.clock import SystemClock

BUILT = Path("/etc/qanat/built-seconds")
"""When the image was made, in seconds since 1970; an installation by hand has none."""

LOST = Path("/run/qanat/clock-lost")
"""There since this start of the machine if its clock was behind what was last seen, and was put forward."""

SEED = "seed.json"
"""The seed of this box's card, in its data folder."""

NUMBER_BYTES_MAX = 32
BELIEVED_UNTIL_SECONDS = 4_102_444_800
"""2100-01-01: a seed or an image that says to be from later says nothing."""


def machine_clock(lost: Path = LOST) -> SystemClock:
    """The clock of this machine."""
    return SystemClock(is_kept=not lost.exists())


def earliest_seconds(data: Path, built: Path = BUILT) -> int:
    """No moment of this box is before this; 0 where nothing is known."""
    said = (_built_seconds(built), _seed_seconds(data / SEED))
    return max((seconds for seconds in said if seconds < BELIEVED_UNTIL_SECONDS), default=0)


def _built_seconds(built: Path) -> int:
    try:
        with built.open("rb") as file:
            return int(file.read(NUMBER_BYTES_MAX))
    except (OSError, ValueError):
        return 0


def _seed_seconds(seed: Path) -> int:
    try:
        with seed.open("rb") as file:
            return Seed.from_bytes(file.read(SEED_BYTES_MAX + 1)).made_seconds
    except (OSError, Fault):
        return 0
