"""What the board's light says: slow and even is well; quick means that somebody is needed.

* A heartbeat while it starts, on while all is well, quick blinking where the card has no data partition or no seed.
* A board without such a light says nothing, and nothing goes wrong.
"""

import contextlib
from enum import Enum
from pathlib import Path

NAMES = ("ACT", "led0", "act", "PWR")
QUICK_MILLISECONDS = 120


class Light(Enum):
    """What is said, by the kernel's names of patterns (Documentation/leds/leds-class.rst)."""

    STARTING = "heartbeat"
    WELL = "default-on"
    NEEDS_SOMEBODY = "timer"


def show(light: Light, leds: Path = Path("/sys/class/leds")) -> bool:
    """Let the board's light say it; whether there is one."""
    found = next((leds / name for name in NAMES if (leds / name / "trigger").exists()), None)
    if found is None:
        return False
    with contextlib.suppress(OSError):
        (found / "trigger").write_text(light.value)
        if light is Light.NEEDS_SOMEBODY:
            for delay in ("delay_on", "delay_off"):
                (found / delay).write_text(str(QUICK_MILLISECONDS))
    return True
