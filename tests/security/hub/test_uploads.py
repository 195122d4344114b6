"""Rows 19, 21 and 23 of docs/security.md at the hub: what staff upload never runs under the address of the hub's pages,
leads nowhere by its name, and takes no more than its part."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from catalog.about import About
from provisioning.previews import Drafts
from sync.hub.app import FORM_BYTES_MAX, create_app
from sync.hub.drafts.draft import CHUNK_BYTES
from sync.hub.hub import Hub
from sync.hub.pages.courses import PUBLISH_PATH
from sync.hub.pages.drafts import DRAFTS_PATH, PARTS_PATH, safe_name
from sync.parcel import file_name
from sync.web.body import limit_for
from sync.wire import PACK_PATH

EVIL = {
    "index.html": b"<script>parent.location = '/staff'</script>",
    "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "look.js": b"alert(document.cookie)",
}


@pytest.mark.parametrize("name", EVIL)
def test_row_19_a_file_of_a_course_is_bytes_to_every_browser(
    hub: Hub, publishes: Callable[..., Any], client: FlaskClient, name: str
) -> None:
    """Boxes fetch single files by digest; a browser that is led there gets neither page nor picture nor script."""
    release = publishes("water", core=EVIL)
    entries = {one.path: one.digest for one in hub.catalog.releases.layer(release.layers["core"].root).entries}

    answer = client.get(PACK_PATH + file_name(entries[name]))

    assert (200, "application/octet-stream") == (answer.status_code, answer.content_type)
    assert "nosniff" == answer.headers["X-Content-Type-Options"]


def test_row_19_no_page_of_the_hub_shows_a_course_itself(client: FlaskClient) -> None:
    rules = {rule.rule for rule in client.application.url_map.iter_rules() if "path:" in rule.rule}

    assert {rule for rule in rules if not rule.startswith("/static/")} == set()


def test_row_23_no_address_of_a_draft_takes_more_than_its_part(hub: Hub) -> None:
    """The one page that takes a whole course asks first who sends it; every address below it takes a form's worth."""
    limits = {PUBLISH_PATH: 8 << 30, DRAFTS_PATH: FORM_BYTES_MAX, PARTS_PATH: CHUNK_BYTES}
    every = create_app(hub, looks=Drafts(hub).pages()).url_map.iter_rules()
    rules = [rule.rule for rule in every if rule.rule.startswith(PUBLISH_PATH)]

    taken = {rule: limit_for(rule, limits) for rule in rules}

    assert [PUBLISH_PATH] == [rule for rule in set(rules) if taken[rule] > CHUNK_BYTES]
    assert len(set(rules)) > 10


def test_row_23_a_part_from_somebody_who_is_not_staff_is_not_even_read(hub: Hub, client: FlaskClient) -> None:
    refused = client.post(
        f"{PARTS_PATH}none/0/0", data=bytes(FORM_BYTES_MAX + 1), content_type="application/octet-stream"
    )

    assert refused.status_code in (403, 413)
    assert [] == [path for path in (hub.data / "drafts").iterdir() if path.name != ".lock"]


@pytest.mark.parametrize("name", ["../../../hub.db", "C:\\lessons\\a.zip", "..", "a\x00b.zip", "x" * 400 + ".zip"])
def test_row_21_the_name_of_a_file_that_is_announced_leads_nowhere(hub: Hub, name: str) -> None:
    draft = hub.drafts.make(About(languages=("en",)), "", "Rana")
    hub.drafts.announce(draft, [(safe_name(name), 5)])
    hub.drafts.put(draft, 0, 0, b"hello")

    (file,) = hub.drafts.find(draft).files
    place = hub.drafts.chunks.place(draft, 0, file.name)
    assert (b"hello", hub.data / "drafts" / draft / "0") == (place.read_bytes(), place.resolve().parent)
