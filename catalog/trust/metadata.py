"""Metadata: a catalogue's documents, made and signed, or read.

* The form is TUF's, by python-tuf's `tuf.api`: any of its tools can audit what we sign.
* Equal content, signed by the same keys, has equal bytes.
* Every key is Ed25519 and bears its fingerprint as its name; a document with any other key is refused.
* This module loads python-tuf, which takes a while: it is imported by whoever has documents in hand, not before.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar, cast

from securesystemslib.signer import Key, Signature, SSlibKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Role,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from catalog.digest import ALGORITHM_SHA256, Digest, is_digest
from catalog.trust.roles import ROOT, ROOT_THRESHOLD, Target, key_id, paths_of, raw_key, refused

DOCUMENT_BYTES_MAX = 16 << 20
NUMBER_MAX = (1 << 53) - 1
"""Of versions and sizes: what every reader of JSON, and every database, holds as it is written."""
SHA256 = "sha256"
ED25519 = "ed25519"

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


class Signer(Protocol):
    """A key with its secret half. `sign` may not change anything."""

    @property
    def public(self) -> str: ...

    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who may list what: a role, its public key, and which courses ("*": all of its own)."""

    name: str
    key: str
    courses: str = "*"


def root(version: int, expires_seconds: int, keys: Mapping[str, Sequence[str]]) -> Root:
    """Whose keys count for each top role: of the root's own, two must sign."""
    made = Root(version=version, expires=_moment(expires_seconds), consistent_snapshot=False)
    for role, publics in keys.items():
        made.roles[role] = Role([], ROOT_THRESHOLD if role == ROOT else 1)
        for public in publics:
            made.add_key(_key(public), role)
    return made


def targets(
    version: int, expires_seconds: int, listed: Iterable[Target], publishers: Sequence[Publisher] = ()
) -> Targets:
    """What a role lists; the top one also names the publishers."""
    files = {one.path: TargetFile(one.size_bytes, {SHA256: one.digest[2:]}, one.path) for one in listed}
    delegations = None
    if publishers:
        keys = {key.keyid: key for key in (_key(one.key) for one in publishers)}
        roles = {
            one.name: DelegatedRole(one.name, [key_id(one.key)], 1, True, paths_of(one.name, one.courses))
            for one in publishers
        }
        delegations = Delegations(dict(keys), roles)
    return Targets(version=version, expires=_moment(expires_seconds), targets=files, delegations=delegations)


def snapshot(version: int, expires_seconds: int, versions: Mapping[str, int]) -> Snapshot:
    """Which version of each role's document belongs with the others."""
    meta = {f"{role}.json": MetaFile(number) for role, number in versions.items()}
    return Snapshot(version=version, expires=_moment(expires_seconds), meta=meta)


def timestamp(version: int, expires_seconds: int, snapshot_version: int) -> Timestamp:
    """Which snapshot is the newest."""
    return Timestamp(version=version, expires=_moment(expires_seconds), snapshot_meta=MetaFile(snapshot_version))


def signed(document: T, signers: Iterable[Signer]) -> bytes:
    """The document with these signatures, as bytes."""
    made: Metadata[T] = Metadata(document)
    for signer in signers:
        name = key_id(signer.public)
        made.signatures[name] = Signature(name, signer.sign(made.signed_bytes).hex())
    return made.to_bytes(JSONSerializer(compact=True))


def read(data: bytes, kind: type[T]) -> Metadata[T]:
    """Read a document; nobody has looked at its signatures yet. Raises MetadataRefused."""
    if len(data) > DOCUMENT_BYTES_MAX:
        raise refused(f"a document has {len(data)} bytes")
    try:
        found: Metadata[Any] = Metadata.from_bytes(data)
    except (RepositoryError, RecursionError, ValueError) as error:
        raise refused("a document cannot be read") from error
    if not isinstance(found.signed, kind):
        raise refused(f"a document is no {kind.type}")
    if found.signed.version > NUMBER_MAX:
        raise refused("a document has no version that can be counted")
    _check_keys(found.signed)
    return cast("Metadata[T]", found)


def listed_in(document: Targets) -> list[Target]:
    """What a role lists, by path. Raises MetadataRefused."""
    rows = []
    for path, file in document.targets.items():
        digest = f"{ALGORITHM_SHA256}{file.hashes.get(SHA256, '')}"
        if not is_digest(digest):
            raise refused(f"{path} has no SHA-256")
        if not 0 <= file.length <= NUMBER_MAX:
            raise refused(f"{path} has no size that can be")
        rows.append(Target(path, Digest(digest), file.length))
    return sorted(rows)


def versions_in(document: Snapshot) -> dict[str, int]:
    """Each role's version that a snapshot names."""
    return {name.removesuffix(".json"): meta.version for name, meta in document.meta.items()}


def expires_seconds(document: Signed) -> int:
    return int(document.expires.timestamp())


def publics_in(body: bytes) -> dict[str, list[str]]:
    """The public keys that a root names for each role. Raises MetadataRefused."""
    document = read(body, Root).signed
    return {
        role: [_public_of(document.keys[name].keyval["public"]) for name in named.keyids]
        for role, named in document.roles.items()
    }


def _check_keys(document: Signed) -> None:
    keys: Mapping[str, Key] = {}
    if isinstance(document, Root):
        keys = document.keys
    elif isinstance(document, Targets) and document.delegations is not None:
        keys = document.delegations.keys
    for name, key in keys.items():
        public = key.keyval.get("public")
        if key.keytype != ED25519 or key.scheme != ED25519 or name != _name_of_hex(str(public)):
            raise refused("a key does not bear its own name")


def _name_of_hex(public: str) -> str:
    try:
        return key_id(_public_of(public))
    except ValueError:
        return ""


def _public_of(hexadecimal: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(hexadecimal)).decode().rstrip("=")


def _key(public: str) -> SSlibKey:
    return SSlibKey(key_id(public), ED25519, ED25519, {"public": raw_key(public).hex()})


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
