"""Probes: what phones and computers ask a network to learn whether somebody wants to be seen first.

* Data only: each system's hosts and paths, and the answer that satisfies it, byte for byte.
* docs/captive-portal.md shows the same table; a test compares them.
* A host that is asked by HTTPS alone is not here: for such a name nobody but its owner has a certificate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

TEXT = "text/plain"
HTML = "text/html"
APPLE = b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
FIREFOX = b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
KINDLE_MARK = "81ce4465-7167-4dcb-835b-dcc9e44c112a"
KINDLE = (
    f"<html><head><title>Kindle Reachability Probe Page</title><!--{KINDLE_MARK}--></head>"
    f"<body>{KINDLE_MARK}</body></html>"
).encode()
ONLINE = {"X-NetworkManager-Status": "online"}
"""NetworkManager believes this header whatever the body says."""

DNS_ANSWERS = {"dns.msftncsi.com": "131.107.255.255"}
"""Windows asks for the address of this name, and wants exactly this one; nothing is ever sent there."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question of one kind of system."""

    system: str
    host: str
    path: str
    status: int = 204
    body: bytes = b""
    media_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)
    leads_home: bool = False
    """Opened in front of a person, who wants to be led somewhere at any time."""


PROBES = (
    Probe("Android", "connectivitycheck.gstatic.com", "/generate_204"),
    Probe("Android", "connectivitycheck.android.com", "/generate_204"),
    Probe("Android", "clients3.google.com", "/generate_204"),
    Probe("Android", "play.googleapis.com", "/generate_204"),
    Probe("Android", "www.google.com", "/gen_204"),
    Probe("Android", "www.google.com", "/generate_204"),
    Probe("Chrome OS", "www.gstatic.com", "/generate_204"),
    Probe("Chrome OS", "clients1.google.com", "/generate_204"),
    Probe("Chrome OS", "safebrowsing.google.com", "/generate_204"),
    Probe("Huawei", "connectivitycheck.platform.hicloud.com", "/generate_204"),
    Probe("Samsung", "connectivity.samsung.com.cn", "/generate_204"),
    Probe("Xiaomi", "connect.rom.miui.com", "/generate_204"),
    Probe("Vivo", "wifi.vivo.com.cn", "/generate_204"),
    Probe("Oppo", "conn1.oppomobile.com", "/generate_204"),
    Probe("Oppo", "conn2.oppomobile.com", "/generate_204"),
    Probe("Fire OS", "fireoscaptiveportal.com", "/generate_204"),
    Probe("Kindle", "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", 200, KINDLE, HTML),
    Probe("iOS, macOS", "captive.apple.com", "/hotspot-detect.html", 200, APPLE, HTML),
    Probe("iOS, macOS", "captive.apple.com", "/", 200, APPLE, HTML),
    Probe("iOS, macOS", "www.apple.com", "/library/test/success.html", 200, APPLE, HTML),
    Probe("Windows", "www.msftconnecttest.com", "/connecttest.txt", 200, b"Microsoft Connect Test"),
    Probe("Windows", "ipv6.msftconnecttest.com", "/connecttest.txt", 200, b"Microsoft Connect Test"),
    Probe("Windows", "www.msftconnecttest.com", "/redirect", 302, leads_home=True),
    Probe("Windows", "www.msftncsi.com", "/ncsi.txt", 200, b"Microsoft NCSI"),
    Probe("Firefox", "detectportal.firefox.com", "/canonical.html", 200, FIREFOX, HTML),
    Probe("Firefox", "detectportal.firefox.com", "/success.txt", 200, b"success\n"),
    Probe("NetworkManager", "nmcheck.gnome.org", "/check_network_status.txt", 200, b"NetworkManager is online\n", TEXT,
          ONLINE),
    Probe("NetworkManager", "network-test.debian.org", "/nm", 200, b"NetworkManager is online\n", TEXT, ONLINE),
    Probe("NetworkManager", "connectivity-check.ubuntu.com", "/", 204, b"", TEXT, ONLINE),
    Probe("NetworkManager", "fedoraproject.org", "/static/hotspot.txt", 200, b"OK", TEXT, ONLINE),
    Probe("KDE", "networkcheck.kde.org", "/", 200, b"OK\n", TEXT, ONLINE),
)  # fmt: skip

HOSTS = frozenset(probe.host for probe in PROBES)

_BY_PLACE = {(probe.host, probe.path): probe for probe in PROBES}


def probe_at(host: str, path: str) -> Probe | None:
    """The probe that asks there; None where no system asks.

    >>> probe_at("captive.apple.com", "/hotspot-detect.html").system, probe_at("captive.apple.com", "/store")
    ('iOS, macOS', None)
    """
    return _BY_PLACE.get((host, path))
