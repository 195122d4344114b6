"""What a statement may say: the tables of the specification, place by place."""

import copy
from typing import Any

import pytest

from edge.learning.lrs import statement as shapes
from edge.learning.lrs.refusal import NotTaken
from edge.learning.lrs.versions import Version
from tests.edge.learning.lrs.conftest import AMAL, statement, uuid_of

GROUP = {"objectType": "Group", "member": [AMAL]}
TEAM = {"objectType": "Group", "mbox": "mailto:team@example.org"}
ACCOUNT = {"homePage": "http://example.org/", "name": "amal"}
SUB = {"objectType": "SubStatement", **statement()}
REF = {"objectType": "StatementRef", "id": uuid_of(1)}
ATTACHED = {
    "usageType": "http://example.org/usage", "display": {"en": "A drawing"}, "contentType": "image/png", "length": 3,
    "sha2": "a" * 64,
}  # fmt: skip
CHOICES = [{"id": "a", "description": {"en": "Water"}}, {"id": "b"}]


def definition(**fields: Any) -> dict[str, Any]:
    return {"object": {"id": "http://example.org/well", "definition": fields}}


def context(**fields: Any) -> dict[str, Any]:
    return {"context": fields}


def result(**fields: Any) -> dict[str, Any]:
    return {"result": fields}


GOOD = {
    "the least": {},
    "an id": {"id": uuid_of(7)},
    "an id in capitals": {"id": "AA97B177-9383-4934-8543-0F91A7A02836"},
    "an agent by mail": {"actor": {"objectType": "Agent", "name": "Amal", **AMAL}},
    "an agent by a hash of mail": {"actor": {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}},
    "an agent by OpenID": {"actor": {"openid": "http://amal.example.org/"}},
    "an agent by account": {"actor": {"account": ACCOUNT}},
    "a group of members": {"actor": GROUP},
    "a group with an identifier": {"actor": TEAM},
    "a group with both": {"actor": {**TEAM, "member": [AMAL]}},
    "about an agent": {"object": {"objectType": "Agent", **AMAL}},
    "about a group": {"object": TEAM},
    "about a statement": {"object": REF},
    "about a statement within": {"object": SUB},
    "words for a verb": {"verb": {"id": "http://example.org/did", "display": {"en-GB": "did", "zh-Hant-TW": "做"}}},
    "an activity told whole": definition(
        name={"en": "Well"}, description={"fr": "Puits"}, type="http://example.org/t", moreInfo="http://example.org/m",
        extensions={"http://example.org/e": None},
    ),
    "a question of choices": definition(
        interactionType="choice", choices=CHOICES, correctResponsesPattern=["a"], type="http://example.org/q"
    ),
    "a question in order": definition(interactionType="sequencing", choices=CHOICES),
    "a question of degree": definition(interactionType="likert", scale=CHOICES),
    "a question of pairs": definition(interactionType="matching", source=CHOICES, target=CHOICES),
    "a question of steps": definition(interactionType="performance", steps=CHOICES),
    "a question of a number": definition(interactionType="numeric", correctResponsesPattern=["4[:]5"]),
    "a whole result": result(
        score={"scaled": -1, "raw": 2.5, "min": 0, "max": 10}, success=True, completion=False, response="",
        duration="P1DT2H3M4.5S", extensions={},
    ),
    "weeks": result(duration="P4W"),
    "a whole context": context(
        registration=uuid_of(2), instructor=AMAL, team=TEAM, revision="2", platform="box", language="ar-SO",
        statement=REF, extensions={"http://example.org/e": {"deep": [1, None]}},
        contextActivities={"parent": {"id": "http://example.org/p"}, "other": [{"id": "http://example.org/o"}]},
    ),
    "a moment with an offset": {"timestamp": "2026-03-04T05:06:07.123+03:00"},
    "a moment in UTC": {"timestamp": "2026-03-04T05:06:07Z"},
    "an authority": {"authority": {"objectType": "Agent", **AMAL}},
    "an authority of two": {"authority": {"objectType": "Group", "member": [AMAL, {"account": ACCOUNT}]}},
    "an attachment": {"attachments": [ATTACHED]},
    "a version": {"version": "1.0.9"},
}  # fmt: skip

