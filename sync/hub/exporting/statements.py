"""Statements: events of learning as xAPI, one JSON document a line, for any Learning Record Store.

* They are statements of xAPI 1.0.3, which 2.0 reads too: a UUID that is the same in every export, an actor by account
  and never by mail, a verb of ADL's list, an activity, what came of it.
* A moment is said only where the box trusted its clock.
* Statements that packages and tools made are given back: with names as they were, without names with a pseudonym for
  everybody in them (`sync/hub/exporting/stated.py`).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sync.events import STATED
from sync.hub.exporting.pseudonyms import Pseudonyms
from sync.hub.exporting.rows import STATING, Rows, Said
from sync.hub.exporting.stated import stated
from sync.snapshot import PERMILLE_ALL

XAPI_VERSION = "1.0.3"
_ADL = "http://adlnet.gov/expapi"
_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
_PLACE = "https://w3id.org/xapi/video/extensions/time"

_VERBS = {"opened": "launched", "progressed": "progressed", "completed": "completed", "answered": "answered"}


def statements(rows: Rows, keys: Pseudonyms, home: str) -> Iterator[bytes]:
    """Each event of learning as one line; `home` is the hub's address in names, such as https://hub.example.org/."""
    for said in rows.said(STATING):
        told = stated(said, rows, keys, home) if said.event.kind == STATED else statement(said, rows, keys, home)
        if told is not None:
            yield json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def statement(said: Said, rows: Rows, keys: Pseudonyms, home: str) -> dict[str, Any]:
    """One event as a statement."""
    event = said.event
    verb = _verb(said)
    about: dict[str, Any] = {
        "id": keys.uuid("statement", said.box, event.epoch, event.sequence),
        "version": XAPI_VERSION,
        "actor": {
            "objectType": "Agent",
            "account": {"homePage": f"{home}campuses/{said.campus}", "name": rows.learner(said.campus, event.learner)},
        },
        "verb": {"id": f"{_ADL}/verbs/{verb}", "display": {"en": verb}},
        "object": _object(said, home),
        "context": {"platform": "Qanat", "contextActivities": _around(said, home)},
    }
    result = _result(said)
    if result:
        about["result"] = result
    if event.is_trusted:
        about["timestamp"] = datetime.fromtimestamp(event.wall_seconds, UTC).isoformat().replace("+00:00", "Z")
    return about


def _verb(said: Said) -> str:
    if said.event.kind == "scored":
        return {None: "scored", 0: "failed"}.get(said.fields.get("is_passed"), "passed")
    return _VERBS[said.event.kind]


def _object(said: Said, home: str) -> dict[str, Any]:
    if said.event.kind == "answered":
        iri = f"{_activity(said, home)}/items/{quote(said.fields['item'], safe='')}"
        return _named(iri, f"{_ADL}/activities/question")
    return _named(_activity(said, home), f"{_ADL}/activities/lesson")


def _around(said: Said, home: str) -> dict[str, Any]:
    course = [_named(f"{home}courses/{quote(said.fields['course'], safe='')}", f"{_ADL}/activities/course")]
    if said.event.kind != "answered":
        return {"parent": course}
    return {"parent": [_named(_activity(said, home), f"{_ADL}/activities/lesson")], "grouping": course}


def _result(said: Said) -> dict[str, Any]:
    kind, fields = said.event.kind, said.fields
    if kind == "completed":
        return {"completion": True}
    if kind == "answered":
        return {"response": fields["answer"]}
    if kind == "scored":
        return _came(fields)
    shares = {_PROGRESS: min(fields["permille"], 1000) // 10} if "permille" in fields else {}
    places = {_PLACE: fields["seconds"]} if "seconds" in fields else {}
    return {"extensions": {**shares, **places}} if shares or places else {}


def _came(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a try: score from 0 to 1, passed or not, time spent as ISO 8601 has it."""
    result: dict[str, Any] = {}
    if "permille" in fields:
        result["score"] = {"scaled": min(fields["permille"], PERMILLE_ALL) / PERMILLE_ALL}
    if "is_passed" in fields:
        result["success"] = bool(fields["is_passed"])
    if fields.get("seconds"):
        result["duration"] = f"PT{fields['seconds']}S"
    return result


def _activity(said: Said, home: str) -> str:
    course, activity = (quote(said.fields[name], safe="") for name in ("course", "activity"))
    return f"{home}courses/{course}/activities/{activity}"


def _named(iri: str, kind: str) -> dict[str, Any]:
    return {"objectType": "Activity", "id": iri, "definition": {"type": kind}}
