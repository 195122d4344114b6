"""The library's pages through the real application, over real small courses."""

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Release
from edge.box import Box
from edge.people.people import Person

Signed = Callable[..., FlaskClient]


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert 200 == answer.status_code, answer.text
    return unescape(answer.text)


def framed(html: str) -> str:
    """The address that a page frames."""
    found = re.search(r'<iframe[^>]*src="([^"]+)"', html)
    assert found is not None
    return found.group(1)


def look(box: Box, address: str) -> None:
    """Look at a page on its content origin."""
    parts = urlsplit(address)
    assert parts.port is not None
    box.content.on_page(parts.port, parts.netloc, parts.path[1:])


def test_whoever_is_not_signed_in_is_asked_to(box: Box, lesson: Release, signed: Signed) -> None:
    client = signed()
    client.delete_cookie("qanat-box")

    paths = ["/", "/library", "/library/lesson", "/library/lesson/site", "/library/film/film/file"]
    assert [303] * 5 == [client.get(path).status_code for path in paths]


def test_an_empty_box_says_when_courses_come(signed: Signed) -> None:
    assert "They come at night." in page(signed(), "/")


def test_a_learner_is_greeted_by_name_and_time_of_day(signed: Signed, amina: Person) -> None:
    assert f"Good morning, {amina.name}" in page(signed("learner", amina.id), "/")


def test_with_an_untrusted_clock_no_time_of_day_is_said(clock: object, signed: Signed, amina: Person) -> None:
    client = signed("learner", amina.id)
    clock.wall_seconds = 60  # type: ignore[attr-defined]

    assert f"Welcome, {amina.name}" in page(client, "/")


def test_home_leads_back_to_where_a_learner_was(box: Box, film: Release, signed: Signed, amina: Person) -> None:
    client = signed("learner", amina.id)
    activity = film.activities[0].id
    box.learning.reached_second(amina.id, "film", film.version, activity, 7, 14)

    home = page(client, "/")

    assert "Go on at 0:07" in home
    assert f'href="/library/film/{activity}"' in home


def test_the_shelf_has_a_door_for_each_course(lesson: Release, reader: Release, signed: Signed) -> None:
    shelf = page(signed(), "/library")

    assert ["/library/lesson", "/library/reader"] == re.findall(r'class="door" href="([^"]+)"', shelf)
    assert "حكاية الماء" in shelf


def test_a_course_page_shows_its_parts_size_and_language(lesson: Release, signed: Signed) -> None:
    course = page(signed(), "/library/lesson")

    assert 'href="/library/lesson/site"' in course
    for words in ("Water", "Where it comes from.", "All on this box", "English", "Version 1."):
        assert words in course


def test_a_film_plays_from_the_place_with_captions(box: Box, film: Release, signed: Signed, amina: Person) -> None:
    client = signed("learner", amina.id)
    activity = film.activities[0].id
    box.learning.reached_second(amina.id, "film", film.version, activity, 7, 14)

    html = page(client, f"/library/film/{activity}")

    assert f'src="/library/film/{activity}/file#t=7"' in html
    assert [("ar", ""), ("en", " default"), ("fr", "")] == sorted(
        re.findall(r'<track kind="captions" srclang="(\w+)" label="[^"]+"( default)?', html)
    )


def test_a_films_bytes_are_named_to_the_front_and_never_read_here(box: Box, film: Release, signed: Signed) -> None:
    activity = film.activities[0]

    answer = signed().get(f"/library/film/{activity.id}/file")

    expected = box.shelf.tree("film") / activity.path
    assert (b"", "video/mp4", str(expected)) == (answer.data, answer.content_type, answer.headers["X-Sendfile"])


def test_captions_are_served_from_the_pages_own_origin(film: Release, signed: Signed) -> None:
    client, activity = signed(), film.activities[0].id

    answers = [client.get(f"/library/film/{activity}/captions/{index}") for index in (0, 2, 3, 99)]

    assert [200, 200, 404, 404] == [answer.status_code for answer in answers]
    assert "text/vtt" == answers[0].mimetype


def test_a_book_can_be_read(reader: Release, signed: Signed) -> None:
    client, activity = signed(), reader.activities[0].id
    html = page(client, f"/library/reader/{activity}")

    shown = client.get(f"/library/reader/{activity}/file")

    assert "Read" in html
    assert ("application/pdf", None) == (shown.mimetype, shown.headers.get("Content-Disposition"))


