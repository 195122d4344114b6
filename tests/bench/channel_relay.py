"""The emulated link: packets between network namespaces, carried by this process as a slow link would carry them.

* One namespace stands for the hub's side, one more for each box. A pair of TUN devices joins a box to the hub, and
  whatever the kernel sends into one of them is read here, kept as long as the link would take, and written to the
  other. So the programs and the TCP of both ends are the real ones, and no netem is needed in the kernel.
* Congestion control is Reno at both ends, whatever the machine prefers: it is everywhere, and Debian's cubic does the
  same at such a rate and delay.
* A link has a rate, a delay, a queue that drops what does not fit, packets lost by lot, and times of silence. What a
  packet meets is decided by `Direction`, from values: no clock, no device.
* Bytes are counted as IP packets, in both directions, when the link has taken them up; those lost later count too.
* Needs root, iproute2 and /dev/net/tun; where one is missing, `NoTunnels` says which.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PACKET_BYTES_MAX = 65_536
MTU_BYTES = 1_500
WAIT_SECONDS_MAX = 0.05
TUN_DEVICE = Path("/dev/net/tun")

CONGESTION_CONTROL = "reno"

_SET_INTERFACE = 0x400454CA
_TUN_WITHOUT_PACKET_INFORMATION = 0x1001
_LISTENING = "0A"


class NoTunnels(Exception):
    """This machine does not let us make network namespaces and TUN devices."""


@dataclass(frozen=True, slots=True)
class LinkKind:
    """How a link behaves, the same in both directions."""

    name: str
    loss_permille: int = 0
    outage_seconds: float = 0.0
    outage_every_seconds: float = 60.0
    outage_first_seconds: float = 10.0
    """The first silence begins so long after the link came up: early, so that short transfers meet one too."""
    rate_bits: int = 512_000
    delay_seconds: float = 0.3
    queue_bytes: int = 64 << 10

    def is_silent(self, at_seconds: float) -> bool:
        """Tell whether nothing passes, so long after the link came up."""
        place = at_seconds - self.outage_first_seconds
        return place >= 0 and place % self.outage_every_seconds < self.outage_seconds

    def outages(self, seconds: float) -> int:
        """How many silences begin in the link's first `seconds`."""
        if not self.outage_seconds or seconds <= self.outage_first_seconds:
            return 0
        return 1 + int((seconds - self.outage_first_seconds) // self.outage_every_seconds)


class Direction:
    """One way over a link: when each packet comes out at the far end, if it does."""

    def __init__(self, kind: LinkKind, chance: random.Random) -> None:
        self.kind = kind
        self.begun_seconds = 0.0
        """When the link came up, in the relay's time: outages are counted from here."""
        self.bytes = 0
        self.dropped = 0
        """Packets that did not fit the queue, were lost, or met silence."""
        self._chance = chance
        self._free_seconds = 0.0

    def arrival_seconds(self, size_bytes: int, now_seconds: float) -> float | None:
        """When a packet that is sent now arrives, in the relay's time; None where it never does."""
        begins_seconds = max(now_seconds, self._free_seconds)
        waiting_bytes = (begins_seconds - now_seconds) * self.kind.rate_bits / 8
        if waiting_bytes > self.kind.queue_bytes:
            self.dropped += 1
            return None
        self._free_seconds = begins_seconds + size_bytes * 8 / self.kind.rate_bits
        self.bytes += size_bytes
        if (
            self.kind.is_silent(self._free_seconds - self.begun_seconds)
            or self._chance.random() * 1000 < self.kind.loss_permille
        ):
            self.dropped += 1
            return None
        return self._free_seconds + self.kind.delay_seconds


@dataclass(frozen=True, slots=True)
class Line:
    """A box's way to the hub: the namespaces at its ends, the hub's address on it, and what passed."""

    kind: LinkKind
    box_namespace: str
    hub_namespace: str
    hub_address: str
    up: Direction
    down: Direction

    @property
    def bytes(self) -> int:
        return self.up.bytes + self.down.bytes


@dataclass
class Relay(threading.Thread):
    """Carries packets between pairs of devices until it is told to stop; its time begins when the thread does."""

    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name="relay", daemon=True)
        self._ways: dict[int, tuple[int, Direction]] = {}
        self._is_stopping = False

    def __hash__(self) -> int:
        return id(self)

    def join_pair(self, box: int, hub: int, line: Line) -> None:
        """Let packets pass between the devices `box` and `hub`."""
        self.lines.append(line)
        self._ways[box] = (hub, line.up)
        self._ways[hub] = (box, line.down)

    def begin(self) -> None:
        """Carry from now on."""
        self._begun_seconds = time.monotonic()
        self.start()

    def bring_up(self, line: Line) -> None:
        """Let this line's time begin now: its outages come so and so long after this moment."""
        line.up.begun_seconds = line.down.begun_seconds = self.seconds()

    def seconds(self, line: Line | None = None) -> float:
        """How long the relay has been carrying; or how long this line has been up."""
        passed_seconds = time.monotonic() - self._begun_seconds
        return passed_seconds - (line.up.begun_seconds if line else 0.0)

    def stop(self) -> None:
        self._is_stopping = True
        if self.ident is not None:
            self.join()

    def run(self) -> None:
        poll = select.epoll()
        for device in self._ways:
            poll.register(device, select.EPOLLIN)
        under_way: list[tuple[float, int, int, bytes]] = []
        count = 0
        with poll:
            while not self._is_stopping:
                wait_seconds = under_way[0][0] - self.seconds() if under_way else WAIT_SECONDS_MAX
                for device, _ in poll.poll(min(max(wait_seconds, 0.0), WAIT_SECONDS_MAX)):
                    far, way = self._ways[device]
                    for packet in _waiting(device):
                        due_seconds = way.arrival_seconds(len(packet), self.seconds())
                        if due_seconds is not None:
                            count += 1  # packets of one moment keep their order
                            heapq.heappush(under_way, (due_seconds, count, far, packet))
                while under_way and under_way[0][0] <= self.seconds():
                    _, _, far, packet = heapq.heappop(under_way)
                    with suppress(OSError):  # a device that is full or gone drops it, as a network card would
                        os.write(far, packet)


