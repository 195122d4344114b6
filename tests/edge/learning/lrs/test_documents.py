"""Documents: kept as they came, overwritten by nobody unseen, bounded, and each in its own place."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from edge.box import Box
from edge.learning.lrs import documents
from tests.edge.conftest import WoundClock
from tests.edge.learning.lrs.conftest import ACTIVITY, AMAL, Tool, Tools, uuid_of

STATE = ("activities/state", {"activityId": ACTIVITY, "agent": AMAL, "stateId": "bookmark"})
AGENT_PROFILE = ("agents/profile", {"agent": AMAL, "profileId": "taste"})
ACTIVITY_PROFILE = ("activities/profile", {"activityId": ACTIVITY, "profileId": "shape"})
SORTS = [STATE, AGENT_PROFILE, ACTIVITY_PROFILE]
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
NEW = {"If-None-Match": "*"}

sorts = pytest.mark.parametrize(("resource", "said"), SORTS, ids=[resource for resource, _ in SORTS])


def without(said: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in names}


@sorts
def test_a_document_comes_back_as_it_was(tool: Tool, resource: str, said: dict[str, Any]) -> None:
    content = bytes(range(256))

    put = tool.asks("PUT", resource, body=content, headers={"Content-Type": "image/x-own", **NEW}, **said)

    read = tool.asks("GET", resource, **said)
    assert (204, content, "image/x-own") == (put.status_code, read.data, read.headers["Content-Type"])
    assert 42 == len(read.headers["ETag"])
    assert "GMT" in read.headers["Last-Modified"]


@sorts
def test_objects_are_merged_by_their_first_level(tool: Tool, resource: str, said: dict[str, Any]) -> None:
    tool.asks("POST", resource, body={"a": {"b": 1}, "c": 2}, **said)

    merged = tool.asks("POST", resource, body={"a": {"d": 3}}, **said)

    assert 204 == merged.status_code
    assert {"a": {"d": 3}, "c": 2} == tool.asks("GET", resource, **said).get_json()


@sorts
def test_what_is_no_object_is_merged_with_nothing(tool: Tool, resource: str, said: dict[str, Any]) -> None:
    tool.asks("POST", resource, body=b"words", headers=PLAIN, **said)

    answers = [
        tool.asks("POST", resource, body={"a": 1}, **said),
        tool.asks("POST", resource, body=[1], **{**said, "since": "x"}),
        tool.asks("POST", resource, body=b"{", **said),
    ]

    assert [400, 400, 400] == [answer.status_code for answer in answers]
    assert b"words" == tool.asks("GET", resource, **said).data


@sorts
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_who_names_another_version_changes_nothing(
    tool: Tool, resource: str, said: dict[str, Any], method: str
) -> None:
    tool.asks("POST", resource, body={"a": 1}, **said)
    etag = tool.asks("GET", resource, **said).headers["ETag"]

    refused = [
        tool.asks(method, resource, body={"a": 2}, headers={"If-Match": '"0123"'}, **said),
        tool.asks(method, resource, body={"a": 2}, headers=NEW, **said),
    ]
    kept = tool.asks("GET", resource, **said).get_json()
    taken = tool.asks(method, resource, body={"a": 2}, headers={"If-Match": etag}, **said)

    assert [412, 412] == [answer.status_code for answer in refused]
    assert ({"a": 1}, 204) == (kept, taken.status_code)


@pytest.mark.parametrize(
    ("version", "resource", "said", "statuses"),
    [
        ("1.0.3", *STATE, (204, 204)),
        ("1.0.3", *AGENT_PROFILE, (400, 409)),
        ("1.0.3", *ACTIVITY_PROFILE, (400, 409)),
        ("2.0.0", *STATE, (204, 409)),
        ("2.0.0", *AGENT_PROFILE, (204, 409)),
        ("2.0.0", *ACTIVITY_PROFILE, (204, 409)),
    ],
)
def test_a_put_without_a_condition(
    tools: Tools, version: str, resource: str, said: dict[str, Any], statuses: tuple[int, int]
) -> None:
    """Where nothing is here yet, and where something is."""
    tool = tools(version)
    first = tool.asks("PUT", resource, body={"a": 1}, **said)
    tool.asks("POST", resource, body={"a": 1}, **said)

    second = tool.asks("PUT", resource, body={"a": 2}, **said)

    assert statuses == (first.status_code, second.status_code)


@sorts
def test_documents_of_one_place_are_listed_by_when_they_changed(
    tool: Tool, clock: WoundClock, resource: str, said: dict[str, Any]
) -> None:
    name = "stateId" if resource == "activities/state" else "profileId"
    place = without(said, name)
    tool.asks("POST", resource, body={}, **place, **{name: "first"})
    clock.wind(10)
    tool.asks("POST", resource, body={}, **place, **{name: "second"})

    later = tool.asks("GET", resource, **place, since="2026-04-11T09:00:05Z").get_json()

    assert ["first", "second"] == tool.asks("GET", resource, **place).get_json()
    assert ["second"] == later


def test_a_registration_has_a_state_of_its_own(tool: Tool) -> None:
    resource, said = STATE
    tool.asks("PUT", resource, body={"of": "all"}, **said)
    tool.asks("PUT", resource, body={"of": "one"}, **said, registration=uuid_of(1))

    states = [tool.asks("GET", resource, **said, **more).get_json() for more in ({}, {"registration": uuid_of(1)})]
    gone = tool.asks("DELETE", resource, **without(said, "stateId"), registration=uuid_of(1))

    assert [{"of": "all"}, {"of": "one"}] == states
    assert (204, 200) == (gone.status_code, tool.asks("GET", resource, **said).status_code)
    assert 404 == tool.asks("GET", resource, **said, registration=uuid_of(1)).status_code


def test_all_state_of_an_activity_goes_at_once_and_profiles_one_by_one(tool: Tool) -> None:
    for resource, said in SORTS:
        tool.asks("POST", resource, body={}, **said)

    gone = [
        tool.asks("DELETE", resource, **without(said, "stateId", "profileId")).status_code for resource, said in SORTS
    ]

    assert [204, 400, 400] == gone
    assert [404, 200, 200] == [tool.asks("GET", resource, **said).status_code for resource, said in SORTS]


NOWHERE: list[tuple[str, dict[str, Any]]] = [
    ("activities/state", without(STATE[1], "agent")),
    ("activities/state", without(STATE[1], "activityId")),
    ("activities/state", {**STATE[1], "agent": "amal"}),
    ("activities/state", {**STATE[1], "activityId": "well"}),
    ("activities/state", {**STATE[1], "registration": "7"}),
    ("activities/state", {**STATE[1], "StateId": "x"}),
    ("activities/state", {**STATE[1], "stateId": ""}),
    ("activities/state", {**without(STATE[1], "stateId"), "since": "now"}),
    ("agents/profile", without(AGENT_PROFILE[1], "agent")),
    ("activities/profile", without(ACTIVITY_PROFILE[1], "activityId")),
    ("activities", {}),
    ("agents", {}),
]


def test_what_names_no_place_is_refused(tool: Tool) -> None:
    statuses = [(resource, said, tool.asks("GET", resource, **said).status_code) for resource, said in NOWHERE]

    assert [(*place, 400) for place in NOWHERE] == statuses


def test_a_document_has_a_limit_and_so_has_its_place(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    resource, said = STATE
    large = tool.asks("PUT", resource, body=b"x" * (documents.DOCUMENT_BYTES_MAX + 1), headers=PLAIN, **said)
    monkeypatch.setattr(documents, "DOCUMENTS_MAX", 2)
    monkeypatch.setattr(documents, "FOLDER_BYTES_MAX", 30)

    statuses = [
        tool.asks("PUT", resource, body=b"x" * size, headers=PLAIN, **{**said, "stateId": name}).status_code
        for name, size in (("a", 10), ("b", 10), ("c", 1), ("a", 21), ("a", 20))
    ]

    assert 413 == large.status_code
    assert [204, 204, 413, 413, 204] == statuses


@pytest.mark.parametrize("kind", ["picture", "a/b\x7f", "text/plain;" + "x" * 300])
def test_a_document_of_no_media_type_is_refused(tool: Tool, kind: str) -> None:
    resource, said = STATE

    assert 400 == tool.asks("PUT", resource, body=b"x", headers={"Content-Type": kind}, **said).status_code


def test_of_many_who_would_be_first_one_is(box: Box, tools: Tools) -> None:
    """The condition is judged in the very write that it guards."""
    box.start()
    resource, said = AGENT_PROFILE
    many = [tools() for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(lambda one: one.asks("PUT", resource, body={"by": id(one)}, headers=NEW, **said).status_code, many)
        )

    assert [204] + [412] * 7 == sorted(statuses)


def test_of_many_who_change_the_same_version_one_does(box: Box, tools: Tools) -> None:
    box.start()
    resource, said = STATE
    many = [tools() for _ in range(8)]
    many[0].asks("PUT", resource, body={"n": 0}, **said)
    same = {"If-Match": many[0].asks("GET", resource, **said).headers["ETag"]}

    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(
                lambda one: one[1].asks("PUT", resource, body={"n": one[0]}, headers=same, **said).status_code,
                enumerate(many, 1),
            )
        )

    assert [204] + [412] * 7 == sorted(statuses)
    assert json.loads(many[0].asks("GET", resource, **said).data)["n"] > 0
