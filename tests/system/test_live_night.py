"""A night that staff watch in a real browser: the bar moves, its row appears, and the page is never loaded again.

The link is slowed by the box's own rate setting, changed on the page where staff change it. A second reader, with no
JavaScript, sees the same state whenever the page is loaded, and is told that it stands still.
"""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from provisioning.demo import CAMPUS, PASSWORD, Night, qanat_json
from tests.nights import a_night
from tests.phones import Phones, assert_welcoming, until
from tests.signing_in import press

pytestmark = pytest.mark.system

COURSE_BYTES = 700_000
RATE_KBIT = "800"
"""So slow that this course takes seven seconds: long enough to be watched."""


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    """A hub with one course that cannot be compressed, and a box that waits for it; both are processes."""
    with ExitStack() as leaving:
        night = a_night(tmp_path / "night", leaving)
        night.hub.start()
        course = tmp_path / "noise"
        course.mkdir()
        (course / "index.html").write_text("<!doctype html><title>Noise</title><h1>Noise</h1><img src=noise.png>")
        (course / "noise.png").write_bytes(os.urandom(COURSE_BYTES))
        hub = ["--data", str(night.hub.data)]
        qanat_json("hub", "publish", str(course), *hub, "--course", "noise", "--title", "The sound of water")
        token = qanat_json("hub", "token", *hub, "--campus", CAMPUS)["token"]
        there = ["--hub", night.hub.address, "--token", token, "--name", CAMPUS]
        qanat_json("box", "enrol", "--data", str(night.box.data), *there)
        night.box.start()
        yield night


def claim(night: Night, page: Page) -> None:
    page.goto(f"{night.box.address}/claim")
    page.fill("[name=code]", (night.box.data / "label.txt").read_text().strip())
    page.fill("#f-password", PASSWORD)
    page.fill("[name=classroom]", "Grade 8 B")
    page.check("[name=first][value=tonight]")
    press(page)


def slow_the_link(night: Night, page: Page) -> None:
    page.goto(f"{night.box.address}/staff/budget")
    assert_welcoming(page)
    page.fill("[name=rate_kbit]", RATE_KBIT)
    page.click("main form button")
    page.wait_for_url(re.compile("/staff"))


def sign_in(night: Night, page: Page) -> None:
    page.goto(f"{night.box.address}/sign-in/password")
    if page.locator("[name=name]").count():
        page.fill("[name=name]", "staff")
    page.fill("#f-password", PASSWORD)
    press(page)


def a_sheet(night: Night, page: Page) -> list[str]:
    """A sheet of codes, as staff make it for a browser without scripts."""
    page.goto(f"{night.box.address}/codes")
    codes = until(page, "document.querySelector('[data-shown=codes]').innerText").split()
    page.fill("#f-now", PASSWORD)
    press(page)
    return codes


def sign_in_by_code(night: Night, page: Page, code: str) -> None:
    page.goto(f"{night.box.address}/sign-in/code")
    page.fill("[name=name]", "staff")
    page.fill("[name=code]", code)
    page.click("main form button")


def test_staff_watch_a_night_without_loading_the_page_again(night: Night, phones: Phones) -> None:
    page, plain = phones.phone(), phones.phone(scripts=False)
    claim(night, page)
    sign_in_by_code(night, plain, a_sheet(night, page)[0])
    slow_the_link(night, page)
    expect(page.locator("[data-live]")).to_be_hidden()
    page.evaluate("() => { window.loadedOnce = true; }")

    watching = phones.phone()
    sign_in(night, watching)
    watching.goto(f"{night.box.address}/staff")
    watching.click("form[action='/staff/session'] button")

    until(page, "!document.querySelector('[data-live]').hidden")
    first = float(until(page, "document.querySelector('[data-live-bar]').value"))
    until(page, f"document.querySelector('[data-live-bar]').value > {first}")
    figures = until(page, r"/ of .* a second .* left/.test(document.querySelector('[data-live-figures]').textContent)"
                          " && document.querySelector('[data-live-figures]').textContent")  # fmt: skip
    assert "is on its way" in page.inner_text("[data-live-line]"), figures
    assert_welcoming(page)

    plain.goto(f"{night.box.address}/staff")
    assert "This page stands still." in plain.inner_text("[data-live]")
    assert "is on its way" in plain.inner_text("[data-live-line]")

    until(page, "document.querySelector('[data-live]').hidden")
    until(page, "document.querySelector('#fresh-courses').textContent.includes('The sound of water')")
    until(page, "document.querySelector('.charts').getAttribute('aria-label').includes('Well: 1.')")
    assert page.evaluate("window.loadedOnce"), "the page was loaded again"
    assert_welcoming(page)

    plain.goto(f"{night.box.address}/staff/nights")
    assert "well" in plain.inner_text("main")


def test_megabytes_that_are_lent_say_what_they_bought(night: Night, phones: Phones) -> None:
    page = phones.phone()
    claim(night, page)
    page.goto(f"{night.box.address}/staff")
    page.click("text=Lend megabytes now")
    assert_welcoming(page)

    page.click("button[name=mb][value='5']")

    until(page, "document.querySelector('#fresh-nights').textContent.includes('of what was lent were used')")
    assert "The sound of water" in page.inner_text("#fresh-nights")
    assert_welcoming(page)