@contextmanager
def linked(kinds: Sequence[LinkKind], seed: int = 2026) -> Iterator[Relay]:
    """Namespaces and devices for one link of each kind; the caller says `begin()` when both ends are ready.

    Raises NoTunnels.
    """
    relay, mark = Relay(), f"qb{os.getpid() % 100_000}"
    with ExitStack() as undo:
        hub = _namespace(f"{mark}hub", undo)
        for number, kind in enumerate(kinds, 1):
            box = _namespace(f"{mark}box{number}", undo)
            network = f"10.94.{number}"
            ends = [
                _device(f"{mark}{side}{number}", namespace, f"{network}.{place}/24", undo)
                for side, namespace, place in (("b", box, 1), ("h", hub, 2))
            ]
            chance = random.Random(f"{seed} {number}")
            up, down = Direction(kind, chance), Direction(kind, chance)
            relay.join_pair(ends[0], ends[1], Line(kind, box, hub, f"{network}.2", up, down))
        undo.callback(relay.stop)  # before the devices close
        yield relay


def inside(namespace: str, *words: str) -> list[str]:
    """The command line of a program in a namespace."""
    return ["ip", "netns", "exec", namespace, *words]


def is_listening(pid: int, port: int) -> bool:
    """Tell whether somebody listens on this port in the process's network, without sending it anything."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    return any(
        fields[1].endswith(f":{port:04X}") and fields[3] == _LISTENING for fields in (line.split() for line in lines)
    )


def _namespace(name: str, undo: ExitStack) -> str:
    _ip("netns", "add", name)
    undo.callback(_ip, "netns", "delete", name)
    _ip("-n", name, "link", "set", "lo", "up")
    _ip("netns", "exec", name, "sh", "-c", f"echo {CONGESTION_CONTROL} > /proc/sys/net/ipv4/tcp_congestion_control")
    return name


def _device(name: str, namespace: str, address: str, undo: ExitStack) -> int:
    """A TUN device, moved into its namespace; packets are read and written through what is returned."""
    try:
        device = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK)
        undo.callback(os.close, device)
        fcntl.ioctl(device, _SET_INTERFACE, struct.pack("16sH", name.encode(), _TUN_WITHOUT_PACKET_INFORMATION))
    except OSError as error:
        raise NoTunnels(f"no TUN device can be made here ({error.strerror})") from error
    _ip("link", "set", name, "netns", namespace)
    _ip("-n", namespace, "address", "add", address, "dev", name)
    _ip("-n", namespace, "link", "set", name, "addrgenmode", "none", "mtu", str(MTU_BYTES), "up")
    return device


def _ip(*words: str) -> None:
    try:
        subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NoTunnels("the command `ip` is not here (iproute2)") from error
    except subprocess.CalledProcessError as error:
        raise NoTunnels(f"`ip {' '.join(words)}` is not allowed here: {error.stderr.strip()}") from error


def _waiting(device: int) -> Iterator[bytes]:
    """The packets that lie ready at a device."""
    while True:
        try:
            yield os.read(device, PACKET_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:  # the device is down or gone
            return
