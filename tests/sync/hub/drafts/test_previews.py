"""A draft is looked at by the rules of the box and by its players: on an origin of its own, which knows nobody."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import Flask

from edge.library.stage.app import create_stage
from provisioning.previews import Drafts
from sync.clock import SystemClock
from sync.hub.app import create_app
from sync.hub.hub import Hub
from sync.hub.previews import LOOK_SECONDS, LOOKS_MAX, PreviewSite
from sync.web.front import Front, Site
from sync.web.wsgi import Application
from tests.edge.learning.quiz.conftest import WATER
from tests.made_packages import Item, au, cmi5, scorm, tincan
from tests.sync.hub.drafts.conftest import site
from tests.sync.hub.test_pages import Browser

Make = Callable[..., str]
SAMPLES = Path(__file__).parents[4] / "provisioning" / "samples"
MARK = "X-Experience-API-Version"


@pytest.fixture
def database_url() -> str | None:
    return None


@pytest.fixture
def looks(hub: Hub) -> Drafts:
    return Drafts(hub)


@pytest.fixture
def app(hub: Hub, looks: Drafts) -> Flask:
    return create_app(hub, looks=looks.pages())


@pytest.fixture
def served(hub: Hub, app: Flask, looks: Drafts) -> Iterator[int]:
    """The ports of the previews, two of them, really served; says the hub's own."""
    preview = PreviewSite()
    application = Application(app.wsgi_app, folders=[hub.previews.folder])
    sites = [Site("127.0.0.1", 0, application), Site("127.0.0.1", 0, preview), Site("127.0.0.1", 0, preview)]
    front = Front(sites, SystemClock())
    app_port, *hub.previews.ports = front.bind()
    preview.content = looks.content(app_port, "")
    with front.serving():
        yield app_port


@pytest.fixture
def packaged(imported: Make, tmp_path: Path) -> Make:
    """Drafts of packages that are made for the test."""

    def make(course: str, package: Path) -> str:
        return imported(course, {package.name: package.read_bytes()})

    return make


def address(hub: Hub, draft: str, number: int = 0, more: str = "") -> str:
    """The address of an activity's page in a draft."""
    said = hub.drafts.find(draft).said
    return f"/publish/{draft}/preview/library/{said.course}/{said.activities[number].id}{more}"


def framed(page: str) -> str:
    """What a page frames, as it is reached from here."""
    found = re.search(r'<iframe class="stage" src="([^"]+)"', page)
    assert found is not None, page
    return found[1].replace("http://localhost:", "http://127.0.0.1:")


def stage_of(staff: Browser, hub: Hub, draft: str, number: int = 0) -> tuple[str, str]:
    """The origin of an activity's stage, and the path of its launch."""
    found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)(/[^/]+)/.*", framed(staff.reads(address(hub, draft, number))))
    assert found is not None
    return found[1], found[2]


def scene_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="scene">(.*?)</script>', page, re.DOTALL)
    assert found is not None, page
    return json.loads(found[1])


# ---- where it is shown, and to whom ----


@pytest.mark.usefixtures("served")
def test_a_program_is_framed_from_another_origin_under_the_rules_for_strangers(
    hub: Hub, staff: Browser, imported: Make
) -> None:
    draft = imported("water", {"water.zip": site("Water", "two.html")})

    page = staff.opens(address(hub, draft))
    shown = framed(page.text)
    answer = httpx.get(shown)

    port = next(port for port in hub.previews.ports if f":{port}/" in shown)
    assert f"frame-src http://localhost:{port};" in page.headers["Content-Security-Policy"]
    assert (200, True) == (answer.status_code, "<title>Water</title>" in answer.text)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "nosniff" == answer.headers["X-Content-Type-Options"]
    assert "Set-Cookie" not in answer.headers


def test_only_the_hubs_pages_may_frame_it(
    hub: Hub, staff: Browser, served: int, packaged: Make, tmp_path: Path
) -> None:
    draft = packaged("water", scorm(tmp_path / "water.zip", [Item("one", "The well")]))
    origin, launch = stage_of(staff, hub, draft)

    policies = [
        httpx.get(f"{origin}{launch}{path}").headers["Content-Security-Policy"]
        for path in ("/~play/", "/water/one/page.html")
    ]

    assert [True, True] == [f"http://127.0.0.1:{served}" in one.rpartition("frame-ancestors")[2] for one in policies]


