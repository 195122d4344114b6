"""Finding, through the real application, over real small courses on a real box."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from catalog.manifest import Release
from catalog.search.index import Index
from catalog.search.texts import reader as reader_
from edge.box import Box
from edge.cli import box as command
from edge.library import indexing
from edge.people.people import Person
from tests.edge.conftest import WoundClock

Signed = Callable[..., FlaskClient]
STATEMENTS_MAX = 4


@pytest.fixture
def courses(box: Box, lesson: Release, film: Release, reader: Release) -> list[Release]:
    """A lesson, a film and a book, made findable."""
    assert box.indexing.tick()
    return [lesson, film, reader]


@pytest.fixture
def statements(box: Box) -> Iterator[list[str]]:
    """What is asked of the index's database meanwhile."""
    asked: list[str] = []
    connection = box.indexing.index.database.read().conn
    connection.set_trace_callback(asked.append)
    yield asked
    connection.set_trace_callback(None)


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert 200 == answer.status_code, answer.text
    return unescape(answer.text)


def hits(html: str) -> list[str]:
    return re.findall(r'<b><a href="([^"]+)"', html)


def test_a_word_on_a_page_opens_the_lesson_at_that_page(courses: list[Release], signed: Signed) -> None:
    client = signed()

    found = page(client, "/search?q=bowl")
    framed = re.search(r'<iframe[^>]*src="([^"]+)"', page(client, hits(found)[0]))

    assert "/library/lesson/site?at=site/parts/" in hits(found)[0]
    assert "<mark>bowl</mark>" in found.lower()
    assert framed is not None
    assert framed.group(1).endswith(hits(found)[0].partition("at=")[2])


def test_a_word_that_is_said_opens_the_film_at_that_second(courses: list[Release], signed: Signed) -> None:
    client = signed()

    href = hits(page(client, "/search?q=bucket"))[0]
    second = href.partition("at=")[2]

    assert href.startswith("/library/film/film?at=")
    assert f"#t={second}" in page(client, href)


def test_a_word_in_a_document_opens_it_at_its_page(courses: list[Release], signed: Signed) -> None:
    client = signed()

    href = hits(page(client, "/search?q=الوقت"))[0]
    number = href.partition("at=")[2]

    assert href.startswith("/library/reader/")
    assert f"/file#page={number}" in page(client, href)


def test_titles_and_descriptions_are_found(courses: list[Release], signed: Signed) -> None:
    client = signed()

    assert "/library/reader/reader-ar" in hits(page(client, "/search?q=حكايه"))
    assert "<mark>comes</mark>" in page(client, "/search?q=comes")


def test_what_was_typed_is_shown_as_text(courses: list[Release], signed: Signed) -> None:
    answer = signed().get("/search", query_string={"q": '"><script>alert(1)</script> water'})

    assert 200 == answer.status_code
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_text_of_a_course_is_never_markup(
    box: Box, shelve: Callable[..., Release], signed: Signed, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "index.html").write_text("<p>&lt;img src=x onerror=alert(1)&gt; wells &lt;/mark&gt;")
    shelve(box, "odd", [folder], title="<b>Odd</b>")
    box.indexing.tick()

    answer = signed().get("/search?q=wells")

    assert "&lt;img src=x" in answer.text
    assert "<img src=x" not in answer.text
    assert "<b>Odd</b>" not in answer.text


def test_a_search_is_a_few_statements(courses: list[Release], signed: Signed, statements: list[str]) -> None:
    page(signed(), "/search?q=water&language=en&mb=200")

    asked = [one for one in statements if one.lstrip().startswith("select")]
    assert 0 < len(asked) <= STATEMENTS_MAX, asked


def test_nothing_found_says_what_to_do(courses: list[Release], signed: Signed) -> None:
    assert "Try another word" in page(signed(), "/search?q=elephants")


def test_courses_are_browsed_by_what_they_are(courses: list[Release], signed: Signed) -> None:
    client = signed()

    arabic = page(client, "/search?language=ar")
    small = page(client, "/search?mb=5&language=en")

    assert ["/library/reader"] == re.findall(r'class="door" href="([^"]+)"', arabic)
    assert ["/library/film", "/library/lesson"] == re.findall(r'class="door" href="([^"]+)"', small)
    assert ["/library/reader/reader-ar"] == hits(page(client, "/search?q=الماء&language=ar&mb=50"))[:1]
    assert [] == hits(page(client, "/search?q=الماء&language=fr"))


