"""Statements stored and found: all or none, once, in order, voided or not, page by page."""

import json
from typing import Any

import pytest

from edge.box import Box
from edge.learning.lrs import query
from edge.learning.lrs.statement import VOIDED
from edge.learning.lrs.statements import INHERITED_MAX, REFERRED_MAX
from sync.events import PAYLOAD_BYTES_MAX
from tests.edge.conftest import WoundClock
from tests.edge.learning.lrs.conftest import ACTIVITY, AMAL, VERB, Tool, statement, uuid_of

BADR = {"mbox": "mailto:badr@example.org"}
OTHER_VERB = "http://example.org/looked"
REGISTRATION = uuid_of(99)


def voiding(number: int, **more: Any) -> dict[str, Any]:
    return statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": uuid_of(number)}, **more)


def referring(number: int, **more: Any) -> dict[str, Any]:
    return statement(object={"objectType": "StatementRef", "id": uuid_of(number)}, **more)


# ---- stored ----


def test_a_statement_comes_back_as_it_was_with_what_the_store_fills_in(tool: Tool, clock: WoundClock) -> None:
    said = statement(id=uuid_of(1), result={"score": {"scaled": 0.95}, "response": "ماء"})

    tool.states(said)

    kept = tool.reads(uuid_of(1))
    assert said == {name: kept[name] for name in said}
    assert "1.0.0" == kept["version"]
    assert kept["timestamp"] == kept["stored"]
    assert "https://keys.qanat.invalid/" == kept["authority"]["account"]["homePage"]


def test_a_statement_is_one_event_of_the_journal(box: Box, tool: Tool) -> None:
    tool.states(statement(id=uuid_of(1)))

    (row,) = box.database.read().execute("select learner, payload from event where kind = 'stated'").fetchall()
    assert uuid_of(1) == json.loads(json.loads(row["payload"])["statement"])["id"]
    assert row["learner"] not in ("", "amal")
    box.journal.verify()


def test_a_list_is_stored_whole_or_not_at_all(tool: Tool) -> None:
    tool.states(statement(id=uuid_of(1)))
    another = statement(id=uuid_of(1), verb={"id": OTHER_VERB})

    answers = [
        tool.asks("POST", "statements", body=[statement(id=uuid_of(2)), {"actor": AMAL}]),
        tool.asks("POST", "statements", body=[statement(id=uuid_of(2)), another]),
        tool.asks("POST", "statements", body=[statement(id=uuid_of(2)), statement(id=uuid_of(2))]),
    ]

    assert [400, 409, 400] == [answer.status_code for answer in answers]
    assert [uuid_of(1)] == tool.finds()


def test_the_same_statement_twice_is_stored_once(box: Box, tool: Tool) -> None:
    said = statement(id=uuid_of(1), result={"duration": "PT1.005S"})
    tool.states(said)

    again = tool.asks("PUT", "statements", statementId=uuid_of(1), body=said)
    tool.states({**said, "timestamp": "2026-01-01T00:00:00Z"})

    assert 204 == again.status_code
    assert 1 == box.database.read().execute("select count(*) from event where kind = 'stated'").fetchone()[0]


def test_another_statement_of_the_same_id_is_refused(tool: Tool) -> None:
    tool.states(statement(id=uuid_of(1)))

    answer = tool.asks("PUT", "statements", statementId=uuid_of(1), body=statement(verb={"id": OTHER_VERB}))

    assert (409, "Another statement has the id") == (answer.status_code, answer.get_json()["error"][:28])
    assert VERB == tool.reads(uuid_of(1))["verb"]["id"]


def test_an_id_is_one_in_capitals_or_not(tool: Tool) -> None:
    name = "aa97b177-9383-4934-8543-0f91a7a02836"
    tool.states(statement(id=name.upper()))

    assert [200, 200] == [tool.asks("GET", "statements", statementId=one).status_code for one in (name, name.upper())]
    assert 409 == tool.asks("PUT", "statements", statementId=name, body=statement(actor=BADR)).status_code


def test_a_put_needs_an_id_that_fits(tool: Tool) -> None:
    answers = [
        tool.asks("PUT", "statements", body=statement()),
        tool.asks("PUT", "statements", statementId="7", body=statement()),
        tool.asks("PUT", "statements", statementId=uuid_of(1), body=statement(id=uuid_of(2))),
        tool.asks("PUT", "statements", statementId=uuid_of(1), body=[statement(), statement()]),
    ]

    assert {400} == {answer.status_code for answer in answers}