@pytest.mark.usefixtures("served")
def test_nothing_is_shown_without_its_word_nor_beside_its_files(hub: Hub, staff: Browser, imported: Make) -> None:
    draft = imported("water", {"water.zip": site("Water")})
    origin, launch = stage_of(staff, hub, draft)
    root = hub.drafts.find(draft).said.root

    paths = [
        "/", "/site/index.html", f"/{root}/site/index.html", "/none/site/index.html", "/none/~play/",
        f"{launch}/../{root}/site/index.html", f"{launch}/%2e%2e/hub.db", f"{launch}/none.html", "/publish",
    ]  # fmt: skip

    assert {404} == {httpx.get(origin + path).status_code for path in paths}
    assert 200 == httpx.get(f"{origin}{launch}/site/index.html").status_code
    assert 405 == httpx.post(f"{origin}{launch}/site/index.html").status_code


@pytest.mark.usefixtures("served")
def test_a_draft_has_a_port_to_itself_and_the_next_when_all_are_taken_gets_the_oldest(
    hub: Hub, staff: Browser, imported: Make
) -> None:
    drafts = [imported(name, {"a.zip": site(name)}) for name in ("water", "sand", "stone")]
    (first, launch), (second, _), (third, _) = (stage_of(staff, hub, draft) for draft in drafts)

    assert (2, first) == (len({first, second}), third)
    assert 404 == httpx.get(f"{first}{launch}/site/index.html").status_code
    assert second == stage_of(staff, hub, drafts[1])[0], "who is there already stays"


@pytest.mark.usefixtures("served")
def test_a_word_is_good_on_its_own_port_only(hub: Hub, staff: Browser, imported: Make) -> None:
    draft = imported("water", {"a.zip": site("Water")})
    origin, launch = stage_of(staff, hub, draft)
    (other,) = [port for port in hub.previews.ports if not origin.endswith(f":{port}")]

    assert 404 == httpx.get(f"http://127.0.0.1:{other}{launch}/site/index.html").status_code


def test_an_address_is_good_for_some_hours_and_of_many_the_oldest_goes(hub: Hub, imported: Make, clock: Any) -> None:
    said = hub.drafts.find(imported("water", {"water.zip": site("Water")})).said
    hub.previews.ports = [9000]
    port, token = hub.previews.open("a draft", said, "site")

    assert hub.previews.find(port, token) is not None
    clock.passes(LOOK_SECONDS + 1)
    assert hub.previews.find(port, token) is None

    tokens = [hub.previews.open("a draft", said, "site")[1] for _ in range(LOOKS_MAX + 1)]
    assert [False, True] == [hub.previews.find(port, one) is not None for one in tokens[:2]]


@pytest.mark.parametrize(("ports", "scheme"), [([], "http"), ([9000], "https")])
def test_where_programs_cannot_be_shown_it_is_said(
    hub: Hub, staff: Browser, imported: Make, ports: list[int], scheme: str
) -> None:
    """No port, or none that a page under HTTPS could frame."""
    draft = imported("water", {"water.zip": site("Water")})
    hub.previews.ports = ports

    staff.signs_in_securely_too()
    page = staff.client.get(address(hub, draft), base_url=f"{scheme}://localhost")

    assert 503 == page.status_code
    assert "an address of their own" in page.text
    assert "--preview-port" in page.text


def test_behind_a_proxy_a_port_is_found_under_its_own_address(hub: Hub, staff: Browser, imported: Make) -> None:
    drafts = [imported(name, {"a.zip": site(name)}) for name in ("water", "sand")]
    hub.previews.ports = [8301, 8302]
    hub.previews.origins = ["https://one.example.org", "https://two.example.org"]

    pages = [staff.opens(address(hub, draft)) for draft in drafts]

    shown = [framed(page.text).split("/")[2] for page in pages]
    assert ["one.example.org", "two.example.org"] == shown
    assert "frame-src https://two.example.org;" in pages[1].headers["Content-Security-Policy"]


