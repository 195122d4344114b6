"""Beside the rows of docs/security.md: secrets lie in files for their owner alone, and stand in no address."""

import os
import random
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from catalog.db import Database
from edge.box import Box
from edge.keeping.backup import back_up
from edge.keeping.sealing import Lock
from edge.people.people import Classroom, Person
from provisioning.cli import qanat
from sync.enrolment import migrations
from sync.hub.app import create_app as hub_app
from sync.hub.hub import Hub
from sync.keys import KeyPair

OTHERS = stat.S_IRWXG | stat.S_IRWXO
SECRET_WORDS = ("password", "passphrase", "pin", "secret", "code", "token", "csrf", "key")
NO_SECRETS = {"--passphrase-file": "names a file", "--token": "is asked for where it is left out"}
"""Options whose name sounds like a secret, and why none stands in the list of processes."""
PUBLIC = {
    "--key": "a publisher's public key",
    "--code": "a flag: print a code; of `adopt`: is asked for where it is left out, and worth nothing once it is used",
    "code": "of `explain`: says how a box is, and nothing else",
    "key": "the name of a tool's key; its secret is shown once and never asked for",
}


@pytest.fixture(autouse=True)
def careless_umask() -> Iterator[None]:
    """As on most machines: what is made without a word is for everybody to read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def hub(tmp_path: Path, clock: Any) -> Iterator[Hub]:
    one = Hub.open(tmp_path / "hub", clock, random.Random(2).randbytes)
    yield one
    one.close()


def read_by_others(folder: Path, *names: str) -> list[str]:
    """The files of these names in a folder that not only their owner may read."""
    found = [path for name in names for path in folder.rglob(name) if path.is_file()]
    assert found, f"none of {names} in {folder}"
    return [str(path.relative_to(folder)) for path in found if path.stat().st_mode & OTHERS]


def test_keys_codes_and_databases_of_a_box_are_for_their_owner_alone(box: Box) -> None:
    box.setup.label_code()

    assert [] == read_by_others(box.data, "*.key", "label.txt", "*.db", "*.db-wal", "*.db-shm")
    assert 0 == box.data.stat().st_mode & OTHERS


def test_keys_codes_and_databases_of_a_hub_are_for_their_owner_alone(hub: Hub) -> None:
    hub.staff.claim_code()
    hub.trust.catch_up()

    assert [] == read_by_others(hub.data, "*.key", "claim-code.txt", "*.db", "*.db-wal", "*.db-shm")
    assert 0 == hub.data.stat().st_mode & OTHERS


def test_a_database_of_former_times_is_closed_to_others_when_it_is_opened(tmp_path: Path) -> None:
    place = tmp_path / "box.db"
    Database(place, [migrations]).close()
    place.chmod(0o644)

    Database(place, [migrations]).close()

    assert [] == read_by_others(tmp_path, "box.db")


def test_a_key_that_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    KeyPair.generate().save(tmp_path / "keys" / "box.key")

    assert [] == read_by_others(tmp_path, "box.key")


def test_a_backup_is_for_its_owner_alone_and_sealed(box: Box, amina: Person, tmp_path: Path) -> None:
    place = tmp_path / "box.backup"

    back_up(box, place, Lock(passphrase="a long passphrase"))

    assert [] == read_by_others(tmp_path, "box.backup")
    assert amina.name.encode() not in place.read_bytes()


def test_a_file_with_others_in_it_is_found(tmp_path: Path) -> None:
    """This test would see it: the harness above is no formality."""
    (tmp_path / "box.key").write_text("secret")

    assert ["box.key"] == read_by_others(tmp_path, "*.key")


def test_no_secret_is_typed_behind_a_command() -> None:
    """What stands there can be read by everybody on the machine, and stays in the shell's history."""
    told = {
        option
        for command in _commands(qanat)
        for parameter in command.params
        for option in parameter.opts
        if any(word in option.strip("-").split("-") for word in SECRET_WORDS)
    }

    assert sorted(NO_SECRETS | PUBLIC) == sorted(told)


def test_a_token_is_asked_for_where_it_is_left_out() -> None:
    enrol = next(one for one in _commands(qanat) if one.name == "enrol")
    (token,) = [one for one in enrol.params if "--token" in one.opts]

    assert isinstance(token, click.Option)
    assert token.prompt


@pytest.mark.parametrize("end", ["box", "hub"])
def test_no_secret_stands_in_an_address(box: Box, hub: Hub, grade: Classroom, end: str) -> None:
    """An address lies in histories, logs and the next site's Referer. What is for one use may; nothing here does."""
    from edge.app import create_app as box_app
    from sync.web.takes import taken_by

    app = box_app(box) if end == "box" else hub_app(hub)
    fields = {name for view in app.view_functions.values() for name in taken_by(view).query}
    arguments = {name for rule in app.url_map.iter_rules() for name in rule.arguments}

    assert [] == sorted((fields | arguments) & set(SECRET_WORDS))


def _commands(of: click.Command) -> Iterator[click.Command]:
    if not isinstance(of, click.Group):
        yield of
        return
    context = click.Context(of)
    for name in of.list_commands(context):
        one = of.get_command(context, name)
        assert one is not None
        yield from _commands(one)
