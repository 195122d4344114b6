"""A publisher at work in a real browser, at phone size: files that stop on their way, a look, words, and the button.

The same pages are asked by axe-core, in English and in Arabic, and once without JavaScript.
"""

import random
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from provisioning.demo import Night
from sync.hub.drafts.draft import CHUNK_BYTES
from tests.nights import a_night
from tests.phones import Phones, assert_welcoming
from tests.system.test_browser import claim_the_hub

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with ExitStack() as leaving:
        night = a_night(tmp_path_factory.mktemp("publishing"), leaving)
        night.hub.start()
        yield night


@pytest.fixture(scope="module")
def staff(night: Night, phones: Phones) -> Page:
    page = phones.phone("en")
    claim_the_hub(night, page)
    return page


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A site that takes three parts on its way."""
    path = tmp_path / "water.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.html", "<!doctype html><title>Water</title><h1>Water finds its way</h1>")
        archive.writestr("film.bin", random.Random(4).randbytes(2 * CHUNK_BYTES + 1000))
    return path


def test_a_course_is_sent_in_parts_looked_at_and_published(night: Night, staff: Page, package: Path) -> None:
    asked: list[str] = []

    def lets_the_first_part_through(route: Route) -> None:
        asked.append(route.request.url)
        if route.request.url.endswith("/0"):
            route.continue_()
        else:
            route.fulfill(status=404, body="<main><h1>The link is gone.</h1></main>", content_type="text/html")

    staff.route("**/publish-parts/**", lets_the_first_part_through)
    staff.goto(f"{night.hub.address}/publish")
    assert_welcoming(staff)
    staff.set_input_files("[name=files]", str(package))
    staff.fill("[name=course]", "water")
    staff.get_by_role("button", name="Send, and look at it first").click()
    expect(staff.get_by_text("The link is gone.")).to_be_visible()
    staff.unroute("**/publish-parts/**")
    staff.on("request", lambda request: asked.append(request.url) if "publish-parts" in request.url else None)
    asked.clear()

    staff.reload()
    expect(staff).to_have_url(re.compile("/publish/[a-z2-7]+$"))
    expect(staff.get_by_text("33% has come")).to_be_visible()
    assert_welcoming(staff)
    staff.set_input_files("[name=files]", str(package))
    staff.get_by_role("button", name="Send", exact=True).click()

    expect(staff.get_by_role("heading", name="What the import found")).to_be_visible()
    assert ["1", "2"] == [url.rpartition("/")[2] for url in asked], "only the rest was sent"
    expect(staff.get_by_text("All of it could be taken as it came")).to_be_visible()
    assert_welcoming(staff)

    staff.get_by_role("link", name="See it as learners will").click()
    assert_welcoming(staff)
    staff.locator("main section a").first.click()
    expect(staff.frame_locator("iframe").get_by_role("heading", name="Water finds its way")).to_be_visible()
    assert staff.frames[1].url.split("/")[2] != staff.url.split("/")[2], "on an origin of its own"
    staff.get_by_role("link", name="Water").click()
    staff.get_by_role("link", name="The draft").click()

    staff.fill("#f-subjects", "Physics, Land")
    staff.select_option("#f-licence", "CC-BY-4.0")
    staff.get_by_role("button", name="Keep these words").click()
    expect(staff.get_by_text("Kept.")).to_be_visible()
    staff.get_by_role("button", name=re.compile("Publish to")).click()
    staff.wait_for_url(re.compile("/courses/water"))
    expect(staff.get_by_text("Published.")).to_be_visible()
    assert_welcoming(staff)


def test_without_a_script_the_same_way_leads_there_and_in_arabic_from_right_to_left(
    night: Night, staff: Page, phones: Phones, package: Path
) -> None:
    page = phones.phone("ar", scripts=False, storage_state=staff.context.storage_state())
    page.goto(f"{night.hub.address}/publish")
    page.set_input_files("[name=files]", str(package))
    page.fill("[name=course]", "water-again")
    page.locator("button[name=then]").click()

    page.wait_for_url(re.compile("/publish/[a-z2-7]+$"))
    expect(page.locator("#found")).to_be_visible(timeout=30_000)
    assert page.locator("html").get_attribute("dir") == "rtl"
    address = page.url
    page.context.close()
    staff.goto(f"{address}?lang=ar")
    assert_welcoming(staff)
    staff.goto(f"{night.hub.address}/courses/water?lang=ar")
    assert_welcoming(staff)
    staff.goto(f"{night.hub.address}/?lang=en")
