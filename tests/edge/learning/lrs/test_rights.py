"""A launch's rights: one learner, one scope; another package's statements and documents are not there."""

import json
from typing import Any

import pytest
from flask import Flask, request

from edge.box import Box
from edge.learning.lrs import pace
from edge.learning.lrs.actor import learner_agent
from edge.learning.lrs.call import Call
from edge.learning.lrs.pages import blueprint
from edge.learning.lrs.refusal import NotTaken
from edge.learning.lrs.rights import Rights
from edge.learning.lrs.statement import VOIDED
from edge.people.people import Person
from tests.edge.conftest import WoundClock
from tests.edge.learning.lrs.conftest import ACTIVITY, AMAL, Tool, statement, uuid_of

VOICE = {"objectType": "Agent", "account": {"homePage": "http://box.example.org/", "name": "box"}}
STATE = {"activityId": ACTIVITY, "stateId": "s"}


def launched(box: Box, launches: dict[str, Rights]) -> Flask:
    """The store as a launch reaches it: under its token, in an application that knows nothing of sessions."""

    def rights_of(call: Call) -> Rights:
        token = (request.view_args or {})["token"]
        if token not in launches:
            raise NotTaken(401, "This launch is over.", "Open the activity again.")
        return launches[token]

    app = Flask("content")
    app.register_blueprint(blueprint(box.lrs, rights_of, name="launch", prefix="/<token>/xapi", is_cross_origin=False))
    return app


@pytest.fixture
def launches(box: Box, amina: Person) -> dict[str, Rights]:
    agent = learner_agent(amina.id)
    return {
        scope: Rights(
            f"launch-{scope}", VOICE, scope=scope, course=scope, agent=agent, activity=ACTIVITY,
            registration=uuid_of(50),
            is_defining=False,
        )
        for scope in ("water", "fire")
    }  # fmt: skip


@pytest.fixture
def water(box: Box, launches: dict[str, Rights]) -> Tool:
    return Tool(launched(box, launches), "", "", prefix="/water/xapi")


@pytest.fixture
def fire(box: Box, launches: dict[str, Rights]) -> Tool:
    return Tool(launched(box, launches), "", "", prefix="/fire/xapi")


def test_a_launch_states_and_reads_what_its_learner_did(box: Box, water: Tool, tool: Tool, amina: Person) -> None:
    said = statement(id=uuid_of(1), actor=learner_agent(amina.id), context={"registration": uuid_of(50)})

    water.states(said)

    assert [uuid_of(1)] == water.finds() == tool.finds()
    assert VOICE == water.reads(uuid_of(1))["authority"]
    payload = box.database.read().execute("select payload from event where kind = 'stated'").fetchone()[0]
    assert b'"course":"water"' in payload


def test_a_page_that_goes_on_is_the_launchs_own(water: Tool, amina: Person) -> None:
    water.states(*(statement(actor=learner_agent(amina.id)) for _ in range(3)))

    page = water.asks("GET", "statements", limit="2").get_json()
    rest = water.asks("GET", page["more"].removeprefix("/water/xapi/")).get_json()

    assert page["more"].startswith("/water/xapi/statements?more=")
    assert (2, 1) == (len(page["statements"]), len(rest["statements"]))


def test_a_launch_speaks_for_nobody_else(water: Tool, amina: Person) -> None:
    own = learner_agent(amina.id)
    other = [
        water.asks("POST", "statements", body=statement()),
        water.asks("POST", "statements", body=statement(actor={"objectType": "Group", "member": [own]})),
        water.asks("POST", "statements", body=statement(actor=own, context={"registration": uuid_of(51)})),
        water.asks("GET", "activities/state", agent=AMAL, **STATE),
        water.asks("GET", "agents", agent=AMAL),
        water.asks("GET", "activities/state", agent=own, **{**STATE, "activityId": ACTIVITY + "-other"}),
        water.asks("GET", "activities/state", agent=own, registration=uuid_of(51), **STATE),
        water.asks("PUT", "activities/profile", body={}, activityId="http://example.org/other", profileId="p"),
    ]

    assert {403} == {answer.status_code for answer in other}


def test_a_part_of_an_activity_is_its_own(water: Tool, amina: Person) -> None:
    statuses = [
        water.asks(
            "POST", "activities/state", body={}, agent=learner_agent(amina.id), activityId=ACTIVITY + end, stateId="s"
        ).status_code
        for end in ("", "/page", "#page", "?page=1", "page")
    ]

    assert [204, 204, 204, 204, 403] == statuses


