"""Row 19 of docs/security.md at the hub: what staff upload never runs under the address of the hub's pages."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.hub.hub import Hub
from sync.parcel import file_name
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
