"""Events: what happened, said once and for ever.

* An event is (box, epoch, sequence). It is written once; its header never changes, its payload may only be blanked.
* The chain hashes the header and a salted hash of the payload, so that a blanked payload leaves every chain intact.
* The salt comes from the learner's key and the event's id: it costs no bytes, and once the key is destroyed
  nobody can try guesses against the hash that stays.
* The header names a learner by a random id only. Names live in the payload of "learner" events, which can be blanked.
* Time is data: when, by which clock, and whether that clock was trusted. It is never identity and never order.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from catalog.digest import sha256
from catalog.fault import CallerFault, ContentFault
from catalog.manifest import canonical, parsed, quoted

HASH_BYTES = 32
KEY_BYTES = 16
PAYLOAD_BYTES_MAX = 32 << 10
CHAIN_START = bytes(HASH_BYTES)
"""What the first event of every epoch is chained to."""
PUBLIC_SALT_KEY = bytes(KEY_BYTES)
"""Salts payloads that belong to no learner: there is nothing in them to hide."""
NO_PAYLOAD_HASH = bytes(HASH_BYTES)
"""Stands where an event never had a payload."""

STATED = "stated"
LEARNERS_HOME = "https://learners.qanat.invalid/"
"""Statements name a learner as an account with this home page and the learner's random id. The address is of no box and
no hub, so it stays the same wherever the learner goes; `.invalid` is for names that nobody can look up."""

_KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")
_LEARNER = re.compile(r"[A-Za-z0-9_-]{0,64}")
_EPOCH = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `learner` is "" where it is nobody's; `payload` is canonical JSON, None once blanked."""

    epoch: str
    sequence: int
    kind: str
    learner: str
    payload: bytes | None
    payload_hash: bytes
    wall_seconds: int
    monotonic_ms: int
    is_trusted: bool


class Value(Enum):
    """What a field of a payload may hold."""

    TEXT = "text"
    COUNT = "whole number"
    LIST = "list of texts"
    ROWS = "list of rows"
    """Each a list of texts and whole numbers."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of event says, and which fields say it. Further fields are carried and kept."""

    sentence: str
    needs: Mapping[str, Value]
    may_have: Mapping[str, Value]


_ACTIVITY = {"course": Value.TEXT, "version": Value.COUNT, "activity": Value.TEXT}

