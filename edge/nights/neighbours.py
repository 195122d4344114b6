"""Neighbours: other boxes on the same network, found by themselves or named in the settings.

* A box announces where it serves, and listens for others; neither says anything that a page does not show.
* Nobody is trusted for being near: what a neighbour serves is proven by roots that the hub signed.
* Only addresses of a network at hand are taken from announcements: what neighbours bring costs no budget, so nobody may
  send the box out over its link. Addresses in the settings are the staff's own word.
* The library is loaded when the box first looks around, never at its start.
"""

import ipaddress
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from edge.config import Config
from sync.clock import Clock

if TYPE_CHECKING:
    from sync.links.neighbour import NeighbourLink

SERVICE = "_qanat._tcp.local."
FOUND_MAX = 64
"""So many announcements are remembered; a network with more boxes has enough of them."""
RESOLVED_MAX = 16
LINKS_MAX = 8
RESOLVE_MS = 1000
"""How long an announced box may take to say its address."""

OpenLink = Callable[[str], "NeighbourLink"]


class Radio(Protocol):
    """Announces and listens on the network at hand. An implementation raises OSError where there is no network."""

    def begin(self, name: str, addresses: Sequence[str], port: int) -> None:
        """Announce this box, but for port 0, and listen."""
        ...

    def found(self) -> list[tuple[str, str, int]]:
        """Who announces a box now: name, address, port."""
        ...

    def end(self) -> None:
        """Say goodbye and be silent."""
        ...


class Neighbours:
    """The boxes near this one. `name` is the box's id, `port` where it serves its pages; 0: only to listen."""

    def __init__(
        self,
        name: str,
        port: int,
        fixed: Callable[[], Sequence[str]] = tuple,
        interfaces: Sequence[str] = (),
        make_radio: Callable[[Sequence[str]], Radio] | None = None,
        open_link: OpenLink | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`fixed` gives the addresses in the settings; `interfaces`, own addresses, keep it to some networks."""
        self._name = name
        self._port = port
        self._fixed = fixed
        self._interfaces = tuple(interfaces)
        self._make_radio = make_radio or _zeroconf
        self._open_link = open_link or (lambda address: _over_http(address, clock))
        self._radio: Radio | None = None
        self._announced: tuple[str, ...] = ()
        self._turning = threading.Lock()

    def keep_up(self) -> bool:
        """Announce the box, and anew where its addresses have changed; for the minute's tick.

        Returns whether others can find it: not while it has no network.
        """
        with self._turning:
            addresses = tuple(self._interfaces or _own_addresses())
            if self._radio is not None and addresses == self._announced:
                return True
            self._end()
            if not addresses:
                return False
            radio = self._make_radio(addresses)
            try:
                radio.begin(self._name, addresses, self._port)
            except OSError:
                # A network that does not take announcements; the next minute tries again.
                radio.end()
                return False
            self._radio, self._announced = radio, addresses
            return True

    def addresses(self) -> list[str]:
        """Where to ask, those of the settings first."""
        with self._turning:
            found = self._radio.found() if self._radio is not None else []
            announced = self._announced
        best: dict[str, tuple[str, int]] = {}
        for name, address, port in found:
            is_other = name != self._name and is_near(address, announced)
            if is_other and (name not in best or nearness(address, announced) > nearness(best[name][0], announced)):
                best[name] = (address, port)
        near = [f"http://{_in_url(address)}:{port}" for address, port in best.values()]
        return list(dict.fromkeys([*self._fixed(), *near]))[:LINKS_MAX]

    @contextmanager
    def links(self) -> Iterator[list["NeighbourLink"]]:
        """A link to each, for one session; leaving it hangs up."""
        with ExitStack() as stack:
            yield [stack.enter_context(self._open_link(address)) for address in self.addresses()]

    def close(self) -> None:
        """Say goodbye to the others."""
        with self._turning:
            self._end()

    def _end(self) -> None:
        if self._radio is not None:
            self._radio.end()
        self._radio, self._announced = None, ()


def port_announced(config: Config) -> int:
    """The port at which others reach this box without TLS; 0 where they cannot, and then it only listens."""
    if config.is_behind_tls:
        return 0
    is_closed = config.host == "localhost" or config.host.startswith("127.") or config.host == "::1"
    return config.port_seen or (0 if is_closed else config.port)


def is_near(address: str, own: Sequence[str]) -> bool:
    """Tell whether an announced address is one of a network at hand, as far as an address can tell.

    >>> is_near("192.168.1.20", ["192.168.1.7"]), is_near("8.8.8.8", ["192.168.1.7"])
    (True, False)
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if found.is_loopback:
        return any(ipaddress.ip_address(one).is_loopback for one in own)
    return (found.is_private or found.is_link_local) and not (found.is_unspecified or found.is_multicast)


def nearness(address: str, own: Sequence[str]) -> int:
    """How many leading bits an address has in common with one of our own: of a box's several, the best one to ask.

    >>> nearness("192.168.1.20", ["192.168.1.7"]) > nearness("172.17.0.1", ["192.168.1.7"])
    True
    """
    found = ipaddress.ip_address(address)
    same_kind = [one for one in map(ipaddress.ip_address, own) if one.version == found.version]
    return max((found.max_prefixlen - (int(found) ^ int(one)).bit_length() for one in same_kind), default=0)


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _own_addresses() -> list[str]:
    """This machine's IPv4 addresses on networks that others may be on."""
    import ifaddr

    addresses = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    return sorted(one for one in addresses if is_near(one, ()))


def _over_http(address: str, clock: Clock | None) -> "NeighbourLink":
    from sync.links.neighbour import NeighbourLink

    return NeighbourLink(address, clock=clock)


def _zeroconf(interfaces: Sequence[str]) -> Radio:
    return Zeroconf(interfaces)


class Zeroconf:
    """Multicast DNS on these interfaces; a `Radio`."""

    def __init__(self, interfaces: Sequence[str]) -> None:
        self._interfaces = list(interfaces)
        self._found: dict[str, None] = {}
        self._zeroconf: Any = None

    def begin(self, name: str, addresses: Sequence[str], port: int) -> None:
        """Raises OSError where there is no network."""
        import zeroconf

        self._zeroconf = zeroconf.Zeroconf(interfaces=self._interfaces, ip_version=zeroconf.IPVersion.V4Only)
        if port:
            service, server = f"{name}.{SERVICE}", f"{name}.local."
            info = zeroconf.ServiceInfo(SERVICE, service, port=port, parsed_addresses=list(addresses), server=server)
            try:
                # A cloned card announces the same name; then one of the two is heard, and nobody is harmed.
                self._zeroconf.register_service(info, allow_name_change=True)
            except zeroconf.Error as error:
                raise OSError(str(error)) from error
        zeroconf.ServiceBrowser(self._zeroconf, SERVICE, handlers=[self._heard])

    def found(self) -> list[tuple[str, str, int]]:
        """Asks the network for the addresses that it does not remember."""
        found = []
        for service in tuple(self._found)[:RESOLVED_MAX]:
            info = self._zeroconf.get_service_info(SERVICE, service, timeout=RESOLVE_MS)
            if info is not None and info.port:
                name = service.removesuffix(f".{SERVICE}")
                found += [(name, address, info.port) for address in info.parsed_addresses()]
        return found

    def end(self) -> None:
        if self._zeroconf is not None:
            self._zeroconf.close()

    def _heard(self, zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        """Called by the library's thread."""
        if state_change.name == "Removed":
            self._found.pop(name, None)
        elif len(self._found) < FOUND_MAX:
            self._found[name] = None