def test_behind_a_proxy_a_unit_is_told_the_addresses_that_browsers_know(
    hub: Hub, staff: Browser, looks: Drafts, packaged: Make, tmp_path: Path
) -> None:
    hub.previews.ports, hub.previews.origins = [8301], ["https://look.example.org"]
    looks.content(8300, "https://hub.example.org")
    draft = packaged("water", tincan(tmp_path / "water.zip", "well"))
    launch = framed(staff.reads(address(hub, draft))).split("/")[3]

    there = {"base_url": "http://look.example.org", "environ_overrides": {"SERVER_PORT": "8301"}}
    page = create_stage(looks).test_client().get(f"/{launch}/~play/", **there)

    told = parse_qs(urlsplit(scene_of(page.text)["address"]).query)
    assert [f"https://look.example.org/{launch}/~xapi/"] == told["endpoint"]
    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors https://hub.example.org")


def test_what_was_looked_at_goes_with_the_draft(hub: Hub, staff: Browser, imported: Make) -> None:
    hub.previews.ports = [9000]
    draft, other = imported("water", {"a.zip": site("Water")}), imported("sand", {"b.zip": site("Sand")})
    port, token = 0, ""
    for one in (other, draft):
        port, token = hub.previews.open(one, hub.drafts.find(one).said, "site")

    staff.sends(f"/publish/{draft}/discard", page=f"/publish/{draft}")

    assert 1 == len(list(hub.previews.folder.iterdir()))
    assert hub.previews.find(port, token) is None


def test_a_draft_is_found_under_its_own_address_only(hub: Hub, staff: Browser, imported: Make) -> None:
    draft, other = imported("water", {"a.zip": site("Water")}), imported("sand", {"b.zip": site("Sand")})

    own, others = (f"/publish/{one}/preview/library/water" for one in (draft, other))

    assert (200, 404) == (staff.opens(own).status_code, staff.opens(others).status_code)
    assert f'href="/publish/{draft}"' in staff.reads(own), "the way back to the draft"


# ---- what is shown ----


def test_it_is_read_in_the_words_that_would_be_published(hub: Hub, staff: Browser, imported: Make) -> None:
    draft = imported("water", {"a.zip": site("Water")})
    staff.sends(f"/publish/{draft}/words", page=f"/publish/{draft}", language="en", title="Water for all")

    assert "<h1>Water for all</h1>" in staff.reads(f"/publish/{draft}/preview/library/water")


def test_a_film_and_a_document_are_shown_with_what_belongs_to_them(hub: Hub, staff: Browser, imported: Make) -> None:
    files = {path.name: path.read_bytes() for path in sorted((SAMPLES / "film").iterdir()) if path.is_file()}
    reader = SAMPLES / "reader" / "reader-ar.pdf"
    draft = imported("water", {**files, reader.name: reader.read_bytes()})

    film, pdf = (address(hub, draft, number) for number in (0, 1))

    assert f'src="{film}/file"' in staff.reads(film)
    assert "<track" in staff.reads(film)
    assert f'href="{pdf}/file"' in staff.reads(pdf)
    for path in (f"{film}/file", f"{film}/captions/0", f"{pdf}/file"):
        assert "X-Sendfile" in staff.opens(path).headers
    assert 404 == staff.opens(f"{film}/captions/9").status_code


def test_a_quiz_is_answered_and_marked_and_its_answers_lie_nowhere(
    hub: Hub, staff: Browser, served: int, imported: Make
) -> None:
    draft = imported("water", {"quiz.xml": WATER.encode()})
    said = hub.drafts.find(draft).said
    (activity,) = said.activities
    page = staff.reads(address(hub, draft))
    form = f"/publish/{draft}/preview/quiz/water/{activity.id}"
    picture = re.search(rf'src="({form}/[^"]+)"', page)

    marked = staff.sends(form, page=address(hub, draft), go="hand-in", asked="3", **{"answer-3": "false", "try": "1"})
    _, token = hub.previews.open(draft, said, activity.id)
    port = next(iter(hub.previews.ports))

    assert "SECRET-PRAISE" not in page
    assert "nothing of it is kept" in page
    assert picture is not None
    assert "image/png" == staff.opens(picture[1]).content_type
    assert (200, True) == (marked.status_code, "SECRET-steam" in marked.text), "it is marked, and says what is right"
    assert "checked" not in staff.reads(address(hub, draft)), "nothing of it is there the next time"
    assert 404 == httpx.get(f"http://127.0.0.1:{port}/{token}/{activity.path}").status_code


