"""The hub's pages, as staff use them: with forms only, no scripts."""

import io
import re
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from sync.enrolment import Token
from sync.hub.app import FORM_BYTES_MAX, create_app
from sync.hub.engine import writing
from sync.hub.hub import Hub
from sync.hub.keeping import alarms
from sync.hub.keeping.alarms import Kind
from sync.hub.overview import LATE_SECONDS
from tests.signing_in import talk

pytestmark = pytest.mark.slow

Box = Any

PASSWORD = "water finds its way"
ORIGIN = "http://localhost"


class Browser:
    """A browser without scripts: it keeps cookies and sends forms with what their page put in."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def opens(self, path: str) -> TestResponse:
        return self.client.get(path)

    def signs_in_securely_too(self) -> None:
        """Have the same session under HTTPS, where it has a cookie of its own."""
        (cookie,) = [one for one in self.client._cookies.values() if one.key.startswith("qanat")]
        self.client.set_cookie(f"{cookie.key}-secure", cookie.value, domain="localhost")

    def reads(self, path: str) -> str:
        page = self.opens(path)
        assert page.status_code == 200, (path, page.status_code, page.location)
        return unescape(page.text)

    def sends(self, path: str, *, page: str = "/sign-in", **fields: Any) -> TestResponse:
        word = re.search(r'name="csrf" value="([^"]+)"', self.client.get(page, follow_redirects=True).text)
        assert word is not None, f"{page} has no form"
        return self.client.post(path, data={"csrf": word[1], **fields}, headers={"Origin": ORIGIN})

    def proves(self, path: str, *, page: str = "/sign-in", password: str = "", **fields: Any) -> TestResponse:
        """Send a form whose password is proven for a name, as the script of the page does."""
        prover = talk(self._talks(page), "/sign-in/talk", fields["name"])
        return self.sends(path, page=page, **fields, **prover.says(password))

    def claims(self, *, password: str = "", **fields: Any) -> TestResponse:
        """Send the claim with a new password's verifier, as the script of the page does."""
        prover = talk(self._talks("/claim"), "/sign-in/talk")
        return self.sends("/claim", page="/claim", **fields, **prover.says(new_password=password))

    def _talks(self, page: str) -> Any:
        return lambda path, said: self.sends(path, page=page, **said).get_json()


@pytest.fixture
def app(hub: Hub) -> Flask:
    return create_app(hub)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def staff(hub: Hub, browser: Browser) -> Browser:
    """A browser in which staff are signed in."""
    hub.staff.add("Rana", PASSWORD)
    assert browser.proves("/sign-in", name="Rana", password=PASSWORD).status_code == 303
    return browser


def zipped(words: str) -> tuple[io.BytesIO, str]:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.html", f"<!doctype html><title>{words}</title><p>{words}</p>")
    data.seek(0)
    return data, "lessons.zip"


# ---- the first person ----


def test_a_new_hub_asks_for_its_code(browser: Browser) -> None:
    assert "This hub is new" in browser.client.get("/", follow_redirects=True).text


def test_the_code_makes_the_first_staff_and_is_then_gone(hub: Hub, browser: Browser) -> None:
    code = hub.staff.claim_code()

    claimed = browser.claims(code=code.upper(), name=" Rana ", password=PASSWORD)

    assert "/second-factor?next=/" == claimed.location
    assert "No campus yet" in browser.reads("/")
    assert (True, None, False) == (
        hub.staff.is_claimed(),
        hub.staff.claim_code(),
        (hub.data / "claim-code.txt").exists(),
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "aaaa-bbbb"}, "This is not the hub's code"),
        ({"password": ""}, "at least 8 letters"),
        ({"name": " \t "}, "Write the name"),
    ],
)
def test_a_claim_that_lacks_something_is_told_what(
    hub: Hub, browser: Browser, changes: dict[str, str], words: str
) -> None:
    whole = {"code": hub.staff.claim_code(), "name": "Rana", "password": PASSWORD}

    refused = browser.claims(**{**whole, **changes})

    assert 422 == refused.status_code
    assert words in unescape(refused.text)
    assert not hub.staff.is_claimed()


def test_a_claimed_hub_cannot_be_claimed_again(hub: Hub, staff: Browser, app: Flask) -> None:
    stranger = Browser(app)

    refused = stranger.sends("/claim", code="aaaa", name="Eve", password=PASSWORD)

    assert 422 == refused.status_code
    assert "/sign-in" == stranger.opens("/claim").location
    assert not hub.staff.signs_in("Eve", PASSWORD)


def test_guessing_the_code_is_slowed_down(hub: Hub, browser: Browser) -> None:
    hub.staff.claim_code()

    tries = [browser.claims(code="x", name="Eve", password=PASSWORD) for _ in range(6)]

    assert 429 == tries[-1].status_code


# ---- signing in ----


