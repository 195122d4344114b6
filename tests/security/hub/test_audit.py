"""Row 40 of docs/security.md: what staff do that others may ask about is written down, by ids and never by names."""

import io
import zipfile
from typing import Any

import pytest
from flask import Flask

from provisioning.previews import Drafts
from sync.hub.app import create_app
from sync.hub.hub import Hub
from sync.hub.pages.keeping import _ACTS
from tests.sync.hub.test_pages import Browser

Box = Any
PASSWORD = "water finds its way"

AUDITED = {
    "/publish": "published",
    "/publish/<draft>/publish": "published",
    "/publish/<draft>/discard": "draft-thrown-away",
    "/courses/<course>/withdraw": "withdrawn",
    "/courses/<course>/roll-back": "rolled-back",
    "/campuses/<campus_id>/tokens": "token",
    "/campuses/<campus_id>/batches": "token-batch",
    "/campuses/<campus_id>/languages": "languages-chosen",
    "/boxes/<box_id>/revoke": "revoked",
    "/boxes/<box_id>/replace": "replaced",
    "/boxes/<box_id>/adoption": "adoption-code",
    "/alarms/settle": "settled",
    "/second-factor": "second-factor-set",
}
"""Writes of the hub's pages that the log has a line for."""
JOURNALLED = (
    "/campuses/<campus_id>/classes", "/campuses/<campus_id>/learners", "/campuses/<campus_id>/proposals",
    "/campuses/<campus_id>/announcements", "/campuses/<campus_id>/assignments", "/campuses/<campus_id>/budget",
    "/campuses/<campus_id>/rules",
)  # fmt: skip
"""Writes that are events of the campus's signed journal, which nobody can change afterwards."""
NOTHING_TO_ASK_ABOUT = {
    "/campuses": "a campus is an empty place until a token is made for it",
    "/carry": "letters that boxes signed; what they hold is in their journals",
    "/publish/drafts": "a draft reaches nobody; who publishes it is written down",
    "/publish/<draft>/files": "a draft reaches nobody",
    "/publish-parts/<draft>/<number>/<chunk>": "a draft reaches nobody",
    "/publish/<draft>/import": "a draft reaches nobody",
    "/publish/<draft>/words": "a draft reaches nobody",
    "/publish/<draft>/moved": "a draft reaches nobody",
    "/publish/<draft>/campuses": "a draft reaches nobody",
    "/publish/<draft>/preview/quiz/<course>/<activity>": "answers that are marked and forgotten",
    "/claim": "the first account; there is nobody before it",
    "/second-factor/talk": "a question that changes nothing",
    "/sign-in": "a session, which ends by itself",
    "/sign-in/code": "a session, which ends by itself",
    "/sign-in/talk": "a question that changes nothing",
    "/sign-out": "a session's end",
}
FOR_MACHINES = ("/sync/", "/language/", "/look/")


@pytest.fixture
def app(hub: Hub) -> Flask:
    return create_app(hub, looks=Drafts(hub).pages())


@pytest.fixture
def staff(hub: Hub, app: Flask) -> Browser:
    hub.staff.add("Rana", PASSWORD)
    browser = Browser(app)
    assert browser.proves("/sign-in", name="Rana", password=PASSWORD).status_code == 303
    return browser


def acts(hub: Hub) -> list[tuple[str, str]]:
    return [(line.who, line.act) for line in hub.keeping.audit.lines()]


def test_row_40_every_write_of_the_hubs_pages_is_written_down_or_says_why_not(app: Flask) -> None:
    """A new page that changes something fails here until somebody has decided."""
    writes = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and not rule.rule.startswith(FOR_MACHINES)
    }

    decided = {one for one in writes if one.startswith(JOURNALLED)} | AUDITED.keys() | NOTHING_TO_ASK_ABOUT.keys()

    assert sorted(writes) == sorted(decided)


def test_row_40_every_line_of_the_log_has_its_sentence() -> None:
    assert set(AUDITED.values()) <= set(_ACTS)


def test_row_40_publishing_a_token_and_a_revocation_are_in_the_log(hub: Hub, staff: Browser, box: Box) -> None:
    campus = hub.fleet.campuses()[0].id
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.html", "<!doctype html><title>Water</title>")
    data.seek(0)

    staff.sends("/publish", page="/publish", course="water", files=(data, "lessons.zip"))
    staff.sends(f"/campuses/{campus}/tokens", page=f"/campuses/{campus}")
    staff.sends(f"/boxes/{box.id}/revoke", page=f"/campuses/{campus}")

    assert [("Rana", "revoked"), ("Rana", "token"), ("Rana", "published")] == acts(hub)


def test_row_40_an_erasure_is_in_the_log_by_its_id_and_with_no_name(hub: Hub, box: Box) -> None:
    box.writes("learner", "amina-id", name="Amina Warsame", class_="7b")
    box.sends()

    hub.keeping.erasing.erase(hub.fleet.campuses()[0].id, "amina-id", "Rana")

    (line,) = hub.keeping.audit.lines()
    assert ("Rana", "erased", "amina-id") == (line.who, line.act, line.about["learner"])
    assert "Warsame" not in str(line)


def test_row_40_nobody_but_staff_reads_the_log(app: Flask, staff: Browser) -> None:
    assert 303 == app.test_client().get("/audit").status_code
    assert 200 == staff.opens("/audit").status_code
