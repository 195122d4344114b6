"""A publisher looks at drafts in a real browser, at phone size: everything plays by a box's players, nothing is kept.

Every page that is passed is asked by axe-core, in English and in Arabic; a quiz once without JavaScript.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from provisioning.demo import Night
from tests.catalog.importers.cartridge.test_cartridge import FILES, LINK, item, manifest, resource
from tests.catalog.importers.test_epub import book
from tests.edge.learning.quiz.conftest import WATER
from tests.made_packages import Item, au, cmi5, scorm, tincan, zipped
from tests.nights import a_night
from tests.phones import Phones, assert_welcoming
from tests.system.test_browser import claim_the_hub

pytestmark = pytest.mark.system

SAMPLES = Path(__file__).parents[2] / "provisioning" / "samples"
SHARED = Path(__file__).parents[3] / "shared" / "fixtures"
"""Packages of others, where they lie beside the checkout."""

PLAYED = """one => new Promise(done => {
  one.ontimeupdate = () => one.currentTime > 0.2 && done(true);
  one.muted = true;
  one.play();
})"""
CAPTIONS = """one => new Promise(done => {
  const track = one.querySelector("track"), count = () => done(track.track.cues.length);
  track.onload = count;
  track.track.mode = "showing";
  if (track.readyState === 2) count();
})"""

Sends = Callable[..., str]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with ExitStack() as leaving:
        night = a_night(tmp_path_factory.mktemp("previews"), leaving)
        night.hub.start()
        yield night


@pytest.fixture(scope="module")
def staff(night: Night, phones: Phones) -> Page:
    page = phones.phone("en")
    claim_the_hub(night, page)
    return page


@pytest.fixture
def sends(night: Night, staff: Page) -> Sends:
    """Makes a draft of files, and waits until they are imported; says its page's address."""

    def send(course: str, *files: Path) -> str:
        staff.goto(f"{night.hub.address}/publish")
        staff.set_input_files("[name=files]", [str(file) for file in files])
        staff.fill("[name=course]", course)
        staff.get_by_role("button", name="Send, and look at it first").click()
        expect(staff.get_by_role("heading", name="What the import found")).to_be_visible()
        return staff.url

    return send


def looks_at(page: Page, draft: str, title: str = "") -> FrameLocator:
    """Open the draft's course as learners will see it, and an activity of it, or the only one; returns the stage."""
    page.goto(draft)
    page.get_by_role("link", name="See it as learners will").click()
    expect(page).to_have_url(re.compile(r"/preview/library/[^/]+$"))
    assert_welcoming(page)
    rows = page.locator("main section a")
    (rows.filter(has_text=title) if title else rows).first.click()
    assert_welcoming(page)
    return page.frame_locator("iframe.stage")


def room(stage: FrameLocator) -> FrameLocator:
    """The package itself, in the frame of the stage."""
    return stage.frame_locator("[data-room]")


def assert_apart(page: Page) -> None:
    """What is framed is of another origin, which is shown nobody's session."""
    origins = {"/".join(frame.url.split("/")[:3]) for frame in page.frames[1:] if frame.url.startswith("http")}
    own = "/".join(page.url.split("/")[:3])
    assert origins
    assert own not in origins
    for origin in origins:
        answer = page.context.request.get(f"{origin}/publish")
        assert (404, None) == (answer.status, answer.headers.get("set-cookie"))


def test_scorm_1_2(staff: Page, sends: Sends, tmp_path: Path) -> None:
    draft = sends("scorm", scorm(tmp_path / "one.zip", [Item("one", "The well")]))

    sco = room(looks_at(staff, draft))
    expect(sco.locator("#said")).to_have_text("true")
    expect(sco.locator("#who")).to_have_text("Guest")
    sco.get_by_role("button", name="Answer", exact=True).click()
    expect(sco.locator("#said")).to_have_text("true")
    sco.get_by_role("button", name="Pass with 85").click()

    assert_apart(staff)
    again = room(looks_at(staff, draft))
    expect(again.locator("#suspended")).to_have_text("(0)")
    expect(again.locator("#entry")).to_have_text("ab-initio")