KINDS: Mapping[str, Kind] = {
    "epoch": Kind(
        "The box started to write again; the journal went on from this parent (none: its first epoch).",
        {},
        {"parent": Value.TEXT, "sequence": Value.COUNT, "hash": Value.TEXT},
    ),
    "learner": Kind(
        "A learner is called this and belongs to this class. The journal adds the learner's key.",
        {"name": Value.TEXT, "key": Value.TEXT},
        {"class": Value.TEXT, "student_number": Value.TEXT, "edit": Value.COUNT},
    ),
    "class": Kind(
        "A class is called this; the writer who said it first owns it.",
        {"class": Value.TEXT, "name": Value.TEXT},
        {"edit": Value.COUNT},
    ),
    "opened": Kind("A learner opened an activity, at this page.", _ACTIVITY, {"path": Value.TEXT}),
    "progressed": Kind(
        "A learner came this far in an activity: page, second of the film, thousandths of the whole.",
        _ACTIVITY,
        {"path": Value.TEXT, "seconds": Value.COUNT, "permille": Value.COUNT},
    ),
    "completed": Kind("A learner finished an activity.", _ACTIVITY, {}),
    "scored": Kind(
        "A learner came to a result in an activity: thousandths of what can be reached, passed (1) or not (0).",
        _ACTIVITY,
        {"permille": Value.COUNT, "is_passed": Value.COUNT, "attempt": Value.COUNT, "seconds": Value.COUNT},
    ),
    "answered": Kind(
        "A learner answered an item of an activity.",
        {"course": Value.TEXT, "activity": Value.TEXT, "item": Value.TEXT, "answer": Value.TEXT},
        {"version": Value.COUNT},
    ),
    STATED: Kind(
        "A statement of xAPI about learning, as text; whose it is has a random id, learner or not.",
        {"statement": Value.TEXT},
        {"course": Value.TEXT},
    ),
    "shelved": Kind(
        "A release is on the box's shelf, with these layers.",
        {"course": Value.TEXT, "version": Value.COUNT, "root": Value.TEXT, "layers": Value.LIST},
        {},
    ),
    "snapshot": Kind(
        "Where a learner stands in a course, said again so that what came before may go (`sync/snapshot.py`).",
        {"course": Value.TEXT},
        {"places": Value.ROWS, "answers": Value.ROWS, "results": Value.ROWS},
    ),
    "acted": Kind(
        "Somebody of the campus did what others may ask about: who, what, and about whom or what, by ids.",
        {"act": Value.TEXT, "who": Value.TEXT},
        {"about": Value.TEXT},
    ),
    "proposed": Kind(
        "A fact that the other side owns should say this instead; its owner decides.",
        {
            "proposal": Value.TEXT,
            "about": Value.TEXT,
            "id": Value.TEXT,
            "field": Value.TEXT,
            "was": Value.TEXT,
            "value": Value.TEXT,
        },
        {},
    ),
    "decided": Kind(
        "The owner took a proposal (1) or kept what was (0).", {"proposal": Value.TEXT, "is_accepted": Value.COUNT}, {}
    ),
    "announced": Kind(
        "The hub has something to say to a campus, or to one class of it, until this day.",
        {"announcement": Value.TEXT, "text": Value.TEXT},
        {"until_seconds": Value.COUNT, "class": Value.TEXT},
    ),
    "withdrawn": Kind("An announcement is no longer to be shown.", {"announcement": Value.TEXT}, {}),
    "assigned": Kind(
        "A class should study a course, or one activity of it, by this day.",
        {"assignment": Value.TEXT, "class": Value.TEXT, "course": Value.TEXT},
        {"activity": Value.TEXT, "due_seconds": Value.COUNT},
    ),
    "unassigned": Kind("What a class should study is no longer asked for.", {"assignment": Value.TEXT}, {}),
    "policy": Kind(
        "A rule of the hub for its campus.", {"name": Value.TEXT, "value": Value.TEXT}, {"edit": Value.COUNT}
    ),
    "budget": Kind(
        "The hub proposes what the box may spend of its link; the box's staff decide.",
        {"proposal": Value.TEXT},
        {"night_mb": Value.COUNT, "month_mb": Value.COUNT, "rate_kbit": Value.COUNT, "window": Value.TEXT},
    ),
    "listed": Kind(
        "The hub has this course and the campus does not get it; without a title: it is listed no more.",
        {"course": Value.TEXT},
        {
            "version": Value.COUNT,
            "titles": Value.ROWS,
            "about": Value.ROWS,
            "languages": Value.LIST,
            "subjects": Value.LIST,
            "level": Value.TEXT,
            "minutes": Value.COUNT,
            "size_bytes": Value.COUNT,
            "edit": Value.COUNT,
        },
    ),
    "asked": Kind(
        "So many people of a campus have asked for this course by now; who they are is not said.",
        {"course": Value.TEXT, "askers": Value.COUNT},
        {"edit": Value.COUNT},
    ),
    "wanted": Kind(
        "Staff of a campus say that this course should come (1) or not (0).",
        {"course": Value.TEXT, "is_wanted": Value.COUNT},
        {"edit": Value.COUNT},
    ),
    "revoked": Kind("A box of this campus was taken out of service.", {"box": Value.TEXT}, {}),
    "certify": Kind(
        "The box asks for a certificate for its secure name: a request (PKCS #10, DER) that its own key signed.",
        {"request": Value.TEXT},
        {},
    ),
    "certified": Kind(
        "The hub got a certificate for a box of this campus: the chain (PEM), the box's own first.",
        {"box": Value.TEXT, "chain": Value.TEXT},
        {"edit": Value.COUNT},
    ),
    "erased": Kind("A learner was erased here: payloads blanked, key and name destroyed. It has no payload.", {}, {}),
}


