"""A phone joins a box that has no way out: a name is asked, a probe is sent, and the library is found.

The box's process, rules and names are those of the appliance, in a namespace; the phone is a program in another.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge.birth.seed import Wifi
from edge.portal.probes import PROBES
from provisioning.network import files, names
from provisioning.network.plan import Plan
from tests.system.fields import DNSMASQ, NFT, PHONES, UPLINK, Field, until

pytestmark = pytest.mark.system

SETTINGS = """
portal = true
address = "http://box.lan"
port = 80
"""
NETNS = Path("/etc/netns")
_PHONE = """
import http.client, json, sys
answers = []
for url in sys.argv[1:]:
    host, _, path = url.partition("/")
    connection = http.client.HTTPConnection(host, 80, timeout=10)
    connection.request("GET", "/" + path)
    answer = connection.getresponse()
    answers.append([answer.status, answer.getheader("Location", ""), answer.read().decode()])
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """A box without an uplink, and two phones that ask its DNS."""
    folder = tmp_path_factory.mktemp("joining")
    plan = Plan(card="a" * 16, wifi=Wifi("Qanat", "korall-7-baum", "DJ", 6), user=str(os.getuid()))
    files.write(plan, folder)
    config = folder / "names.conf"
    leases = (folder / names.CONFIG).read_text().replace("/run/qanat-names/leases", str(folder / "leases"))
    config.write_text(leases + "user=root\n")
    (folder / "box").mkdir()
    (folder / "box/box.toml").write_text(SETTINGS)
    field = Field(plan.radio)
    resolvers = [NETNS / field.name(phone) for phone in ("one", "two")]
    try:
        for resolver in resolvers:
            resolver.mkdir(parents=True)
            (resolver / "resolv.conf").write_text("nameserver 10.42.0.1\n")
        field.runs("box", "ip", "link", "set", UPLINK, "down")
        field.runs("box", NFT, "-f", folder / "etc/nftables.conf")
        serve = (sys.executable, "-m", "provisioning", "box", "serve", "--data", folder / "box")
        with (
            field.running("box", DNSMASQ, "--keep-in-foreground", f"--conf-file={config}", "--pid-file="),
            field.running("box", *serve),
        ):
            until(lambda: field.hears("one", "10.42.0.1", 80) == "open")
            yield field
    finally:
        field.close()
        for resolver in resolvers:
            shutil.rmtree(resolver, ignore_errors=True)


def asks(field: Field, phone: str, *urls: str) -> list[Any]:
    answers: list[Any] = json.loads(field.runs(phone, sys.executable, "-c", _PHONE, *urls))
    return answers


def test_each_probe_finds_the_library_by_the_boxs_own_names_and_then_its_success(field: Field) -> None:
    probes = [f"{probe.host}{probe.path}" for probe in PROBES]

    before = asks(field, "one", *probes)
    welcome, opened = asks(field, "one", "box.lan/welcome", "box.lan/claim")
    after = asks(field, "one", *probes)

    assert {(302, "http://box.lan/welcome")} == {(status, location) for status, location, _ in before}
    assert (200, True, 200) == (welcome[0], 'href="/"' in welcome[2], opened[0])
    assert [(probe.status, "" if probe.leads_home else probe.body.decode()) for probe in PROBES] == [
        (status, "" if location else body) for status, location, body in after
    ]


def test_a_phone_that_gets_another_address_is_still_known_and_another_phone_is_not(field: Field) -> None:
    """By its hardware, which the kernel of the box knows."""
    asks(field, "one", "box.lan/claim")
    field.runs("one", "ip", "address", "delete", f"{PHONES[0]}/24", "dev", "wlan0")
    field.runs("one", "ip", "address", "add", "10.42.0.203/24", "dev", "wlan0")
    field.runs("one", "ip", "route", "replace", "default", "via", "10.42.0.1")
    told: Mapping[str, int] = {
        phone: asks(field, phone, "captive.apple.com/hotspot-detect.html")[0][0] for phone in ("one", "two")
    }

    assert {"one": 200, "two": 302} == told
