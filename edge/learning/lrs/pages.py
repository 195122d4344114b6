"""The store's addresses: a thin shell that makes calls of requests and responses of answers.

* A session's cookie is no authority here, and none is looked for: rights come from `rights_of` alone.
* The same shell serves tools under `/xapi`, by their keys, and a launched package, by its launch.
* Other origins may ask where a key is the proof: whoever has it could ask without a browser just as well. No cookie and
  nothing that a browser adds by itself counts, so nobody's browser can be made to ask in their name.
* Who asks is judged before what they send is read; of large bodies only a few are in memory at once.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Protocol

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from catalog.fault import Fault
from edge.learning.lrs.attachments import BYTES_MAX
from edge.learning.lrs.call import Answer, Call, Work, meant_by, parameters_of
from edge.learning.lrs.lrs import CONSISTENT_HEADER
from edge.learning.lrs.refusal import NotTaken, malformed
from edge.learning.lrs.resources import RESOURCES
from edge.learning.lrs.rights import Rights
from edge.learning.lrs.versions import HEADER
from sync.web.app import status_of
from sync.web.lasting import TELL
from sync.web.takes import ANYTHING, JSON, takes
from sync.web.visits import keyed

PREFIX = "/xapi"
FORM_BYTES_MAX = 1 << 20
"""Of a request that comes as a form: who sends it stands in the form."""
LARGE_BYTES = 1 << 20
LARGE_AT_ONCE = 2
RETRY_SECONDS = 2
POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""What tools keep here is theirs, whatever type they give it: no browser shows it as a page of ours."""
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": f"ETag, Last-Modified, {HEADER}, {CONSISTENT_HEADER}",
}
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD, PUT, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": f"Authorization, Content-Type, If-Match, If-None-Match, Accept-Language, {HEADER}",
    "Access-Control-Max-Age": "86400",
}
RightsOf = Callable[[Call], Rights]
"""Says what the one who sends this call may do, or raises NotTaken (401, 403)."""

_CALLER = "qanat.lrs.caller"
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "about": (),
    "statements": (
        "statementId", "voidedStatementId", "agent", "verb", "activity", "registration", "related_activities",
        "related_agents", "since", "until", "limit", "format", "attachments", "ascending", "more", "method",
    ),
    "agents": ("agent", "method"),
    "activities": ("activityId", "method"),
    "activities/state": ("activityId", "agent", "registration", "stateId", "since", "method"),
    "activities/profile": ("activityId", "profileId", "since", "method"),
    "agents/profile": ("agent", "profileId", "since", "method"),
}  # fmt: skip


class Store(Protocol):
    """What answers behind these addresses."""

    def answer(self, call: Call, rights: Rights) -> Answer:
        """What to say to a call, and what to write before it is said. Raises NotTaken, BoxFault."""
        ...

    def write(self, work: Work) -> None:
        """Have this written before the answer of this request is sent."""
        ...

    def refusal(self, fault: Fault, status: int, caller: str = "") -> Answer:
        """How a fault is told to a tool."""
        ...


def blueprint(
    store: Store, rights_of: RightsOf, *, name: str = "lrs", prefix: str = PREFIX, is_cross_origin: bool = True
) -> Blueprint:
    """The store under `prefix`, for whomever `rights_of` knows. A prefix may have variables: `rights_of` finds them
    in `request.view_args`.
    """
    pages = Blueprint(name, __name__, url_prefix=prefix)
    shell = _Shell(store, rights_of, CORS_HEADERS if is_cross_origin else {})
    for resource, (_, methods) in RESOURCES.items():
        # A POST may stand for any other method (alternate request syntax).
        asked = dict.fromkeys((*methods, *(() if resource == "about" else ("POST",)), "OPTIONS"))
        view = takes(query=PARAMETERS[resource], body=JSON, gives=ANYTHING, is_keyed=True)(shell.view(resource))
        endpoint = resource.replace("/", "_")
        pages.add_url_rule(f"/{resource}", endpoint, keyed(view), methods=list(asked), provide_automatic_options=False)
    pages.after_request(shell.finish)
    pages.register_error_handler(Fault, shell.refuse)
    pages.register_error_handler(HTTPException, shell.refuse_plainly)
    return pages


class _Shell:
    """Takes requests of one blueprint to the store and back."""

    def __init__(self, store: Store, rights_of: RightsOf, headers: dict[str, str]) -> None:
        self._store = store
        self._rights_of = rights_of
        self._headers = {"Cache-Control": "private, no-cache", "Content-Security-Policy": POLICY, **headers}
        self._has_cors = bool(headers)
        self._large = threading.BoundedSemaphore(LARGE_AT_ONCE)

    def view(self, resource: str) -> Callable[..., Response]:
        def answer(**at: str) -> Response:
            if request.method == "OPTIONS":
                return Response(status=204, headers=PREFLIGHT_HEADERS if self._has_cors else {})
            call = _call(resource)
            with self._room():
                return self._answer(call)

        return answer

    def finish(self, response: Response) -> Response:
        response.headers.update(self._headers)
        return response

    def refuse(self, fault: Fault) -> Response:
        return _response(self._store.refusal(fault, status_of(fault), str(request.environ.get(_CALLER, ""))))

    def refuse_plainly(self, error: HTTPException) -> Response:
        status = error.code or 500
        return self.refuse(NotTaken(status, HTTPStatus(status).phrase))

    def _answer(self, call: Call) -> Response:
        if "method" in call.parameters:
            call = meant_by(replace(call, body=_body(FORM_BYTES_MAX)))
            rights = self._judged(call)
        else:
            rights = self._judged(call)
            call = replace(call, body=_body(BYTES_MAX))
        answer = self._store.answer(call, rights)
        if answer.work is not None:
            request.environ[TELL] = self._teller(rights.caller)
            self._store.write(answer.work)
        return _response(answer)

    def _judged(self, call: Call) -> Rights:
        rights = Rights("", {}) if call.resource == "about" else self._rights_of(call)
        request.environ[_CALLER] = rights.caller
        return rights

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Only a few requests with large bodies at once. Raises NotTaken."""
        if (request.content_length or 0) <= LARGE_BYTES:
            yield
            return
        if not self._large.acquire(blocking=False):
            raise NotTaken(503, "Others send large attachments in this moment.", "Send it again in a few seconds.")
        try:
            yield
        finally:
            self._large.release()

    def _teller(self, caller: str) -> Callable[[Fault], tuple[int, list[tuple[str, str]], bytes]]:
        """How a write that failed once the view was done is told."""

        def tell(fault: Fault) -> tuple[int, list[tuple[str, str]], bytes]:
            answer = self._store.refusal(fault, status_of(fault), caller)
            assert isinstance(answer.body, bytes), "a refusal is a short document"
            return answer.status, [*answer.headers.items(), *self._headers.items()], answer.body

        return tell


def _call(resource: str) -> Call:
    try:
        query = request.query_string.decode()
    except UnicodeError as error:
        raise malformed("The address is not UTF-8.") from error
    headers = {name.lower(): value for name, value in request.headers.items()}
    endpoint = request.script_root + request.path.removesuffix(f"/{resource}")
    return Call(request.method, resource, parameters_of(query), headers, b"", endpoint)


def _body(bytes_max: int) -> bytes:
    request.max_content_length = bytes_max
    return request.get_data()


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = str(RETRY_SECONDS)
    return Response(answer.body, answer.status, headers=headers, content_type=headers.get("Content-Type"))