BAD = {
    "no actor": {"actor": None},
    "no verb": {"verb": None},
    "no object": {"object": None},
    "an actor of no kind": {"actor": {}},
    "two identifiers": {"actor": {**AMAL, "openid": "http://amal.example.org/"}},
    "mail that is none": {"actor": {"mbox": "amal@example.org"}},
    "mail without a place": {"actor": {"mbox": "mailto:amal"}},
    "a hash that is none": {"actor": {"mbox_sha1sum": "ebd3"}},
    "an account without a name": {"actor": {"account": {"homePage": "http://example.org/"}}},
    "an account without a home": {"actor": {"account": {"name": "amal"}}},
    "an account with an empty name": {"actor": {"account": {"homePage": "http://example.org/", "name": ""}}},
    "an account with more": {"actor": {"account": {**ACCOUNT, "pin": "1"}}},
    "an agent in capitals": {"actor": {"objectType": "agent", **AMAL}},
    "a group within a group": {"actor": {"objectType": "Group", "member": [TEAM]}},
    "a group of nobody": {"actor": {"objectType": "Group"}},
    "a group of an empty list": {"actor": {"objectType": "Group", "member": []}},
    "members without a group": {"actor": {"member": [AMAL], **AMAL}},
    "an unknown property": {"colour": "blue"},
    "a property in capitals": {"Timestamp": "2026-03-04T05:06:07Z"},
    "null": {"result": {"response": None}},
    "an id that is none": {"id": "7"},
    "an id too long": {"id": uuid_of(7) + "8"},
    "a verb without an id": {"verb": {"display": {"en": "did"}}},
    "a verb of no address": {"verb": {"id": "did"}},
    "a language that is none": {"verb": {"id": "http://example.org/did", "display": {"a12345": "did"}}},
    "words that are no text": {"verb": {"id": "http://example.org/did", "display": {"en": 1}}},
    "an object of no kind": {"object": {"objectType": "Thing", "id": "http://example.org/well"}},
    "an object that is a text": {"object": "http://example.org/well"},
    "a statement within one within one": {"object": {**SUB, "object": SUB}},
    "a statement within that has an id": {"object": {**SUB, "id": uuid_of(3)}},
    "a statement within that has a version": {"object": {**SUB, "version": "1.0.0"}},
    "a statement within that has an authority": {"object": {**SUB, "authority": AMAL}},
    "a reference without an id": {"object": {"objectType": "StatementRef"}},
    "a definition in a list": {"object": {"id": "http://example.org/well", "definition": []}},
    "an extension of no address": definition(extensions={"e": 1}),
    "a kind of question that is none": definition(interactionType="guess"),
    "choices without a question": definition(choices=CHOICES),
    "an answer without a question": definition(correctResponsesPattern=["a"]),
    "steps in a question of choices": definition(interactionType="choice", steps=CHOICES),
    "two choices of one id": definition(interactionType="choice", choices=[{"id": "a"}, {"id": "a"}]),
    "a choice without an id": definition(interactionType="choice", choices=[{"description": {"en": "Water"}}]),
    "a share above one": result(score={"scaled": 1.01}),
    "a score that is true": result(score={"raw": True}),
    "a score below the least": result(score={"raw": 1, "min": 2}),
    "a score above the most": result(score={"raw": 3, "max": 2}),
    "a least above the most": result(score={"min": 3, "max": 2}),
    "success in words": result(success="yes"),
    "a response that is a number": result(response=1),
    "a duration that is none": result(duration="PA1H0M0S"),
    "a duration of nothing": result(duration="P"),
    "a duration of no time": result(duration="P1DT"),
    "a registration that is none": context(registration="7"),
    "a team that is an agent": context(team=AMAL),
    "a context of an unknown kind": context(contextActivities={"child": {"id": "http://example.org/p"}}),
    "a platform of an agent": {"object": {"objectType": "Agent", **AMAL}, **context(platform="box")},
    "a revision of a statement": {"object": REF, **context(revision="2")},
    "a context that refers to an activity": context(statement={"id": "http://example.org/well"}),
    "a moment that is none": {"timestamp": "yesterday"},
    "a day that is none": {"timestamp": "2026-02-30T05:06:07Z"},
    "an offset of minus nothing": {"timestamp": "2026-03-04T05:06:07-00:00"},
    "a stored moment that is none": {"stored": "now"},
    "an authority of three": {"authority": {"objectType": "Group", "member": [AMAL, AMAL, AMAL]}},
    "an authority with an identifier": {"authority": {**TEAM, "member": [AMAL, {"account": ACCOUNT}]}},
    "attachments in no list": {"attachments": ATTACHED},
    "an attachment of a negative length": {"attachments": [{**ATTACHED, "length": -1}]},
    "an attachment of no media type": {"attachments": [{**ATTACHED, "contentType": "picture"}]},
    "an attachment whose type breaks the line": {"attachments": [{**ATTACHED, "contentType": "a/b;c\r\nX: y"}]},
    "an attachment of no hash": {"attachments": [{**ATTACHED, "sha2": "abc"}]},
    "a version to come": {"version": "1.1.0"},
    "a voided activity": {"verb": {"id": shapes.VOIDED}},
}


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("changes", [pytest.param(value, id=name) for name, value in GOOD.items()])
def test_a_statement_may_say(changes: dict[str, Any], version: Version) -> None:
    said = statement(**copy.deepcopy(changes))

    shapes.check(said, version)

    assert statement(**changes) == said


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("changes", [pytest.param(value, id=name) for name, value in BAD.items()])
def test_a_statement_may_not_say(changes: dict[str, Any], version: Version) -> None:
    said = statement(**copy.deepcopy(changes))

    with pytest.raises(NotTaken) as refused:
        shapes.check(said, version)

    assert 400 == refused.value.status_code


