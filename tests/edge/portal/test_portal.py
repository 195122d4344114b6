"""A phone joins: what its system asks is answered so that it leads to the library, and later says that all is well."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from edge.app import create_app
from edge.box import Box
from edge.config import Config
from edge.portal import portal
from edge.portal.portal import REMEMBERED_SECONDS, VISITORS_MAX, Visitors, Way, hardware_of, way
from edge.portal.probes import DNS_ANSWERS, PROBES, Probe
from tests.edge.conftest import WoundClock

TABLE = Path(__file__).parents[3] / "docs" / "captive-portal.md"
SYSTEMS_THAT_MUST_BE = {
    "Android", "iOS, macOS", "Windows", "Firefox", "Huawei", "Samsung", "Xiaomi", "Kindle", "NetworkManager",
    "Chrome OS",
}  # fmt: skip
ARP = """IP address       HW type     Flags       HW address            Mask     Device
10.42.0.21       0x1         0x2         aa:bb:cc:00:00:01     *        wlan0
10.42.0.22       0x1         0x0         00:00:00:00:00:00     *        wlan0
"""

each_probe = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: f"{probe.host}{probe.path}")


@pytest.fixture
def box(boxes: Callable[..., Box]) -> Box:
    return boxes(config=Config(portal=True, address="http://box.lan", accel="/internal/"))


@pytest.fixture
def app(box: Box) -> Flask:
    return create_app(box)


def asks(app: Flask, host: str, path: str, address: str = "10.42.0.21", **more: str) -> TestResponse:
    """What a client at this address is answered; each is another device, without cookies."""
    return app.test_client().get(path, headers={"Host": host, **more}, environ_base={"REMOTE_ADDR": address})


@each_probe
def test_a_phone_that_has_not_opened_the_library_is_led_to_it(app: Flask, probe: Probe) -> None:
    answer = asks(app, probe.host, probe.path)

    assert (302, "http://box.lan/welcome", "no-store") == (
        answer.status_code,
        answer.location,
        answer.headers["Cache-Control"],
    )


@each_probe
def test_a_phone_that_has_opened_it_gets_its_systems_own_success(app: Flask, probe: Probe) -> None:
    asks(app, "box.lan", "/")

    answer = asks(app, probe.host, probe.path)

    assert (probe.status, probe.body or answer.data) == (answer.status_code, answer.data)
    assert "no-store" == answer.headers["Cache-Control"]
    assert {name: answer.headers.get(name) for name in probe.headers} == dict(probe.headers)


def test_every_system_is_in_the_table() -> None:
    assert {probe.system for probe in PROBES} >= SYSTEMS_THAT_MUST_BE
    assert len({(probe.host, probe.path) for probe in PROBES}) == len(PROBES)


def test_the_document_shows_the_same_table() -> None:
    rows = re.findall(r"^\| ([^|]+) \| `([^`]+)` \| ([^|]+) \|$", TABLE.read_text(), re.MULTILINE)

    assert [(probe.system, f"{probe.host}{probe.path}", says(probe)) for probe in PROBES] == rows
    assert all(f"`{name}` is `{address}`" in TABLE.read_text() for name, address in DNS_ANSWERS.items())


def says(probe: Probe) -> str:
    """A success as the document says it."""
    if probe.leads_home:
        return "to the library"
    words = {b"": "nothing"}.get(probe.body, f"`{probe.body.decode().strip()[:40]}`")
    header = ", `X-NetworkManager-Status: online`" if probe.headers else ""
    return f"{probe.status}, {words}{header}"


def test_one_phones_success_is_not_anothers(app: Flask) -> None:
    asks(app, "box.lan", "/", address="10.42.0.21")

    others = asks(app, "captive.apple.com", "/hotspot-detect.html", address="10.42.0.22")

    assert 302 == others.status_code


@pytest.mark.parametrize("path", ["/welcome", "/static/look.css", "/language/fr", "/look/theme/dark", "/nothing"])
def test_the_page_of_welcome_and_what_it_needs_open_nothing_yet(app: Flask, path: str) -> None:
    asks(app, "box.lan", path)

    assert 302 == asks(app, "connectivitycheck.gstatic.com", "/generate_204").status_code


def test_a_phone_that_comes_back_tomorrow_is_led_to_the_library_again(app: Flask, clock: WoundClock) -> None:
    asks(app, "box.lan", "/")
    clock.wind(REMEMBERED_SECONDS - 1)
    stays = asks(app, "captive.apple.com", "/hotspot-detect.html")
    clock.wind(REMEMBERED_SECONDS - 1)
    still = asks(app, "captive.apple.com", "/hotspot-detect.html")
    clock.wind(REMEMBERED_SECONDS + 1)

    assert [200, 200, 302] == [
        one.status_code for one in (stays, still, asks(app, "captive.apple.com", "/hotspot-detect.html"))
    ]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/opds", "/staff", "/welcome", "/mirror/x", "/xAPI/about"])
def test_under_a_probes_host_nothing_of_the_box_is_shown(app: Flask, path: str) -> None:
    asks(app, "box.lan", "/")

    answer = asks(app, "www.google.com", path)

    assert (404, True) == (answer.status_code, b'href="http://box.lan/"' in answer.data)
    assert "Set-Cookie" not in answer.headers


def test_another_foreign_name_gets_a_short_page_that_leads_home(app: Flask) -> None:
    answer = asks(app, "evil.example", "/sign-in?next=/me", **{"Accept-Language": "ar"})

    assert (404, True, True) == (
        answer.status_code,
        b'href="http://box.lan/"' in answer.data,
        b'dir="rtl"' in answer.data,
    )
    assert len(answer.data) < 1500


def test_a_form_sent_to_a_foreign_name_is_refused(app: Flask) -> None:
    posts = [app.test_client().post("/guest", headers={"Host": host}) for host in ("evil.example", "www.google.com")]

    assert [400, 404] == [answer.status_code for answer in posts]
    assert all("Set-Cookie" not in answer.headers for answer in posts)


@pytest.mark.parametrize("host", ["box.lan", "box.local", "box", "10.42.0.1", "BOX.LAN."])
def test_the_boxs_own_names_show_its_pages(app: Flask, host: str) -> None:
    assert 200 == asks(app, host, "/claim").status_code


def test_without_the_setting_no_probe_is_answered(boxes: Callable[..., Box]) -> None:
    app = create_app(boxes("plain", config=Config(address="http://box.lan")))

    assert "http://box.lan/generate_204" == asks(app, "www.gstatic.com", "/generate_204").location
    assert "/" == asks(app, "box.lan", "/welcome").location


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fr", "ltr"), ("ar", "rtl")])
def test_the_page_of_welcome_speaks_the_phones_language_and_needs_no_script(
    app: Flask, language: str, direction: str
) -> None:
    page = asks(app, "box.lan", "/welcome", **{"Accept-Language": language}).get_data(as_text=True)

    assert f'lang="{language}" dir="{direction}"' in page
    assert re.search(r'<a class="btn block" href="/"', page)
    assert '<bdi dir="ltr">http://box.lan</bdi>' in page


# ---- who is remembered ----


def test_what_is_remembered_has_a_bound(tmp_path: Path) -> None:
    visitors = Visitors(tmp_path / "no-arp")
    for number in range(2 * VISITORS_MAX):
        visitors.opens(f"10.{number // 250}.{number % 250}.9", float(number))

    assert VISITORS_MAX == len(visitors)
    assert not visitors.has_opened("10.0.0.9", 2 * VISITORS_MAX)
    assert visitors.has_opened(f"10.{(2 * VISITORS_MAX - 1) // 250}.249.9", 2 * VISITORS_MAX)


def test_a_phone_with_another_address_is_known_by_its_hardware(tmp_path: Path) -> None:
    arp = tmp_path / "arp"
    arp.write_text(ARP)
    visitors = Visitors(arp)
    visitors.opens("10.42.0.21", 0.0)
    arp.write_text(ARP.replace("10.42.0.21", "10.42.0.77"))

    assert (True, False) == (visitors.has_opened("10.42.0.77", 1.0), visitors.has_opened("10.42.0.21", 1.0))


def test_hardware_that_the_kernel_does_not_know_is_none() -> None:
    assert ("aa:bb:cc:00:00:01", "", "") == tuple(
        hardware_of(address, ARP) for address in ("10.42.0.21", "10.42.0.22", "10.42.0.2")
    )


@pytest.mark.parametrize("has_opened", [False, True])
def test_no_way_is_the_boxs_own_under_a_foreign_path(has_opened: bool) -> None:
    assert Way.ELSEWHERE == way(portal.probe_of("www.apple.com", "/store"), has_opened=has_opened)
