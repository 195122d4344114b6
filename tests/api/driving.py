"""Drives a box and a hub by the documents of their pages: everybody who may come, with whatever they may send.

* A turn is one operation of one end, asked by every kind of visitor in their turn, on a copy of the end of its own: so
  turn number n is the same wherever and whenever it is run.
* Much of what is sent names things that are really there, so that it gets past the first look: every second address
  does, and half of all fields.
* What counts as a failure is an answer of 500 or more, or one that the document does not know; that an end is busy and
  says until when is no failure.
"""

import copy
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, Response
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from sync.keys import box_id
from sync.signing import sign_request
from sync.web.openapi import Document, document_of
from tests.api.noting import note_reads, undeclared
from tests.api.prepared import STRANGER, End, Prepared, Values

REQUESTS_EACH = 12
"""Requests of one turn: each visitor comes twice or more."""

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
Open = Callable[[Path], AbstractContextManager[End]]
Meddle = Callable[[Flask], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and what came of it; `complaint` is "" where all was well."""

    status: int
    complaint: str


def leave_alone(app: Flask) -> None:
    """Nothing is done to an application."""


class Driver:
    """Both ends, turn by turn. `meddle` may spoil each application, so that a test can see it found."""

    def __init__(self, folder: Path, prepared: Prepared, meddle: Meddle = leave_alone) -> None:
        self._folder = folder
        self._meddle = meddle
        self._operations: list[tuple[Open, APIOperation]] = []
        for open_end in (prepared.box, prepared.hub):
            with self._opened(open_end, "first") as end:
                self._operations += [(open_end, operation) for operation in _operations(end)]

    @property
    def turns(self) -> int:
        """How many turns make one pass over everything."""
        return len(self._operations)

    def turn_of(self, name: str) -> int:
        """The first turn of the operation of this name, as in "GET /library"."""
        return [operation.label for _, operation in self._operations].index(name)

    def turn(self, number: int) -> list[Asked]:
        """One operation, asked by everybody."""
        open_end, operation = self._operations[number % self.turns]
        with self._opened(open_end, f"turn-{number}") as end:
            reads = note_reads(end.app)
            asked = _drive(end, operation, number)
            wrong = undeclared(end.app, reads)
        if wrong and not asked[-1].complaint:
            asked[-1] = Asked(asked[-1].status, f"{end.name} {operation.label}: read without being declared: {wrong}")
        return asked

    @contextmanager
    def _opened(self, open_end: Open, name: str) -> Iterator[End]:
        folder = self._folder / name
        try:
            with open_end(folder) as end:
                self._meddle(end.app)
                yield end
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _operations(end: End) -> list[APIOperation]:
    """Everything that the document of this end tells of."""
    document = _with_what_is_there(document_of(end.app), end.there)
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
    return [found.ok() for found in schema.get_all_operations()]


def _with_what_is_there(document: Document, there: Values) -> Document:
    """The document, in which half of all fields of a known name hold something that is really there."""
    told = copy.deepcopy(document)
    for item in told["paths"].values():
        for operation in item.values():
            for parameter in operation["parameters"]:
                parameter["schema"] = _or_there(parameter["name"], parameter["schema"], there)
            for body in operation.get("requestBody", {}).get("content", {}).values():
                fields = body["schema"].get("properties", {})
                fields |= {name: _or_there(name, schema, there) for name, schema in fields.items()}
    return told


def _or_there(name: str, schema: Document, there: Values) -> Document:
    return {"anyOf": [{"enum": list(there[name])}, schema]} if name in there else schema


def _drive(end: End, operation: APIOperation, number: int) -> list[Asked]:
    """So many requests of one operation, each by the next visitor."""
    asked: list[Asked] = []
    visitors = _visitors(end, operation.label)

    @hypothesis.seed(number)
    @settings(
        max_examples=REQUESTS_EACH, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), lot=st.integers(0, 2**64))
    def ask(case: Case, lot: int) -> None:
        # The lot also keeps an operation that takes nothing from being asked a single time.
        if (len(asked) // len(visitors)) % 2:
            case.path_parameters |= {
                name: end.there[name][lot % len(end.there[name])] for name in case.path_parameters if name in end.there
            }
        asked.append(_asked(end, case, visitors[len(asked) % len(visitors)]))

    ask()
    return asked


def _visitors(end: End, label: str) -> list[str]:
    """Who comes to an operation: whom it may be for, and somebody whom it is not for."""
    if label.endswith(tuple(_signed(end.app))):
        return ["stranger", "box"]
    tools = [name for name, somebody in end.visitors.items() if somebody.headers]
    is_keyed = any(label.endswith(f" {path}") for path in _keyed(end.app))
    return ["stranger", "staff", *tools] if is_keyed else [name for name in end.visitors if name not in tools]


def _keyed(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if getattr(getattr(app.view_functions[rule.endpoint], "takes", None), "is_keyed", False):
            yield rule.rule


def _signed(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if getattr(getattr(app.view_functions[rule.endpoint], "takes", None), "is_signed", False):
            yield f"POST {rule.rule}"


def _asked(end: End, case: Case, visitor: str) -> Asked:
    cookies, headers = end.visit(end.visitors.get(visitor, STRANGER))
    if visitor == "box":
        headers = sign_request("POST", case.path, _bytes(case.body), end.key, box_id(end.key.public))
    answer = case.call(app=end.app, cookies=cookies, headers=headers)
    return Asked(answer.status_code, "" if is_meant(answer) else _complaint(f"{end.name}, {visitor}", case, answer))


def is_meant(answer: Response) -> bool:
    """Whether an end says that it is busy, and when to come again: that is an answer, not a failure."""
    return answer.status_code == 503 and "retry-after" in answer.headers


def _complaint(who: str, case: Case, answer: Response) -> str:
    try:
        case.validate_response(answer, checks=CHECKS)
    except (AssertionError, BaseExceptionGroup) as error:
        return f"{who}: {case.method} {case.formatted_path} {case.body!r}: {answer.status_code}: {error}"
    return ""


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body).encode()