@pytest.mark.parametrize("query", ["at=x", "at=-1", "at=99999999999", "at=../../etc/passwd", "at=1e3", "at=%00"])
def test_a_place_that_is_none_opens_at_the_beginning(courses: list[Release], signed: Signed, query: str) -> None:
    client = signed()

    assert "#t=" not in page(client, f"/library/film/film?{query}")
    assert "#page=" not in page(client, f"/library/reader/{courses[2].activities[0].id}?{query}")
    assert "/index.html" in page(client, f"/library/lesson/site?{query}")


def test_a_learners_own_place_gives_way_to_what_was_found(
    box: Box, courses: list[Release], signed: Signed, amina: Person
) -> None:
    box.learning.reached_second(amina.id, "film", courses[1].version, "film", 9, 14)

    assert "#t=3" in page(signed("learner", amina.id), "/library/film/film?at=3")


def test_the_shelf_has_the_field(courses: list[Release], signed: Signed) -> None:
    assert 'action="/search"' in page(signed(), "/library")


def test_the_page_is_in_the_readers_language_and_direction(courses: list[Release], signed: Signed) -> None:
    html = page(signed(), "/search?q=water&lang=ar")

    assert 'dir="rtl"' in html


def test_a_new_version_is_found_and_what_it_dropped_is_not(
    box: Box, courses: list[Release], second_lesson: Callable[[], Release], signed: Signed
) -> None:
    client = signed()
    before = hits(page(client, "/search?q=dangerous")), hits(page(client, "/search?q=sinks"))

    second_lesson()
    box.indexing.tick()

    assert [] == before[0]
    assert "parts/3-the-garden.html" in before[1][0]
    assert hits(page(client, "/search?q=dangerous"))
    assert [] == hits(page(client, "/search?q=sinks"))


def test_a_course_that_leaves_the_shelf_is_not_found(box: Box, courses: list[Release], signed: Signed) -> None:
    box.database.write(lambda connection: connection.execute("delete from shelf where course = 'reader'"))

    gone_at_once = hits(page(signed(), "/search?q=الوقت"))
    box.indexing.tick()

    assert [] == gone_at_once
    assert {"film", "lesson"} == box.indexing.index.cards().keys()


def test_indexing_stops_and_goes_on(
    box: Box, lesson: Release, clock: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "STEP_SECONDS", 0)
    unfinished = box.indexing.tick()
    monkeypatch.undo()

    finished = box.indexing.tick()

    assert (False, True) == (unfinished, finished)
    assert box.indexing.tick()


def test_indexing_waits_while_a_session_runs(box: Box, lesson: Release) -> None:
    with box.nightly._at_work:
        assert not box.indexing.tick()

    assert {} == box.indexing.index.cards()


def test_a_lost_index_is_built_again(boxes: Callable[..., Box], box: Box, courses: list[Release]) -> None:
    box.close()
    (box.data / "search.db").unlink()

    again = boxes()
    again.indexing.tick()

    assert {"film", "lesson", "reader"} == again.indexing.index.cards().keys()


def test_what_is_known_already_is_not_read_again(
    box: Box, courses: list[Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("a file was read again")

    monkeypatch.setattr(reader_, "Reader", refuse)
    monkeypatch.setattr(Index, "put_course", refuse)

    assert box.indexing.tick()


def test_a_file_that_has_rotted_costs_its_own_text(box: Box, lesson: Release, tmp_path: Path) -> None:
    rotten = box.releases.layers(lesson.root)[0].entries[0]
    place = box.store.place_of(rotten.digest)
    shutil.move(place, tmp_path / "rotten")

    assert box.indexing.tick()
    assert box.indexing.index.cards()["lesson"].is_read


def test_while_courses_are_being_read_the_page_says_so(box: Box, lesson: Release, signed: Signed) -> None:
    before = page(signed(), "/search?q=water")
    box.indexing.tick()

    assert "still being read" in before
    assert "still being read" not in page(signed(), "/search?q=water")


def test_whoever_stands_beside_the_box_finds_by_a_command(box: Box, lesson: Release, film: Release) -> None:
    box.close()

    said = CliRunner().invoke(command, ["find", "bucket", "--data", str(box.data), "--json"], catch_exceptions=False)

    found = json.loads(said.output)
    assert found["is_whole"]
    assert [("film", "/library/film/film?at=9", ["bucket"])] == [
        (row["course"], row["address"], row["marks"]) for row in found["found"]
    ]
