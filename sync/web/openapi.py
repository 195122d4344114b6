"""The document of all pages: what each address takes and gives and who may use it, as OpenAPI 3.1.

* It is made from the map of routes and from what is declared beside each view (`sync/web/takes.py`), so no page is
  missing and none is invented.
* It says names and kinds, and nothing of this box or hub: neither people nor courses nor settings.
* Staff read it at `/openapi.json`; to others it is a page like any other of staff's.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Flask, Response, current_app, json
from werkzeug.routing import Rule

from sync.web.takes import ANYTHING, JSON, PAGE, Takes, taken_by, takes
from sync.web.visits import CSRF_FIELD, CSRF_HEADER, WRITES, require

PATH = "/openapi.json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""Those that the document tells of; HEAD is GET without its body, and OPTIONS is answered by the map of routes."""

FORM = "application/x-www-form-urlencoded"
FORM_WITH_FILES = "multipart/form-data"

pages = Blueprint("openapi", __name__)

Document = dict[str, Any]
_VARIABLE = re.compile(r"<(?:(?P<converter>[a-z]+)(?:\((?P<arguments>[^)]*)\))?:)?(?P<name>\w+)>")


@pages.get(PATH)
@require("staff")
@takes(gives=JSON)
def read() -> Response:
    """Give the document of this very application."""
    return Response(json.dumps(document_of(current_app), indent=1), content_type=JSON)


def document_of(app: Flask) -> Document:
    """The document of everything that `app` answers."""
    # Loaded when somebody asks: the first page needs none of it.
    from importlib.metadata import version

    paths: dict[str, Document] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        item = paths.setdefault(_VARIABLE.sub(r"{\g<name>}", rule.rule), {})
        for method in _methods(rule):
            item[method.lower()] = _operation(rule, method, app.view_functions[rule.endpoint])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Qanat",
            "version": version("qanat"),
            "description": "Pages are forms and HTML, for browsers without scripts too. What boxes and hub say to each "
            "other, below /sync/, is described in docs/protocol.md.",
        },
        "paths": paths,
        "components": {"securitySchemes": _schemes(), "responses": _responses()},
    }


def _methods(rule: Rule) -> list[str]:
    return [method for method in METHODS if method in (rule.methods or ())]


def _operation(rule: Rule, method: str, view: Callable[..., Any]) -> Document:
    taken, roles = taken_by(view), getattr(view, "kinds", ())
    is_machine = getattr(view, "is_bare", False) is True or taken.is_keyed
    room, _, name = rule.endpoint.rpartition(".")
    operation: Document = {
        "operationId": rule.endpoint,
        "summary": name.replace("_", " "),
        "tags": [room or "every page"],
        "parameters": [*_in_path(rule), *_in_query(taken.query if is_machine else (*taken.query, "lang"))],
        "security": _security(taken, roles),
        "responses": _answers(taken),
    }
    if roles:
        operation["x-qanat-roles"] = list(roles)
    if method in WRITES:
        operation["requestBody"] = _body(taken, is_page=not is_machine)
    return operation


def _in_path(rule: Rule) -> Iterator[Document]:
    for found in _VARIABLE.finditer(rule.rule):
        yield {"name": found["name"], "in": "path", "required": True, "schema": _kind(found)}


def _kind(variable: re.Match[str]) -> Document:
    match variable["converter"]:
        case None | "string":
            return {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
        case "int":
            return {"type": "integer", "minimum": 0}
        case "any":
            return {"enum": [one.strip() for one in variable["arguments"].split(",")]}
        case other:
            raise AssertionError(f"the document cannot say yet what <{other}:...> takes")


def _in_query(names: tuple[str, ...]) -> Iterator[Document]:
    for name in names:
        yield {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}


def _body(taken: Takes, *, is_page: bool) -> Document:
    if taken.body:
        return {
            "required": True,
            "content": {taken.body: {"schema": {"type": "string", "contentMediaType": taken.body}}},
        }
    fields: Document = {name: {"type": "string"} for name in taken.form}
    fields |= {name: {"type": "string", "format": "binary"} for name in taken.files}
    if is_page:
        fields[CSRF_FIELD] = {"type": "string", "description": f"The word of the session; or in {CSRF_HEADER}."}
    kind = FORM_WITH_FILES if taken.files else FORM
    return {"required": False, "content": {kind: {"schema": {"type": "object", "properties": fields}}}}


def _security(taken: Takes, roles: tuple[str, ...]) -> list[Document]:
    if taken.is_signed:
        return [{"signature": []}]
    if taken.is_keyed:
        return [{"basic": []}]
    return [{"session": []}] if roles else []


def _answers(taken: Takes) -> Document:
    if taken.is_signed:
        # What boxes and hub say to each other states no media type: a night is one packet each way.
        return {
            "200": {"description": "The signed answer."},
            "4XX": {"description": "A signed refusal, or an unsigned one of what could not be read."},
            "503": {"$ref": "#/components/responses/Busy"},
        }
    if taken.is_keyed:
        # By xAPI, which says itself what stands in each: docs/learning-records.md.
        return {
            "2XX": {
                "description": "What was asked for, or the acknowledgement of what was written.",
                "content": {ANYTHING: {}},
            },
            "4XX": {"description": "A sentence that says what is wrong, and the next step.", "content": {JSON: {}}},
            "503": {"$ref": "#/components/responses/Busy"},
        }
    return {
        "2XX": {"description": "What was asked for.", "content": {taken.gives: {}}},
        "3XX": {"$ref": "#/components/responses/Elsewhere"},
        "4XX": {"$ref": "#/components/responses/Refused"},
        "503": {"$ref": "#/components/responses/Busy"},
    }


def _schemes() -> Document:
    return {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "qanat-box",
            "description": "At a hub qanat-hub; where the address has a port, the port follows: qanat-box-8080. Over "
            "HTTPS beside HTTP -secure follows. A write states its Origin and carries the word of the session.",
        },
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "Signature",
            "description": "RFC 9421 with the box's Ed25519 key, with Signature-Input and Content-Digest.",
        },
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "A key of the learning record store: `qanat box lrs-key new`.",
        },
    }


def _responses() -> Document:
    words: Document = {PAGE: {}, "text/plain": {}}
    return {
        "Elsewhere": {"description": "Go on there; also to sign in.", "headers": {"Location": _header()}},
        "Refused": {"description": "A sentence that says what is wrong, and the next step.", "content": words},
        "Busy": {
            "description": "Too much at once, and nothing was done: come again after the seconds of Retry-After.",
            "headers": {"Retry-After": _header()},
        },
    }


def _header() -> Document:
    return {"schema": {"type": "string"}}
