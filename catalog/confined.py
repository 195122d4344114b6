"""Confined: a program at work on strangers' files, in a child that may do little.

* Its time, its memory and the size of what it writes are limited; it gives way to others, gets no environment of ours
  and no new rights, and ends when whoever asked for it does.
* The tools that see to it (`setpriv`, `timeout`, `prlimit`, `nice`) are part of every Debian.
"""

import os
import shutil
from collections.abc import Mapping, Sequence

TOOLS = ("setpriv", "timeout", "prlimit", "nice")
ENVIRONMENT: Mapping[str, str] = {"PATH": os.defpath, "LANG": "C.UTF-8"}
CPU_PER_SECOND = 2
"""Cores that a program may keep busy all of its time."""


def can_confine() -> bool:
    """Tell whether this machine has what is needed."""
    return all(shutil.which(tool) for tool in TOOLS)


def confined(command: Sequence[str], seconds: int, memory_bytes: int, written_bytes: int) -> list[str]:
    """The command that runs `command` within these limits."""
    dies_with_us = ["setpriv", "--pdeathsig=KILL", "--no-new-privs"]
    in_time = ["timeout", "--kill-after=5", str(seconds)]
    limits = [f"--as={memory_bytes}", f"--fsize={written_bytes}", f"--cpu={seconds * CPU_PER_SECOND}", "--core=0"]
    return [*dies_with_us, *in_time, *dies_with_us, "nice", "-n", "10", "prlimit", *limits, *command]