def test_a_wrong_password_is_refused_in_words(hub: Hub, browser: Browser) -> None:
    hub.staff.add("Rana", PASSWORD)

    refused = browser.proves("/sign-in", name="Rana", password="wrong")

    assert (422, True) == (refused.status_code, "do not belong together" in refused.text)


def test_signing_out_ends_it(staff: Browser) -> None:
    staff.reads("/")

    staff.sends("/sign-out", page="/")

    assert 303 == staff.opens("/").status_code


def test_every_page_but_the_doors_asks_for_staff(app: Flask, hub: Hub) -> None:
    """Whatever is added later: without signing in it sends to the door, and does nothing."""
    hub.staff.add("Rana", PASSWORD)
    doors = {"/claim", "/sign-in", "/sign-in/talk", "/sign-in/code", "/sign-out"}
    open_to_all = doors | {"/ping", "/styleguide", "/carry", "/carry/<name>.qanat"}
    shared = ("/static/", "/language/", "/look/", "/sync/")
    guarded = [
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
        if rule.rule not in open_to_all and not rule.rule.startswith(shared)
    ]
    stranger = Browser(app)

    answers = {
        (rule, method): (
            stranger.opens(re.sub(r"<[^>]+>", "x", rule))
            if method == "GET"
            else stranger.sends(re.sub(r"<[^>]+>", "x", rule))
        )
        for rule, method in guarded
    }

    assert len(guarded) >= 9
    assert {303} == {answer.status_code for answer in answers.values()}
    assert all(str(answer.location).startswith("/sign-in") for answer in answers.values())


def test_a_form_without_its_word_changes_nothing(hub: Hub, staff: Browser) -> None:
    refused = staff.client.post("/campuses", data={"name": "Wadi"}, headers={"Origin": ORIGIN})

    assert 403 == refused.status_code
    assert [] == hub.fleet.campuses()


# ---- campuses ----


def test_a_campus_is_added_and_a_token_is_shown_once(hub: Hub, staff: Browser, new_box: Callable[[], Box]) -> None:
    place = staff.sends("/campuses", page="/", name="Wadi").location

    shown = staff.sends(f"{place}/tokens", page=place)

    text = re.search(r'<code class="token">([^<]+)</code>', shown.text)
    assert text is not None
    assert "data:image/svg+xml" in shown.text
    assert "Wadi" == new_box().enrols(Token.parse(text[1])).campus_name
    assert text[1] not in staff.reads(place)


def test_a_campus_without_a_name_is_asked_for_one(staff: Browser) -> None:
    refused = staff.sends("/campuses", page="/", name="  ")

    assert (422, True) == (refused.status_code, "by which its people know it" in refused.text)


def test_a_campus_that_is_none_is_said_in_words(staff: Browser) -> None:
    page = staff.opens("/campuses/none")

    assert (404, True) == (page.status_code, "There is no such campus" in page.text)


def test_the_first_page_says_what_a_box_holds_and_what_is_on_its_way(
    hub: Hub, staff: Browser, box: Box, lesson: Path
) -> None:
    hub.publish([lesson])
    box.sends()

    page = staff.reads("/")

    assert "All is well" in page
    assert "0 courses on the shelf" in page
    assert "1 course on its way" in page
    assert "last heard of just now" in page


def test_a_box_that_has_not_been_heard_of_for_days_leads_the_page(
    hub: Hub, staff: Browser, box: Box, clock: Any
) -> None:
    box.sends()
    clock.wall_seconds += LATE_SECONDS + 60

    assert "A box has not been heard of for some days" in staff.reads("/")


def test_the_campus_page_shows_how_learners_get_on(hub: Hub, staff: Browser, box: Box, lesson: Path) -> None:
    release = hub.publish([lesson], title="Water").release
    box.writes("class", class_="7b", name="Class 7b")
    box.writes("learner", "amina", name="Amina <b>", class_="7b")
    place = {"course": release.course, "version": 1, "activity": release.activities[0].id}
    box.writes("progressed", "amina", **place, path="index.html", permille=420)
    box.sends()

    page = staff.opens(f"/campuses/{hub.fleet.campuses()[0].id}").text

    assert "Amina &lt;b&gt;" in page
    assert "Class 7b" in page
    assert "42%" in page
    assert "<caption>Water</caption>" in page


def test_a_learner_whose_name_has_not_come_is_shown_without_it(hub: Hub, staff: Browser, box: Box) -> None:
    box.writes("opened", "amina", course="water", version=1, activity="film", path="1.html")
    box.sends()

    page = staff.reads(f"/campuses/{hub.fleet.campuses()[0].id}")

    assert "a learner whose name has not come yet" in page


def test_a_box_is_taken_out_of_service(hub: Hub, staff: Browser, box: Box) -> None:
    place = f"/campuses/{hub.fleet.campuses()[0].id}"

    staff.sends(f"/boxes/{box.id}/revoke", page=place)

    assert "out of service" in staff.reads(place)
    assert 403 == box.posts("/sync/session", box.report().to_bytes()).status_code


