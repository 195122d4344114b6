"""Books in a real browser, at phone size: chapters, the place, letters, search; with scripts and without."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from catalog.manifest import Release
from tests.catalog.importers.test_epub import book
from tests.system.books.conftest import SHARED, Campus
from tests.system.packages.conftest import eventually

pytestmark = pytest.mark.system

CHAPTER = (
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>c</title></head><body><h1>{title}</h1>'
    '<p id="slope">{words}</p><img alt="" width="2000" height="40" src="img/Cover.png"/></body></html>'
)


@pytest.fixture
def wells(campus: Campus, tmp_path: Path) -> Release:
    chapters = {
        "OPS/one.xhtml": CHAPTER.format(title="The well", words="Deep water. " * 120),
        "OPS/two.xhtml": CHAPTER.format(title="The slope", words="شرب المَاءَ. " * 40),
    }
    place = tmp_path / "wells.epub"
    with zipfile.ZipFile(place, "w") as archive:
        for path, data in book(**chapters).items():
            archive.writestr(path, data)
    return campus.shelves("wells", place)


def opened(campus: Campus, page: Page, query: str = "") -> None:
    page.goto(f"{campus.address}/library/wells/wells-slopes{query}")


def test_a_book_is_read_chapter_by_chapter_and_opens_again_where_it_was(campus: Campus, wells: Release) -> None:
    page = campus.phone()
    opened(campus, page)
    expect(page.frame_locator("iframe.stage").get_by_role("heading", name="The well")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.frame_locator("iframe.stage").get_by_role("heading", name="The slope")).to_be_visible()
    campus.settled()

    page.goto(f"{campus.address}/library")
    opened(campus, page)
    expect(page.frame_locator("iframe.stage").get_by_role("heading", name="The slope")).to_be_visible()


def test_letters_grow_and_nothing_is_wider_than_the_phone(campus: Campus, wells: Release) -> None:
    page = campus.phone()
    opened(campus, page)
    heading = page.frame_locator("iframe.stage").get_by_role("heading", name="The well")
    plain = heading.bounding_box()
    page.get_by_role("link", name="very large").click()
    page.wait_for_url("**size=larger*")
    larger = heading.bounding_box()

    assert plain is not None
    assert larger is not None
    assert larger["height"] > plain["height"] * 1.4
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    inside = page.frames[1].evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert inside <= 0


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_book_is_searched_without_a_script(campus: Campus, wells: Release, tmp_path: Path, language: str) -> None:
    context = campus.phones.context(language, scripts=False)
    page = campus.signs_in(context, language=language)
    opened(campus, page, "?q=الماء")

    page.locator("ul.hits a").first.click()
    expect(page.frame_locator("iframe.stage").get_by_role("heading", name="The slope")).to_be_visible()
    page.screenshot(path=str(tmp_path / f"book-{language}.png"), full_page=True)


@pytest.mark.skipif(not SHARED.exists(), reason="the books of others are not beside this checkout")
@pytest.mark.parametrize(
    "name", ["testdocument.epub", "ocf-filename-utf8-valid.epub", "ocf-filename-not-utf8-error.epub"]
)
def test_books_of_others_open(campus: Campus, name: str) -> None:
    release = campus.shelves("others", SHARED / "epub" / name)
    page = campus.phone()
    stage = campus.opens(page, release)

    expect(stage.locator("body")).not_to_contain_text("error on line")
    expect(stage.locator("body > *").first).to_be_attached()


@pytest.mark.skipif(not SHARED.exists(), reason="the documents of others are not beside this checkout")
@pytest.mark.parametrize("name", ["habibi-arabic.pdf", "pdflatex-4-pages.pdf"])
def test_documents_of_others_are_handed_to_the_phones_own_viewer(campus: Campus, name: str) -> None:
    release = campus.shelves("others", SHARED / "pdf" / name)
    page = campus.phone()
    page.goto(f"{campus.address}/library/others/{release.activities[0].id}")
    file = page.get_by_role("link", name="Read", exact=True).get_attribute("href")
    answer = page.request.get(f"{campus.address}{file}")

    assert ("application/pdf", 200) == (answer.headers["content-type"], answer.status)
    assert answer.body() == (SHARED / "pdf" / name).read_bytes()


@pytest.mark.skipif(not SHARED.exists(), reason="the documents of others are not beside this checkout")
def test_a_document_is_read_here_page_by_page_and_opens_again_where_it_was(campus: Campus, tmp_path: Path) -> None:
    release = campus.shelves("others", SHARED / "pdf" / "pdflatex-4-pages.pdf")
    page = campus.phone()
    page.goto(f"{campus.address}/library/others/{release.activities[0].id}")
    page.get_by_role("link", name="Read it here").click()
    stage = page.frame_locator("iframe.stage")
    expect(stage.locator("canvas[data-page='1']")).to_be_visible()
    stage.get_by_role("button", name="Page after").click()
    expect(stage.locator("canvas[data-page='2']")).to_be_visible()
    name, learner = release.activities[0].id, campus.amina.id
    eventually(lambda: campus.box.learning.places(learner)["others"][name].seconds == 2, campus)
    page.screenshot(path=str(tmp_path / "pdf-en.png"))

    page.goto(f"{campus.address}/library/others/{release.activities[0].id}?play=here")
    expect(page.frame_locator("iframe.stage").locator("canvas[data-page='2']")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.skipif(not SHARED.exists(), reason="the documents of others are not beside this checkout")
def test_words_in_a_document_are_found_and_a_document_in_arabic_is_drawn(campus: Campus, tmp_path: Path) -> None:
    release = campus.shelves("others", SHARED / "pdf" / "pdflatex-4-pages.pdf")
    page = campus.phone(language="ar")
    page.goto(f"{campus.address}/library/others/{release.activities[0].id}?play=here")
    stage = page.frame_locator("iframe.stage")
    expect(stage.locator("canvas[data-page='1']")).to_be_visible()
    stage.locator("input[name=words]").fill("no such words here")
    stage.locator("[data-find] button").click()
    expect(stage.locator("[data-said]")).to_be_visible()

    arabic = campus.shelves("arabic", SHARED / "pdf" / "habibi-arabic.pdf", language="ar")
    page.goto(f"{campus.address}/library/arabic/{arabic.activities[0].id}?play=here")
    expect(page.frame_locator("iframe.stage").locator("canvas[data-page='1']")).to_be_visible()
    page.screenshot(path=str(tmp_path / "pdf-ar.png"))