def test_agents_and_groups_of_a_context_belong_to_version_2() -> None:
    said = statement(
        context={
            "contextAgents": [
                {"objectType": "contextAgent", "agent": AMAL, "relevantTypes": ["http://example.org/player"]}
            ],
            "contextGroups": [{"objectType": "contextGroup", "group": TEAM}],
        }
    )

    shapes.check(said, Version.SECOND)
    with pytest.raises(NotTaken, match="not known: contextAgents"):
        shapes.check(said, Version.FIRST)


@pytest.mark.parametrize(
    "one",
    [
        {"objectType": "contextAgent"},
        {"agent": AMAL},
        {"objectType": "contextAgent", "agent": AMAL, "relevantTypes": []},
        {"objectType": "contextAgent", "agent": AMAL, "relevantTypes": ["player"]},
    ],
)
def test_an_agent_of_a_context_is_told_whole(one: dict[str, Any]) -> None:
    with pytest.raises(NotTaken):
        shapes.check(statement(context={"contextAgents": [one]}), Version.SECOND)


@pytest.mark.parametrize("text", ["2026-03-04T05:06:07", "2026-03-04T05:06:07,5Z", "2026-03-04T05:06:07+03"])
def test_version_2_has_moments_with_their_offset(text: str) -> None:
    shapes.check(statement(timestamp=text), Version.FIRST)

    with pytest.raises(NotTaken, match="RFC 3339"):
        shapes.check(statement(timestamp=text), Version.SECOND)


def test_a_refusal_names_the_place() -> None:
    said = statement(object={**SUB, "result": {"score": {"scaled": 2}}})

    with pytest.raises(NotTaken, match=r"The statement\.object\.result\.score\.scaled is not a number from -1 to 1"):
        shapes.check(said, Version.FIRST)


def test_every_activity_of_a_context_is_kept_in_a_list() -> None:
    parent = {"contextActivities": {"parent": {"id": "http://example.org/p"}}}

    kept = shapes.normal(statement(context=parent, object={**SUB, "context": parent}))

    assert [{"id": "http://example.org/p"}] == kept["context"]["contextActivities"]["parent"]
    assert [{"id": "http://example.org/p"}] == kept["object"]["context"]["contextActivities"]["parent"]


def test_two_statements_are_one_whatever_the_store_filled_in_and_in_whatever_order_members_stand() -> None:
    other = {"mbox": "mailto:badr@example.org"}
    said = statement(actor={"objectType": "Group", "member": [AMAL, other]}, result={"duration": "PT1.239S"})
    again = statement(
        actor={"objectType": "Group", "member": [other, AMAL]}, result={"duration": "PT1.23S"}, id=uuid_of(1)
    )

    assert shapes.comparable(said) == shapes.comparable(again)
    assert shapes.comparable(said) != shapes.comparable(statement(result={"duration": "PT1.24S"}))
