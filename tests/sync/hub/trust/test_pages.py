"""The page and the commands that say who signs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from catalog.fault import CallerFault
from catalog.manifest import Release
from sync.hub.app import create_app
from sync.hub.cli import hub as command
from sync.hub.hub import Hub
from sync.hub.pages.signing import role_words
from sync.hub.trust import keys
from sync.hub.trust.ceremony import Ceremonies, Sticks
from sync.hub.trust.state import KeyState
from tests.sync.hub.courses import book
from tests.sync.hub.trust.conftest import opened_quickly, sealed_quickly


@pytest.fixture
def app(hub: Hub) -> Flask:
    return create_app(hub)


@pytest.fixture(autouse=True)
def quick_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "encrypted", sealed_quickly)
    monkeypatch.setattr(keys, "decrypted", opened_quickly)


def _page(app: Flask, hub: Hub, path: str = "/signing") -> str:
    cookie, _ = hub.sessions.begin("Rana", "staff", {})
    client = app.test_client()
    client.set_cookie("qanat-hub", cookie)
    return client.get(path).get_data(as_text=True)


def test_the_page_says_where_the_root_keys_lie_and_what_to_do(app: Flask, hub: Hub) -> None:
    page = _page(app, hub)

    assert "The root keys lie on this hub." in page
    assert "qanat hub keys init --offline DIR DIR DIR" in page


def test_the_page_says_what_waits_for_whose_key(
    app: Flask, hub: Hub, ceremonies: Ceremonies, publishes: Callable[..., Release], tmp_path: Path
) -> None:
    ceremonies.delegate("biology", to=tmp_path)
    publishes("biology-cells", core=book(1))

    page = _page(app, hub)

    assert "waits for its key" in page
    assert "publishes the courses biology-*" in page


def test_the_page_says_which_key_is_missing_and_what_to_do(
    app: Flask, hub: Hub, ceremonies: Ceremonies, publishes: Callable[..., Release]
) -> None:
    ceremonies.delegate("biology")
    (file,) = (hub.data / "keys" / "catalogue").glob("timestamp-*.key")
    file.unlink()
    publishes("biology-cells", core=book(1))

    page = _page(app, hub)

    assert "The catalogue&#39;s timestamp key is not at this hub." in page
    assert "qanat hub keys rotate" in page
    assert "missing" in page


def test_a_course_that_waits_for_its_publisher_is_not_called_ready(
    app: Flask, hub: Hub, ceremonies: Ceremonies, publishes: Callable[..., Release], tmp_path: Path
) -> None:
    publishes("biology-atoms", core=book(1, "atoms"))
    ceremonies.delegate("biology", to=tmp_path)
    ceremonies.sign_for("biology", tmp_path)
    publishes("biology-cells", core=book(1))
    publishes("water", core=book(1, "water"))

    courses, waiting, ready = (
        _page(app, hub, path) for path in ("/courses", "/courses/biology-cells", "/courses/water")
    )

    assert (1, 2) == (courses.count("waits for its key"), courses.count("ready for boxes"))
    assert "it waits for the signature of <bdi>biology</bdi>" in waiting
    assert "waits for" not in ready


def test_publishing_for_a_publisher_whose_key_is_elsewhere_says_whose(
    hub: Hub, ceremonies: Ceremonies, lesson: Path, tmp_path: Path
) -> None:
    ceremonies.delegate("biology", to=tmp_path)

    url = hub.engine.url.render_as_string(hide_password=False)
    words = ["publish", str(lesson), "--data", str(hub.data), "--database", url, "--course", "biology-cells"]
    said = CliRunner().invoke(command, words)

    assert "biology-cells, version 1: waits for the signature of biology." in said.stdout
    assert "qanat hub keys sign biology --from DIR" in said.stderr


def test_publishing_while_a_key_of_the_hub_is_lost_says_what_to_do(
    hub: Hub, ceremonies: Ceremonies, lesson: Path
) -> None:
    ceremonies.delegate("biology")
    (file,) = (hub.data / "keys" / "catalogue").glob("timestamp-*.key")
    file.unlink()

    url = hub.engine.url.render_as_string(hide_password=False)
    words = ["publish", str(lesson), "--data", str(hub.data), "--database", url, "--course", "water"]
    said = CliRunner().invoke(command, words)

    assert 0 == said.exit_code
    assert "water, version 1: waits for the signature of this hub." in said.stdout
    assert "timestamp key is not at this hub" in said.stderr
    assert "qanat hub keys rotate" in said.stderr


def test_moving_the_root_keys_says_what_else_there_is_to_do(hub: Hub, sticks: Sticks, tmp_path: Path) -> None:
    (tmp_path / "words").write_text(f"{sticks.passphrase}\n")
    words = ["keys", "init", "--data", str(hub.data), "--passphrase-file", str(tmp_path / "words"), "--offline"]

    said = CliRunner().invoke(command, [*words, *map(str, sticks.folders)])

    assert "Backups made before now still hold these keys" in said.stderr
    assert f"{sticks.folders[0]} lies on the hub's own disk" in said.stderr


def test_a_passphrase_that_is_no_text_is_said(hub: Hub, sticks: Sticks, tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(bytes(range(256)))
    words = ["keys", "init", "--data", str(hub.data), "--passphrase-file", str(tmp_path / "words"), "--offline"]

    said = CliRunner().invoke(command, [*words, *map(str, sticks.folders)])

    assert isinstance(said.exception, CallerFault)
    assert "Name a file that is text" in said.exception.hint


def test_no_secret_is_on_the_page(app: Flask, hub: Hub) -> None:
    page = _page(app, hub)

    assert not [path for path in (hub.data / "keys").rglob("*.key") if path.read_text().split("\n")[1] in page]


def test_strangers_do_not_see_it(app: Flask) -> None:
    assert app.test_client().get("/signing").status_code in (302, 303)


def test_every_top_role_is_said_in_words(app: Flask) -> None:
    with app.test_request_context():
        said = [role_words(KeyState(role, "", True, 0)) for role in ("root", "targets", "snapshot", "timestamp", "own")]

    assert 5 == len(set(said))


def test_status_by_command_is_what_the_page_shows(tmp_path: Path) -> None:
    data = str(tmp_path / "new")

    first = CliRunner().invoke(command, ["keys", "init", "--data", data, "--json"])
    again = CliRunner().invoke(command, ["keys", "status", "--data", data])

    document = json.loads(first.stdout)
    assert document["are_root_keys_here"]
    assert ["root"] * 3 + ["targets", "snapshot", "timestamp", "own"] == [key["role"] for key in document["keys"]]
    assert document["catalogue"] in again.stdout
    assert "init --offline" in again.stdout


def test_delegating_and_revoking_by_command(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path / "new"), "--json"]

    CliRunner().invoke(command, ["keys", "init", *data])
    named = json.loads(CliRunner().invoke(command, ["keys", "delegate", "biology", *data]).stdout)
    rotated = json.loads(CliRunner().invoke(command, ["keys", "rotate", *data]).stdout)
    revoked = json.loads(CliRunner().invoke(command, ["keys", "revoke", "biology", *data]).stdout)

    assert "biology-*" == named["keys"][-1]["courses"]
    assert 2 == rotated["root_version"]
    assert "own" == revoked["keys"][-1]["role"]
