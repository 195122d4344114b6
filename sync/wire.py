"""The wire: every message that box and hub exchange, and nothing else.

* A message is one line of canonical JSON; a report or an answer may carry bytes behind its line feed, and says so.
* Every message states its version. Fields we do not know are kept in `extra`, so that a newer peer loses nothing.
* What comes in passes `from_bytes`, which refuses with a reason; what goes out passes `to_bytes`: equal messages,
  equal bytes. docs/protocol.md holds an example of each; the tests read them from there.
* Short names on the wire, whole words here: a night with nothing new fits in one packet each way.

What goes down is described in `sync/parcel.py`, and its words are here too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from catalog.manifest import canonical
from sync.ends import Followed as Followed
from sync.ends import Head as Head
from sync.ends import Mark as Mark
from sync.ends import followed_of, hardware_of, head_of, mark_of
from sync.fields import MESSAGE_BYTES_MAX as MESSAGE_BYTES_MAX
from sync.fields import WHOLE_MAX, Fields, demand, name_in, row_in, whole_in
from sync.fields import MessageRefused as MessageRefused
from sync.fields import is_name as is_name
from sync.parcel import Holding as Holding
from sync.parcel import Parcel as Parcel
from sync.parcel import holdings_of as holdings_of
from sync.parcel import plan_fields, plan_of
from sync.parcel import shelf_digest as shelf_digest

VERSION = 1
VERSION_OLDEST = 1
BATCH_BYTES_MAX = 256 << 10
HEADS_MAX = 4096
HOLDINGS_MAX = 10_000
PLAN_MAX = 10_000
CAN_MAX = 64
CATALOGUES_MAX = 16
METADATA_BYTES_MAX = 2 << 20
SIGNED_BATCH_BYTES_MAX = BATCH_BYTES_MAX + 64
"""A batch of another writer's journal, and the hub's signature over it."""
REPORT_BYTES_MAX = MESSAGE_BYTES_MAX + 1 + BATCH_BYTES_MAX + SIGNED_BATCH_BYTES_MAX
ANSWER_BYTES_MAX = MESSAGE_BYTES_MAX + 1 + SIGNED_BATCH_BYTES_MAX + METADATA_BYTES_MAX
CLOCK_COLUMNS_MAX = 8
PRINT_COLUMNS_MAX = 8

ENROL_PATH = "/sync/enrol"
SESSION_PATH = "/sync/session"
PACK_PATH = "/sync/packs/"

CAN_PATCH = "patch"
"""What a box says it can: build on what it holds. A box that cannot is sent what lies ready in full, and no more."""
CAN_JPEG_XL = "jpeg-xl"
"""What a box says it can: make JPEG out of JPEG XL, to the bit."""
CAN_FOLLOW = "follow"
"""What a box says it can: take batches of other writers' journals, the hub's own for its campus first of all."""
CAN_CATALOGUE = "catalogue"
"""What a box says it can: judge by a signed catalogue what may come on its shelf."""


class VersionRefused(MessageRefused):
    """The other side is too old to be served; it says which side to update."""


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
        fields = Fields(data)
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
        fields = Fields(data)
        return cls(
            fields.name("box"), fields.name("campus"), fields.text("name"), fields.name("key"), fields.name("nonce"),
            fields.version, fields.rest(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Catalogued:
    """Which form of a signed catalogue a box holds: its name, and the versions of its root and its timestamp."""

    catalogue: str
    root_version: int
    timestamp_version: int

    def row(self) -> list[Any]:
        return [self.catalogue, self.root_version, self.timestamp_version]


@dataclass(frozen=True, slots=True)
class Report:
    """What a box says in one request: who it is, where its journal ends, what it holds, how it is; and new events.

    `shelf` is the digest of the holdings (`shelf_digest`); `holdings` is the list itself, sent only when it changed or
    when the hub asked for it. `batch` is one batch of the journal (`sync/batch.py`) or empty. `can` names what the box
    is able to take (`CAN_PATCH` and its like); words that the hub does not know do no harm. `follows` says how far it
    has the journals of other writers, `catalogues` which signed catalogues it holds, `pruned` up to where an epoch that
    the hub asked for again is gone from the box.
    """

    box: str
    request: str
    nonce: str
    heads: Sequence[Head]
    shelf: str
    free_bytes: int
    wall_seconds: int
    """As the box believes; a clock without a battery may say 1970, or less."""
    is_clock_trusted: bool
    holdings: Sequence[Holding] | None = None
    health: Mapping[str, Any] = field(default_factory=dict)
    batch: bytes = b""
    can: tuple[str, ...] = ()
    follows: Sequence[Followed] = ()
    catalogues: Sequence["Catalogued"] = ()
    pruned: Sequence[Head] = ()
    given_back: bytes = b""
    """A signed batch of the hub's own journal, which it asked for."""
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)
    hardware: Sequence[str] = ()
    """What the box runs from, as prints: its card, and its machine ("" where that is not known); () says nothing.

    A third says by which key it would go, if it runs from a copy and is to be a box of its own."""

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
        if self.can:
            own["can"] = list(self.can)
        if self.follows:
            own["follows"] = [one.row() for one in self.follows]
        if self.catalogues:
            own["catalogues"] = [one.row() for one in self.catalogues]
        if self.pruned:
            own["pruned"] = [[head.epoch, head.sequence, head.hash] for head in self.pruned]
        if self.hardware:
            own["print"] = list(self.hardware)
        if self.given_back:
            own["back"] = len(self.given_back)
        attached = self.batch + self.given_back
        return _line(self, own) + (b"\n" + attached if attached else b"")

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        line, _, attached = data.partition(b"\n")
        fields = Fields(line)
        wall_seconds, is_trusted = row_in(fields.rows("clock", CLOCK_COLUMNS_MAX), 2, "clock")
        batch_bytes, back_bytes = fields.count("batch", 0), fields.count("back", 0)
        is_bounded = batch_bytes <= BATCH_BYTES_MAX and back_bytes <= SIGNED_BATCH_BYTES_MAX
        demand(is_bounded and batch_bytes + back_bytes == len(attached), "the batch is not as long as the report says")
        return cls(
            box=fields.name("box"),
            request=fields.name("request"),
            nonce=fields.name("nonce"),
            heads=tuple(head_of(row) for row in fields.rows("heads", HEADS_MAX)),
            shelf=fields.text("shelf"),
            free_bytes=fields.count("free"),
            wall_seconds=whole_in(wall_seconds, "clock", -WHOLE_MAX),
            is_clock_trusted=is_trusted == 1,
            holdings=holdings_of(fields.rows("holds", HOLDINGS_MAX)) if "holds" in fields else None,
            health=fields.table("health"),
            batch=attached[:batch_bytes],
            can=tuple(name_in(word, "can") for word in fields.rows("can", CAN_MAX)),
            follows=tuple(followed_of(row) for row in fields.rows("follows", HEADS_MAX)),
            catalogues=tuple(_catalogued(row) for row in fields.rows("catalogues", CATALOGUES_MAX)),
            pruned=tuple(head_of(row) for row in fields.rows("pruned", HEADS_MAX)),
            given_back=attached[batch_bytes:],
            hardware=hardware_of(fields.rows("print", PRINT_COLUMNS_MAX)),
            version=fields.version,
            extra=fields.rest(),
        )


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
    asks: Sequence[Followed] = ()
    """What the hub lacks of journals that the box follows, behind these sequences: a restored hub asks for its own."""
    batch: bytes = b""
    """One batch of a journal that the box follows, signed (`sync/following/`); only for who `CAN_FOLLOW`."""
    metadata: bytes = b""
    """What is new of the signed catalogues (`catalog/trust/`); only for who `CAN_CATALOGUE`."""
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)
    withdrawn: Sequence[str] = ()
    """Courses that this box should have on its shelf no more; what learners did there stays."""
    renew: str = ""
    """The secret of a token by which the box becomes one of its own, under the key that it named."""

    def to_bytes(self) -> bytes:
        own: dict[str, Any] = {
            "request": self.request,
            "nonce": self.nonce,
            "marks": [[mark.epoch, mark.taken, mark.backed_up] for mark in self.marks],
            "time": self.wall_seconds,
        }
        own |= plan_fields(self.plan)
        if self.wait_seconds:
            own["wait"] = self.wait_seconds
        if self.wants_holdings:
            own["ask"] = "holds"
        if self.more_plan:
            own["more"] = 1
        if self.erased:
            own["erased"] = list(self.erased)
        if self.withdrawn:
            own["withdrawn"] = list(self.withdrawn)
        if self.renew:
            own["renew"] = self.renew
        if self.asks:
            own["asks"] = [one.row() for one in self.asks]
        if self.batch:
            own["batch"] = len(self.batch)
        if self.metadata:
            own["metadata"] = len(self.metadata)
        attached = self.batch + self.metadata
        return _line(self, own) + (b"\n" + attached if attached else b"")

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        line, _, attached = data.partition(b"\n")
        fields = Fields(line)
        batch_bytes, metadata_bytes = fields.count("batch", 0), fields.count("metadata", 0)
        is_bounded = batch_bytes <= SIGNED_BATCH_BYTES_MAX and metadata_bytes <= METADATA_BYTES_MAX
        demand(
            is_bounded and batch_bytes + metadata_bytes == len(attached), "what is attached is not as long as it says"
        )
        return cls(
            request=fields.name("request"),
            nonce=fields.name("nonce"),
            marks=tuple(mark_of(row) for row in fields.rows("marks", HEADS_MAX)),
            plan=plan_of(fields.rows("plan", PLAN_MAX), fields.rows("patches", PLAN_MAX)),
            wall_seconds=fields.count("time"),
            wait_seconds=fields.count("wait", 0),
            wants_holdings=fields.text("ask", "") == "holds",
            more_plan=fields.count("more", 0) == 1,
            erased=tuple(name_in(row, "erased") for row in fields.rows("erased", HEADS_MAX)),
            withdrawn=tuple(name_in(row, "withdrawn") for row in fields.rows("withdrawn", HOLDINGS_MAX)),
            renew=fields.text("renew", ""),
            asks=tuple(followed_of(row) for row in fields.rows("asks", HEADS_MAX)),
            batch=attached[:batch_bytes],
            metadata=attached[batch_bytes:],
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
        fields = Fields(data)
        return cls(
            fields.name("refused"), fields.text("sentence"), fields.text("hint", ""), fields.text("nonce", ""),
            fields.version, fields.rest(),
        )  # fmt: skip


def version_fault(version: int) -> VersionRefused | None:
    """Say which side to update when a peer's version is one that we cannot serve; None when we can.

    A newer version than ours is served: its fields that we know mean the same. Progress always goes up.
    Both ends ask it of every message whose signature holds, so that the refusal can be signed too.
    """
    if version >= VERSION_OLDEST:
        return None
    return VersionRefused(
        f"The other side speaks version {version} of the protocol; the oldest understood here is {VERSION_OLDEST}.",
        "Update the other side: it is the older one. Nothing is lost; its events wait there until then.",
    )


def _line(message: Any, own: dict[str, Any]) -> bytes:
    return canonical({**message.extra, **own, "v": message.version})


def _catalogued(value: Any) -> Catalogued:
    catalogue, root_version, timestamp_version = row_in(value, 3, "a catalogue")
    return Catalogued(
        name_in(catalogue, "catalogue"), whole_in(root_version, "root"), whole_in(timestamp_version, "timestamp")
    )
