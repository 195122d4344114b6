"""Nouns of the books' and films' tests: the same served box, learner and phones as the packages' tests have."""

from playwright.sync_api import Page

from tests.system.packages.conftest import SHARED, Campus, boxes, browser, campus, clock, shelve

__all__ = ["SHARED", "Campus", "boxes", "browser", "campus", "clock", "shelve", "until"]


def until(page: Page, script: str) -> str:
    """Wait until the page answers with something. (Its policy forbids the browser driver's own way of waiting.)"""
    for _ in range(200):
        if answer := page.evaluate(script):
            return str(answer)
        page.wait_for_timeout(50)
    raise AssertionError(f"{page.url} never answered {script}")
