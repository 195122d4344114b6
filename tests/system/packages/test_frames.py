"""Courses made of frames, in a real browser: a menu in one frame leads the other, as it did when they were written."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from catalog.manifest import Release
from tests.made_packages import zipped
from tests.system.packages.conftest import Campus

pytestmark = pytest.mark.system

OUTER = """<html><head><title>Wells</title><script>function twice(n) { return n * 2; }</script></head>
<frameset cols="40%,*"><frame name="menu" src="menu.html"><frame name="main" src="one.html"></frameset></html>"""
MENU = """<html><body>
<p><a href="unit/two.html" target="main">link</a>
<a href="javascript:void(parent.main.location = 'unit/two.html')">place</a>
<a href="#" onclick="parent.frames[1].location.href = 'unit/two.html'; return false">href</a>
<a href="#" onclick="window.parent.frames['main'].location.replace('unit/two.html'); return false">replace</a>
<a href="#" onclick="window.open('unit/two.html', 'main'); return false">open</a>
<a href="unit/two.html" target="_top">top</a> <a href="unit/two.html" target="_parent">parent</a>
<a href="#" onclick="said.textContent = parent.main.document.body.innerText + parent.twice(21); return false">read</a>
</p><p id="said"></p></body></html>"""


@pytest.fixture
def framed(campus: Campus, tmp_path: Path) -> Release:
    files = {"index.html": OUTER, "menu.html": MENU, "one.html": "<p>One</p>", "unit/two.html": "<body>Two</body>"}
    return campus.shelves("wells", zipped(tmp_path / "a.zip", {name: page.encode() for name, page in files.items()}))


@pytest.mark.parametrize("way", ["link", "place", "href", "replace", "open"])
def test_a_menu_leads_the_frame_beside_it(campus: Campus, framed: Release, way: str) -> None:
    page = campus.phone()
    course = campus.opens(page, framed)

    course.frame_locator("frame[name=menu]").get_by_text(way, exact=True).click()

    expect(course.frame_locator("frame[name=main]").get_by_text("Two")).to_be_visible()
    assert 1 == len(page.context.pages)


@pytest.mark.parametrize("way", ["top", "parent"])
def test_a_menu_leads_the_whole_course_and_nothing_around_it(campus: Campus, framed: Release, way: str) -> None:
    page = campus.phone()
    course = campus.opens(page, framed)

    course.frame_locator("frame[name=menu]").get_by_text(way, exact=True).click()

    expect(course.get_by_text("Two")).to_be_visible()
    assert f"/library/wells/{framed.activities[0].id}" in page.url


def test_a_menu_reads_and_calls_what_is_around_it(campus: Campus, framed: Release) -> None:
    course = campus.opens(campus.phone(), framed)
    menu = course.frame_locator("frame[name=menu]")
    expect(course.frame_locator("frame[name=main]").get_by_text("One")).to_be_visible()

    menu.get_by_text("read", exact=True).click()

    expect(menu.locator("#said")).to_have_text("One42")