def test_a_statement_that_would_not_fit_into_an_event_is_refused_with_the_limit(tool: Tool) -> None:
    """What nearly fills an event is taken: the limit is what the journal writes, and not less."""
    room = PAYLOAD_BYTES_MAX - 900
    small, large = [
        statement(id=uuid_of(one), result={"response": "x" * size}) for one, size in ((1, room), (2, 33_000))
    ]

    tool.states(small)
    answer = tool.asks("POST", "statements", body=large)

    assert 413 == answer.status_code
    assert f"{PAYLOAD_BYTES_MAX} bytes" in answer.get_json()["error"]
    assert [uuid_of(1)] == tool.finds()


def test_a_clock_that_is_put_back_does_not_turn_the_order_round(tool: Tool, clock: WoundClock) -> None:
    tool.states(statement(id=uuid_of(1)))
    seen = tool.reads(uuid_of(1))["stored"]
    clock.wall_seconds -= 86_400
    tool.states(statement(id=uuid_of(2)))

    assert [uuid_of(2), uuid_of(1)] == tool.finds()
    assert [uuid_of(2)] == tool.finds(since=seen)


# ---- voided ----


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_voided_statement_is_found_by_its_id_alone(tool: Tool, order: str) -> None:
    said, void = statement(id=uuid_of(1)), voiding(1, id=uuid_of(2))

    for one in [said, void] if order == "before" else [void, said]:
        tool.states(one)

    assert 404 == tool.asks("GET", "statements", statementId=uuid_of(1)).status_code
    assert uuid_of(1) == tool.asks("GET", "statements", voidedStatementId=uuid_of(1)).get_json()["id"]
    assert [uuid_of(2)] == tool.finds()


def test_what_voids_is_heard_among_many_that_came_before(tool: Tool) -> None:
    tool.states(*(referring(1) for _ in range(REFERRED_MAX + 5)), voiding(1))

    tool.states(statement(id=uuid_of(1)))

    assert 404 == tool.asks("GET", "statements", statementId=uuid_of(1)).status_code


def test_what_voids_is_not_voided(tool: Tool) -> None:
    tool.states(statement(id=uuid_of(1)), voiding(1, id=uuid_of(2)))

    tool.states(voiding(2, id=uuid_of(3)))

    assert uuid_of(2) == tool.reads(uuid_of(2))["id"]
    assert 404 == tool.asks("GET", "statements", voidedStatementId=uuid_of(2)).status_code


def test_what_voids_is_found_by_what_it_voids(tool: Tool) -> None:
    tool.states(statement(id=uuid_of(1), verb={"id": OTHER_VERB}), voiding(1, id=uuid_of(2), actor=BADR))

    assert [uuid_of(2)] == tool.finds(verb=OTHER_VERB)


# ---- found ----


@pytest.fixture
def told(tool: Tool) -> Tool:
    """Some statements, each with something of its own."""
    tool.states(
        statement(id=uuid_of(1)),
        statement(id=uuid_of(2), actor=BADR, verb={"id": OTHER_VERB}),
        statement(id=uuid_of(3), object={"objectType": "Agent", **BADR}),
        statement(id=uuid_of(4), context={"registration": REGISTRATION, "instructor": BADR}),
        statement(
            id=uuid_of(5),
            actor={"objectType": "Group", "member": [BADR, {"openid": "http://example.org/c"}]},
            context={"contextActivities": {"grouping": [{"id": "http://example.org/course"}]}},
        ),
        statement(
            id=uuid_of(6),
            object={
                "objectType": "SubStatement",
                **statement(actor=BADR, verb={"id": OTHER_VERB}, object={"id": "http://example.org/inner"}),
            },
        ),
    )
    return tool