def test_scorm_2004_in_its_order(staff: Page, sends: Sends, tmp_path: Path) -> None:
    flow = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'
    parts = [Item("one", "The well"), Item("two", "The canal")]
    draft = sends("scorm-2004", scorm(tmp_path / "two.zip", parts, is_2004=True, sequencing=flow))

    stage = looks_at(staff, draft)
    expect(room(stage).get_by_role("heading", name="The well")).to_be_visible()
    room(stage).get_by_role("button", name="Go on").click()
    expect(room(stage).get_by_role("heading", name="The canal")).to_be_visible()
    stage.get_by_role("button", name="Parts").click()
    expect(stage.locator("#parts")).to_contain_text("finished")

    expect(room(looks_at(staff, draft)).get_by_role("heading", name="The well")).to_be_visible()


def test_cmi5_is_fetched_heard_and_ended(staff: Page, sends: Sends, tmp_path: Path) -> None:
    draft = sends("cmi5", cmi5(tmp_path / "unit.zip", au("well", 'moveOn="Completed"'), "well"))

    unit = room(looks_at(staff, draft))
    expect(unit.locator("#said")).to_have_text("initialized 200")
    for button, said in [("keep", "kept 204"), ("complete", "completed 200"), ("end", "terminated 200")]:
        unit.locator(f"#{button}").click()
        expect(unit.locator("#said")).to_have_text(said)

    expect(room(looks_at(staff, draft)).locator("#state")).to_have_text("none")


def test_xapi_is_answered_and_forgotten(staff: Page, sends: Sends, tmp_path: Path) -> None:
    draft = sends("xapi", tincan(tmp_path / "unit.zip", "well"))

    unit = room(looks_at(staff, draft))
    unit.locator("#answer").click()
    expect(unit.locator("#said")).to_have_text("answered 200")
    unit.locator("#keep").click()
    expect(unit.locator("#said")).to_have_text("kept 204")

    expect(room(looks_at(staff, draft)).locator("#state")).to_have_text("none")


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
def test_h5p(staff: Page, sends: Sends) -> None:
    """True or false (tunapanda/h5p-standalone, MIT): "Is this false?", and it is."""
    draft = sends("h5p", SHARED / "h5p" / "h5p-test.h5p")

    exercise = looks_at(staff, draft).frame_locator("iframe.h5p-iframe")
    exercise.get_by_role("radio", name="False").click()
    exercise.get_by_role("button", name="Check").click()
    expect(exercise.get_by_text("1/1").first).to_be_visible()

    again = looks_at(staff, draft).frame_locator("iframe.h5p-iframe")
    expect(again.get_by_role("radio", name="False")).to_have_attribute("aria-checked", "false")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_quiz_is_answered_and_marked(
    staff: Page, phones: Phones, sends: Sends, tmp_path: Path, *, scripts: bool
) -> None:
    (tmp_path / "quiz.xml").write_text(WATER)
    draft = sends(f"quiz-{scripts}".lower(), tmp_path / "quiz.xml")
    page = phones.phone("en", scripts=scripts)
    page.context.add_cookies(staff.context.cookies())  # type: ignore[arg-type]
    page.goto(draft)
    page.get_by_role("link", name="See it as learners will").click()
    page.locator("main section a").first.click()
    address = page.url

    expect(page.get_by_text("nothing of it is kept")).to_be_visible()
    page.get_by_text("Near the floor").click()
    page.get_by_role("button", name="Hand in").click()

    expect(page.locator("h1")).to_contain_text("12% right")
    expect(page.get_by_text("SECRET-steam")).to_be_visible()
    if scripts:
        assert_welcoming(page)
    page.get_by_role("link", name="Try again").click()
    expect(page).to_have_url(address)
    expect(page.locator("input:checked")).to_have_count(0)
    page.context.close()


