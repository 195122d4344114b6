"""The pages of a document on its content origin: what the viewer is told, and the page that it tells."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Release
from edge.box import Box
from edge.library.launches import Address
from edge.library.stage.app import create_stage
from edge.people.people import Person
from sync.web.sessions import Session

Begins = Callable[..., tuple[str, Session]]


@pytest.fixture
def content(box: Box) -> FlaskClient:
    app = create_stage(box)
    app.testing = True
    return app.test_client()


@pytest.fixture
def at(box: Box, reader: Release, as_: Begins) -> Callable[..., Address]:
    def launch(kind: str = "learner", person: str = "") -> Address:
        _, session = as_(kind, person)
        return box.launches.open(session, "reader", reader.root, reader.activities[0].id)

    return launch


def on(address: Address, **headers: str) -> dict[str, Any]:
    return {"base_url": f"http://box:{address.port}", "headers": headers}


def own(address: Address) -> dict[str, Any]:
    return on(address, Origin=f"http://box:{address.port}")


def scene(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="scene">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_a_viewer_is_told_the_page_and_tells_the_next(
    box: Box, reader: Release, content: FlaskClient, at: Callable[..., Address], amina: Person
) -> None:
    address = at(person=amina.id)
    first = scene(content.get(f"/{address.token}/~play/", **on(address)).text)
    kept = content.post(f"/{address.token}/~place", json={"page": 3, "pages": 9}, **own(address))
    again = scene(content.get(f"/{address.token}/~play/", **on(address)).text)

    assert (204, 1, 3) == (kept.status_code, first["page"], again["page"])
    assert 333 == box.learning.places(amina.id)["reader"][reader.activities[0].id].permille
    assert 7 == scene(content.get(f"/{address.token}/~play/?at=7", **on(address)).text)["page"]


def test_nothing_is_kept_of_a_guest(box: Box, content: FlaskClient, at: Callable[..., Address]) -> None:
    address = at("guest")
    answer = content.post(f"/{address.token}/~place", json={"page": 3, "pages": 9}, **own(address))

    assert 204 == answer.status_code
    assert "" == scene(content.get(f"/{address.token}/~play/", **on(address)).text)["place"]
    assert 0 == box.database.read().execute("select count(*) from event where kind != 'opened'").fetchone()[0]


@pytest.mark.parametrize("said", [b"", b"[]", b'{"page": -1, "pages": 2}', b'{"page": "1", "pages": 2}', b"[" * 5000])
def test_a_page_that_is_none_is_refused(
    content: FlaskClient, at: Callable[..., Address], amina: Person, said: bytes
) -> None:
    address = at(person=amina.id)

    assert 400 == content.post(f"/{address.token}/~place", data=said, **own(address)).status_code


def test_another_origin_tells_no_page(content: FlaskClient, at: Callable[..., Address], amina: Person) -> None:
    address = at(person=amina.id)
    strange = on(address, Origin="http://evil.example")

    assert 403 == content.post(f"/{address.token}/~place", json={"page": 3, "pages": 9}, **strange).status_code
