"""The plan: what the networks of a box are to be, as its seed says it, and the files that make it so.

* Pure: from a seed come files, the same each time. Who writes them is `files`.
* Learners are on a network of their own that leads nowhere but to the box; no file here lets anything through.
* What a seed says goes into other programs' files: whatever could end a line there is refused here.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface
from typing import Self

from edge.birth.seed import Seed, SeedRefused, Wifi

OWN = IPv4Interface("10.42.0.1/24")
"""The box on the network that it opens."""

RADIO = "wlan0"
"""The first radio opens the network; a network is joined by another, or by this one where none is opened."""

USER = "qanat"
TIME_SERVERS_MAX = 8

_APN = re.compile(r"[A-Za-z0-9.-]{0,100}")
_PASSWORD = re.compile(r"[\x20-\x7e]{8,63}")
_NAME_BYTES_MAX = 32
_HINT = "Make the seed again with `qanat provision batch`, and put the new one in its place."


@dataclass(frozen=True, slots=True)
class File:
    """One file, by its path below the root folder of the machine."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Plan:
    """The networks of one box."""

    card: str
    """The seed's id: names that networks are known by are made of it."""
    wifi: Wifi | None = field(repr=False)
    join: Mapping[str, str] = field(default_factory=dict, repr=False)
    apn: str = ""
    is_served_on_lan: bool = False
    """Whether the network that leads outwards may see the pages too: a school's, in which the box is a guest."""
    time_servers: tuple[str, ...] = ()
    """Addresses that the clock may be set by, beside the hub's signed time."""
    radio: str = RADIO
    user: str = USER
    """Who may speak to the outside: the box itself."""

    def __post_init__(self) -> None:
        for name, password in self.join.items():
            _demand(0 < len(name.encode()) <= _NAME_BYTES_MAX, "a network to join has no name that Wi-Fi allows")
            is_password = not password or _PASSWORD.fullmatch(password) is not None
            _demand(is_password, "a network to join has a password that Wi-Fi does not allow")
        _demand(_APN.fullmatch(self.apn) is not None, "the modem's network (apn) has signs that no network has")
        _demand(len(self.time_servers) <= TIME_SERVERS_MAX, f"there are more than {TIME_SERVERS_MAX} time servers")
        _demand(all(map(_is_address, self.time_servers)), "a time server is no address in numbers")

    @classmethod
    def of(cls, seed: Seed, time_servers: tuple[str, ...] = ()) -> Self:
        """What a seed asks for. Raises SeedRefused.

        A box that opens no network is a guest in another: its pages are seen there. `serves_lan` asks for both.
        """
        is_served_on_lan = seed.wifi is None or seed.serves_lan
        return cls(seed.id, seed.wifi, seed.join, seed.apn, is_served_on_lan, time_servers)


def files(plan: Plan) -> list[File]:
    """Every file of the networks."""
    from provisioning.network import clock, names, profiles, radio, rules

    return [
        *profiles.files(plan),
        *rules.files(plan),
        *names.files(plan),
        *radio.files(plan),
        *clock.files(plan),
    ]


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise SeedRefused(f"The networks cannot be made as asked: {what}.", _HINT)
