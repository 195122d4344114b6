"""The networks that a seed makes, in the kernel: what phones reach, what they do not, and what the world reaches.

Each file is read by the program that it is for; rules, names and leases are tried with real packets.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.birth.seed import Wifi
from edge.portal.probes import PROBES
from provisioning.network import files, names, profiles
from provisioning.network.plan import Plan
from tests.system.fields import BOX_OUTSIDE, DNSMASQ, NFT, PHONES, UPLINK, WORLD, Field, served, until

pytestmark = pytest.mark.system

PLAN = Plan(
    card="a" * 16,
    wifi=Wifi("Qanat; 07 é", "korall 7\\baum ", "DJ", 6),
    join={"Staff; room": " school\\ secret ", "open": ""},
    apn="internet.example",
    time_servers=("192.0.2.1",),
    user=str(os.getuid()),
)
NOBODY = "65534"
LEASE_SCRIPT = """#!/bin/sh
[ "$1" = bound ] && echo "$ip $router $dns $ntpsrv $lease" >{out}
exit 0
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a plan, below a folder."""
    folder = tmp_path_factory.mktemp("root")
    files.write(PLAN, folder)
    return folder


@pytest.fixture(scope="module")
def field(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """The box between its phones and the world, with its rules loaded and its names served."""
    field = Field(PLAN.radio)
    try:
        field.runs("box", NFT, "--file", root / "etc/nftables.conf")
        config = tmp_path_factory.mktemp("names") / "names.conf"
        text = (root / names.CONFIG).read_text()
        config.write_text(text.replace("/run/qanat-names/leases", str(config.with_name("leases"))) + "user=root\n")
        with (
            field.running("box", DNSMASQ, "--keep-in-foreground", f"--conf-file={config}", "--pid-file="),
            served(field, "box", 22, 80, 8100, 18080),
            served(field, "world", 22, 80, 443),
            served(field, "two", 80),
        ):
            until(
                lambda: field.tries(
                    "one", "python3", "-c", "import socket; socket.create_connection(('10.42.0.1', 53))"
                )
            )
            yield field
    finally:
        field.close()


# ---- the files, each read by the program that it is for ----


@pytest.mark.parametrize("name", ["learners", "cable", "cable-alone", "tether", "modem", "join-1", "join-2"])
def test_network_manager_takes_each_profile(root: Path, name: str) -> None:
    text = (root / profiles.FOLDER / f"qanat-{name}.nmconnection").read_text()

    command = ["nmcli", "--offline", "connection", "modify", "connection.zone", ""]
    read = subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    assert (0, "") == (read.returncode, read.stderr)
    kept = {line for line in text.splitlines() if line and not line.startswith(("[", "auto-config"))}
    assert set() == {line for line in kept if line.partition("=")[0] not in read.stdout}


def test_network_manager_reads_back_the_names_and_passwords_that_the_seed_has(root: Path) -> None:
    """Semicolons, backslashes, spaces at the ends: what is written is what is read."""
    said = {}
    for name in ("learners", "join-1"):
        text = (root / profiles.FOLDER / f"qanat-{name}.nmconnection").read_text()
        read = subprocess.run(["nmcli", "--offline", "connection", "modify", "connection.zone", ""], input=text,
                              capture_output=True, text=True, check=True).stdout  # fmt: skip
        lines = dict(line.split("=", 1) for line in read.splitlines() if "=" in line)
        said[name] = (lines["ssid"], lines["psk"].replace("\\s", " ").replace("\\\\", "\\"))

    assert PLAN.wifi is not None
    assert said["learners"] == ("".join(f"{byte};" for byte in PLAN.wifi.name.encode()), PLAN.wifi.password)
    assert said["join-1"][1] == PLAN.join["Staff; room"]


def test_nft_dnsmasq_and_chrony_take_their_files(root: Path) -> None:
    commands = [
        [NFT, "--check", "--file", str(root / "etc/nftables.conf")],
        [DNSMASQ, "--test", f"--conf-file={root / names.CONFIG}"],
        ["/usr/sbin/chronyd", "-p", "-f", str(root / "etc/chrony/chrony.conf")],
    ]

    assert [0, 0, 0] == [subprocess.run(command, capture_output=True, check=False).returncode for command in commands]


def test_nft_takes_the_rules_of_a_guest_too(tmp_path: Path) -> None:
    files.write(replace(PLAN, wifi=None, is_served_on_lan=True, time_servers=()), tmp_path)

    checked = subprocess.run([NFT, "-c", "-f", tmp_path / "etc/nftables.conf"], capture_output=True, check=False)

    assert (0, b"") == (checked.returncode, checked.stderr)


# ---- phones ----


def test_a_phone_reaches_what_the_box_serves_and_is_refused_the_rest_at_once(field: Field) -> None:
    reached = {port: field.hears("one", "10.42.0.1", port) for port in (80, 8100, 22, 18080, 443)}

    refused = "ConnectionRefusedError"
    assert {80: "open", 8100: "open", 22: refused, 18080: refused, 443: refused} == reached


@pytest.mark.parametrize("address", [WORLD, BOX_OUTSIDE, "203.0.113.5"])
def test_a_phone_reaches_nothing_beyond_the_box_and_does_not_wait_for_it(field: Field, address: str) -> None:
    """Though the box itself has a way out, and even where somebody has turned forwarding on."""
    field.runs("box", "sysctl", "-qw", "net.ipv4.ip_forward=1")

    assert {"ConnectionRefusedError"} == {field.hears("one", address, port) for port in (80, 443)}
    assert "ConnectionRefusedError" == field.hears("one", address, 53, kind="udp")


def test_a_phone_does_not_reach_another_neither_directly_nor_by_way_of_the_box(field: Field, root: Path) -> None:
    field.runs("box", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    directly = field.hears("one", PHONES[1], 80)
    field.runs("one", "ip", "route", "add", f"{PHONES[1]}/32", "via", "10.42.0.1")
    field.runs("two", "ip", "route", "add", f"{PHONES[0]}/32", "via", "10.42.0.1")
    by_the_box = field.hears("one", PHONES[1], 80)
    field.runs("box", NFT, "flush", "ruleset")
    without_rules = field.hears("one", PHONES[1], 80)
    field.runs("box", NFT, "-f", root / "etc/nftables.conf")
    field.runs("one", "ip", "route", "delete", f"{PHONES[1]}/32")
    field.runs("two", "ip", "route", "delete", f"{PHONES[0]}/32")

    assert "open" == without_rules, "it is the rules that keep them apart"
    assert "open" not in (directly, by_the_box)


def test_the_world_reaches_nothing_of_the_box(field: Field) -> None:
    assert {"TimeoutError"} == {field.hears("world", BOX_OUTSIDE, port) for port in (80, 8100, 22)}


def test_the_world_reaches_no_phone_by_way_of_the_box(field: Field) -> None:
    field.runs("box", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    field.runs("world", "ip", "route", "replace", "10.42.0.0/24", "via", BOX_OUTSIDE)

    assert "open" != field.hears("world", PHONES[1], 80)


def test_a_schools_network_sees_the_pages_where_the_box_is_a_guest(field: Field, root: Path, tmp_path: Path) -> None:
    files.write(replace(PLAN, is_served_on_lan=True), tmp_path)
    field.runs("box", NFT, "-f", tmp_path / "etc/nftables.conf")
    reached = {port: field.hears("world", BOX_OUTSIDE, port) for port in (80, 8100, 22)}
    field.runs("box", NFT, "-f", root / "etc/nftables.conf")

    assert {80: "open", 8100: "open", 22: "TimeoutError"} == reached


def test_whoever_holds_the_other_end_of_the_cable_sees_the_pages(field: Field) -> None:
    """At the desk nobody gives addresses: laptop and box take their own."""
    field.runs("box", "ip", "address", "add", "169.254.7.1/16", "dev", UPLINK)
    field.runs("world", "ip", "address", "add", "169.254.7.2/16", "dev", "eth0")
    reached = {port: field.hears("world", "169.254.7.1", port) for port in (80, 8100, 22)}
    field.runs("world", "ip", "address", "delete", "169.254.7.2/16", "dev", "eth0")
    field.runs("box", "ip", "address", "delete", "169.254.7.1/16", "dev", UPLINK)

    assert {80: "open", 8100: "open", 22: "TimeoutError"} == reached


def test_only_the_boxs_own_process_speaks_to_the_world(field: Field) -> None:
    knock = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    as_nobody = ("setpriv", f"--reuid={NOBODY}", "--clear-groups", "python3", "-c", knock)

    assert (True, False) == (field.tries("box", "python3", "-c", knock), field.tries("box", *as_nobody))


# ---- names and addresses ----


def test_the_names_of_the_box_and_of_the_probes_lead_to_the_box_and_no_other_name_is(field: Field) -> None:
    hosts = sorted({probe.host for probe in PROBES})

    assert {"10.42.0.1"} == {field.asks_name("one", name) for name in ("box.lan", "box.local", *hosts[:6])}
    assert "131.107.255.255" == field.asks_name("one", "dns.msftncsi.com")
    assert {"no such name"} == {
        field.asks_name("one", name)
        for name in ("example.org", "mail.google.com", "x.box.lan", "use-application-dns.net")
    }


def test_the_box_tells_phones_the_time_though_nobody_told_it(field: Field, root: Path, tmp_path: Path) -> None:
    """Without setting this machine's clock (-x). Stratum 10: a clock to be used by those who have no other."""
    config = tmp_path / "chrony.conf"
    text = (root / "etc/chrony/chrony.conf").read_text().replace("/data/chrony", str(tmp_path)).replace("rtcsync\n", "")
    config.write_text(f"{text}pidfile {tmp_path}/pid\nbindcmdaddress /\n")

    with field.running("box", "/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", config, stderr=subprocess.DEVNULL):
        until(lambda: field.asks_time("one") == "10")
        assert "10" != field.asks_time("world")


def test_a_phone_is_given_an_address_the_boxs_names_and_its_time(field: Field, tmp_path: Path) -> None:
    lease, script = tmp_path / "lease", tmp_path / "script"
    script.write_text(LEASE_SCRIPT.format(out=lease))
    script.chmod(0o755)

    field.runs("two", "udhcpc", "-i", "wlan0", "-n", "-q", "-f", "-O", "ntpsrv", "-s", script)

    address, *rest = lease.read_text().split()
    assert ["10.42.0.1", "10.42.0.1", "10.42.0.1", str(12 * 3600)] == rest
    assert 20 <= int(address.rpartition(".")[2]) <= 250
