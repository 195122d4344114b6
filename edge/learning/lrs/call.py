"""Calls and answers: what is asked of the store and what it says, whichever server is in between.

* An answer that needs a write says which; it may be sent only once that is durable (`work`).
* In version 1.0.3 a call may come as a form (alternate request syntax): a POST whose `method` says what is meant, and
  whose fields are its parameters, its headers and its content. It is taken apart here, and is a call like any other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from catalog.db import Connection
from edge.learning.lrs.refusal import malformed, shown
from edge.learning.lrs.versions import HEADER as VERSION_HEADER
from edge.learning.lrs.versions import Version, version_of

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PARAMETERS_MAX = 64
_HEADERS_IN_FORM = (
    "authorization", VERSION_HEADER.lower(), "content-type", "content-length", "if-match", "if-none-match",
    "accept-language",
)  # fmt: skip

Work = Callable[[Connection], object]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the resource's name below the endpoint, as in "activities/state"; headers in small letters."""

    method: str
    resource: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    endpoint: str = "/xapi"
    """Where the store is reached, for what an answer refers to."""

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def version(self) -> Version:
        """Raises NotTaken."""
        return version_of(self.headers.get(VERSION_HEADER.lower()))

    def demand_parameters(self, *known: str, needs: Sequence[str] = ()) -> None:
        """Raises NotTaken where a parameter is not known here, or one that is needed is not there."""
        for name in self.parameters:
            if name not in known and name not in needs:
                raise malformed(f"The parameter {shown(name)} is not known here.")
        for name in needs:
            if not self.parameters.get(name):
                raise malformed(f"The parameter {name} is missing.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a call. `work` is what must be durable before it is said."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""
    work: Work | None = None


def parameters_of(query: str) -> dict[str, str]:
    """The parameters of an address. Raises NotTaken where one comes twice or cannot be read."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX)
    except ValueError as error:
        raise malformed("The parameters cannot be read.") from error
    found = dict(pairs)
    if len(found) < len(pairs):
        raise malformed("A parameter is given twice.")
    return found


def meant_by(call: Call) -> Call:
    """The call that is meant: itself, or what came as a form. Raises NotTaken."""
    if "method" not in call.parameters:
        return call
    if call.method != "POST":
        raise malformed("Only a POST may say by its parameter which method is meant.")
    if len(call.parameters) > 1:
        raise malformed("A request that came as a form has all its parameters in the form.")
    if call.media_type != FORM:
        raise malformed(f"A request whose method is a parameter comes as a form, {FORM}.")
    try:
        fields = parameters_of(call.body.decode())
    except UnicodeError as error:
        raise malformed("The form is not UTF-8.") from error
    named = {name.lower(): value for name, value in fields.items() if name.lower() in _HEADERS_IN_FORM}
    method = call.parameters["method"].upper()
    headers = {name: value for name, value in call.headers.items() if name not in ("content-type", "content-length")}
    if method in ("PUT", "POST"):
        if "content" not in fields:
            raise malformed("The form has no content.")
        headers["content-type"] = JSON
    meant = replace(
        call,
        method=method,
        parameters={name: value for name, value in fields.items() if name.lower() not in named and name != "content"},
        headers={**headers, **named},
        body=fields.get("content", "").encode(),
    )
    if meant.version is not Version.FIRST:
        raise malformed("Version 2.0 of xAPI has no requests that come as forms.")
    return meant
