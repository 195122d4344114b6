"""The portal: whether a phone is shown the way to the library, or told that all is well.

* Until its owner has opened the library, a phone's probes are led to one page that says where the library is; then
  each gets its system's own success, so that the phone stays on this Wi-Fi.
* Phones are known by their network hardware where this machine can see it, else by their address; the last
  `VISITORS_MAX` of them are remembered, each until it was silent for `REMEMBERED_SECONDS`. Nothing of it is written.
* Only hosts of the table are answered; nothing of the box is shown under a name that is not its own.
"""

import threading
from collections import OrderedDict
from enum import Enum
from pathlib import Path

from edge.portal.probes import HOSTS, Probe, probe_at

BOX_NAMES = ("box.lan", "box.local", "box")
"""What a box is called on the network that it opens; the first is the one that is shown."""

WELCOME_PATH = "/welcome"
VISITORS_MAX = 1000
REMEMBERED_SECONDS = 12 * 3600
"""As long as a phone may keep its address: nobody is taken for somebody else after that."""

ARP = Path("/proc/net/arp")
ARP_BYTES_MAX = 256 * 1024
_HTTP_PORT = 80


class Way(Enum):
    """What a request under somebody else's name is answered."""

    WELCOME = "to the page that says where the library is"
    SUCCESS = "as its system wants it"
    HOME = "to the library"
    ELSEWHERE = "with a short page: this is not here, the library is"


def way(probe: Probe | None, *, has_opened: bool) -> Way:
    """Decide what a request is answered: `probe` is None where no system asks."""
    if probe is None:
        return Way.ELSEWHERE
    if probe.leads_home:
        return Way.HOME if has_opened else Way.WELCOME
    return Way.SUCCESS if has_opened else Way.WELCOME


def probe_of(host: str, path: str) -> Probe | None:
    """The probe that a request is; a host is compared as it is written anywhere."""
    return probe_at(_bare(host), path)


def is_probed(host: str) -> bool:
    """Tell whether this is a host of the table."""
    return _bare(host) in HOSTS


def home(address: str, reached: str, port: int) -> str:
    """Where the library is, without a slash at the end: as set, as reached, or by the name on its own network.

    >>> home("", "", 80), home("", "10.42.0.1:8080", 8080), home("http://school.example/", "", 80)
    ('http://box.lan', 'http://10.42.0.1:8080', 'http://school.example')
    """
    if address or reached:
        return address.rstrip("/") or f"http://{reached}"
    return f"http://{BOX_NAMES[0]}" + ("" if port == _HTTP_PORT else f":{port}")


class Visitors:
    """Which phones have opened the library lately."""

    def __init__(self, arp: Path = ARP) -> None:
        self._arp = arp
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._seen)

    def opens(self, address: str, monotonic_seconds: float) -> None:
        """Remember that the phone at this address has the library open."""
        key = self._key(address)
        with self._lock:
            self._keep(key, monotonic_seconds)

    def has_opened(self, address: str, monotonic_seconds: float) -> bool:
        """Tell whether it had it open; asking keeps a phone that stays from being asked again."""
        key = self._key(address)
        with self._lock:
            last = self._seen.get(key)
            if last is None or monotonic_seconds - last > REMEMBERED_SECONDS:
                self._seen.pop(key, None)
                return False
            self._keep(key, monotonic_seconds)
            return True

    def _keep(self, key: str, monotonic_seconds: float) -> None:
        self._seen[key] = monotonic_seconds
        self._seen.move_to_end(key)
        while len(self._seen) > VISITORS_MAX:
            self._seen.popitem(last=False)

    def _key(self, address: str) -> str:
        try:
            with self._arp.open() as table:
                return hardware_of(address, table.read(ARP_BYTES_MAX)) or address
        except OSError:
            return address


def hardware_of(address: str, arp: str) -> str:
    """The hardware address behind an IP address, from the kernel's table; "" where it has none."""
    for line in arp.splitlines()[1:]:
        columns = line.split()
        if len(columns) > 3 and columns[0] == address and columns[3] != "00:00:00:00:00:00":
            return columns[3]
    return ""


def _bare(host: str) -> str:
    return host.lower().rstrip(".")
