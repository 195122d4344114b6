"""Keeping a copy, through the real application: what is offered, what is not, and what comes."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Activity, Release
from edge.box import Box
from edge.library import books
from edge.library.copies import copies
from tests.edge.conftest import SAMPLES

Signed = Callable[..., FlaskClient]
Shelves = Callable[..., Release]


@pytest.fixture
def free(box: Box, shelve: Shelves) -> dict[str, Release]:
    """A lesson, a film and a book that may be kept; the lesson's own book is made."""
    found = {
        "lesson": shelve(box, "lesson", [SAMPLES / "lesson"], title="Water", licence="CC BY 4.0"),
        "film": shelve(box, "film", sorted((SAMPLES / "film").iterdir()), title="Siphon", licence="CC0"),
        "reader": shelve(box, "reader", [SAMPLES / "reader" / "reader-ar.pdf"], title="حكاية", licence="Public domain"),
    }
    assert box.books.tick()
    assert not box.books.tick()
    return found


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert 200 == answer.status_code, answer.text
    return unescape(answer.text)


@pytest.mark.parametrize(
    ("course", "kind", "says"),
    [
        ("lesson", "application/epub+zip", "Book (EPUB), "),
        ("film", "video/mp4", "Film, "),
        ("reader", "application/pdf", "Book (PDF), "),
    ],
)
def test_what_may_be_kept_is_offered_with_its_size_and_comes_as_a_plain_file(
    free: dict[str, Release], signed: Signed, course: str, kind: str, says: str
) -> None:
    client, activity = signed(), free[course].activities[0].id

    html = page(client, f"/library/{course}/{activity}")
    answer = client.get(f"/library/{course}/{activity}/copy/0")

    size = Path(answer.headers["X-Sendfile"]).stat().st_size
    assert says in html
    assert f"{size / 1e6:.1f}" in html or f"{size // 1000}" in html
    assert kind == answer.mimetype
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")


def test_the_book_of_a_lesson_is_a_whole_zip(box: Box, free: dict[str, Release]) -> None:
    path = box.books.path(free["lesson"], free["lesson"].activities[0])

    assert path is not None
    assert "book/p004.xhtml" in zipfile.ZipFile(path).namelist()


@pytest.mark.parametrize(
    ("licence", "says"),
    [("", "It has no licence"), ("All rights reserved", "Its licence does not allow copies")],
)
def test_what_may_not_be_kept_says_why_not(box: Box, shelve: Shelves, signed: Signed, licence: str, says: str) -> None:
    reader = shelve(box, "reader", [SAMPLES / "reader" / "reader-ar.pdf"], title="Reader", licence=licence)
    client, activity = signed(), reader.activities[0].id

    assert says in page(client, f"/library/reader/{activity}")
    assert 404 == client.get(f"/library/reader/{activity}/copy/0").status_code


def test_of_a_film_its_360p_version_and_its_sound_are_offered(
    box: Box, free: dict[str, Release], tmp_path: Path
) -> None:
    for name in ("1080.mp4", "480.mp4", "360.mp4", "sound.m4a"):
        (tmp_path / name).write_bytes(b"film")
    renditions = [
        {"path": "1080.mp4", "height": 1080}, {"path": "480.mp4", "height": 480}, {"path": "360.mp4", "height": 360},
        {"path": "sound.m4a"}, {"path": "../../etc/passwd", "height": 360}, {"path": "gone.mp4", "height": 240},
    ]  # fmt: skip
    activity = Activity("film", "video", "1080.mp4", {"en": "Film"}, {"renditions": renditions})
    release = replace(free["film"], activities=(activity,))

    offered = copies(release, activity, tmp_path, box.books)

    assert [("film", "360.mp4", 360), ("sound", "sound.m4a", 0)] == [
        (one.kind, one.path.name, one.height) for one in offered
    ]


def test_a_film_that_has_not_come_yet_is_not_offered(box: Box, free: dict[str, Release], signed: Signed) -> None:
    activity = free["film"].activities[0]
    (box.shelf.tree("film") / activity.path).unlink()

    assert [] == copies(free["film"], activity, box.shelf.tree("film"), box.books)


def test_a_program_offers_nothing_and_is_tried_once(box: Box, shelve: Shelves, signed: Signed, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "index.html").write_text("<div id='app'></div>")
    release = shelve(box, "app", [folder], title="App", licence="CC BY")

    tried = [box.books.tick(), box.books.tick()]

    assert [True, False] == tried
    assert box.books.path(release, release.activities[0]) is None
    assert "Keep on my phone" not in page(signed(), f"/library/app/{release.activities[0].id}")


