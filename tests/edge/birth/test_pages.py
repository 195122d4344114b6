"""What a box says of its birth: facts that the desk compares, and no secret."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from edge.app import create_app
from edge.birth.pages import PATH, blueprint
from edge.birth.seed import Seed, Wifi
from edge.box import Box
from tests.edge.conftest import SAMPLES, Shelves

SEED = Seed(
    "a" * 16, "b" * 16, 7, "Wadi", "https://hub.example", "token-of-this-card", "KMTRD-XWPCF",
    Wifi("Wadi 07", "kmtr-dxwp-cfgh", "KE", 6),
)  # fmt: skip


def said(box: Box) -> dict[str, Any]:
    answer = create_app(box).test_client().get(PATH)
    assert (200, "application/json") == (answer.status_code, answer.mimetype)
    document: dict[str, Any] = json.loads(answer.data)
    return document


def test_a_box_names_itself_and_its_seed(box: Box) -> None:
    (box.data / "seed.json").write_bytes(SEED.to_bytes())

    facts = said(box)

    assert (box.id, "a" * 16, False, False) == (
        facts["box"], facts["seed"], facts["is_token_spent"], facts["is_enrolled"]
    )  # fmt: skip


def test_no_secret_of_the_seed_is_said(box: Box) -> None:
    (box.data / "seed.json").write_bytes(SEED.to_bytes())

    text = json.dumps(said(box))

    assert [] == [one for one in ("token-of-this-card", "KMTRD", "kmtr-dxwp") if one in text]


def test_a_spent_token_is_said_to_be_spent(box: Box) -> None:
    (box.data / "seed.json").write_bytes(SEED.spent().to_bytes())

    assert said(box)["is_token_spent"]


@pytest.mark.parametrize("lies", [None, b"", b"not a seed", b"x" * 100_000])
def test_a_box_without_a_readable_seed_says_that_it_knows_none(box: Box, lies: bytes | None) -> None:
    if lies is not None:
        (box.data / "seed.json").write_bytes(lies)

    assert "" == said(box)["seed"]


def test_courses_and_whether_they_were_read_again_are_said(box: Box, shelve: Shelves) -> None:
    release = shelve(box, "water", [SAMPLES / "lesson"])
    before = said(box)
    box.scrubbing.scrub.begin_round()
    while not box.scrubbing.scrub.read_on(1 << 30).is_round_done:
        pass

    after = said(box)

    assert [{"course": "water", "version": release.version}] == after["courses"]
    assert (False, True, 0) == (before["is_all_read"], after["is_all_read"], after["rotten_files"])


@pytest.mark.parametrize(
    ("lies", "says"), [(b"KE\n", "KE"), (b"00", "00"), (b"", ""), (b"<script>", ""), (b"K" * 1000, ""), (None, "")]
)
def test_the_country_is_what_the_kernel_said_or_unknown(
    box: Box, tmp_path: Path, lies: bytes | None, says: str
) -> None:
    told = tmp_path / "wifi-country"
    if lies is not None:
        told.write_bytes(lies)
    app = Flask(__name__)
    app.register_blueprint(blueprint(box, told))

    assert says == json.loads(app.test_client().get(PATH).data)["wifi_country"]
