"""Nouns of the library's tests: a lesson, its second version, a film, a reader in Arabic; and who reads them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Release
from edge.app import create_app
from edge.box import Box
from edge.people.people import Person, Secret
from sync.web.sessions import Session

SAMPLES = Path(__file__).parents[3] / "provisioning" / "samples"

Signed = Callable[..., FlaskClient]


@pytest.fixture
def lesson(box: Box, shelve: Callable[..., Release]) -> Release:
    return shelve(box, "lesson", [SAMPLES / "lesson"], title="Water", description="Where it comes from.")


@pytest.fixture
def second_lesson(box: Box, lesson: Release, shelve: Callable[..., Release], tmp_path: Path) -> Callable[[], Release]:
    """Brings version 2 to the shelf: the page about the garden is gone, one about its keeper is new."""

    def bring() -> Release:
        folder = tmp_path / "lesson v2"
        shutil.copytree(SAMPLES / "lesson", folder)
        shutil.copytree(SAMPLES / "lesson-2", folder, dirs_exist_ok=True)
        (folder / "parts" / "3-the-garden.html").unlink()
        return shelve(box, "lesson", [folder], title="Water")

    return bring


@pytest.fixture
def siphon(box: Box, shelve: Callable[..., Release]) -> Release:
    return shelve(box, "siphon", [SAMPLES / "siphon"], title="Siphon")


@pytest.fixture
def film(box: Box, shelve: Callable[..., Release]) -> Release:
    files = sorted((SAMPLES / "film").iterdir())
    return shelve(box, "film", files, title="How a siphon works")


@pytest.fixture
def reader(box: Box, shelve: Callable[..., Release]) -> Release:
    return shelve(box, "reader", [SAMPLES / "reader" / "reader-ar.pdf"], title="حكاية الماء", language="ar")


@pytest.fixture
def amina(box: Box) -> Person:
    classroom = box.people.add_classroom("8 B")
    return box.people.enrol_learner(classroom.id, "Amina", Secret("pin", "4071"))


@pytest.fixture
def as_(box: Box) -> Callable[..., tuple[str, Session]]:
    """Opens a session on the box, as signing in does: `as_("learner", person)`."""

    def begin(kind: str, person: str = "") -> tuple[str, Session]:
        return box.sessions.begin(person, kind, {})

    return begin


@pytest.fixture
def signed(box: Box, as_: Callable[..., tuple[str, Session]]) -> Signed:
    """A browser that is signed in: `signed("learner", amina.id)`."""
    app = create_app(box)
    app.testing = True

    def sign_in(kind: str = "guest", person: str = "") -> FlaskClient:
        client = app.test_client()
        cookie, _ = as_(kind, person)
        client.set_cookie("qanat-box", cookie)
        return client

    return sign_in