def test_one_package_reads_nothing_of_another(water: Tool, fire: Tool, tool: Tool, amina: Person) -> None:
    """Though it claims the other's addresses, and the learner is the same."""
    agent = learner_agent(amina.id)
    water.states(statement(id=uuid_of(1), actor=agent))
    water.asks("PUT", "activities/state", body={"w": 1}, agent=agent, **STATE)
    water.asks("PUT", "agents/profile", body={"w": 1}, headers={"If-None-Match": "*"}, agent=agent, profileId="p")
    tool.states(statement(id=uuid_of(2), actor=agent))

    assert [] == fire.finds() == fire.finds(agent=agent) == fire.finds(activity=ACTIVITY, ascending="true")
    assert [404, 404] == [fire.asks("GET", "statements", statementId=uuid_of(one)).status_code for one in (1, 2)]
    assert 404 == fire.asks("GET", "activities/state", agent=agent, **STATE).status_code
    assert 404 == fire.asks("GET", "agents/profile", agent=agent, profileId="p").status_code
    assert [] == fire.asks("GET", "agents/profile", agent=agent).get_json()
    assert [uuid_of(1)] == water.finds()


def test_what_speaks_of_a_launchs_statement_is_not_the_launchs(water: Tool, tool: Tool, amina: Person) -> None:
    water.states(statement(id=uuid_of(1), actor=learner_agent(amina.id)))

    tool.states(statement(id=uuid_of(2), object={"objectType": "StatementRef", "id": uuid_of(1)}))

    assert [uuid_of(1)] == water.finds() == water.finds(verb=statement()["verb"]["id"])


def test_a_page_word_of_another_launch_shows_the_own_statements_alone(water: Tool, fire: Tool, amina: Person) -> None:
    water.states(*(statement(actor=learner_agent(amina.id)) for _ in range(3)))
    word = water.asks("GET", "statements", limit="1").get_json()["more"].partition("=")[2]

    assert [] == fire.finds(more=word)


def voids(tool: Tool, amina: Person, number: int) -> int:
    said = statement(
        actor=learner_agent(amina.id), verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": uuid_of(number)}
    )
    return tool.asks("POST", "statements", body=said).status_code


def test_a_launch_voids_what_it_stated_itself_and_nothing_else(
    water: Tool, fire: Tool, tool: Tool, amina: Person
) -> None:
    water.states(statement(id=uuid_of(1), actor=learner_agent(amina.id)))

    statuses = [voids(fire, amina, 1), voids(fire, amina, 9), voids(water, amina, 1)]

    assert [403, 403, 200] == statuses
    assert uuid_of(1) == tool.asks("GET", "statements", voidedStatementId=uuid_of(1)).get_json()["id"]


def test_a_launch_does_not_say_what_others_hear_of_an_activity(water: Tool, tool: Tool, amina: Person) -> None:
    named: dict[str, Any] = {"id": ACTIVITY, "definition": {"name": {"en": "Free prizes"}}}
    water.states(statement(actor=learner_agent(amina.id), object=named))

    assert "definition" not in tool.asks("GET", "activities", activityId=ACTIVITY).get_json()


def test_a_launch_that_is_over_opens_nothing_and_no_other_origin_may_ask(
    box: Box, launches: dict[str, Rights], water: Tool
) -> None:
    before = water.asks("GET", "statements")
    launches.clear()

    after = water.asks("GET", "statements")

    assert (200, 401) == (before.status_code, after.status_code)
    assert "Access-Control-Allow-Origin" not in before.headers
    assert "Access-Control-Allow-Methods" not in water.asks("OPTIONS", "statements").headers


def test_a_package_that_runs_away_fills_no_card(
    water: Tool, fire: Tool, tool: Tool, amina: Person, clock: WoundClock
) -> None:
    """What a learner's packages send is counted together; a tool with a key is not counted."""
    body = statement(actor=learner_agent(amina.id), result={"response": "x" * 20_000})
    large = {"body": b" " * (pace.AT_ONCE_BYTES // 4)}
    for one in (water, fire, water, fire):
        one.asks("POST", "activities/state", agent=learner_agent(amina.id), **STATE, **large)

    refused = [one.asks("POST", "statements", body=body) for one in (water, fire)]
    free = tool.asks("POST", "statements", body=body)
    clock.wind(60)
    later = water.asks("POST", "statements", body=body)

    assert ([429, 429], "2") == ([one.status_code for one in refused], refused[0].headers["Retry-After"])
    assert [200, 200] == [free.status_code, later.status_code]


def test_the_box_may_put_documents_where_a_launch_finds_them(
    box: Box, launches: dict[str, Rights], water: Tool, fire: Tool, amina: Person
) -> None:
    said = {"activityId": ACTIVITY, "stateId": "LMS.LaunchData", "agent": json.dumps(learner_agent(amina.id))}
    headers = {"content-type": "application/json", "x-experience-api-version": "1.0.3"}

    box.lrs.do(Call("PUT", "activities/state", said, headers, b'{"launchMode": "Normal"}'), launches["water"])

    assert {"launchMode": "Normal"} == water.asks("GET", "activities/state", **said).get_json()
    assert 404 == fire.asks("GET", "activities/state", **said).status_code


def test_the_box_itself_may_state(box: Box, launches: dict[str, Rights], tool: Tool, amina: Person) -> None:
    box.lrs.store([statement(id=uuid_of(1), actor=learner_agent(amina.id))], launches["water"])

    assert [uuid_of(1)] == tool.finds()
