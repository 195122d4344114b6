"""The main pages as pictures, phone and desktop, English and Arabic, into docs/screenshots; never touched up.

A demo's night is lived first, so that the pages show what people see after one.
"""

import base64
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page

from provisioning.demo import LEARNER, PASSWORD, PIN, STAFF, Night
from tests import phones
from tests.bench.processes import ROOT
from tests.nights import a_night
from tests.phones import Phones, phones_at_hand
from tests.signing_in import press

FOLDER = ROOT / "docs/screenshots"
SIZES = {"phone": phones.SIZE, "desktop": {"width": 1280, "height": 800}}
LANGUAGES = ("en", "ar")


def main() -> None:
    """Live a night, then walk the pages four times: two sizes, two languages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as leaving, phones_at_hand() as at_hand:
        data = Path(leaving.enter_context(tempfile.TemporaryDirectory()))
        night = a_night(data, leaving)
        night.live()
        for size in SIZES:
            for language in LANGUAGES:
                _walk(night, at_hand, size, language)
        _picture_of_readme(at_hand)


def _walk(night: Night, at_hand: Phones, size: str, language: str) -> None:
    box, hub = night.box.address, night.hub.address
    lesson, film, book = (night.courses[kind] for kind in ("lesson", "film", "book"))
    learner = at_hand.phone(language, viewport=SIZES[size])
    learner.goto(f"{box}/sign-in")
    _take(learner, "sign-in", size, language)
    learner.fill("[name=code]", night.class_code)
    learner.click("main form button")
    learner.get_by_role("link", name=LEARNER).click()
    _take(learner, "pin", size, language)
    learner.fill("[name=pin]", PIN)
    learner.click("main form button")
    pages = {
        "home": "/",
        "library": "/library",
        "course": f"/library/{film}",
        "lesson": f"/library/{lesson}/site",
        "film": f"/library/{film}/film",
        "book": f"/library/{book}",
        "me": "/me",
    }
    _visit(learner, box, pages, size, language)

    staff = at_hand.phone(language, viewport=SIZES[size])
    staff.goto(f"{box}/sign-in/password")
    staff.fill("#f-password", PASSWORD)
    if staff.locator("[name=name]").count():
        staff.fill("[name=name]", "staff")
    press(staff)
    staff.goto(f"{box}/classes")
    classroom = staff.locator("main a[href^='/classes/']").first.get_attribute("href")
    _visit(
        staff, box, {"staff": "/staff", "class": f"{classroom}", "progress": f"{classroom}/progress"}, size, language
    )

    far = at_hand.phone(language, viewport=SIZES[size])
    far.goto(f"{hub}/sign-in")
    far.fill("[name=name]", STAFF)
    far.fill("#f-password", PASSWORD)
    press(far)
    far.locator("main a[href='/']").click()
    far.wait_for_url(f"{hub}/")
    campus = far.locator("main a[href^='/campuses/']").first.get_attribute("href")
    shown = {"hub-fleet": "/", "hub-publish": "/publish", "hub-campus": f"{campus}", "hub-course": f"/courses/{film}"}
    _visit(far, hub, shown, size, language)


def _visit(page: Page, address: str, pages: Mapping[str, str], size: str, language: str) -> None:
    for name, path in pages.items():
        page.goto(f"{address}{path}")
        _take(page, name, size, language)


def _take(page: Page, name: str, size: str, language: str) -> None:
    page.wait_for_load_state("load")
    page.screenshot(path=FOLDER / f"{name}-{size}-{language}.png")


def _picture_of_readme(at_hand: Phones) -> None:
    shots = [
        FOLDER / f"{name}-phone-{language}.png" for name, language in (("home", "en"), ("course", "en"), ("home", "ar"))
    ]
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(shot.read_bytes()).decode()}">' for shot in shots
    )
    page = at_hand.phone(viewport={"width": 1160, "height": 780})
    page.set_content(f"<style>body{{margin:20px;background:#83969a}}img{{margin:0 10px;width:353px}}</style>{images}")
    page.screenshot(path=FOLDER / "readme.png")


if __name__ == "__main__":
    main()
