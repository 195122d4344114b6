"""The stage: what a course's own origin says beside its files, to whom, and what it refuses."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Release
from edge.box import Box
from edge.library.launches import Address
from edge.library.stage import files
from edge.library.stage.app import create_stage, embedded
from edge.people.people import Person, Secret
from sync.web.sessions import Session
from tests.made_packages import Item, scorm

Begins = Callable[..., tuple[str, Session]]
PAGE_BYTES_MAX = 4_000
SCRIPTS_BYTES_MAX = 16_000
HOSTILE_TITLE = "</script><script>alert(1)</script>"


@pytest.fixture
def package(box: Box, shelve: Callable[..., Release], tmp_path: Path) -> Release:
    return shelve(box, "water", [scorm(tmp_path / "water.zip", [Item("one", "The well")])])


@pytest.fixture
def content(box: Box) -> FlaskClient:
    """A browser on the box's content origins."""
    app = create_stage(box)
    app.testing = True
    return app.test_client()


@pytest.fixture
def at(box: Box, package: Release, as_: Begins) -> Callable[..., Address]:
    def launch(kind: str = "learner", person: str = "") -> Address:
        _, session = as_(kind, person)
        return box.launches.open(session, "water", package.root, package.activities[0].id)

    return launch


def on(address: Address, **headers: str) -> dict[str, Any]:
    return {"base_url": f"http://box:{address.port}", "headers": headers}


def own(address: Address) -> dict[str, Any]:
    return on(address, Origin=f"http://box:{address.port}")


def save(**changes: Any) -> dict[str, Any]:
    return {"part": "one", "sitting": 1, "number": 1, "state": {"completionStatus": "completed"}, **changes}


def scene_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="scene">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


def test_the_page_brings_the_runtime_and_all_that_is_kept(
    box: Box, content: FlaskClient, at: Callable[..., Address], amina: Person
) -> None:
    address = at(person=amina.id)
    content.post(f"/{address.token}/~state", json=save(), **own(address))

    page = content.get(f"/{address.token}/~play/", **on(address)).get_data(as_text=True)

    scene = scene_of(page)
    assert (1, "Amina", "1.2") == (scene["sitting"], scene["learner"]["name"], scene["version"])
    assert {"completionStatus": "completed"} == json.loads(scene["states"]["one"])
    assert f"/{address.token}/water/one/page.html" == scene["parts"][0]["address"]
    assert "/~play/scorm-again-" in page


def test_the_page_loads_nothing_but_our_own_and_only_the_box_frames_it(
    box: Box, content: FlaskClient, at: Callable[..., Address]
) -> None:
    address = at("guest")

    answer = content.get(f"/{address.token}/~play/", **on(address))

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert policy.endswith(f"frame-ancestors http://box:{box.config.port}")
    assert ("nosniff", "private, no-store") == (
        answer.headers["X-Content-Type-Options"],
        answer.headers["Cache-Control"],
    )
    assert "Set-Cookie" not in answer.headers


def test_a_package_cannot_speak_out_of_its_data() -> None:
    assert "<" not in embedded({"title": HOSTILE_TITLE})
    assert {"title": HOSTILE_TITLE} == json.loads(embedded({"title": HOSTILE_TITLE}))


@pytest.mark.parametrize("origin", ["", "http://box:9999", "http://evil.example", "null"])
def test_only_a_page_of_the_same_origin_may_say_something(
    box: Box, content: FlaskClient, at: Callable[..., Address], amina: Person, origin: str
) -> None:
    address = at(person=amina.id)

    answer = content.post(
        f"/{address.token}/~state", json=save(), **on(address, **({"Origin": origin} if origin else {}))
    )

    assert 403 == answer.status_code
    assert [] == box.packages.states_of(amina.id)


def test_a_token_is_good_on_its_own_origin_only_and_for_as_long_as_its_session(
    box: Box, content: FlaskClient, package: Release, as_: Begins, amina: Person
) -> None:
    _, session = as_("learner", amina.id)
    address = box.launches.open(session, "water", package.root, package.activities[0].id)
    elsewhere = {"base_url": f"http://box:{address.port + 1}", "headers": {"Origin": f"http://box:{address.port + 1}"}}

    assert 404 == content.get(f"/{address.token}/~play/", **elsewhere).status_code
    assert 404 == content.post(f"/{address.token}/~state", json=save(), **elsewhere).status_code
    box.sessions.end(session)
    assert 404 == content.post(f"/{address.token}/~state", json=save(), **own(address)).status_code