FOUND: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [6, 5, 4, 3, 2, 1]),
    ({"ascending": "true"}, [1, 2, 3, 4, 5, 6]),
    ({"agent": AMAL}, [6, 4, 3, 1]),
    ({"agent": BADR}, [5, 3, 2]),
    ({"agent": BADR, "related_agents": "true"}, [6, 5, 4, 3, 2]),
    ({"agent": {"name": "whoever", **BADR}}, [5, 3, 2]),
    ({"verb": OTHER_VERB}, [2]),
    ({"verb": OTHER_VERB, "agent": AMAL}, []),
    ({"activity": ACTIVITY}, [5, 4, 2, 1]),
    ({"activity": "http://example.org/course"}, []),
    ({"activity": "http://example.org/course", "related_activities": "true"}, [5]),
    ({"activity": "http://example.org/inner", "related_activities": "true"}, [6]),
    ({"registration": REGISTRATION}, [4]),
    ({"registration": REGISTRATION.upper(), "agent": AMAL, "verb": VERB, "activity": ACTIVITY}, [4]),
    ({"registration": REGISTRATION, "verb": OTHER_VERB}, []),
    ({"limit": "2"}, [6, 5]),
]


def test_statements_are_found_by_what_they_say(told: Tool) -> None:
    found = [(filters, [int(name[-2:]) for name in told.finds(**filters)]) for filters, _ in FOUND]

    assert FOUND == found


def test_statements_are_found_by_when_they_were_stored(told: Tool) -> None:
    third = told.reads(uuid_of(3))["stored"]

    assert [6, 5, 4] == [int(name[-2:]) for name in told.finds(since=third)]
    assert [3, 2, 1] == [int(name[-2:]) for name in told.finds(until=third)]


def test_pages_go_on_where_the_one_before_ended_whatever_comes_in_between(told: Tool) -> None:
    first = told.asks("GET", "statements", limit="2", agent=AMAL).get_json()
    told.states(statement(id=uuid_of(7)))

    second = told.asks("GET", first["more"].removeprefix("/xapi/")).get_json()

    assert [uuid_of(6), uuid_of(4)] == [one["id"] for one in first["statements"]]
    assert [uuid_of(3), uuid_of(1)] == [one["id"] for one in second["statements"]]
    assert "" == second["more"]


def test_pages_from_the_oldest_on_meet_everything_once(told: Tool) -> None:
    page = told.asks("GET", "statements", limit="1", ascending="true").get_json()
    met = [page]
    while page["more"]:
        page = told.asks("GET", page["more"].removeprefix("/xapi/")).get_json()
        met.append(page)

    assert [uuid_of(one) for one in range(1, 7)] == [one["statements"][0]["id"] for one in met]


def test_a_page_that_nobody_named_is_refused(tool: Tool) -> None:
    words = ("", "x", "!!!!", "A" * 400, "AAAA")

    assert [400] * 5 == [tool.asks("GET", "statements", more=word).status_code for word in words]


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_statement_is_found_by_the_one_that_it_speaks_of(tool: Tool, order: str) -> None:
    of, by, by_that = (
        statement(id=uuid_of(1), verb={"id": OTHER_VERB}),
        referring(1, id=uuid_of(2)),
        referring(2, id=uuid_of(3)),
    )

    for one in [of, by, by_that] if order == "before" else [by_that, by, of]:
        tool.states(one)

    assert {uuid_of(1), uuid_of(2), uuid_of(3)} == set(tool.finds(verb=OTHER_VERB))


def test_a_statement_is_not_found_by_half_of_itself_and_half_of_what_it_speaks_of(tool: Tool) -> None:
    tool.states(statement(id=uuid_of(1), verb={"id": OTHER_VERB}, actor=BADR), referring(1, id=uuid_of(2)))

    assert [] == tool.finds(verb=OTHER_VERB, agent=AMAL)
    assert [uuid_of(2), uuid_of(1)] == tool.finds(verb=OTHER_VERB, agent=BADR)


def test_a_long_chain_of_statements_is_not_written_out_in_each(box: Box, tool: Tool) -> None:
    many = [referring(number - 1, id=uuid_of(number), verb={"id": f"http://x/{number}"}) for number in range(1, 100)]

    tool.states(*many)

    rows = box.database.read().execute("select count(*) as facets from facet group by number").fetchall()
    assert INHERITED_MAX <= max(row["facets"] for row in rows) <= INHERITED_MAX + 10
    assert [uuid_of(99), uuid_of(98)] == tool.finds(verb="http://x/98")[:2]


def test_statements_that_speak_of_each_other_in_a_ring_are_stored(tool: Tool) -> None:
    tool.states(referring(2, id=uuid_of(1), actor=BADR), referring(1, id=uuid_of(2)), referring(3, id=uuid_of(3)))

    assert {uuid_of(1), uuid_of(2)} == set(tool.finds(agent=BADR))