def test_a_package_finds_its_runtime_and_what_it_says_is_taken_and_forgotten(
    hub: Hub, staff: Browser, served: int, packaged: Make, tmp_path: Path
) -> None:
    draft = packaged("water", scorm(tmp_path / "water.zip", [Item("one", "The well"), Item("two", "The canal")]))
    origin, launch = stage_of(staff, hub, draft)

    scene = scene_of(httpx.get(f"{origin}{launch}/~play/").text)
    saved = {"part": "one", "sitting": 0, "number": 1, "state": {"completionStatus": "completed"}}
    answer = httpx.post(f"{origin}{launch}/~state", json=saved, headers={"Origin": origin})

    assert (0, "guest", "Guest") == (scene["sitting"], scene["learner"]["id"], scene["learner"]["name"])
    assert ["The well", "The canal"] == [part["title"] for part in scene["parts"]]
    assert 200 == httpx.get(origin + scene["parts"][0]["address"]).status_code
    assert 204 == answer.status_code
    assert {} == httpx.get(f"{origin}{launch}/~state?part=one").json()
    assert 403 == httpx.post(f"{origin}{launch}/~state", json=saved, headers={"Origin": "http://evil"}).status_code


def test_the_stage_speaks_the_language_of_whoever_looks(
    hub: Hub, staff: Browser, served: int, packaged: Make, tmp_path: Path
) -> None:
    draft = packaged("water", scorm(tmp_path / "water.zip", [Item("one", "The well")]))

    page = httpx.get(framed(staff.reads(address(hub, draft, more="?lang=ar")))).text

    assert '<html lang="ar" dir="rtl">' in page


def test_a_unit_of_cmi5_is_launched_and_heard_and_nobody_keeps_it(
    hub: Hub, staff: Browser, served: int, packaged: Make, tmp_path: Path
) -> None:
    draft = packaged("water", cmi5(tmp_path / "water.zip", au("well", 'moveOn="Completed"'), "well"))
    origin, launch = stage_of(staff, hub, draft)
    own = {"Origin": origin, MARK: "1.0.3"}
    scene_of(httpx.get(f"{origin}{launch}/~play/").text)

    with httpx.Client(base_url=f"{origin}{launch}", headers=own) as unit:
        word = unit.post("/~fetch").json()["auth-token"]
        data = unit.get("/~xapi/activities/state", params={"stateId": "LMS.LaunchData"}).json()
        answers = [
            unit.post("/~xapi/statements", json=[{"id": "a"}, {}], headers={"Authorization": f"Basic {word}"}),
            unit.put("/~xapi/activities/state", params={"stateId": "bookmark"}, json={"page": 3}),
            unit.get("/~xapi/activities/state", params={"stateId": "bookmark"}),
            unit.get("/~xapi/statements"),
            unit.get("/~xapi/about"),
            unit.delete("/~xapi/statements"),
        ]

    assert ("Completed", "Normal") == (data["moveOn"], data["launchMode"])
    assert data["returnURL"].startswith(f"{origin}{launch}/~over")
    assert [200, 204, 404, 200, 200, 405] == [answer.status_code for answer in answers]
    assert ("a", 2) == (answers[0].json()[0], len(answers[0].json()))
    assert {"statements": [], "more": ""} == answers[3].json()
    assert "1.0.3" in answers[4].json()["version"]


def test_a_store_that_keeps_nothing_refuses_in_the_words_of_one_that_does(
    hub: Hub, staff: Browser, served: int, packaged: Make, tmp_path: Path
) -> None:
    draft = packaged("water", tincan(tmp_path / "water.zip", "well"))
    origin, launch = stage_of(staff, hub, draft)

    unknown = httpx.get(f"{origin}/none/~xapi/statements", headers={MARK: "1.0.3"})
    foreign = httpx.post(f"{origin}{launch}/~xapi/statements", json=[], headers={"Origin": "http://evil"})

    assert ([404, 403], True) == ([one.status_code for one in (unknown, foreign)], "error" in foreign.json())
