"""Health: whether what was started works, as those who use it see it.

* What runs is well when the box answers a page through nginx, from this machine, a few times in a row.
* On trial and not well in time, the machine starts again, and the loader takes what was good before.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

PAGE = "http://127.0.0.1/"
ANSWERS_WANTED = 3
PAUSE_SECONDS = 1.0
TRIAL_SECONDS_MAX = 300
STATUS_WELL = 200


def is_well(ask: Callable[[], bool], wait: Callable[[float], None], seconds_max: float = TRIAL_SECONDS_MAX) -> bool:
    """Ask until it answered well a few times in a row, or the time is over."""
    well, waited = 0, 0.0
    while waited < seconds_max:
        well = well + 1 if ask() else 0
        if well >= ANSWERS_WANTED:
            return True
        wait(PAUSE_SECONDS)
        waited += PAUSE_SECONDS
    return False


def trial_seconds(root: Path) -> float:
    """How long what is on trial may take, in seconds; whoever starts it may say so (`qanat.trial_seconds=`)."""
    words = (root / "proc/cmdline").read_text().split()
    said = [word.partition("=")[2] for word in words if word.startswith("qanat.trial_seconds=")]
    return float(said[-1]) if said and said[-1].isdigit() else TRIAL_SECONDS_MAX


def page_answers() -> bool:
    """Ask for the first page as a browser beside the box would."""
    try:
        with urllib.request.urlopen(PAGE, timeout=10) as answer:
            return bool(answer.status == STATUS_WELL)
    except (urllib.error.URLError, OSError):
        return False


def wait(seconds: float) -> None:
    time.sleep(seconds)
