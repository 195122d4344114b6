"""Phones: a real browser at a phone's size, for all who look at pages.

* A phone is a context of its own: no cookie, no cache and no storage of another.
* Nothing on it moves (`reduced_motion`): colours are judged as they are, not on their way.
* A browser that died is started again for the next phone; one accident is one failed test.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
SIZE = {"width": 360, "height": 740}
PATIENCE_MS = 20_000
SERIOUS = {"serious", "critical"}
WAITS_MAX = 600
WAIT_MS = 100


class Phones:
    """As many phones as a test wants, on one browser."""

    def __init__(self, launch: Callable[[], Browser]) -> None:
        self._launch = launch
        self._browser = launch()
        self._contexts: list[BrowserContext] = []

    def context(self, language: str = "en", *, scripts: bool = True, **more: Any) -> BrowserContext:
        """What phones of one person share. `more` goes to the browser as it is (`storage_state`, `viewport`)."""
        if not self._browser.is_connected():
            self._browser = self._launch()
        more.setdefault("viewport", SIZE)
        context = self._browser.new_context(
            locale=language, java_script_enabled=scripts, reduced_motion="reduce", **more
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        return context

    def phone(self, language: str = "en", *, scripts: bool = True, **more: Any) -> Page:
        """A phone with an empty memory, on which no script of ours may fail."""
        return watched(self.context(language, scripts=scripts, **more))

    def put_away(self) -> None:
        """Close every phone. One that is left goes on sending what it keeps, to whatever box comes to its port next."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()

    def close(self) -> None:
        self._browser.close()


@contextmanager
def phones_at_hand() -> Iterator[Phones]:
    """Phones for as long as somebody wants them."""
    with sync_playwright() as playwright:
        phones = Phones(lambda: playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES))
        yield phones
        phones.close()


def watched(context: BrowserContext) -> Page:
    """A page on which no script may fail."""
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"a script failed on {page.url}: {error}"))
    return page


def assert_welcoming(page: Page, picture: Path | None = None, *, scripts: bool = True) -> None:
    """Nothing wider than the phone, nothing serious for axe-core; and a picture for whoever wants one."""
    if picture is not None:
        page.screenshot(path=picture, full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{page.url} is {overflow} px wider than the phone"
    if not scripts:
        return
    found = Axe().run(page).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]
    assert serious == [], page.url


def until(page: Page, script: str) -> str:
    """Wait until the page answers with something. (Its policy forbids the browser driver's own way of waiting.)"""
    for _ in range(WAITS_MAX):
        if answer := page.evaluate(script):
            return str(answer)
        page.wait_for_timeout(WAIT_MS)
    raise AssertionError(f"never true on {page.url}: {script}")
