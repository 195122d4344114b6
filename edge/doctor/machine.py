"""The machine under a box, as the kernel tells of it: its disk, its warmth, its power, its network.

* Only reads, a little of each file; what is not there, or may not be read, is None: "not seen here".
* Files are read below a root that is passed in; programs are run by whoever is passed in.
* `iw` is the one program that is asked: the kernel says no country and no guests in files.
"""

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
FILE_BYTES_MAX = 1 << 20
PROGRAM_SECONDS_MAX = 5
SLOT_FILE = "run/qanat/slot.json"
NGINX_FILES = ("run/nginx.pid", "var/run/nginx.pid")
THROTTLED_FILE = "sys/devices/platform/soc/soc:firmware/get_throttled"
TENTHS_WORN_MAX = 11
"""What a card says when it is past its life: each number before it is a tenth."""

Run = Callable[[Sequence[str]], str | None]
"""Runs a program and returns what it prints; None where there is none, or it fails."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Where the data lies."""

    point: str
    kind: str
    is_own: bool
    """Whether it is a file system of its own, apart from the machine's."""
    is_read_only: bool
    errors: int | None
    """How many errors the file system counts; only ext4 does."""
    worn_tenths: int | None
    """How many tenths of its life the card says it has lived; most SD cards say nothing."""


@dataclass(frozen=True, slots=True)
class Wifi:
    """The Wi-Fi that is there."""

    interface: str
    country: str | None
    """Two letters; "00" is the world's common ground: no country was set."""
    guests: int | None
    """How many are on it now."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Which of the two copies of the software runs."""

    name: str
    version: str
    is_trial: bool
    """It was started for a first time, and goes back by itself unless it is found well."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What was seen; None: not seen here."""

    mount: Mount | None
    is_nginx_running: bool | None
    wifi: Wifi | None
    interfaces: frozenset[str]
    slot: Slot | None
    warmest_millidegrees: int | None
    throttled: int | None
    """The bits of a Raspberry Pi's firmware: 0 too little voltage now, 16 since it was started."""
    memory_free_bytes: int | None
    memory_bytes: int | None


def read(data: Path, root: Path = ROOT, run: Run | None = None) -> Machine:
    """Look at the machine on which the box in `data` is."""
    free_bytes, all_bytes = _memory(root)
    return Machine(
        mount=_mount(data, root),
        is_nginx_running=_is_nginx_running(root),
        wifi=_wifi(root, run or run_program),
        interfaces=frozenset(_names(root / "sys/class/net")),
        slot=_slot(root),
        warmest_millidegrees=_warmest(root),
        throttled=_whole(root / THROTTLED_FILE, 16),
        memory_free_bytes=free_bytes,
        memory_bytes=all_bytes,
    )


def run_program(words: Sequence[str]) -> str | None:
    """Run a program for a moment."""
    try:
        done = subprocess.run(
            list(words), capture_output=True, timeout=PROGRAM_SECONDS_MAX, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout[-FILE_BYTES_MAX:].decode(errors="replace") if done.returncode == 0 else None


def _mount(data: Path, root: Path) -> Mount | None:
    lines = (_text(root / "proc/self/mountinfo") or "").splitlines()
    found: tuple[int, list[str], list[str]] | None = None
    try:
        path = data.resolve()
    except OSError:
        return None
    for line in lines:
        fields, _, source = line.partition(" - ")
        columns = fields.split()
        if len(columns) < 6 or len(source.split()) < 2:
            continue
        point = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), columns[4])
        if path.is_relative_to(point) and (found is None or len(point) >= found[0]):
            # The last of those that cover the same place is the one that is seen.
            found = len(point), [*columns[:4], point, columns[5]], source.split()
    if found is None:
        return None
    _, columns, source_columns = found
    point, options, number = columns[4], columns[5].split(","), columns[2]
    device = source_columns[1].rpartition("/")[2]
    return Mount(
        point=point,
        kind=source_columns[0],
        is_own=point != "/",
        is_read_only="ro" in options,
        errors=_whole(root / "sys/fs/ext4" / device / "errors_count"),
        worn_tenths=_worn(root / "sys/dev/block" / number),
    )


def _worn(device: Path) -> int | None:
    """The greater of two estimates of an eMMC or SD card, on the partition's own disk; 0 is "not said"."""
    for folder in (device / "device", device / ".." / "device"):
        said = (_text(folder / "life_time") or "").split()
        tenths = max((int(one, 16) for one in said if re.fullmatch(r"0x[0-9a-f]{1,2}", one)), default=0)
        if tenths:
            return min(tenths, TENTHS_WORN_MAX)
    return None


def _is_nginx_running(root: Path) -> bool | None:
    """Tell by the file in which nginx keeps its number: its folder is in memory, so that no power cut leaves it."""
    if not (root / "run").is_dir():
        return None
    return any((root / name).exists() for name in NGINX_FILES)


def _wifi(root: Path, run: Run) -> Wifi | None:
    network = root / "sys/class/net"
    interfaces = [name for name in _names(network) if (network / name / "phy80211").exists()]
    if not interfaces:
        return None
    said, guests = run(["iw", "reg", "get"]), run(["iw", "dev", interfaces[0], "station", "dump"])
    country = re.search(r"^country ([A-Z0-9]{2}):", said or "", re.MULTILINE)
    return Wifi(
        interfaces[0],
        country[1] if country else None,
        None if guests is None else len(re.findall(r"^Station ", guests, re.MULTILINE)),
    )


def _slot(root: Path) -> Slot | None:
    try:
        said = json.loads(_text(root / SLOT_FILE) or "")
        return Slot(str(said["slot"])[:8], str(said["version"])[:64], said.get("trial") is True)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _warmest(root: Path) -> int | None:
    zones = root / "sys/class/thermal"
    warm = [_whole(zones / name / "temp") for name in _names(zones) if name.startswith("thermal_zone")]
    return max((one for one in warm if one is not None), default=None)


def _memory(root: Path) -> tuple[int | None, int | None]:
    said = dict(re.findall(r"^(\w+): +(\d+) kB$", _text(root / "proc/meminfo") or "", re.MULTILINE))
    free, whole = (int(said[name]) * 1024 if name in said else None for name in ("MemAvailable", "MemTotal"))
    return free, whole


def _whole(path: Path, base: int = 10) -> int | None:
    try:
        return int((_text(path) or "").strip(), base)
    except ValueError:
        return None


def _text(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES_MAX).decode(errors="replace")
    except OSError:
        return None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
