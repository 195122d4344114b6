"""A draft is looked at by the rules of the box: a program on an origin of its own, which knows nobody."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from sync.clock import SystemClock
from sync.hub.hub import Hub
from sync.hub.previews import LAUNCH_SECONDS, PreviewSite
from sync.web.front import Front, Site
from sync.web.wsgi import Application
from tests.sync.hub.drafts.conftest import site
from tests.sync.hub.test_pages import Browser

Make = Callable[..., str]
SAMPLES = Path(__file__).parents[4] / "provisioning" / "samples"


@pytest.fixture
def database_url() -> str | None:
    return None


@pytest.fixture
def served(hub: Hub, app: Flask) -> Iterator[str]:
    """The preview's own site, really served; its address."""
    preview = PreviewSite(hub.previews, "")
    application = Application(app.wsgi_app, folders=[hub.previews.folder])
    front = Front([Site("127.0.0.1", 0, application), Site("127.0.0.1", 0, preview)], SystemClock())
    app_port, hub.previews.port = front.bind()
    preview.begin(app_port)
    with front.serving():
        yield f"http://127.0.0.1:{hub.previews.port}"


def shown_address(page: str) -> str:
    found = re.search(r'<iframe class="stage" src="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_a_program_is_framed_from_another_origin_under_the_rules_for_strangers(
    hub: Hub, staff: Browser, served: str, imported: Make
) -> None:
    draft = imported("water", {"water.zip": site("Water", "two.html")})

    page = staff.opens(f"/publish/{draft}/preview/site")
    address = shown_address(page.text).replace("http://localhost:", "http://127.0.0.1:")
    answer = httpx.get(address)

    assert f"frame-src http://localhost:{hub.previews.port};" in page.headers["Content-Security-Policy"]
    assert address.startswith(served)
    assert (200, True) == (answer.status_code, "<title>Water</title>" in answer.text)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "nosniff" == answer.headers["X-Content-Type-Options"]
    assert "Set-Cookie" not in answer.headers


def test_nothing_is_shown_without_its_word_nor_beside_its_files(
    hub: Hub, staff: Browser, served: str, imported: Make
) -> None:
    draft = imported("water", {"water.zip": site("Water")})
    staff.opens(f"/publish/{draft}/preview/site")
    release = hub.drafts.find(draft).release
    assert release is not None
    token = hub.previews.open(release)

    paths = [
        "/", "/site/index.html", f"/{release.root}/site/index.html", "/none/site/index.html",
        f"/{token}/../{release.root}/site/index.html", f"/{token}/%2e%2e/hub.db", f"/{token}/none.html", "/publish",
    ]  # fmt: skip

    assert {404} == {httpx.get(served + path).status_code for path in paths}
    assert 200 == httpx.get(f"{served}/{token}/site/index.html").status_code
    assert 405 == httpx.post(f"{served}/{token}/site/index.html").status_code


def test_an_address_is_good_for_some_hours(hub: Hub, imported: Make, clock: Any) -> None:
    release = hub.drafts.find(imported("water", {"water.zip": site("Water")})).release
    assert release is not None
    token = hub.previews.open(release)

    assert hub.previews.resolve(0, "", f"{token}/site/index.html") is not None
    clock.passes(LAUNCH_SECONDS + 1)
    assert hub.previews.resolve(0, "", f"{token}/site/index.html") is None


def test_a_film_and_a_document_are_shown_with_what_belongs_to_them(hub: Hub, staff: Browser, imported: Make) -> None:
    files = {path.name: path.read_bytes() for path in sorted((SAMPLES / "film").iterdir()) if path.is_file()}
    reader = SAMPLES / "reader" / "reader-ar.pdf"
    draft = imported("water", {**files, reader.name: reader.read_bytes()})
    film, pdf = (one for one in hub.drafts.find(draft).said.activities)

    film_page = staff.reads(f"/publish/{draft}/preview/{film.id}")
    pdf_page = staff.reads(f"/publish/{draft}/preview/{pdf.id}")

    assert f'src="/publish/{draft}/preview/{film.id}/file"' in film_page
    assert "<track" in film_page
    assert f'href="/publish/{draft}/preview/{pdf.id}/file"' in pdf_page
    for path in (f"{film.id}/file", f"{film.id}/captions/0", f"{pdf.id}/file"):
        assert "X-Sendfile" in staff.opens(f"/publish/{draft}/preview/{path}").headers
    assert 404 == staff.opens(f"/publish/{draft}/preview/{film.id}/captions/9").status_code


def test_where_programs_cannot_be_shown_it_is_said(hub: Hub, staff: Browser, imported: Make) -> None:
    draft = imported("water", {"water.zip": site("Water")})

    assert "an address of their own" in staff.reads(f"/publish/{draft}/preview/site")


def test_what_was_looked_at_goes_with_the_draft(hub: Hub, staff: Browser, imported: Make) -> None:
    draft, other = imported("water", {"a.zip": site("Water")}), imported("sand", {"b.zip": site("Sand")})
    for one in (draft, other):
        release = hub.drafts.find(one).release
        assert release is not None
        hub.previews.tree(release)

    staff.sends(f"/publish/{draft}/discard", page=f"/publish/{draft}")

    assert 1 == len(list(hub.previews.folder.iterdir()))
