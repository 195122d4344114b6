"""A phone joins the box's Wi-Fi, in a real browser: its small window opens, and the library is one tap away.

The phone's names are led to the loopback as the box's DNS leads them to the box.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from edge.box import Box
from edge.config import Config
from edge.portal.portal import BOX_NAMES, Visitors
from edge.portal.probes import HOSTS
from edge.serve import sites
from sync.clock import SystemClock
from sync.link import Link, Unreachable
from sync.web.front import Front
from tests.phones import CHROMIUM, SWITCHES, Phones, assert_welcoming
from tests.ports import HOST, free_ports

pytestmark = pytest.mark.system

BUTTON = "main a.btn.block"
PROBE = "http://captive.apple.com/hotspot-detect.html"


@dataclass
class Joined:
    """A box with its portal, and phones on its Wi-Fi."""

    box: Box
    address: str
    phones: Phones

    def forgets(self) -> None:
        """Every phone here has the same address: the next is another one."""
        self.box.visitors = Visitors()


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    port, content = free_ports(2)
    address = f"http://{BOX_NAMES[0]}:{port}"
    config = Config(
        host=HOST, port=port, content_port=content, content_ports=1, portal=True, address=address, name="Ali Sabieh"
    )
    box = Box.open(
        tmp_path_factory.mktemp("box"), config, clock=SystemClock(), random_bytes=secrets.token_bytes, open_link=no_way
    )
    box.start()
    rules = [f"MAP {host}:80 {HOST}:{port}" for host in sorted(HOSTS)] + [f"MAP {name} {HOST}" for name in BOX_NAMES]
    switches = [*SWITCHES, f"--host-resolver-rules={','.join(rules)}"]
    with Front(sites(box), box.clock).serving(), sync_playwright() as playwright:
        phones = Phones(lambda: playwright.chromium.launch(executable_path=CHROMIUM, args=switches))
        yield Joined(box, address, phones)
        phones.close()
    box.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_window_opens_on_the_library_and_closes_when_all_is_well(
    joined: Joined, language: str, scripts: bool, tmp_path: Path
) -> None:
    joined.forgets()
    page = joined.phones.phone(language, scripts=scripts)
    page.goto(PROBE)

    expect(page).to_have_url(f"{joined.address}/welcome")
    assert_welcoming(page, tmp_path / "welcome.png", scripts=scripts)
    page.click(BUTTON)
    expect(page).to_have_url(f"{joined.address}/claim")
    page.goto(PROBE)
    assert "Success" == page.inner_text("body")


def test_windows_opens_its_browser_on_the_library(joined: Joined) -> None:
    joined.forgets()
    page = joined.phones.phone("en")
    page.goto("http://www.msftconnecttest.com/redirect")

    expect(page).to_have_url(f"{joined.address}/welcome")
    page.click(BUTTON)
    page.goto("http://www.msftconnecttest.com/redirect")
    expect(page).to_have_url(f"{joined.address}/claim")


def test_a_site_of_the_internet_leads_back_to_the_library(joined: Joined) -> None:
    page = joined.phones.phone("en")
    page.goto("http://www.apple.com/store")

    assert_welcoming(page)
    page.click("a")
    expect(page).to_have_url(f"{joined.address}/claim")


def no_way(address: str) -> Link:
    raise Unreachable(f"Nobody answers at {address}.", "Look whether the cable is in.")
