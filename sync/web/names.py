"""Names: the host names that an end's pages answer to, and where else a browser is sent.

* An address in numbers is always ours: whoever reached us by it has no name to lead astray.
* A foreign name shows no page. Over our own socket its reader is sent on to the address that was reached, so that no
  name that somebody typed into a router locks anybody out; behind a proxy that address is not known here.
"""

import ipaddress
import socket
from collections.abc import Iterable

REACHED_AT = "qanat.reached_at"
"""What says in a request by which of our addresses it came: a function, or nothing."""
ANY = "*"
"""In place of names: answers to every name, because somebody else judges them."""


def own_names(told: Iterable[str], *, is_behind_proxy: bool, also: str = "") -> frozenset[str] | None:
    """The names that an end answers to, of which `told` are the ones in its settings; None is every name.

    `also` is one that nobody had to tell it.

    Behind a proxy that nobody told a name, the proxy's own `server_name` is the judge.
    """
    names = frozenset(_bare(name) for name in told if name)
    if ANY in names or (is_behind_proxy and not names):
        return None
    return names | _of_this_machine() | frozenset({_bare(also)} - {""})


def is_own(name: str, names: frozenset[str] | None) -> bool:
    """Tell whether a request for this host name, without port, is for us.

    >>> is_own("10.42.0.1", frozenset()), is_own("[::1]", frozenset()), is_own("evil.example", frozenset({"box.lan"}))
    (True, True, False)
    """
    return names is None or _is_address(name) or _bare(name) in names


def host_name(host: str) -> str:
    """The name without its port, IPv6 brackets kept."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def reached_at(sock: socket.socket) -> str:
    """The address and port by which a client reached this socket, as in an address of the web; "" once it has left."""
    try:
        address, port = sock.getsockname()[:2]
    except (OSError, ValueError):
        return ""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    shown = str(mapped or found)
    return f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"


def _of_this_machine() -> frozenset[str]:
    name = _bare(socket.gethostname())
    short = name.partition(".")[0]
    return frozenset({"localhost", name, short, f"{short}.local"} - {""})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _bare(name: str) -> str:
    return name.strip().lower().rstrip(".")
