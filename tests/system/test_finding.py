"""Finding in a real browser, at phone size, on a real box: a film at its second, a page, a book, a file to keep.

The box is the served process; what is on its shelf was put there before it was started, and read by the command. Every
page that is passed is asked by axe-core; a second pass has no JavaScript.
"""

import io
import json
import random
import re
import subprocess
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from catalog.publish import Catalog, publish
from edge.box import Box
from edge.config import Config
from sync.clock import SystemClock
from tests.bench.processes import ROOT, first_page, qanat, running
from tests.phones import Phones, assert_welcoming
from tests.ports import free_ports

pytestmark = pytest.mark.system

SAMPLES = ROOT / "provisioning" / "samples"
BUCKET_SECONDS = 9
"""When the film's captions say "bucket"."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A claimed box with a lesson, a film and a book in Arabic, all of which may be kept."""
    folder = tmp_path_factory.mktemp("finding") / "box"
    draws = random.Random(7).randbytes
    box = Box.open(
        folder, Config(), clock=SystemClock(), random_bytes=draws, open_link=lambda _: pytest.fail("no link")
    )
    box.setup.claim(str(box.setup.label_code()), "a long password", "Grade 8 B")
    at = Catalog(box.data, box.database, box.store, box.releases)
    for course, sources, language in (
        ("lesson", [SAMPLES / "lesson"], "en"),
        ("film", sorted((SAMPLES / "film").iterdir()), "en"),
        ("reader", [SAMPLES / "reader" / "reader-ar.pdf"], "ar"),
    ):
        release = publish(sources, at, course=course, now_seconds=0, licence="CC BY 4.0", language=language).release
        layers = list(release.layers)
        box.database.write(lambda connection, one=release, parts=layers: box.shelf.switch(connection, one, parts))
    box.shelf.ensure_trees()
    assert box.books.tick()
    box.close()
    return folder


@pytest.fixture(scope="module")
def address(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The box, served; its courses are read by the command that asks the running process."""
    port, content, *_ = free_ports(20)
    command = qanat(
        "box", "serve", "--data", str(data), "--host", "127.0.0.1", "--port", str(port), "--content-port", str(content)
    )
    with running(command, tmp_path_factory.mktemp("log") / "box.log") as process:
        first_page(f"http://127.0.0.1:{port}/sign-in", process)
        yield f"http://127.0.0.1:{port}"


def guest(phones: Phones, address: str, language: str, *, scripts: bool = True) -> Page:
    """A phone whose holder looks around without a name."""
    page = phones.phone(language, scripts=scripts)
    page.goto(f"{address}/sign-in")
    page.locator("form[action='/guest'] button").click()
    page.wait_for_url(re.compile(r"/$"))
    return page


def find(data: Path, words: str) -> list[dict[str, str]]:
    """What the command finds, after it had the running process read what is new."""
    said = subprocess.run(
        qanat("box", "find", words, "--data", str(data), "--json"), cwd=ROOT, capture_output=True, check=True
    )
    found = json.loads(said.stdout)
    assert found["is_whole"]
    rows: list[dict[str, str]] = found["found"]
    return rows


@pytest.mark.parametrize("scripts", [True, False])
def test_a_word_that_is_said_opens_the_film_at_that_second(
    data: Path, address: str, phones: Phones, scripts: bool
) -> None:
    find(data, "bucket")
    page = guest(phones, address, "en", scripts=scripts)

    page.goto(f"{address}/library")
    page.fill("[name=q]", "bucket")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("mark")).to_have_text("bucket")
    page.locator("main li b a").first.click()

    expect(page.locator("video")).to_have_attribute("src", re.compile(f"#t={BUCKET_SECONDS}$"))
    if scripts:
        page.wait_for_function(f"document.querySelector('video').currentTime >= {BUCKET_SECONDS}")


def test_a_word_on_a_page_opens_the_lesson_there(data: Path, address: str, phones: Phones) -> None:
    find(data, "bowl")
    page = guest(phones, address, "en")

    page.goto(f"{address}/search?q=bowl")
    assert_welcoming(page)
    page.locator("main li b a").first.click()

    expect(page.frame_locator("iframe").get_by_role("heading", name="Part 3: the garden")).to_be_visible()


def test_an_arabic_word_is_found_however_it_is_written(data: Path, address: str, phones: Phones) -> None:
    find(data, "الوقت")
    page = guest(phones, address, "ar")

    page.goto(f"{address}/search?q=وقت")

    assert "rtl" == page.get_attribute("html", "dir")
    expect(page.locator("mark").first).to_be_visible()
    assert_welcoming(page)
    page.locator("main li b a").first.click()
    assert_welcoming(page)
    assert page.locator("main a[href*='#page=']").count() == 1


def test_what_may_be_kept_comes_as_a_file_that_opens_by_itself(data: Path, address: str, phones: Phones) -> None:
    page = guest(phones, address, "en")
    page.goto(f"{address}/library/lesson/site")
    page.get_by_text("Keep on my phone").click()
    assert_welcoming(page)

    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("EPUB")).click()

    kept = Path(download.value.path())
    assert download.value.suggested_filename.endswith(".epub")
    assert "book/p001.xhtml" in zipfile.ZipFile(kept).namelist()


def test_an_e_reader_fetches_a_book_without_a_name(data: Path, address: str) -> None:
    with urllib.request.urlopen(f"{address}/opds/books") as answer:
        feed = answer.read().decode()
        kind = answer.headers["Content-Type"]
    href, length = re.findall(r'href="(/opds/file/[^"]+)" type="application/epub\+zip" length="(\d+)"', feed)[0]

    with urllib.request.urlopen(address + href) as answer:
        book = answer.read()

    assert kind.startswith("application/atom+xml")
    assert int(length) == len(book)
    assert zipfile.ZipFile(io.BytesIO(book)).testzip() is None
