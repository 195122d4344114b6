"""A film in a real browser, at phone size: which version plays, captions, chapters, the place, sound alone."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from catalog.manifest import Release
from catalog.renditions.studio import Studio
from tests.phones import until
from tests.system.books.conftest import Campus

pytestmark = pytest.mark.system

CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:20.000\nماء يجري\n"
CHAPTERS = (
    ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=9000\ntitle=The well\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=10000\nEND=20000\ntitle=The slope\n"
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A film of twenty seconds that is large enough for two smaller versions, and its captions."""
    folder = tmp_path_factory.mktemp("film")
    film = folder / "The water.mkv"
    (folder / "chapters.txt").write_text(CHAPTERS)
    made = [
        "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=10:duration=20", "-f", "lavfi",
        "-i", "anoisesrc=duration=20:amplitude=0.05", "-i", str(folder / "chapters.txt"), "-map_metadata", "2",
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k", str(film),
    ]  # fmt: skip
    subprocess.run(made, check=True)
    captions = folder / "The water.ar.vtt"
    captions.write_text(CAPTIONS)
    return [film, captions]


@pytest.fixture
def film(campus: Campus, sources: list[Path]) -> Release:
    return campus.put(campus.box, "water", sources, studio=Studio.found())


def opened(campus: Campus, page: Page, query: str = "") -> None:
    page.goto(f"{campus.address}/library/water/the-water{query}")


def height(page: Page) -> str:
    """How tall the picture is that the browser decodes, once it does."""
    return until(page, "String(document.querySelector('video').videoHeight || '')")


def test_the_version_for_phones_plays_and_another_can_be_chosen(campus: Campus, film: Release) -> None:
    page = campus.phone()
    opened(campus, page)

    assert "480" == height(page)
    page.get_by_role("link", name="Small").click()
    assert "360" == height(page)
    page.get_by_role("link", name="Large").click()
    assert "720" == height(page)


def test_sound_alone_plays_and_keeps_the_place(campus: Campus, film: Release) -> None:
    page = campus.phone()
    opened(campus, page)
    page.get_by_role("link", name="Only sound").click()
    page.evaluate("const a = document.querySelector('audio'); a.muted = true; a.currentTime = 8; a.play()")
    until(page, "document.querySelector('audio').currentTime > 8.2 ? 'yes' : ''")
    page.evaluate("document.querySelector('audio').pause()")
    page.get_by_role("link", name="Small").click()

    page.wait_for_url("**play=video-360")
    until(page, "document.querySelector('video').currentTime >= 8 ? 'yes' : ''")


def test_captions_show_and_a_chapter_is_gone_to(campus: Campus, film: Release) -> None:
    page = campus.phone(language="ar")
    opened(campus, page)

    words = until(
        page,
        "(() => { const t = document.querySelector('video').textTracks[0]; t.mode = 'showing';"
        " return t.cues && t.cues.length ? t.cues[0].text : '' })()",
    )
    assert "ماء يجري" == words
    page.get_by_role("link", name="The slope").click()
    until(page, "document.querySelector('video').currentTime >= 10 ? 'yes' : ''")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_of_a_film_fits_a_phone(campus: Campus, film: Release, tmp_path: Path, language: str) -> None:
    page = campus.phone(language=language)
    opened(campus, page)
    height(page)
    page.screenshot(path=str(tmp_path / f"film-{language}.png"), full_page=True)

    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
