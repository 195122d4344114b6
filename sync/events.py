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
from catalog.fault import ContentFault
from catalog.manifest import canonical, parsed

HASH_BYTES = 32
KEY_BYTES = 16
PAYLOAD_BYTES_MAX = 32 << 10
CHAIN_START = bytes(HASH_BYTES)
"""What the first event of every epoch is chained to."""
PUBLIC_SALT_KEY = bytes(KEY_BYTES)
"""Salts payloads that belong to no learner: there is nothing in them to hide."""
NO_PAYLOAD_HASH = bytes(HASH_BYTES)
"""Stands where an event never had a payload."""

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
        {"class": Value.TEXT, "student_number": Value.TEXT},
    ),
    "class": Kind("A class is called this.", {"class": Value.TEXT, "name": Value.TEXT}, {}),
    "opened": Kind("A learner opened an activity, at this page.", _ACTIVITY, {"path": Value.TEXT}),
    "progressed": Kind(
        "A learner came this far in an activity: page, second of the film, thousandths of the whole.",
        _ACTIVITY,
        {"path": Value.TEXT, "seconds": Value.COUNT, "permille": Value.COUNT},
    ),
    "completed": Kind("A learner finished an activity.", _ACTIVITY, {}),
    "answered": Kind(
        "A learner answered an item of an activity.",
        {"course": Value.TEXT, "activity": Value.TEXT, "item": Value.TEXT, "answer": Value.TEXT},
        {"version": Value.COUNT},
    ),
    "shelved": Kind(
        "A release is on the box's shelf, with these layers.",
        {"course": Value.TEXT, "version": Value.COUNT, "root": Value.TEXT, "layers": Value.LIST},
        {},
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
    holds = all(name in fields and _is(value, fields[name]) for name, value in known.needs.items())
    return holds and all(_is(value, fields[name]) for name, value in known.may_have.items() if name in fields)


def chained(previous: bytes, box: str, event: Event) -> bytes:
    """The chain's hash after `event`: SHA-256 of the hash before it, its header, its payload's salted hash."""
    return sha256(previous + header(box, event) + event.payload_hash)


def header(box: str, event: Event) -> bytes:
    """What of an event is never blanked, as canonical JSON."""
    return canonical(
        [
            box,
            event.epoch,
            event.sequence,
            event.kind,
            event.learner,
            event.wall_seconds,
            event.monotonic_ms,
            int(event.is_trusted),
        ]
    )


def payload_hash(key: bytes, box: str, epoch: str, sequence: int, payload: bytes) -> bytes:
    """SHA-256 of the salt and the payload; the salt is HMAC-SHA256 of the event's id under `key`."""
    salt = hmac.digest(key, canonical([box, epoch, sequence]), "sha256")
    return sha256(salt + payload)


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
