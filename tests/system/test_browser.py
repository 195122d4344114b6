"""One night in a real browser, at phone size, in English and in Arabic, as a learner and as the hub's staff.

The hub's port is closed in the middle. Every page that is passed is asked by axe-core. A second pass has no JavaScript.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from provisioning.courses import courses_at_hand
from provisioning.demo import CAMPUS, PASSWORD, STAFF, Night, qanat_json
from tests.nights import a_night
from tests.phones import Phones, assert_welcoming, until
from tests.signing_in import press

pytestmark = pytest.mark.system

PIN = "1357"
NAMES = {"en": "Hodan", "ar": "سعاد"}


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A hub and a box, started; our own sample courses wait to be published."""
    with ExitStack() as leaving:
        night = a_night(tmp_path_factory.mktemp("night"), leaving)
        night.hub.start()
        yield night


def test_the_night(night: Night, phones: Phones, tmp_path: Path) -> None:
    """Publish, enrol, study with the hub gone, see the progress: one story, because each part needs the one before."""
    courses = courses_at_hand(Path("/nowhere"), tmp_path)
    staff = phones.phone("en")
    claim_the_hub(night, staff)
    publish_a_course(night, staff, courses.film.sources)
    night.publish(courses.lesson)
    night.publish(courses.book)
    token = make_a_token(night, staff)

    hub = ["--hub", night.hub.address, "--token", token, "--name", CAMPUS]
    qanat_json("box", "enrol", "--data", str(night.box.data), *hub)
    night.box.start()
    class_code = claim_the_box(night, phones)
    night.sync()
    night.hub.stop()

    for language, name in NAMES.items():
        study(night, phones, language, name, class_code)
    read_without_scripts(night, phones, class_code)

    night.hub.start()
    night.sync()
    for language in NAMES:
        see_progress(night, phones, language)


def claim_the_hub(night: Night, page: Page) -> None:
    page.goto(f"{night.hub.address}/claim")
    assert_welcoming(page)
    page.fill("[name=code]", (night.hub.data / "claim-code.txt").read_text().strip())
    page.fill("[name=name]", STAFF)
    page.fill("#f-password", PASSWORD)
    press(page)
    assert_welcoming(page)
    page.get_by_role("link", name="Later").click()
    expect(page).to_have_url(f"{night.hub.address}/")
    assert_welcoming(page)


def publish_a_course(night: Night, page: Page, sources: tuple[Path, ...]) -> None:
    page.goto(f"{night.hub.address}/publish")
    assert_welcoming(page)
    page.set_input_files("[name=files]", [str(source) for source in sources])
    page.fill("[name=title]", "The siphon and the cistern")
    page.fill("[name=course]", "siphon")
    page.get_by_role("button", name="Publish at once").click()
    page.wait_for_url(re.compile("/courses/siphon"))
    assert_welcoming(page)


def make_a_token(night: Night, page: Page) -> str:
    page.goto(f"{night.hub.address}/")
    page.fill("[name=name]", CAMPUS)
    page.click("form[action='/campuses'] button")
    page.wait_for_url(re.compile("/campuses/"))
    page.click("form[action$='/tokens'] button")
    token = page.inner_text("code.token")
    assert_welcoming(page)
    return token


def claim_the_box(night: Night, phones: Phones) -> str:
    page = phones.phone("en")
    page.goto(f"{night.box.address}/")
    page.wait_for_url(re.compile("/claim"))
    assert_welcoming(page)
    page.fill("[name=code]", (night.box.data / "label.txt").read_text().strip())
    page.fill("#f-password", PASSWORD)
    page.fill("[name=classroom]", "Grade 8 B")
    press(page)
    assert_welcoming(page)
    page.goto(f"{night.box.address}/staff")
    assert_welcoming(page)
    page.goto(f"{night.box.address}/classes")
    page.click("main a[href^='/classes/']")
    assert_welcoming(page)
    page.goto(f"{page.url}/code")
    assert_welcoming(page)
    return page.inner_text(".big")