def test_books_of_former_releases_go(box: Box, free: dict[str, Release], shelve: Shelves) -> None:
    before = {path.name for path in box.books.folder.iterdir()}

    shelve(box, "lesson", [SAMPLES / "lesson"], title="Water again", licence="CC BY 4.0")
    box.books.tick()

    after = {path.name for path in box.books.folder.iterdir()}
    assert 1 == len(before) == len(after)
    assert before.isdisjoint(after)


def test_no_book_is_made_while_the_disk_is_nearly_full(
    box: Box, shelve: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve(box, "lesson", [SAMPLES / "lesson"], title="Water", licence="CC BY 4.0")
    monkeypatch.setattr(books, "FREE_BYTES_MIN", 1 << 60)

    assert not box.books.tick()
    assert [] == list(box.books.folder.iterdir())


def test_no_book_is_made_while_a_session_runs(box: Box, shelve: Shelves) -> None:
    shelve(box, "lesson", [SAMPLES / "lesson"], title="Water", licence="CC BY 4.0")

    with box.nightly._at_work:
        assert not box.books.tick()


def test_a_book_that_came_unpacked_is_found_at_its_chapter_and_kept_whole(
    box: Box, shelve: Shelves, signed: Signed, tmp_path: Path
) -> None:
    written = tmp_path / "wells.epub"
    written.write_bytes(a_book({"one.xhtml": b"<h1>Sand</h1><p>dry", "two.xhtml": b"<h1>Wells</h1><p>deep water"}))
    release = shelve(box, "wells", [written], title="Wells", licence="CC BY 4.0")
    assert box.books.tick()
    assert box.indexing.tick()
    client, activity = signed(), release.activities[0].id

    page_of_search = page(client, "/search?q=deep")
    offered = page(client, f"/library/wells/{activity}")
    kept = client.get(f"/library/wells/{activity}/copy/0")

    assert f"/library/wells/{activity}?at=" in page_of_search
    assert "two.xhtml" in page_of_search
    assert "Book (EPUB), " in offered
    chapters = zipfile.ZipFile(kept.headers["X-Sendfile"])
    assert b"dry" in chapters.read("book/p001.xhtml")
    assert b"deep water" in chapters.read("book/p002.xhtml")


def a_book(chapters: dict[str, bytes]) -> bytes:
    """An EPUB of these chapters, with a list of contents that is none of them."""
    items = "".join(
        f'<item id="i{at}" href="{name}" media-type="application/xhtml+xml"/>' for at, name in enumerate(chapters)
    )
    order = "".join(f'<itemref idref="i{at}"/>' for at in range(len(chapters)))
    nav = '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>Wells</dc:title></metadata><manifest>{nav}{items}</manifest><spine>{order}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="in/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("in/book.opf", package)
        archive.writestr("in/nav.xhtml", "<html><body><nav>deep contents</nav></body></html>")
        for name, data in chapters.items():
            page = b'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>'
            archive.writestr(f"in/{name}", page + data + b"</p></body></html>")
    return out.getvalue()


def test_a_course_of_many_pages_is_one_book_and_not_many(
    box: Box, shelve: Shelves, signed: Signed, tmp_path: Path
) -> None:
    words = "<p>" + "Water finds its way. " * 20
    sources = []
    for name in ("wells", "slopes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(f"<h1>{name}</h1>{words}<a href='more.html'>on</a>")
        (tmp_path / name / "more.html").write_text(f"<h1>more of {name}</h1>{words}")
        sources.append(tmp_path / name)
    release = shelve(box, "water", sources, title="Water", licence="CC BY 4.0")

    made = [box.books.tick(), box.books.tick()]
    assert box.indexing.tick()
    offered = page(signed(), "/library/water")
    kept = signed().get("/library/water/~/copy/0")

    book = zipfile.ZipFile(kept.headers["X-Sendfile"])
    chapters = [name for name in book.namelist() if name.startswith("book/p0")]
    assert [True, False] == made
    assert "Keep on my phone" in offered
    assert [b"wells", b"more of wells", b"slopes", b"more of slopes"] == [
        book.read(name).partition(b"<h1>")[2].partition(b"<")[0] for name in chapters
    ]
    assert all("Keep on my phone" not in page(signed(), f"/library/water/{one.id}") for one in release.activities)
    assert 404 == signed().get("/library/lesson/~/copy/0").status_code
    feed = signed().get("/opds/search?q=slopes").text
    assert 1 == feed.count("<entry>")
    assert 'href="/opds/file/water/~/0"' in feed
