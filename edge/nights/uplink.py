"""The uplink: what crosses a metered network interface, as the kernel counts it.

* The kernel counts from when the interface appears; a restart, or a modem that is plugged in again, begins at nothing.
* Only reads; what it means for the budget is the ledger's business.
"""

from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
RECEIVED_COLUMN = 0
SENT_COLUMN = 8
"""Of the numbers that stand behind an interface's name in /proc/net/dev."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An interface's counters, both directions together, in one run of the machine."""

    interface: str
    boot: str
    counted_bytes: int


def read(interface: str, proc: Path = PROC) -> Reading | None:
    """The counters now; None where there is no such interface, or nobody who counts."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        lines = (proc / "net/dev").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, numbers = line.partition(":")
        columns = numbers.split()
        if name.strip() == interface and len(columns) > SENT_COLUMN:
            return Reading(interface, boot, int(columns[RECEIVED_COLUMN]) + int(columns[SENT_COLUMN]))
    return None


def moved_bytes(before: Reading | None, now: Reading) -> int:
    """What crossed since the reading before; the very first reading of an interface only says where to count from."""
    if before is None or before.interface != now.interface:
        return 0
    if before.boot != now.boot or now.counted_bytes < before.counted_bytes:
        return now.counted_bytes
    return now.counted_bytes - before.counted_bytes
