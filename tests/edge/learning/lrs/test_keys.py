"""`qanat box lrs-key` and `learner erase --agent`: while the box serves, and while it does not."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog.fault import CallerFault
from edge.box import Box
from edge.cli import box as commands
from edge.control import Control
from edge.learning.lrs.credentials import KEYS_MAX, NoSuchKey
from edge.works import works
from tests.edge.learning.lrs.conftest import AMAL, Tool, statement


def run(*words: str) -> Result:
    return CliRunner().invoke(commands, list(words))


def said(*words: str) -> dict[str, object]:
    answer = run(*words, "--json")
    assert answer.exit_code == 0, (answer.output, answer.exception)
    told: dict[str, object] = json.loads(answer.stdout)
    return told


@pytest.fixture
def data(box: Box) -> Path:
    return box.data


@pytest.fixture(params=["serving", "stopped"])
def either(request: pytest.FixtureRequest, box: Box) -> object:
    if request.param == "stopped":
        box.close()
        yield
        return
    control = Control(box.data, works(box))
    control.start()
    yield
    control.close()


def test_a_key_is_made_listed_and_revoked(data: Path, either: object) -> None:
    made = said("lrs-key", "new", "--data", str(data), "--name", "a tool")
    listed = said("lrs-key", "list", "--data", str(data))
    gone = said("lrs-key", "revoke", str(made["key"]), "--data", str(data))

    assert {"key", "secret", "endpoint"} == made.keys()
    assert str(made["endpoint"]).endswith(":8080/xapi")
    assert [(made["key"], "a tool")] == [(one["key"], one["name"]) for one in listed["keys"]]  # type: ignore[attr-defined]
    assert {"key": made["key"]} == gone
    assert {"keys": []} == said("lrs-key", "list", "--data", str(data))


def test_the_words_say_the_same(box: Box, data: Path) -> None:
    box.close()

    new, listed = run("lrs-key", "new", "--data", str(data)), run("lrs-key", "list", "--data", str(data))

    assert ["Endpoint", "Key", "Secret"] == [line.partition(":")[0] for line in new.stdout.splitlines()]
    assert "shown this once" in new.stderr
    assert new.stdout.splitlines()[1].removeprefix("Key: ") in listed.stdout


def test_a_key_that_is_not_there_is_not_revoked(box: Box) -> None:
    with pytest.raises(NoSuchKey):
        box.lrs.credentials.revoke("nobody")


def test_there_are_so_many_keys_at_most(box: Box) -> None:
    for _ in range(KEYS_MAX):
        box.lrs.credentials.make()

    with pytest.raises(CallerFault, match="Revoke"):
        box.lrs.credentials.make()


def test_an_outsider_is_erased_by_their_agent(box: Box, tool: Tool, data: Path, either: object) -> None:
    answer = run("learner", "erase", "--data", str(data), "--agent", json.dumps(AMAL), "--yes", "--json")

    assert (2, 0) == (getattr(answer.exception, "exit_code", 0), len(answer.stdout))


def test_an_outsider_who_was_told_of_is_erased_by_their_agent(box: Box, tool: Tool, data: Path) -> None:
    tool.states(statement())
    control = Control(box.data, works(box))
    control.start()

    told = said("learner", "erase", "--data", str(data), "--agent", json.dumps(AMAL), "--yes")
    control.close()

    assert told["is_erased"]
    assert [] == tool.finds()