@pytest.fixture
def shelf(tmp_path: Path) -> list[Path]:
    """What is no program: a book, a document, a film with captions, a link, a file to keep."""
    folder = tmp_path
    chapters = {
        f"OPS/{name}.xhtml": f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>Deep water.</p></body></html>"
        for name, title in (("one", "The well"), ("two", "The slope"))
    }
    zipped(folder / "wells.epub", {path: _bytes(data) for path, data in book(**chapters).items()})
    resources = resource("LINK", "imswl_xmlv1p1", "link.xml") + resource("BOOK", "webcontent", "docs/plan.docx")
    told: Mapping[str, str | bytes] = {
        "imsmanifest.xml": manifest(resources, item("LINK", "A well far away") + item("BOOK", "The plan")),
        "link.xml": LINK,
        "docs/plan.docx": FILES["docs/plan.docx"],
    }
    zipped(folder / "links.imscc", {path: _bytes(data) for path, data in told.items()})
    film = sorted(path for path in (SAMPLES / "film").iterdir() if path.is_file())
    return [folder / "wells.epub", folder / "links.imscc", SAMPLES / "reader" / "reader-ar.pdf", *film]


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def test_a_book_a_document_a_film_a_link_and_a_file(staff: Page, sends: Sends, shelf: list[Path]) -> None:
    draft = sends("shelf", *shelf)

    chapter = looks_at(staff, draft, "Wells & slopes")
    expect(chapter.get_by_role("heading", name="The well")).to_be_visible()
    staff.get_by_role("link", name="Next").first.click()
    expect(chapter.get_by_role("heading", name="The slope")).to_be_visible()
    staff.get_by_text("Search in this book").click()
    staff.fill("#f-q", "deep")
    staff.get_by_role("button", name="Search").click()
    expect(staff.locator(".hits mark").first).to_have_text("Deep")
    assert_welcoming(staff)
    assert_apart(staff)

    looks_at(staff, draft, "reader")
    read = staff.context.request.get(staff.get_by_role("link", name="Read", exact=True).evaluate("one => one.href"))
    assert ("application/pdf", b"%PDF-") == (read.headers["content-type"], read.body()[:5])
    staff.get_by_role("link", name="Read it here, page by page").click()
    sheet = staff.frame_locator("iframe.stage")
    expect(sheet.locator("[data-of]")).to_contain_text(re.compile(r"\d"))
    expect(sheet.locator("canvas")).to_be_visible()

    looks_at(staff, draft, "film")
    film = staff.locator("video")
    assert film.evaluate(PLAYED)
    assert ["ar", "en", "fr"] == sorted(film.evaluate("one => [...one.textTracks].map(track => track.language)"))
    assert film.evaluate(CAPTIONS) > 0

    looks_at(staff, draft, "A well far away")
    expect(staff.get_by_role("link", name="Open")).to_have_attribute("href", "https://example.org/well")

    looks_at(staff, draft, "The plan")
    with staff.expect_download() as saved:
        staff.get_by_role("link", name="Save it on this phone").click()
    assert "The plan.docx" == saved.value.suggested_filename


def test_the_same_in_arabic(staff: Page, phones: Phones, sends: Sends, shelf: list[Path], tmp_path: Path) -> None:
    (tmp_path / "quiz.xml").write_text(WATER)
    draft = sends("raff", *shelf, scorm(tmp_path / "one.zip", [Item("one", "The well")]), tmp_path / "quiz.xml")
    page = phones.phone("ar")
    page.context.add_cookies([one for one in staff.context.cookies() if one["name"] != "language"])  # type: ignore[misc]
    page.goto(f"{draft}/preview/library/raff?lang=ar")
    assert_welcoming(page)
    addresses = page.locator("main section a").evaluate_all("all => all.map(one => one.href)")

    assert len(addresses) > 6
    for address in addresses:
        page.goto(f"{address}?lang=ar")
        assert "rtl" == page.locator("html").get_attribute("dir")
        assert_welcoming(page)
        if page.locator("iframe.stage").count() and "scorm" in address:
            expect(room(page.frame_locator("iframe.stage")).locator("#who")).to_have_text("ضيف")
        expect(page.locator(".crumbs, nav a").first).to_be_visible()
    page.context.close()


def test_two_drafts_never_share_an_origin(staff: Page, sends: Sends, tmp_path: Path) -> None:
    drafts = [sends(name, scorm(tmp_path / f"{name}.zip", [Item("one", name.title())])) for name in ("left", "right")]
    origins = []

    for draft in drafts:
        expect(room(looks_at(staff, draft)).locator("#said")).to_have_text("true")
        origins.append("/".join(staff.frames[1].url.split("/")[:3]))
        staff.frames[1].evaluate("localStorage.setItem('mine', document.title)")

    assert 2 == len(set(origins))
    assert staff.frames[1].evaluate("Object.keys(localStorage).length") == 1