def test_a_course_runs_on_another_origin_that_the_page_may_frame(lesson: Release, signed: Signed) -> None:
    answer = signed().get("/library/lesson/site")

    address = urlsplit(framed(answer.text))
    assert ("localhost", 8100) == (address.hostname, address.port)
    assert f"frame-src http://localhost:{address.port};" in answer.headers["Content-Security-Policy"]


def test_no_file_of_a_program_is_reached_through_the_pages(lesson: Release, signed: Signed) -> None:
    assert 404 == signed().get("/library/lesson/site/file").status_code


def test_a_lesson_opens_where_the_learner_was(box: Box, lesson: Release, signed: Signed, amina: Person) -> None:
    client = signed("learner", amina.id)
    start = framed(page(client, "/library/lesson/site"))
    look(box, start.replace("index.html", "parts/2-the-slope.html"))

    again = framed(page(client, "/library/lesson/site"))

    assert start.replace("index.html", "parts/2-the-slope.html") == again


def test_a_place_is_kept_over_a_new_version(
    box: Box, lesson: Release, second_lesson: Callable[[], Release], signed: Signed, amina: Person
) -> None:
    client = signed("learner", amina.id)
    look(box, framed(page(client, "/library/lesson/site")).replace("index.html", "parts/2-the-slope.html"))

    second_lesson()

    assert framed(page(client, "/library/lesson/site")).endswith("/site/parts/2-the-slope.html")
    assert "Version 2." in page(client, "/library/lesson")


def test_a_page_that_a_new_version_lost_leads_to_the_first(
    box: Box, lesson: Release, second_lesson: Callable[[], Release], signed: Signed, amina: Person
) -> None:
    client = signed("learner", amina.id)
    look(box, framed(page(client, "/library/lesson/site")).replace("index.html", "parts/3-the-garden.html"))

    second_lesson()

    assert framed(page(client, "/library/lesson/site")).endswith("/site/index.html")


def test_a_guest_opens_everything_and_leaves_nothing(
    box: Box, lesson: Release, film: Release, reader: Release, signed: Signed
) -> None:
    client = signed()
    for release in (lesson, film, reader):
        page(client, f"/library/{release.course}/{release.activities[0].id}")

    counts = [
        box.database.read().execute(f"select count(*) from {table}").fetchone()[0] for table in ("place", "event")
    ]
    assert [0, 0] == counts


def test_a_learner_can_say_that_they_have_finished(box: Box, reader: Release, signed: Signed, amina: Person) -> None:
    client = signed("learner", amina.id)
    activity = reader.activities[0].id
    html = page(client, f"/library/reader/{activity}")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))

    answer = client.post("/learn/completed", data=fields, headers={"Origin": "http://localhost"})

    assert (303, "/library/reader") == (answer.status_code, answer.location)
    assert "Finished" in page(client, f"/library/reader/{activity}")


def test_a_part_whose_layer_has_not_come_says_so(box: Box, film: Release, signed: Signed) -> None:
    activity = film.activities[0]
    (box.shelf.tree("film") / activity.path).unlink()

    assert "Not on this box yet" in page(signed(), f"/library/film/{activity.id}")
    assert "Comes at night" in page(signed(), "/library/film")


def test_what_is_not_on_the_shelf_is_not_found(lesson: Release, signed: Signed) -> None:
    client = signed()

    paths = ["/library/none", "/library/none/site", "/library/lesson/none", "/library/lesson/none/file"]
    assert [404] * 4 == [client.get(path).status_code for path in paths]


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_every_page_renders_in_every_language(
    lesson: Release, film: Release, reader: Release, signed: Signed, amina: Person, language: str
) -> None:
    client = signed("learner", amina.id)
    direction = "rtl" if language == "ar" else "ltr"
    paths = ["/", "/library", *(f"/library/{one.course}" for one in (lesson, film, reader))]
    paths += [f"/library/{one.course}/{one.activities[0].id}" for one in (lesson, film, reader)]

    for path in paths:
        html = client.get(path, headers={"Accept-Language": language}).text
        assert f'<html lang="{language}" dir="{direction}"' in html


def test_the_first_page_of_a_learner_is_light(lesson: Release, film: Release, signed: Signed, amina: Person) -> None:
    answer = signed("learner", amina.id).get("/", headers={"Accept-Encoding": "gzip"})

    assert ("gzip", True) == (answer.headers["Content-Encoding"], len(answer.data) < 12_000)
