"""Whatever comes, the store answers with a sentence: nothing that anybody sends makes it fail."""

import copy
import json
from contextlib import suppress
from functools import reduce
from operator import getitem
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.box import Box
from tests.edge.learning.lrs.conftest import ACTIVITY, AMAL, Tool, Tools, statement, uuid_of

WHOLE = statement(
    id=uuid_of(1),
    actor={"objectType": "Group", "name": "2", "member": [AMAL, {"account": {"homePage": "http://a.b/", "name": "c"}}]},
    verb={"id": "http://adlnet.gov/expapi/verbs/voided", "display": {"en": "voided"}},
    object={"objectType": "StatementRef", "id": uuid_of(2)},
    result={"score": {"scaled": 0.5, "raw": 1, "min": 0, "max": 2}, "duration": "PT1S", "extensions": {"e:x": [1]}},
    context={
        "registration": uuid_of(3), "instructor": AMAL, "language": "en",
        "contextActivities": {"parent": [{"id": ACTIVITY, "definition": {"interactionType": "choice", "choices": []}}]},
    },
    attachments=[
        {
            "usageType": "http://adlnet.gov/expapi/attachments/signature", "display": {"en": "x"}, "length": 1,
            "contentType": "application/octet-stream", "sha2": "a" * 64, "fileUrl": "http://a.b/c",
        }
    ],
    timestamp="2026-01-01T00:00:00Z",
)  # fmt: skip
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
    | st.sampled_from(["Agent", "Group", "SubStatement", "http://a.b/", uuid_of(2), "mailto:a@b", "\0", "\ud83d"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "objectType", "member", "mbox", "account", "definition", "verb", "object", "x"]), inner,
        max_size=3,
    ),
    max_leaves=8,
)  # fmt: skip


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for name, one in inner for place in places(one, (*way, name)))]


WAYS = [way for way in places(WHOLE) if way]


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A statement with something else in a few places."""
    document = copy.deepcopy(WHOLE)
    for way in draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3)):
        # What was spoilt before may have no such place any more.
        with suppress(KeyError, IndexError, TypeError):
            reduce(getitem, way[:-1], document)[way[-1]] = draw(JUNK)
    return document


def test_no_statement_makes_the_store_fail(box: Box, tools: Tools) -> None:
    many = [tools("1.0.3"), tools("2.0.0")]

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(document=spoilt(), which=st.integers(0, 1), form=st.sampled_from(["exact", "ids", "canonical"]))
    def send(document: Any, which: int, form: str) -> None:
        body = json.dumps(document).encode("utf-8", "replace")
        stored = many[which].asks("POST", "statements", body=body)
        found = many[which].asks("GET", "statements", format=form, limit="3")

        assert stored.status_code in (200, 400, 403, 409, 413)
        assert 200 == found.status_code

    send()
    box.journal.verify()


def test_no_parameter_and_no_header_makes_the_store_fail(tools: Tools) -> None:
    many = [tools("1.0.3"), tools("2.0.0")]
    values = st.text(max_size=30) | st.sampled_from(
        [json.dumps(AMAL), ACTIVITY, uuid_of(1), "true", "2026-01-01T00:00:00Z"]
    )
    names = st.sampled_from(
        ["agent", "activityId", "stateId", "profileId", "registration", "since", "verb", "limit", "more", "statementId",
         "attachments", "format", "method", "ascending"]
    )  # fmt: skip
    headers = st.dictionaries(
        st.sampled_from(["If-Match", "If-None-Match", "Content-Type", "Accept-Language", "X-Experience-API-Version"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
        | st.sampled_from(["*", "multipart/mixed"]),
        max_size=2,
    )

    @settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE"]),
        resource=st.sampled_from(["statements", "agents", "activities", "activities/state", "agents/profile"]),
        said=st.dictionaries(names, values, max_size=5),
        more=headers,
        body=st.binary(max_size=60) | st.just(b"{}"),
        which=st.integers(0, 1),
    )
    def send(method: str, resource: str, said: dict[str, str], more: dict[str, str], body: bytes, which: int) -> None:
        tool: Tool = many[which]
        path = resource
        words = {name: value.encode("utf-8", "replace").decode() for name, value in said.items() if name != "method"}
        if "method" in said:
            path += "?method=" + ("GET" if which else "DELETE")
            words = {}

        answer = tool.asks(method, path, body=body, headers=more, **words)

        assert answer.status_code < 500, answer.text

    send()
