"""Names: the addresses that phones are given on the box's own network, and the names that lead somewhere there.

* The box's names and the probes' hosts lead to the box; there is no other name. So programs learn at once that there is
  no internet, and no phone carries home a false address of somebody's site.
* A phone is told that the box is its way out: without one, phones leave. Nothing goes out that way (`rules`).
* Leases lie in memory: a phone's address comes from its hardware, the same after every start.
"""

from edge.portal.portal import BOX_NAMES, REMEMBERED_SECONDS
from edge.portal.probes import DNS_ANSWERS, HOSTS
from provisioning.network.plan import OWN, File, Plan

CONFIG = "etc/qanat/names.conf"
UNIT = "qanat-names.service"
FIRST, LAST = 20, 250
"""Of the last number of the addresses that are given away."""

HOLD_SECONDS = 30
"""How long a phone may keep a name's address."""

SERVICE = f"""# Made by `qanat provision network`.
[Unit]
Description=Qanat: addresses and names on the box's own network
ConditionPathExists=/{CONFIG}
After=NetworkManager.service

[Service]
ExecStart=/usr/sbin/dnsmasq --keep-in-foreground --conf-file=/{CONFIG} --pid-file=
RuntimeDirectory=qanat-names
Restart=always
RestartSec=3
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_NET_ADMIN CAP_SETUID CAP_SETGID CAP_CHOWN

[Install]
WantedBy=multi-user.target
"""

HELLO = f"""# Made by `qanat provision network`: {BOX_NAMES[1]} for those who ask everybody.
[server]
host-name={BOX_NAMES[1].partition(".")[0]}
use-ipv4=yes
use-ipv6=no
ratelimit-interval-usec=1000000
ratelimit-burst=1000

[publish]
publish-hinfo=no
publish-workstation=no

[reflector]
enable-reflector=no
"""


def files(plan: Plan) -> list[File]:
    """What answers to the box's names."""
    own = [File(CONFIG, config(plan)), File(f"etc/systemd/system/{UNIT}", SERVICE)] if plan.wifi is not None else []
    return [*own, File("etc/avahi/avahi-daemon.conf", HELLO)]


def config(plan: Plan) -> str:
    """For dnsmasq."""
    network = OWN.network
    records = {
        **dict.fromkeys(BOX_NAMES, str(OWN.ip)),
        **dict.fromkeys(sorted(HOSTS), str(OWN.ip)),
        **DNS_ANSWERS,
    }
    lines = [
        "# Made by `qanat provision network`.",
        f"interface={plan.radio}",
        "except-interface=lo",
        "bind-dynamic",
        "no-resolv",
        "no-hosts",
        "no-poll",
        "cache-size=0",
        f"local-ttl={HOLD_SECONDS}",
        "local=/#/",
        *(f"host-record={name},{address}" for name, address in records.items()),
        f"dhcp-range={network[FIRST]},{network[LAST]},{network.netmask},{REMEMBERED_SECONDS // 3600}h",
        "dhcp-authoritative",
        f"dhcp-lease-max={LAST - FIRST + 1}",
        f"dhcp-option=option:router,{OWN.ip}",
        f"dhcp-option=option:dns-server,{OWN.ip}",
        f"dhcp-option=option:ntp-server,{OWN.ip}",
        "dhcp-leasefile=/run/qanat-names/leases",
    ]
    return "\n".join(lines) + "\n"