# ---- courses ----


def test_files_are_published_through_the_form(hub: Hub, staff: Browser, box: Box) -> None:
    sent = staff.sends(
        "/publish", page="/publish", files=[zipped("Water")], title="Water", language="en", course="water"
    )

    page = staff.reads(sent.location)
    assert "/courses/water?said=new" == sent.location
    assert "Published." in page
    assert "All of it could be taken as it came" in page
    hub.packing.build_missing()
    assert ["water"] == [parcel.course for parcel in box.sends().plan]
    assert [] == list((hub.data / "uploads").iterdir())


def test_several_files_make_one_course(hub: Hub, staff: Browser) -> None:
    files = [zipped("Water"), zipped("Sand")]

    sent = staff.sends("/publish", page="/publish", files=files, title="Land", language="fr")

    release = hub.catalog.releases.latest("land")
    assert "/courses/land?said=new" == sent.location
    assert (2, ("fr",)) == (len(release.activities), tuple(release.languages))


def test_the_same_files_again_make_no_new_version(hub: Hub, staff: Browser) -> None:
    for _ in range(2):
        sent = staff.sends("/publish", page="/publish", files=[zipped("Water")], title="Water", language="en")

    assert "/courses/water?said=known" == sent.location
    assert 1 == len(hub.catalog.releases.versions("water"))


def test_a_damaged_zip_is_refused_in_words_and_leaves_nothing(hub: Hub, staff: Browser) -> None:
    broken = (io.BytesIO(b"PK\x03\x04 and then nothing"), "lessons.zip")

    refused = staff.sends("/publish", page="/publish", files=[broken], title="Water", language="en")

    assert (422, True) == (refused.status_code, "It was not published." in refused.text)
    assert 'value="Water"' in refused.text
    assert [] == hub.catalog.releases.all_latest()
    assert [] == list((hub.data / "uploads").iterdir())


def test_no_file_is_asked_for_at_its_field(staff: Browser) -> None:
    refused = staff.sends("/publish", page="/publish", title="Water", language="en")

    assert (422, True) == (refused.status_code, "Choose at least one file" in refused.text)


def test_an_upload_over_the_limit_is_refused(hub: Hub) -> None:
    hub.staff.add("Rana", PASSWORD)
    browser = Browser(create_app(hub, upload_bytes_max=1000))
    browser.proves("/sign-in", name="Rana", password=PASSWORD)

    refused = browser.sends("/publish", page="/publish", files=[(io.BytesIO(b"x" * 2000), "a.zip")])

    assert 413 == refused.status_code


def test_who_is_not_staff_cannot_fill_the_disk(hub: Hub, app: Flask) -> None:
    hub.staff.add("Rana", PASSWORD)

    refused = Browser(app).sends("/publish", files=[(io.BytesIO(b"x" * FORM_BYTES_MAX), "a.zip")])

    assert 413 == refused.status_code
    assert [] == list((hub.data / "uploads").iterdir())


@pytest.mark.parametrize("name", ["../../../hub.db", "C:\\lessons\\a.zip", "..", "a\x00b.zip", "x" * 400 + ".zip"])
def test_the_name_of_an_upload_leads_nowhere(hub: Hub, staff: Browser, name: str) -> None:
    sent = staff.sends("/publish", page="/publish", files=[(zipped("Water")[0], name)], course="water", language="en")

    assert "/courses/water?said=new" == sent.location
    assert [] == list((hub.data / "uploads").iterdir())


def test_a_course_that_is_none_is_not_found(staff: Browser) -> None:
    assert [404, 404] == [staff.opens(path).status_code for path in ("/courses/none", "/courses/..%2fx")]


def test_every_page_speaks_arabic_from_right_to_left(staff: Browser, hub: Hub, box: Box, lesson: Path) -> None:
    course = hub.publish([lesson]).release.course
    paths = ["/", f"/campuses/{hub.fleet.campuses()[0].id}", "/courses", f"/courses/{course}", "/publish"]

    pages = [staff.reads(f"{path}?lang=ar") for path in paths]

    assert all('dir="rtl"' in page for page in pages)


@pytest.mark.parametrize(
    ("kind", "heading", "badge"),
    [
        (Kind.CARD_RESTORED, "An older card was put back", "older card"),
        (Kind.CARD_CLONED, "A card seems to have been copied", "copied card"),
        (Kind.JOURNAL_CONTRADICTS, "A card seems to have been copied", "copied card"),
    ],
)
def test_a_card_that_was_put_back_is_not_called_copied(
    hub: Hub, box: Box, staff: Browser, kind: Kind, heading: str, badge: str
) -> None:
    with writing(hub.engine) as connection:
        alarms.raise_alarm(connection, box.id, kind, hub.clock.now().wall_seconds)

    shown = staff.reads("/")

    assert heading in shown
    assert badge in shown
    assert 1 == sum(words in shown for words in ("copied card", "older card"))
