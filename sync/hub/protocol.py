"""The protocol: the two addresses at which boxes talk to the hub; what they fetch is in `sync/mirror.py`.

* Nothing is done for a message whose signature does not hold; what is signed is the bytes as they came.
* Every answer to a message that we could read is signed over its nonce, a refusal too: so a box believes neither
  marks nor plans nor a "no" from anyone in between.
* A box that asks without end is told to come later, before anything is looked up for it.
* Answers carry no header that they do not need; a night with nothing new costs one packet each way.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from catalog.fault import BoxFault, LinkFault
from sync.adoption import ADOPT_PATH, Adopt
from sync.hub.fleet import Refused
from sync.hub.pace import Pace
from sync.keys import PublicKey, box_id
from sync.signing import SignatureRefused, sign_answer, verify_request
from sync.web.app import bare
from sync.web.takes import OCTETS, takes
from sync.wire import (
    ENROL_PATH,
    REPORT_BYTES_MAX,
    SESSION_PATH,
    Enrol,
    MessageRefused,
    Refusal,
    Report,
    version_fault,
)

if TYPE_CHECKING:
    from sync.hub.hub import Hub

Message = TypeVar("Message")

BUSY_SECONDS = 60
"""When a box that met a busy hub may come again."""

STATUS = {
    "message": 400,
    "version": 400,
    "signature": 401,
    "token-unknown": 403,
    "token-used": 403,
    "token-expired": 403,
    "box-unknown": 403,
    "nonce": 409,
    "fault": 409,
    "batch": 422,
    "busy": 503,
}


def create_protocol(hub: "Hub") -> Blueprint:
    """The routes of this hub for boxes."""
    routes = Blueprint("protocol", __name__)
    pace = Pace()

    @routes.post(ENROL_PATH)
    @bare
    @takes(body=OCTETS, gives=OCTETS, is_signed=True)
    def enrol() -> Response:
        return _answered(hub, lambda body: _enrol(hub, body))

    @routes.post(ADOPT_PATH)
    @bare
    @takes(body=OCTETS, gives=OCTETS, is_signed=True)
    def adopt() -> Response:
        return _answered(hub, lambda body: _adopt(hub, body))

    @routes.post(SESSION_PATH)
    @bare
    @takes(body=OCTETS, gives=OCTETS, is_signed=True)
    def session() -> Response:
        return _answered(hub, lambda body: _session(hub, pace, body))

    return routes


class _Unheard(Exception):
    """A refusal, and the nonce it answers ("" where the message could not be read)."""

    def __init__(self, refused: Refused, nonce: str) -> None:
        super().__init__(refused.sentence)
        self.refused = refused
        self.nonce = nonce


def _answered(hub: "Hub", answer: Callable[[bytes], tuple[bytes, str]]) -> Response:
    """Run one exchange: its body in, its signed answer or refusal out."""
    try:
        line, nonce = answer(_body())
        return _said(hub, 200, line, nonce)
    except _Unheard as unheard:
        refused = unheard.refused
        refusal = Refusal(refused.code, refused.sentence, refused.hint, refused.nonce)
        return _said(hub, STATUS.get(refused.code, 400), refusal.to_bytes(), unheard.nonce)


def _enrol(hub: "Hub", body: bytes) -> tuple[bytes, str]:
    ask = _parsed(Enrol.from_bytes, body)
    try:
        key = PublicKey(ask.key)
        own_id = box_id(ask.key)
        _verified(body, ask.nonce, lambda keyid: key if keyid == own_id else None)
        _check_version(ask.version)
        hub.adoptions.demand_free(ask.token, own_id)
        welcome = hub.fleet.enrol(ask)
        hub.adoptions.settle(ask.token, own_id)
        return welcome.to_bytes(), ask.nonce
    except Refused as refused:
        raise _Unheard(refused, ask.nonce) from refused
    except BoxFault as error:
        raise _Unheard(_busy(), ask.nonce) from error
    except LinkFault as fault:
        raise _Unheard(Refused("message", fault.sentence, fault.hint), ask.nonce) from fault


def _adopt(hub: "Hub", body: bytes) -> tuple[bytes, str]:
    ask = _parsed(Adopt.from_bytes, body)
    try:
        key = PublicKey(ask.key)
        own_id = box_id(ask.key)
        _verified(body, ask.nonce, lambda keyid: key if keyid == own_id else None)
        _check_version(ask.version)
        return hub.adoptions.answer(ask, body).to_bytes(), ask.nonce
    except Refused as refused:
        raise _Unheard(refused, ask.nonce) from refused
    except BoxFault as error:
        raise _Unheard(_busy(), ask.nonce) from error
    except LinkFault as fault:
        raise _Unheard(Refused("message", fault.sentence, fault.hint), ask.nonce) from fault


def _session(hub: "Hub", pace: Pace, body: bytes) -> tuple[bytes, str]:
    report = _parsed(Report.from_bytes, body)
    try:
        keyid = _verified(body, report.nonce, hub.fleet.key)
        if keyid != report.box:
            raise Refused(
                "signature", "The report is signed by another box.", "Set the box up anew if its key was copied."
            )
        if not pace.has_room(keyid, hub.clock.now().monotonic_seconds):
            raise Refused("busy", "This box asks more often than the hub can answer.", "The box comes again by itself.")
        _check_version(report.version)
        return hub.answers.answer(report, body), report.nonce
    except Refused as refused:
        raise _Unheard(refused, report.nonce) from refused
    except BoxFault as error:
        raise _Unheard(_busy(), report.nonce) from error


def _body() -> bytes:
    request.max_content_length = REPORT_BYTES_MAX
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise _Unheard(
            Refused("message", f"A message has more than {REPORT_BYTES_MAX} bytes.", "Update the box's software."), ""
        ) from error


def _parsed(read: Callable[[bytes], Message], body: bytes) -> Message:
    try:
        return read(body)
    except MessageRefused as fault:
        raise _Unheard(Refused("message", fault.sentence, fault.hint), "") from fault


def _verified(body: bytes, nonce: str, resolve: Callable[[str], PublicKey | None]) -> str:
    """Whose signature this is. Raises Refused."""
    strangers = []

    def known(keyid: str) -> PublicKey | None:
        key = resolve(keyid)
        if key is None:
            strangers.append(keyid)
        return key

    try:
        return verify_request(request.method, request.path, dict(request.headers), body, known)
    except SignatureRefused as fault:
        if strangers:
            raise Refused(
                "box-unknown", "This hub does not know the box.", "Enrol it with a token from the hub's staff."
            ) from fault
        raise Refused("signature", fault.sentence, fault.hint) from fault


def _check_version(version: int) -> None:
    fault = version_fault(version)
    if fault is not None:
        raise Refused("version", fault.sentence, fault.hint)


def _busy() -> Refused:
    return Refused("busy", "The hub is busy and could not keep what came.", "The box comes again by itself.")


def _said(hub: "Hub", status: int, line: bytes, nonce: str) -> Response:
    response = Response(line, status)
    del response.headers["Content-Type"]
    if nonce:
        response.headers.update(sign_answer(status, line, hub.keys, nonce))
    if status == STATUS["busy"]:
        response.headers["Retry-After"] = str(BUSY_SECONDS)
    return response
