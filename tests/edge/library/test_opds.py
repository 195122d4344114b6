"""The catalogue for e-readers: valid Atom, sizes, pages, search, and nothing that may not be kept."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Release
from edge.app import create_app
from edge.box import Box
from edge.library import opds
from edge.library.opds import ATOM, OPENSEARCH
from tests.edge.conftest import SAMPLES

Shelves = Callable[..., Release]
ENTRY = f"{{{ATOM}}}entry"
LINK = f"{{{ATOM}}}link"


@pytest.fixture
def client(box: Box, shelve: Shelves) -> FlaskClient:
    """An e-reader, which has no session; a lesson and a book may be kept, a film is no book, one book is reserved."""
    shelve(
        box, "lesson", [SAMPLES / "lesson"], title="Water & <sand>\x01", description="From hills.", licence="CC BY 4.0"
    )
    shelve(box, "reader", [SAMPLES / "reader" / "reader-ar.pdf"], title="حكاية", language="ar", licence="CC0")
    shelve(box, "film", sorted((SAMPLES / "film").iterdir()), title="Siphon", licence="CC BY 4.0")
    shelve(box, "ours", [SAMPLES / "reader" / "reader-ar.pdf"], title="Ours", licence="All rights reserved")
    assert box.books.tick()
    assert box.indexing.tick()
    app = create_app(box)
    app.testing = True
    return app.test_client()


def feed(client: FlaskClient, path: str) -> ElementTree.Element:
    """A feed, and that it is what Atom demands of one."""
    answer = client.get(path)
    assert 200 == answer.status_code
    assert "application/atom+xml" == answer.mimetype
    root = ElementTree.fromstring(answer.data)
    for one in [root, *root.iter(ENTRY)]:
        for name in ("id", "title", "updated"):
            assert 1 == len(one.findall(f"{{{ATOM}}}{name}")), name
        assert str(one.findtext(f"{{{ATOM}}}updated")).endswith("Z")
    assert root.find(f"{{{ATOM}}}author/{{{ATOM}}}name") is not None
    assert {"self", "start", "search"} <= {str(link.get("rel")) for link in root.findall(LINK)}
    return root


def titles(root: ElementTree.Element) -> list[str]:
    return [str(one.findtext(f"{{{ATOM}}}title")) for one in root.iter(ENTRY)]


def test_navigation_leads_to_lists_by_language(client: FlaskClient) -> None:
    root = feed(client, "/opds")

    hrefs = [str(link.get("href")) for entry in root.iter(ENTRY) for link in entry.iter(LINK)]
    assert ["All books", "العربية", "English"] == titles(root)
    assert [["Water & <sand>", "حكاية"], ["حكاية"], ["Water & <sand>"]] == [
        titles(feed(client, href)) for href in hrefs
    ]


def test_a_book_has_its_type_its_size_and_its_file(client: FlaskClient) -> None:
    root = feed(client, "/opds/books")

    links = [link for entry in root.iter(ENTRY) for link in entry.iter(LINK)]
    files = [client.get(str(link.get("href"))) for link in links]
    assert ["application/epub+zip", "application/pdf"] == [link.get("type") for link in links]
    assert [opds.OPEN_ACCESS] * 2 == [link.get("rel") for link in links]
    assert [int(str(link.get("length"))) for link in links] == [
        Path(file.headers["X-Sendfile"]).stat().st_size for file in files
    ]


def test_a_list_comes_in_pages(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opds, "ENTRIES_MAX", 1)

    first = feed(client, "/opds/books")
    onward = next(str(link.get("href")) for link in first.findall(LINK) if link.get("rel") == "next")
    second = feed(client, onward)

    assert (["Water & <sand>"], ["حكاية"]) == (titles(first), titles(second))
    assert {"previous"} == {str(link.get("rel")) for link in second.findall(LINK)} - {"self", "start", "search"}


def test_an_e_reader_searches(client: FlaskClient) -> None:
    description = ElementTree.fromstring(client.get("/opds/search.xml").data)
    url = description.find(f"{{{OPENSEARCH}}}Url")
    assert url is not None

    asked = str(url.get("template")).removeprefix("http://localhost")

    assert ["Water & <sand>"] == titles(feed(client, asked.replace("{searchTerms}", "hills")))
    assert ["حكاية"] == titles(feed(client, asked.replace("{searchTerms}", quote("الوقت"))))
    assert [] == titles(feed(client, asked.replace("{searchTerms}", quote('" OR *'))))


@pytest.mark.parametrize(
    "path", ["/opds/file/film/film/0", "/opds/file/ours/reader-ar/0", "/opds/file/lesson/site/9", "/opds/file/x/y/0"]
)
def test_what_is_no_book_or_may_not_be_kept_is_not_given(client: FlaskClient, path: str) -> None:
    assert 404 == client.get(path).status_code


@pytest.mark.parametrize("page", ["-1", "x", "99999999999", "٣"])
def test_a_page_that_is_none_is_the_first(client: FlaskClient, page: str) -> None:
    assert 2 == len(titles(feed(client, f"/opds/books?page={quote(page)}")))


def test_staff_can_close_it(client: FlaskClient, box: Box) -> None:
    box.change_config({"opds": False})

    paths = ["/opds", "/opds/books", "/opds/search", "/opds/search.xml", "/opds/file/lesson/site/0"]
    assert [404] * 5 == [client.get(path).status_code for path in paths]


def test_nobody_gets_a_session_by_it(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/opds").headers
