"""Signing in with a real browser over plain HTTP: what is typed as a password never leaves it.

Every request that the browser sends is looked through. A slow phone is made of a fast one by the browser's own brake.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote_plus

import pyotp
import pytest
from playwright.sync_api import Page, Request, expect

from provisioning.demo import Night
from sync.clock import SystemClock
from tests.nights import a_night
from tests.phones import Phones, assert_welcoming
from tests.signing_in import press

pytestmark = pytest.mark.system

PASSWORD = "six goats & a wéll"
SECOND = "seven goats, no well"
WAIT_MS = 100
BRAKE = 8
"""How many times slower than here a cheap phone is taken to be."""
PATIENCE_SECONDS = 6


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A hub and a box that nobody has claimed; both are processes."""
    with ExitStack() as leaving:
        night = a_night(tmp_path_factory.mktemp("sign-in"), leaving)
        night.hub.start()
        night.box.start()
        yield night


@pytest.fixture
def sent() -> list[str]:
    """Everything that the phones of a test sent: addresses and bodies."""
    return []


@pytest.fixture(autouse=True)
def never_sent(sent: list[str]) -> Iterator[None]:
    """No test here lets a password out."""
    yield
    found = [text for text in sent for password in (PASSWORD, SECOND) if password in unquote_plus(text)]
    assert [] == found


def phone(phones: Phones, sent: list[str], language: str = "en", *, scripts: bool = True) -> Page:
    page = phones.phone(language, scripts=scripts)
    page.context.set_default_timeout(30_000)

    def keep(request: Request) -> None:
        sent.extend([request.url, request.post_data or ""])

    page.on("request", keep)
    return page


def sign_in(night: Night, page: Page, password: str) -> None:
    page.goto(f"{night.box.address}/sign-in/password")
    assert_welcoming(page)
    page.fill("[name=name]", "staff")
    page.fill("#f-password", password)
    press(page)


def shown(page: Page, part: str) -> list[str]:
    """The lines that the page shows to this browser alone, once they are there."""
    lines = page.locator(f"[data-shown={part}]")
    for _ in range(100):
        if text := lines.inner_text().strip():
            return text.splitlines()
        page.wait_for_timeout(WAIT_MS)
    raise AssertionError(f"{page.url} never showed {part}")


def test_a_box_is_claimed_signed_in_to_and_given_a_sheet_without_a_password_on_the_air(
    night: Night, phones: Phones, sent: list[str]
) -> None:
    page = phone(phones, sent)
    page.goto(f"{night.box.address}/claim")
    assert_welcoming(page)
    page.fill("[name=code]", (night.box.data / "label.txt").read_text().strip())
    page.fill("#f-password", PASSWORD)
    page.fill("[name=classroom]", "Grade 8 B")
    press(page)
    assert "The box is yours." in page.inner_text("h1")

    again = phone(phones, sent, "ar")
    sign_in(night, again, "six goats")
    assert again.url.endswith("/sign-in/password")
    again.fill("#f-password", PASSWORD)
    press(again)
    expect(again).to_have_url(re.compile("/staff"))

    again.goto(f"{night.box.address}/password")
    assert_welcoming(again)
    again.fill("#f-now", PASSWORD)
    again.fill("#f-password", SECOND)
    press(again)
    sign_in(night, phone(phones, sent), SECOND)

    again.goto(f"{night.box.address}/codes")
    codes = shown(again, "codes")
    assert_welcoming(again)
    again.fill("#f-now", SECOND)
    press(again)
    assert 10 == len(codes)
    assert not any(code in text for code in codes for text in sent)

    silent = phone(phones, sent, scripts=False)
    silent.goto(f"{night.box.address}/sign-in/password")
    assert "runs no script" in silent.evaluate("document.body.innerText")
    assert not silent.is_visible("#f-password"), "a form that only a script can send looks alive"
    silent.click("main a.btn")
    expect(silent).to_have_url(re.compile("/sign-in/code"))
    assert silent.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    silent.fill("[name=name]", "staff")
    silent.fill("[name=code]", codes[2])
    silent.click("main form button")
    expect(silent).to_have_url(re.compile("/staff"))


def test_the_hub_asks_its_staff_for_a_second_factor(night: Night, phones: Phones, sent: list[str]) -> None:
    page = phone(phones, sent)
    page.goto(f"{night.hub.address}/claim")
    assert_welcoming(page)
    page.fill("[name=code]", (night.hub.data / "claim-code.txt").read_text().strip())
    page.fill("[name=name]", "Rana")
    page.fill("#f-password", PASSWORD)
    press(page)
    (secret,) = shown(page, "secret")
    codes = shown(page, "codes")
    assert_welcoming(page)
    assert page.evaluate("document.querySelector('[data-shown=picture]').naturalWidth") > 0
    authenticator = pyotp.TOTP(secret.replace(" ", ""))
    assert page.get_attribute("[data-shown=link]", "href").startswith(f"otpauth://totp/Qanat:Rana?secret={secret[:4]}")
    page.fill("#f-password", "not the password")
    for wrong in ("This is not your password.", "This is not the code that goes with the picture."):
        page.fill("[name=code]", "000000")
        page.click("main form button")
        expect(page.locator("[data-answer]")).to_contain_text(wrong)
        assert [secret] == shown(page, "secret")
        page.fill("#f-password", PASSWORD)
    assert_welcoming(page)
    page.fill("[name=code]", authenticator.at(SystemClock().now().wall_seconds - 30))
    press(page)
    expect(page).to_have_url(f"{night.hub.address}/")
    assert not any(secret in text or secret.replace(" ", "") in text for text in sent)

    later = phone(phones, sent, "ar")
    later.goto(f"{night.hub.address}/sign-in")
    later.fill("[name=name]", "Rana")
    later.fill("#f-password", PASSWORD)
    press(later)
    assert_welcoming(later)
    later.fill("[name=code]", codes[0])
    press(later)
    expect(later).to_have_url(f"{night.hub.address}/")


def test_a_slow_phone_is_in_after_a_few_seconds(night: Night, phones: Phones, sent: list[str]) -> None:
    page = phone(phones, sent)
    page.goto(f"{night.box.address}/sign-in/password")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": BRAKE})
    clock = SystemClock()
    page.fill("[name=name]", "Nobody At All")
    page.fill("#f-password", PASSWORD)

    begun = clock.now().monotonic_seconds
    press(page)

    taken_seconds = clock.now().monotonic_seconds - begun
    print(f"a phone {BRAKE} times slower than here: {taken_seconds:.1f} s")
    assert taken_seconds < PATIENCE_SECONDS
    expect(page.locator("main")).to_contain_text("do not belong together")


def test_the_scripts_of_signing_in_are_small_and_written_for_old_phones() -> None:
    static = Path(__file__).parents[2] / "sync" / "web" / "static"
    text = (static / "sign-in.js").read_text() + (static / "stablelib.js").read_text()

    assert [] == [word for word in ("BigInt", "?.", "??", "async ", "await ", "import(") if word in text]
