"""Drafts of a hub, and staff who work on them."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from catalog.about import About
from sync.hub.app import create_app
from sync.hub.drafts.draft import CHUNK_BYTES
from sync.hub.hub import Hub
from tests.sync.hub.test_pages import PASSWORD, Browser


def site(title: str, *pages: str, film: bytes = b"") -> bytes:
    """A zip of a small site."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.html", f"<!doctype html><title>{title}</title><p>{title}</p>")
        for page in pages:
            archive.writestr(page, f"<!doctype html><title>{page}</title><p>{title}: {page}</p>")
        if film:
            archive.writestr("film.bin", film)
    return data.getvalue()


@pytest.fixture
def app(hub: Hub) -> Flask:
    return create_app(hub)


@pytest.fixture
def staff(hub: Hub, app: Flask) -> Browser:
    hub.staff.add("Rana", PASSWORD)
    browser = Browser(app)
    assert browser.proves("/sign-in", name="Rana", password=PASSWORD).status_code == 303
    return browser


@pytest.fixture
def drafts(hub: Hub) -> Callable[..., str]:
    """Makes drafts whose files have come, in parts: `drafts("water", {"a.zip": b"..."})`."""

    def make(course: str, files: dict[str, bytes], **about: Any) -> str:
        said = About.written(**{"languages": ("en",), **about})
        draft = hub.drafts.make(said, course, "Rana")
        hub.drafts.announce(draft, [(name, len(data)) for name, data in files.items()])
        for file in hub.drafts.find(draft).files:
            for chunk in file.missing:
                start = chunk * CHUNK_BYTES
                hub.drafts.put(draft, file.number, chunk, files[file.name][start : start + CHUNK_BYTES])
        return draft

    return make


@pytest.fixture
def imported(hub: Hub, drafts: Callable[..., str]) -> Callable[..., str]:
    """Makes drafts that are imported."""

    def make(course: str, files: dict[str, bytes], **about: Any) -> str:
        draft = drafts(course, files, **about)
        hub.drafts.begin(draft)
        hub.jobs.do_waiting()
        return draft

    return make
