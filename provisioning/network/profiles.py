"""Profiles: NetworkManager's, one file for each way that a box is connected.

* The network for learners is never NetworkManager's "shared": that would open a way to the outside.
* Outwards, the cheaper way is preferred: cable, then Wi-Fi, then a phone by USB, then a modem.
* They hold passwords, so that root alone may read them.
"""

from uuid import UUID, uuid5

from provisioning.network.plan import OWN, File, Plan

FOLDER = "etc/NetworkManager/system-connections"
SECRET_MODE = 0o600
OURS = UUID("3f0b6a52-5a5c-5d3e-9c5b-2f8a6f6f1d11")
"""Space of the names by which NetworkManager tells its profiles apart."""

TETHER_DRIVERS = ("cdc_ether", "cdc_ncm", "rndis_host", "ipheth")
"""What the kernel drives phones by that lend their connection over USB."""

METRICS = {"cable": 100, "join": 500, "tether": 600, "modem": 700}
CARD_WAIT_SECONDS = 30
"""How long a cable is asked for an address before the box gives itself one."""

MANAGER = """# Made by `qanat provision network`.
[main]
plugins=keyfile
no-auto-default=*
dns=default

[connectivity]
enabled=false
"""
"""Nobody outside is asked whether there is an outside: the box talks to its hub."""

Sections = dict[str, dict[str, str | int]]


def files(plan: Plan) -> list[File]:
    """The profiles, and what NetworkManager itself is told."""
    made = {"cable": _cable(), "cable-alone": _cable_alone(), "tether": _tether(), "modem": _modem(plan.apn)}
    if plan.wifi is not None:
        made["learners"] = _learners(plan)
    for number, (name, password) in enumerate(plan.join.items(), 1):
        made[f"join-{number}"] = _join(name, password)
    profiles = [
        File(f"{FOLDER}/qanat-{name}.nmconnection", _keyfile(plan.card, name, sections), SECRET_MODE)
        for name, sections in made.items()
    ]
    return [File("etc/NetworkManager/conf.d/qanat.conf", MANAGER), *profiles]


def _learners(plan: Plan) -> Sections:
    assert plan.wifi is not None, "a box that opens no network has no profile for it"
    security: Sections = {}
    if plan.wifi.password:
        security["wifi-security"] = {
            "key-mgmt": "wpa-psk",
            "proto": "rsn;",
            "pairwise": "ccmp;",
            "group": "ccmp;",
            "pmf": 1,  # not at all: old phones and cheap radios stumble over it
            "psk": _escaped(plan.wifi.password),
        }
    return {
        "connection": {"type": "wifi", "interface-name": plan.radio, "autoconnect-priority": 100},
        "wifi": {
            "mode": "ap",
            "ssid": _bytes(plan.wifi.name),
            "band": "bg",
            "channel": plan.wifi.channel,
            "ap-isolation": 1,
            "powersave": 2,
        },
        **security,
        "ipv4": {"method": "manual", "address1": OWN.with_prefixlen, "never-default": "true"},
        "ipv6": {"method": "disabled"},
    }


def _cable() -> Sections:
    return {
        "connection": {"type": "ethernet", "autoconnect-priority": 20, "autoconnect-retries": 2},
        "ipv4": {
            "method": "auto",
            "route-metric": METRICS["cable"],
            "dhcp-timeout": CARD_WAIT_SECONDS,
            "may-fail": "false",
        },
        "ipv6": {"method": "auto", "route-metric": METRICS["cable"]},
    }


def _cable_alone() -> Sections:
    """A cable to a laptop at the desk: nobody there gives addresses."""
    return {
        "connection": {"type": "ethernet", "autoconnect-priority": 10},
        "ipv4": {"method": "link-local"},
        "ipv6": {"method": "link-local"},
    }


def _tether() -> Sections:
    return {
        "connection": {"type": "ethernet", "autoconnect-priority": 30},
        "match": {"driver": "".join(f"{driver};" for driver in TETHER_DRIVERS)},
        **_outwards("tether"),
    }


def _modem(apn: str) -> Sections:
    return {
        "connection": {"type": "gsm", "autoconnect-priority": 5},
        "gsm": {"apn": apn} if apn else {"auto-config": "true"},
        **_outwards("modem"),
    }


def _join(name: str, password: str) -> Sections:
    secret: Sections = {"wifi-security": {"key-mgmt": "wpa-psk", "psk": _escaped(password)}} if password else {}
    return {
        "connection": {"type": "wifi", "autoconnect-priority": 50},
        "wifi": {"mode": "infrastructure", "ssid": _bytes(name)},
        **secret,
        **_outwards("join"),
    }


def _outwards(way: str) -> Sections:
    return {
        "ipv4": {"method": "auto", "route-metric": METRICS[way]},
        "ipv6": {"method": "auto", "route-metric": METRICS[way]},
    }


def _keyfile(card: str, name: str, sections: Sections) -> str:
    named: Sections = {"connection": {"id": f"qanat-{name}", "uuid": str(uuid5(OURS, f"{card} {name}"))}}
    named["connection"].update(sections["connection"])
    parts = []
    for section, values in {**named, **{k: v for k, v in sections.items() if k != "connection"}}.items():
        parts.append(f"[{section}]\n" + "".join(f"{key}={value}\n" for key, value in values.items()))
    return "\n".join(parts)


def _bytes(text: str) -> str:
    """A network's name, which is bytes and no text, as a keyfile says it for sure."""
    return "".join(f"{byte};" for byte in text.encode())


def _escaped(text: str) -> str:
    """A value as a keyfile says it: spaces at its ends would be lost."""
    return text.replace("\\", "\\\\").replace(" ", "\\s")
