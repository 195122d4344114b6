"""Reading a book: its chapters, the place, the contents, the letters, the search."""

import re
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Release
from edge.box import Box
from edge.library.book_search import found_in
from edge.people.people import Person
from tests.catalog.importers.test_epub import book
from tests.edge.library.test_pages import framed, look

Signed = Callable[..., FlaskClient]


@pytest.fixture
def wells(box: Box, shelve: Callable[..., Release], tmp_path: Path) -> Release:
    place = tmp_path / "wells.epub"
    with zipfile.ZipFile(place, "w") as archive:
        for path, data in book().items():
            archive.writestr(path, data)
    return shelve(box, "wells", [place], title="Wells")


def page(client: FlaskClient, query: str = "") -> str:
    answer = client.get(f"/library/wells/wells-slopes{query}")
    assert 200 == answer.status_code
    return unescape(answer.text)


def test_a_book_opens_at_its_first_chapter_and_leads_on(wells: Release, signed: Signed) -> None:
    first, second = page(signed()), page(signed(), "?part=1")

    assert framed(first).endswith("/wells-slopes/OPS/one.xhtml")
    assert framed(second).endswith("/wells-slopes/OPS/two.xhtml")
    assert 'href="/library/wells/wells-slopes?part=1" rel="next"' in first
    assert 'href="/library/wells/wells-slopes?part=0" rel="prev"' in second
    assert "1 of 2" in first


def test_a_book_opens_again_where_its_reader_was(box: Box, wells: Release, signed: Signed, amina: Person) -> None:
    client = signed("learner", amina.id)
    look(box, framed(page(client, "?part=1")))

    assert framed(page(client)).endswith("/wells-slopes/OPS/two.xhtml")
    assert 500 == box.learning.places(amina.id)["wells"]["wells-slopes"].permille


def test_the_contents_lead_to_the_place(wells: Release, signed: Signed) -> None:
    html = page(signed())

    assert '<a href="/library/wells/wells-slopes?part=1&to=slope"><bdi>The slope</bdi></a>' in html
    assert framed(page(signed(), "?part=1&to=slope")).endswith("/two.xhtml#slope")


def test_the_size_of_the_letters_goes_along(wells: Release, signed: Signed) -> None:
    html = page(signed(), "?size=large")

    assert 'class="leaf large"' in html
    assert 'href="/library/wells/wells-slopes?part=1&size=large"' in html
    assert 'class="leaf "' in page(signed(), "?size=%22onload")


@pytest.mark.parametrize("part", ["99", "-1", "x", ""])
def test_a_part_that_is_not_there_is_the_nearest_one(wells: Release, signed: Signed, part: str) -> None:
    assert "/wells-slopes/OPS/" in framed(page(signed(), f"?part={part}"))


def test_a_search_finds_words_in_every_chapter(wells: Release, signed: Signed) -> None:
    html = page(signed(), "?q=wATER")

    assert 2 == len(re.findall(r"<mark>Water</mark>", html))
    assert "These words are not in this book." in page(signed(), "?q=camel")


def test_a_search_looks_past_the_marks_of_letters(tmp_path: Path) -> None:
    (tmp_path / "a.xhtml").write_text("<head><title>ماء</title></head><p>شرب المَاءَ من البئر</p><script>ماء</script>")
    hits = found_in(tmp_path, ["a.xhtml", "gone.xhtml"], "الماء")

    assert [("شرب ", "المَاءَ", " من البئر")] == [(hit.before, hit.found, hit.after) for hit in hits]
    assert [] == found_in(tmp_path, ["a.xhtml"], "script")
