"""The pages of drafts, as a publisher uses them: with forms only, and with parts as the script sends them."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from sync.hub.drafts.draft import CHUNK_BYTES, State
from sync.hub.hub import Hub
from tests.sync.hub.drafts.conftest import site
from tests.sync.hub.test_pages import ORIGIN, Browser

Make = Callable[..., str]


@pytest.fixture
def database_url() -> str | None:
    """What is said here is the same whatever the database: `test_drafts` asks both."""
    return None


def sent_whole(staff: Browser, **fields: object) -> str:
    """A draft made by the form without a script; its page."""
    files = [(io.BytesIO(site("Water", "two.html")), "water.zip")]
    sent = staff.sends("/publish", page="/publish", then="look", course="water", language="en", files=files, **fields)
    assert sent.status_code == 303, sent.text
    return str(sent.location)


def part(staff: Browser, path: str, data: bytes) -> TestResponse:
    word = re.search(r'name="csrf" value="([^"]+)"', staff.client.get("/publish").text)
    assert word is not None
    headers = {"Origin": ORIGIN, "X-Csrf": word[1]}
    return staff.client.post(path, data=data, headers=headers, content_type="application/octet-stream")


def test_a_course_goes_from_the_form_to_the_boxes_without_a_script(hub: Hub, staff: Browser, box: object) -> None:
    page = sent_whole(staff)

    assert 'http-equiv="refresh"' in staff.reads(page)
    hub.jobs.do_waiting()
    assert "All of it could be taken as it came" in staff.reads(page)
    hub.jobs.do_waiting()
    sent = staff.sends(f"{page}/publish", page=page)

    assert "/courses/water?said=new" == sent.location
    assert ["water"] == [one.course for one in hub.catalog.releases.all_latest()]


def test_files_come_in_parts_and_go_on_where_they_stopped(hub: Hub, staff: Browser) -> None:
    data = site("Water", film=bytes(CHUNK_BYTES + 5))
    package = data if len(data) > CHUNK_BYTES else data + bytes(CHUNK_BYTES)
    made = staff.sends("/publish/drafts", page="/publish", course="water", language="en")
    draft = made.get_json()["draft"]
    said = staff.sends(f"/publish/{draft}/files", page="/publish", name="a.zip", size=str(len(package))).get_json()
    assert [0, 1] == said["files"][0]["missing"]

    assert 200 == part(staff, f"/publish-parts/{draft}/0/1", package[CHUNK_BYTES:]).status_code
    loaded_again = staff.client.get(f"/publish/{draft}/files").get_json()

    assert [0] == loaded_again["files"][0]["missing"]
    assert "50%" in staff.reads(f"/publish/{draft}")
    part(staff, f"/publish-parts/{draft}/0/0", package[:CHUNK_BYTES])
    assert 303 == staff.sends(f"/publish/{draft}/import", page=f"/publish/{draft}").status_code
    assert State.WAITING is hub.drafts.find(draft).state


def test_a_part_that_is_too_long_is_refused(hub: Hub, staff: Browser, drafts: Make) -> None:
    draft = drafts("water", {})
    hub.drafts.announce(draft, [("a.zip", 10 * CHUNK_BYTES)])

    assert 413 == part(staff, f"/publish-parts/{draft}/0/0", bytes(CHUNK_BYTES + 1)).status_code


def test_why_a_package_cannot_be_taken_stands_on_its_page(hub: Hub, staff: Browser, drafts: Make) -> None:
    draft = drafts("water", {"water.zip": b"PK\x03\x04 and then nothing"})
    hub.drafts.begin(draft)
    hub.jobs.do_waiting()

    page = staff.reads(f"/publish/{draft}")

    assert "Try it again" in page
    assert hub.drafts.find(draft).fault[0] in page
    assert 'http-equiv="refresh"' not in page


def test_words_are_kept_by_language(hub: Hub, staff: Browser, imported: Make) -> None:
    draft = imported("water", {"water.zip": site("Water")})
    page = f"/publish/{draft}"

    fields = {"language": ["en", "ar"], "title": ["Water", "الماء"], "description": ["", "عن الماء"]}
    staff.sends(
        f"{page}/words", page=page, **fields, licence="own", licence_words="Ask the ministry",
        subjects="Physics, العلوم", level="primary", new_language="ar",
    )  # fmt: skip

    about = hub.drafts.find(draft).about
    assert ({"en": "Water", "ar": "الماء"}, {"ar": "عن الماء"}) == (about.title, about.description)
    assert ("Ask the ministry", ("Physics", "العلوم"), "primary") == (about.licence, about.subjects, about.level)
    assert ("en", "ar") == about.languages


def test_words_that_cannot_stand_come_back_beside_what_is_wrong(hub: Hub, staff: Browser, imported: Make) -> None:
    draft = imported("water", {"water.zip": site("Water")})
    page = f"/publish/{draft}"

    refused = staff.sends(
        f"{page}/words", page=page, language="en", title="W" * 201, description="", subjects="Physics"
    )

    assert (422, True) == (refused.status_code, "200 letters at most" in refused.text)
    assert "W" * 201 in refused.text
    assert {"en": "Water"} == hub.drafts.find(draft).about.title


def test_what_is_written_by_strangers_is_shown_as_words(hub: Hub, staff: Browser, imported: Make) -> None:
    draft = imported("water", {"water.zip": site("<script>alert(1)</script>")}, title={"en": "<b>Water</b>"})

    page = staff.opens(f"/publish/{draft}").text

    assert "<b>Water</b>" not in page
    assert "&lt;b&gt;Water&lt;/b&gt;" in page


def test_a_draft_that_is_none_is_not_found(staff: Browser) -> None:
    assert [404, 404] == [staff.opens(path).status_code for path in ("/publish/none", "/publish/none/files")]


def test_the_pages_of_a_draft_speak_arabic(hub: Hub, staff: Browser, imported: Make, drafts: Make) -> None:
    ready, filling = imported("water", {"water.zip": site("Water")}), drafts("sand", {})

    pages = [staff.reads(f"/publish/{draft}?lang=ar") for draft in (ready, filling)]

    assert all('dir="rtl"' in page for page in pages)


def test_campuses_layers_and_a_time_are_chosen_on_the_page(hub: Hub, staff: Browser, imported: Make) -> None:
    wadi, coast = (hub.fleet.campus_called(name) for name in ("Wadi", "Coast"))
    draft = imported("water", {"water.zip": site("Water")})
    page = f"/publish/{draft}"

    sent = staff.sends(
        f"{page}/campuses", page=page, who="chosen", campus=[wadi.id], of=[coast.id, wadi.id], layers=["", ""],
        hold=["", "2027-03-01"], day="2027-02-01", time="02:30",
    )  # fmt: skip

    choice = hub.drafts.find(draft).choice
    assert 303 == sent.status_code
    assert ((wadi.id,), 1801449000, {wadi.id: 1803859200}) == (choice.campuses, choice.due_seconds, choice.holds)
    assert 'value="2027-02-01"' in staff.reads(page)


def test_a_campus_that_is_not_ticked_goes_without_and_those_to_come_do_not(
    hub: Hub, staff: Browser, imported: Make
) -> None:
    wadi, coast = (hub.fleet.campus_called(name) for name in ("Wadi", "Coast"))
    draft = imported("water", {"water.zip": site("Water")})
    page = f"/publish/{draft}"

    staff.sends(
        f"{page}/campuses",
        page=page,
        who="all",
        campus=[wadi.id],
        of=[coast.id, wadi.id],
        layers=["", ""],
        hold=["", ""],
    )

    choice = hub.drafts.find(draft).choice
    assert (None, (coast.id,), True) == (choice.campuses, choice.without, choice.is_for("one to come"))
    assert "Publish to 1 campus" in staff.reads(page)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"who": "chosen"}, "No campus is chosen."), ({"who": "all", "day": "soon"}, "This is no day.")],
)
def test_a_choice_that_is_none_is_said(
    hub: Hub, staff: Browser, imported: Make, fields: dict[str, str], words: str
) -> None:
    draft = imported("water", {"water.zip": site("Water")})

    refused = staff.sends(f"/publish/{draft}/campuses", page=f"/publish/{draft}", **fields)

    assert (422, True) == (refused.status_code, words in refused.text)


def test_the_page_says_what_goes_and_who_is_in_the_middle_of_it(
    hub: Hub, staff: Browser, imported: Make, box: Any
) -> None:
    first = imported("water", {"a.zip": site("Unit"), "b.zip": site("Extra")})
    hub.publishing.publish_draft(hub.drafts.find(first))
    box.writes("learner", "amina", name="Amina Warsame", class_="7b")
    box.writes("opened", "amina", course="water", version=1, activity="site-2", path="")
    box.sends()
    draft = imported("water", {"c.zip": site("Something else")})
    page = f"/publish/{draft}"

    shown = staff.reads(page)
    staff.sends(f"{page}/moved", page=page, old="site-2", new="site")

    assert "1 activity of version 1 is not in it any more." in shown
    assert "Wadi: 1 in the middle of it, 0 finished" in shown
    assert "Amina" not in shown
    assert {"site-2": "site"} == hub.drafts.find(draft).about.moved


def test_the_page_shows_what_each_campus_pays(hub: Hub, staff: Browser, imported: Make, box: Any) -> None:
    draft = imported("water", {"water.zip": site("Water")})

    page = staff.reads(f"/publish/{draft}")

    assert re.search(
        r"<th scope=\"row\">Wadi</th><td class=\"n\">\d+.B</td><td>whole</td><td class=\"n\">\?</td>", page
    ), page


def test_a_course_is_withdrawn_and_taken_back_on_its_page(hub: Hub, staff: Browser, imported: Make, box: Any) -> None:
    for words in ("right", "wrong"):
        hub.publishing.publish_draft(hub.drafts.find(imported("water", {"water.zip": site(words)})))
    page = "/courses/water"

    back = staff.sends(f"{page}/roll-back", page=page, version="1")
    (campus,) = hub.fleet.campuses()
    gone = staff.sends(f"{page}/withdraw", page=page, campus=[campus.id])

    assert ("/courses/water?said=back", "/courses/water?said=withdrawn") == (back.location, gone.location)
    latest = hub.catalog.releases.latest("water")
    assert latest is not None
    assert (3, 1) == (latest.version, latest.provenance["rolled_back_to"])
    assert "No campus: it is withdrawn." in staff.reads(page)
    assert 400 == staff.sends("/courses/none/withdraw", page="/publish").status_code


def test_a_campus_says_which_languages_it_reads(hub: Hub, staff: Browser, imported: Make) -> None:
    campus = hub.fleet.campus_called("Wadi")
    page = f"/campuses/{campus.id}"

    staff.sends(f"{page}/languages", page=page, language=["ar", "si", "none"])

    assert ("ar", "si") == hub.publishing.languages_of(campus.id)
    draft = imported("water", {"water.zip": site("Water")})
    assert "Read at Wadi" in staff.reads(f"/publish/{draft}")