def join(night: Night, page: Page, name: str, class_code: str) -> None:
    page.goto(f"{night.box.address}/join")
    assert_welcoming(page)
    page.fill("[name=code]", class_code)
    page.click("main form button")
    page.goto(f"{night.box.address}/join")
    assert_welcoming(page)
    page.fill("[name=name]", name)
    page.click("main form button")
    page.fill("[name=pin]", PIN)
    page.click("main form button")
    assert_welcoming(page)
    page.goto(f"{night.box.address}/")
    assert name in page.inner_text("h1")
    assert_welcoming(page)


def study(night: Night, phones: Phones, language: str, name: str, class_code: str) -> None:
    page = phones.phone(language)
    join(night, page, name, class_code)
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    page.goto(f"{night.box.address}/library")
    assert_welcoming(page)

    page.goto(f"{night.box.address}/library/water/site")
    assert_welcoming(page)
    lesson = page.frame_locator("iframe")
    lesson.get_by_role("link", name="The slope").click()
    expect(lesson.get_by_role("heading", name="Part 2: the slope")).to_be_visible()
    page.goto(f"{night.box.address}/library/water")
    assert_welcoming(page)
    page.goto(f"{night.box.address}/library/water/site")
    expect(page.frame_locator("iframe").get_by_role("heading", name="Part 2: the slope")).to_be_visible()

    watch(night, page, language)
    page.goto(f"{night.box.address}/library/qanat-ar")
    page.locator("a[href^='/library/qanat-ar/']").first.click()
    assert_welcoming(page)
    file = page.get_attribute("a[href$='/file']", "href")
    book = page.request.get(f"{night.box.address}{file}")
    assert book.body().startswith(b"%PDF")
    page.goto(f"{night.box.address}/me")
    assert_welcoming(page)


def watch(night: Night, page: Page, language: str) -> None:
    page.goto(f"{night.box.address}/library/siphon")
    film = page.locator("main a[href*='film']").first.get_attribute("href")
    page.goto(f"{night.box.address}{film}")
    assert_welcoming(page)
    until(page, "document.querySelector('video').readyState >= 1")
    page.evaluate("() => { const film = document.querySelector('video'); film.muted = true; return film.play(); }")
    until(page, "document.querySelector('video').currentTime > 0.5")
    page.evaluate("() => { document.querySelector('video').currentTime = 9; }")
    until(page, "document.querySelector('video').currentTime > 9.2")
    words = until(
        page,
        "[...document.querySelector('video').textTracks].find((track) => track.mode === 'showing')"
        "?.activeCues?.[0]?.text",
    )
    assert (language == "ar") == bool(re.search(r"[\u0600-\u06ff]", words))
    page.evaluate("() => document.querySelector('video').pause()")
    page.goto(f"{night.box.address}/me")
    page.goto(f"{night.box.address}{film}")
    assert re.search(r"#t=(9|1\d)", page.get_attribute("video", "src") or "")


def read_without_scripts(night: Night, phones: Phones, class_code: str) -> None:
    """Scripts off: sign in, open a course, read."""
    page = phones.phone("en", scripts=False)
    page.goto(f"{night.box.address}/sign-in")
    page.fill("[name=code]", class_code)
    page.click("main form button")
    page.get_by_role("link", name=NAMES["en"]).click()
    page.fill("[name=pin]", PIN)
    page.click("main form button")
    page.goto(f"{night.box.address}/library")
    page.click("a[href='/library/water']")
    page.locator("a[href^='/library/water/']").first.click()
    lesson = page.frame_locator("iframe")
    expect(lesson.get_by_role("heading", name="Part 2: the slope")).to_be_visible()
    lesson.get_by_role("link", name="The garden").first.click()
    expect(lesson.get_by_role("heading", name="Part 3: the garden")).to_be_visible()


def see_progress(night: Night, phones: Phones, language: str) -> None:
    page = phones.phone(language)
    page.goto(f"{night.hub.address}/sign-in")
    assert_welcoming(page)
    page.fill("[name=name]", STAFF)
    page.fill("#f-password", PASSWORD)
    press(page)
    page.locator("main a[href='/']").click()
    page.wait_for_url(f"{night.hub.address}/")
    assert_welcoming(page)
    page.click("main a[href^='/campuses/']")
    assert_welcoming(page)
    shown = page.inner_text("main")
    assert [name for name in NAMES.values() if name not in shown] == []