def fields_of(event: Event) -> dict[str, Any] | None:
    """What the payload says; None where it says nothing: blanked, never there, or not as its kind should be.

    An event that says nothing is still kept and still counts in its chain; only projections pass it by.
    """
    if event.payload is None:
        return None
    try:
        fields = parsed(event.payload, dict)
    except ContentFault:
        return None
    return fields if is_as_its_kind(event.kind, fields) else None


def is_as_its_kind(kind: str, fields: Mapping[str, Any]) -> bool:
    """Tell whether these fields are what `kind` needs. A kind that we do not know may hold anything."""
    known = KINDS.get(kind)
    if known is None:
        return True
    for name, value in known.needs.items():
        if name not in fields or not _is(value, fields[name]):
            return False
    return all(_is(value, fields[name]) for name, value in known.may_have.items() if name in fields)


def chained(previous: bytes, box: str, event: Event) -> bytes:
    """The chain's hash after `event`: SHA-256 of the hash before it, its header, its payload's salted hash."""
    return sha256(previous + header(box, event) + event.payload_hash)


def header(box: str, event: Event) -> bytes:
    """What of an event is never blanked, as canonical JSON: a list, written out for each event there is."""
    return (
        f"[{quoted(box)},{quoted(event.epoch)},{event.sequence},{quoted(event.kind)},{quoted(event.learner)},"
        f"{event.wall_seconds},{event.monotonic_ms},{event.is_trusted:d}]"
    ).encode()


def payload_hash(key: bytes, box: str, epoch: str, sequence: int, payload: bytes) -> bytes:
    """SHA-256 of the salt and the payload; the salt is HMAC-SHA256 of the event's id under `key`."""
    name = f"[{quoted(box)},{quoted(epoch)},{sequence}]".encode()
    return sha256(hmac.digest(key, name, "sha256") + payload)


def is_kind(text: str) -> bool:
    """Tell whether this may name a kind of event: small Latin letters, digits and hyphens, 32 at most."""
    return _KIND.fullmatch(text) is not None


def is_learner(text: str) -> bool:
    """Tell whether this may name a learner, or nobody: base64url letters, 64 at most."""
    return _LEARNER.fullmatch(text) is not None


def is_epoch(text: str) -> bool:
    """Tell whether this may name an epoch: base64url letters, 8 to 64."""
    return _EPOCH.fullmatch(text) is not None


def _is(value: Value, what: Any) -> bool:
    match value:
        case Value.TEXT:
            return isinstance(what, str)
        case Value.COUNT:
            return isinstance(what, int) and not isinstance(what, bool) and 0 <= what < 1 << 53
        case Value.LIST:
            return isinstance(what, list) and all(isinstance(one, str) for one in what)
        case Value.ROWS:
            return isinstance(what, list) and all(isinstance(one, list) and all(map(_is_plain, one)) for one in what)


def _is_plain(what: Any) -> bool:
    return isinstance(what, str) or (isinstance(what, int) and not isinstance(what, bool) and abs(what) < 1 << 53)


def carried(fields: Mapping[str, Any]) -> bytes:
    """The payload's one form, proven to be readable by whoever gets it. Raises CallerFault."""
    try:
        data = canonical(fields)
        if not all(isinstance(value, str | int) for value in fields.values()):
            parsed(data, dict)  # a fraction may hide deeper down
    except (ValueError, ContentFault) as error:
        raise CallerFault(
            "What happened cannot be written down: it is not plain text and whole numbers.",
            "Write it again, without unusual characters.",
        ) from error
    if len(data) > PAYLOAD_BYTES_MAX:
        raise CallerFault(
            f"What happened is too long to be written down: {len(data)} bytes, of {PAYLOAD_BYTES_MAX} at most.",
            "Shorten the answer.",
        )
    return data
