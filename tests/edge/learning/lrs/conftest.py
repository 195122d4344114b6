"""Nouns of the learning record store's tests: a tool with a key, statements to send."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from edge.app import create_app
from edge.box import Box

VERSION = "X-Experience-API-Version"
VERB = "http://adlnet.gov/expapi/verbs/attempted"
ACTIVITY = "http://example.org/well"
AMAL = {"mbox": "mailto:amal@example.org"}


def statement(**changes: Any) -> dict[str, Any]:
    """A small statement; what is given stands in place of its own, and None takes away."""
    usual = {"actor": AMAL, "verb": {"id": VERB}, "object": {"id": ACTIVITY}}
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def uuid_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


class Tool:
    """A program that speaks xAPI, with a key of its own."""

    def __init__(self, app: Flask, key: str, secret: str, version: str = "1.0.3", prefix: str = "/xapi") -> None:
        self._client = app.test_client()
        self._prefix = prefix
        self.authorization = "Basic " + b64encode(f"{key}:{secret}".encode()).decode()
        self.headers = {VERSION: version, "Authorization": self.authorization}

    def asks(
        self,
        method: str,
        resource: str,
        /,
        *,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        **said: Any,
    ) -> TestResponse:
        """Send a request; parameters that are no text are sent as JSON, a body that is no bytes as JSON."""
        query = {name: value if isinstance(value, str) else json.dumps(value) for name, value in said.items()}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        sent = {name: value for name, value in {**self.headers, **kind, **(headers or {})}.items() if value is not None}
        path = f"{self._prefix}/{resource}" + (f"?{urlencode(query)}" if query else "")
        return self._client.open(path, method=method, data=data, headers=sent)

    def states(self, *statements: Mapping[str, Any]) -> list[str]:
        """Store statements; returns their ids."""
        answer = self.asks("POST", "statements", body=list(statements))
        assert answer.status_code == 200, answer.text
        ids: list[str] = answer.get_json()
        return ids

    def finds(self, **filters: Any) -> list[str]:
        """The ids of what is found."""
        answer = self.asks("GET", "statements", **filters)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.get_json()["statements"]]

    def reads(self, name: str, **said: Any) -> Any:
        """One statement by its id."""
        answer = self.asks("GET", "statements", statementId=name, **said)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


Tools = Callable[..., Tool]


@pytest.fixture
def tools(box: Box) -> Tools:
    """Makes tools: `tools()`, or `tools("2.0.0")`."""
    app = create_app(box)

    def make(version: str = "1.0.3") -> Tool:
        return Tool(app, *box.lrs.credentials.make(), version)

    return make


@pytest.fixture
def tool(tools: Tools) -> Tool:
    return tools()
