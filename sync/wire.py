"""The wire: every message that box and hub exchange, and nothing else.

* A message is one line of canonical JSON; a report may carry a batch of events behind its line feed.
* Every message states its version. Fields we do not know are kept in `extra`, so that a newer peer loses nothing.
* What comes in passes `from_bytes`, which refuses with a reason; what goes out passes `to_bytes`: equal messages,
  equal bytes. docs/protocol.md holds an example of each; the tests read them from there.
* Short names on the wire, whole words here: a night with nothing new fits in one packet each way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from catalog.digest import Digest, digest_of, is_digest
from catalog.fault import Fault, LinkFault
from catalog.manifest import canonical, is_course, parsed

VERSION = 1
VERSION_OLDEST = 1
MESSAGE_BYTES_MAX = 1 << 20
BATCH_BYTES_MAX = 256 << 10
HEADS_MAX = 4096
HOLDINGS_MAX = 10_000
PLAN_MAX = 10_000

ENROL_PATH = "/sync/enrol"
SESSION_PATH = "/sync/session"
PACK_PATH = "/sync/packs/"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


class MessageRefused(LinkFault):
    """What came is not a message that we understand: not JSON, a field missing, a limit passed."""


@dataclass(frozen=True, slots=True)
class Enrol:
    """A box asks to belong: its one-time token and its public key (base64url of 32 bytes). Signed with that key."""

    token: str
    key: str
    name: str
    nonce: str
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        return _line(self, {"token": self.token, "key": self.key, "name": self.name, "nonce": self.nonce})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        fields = _Fields(data)
        return cls(
            fields.name("token"), fields.name("key"), fields.text("name"), fields.name("nonce"),
            fields.version, fields.rest(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Welcome:
    """The hub's answer to Enrol, signed with the key whose fingerprint the token carries."""

    box: str
    campus: str
    campus_name: str
    hub_key: str
    nonce: str
    """To be used by the first report."""
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        own = {
            "box": self.box,
            "campus": self.campus,
            "name": self.campus_name,
            "key": self.hub_key,
            "nonce": self.nonce,
        }
        return _line(self, own)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        fields = _Fields(data)
        return cls(
            fields.name("box"), fields.name("campus"), fields.text("name"), fields.name("key"), fields.name("nonce"),
            fields.version, fields.rest(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """Where a journal's epoch ends: the last sequence and its chain hash (base64url)."""

    epoch: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Holding:
    """A release that a box has on its shelf, and which of its layers."""

    course: str
    root: Digest
    layers: Sequence[str]

    def row(self) -> list[Any]:
        return [self.course, self.root, sorted(self.layers)]


@dataclass(frozen=True, slots=True)
class Report:
    """What a box says in one request: who it is, where its journal ends, what it holds, how it is; and new events.

    `shelf` is the digest of the holdings (`shelf_digest`); `holdings` is the list itself, sent only when it changed or
    when the hub asked for it. `batch` is one batch of the journal (`sync/batch.py`) or empty.
    """

    box: str
    request: str
    nonce: str
    heads: Sequence[Head]
    shelf: str
    free_bytes: int
    wall_seconds: int
    is_clock_trusted: bool
    holdings: Sequence[Holding] | None = None
    health: Mapping[str, Any] = field(default_factory=dict)
    batch: bytes = b""
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        own: dict[str, Any] = {
            "box": self.box,
            "request": self.request,
            "nonce": self.nonce,
            "heads": [[head.epoch, head.sequence, head.hash] for head in self.heads],
            "shelf": self.shelf,
            "free": self.free_bytes,
            "clock": [self.wall_seconds, int(self.is_clock_trusted)],
        }
        if self.holdings is not None:
            own["holds"] = [holding.row() for holding in self.holdings]
        if self.health:
            own["health"] = dict(self.health)
        if self.batch:
            own["batch"] = len(self.batch)
        return _line(self, own) + (b"\n" + self.batch if self.batch else b"")

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        line, _, batch = data.partition(b"\n")
        fields = _Fields(line)
        clock = fields.rows("clock", 2)
        batch_bytes = fields.count("batch", 0)
        _demand(batch_bytes == len(batch) <= BATCH_BYTES_MAX, "the batch is not as long as the report says")
        return cls(
            box=fields.name("box"),
            request=fields.name("request"),
            nonce=fields.name("nonce"),
            heads=tuple(_head(row) for row in fields.rows("heads", HEADS_MAX)),
            shelf=fields.text("shelf"),
            free_bytes=fields.count("free"),
            wall_seconds=_count(clock[0] if clock else None, "clock"),
            is_clock_trusted=len(clock) == 2 and clock[1] == 1,
            holdings=holdings_of(fields.rows("holds", HOLDINGS_MAX)) if "holds" in fields else None,
            health=fields.table("health"),
            batch=batch,
            version=fields.version,
            extra=fields.rest(),
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the hub has a box's epoch: the last sequence taken, and the last one in a verified backup (-1: none)."""

    epoch: str
    taken: int
    backed_up: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """One layer that a box should fetch: which file, how long, and the root that proves it."""

    course: str
    version: int
    root: Digest
    layer: str
    pack: str
    """The immutable file's name under PACK_PATH."""
    size_bytes: int
    disk_bytes: int
    """Room the layer takes once unpacked."""

    def row(self) -> list[Any]:
        return [self.course, self.version, self.root, self.layer, self.pack, self.size_bytes, self.disk_bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub says back: marks, the plan, when to come again. Believed only when signed over our nonce."""

    request: str
    nonce: str
    """To be used by the next report."""
    marks: Sequence[Mark]
    plan: Sequence[Parcel] = ()
    wall_seconds: int = 0
    wait_seconds: int = 0
    """The hub asks not to come again before so long; 0 leaves it to the box."""
    wants_holdings: bool = False
    more_plan: bool = False
    erased: Sequence[str] = ()
    """Learners whose names and payloads this box must forget."""
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        own: dict[str, Any] = {
            "request": self.request,
            "nonce": self.nonce,
            "marks": [[mark.epoch, mark.taken, mark.backed_up] for mark in self.marks],
            "time": self.wall_seconds,
        }
        if self.plan:
            own["plan"] = [parcel.row() for parcel in self.plan]
        if self.wait_seconds:
            own["wait"] = self.wait_seconds
        if self.wants_holdings:
            own["ask"] = "holds"
        if self.more_plan:
            own["more"] = 1
        if self.erased:
            own["erased"] = list(self.erased)
        return _line(self, own)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        fields = _Fields(data)
        return cls(
            request=fields.name("request"),
            nonce=fields.name("nonce"),
            marks=tuple(_mark(row) for row in fields.rows("marks", HEADS_MAX)),
            plan=tuple(_parcel(row) for row in fields.rows("plan", PLAN_MAX)),
            wall_seconds=fields.count("time"),
            wait_seconds=fields.count("wait", 0),
            wants_holdings=fields.text("ask", "") == "holds",
            more_plan=fields.count("more", 0) == 1,
            erased=tuple(_checked_name(row, "erased") for row in fields.rows("erased", HEADS_MAX)),
            version=fields.version,
            extra=fields.rest(),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """The other side says no, in a sentence. `nonce` lets a box that lost the thread pick it up again."""

    code: str
    """token-unknown, token-used, box-unknown, signature, nonce, version, message, batch, busy, fault"""
    sentence: str
    hint: str = ""
    nonce: str = ""
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        own = {"refused": self.code, "sentence": self.sentence, "hint": self.hint}
        return _line(self, {**own, "nonce": self.nonce} if self.nonce else own)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        fields = _Fields(data)
        return cls(
            fields.name("refused"), fields.text("sentence"), fields.text("hint", ""), fields.text("nonce", ""),
            fields.version, fields.rest(),
        )  # fmt: skip


def shelf_digest(holdings: Sequence[Holding]) -> str:
    """One name for all that a box holds; equal shelves have equal names."""
    return digest_of(canonical(sorted(holding.row() for holding in holdings)))


def holdings_of(rows: Sequence[Any]) -> tuple[Holding, ...]:
    """Raises MessageRefused."""
    return tuple(_holding(row) for row in rows)


def version_fault(version: int) -> Fault | None:
    """Say which side to update when a peer's version is one that we cannot serve; None when we can.

    A newer version than ours is served: its fields that we know mean the same. Progress always goes up.
    """
    if version >= VERSION_OLDEST:
        return None
    return LinkFault(
        f"The other side speaks version {version} of the protocol; version {VERSION_OLDEST} is the oldest understood.",
        "Update the software of the side that speaks the older version.",
    )


class _Fields:
    """The fields of one message, each taken once; what is left is the newer peer's."""

    def __init__(self, line: bytes) -> None:
        _demand(len(line) <= MESSAGE_BYTES_MAX, f"it has {len(line)} bytes, more than {MESSAGE_BYTES_MAX}")
        try:
            self._fields: dict[str, Any] = parsed(line, dict)
        except Fault as fault:
            raise MessageRefused(
                "What came is not a message of a Qanat hub or box.",
                "Check the hub's address; a sign-in page of the network may be in between.",
            ) from fault
        self.version = self.count("v")

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str, default: str | None = None) -> str:
        value = self._fields.pop(name, default)
        _demand(isinstance(value, str), f"{name} is not text")
        return str(value)

    def name(self, name: str) -> str:
        return _checked_name(self._fields.pop(name, None), name)

    def count(self, name: str, default: int | None = None) -> int:
        return _count(self._fields.pop(name, default), name)

    def rows(self, name: str, most: int) -> list[Any]:
        value = self._fields.pop(name, [])
        _demand(isinstance(value, list) and len(value) <= most, f"{name} is not a list of at most {most}")
        return list(value)

    def table(self, name: str) -> dict[str, Any]:
        value = self._fields.pop(name, {})
        _demand(isinstance(value, dict), f"{name} is not a table")
        return dict(value)

    def rest(self) -> dict[str, Any]:
        return self._fields


def _line(message: Any, own: dict[str, Any]) -> bytes:
    return canonical({**message.extra, **own, "v": message.version})


def _head(row: Any) -> Head:
    _demand(isinstance(row, list) and len(row) == 3, "a head is not epoch, sequence and hash")
    return Head(_checked_name(row[0], "epoch"), _count(row[1], "sequence"), _checked_name(row[2], "hash"))


def _mark(row: Any) -> Mark:
    _demand(isinstance(row, list) and len(row) == 3, "a mark is not epoch, taken and backed up")
    return Mark(_checked_name(row[0], "epoch"), _count(row[1], "taken", -1), _count(row[2], "backed up", -1))


def _holding(row: Any) -> Holding:
    _demand(isinstance(row, list) and len(row) == 3 and isinstance(row[2], list), "a holding is not as it should be")
    course, root, layers = row
    _demand(isinstance(course, str) and is_course(course) and is_digest(root), "a holding names no course")
    return Holding(course, Digest(root), tuple(_checked_name(layer, "layer") for layer in layers))


def _parcel(row: Any) -> Parcel:
    _demand(isinstance(row, list) and len(row) >= 7, "a parcel is not as it should be")
    course, version, root, layer, pack, size_bytes, disk_bytes = row[:7]
    _demand(isinstance(course, str) and is_course(course) and is_digest(root), "a parcel names no course")
    return Parcel(
        course, _count(version, "version"), Digest(root), _checked_name(layer, "layer"), _checked_name(pack, "pack"),
        _count(size_bytes, "size"), _count(disk_bytes, "disk"),
    )  # fmt: skip


def _checked_name(value: Any, what: str) -> str:
    _demand(isinstance(value, str) and _NAME.fullmatch(value) is not None, f"{what} is not a name")
    return str(value)


def _count(value: Any, what: str, least: int = 0) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    _demand(is_whole and least <= value < 1 << 53, f"{what} is not a whole number")
    return int(value)


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise MessageRefused(f"A message cannot be used: {what}.", "Update the older side; if both are new, tell us.")