REFUSED: list[dict[str, Any]] = [
        {"agent": "amal"}, {"agent": {}}, {"agent": {"objectType": "Group", "member": [AMAL]}}, {"verb": "did"},
        {"activity": "well"}, {"registration": "7"}, {"since": "now"}, {"until": "later"}, {"limit": "-1"},
        {"limit": "many"}, {"ascending": "yes"}, {"related_agents": "1"}, {"format": "short"}, {"attachments": "all"},
        {"Verb": VERB}, {"colour": "blue"}, {"statementId": "7"}, {"statementId": uuid_of(1), "verb": VERB},
        {"statementId": uuid_of(1), "voidedStatementId": uuid_of(1)},
]  # fmt: skip


def test_what_cannot_be_asked_for_is_refused(tool: Tool) -> None:
    statuses = [(filters, tool.asks("GET", "statements", **filters).status_code) for filters in REFUSED]

    assert [(filters, 400) for filters in REFUSED] == statuses


# ---- shown ----


def test_by_ids_alone_nothing_is_said_but_who_and_what(tool: Tool) -> None:
    actor = {"objectType": "Group", "name": "Two", "member": [{"name": "Amal", **AMAL}]}
    what = {"objectType": "Activity", "id": ACTIVITY, "definition": {"name": {"en": "Well"}}}
    tool.states(statement(id=uuid_of(1), actor=actor, object=what, verb={"id": VERB, "display": {"en": "tried"}}))

    said = tool.reads(uuid_of(1), format="ids")

    assert {"objectType": "Group", "member": [AMAL]} == said["actor"]
    assert ({"id": ACTIVITY}, {"id": VERB}) == (said["object"], said["verb"])


def test_in_one_language_an_activity_says_what_the_store_knows_of_it(tool: Tool) -> None:
    tool.states(
        statement(id=uuid_of(1), object={"id": ACTIVITY, "definition": {"name": {"en": "Well"}}}),
        statement(object={"id": ACTIVITY, "definition": {"name": {"fr": "Puits"}, "type": "http://example.org/t"}}),
    )

    said = tool.asks(
        "GET", "statements", statementId=uuid_of(1), format="canonical", headers={"Accept-Language": "ar, fr-FR;q=0.8"}
    ).get_json()
    known = tool.asks("GET", "activities", activityId=ACTIVITY).get_json()

    assert {"name": {"fr": "Puits"}, "type": "http://example.org/t"} == said["object"]["definition"]
    assert {"en": "Well", "fr": "Puits"} == known["definition"]["name"]
    assert {"name": {"en": "Well"}} == tool.reads(uuid_of(1))["object"]["definition"]


def test_an_activity_that_nobody_told_of_is_known_by_its_id(tool: Tool) -> None:
    known = tool.asks("GET", "activities", activityId="http://example.org/other").get_json()

    assert {"objectType": "Activity", "id": "http://example.org/other"} == known


def test_a_person_is_known_by_what_they_were_asked_for_by(tool: Tool) -> None:
    known = tool.asks("GET", "agents", agent={"name": "Amal", **AMAL}).get_json()

    assert {"objectType": "Person", "name": ["Amal"], "mbox": [AMAL["mbox"]]} == known


# ---- what it costs ----


def test_a_statement_costs_few_words_of_sql(box: Box, tool: Tool) -> None:
    """Whatever is stored already, and however it is found later."""
    tool.states(*(statement() for _ in range(50)))
    said: list[str] = []
    box.database._writer.conn.set_trace_callback(said.append)

    tool.states(statement(context={"registration": REGISTRATION}))

    box.database._writer.conn.set_trace_callback(None)
    words = [one for one in said if not one.lower().startswith(("begin", "commit", "savepoint", "release", "--"))]
    facets = [one for one in words if one.startswith("insert into facet")]
    assert 7 == len(facets)
    assert 10 >= len(words) - len(facets)


@pytest.mark.parametrize("key", list(query._SQL))
def test_every_query_walks_an_index_and_sorts_nothing(box: Box, key: tuple[bool, bool]) -> None:
    names = dict.fromkeys(query._PLACES, b"facet")
    plan = box.database.read().execute(
        f"explain query plan {query._SQL[key]}", {**names, "is_own": 0, "since": 0, "until": 9, "most": 3}
    )

    steps = [row["detail"] for row in plan.fetchall()]

    assert [] == [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step]
