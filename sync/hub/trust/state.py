"""The state of trust at a hub, for people: where the keys lie, what waits, what runs out, what to do next."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from catalog.trust.roles import OWN_PUBLISHER, ROOT, ROOT_THRESHOLD, SNAPSHOT, TARGETS, TIMESTAMP, key_id
from sync.hub.trust import documents, listing, signing
from sync.hub.trust.catalogue import SignedCatalogue


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key that counts."""

    role: str
    key: str
    is_here: bool
    until_seconds: int
    courses: str = ""
    is_waiting: bool = False
    """What it should list has changed, and it is not here to sign that."""

    @property
    def is_missing(self) -> bool:
        """Whether it is not here, and belongs nowhere else."""
        return not self.is_here and self.role in (TARGETS, SNAPSHOT, TIMESTAMP)


@dataclass(frozen=True, slots=True)
class TrustState:
    """How the hub's own catalogue stands, and which others it mirrors."""

    catalogue: str
    root_version: int
    timestamp_version: int
    keys: tuple[KeyState, ...]
    mirrored: tuple[documents.Standing, ...]

    @property
    def are_root_keys_here(self) -> bool:
        """Whether who breaks into this hub could sign a new root."""
        return sum(one.role == ROOT and one.is_here for one in self.keys) >= ROOT_THRESHOLD

    @property
    def publishers(self) -> tuple[KeyState, ...]:
        return tuple(one for one in self.keys if one.role not in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP))

    def document(self) -> dict[str, Any]:
        """As a command prints it for programs."""
        return {
            "catalogue": self.catalogue,
            "root_version": self.root_version,
            "timestamp_version": self.timestamp_version,
            "are_root_keys_here": self.are_root_keys_here,
            "keys": [
                {
                    "role": one.role, "key": one.key, "is_here": one.is_here, "until_seconds": one.until_seconds,
                    "courses": one.courses, "is_waiting": one.is_waiting, "is_missing": one.is_missing,
                }
                for one in self.keys
            ],
            "mirrored": [
                {"catalogue": one.catalogue, "address": one.address, "timestamp_version": one.timestamp_version}
                for one in self.mirrored
            ],
        }  # fmt: skip


def unsigned(connection: Connection) -> dict[str, str]:
    """The courses whose newest release no box takes yet: by course, the publisher whose signature it waits for."""
    catalogue = signing.own(connection)
    if catalogue is None:
        return {}
    waiting: dict[str, str] = {}
    for row in listing.publishers(connection):
        if row.is_due != signing.SIGNED:
            signed = documents.newest(connection, catalogue, row.name)
            known = documents.paths_in(signed) if signed is not None else set()
            newest = listing.newest_by(connection, row.name)
            waiting |= {course: row.name for course, path in newest.items() if path not in known}
    return waiting


def state_of(connection: Connection, signed: SignedCatalogue) -> TrustState:
    """How trust stands now; makes the hub's own catalogue where there is none yet, and signs what can be signed."""
    catalogue = signed.begun(connection)
    signed.try_to_sign(connection)
    standings = documents.standings(connection)
    (own,) = (one for one in standings if one.is_own)
    until_seconds = documents.until_seconds(connection, catalogue)
    root = documents.newest(connection, catalogue, ROOT)
    assert root is not None, "a catalogue begins with its root"
    keys = [
        KeyState(role, name, signed.ring.has(role, name), until_seconds.get(role, 0))
        for role in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP)
        for name in documents.keys_in(root, role)
    ]
    for row in sorted(listing.publishers(connection), key=lambda one: (one.name != OWN_PUBLISHER, one.name)):
        if row.key:
            name = key_id(row.key)
            is_waiting = row.is_due == signing.WAITING
            is_here = signed.ring.has(row.name, name)
            until = until_seconds.get(row.name, 0)
            keys.append(KeyState(row.name, name, is_here, until, row.courses, is_waiting))
    mirrored = tuple(one for one in standings if not one.is_own)
    return TrustState(catalogue, own.root_version, own.timestamp_version, tuple(keys), mirrored)
