"""Staff tell a box the time in a real browser: by one tap where scripts run, by writing it where none does."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from edge.box import Box
from edge.config import Config
from edge.serve import sites
from sync.clock import Moment, Source, SystemClock, heard
from sync.link import Link, Unreachable
from sync.web.front import Front
from tests.phones import Phones, assert_welcoming
from tests.ports import HOST, free_ports

pytestmark = pytest.mark.system

BEHIND_SECONDS = 3 * 86_400


class SlowClock:
    """A machine's clock that is days behind; whether it is believed the test says."""

    def __init__(self) -> None:
        self._machine = SystemClock()
        self._told: Moment | None = None
        self.is_trusted = False

    def now(self) -> Moment:
        true, told = self._machine.now(), self._told
        if told is None:
            return Moment(true.wall_seconds - BEHIND_SECONDS, true.monotonic_seconds, self.is_trusted)
        since = int(true.monotonic_seconds - told.monotonic_seconds)
        return Moment(told.wall_seconds + since, true.monotonic_seconds, told.is_trusted, source=told.source)

    def wait(self, seconds: float) -> None:
        self._machine.wait(seconds)

    def correct(self, wall_seconds: int) -> None:
        self._told = Moment(wall_seconds, self._machine.now().monotonic_seconds, is_trusted=True, source=Source.HUB)

    def hear(self, wall_seconds: int) -> None:
        self._told = heard(self.now(), wall_seconds) or self._told

    def not_before(self, wall_seconds: int) -> None: ...


@dataclass
class Desk:
    """A claimed box, and staff before it."""

    box: Box
    clock: SlowClock
    address: str
    cookie: str

    def sits_at(self, phones: Phones, *, scripts: bool) -> Page:
        context: BrowserContext = phones.context("en", scripts=scripts)
        port = self.address.rpartition(":")[2]
        context.add_cookies([{"name": f"qanat-box-{port}", "value": self.cookie, "url": self.address}])
        page = context.new_page()
        page.goto(f"{self.address}/staff")
        return page

    @property
    def off_seconds(self) -> int:
        return SystemClock().now().wall_seconds - self.box.clock.now().wall_seconds


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    port, content = free_ports(2)
    config = Config(host=HOST, port=port, content_port=content, content_ports=1, timezone="Africa/Djibouti")
    clock = SlowClock()
    box = Box.open(tmp_path / "box", config, clock=clock, random_bytes=secrets.token_bytes, open_link=no_way)
    box.start()
    staff = box.setup.claim(str(box.setup.label_code()), "a long password", "Grade 8 B").staff
    cookie, _ = box.sessions.begin(staff.id, "staff", {})
    with Front(sites(box), clock).serving():
        yield Desk(box, clock, f"http://{HOST}:{port}", cookie)
    box.close()


def test_one_tap_sets_the_clock_to_the_phones(desk: Desk, phones: Phones) -> None:
    page = desk.sits_at(phones, scripts=True)
    assert_welcoming(page)
    page.click("[data-clock] button")

    expect(page.locator("[data-clock]")).to_be_hidden()
    assert 0 <= desk.off_seconds < 120
    assert not desk.box.clock.now().is_trusted


def test_a_clock_that_is_believed_and_behind_is_offered_to_be_set_by_the_phones_own(desk: Desk, phones: Phones) -> None:
    desk.clock.is_trusted = True

    page, silent = desk.sits_at(phones, scripts=True), desk.sits_at(phones, scripts=False)

    expect(page.locator("[data-clock]")).to_be_visible()
    expect(silent.locator("[data-clock]")).to_be_hidden()


def test_without_a_script_the_time_is_written_by_hand(desk: Desk, phones: Phones) -> None:
    page = desk.sits_at(phones, scripts=False)
    assert_welcoming(page, scripts=False)
    page.fill("[name=at]", "2031-05-04T17:40")
    page.click("[data-clock] button")

    expect(page.locator("[data-clock] .big")).to_have_text("2031-05-04 17:40")


def no_way(address: str) -> Link:
    raise Unreachable(f"Nobody answers at {address}.", "Look whether the cable is in.")