def test_a_token_says_whose_state_it_is_and_nothing_in_the_body_does(
    box: Box, content: FlaskClient, at: Callable[..., Address], amina: Person
) -> None:
    bilal = box.people.enrol_learner(amina.classroom, "Bilal", Secret("pin", "2580"))
    address = at(person=bilal.id)

    forged = save(learner=amina.id, person=amina.id, activity="other", course="other")
    content.post(f"/{address.token}/~state", json=forged, **own(address))

    assert [] == box.packages.states_of(amina.id)
    assert ["one"] == [part for _, _, part, _ in box.packages.states_of(bilal.id)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        json.dumps(save(part=7)).encode(),
        json.dumps(save(part="x" * 300)).encode(),
        json.dumps(save(state=[])).encode(),
        json.dumps(save(sitting=-1)).encode(),
        json.dumps(save(number=1.5)).encode(),
        json.dumps(save(number=1 << 80)).encode(),
    ],
)
def test_what_is_no_save_is_refused(
    box: Box, content: FlaskClient, at: Callable[..., Address], amina: Person, body: bytes
) -> None:
    address = at(person=amina.id)

    answer = content.post(f"/{address.token}/~state", data=body, content_type="application/json", **own(address))

    assert 400 == answer.status_code
    assert [] == box.packages.states_of(amina.id)


def test_a_state_larger_than_any_runtime_needs_is_refused(
    content: FlaskClient, at: Callable[..., Address], amina: Person
) -> None:
    address = at(person=amina.id)

    answer = content.post(f"/{address.token}/~state", json=save(state={"x": "y" * (1 << 20)}), **own(address))

    assert 413 == answer.status_code


@pytest.mark.parametrize("kind", ["guest", "teacher", "staff"])
def test_of_others_nothing_is_kept(box: Box, content: FlaskClient, at: Callable[..., Address], kind: str) -> None:
    address = at(kind, "" if kind == "guest" else "somebody")

    page = content.get(f"/{address.token}/~play/", **on(address)).get_data(as_text=True)
    answer = content.post(f"/{address.token}/~state", json=save(), **own(address))

    scene = scene_of(page)
    assert (204, 0, "", {}) == (answer.status_code, scene["sitting"], scene["registration"], scene["states"])
    assert 0 == box.database.read().execute("select count(*) from package_part").fetchone()[0]


def test_an_activity_that_no_runtime_plays_has_no_stage(
    box: Box, content: FlaskClient, lesson: Release, as_: Begins
) -> None:
    _, session = as_("guest")
    address = box.launches.open(session, "lesson", lesson.root, "site")

    assert 404 == content.get(f"/{address.token}/~play/", **on(address)).status_code


def test_the_page_with_all_that_is_kept_is_compressed_on_its_way(
    content: FlaskClient, at: Callable[..., Address], amina: Person
) -> None:
    address = at(person=amina.id)
    content.post(f"/{address.token}/~state", json=save(state={"x": "water " * 10_000}), **own(address))

    answer = content.get(f"/{address.token}/~play/", **on(address, **{"Accept-Encoding": "gzip"}))

    assert "gzip" == answer.headers["Content-Encoding"]
    assert len(answer.get_data()) < PAGE_BYTES_MAX


def test_what_is_ours_of_the_largest_page_is_small(content: FlaskClient, at: Callable[..., Address]) -> None:
    address = at("guest")
    page = content.get(f"/{address.token}/~play/", **on(address)).get_data(as_text=True)
    own_files = set(re.findall(r"/~play/own-[0-9a-f]+/([\w.-]+)", page))

    sizes = [len(gzip.compress((files.FOLDER / name).read_bytes(), mtime=0)) for name in own_files]

    assert {"keep.js", "parts.js", "scorm.js", "sequenced.js", "stage.css"} == own_files
    assert sum(sizes) < SCRIPTS_BYTES_MAX


def test_every_file_of_the_stage_has_an_address_that_changes_with_it() -> None:
    addressed = files.addressed()

    assert all(path.is_file() for path in addressed.values())
    assert all(address.startswith("~play/") for address in addressed)
    assert files.own("keep.js").removeprefix("/") in addressed
