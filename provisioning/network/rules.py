"""Rules: what may pass, for nftables.

* Nothing is passed on from one network to another, whatever the routes say.
* Learners reach the box by what it serves and nothing else; what they send elsewhere is refused at once, so that their
  programs do not wait.
* Outside, nobody reaches the box, but its pages where it is a guest in a school's network; and whoever holds the other
  end of its cable, with nobody there who gives addresses: the desk.
* Of the box, only its own process speaks to the outside, and the clock to the servers that are named.
"""

from provisioning.network.plan import OWN, File, Plan

PAGES = "80, 443, 8100-8115"
"""Pages and courses; 443 is closed where there is no certificate, and says so."""

ALONE = "169.254.0.0/16"
"""Addresses that the two ends of a cable give themselves; no router passes them on."""

KERNEL = """# Made by `qanat provision network`: nothing is passed on from one network to another.
net.ipv4.ip_forward = 0
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.all.arp_ignore = 1
net.ipv4.conf.all.rp_filter = 2
net.ipv6.conf.all.forwarding = 0
net.ipv6.conf.all.accept_redirects = 0
"""


def files(plan: Plan) -> list[File]:
    """The rules, and what the kernel is told."""
    return [
        File("etc/nftables.conf", ruleset(plan), 0o755),
        File("etc/sysctl.d/60-qanat-network.conf", KERNEL),
    ]


def ruleset(plan: Plan) -> str:
    """All that may pass."""
    chains = [_routing(plan), _input(plan), _learners(plan), _outside(plan), _FORWARD, _output(plan)]
    body = "\n".join(chain for chain in chains if chain)
    return f"#!/usr/sbin/nft -f\n# Made by `qanat provision network`.\nflush ruleset\n\ntable inet qanat {{\n{body}}}\n"


_FORWARD = """    chain forward {
        type filter hook forward priority filter; policy drop;
    }
"""
_REFUSED = """        meta l4proto tcp reject with tcp reset
        reject with icmpx port-unreachable
"""


def _routing(plan: Plan) -> str:
    """Refuse, before any route is looked up, what learners send to anybody but the box."""
    if plan.wifi is None:
        return ""
    own = f"{OWN.ip}, {OWN.network.broadcast_address}, 255.255.255.255, 224.0.0.0/4"
    return f"""    chain routing {{
        type filter hook prerouting priority filter; policy accept;
        iifname "{plan.radio}" meta nfproto ipv6 drop
        iifname "{plan.radio}" ip daddr {{ {own} }} accept
        iifname "{plan.radio}" goto refused
    }}

    chain refused {{
{_REFUSED}    }}
"""


def _input(plan: Plan) -> str:
    learners = f'        iifname "{plan.radio}" goto learners\n' if plan.wifi is not None else ""
    return f"""    chain input {{
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        ct state vmap {{ established : accept, related : accept, invalid : drop }}
{learners}        goto outside
    }}
"""


def _learners(plan: Plan) -> str:
    if plan.wifi is None:
        return ""
    return f"""    chain learners {{
        udp dport {{ 53, 67, 123, 5353 }} accept
        tcp dport {{ 53, {PAGES} }} accept
        icmp type echo-request accept
        goto refused
    }}
"""


def _outside(plan: Plan) -> str:
    pages = f"        tcp dport {{ {PAGES} }} accept\n        udp dport 5353 accept\n" if plan.is_served_on_lan else ""
    return f"""    chain outside {{
        udp sport 67 udp dport 68 accept
        udp sport 547 udp dport 546 accept
        icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert }} accept
        icmp type echo-request limit rate 5/second accept
        ip saddr {ALONE} ip daddr {ALONE} tcp dport {{ {PAGES} }} accept
        ip saddr {ALONE} udp dport 5353 accept
{pages}    }}
"""


def _output(plan: Plan) -> str:
    user = plan.user if plan.user.isdigit() else f'"{plan.user}"'
    own = f"""        oifname "{plan.radio}" udp sport 67 accept\n""" if plan.wifi is not None else ""
    named = ", ".join(plan.time_servers)
    clock = f"        ip daddr {{ {named} }} udp dport 123 accept\n" if named else ""
    return f"""    chain output {{
        type filter hook output priority filter; policy drop;
        oif "lo" accept
        ct state {{ established, related }} accept
{own}        udp sport 68 udp dport 67 accept
        udp sport 546 udp dport 547 accept
        icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, mld2-listener-report }} accept
        ip protocol igmp accept
        udp dport 5353 ip daddr 224.0.0.251 accept
        meta skuid {user} meta l4proto tcp accept
        meta skuid {user} udp dport 53 accept
{clock}        reject with icmpx admin-prohibited
    }}
"""
