"""What packages of xAPI mean, who speak to a store as was usual once."""

import json
from typing import Any

import pytest

from edge.learning.lrs.actor import learner_agent
from edge.learning.lrs.call import JSON, Call
from edge.library.stage.spoken import launch_agent, meant

AMINA = "zoi4f4dsekyjjxxh"
OTHER = {"mbox": "mailto:else@example.org"}
BY_NAME = {**launch_agent(AMINA), "name": "Amina"}


def asked(resource: str, **parameters: str) -> dict[str, str]:
    return dict(meant(Call("GET", resource, parameters, {}), AMINA).parameters)


@pytest.mark.parametrize("agent", [{}, {"agent": "null"}, {"agent": json.dumps(BY_NAME)}])
def test_the_state_of_nobody_and_of_the_launchs_address_is_the_learners(agent: dict[str, str]) -> None:
    found = asked("activities/state", activityId="a", stateId="s", **agent)

    assert learner_agent(AMINA) == json.loads(found.pop("agent"))
    assert {"activityId": "a", "stateId": "s"} == found


@pytest.mark.parametrize("agent", [json.dumps(OTHER), "{", json.dumps(learner_agent("another"))])
def test_what_is_said_of_anybody_else_stays_as_it_was_said(agent: str) -> None:
    assert agent == asked("activities/state", agent=agent)["agent"]
    assert "agent" not in asked("statements")


def test_words_of_the_launch_that_come_again_are_passed_over() -> None:
    assert {"statementId": "x"} == asked("statements", statementId="x", actor="{}", tc="1")


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ({}, learner_agent(AMINA)),
        ({"actor": None}, learner_agent(AMINA)),
        ({"actor": BY_NAME}, learner_agent(AMINA)),
        ({"actor": OTHER}, OTHER),
    ],
)
@pytest.mark.parametrize("is_mixed", [False, True])
def test_a_statement_by_nobody_is_the_learners(said: dict[str, Any], by: dict[str, Any], is_mixed: bool) -> None:
    one = json.dumps({"verb": "x", **said}).encode()
    mixed = b"--b\r\nContent-Type: application/json\r\n\r\n%b\r\n--b\r\nX: y\r\n\r\nbytes\r\n--b--\r\n" % one
    kind, body = ("multipart/mixed; boundary=b", mixed) if is_mixed else (JSON, one)

    found = meant(Call("POST", "statements", {}, {"content-type": kind}, body), AMINA).body

    told = found.split(b"\r\n\r\n")[1].split(b"\r\n--b")[0] if is_mixed else found
    assert by == json.loads(told)["actor"]
    assert not is_mixed or found.endswith(b"bytes\r\n--b--\r\n")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"[1]"])
def test_what_is_no_statement_is_left_to_the_store(body: bytes) -> None:
    assert body == meant(Call("PUT", "statements", {}, {"content-type": JSON}, body), AMINA).body
