"""The client: from documents that somebody brought to a catalogue that is believed. Pure: bytes in, bytes out.

* The workflow of the TUF specification: the roots one by one, timestamp, snapshot, targets, publishers; each document
  is believed because one that was believed before names its keys. All are verified again each time.
* Nothing rolls back: neither the timestamp, nor the snapshot, nor any role that a snapshot names. Only a root that
  replaces the timestamp's or the snapshot's keys begins their counting anew, so that a stolen key can be outlived.
* A publisher is heard on its own paths only. What it lists elsewhere is not listed.
* All of what came is believed or none of it. Expired documents are believed, and say that they have expired: how long
  content is taken on an expired word is the reader's to judge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import DelegatedRole, Metadata, Root, Snapshot, Targets, Timestamp

from catalog.trust.document import Document, Trusted
from catalog.trust.metadata import expires_seconds, listed_in, read, versions_in
from catalog.trust.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, TOP_ROLES, Target, catalogue_id, refused

ROOTS_MAX = 1024
PUBLISHERS_MAX = 1000

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


@dataclass(frozen=True, slots=True)
class Listed:
    """What one role lists, and until when its word counts: no longer than that of those above it."""

    role: str
    expires_seconds: int
    targets: Sequence[Target]


def refreshed(catalogue: str, trusted: Trusted | None, came: Iterable[Document]) -> Trusted:
    """What is believed after these documents came; `trusted` is None where nothing was before.

    Raises MetadataRefused; then what was believed before is believed on.
    """
    by_role: dict[str, dict[int, Document]] = {}
    for document in came:
        by_role.setdefault(document.role, {})[document.version] = document
    held = dict(trusted.documents) if trusted else {}
    root = followed_root(catalogue, held.get(ROOT), by_role.get(ROOT, {}).values())
    held = _without_replaced_keys(held, root)
    chosen = {role: held[role] for role in held if role in TOP_ROLES} | {ROOT: root}
    root_read = read(root.body, Root)

    stamp = _newest(held.get(TIMESTAMP), by_role.get(TIMESTAMP, {}))
    stamp_read = _verified(stamp, Timestamp, root_read, TIMESTAMP)
    _demand_no_rollback(held.get(TIMESTAMP), stamp_read)
    snapshot_version = stamp_read.signed.snapshot_meta.version
    shot = _of_version(SNAPSHOT, snapshot_version, held, by_role)
    shot_read = _verified(shot, Snapshot, root_read, SNAPSHOT)
    versions = versions_in(shot_read.signed)
    _demand_no_role_back(held.get(SNAPSHOT), versions)
    top = _of_version(TARGETS, versions.get(TARGETS, 0), held, by_role)
    top_read = _verified(top, Targets, root_read, TARGETS)
    chosen |= {TIMESTAMP: stamp, SNAPSHOT: shot, TARGETS: top}
    for publisher in _publishers(top_read.signed):
        if publisher in versions:
            document = _of_version(publisher, versions[publisher], held, by_role)
            _verified(document, Targets, top_read, publisher)
            chosen[publisher] = document
    return Trusted(catalogue, chosen)


def followed_root(catalogue: str, held: Document | None, roots: Iterable[Document]) -> Document:
    """The root that this chain leads to from the one held, or from the first. Raises MetadataRefused."""
    came = {one.version: one for one in roots}
    root = held
    if root is None:
        if 1 not in came:
            raise refused("its first root is missing")
        if catalogue_id(came[1].body) != catalogue:
            raise refused("its first root is not the one that its name says")
        root = came[1]
        _verified(root, Root, read(root.body, Root), ROOT)
    if len(came) > ROOTS_MAX:
        raise refused(f"it has more than {ROOTS_MAX} roots")
    while (following := came.get(root.version + 1)) is not None:
        # Those who are trusted now name those who will be; and the new ones must hold their keys.
        _verified(following, Root, read(root.body, Root), ROOT)
        _verified(following, Root, read(following.body, Root), ROOT)
        root = following
    if any(version > root.version for version in came):
        raise refused("a root between two others is missing")
    return root


def listings(trusted: Trusted) -> list[Listed]:
    """What a believed catalogue lists, role by role, the top one first."""
    top = read(trusted.documents[TARGETS].body, Targets).signed
    above = (
        read(trusted.documents[ROOT].body, Root).signed,
        read(trusted.documents[TIMESTAMP].body, Timestamp).signed,
        read(trusted.documents[SNAPSHOT].body, Snapshot).signed,
    )
    until_seconds = min(expires_seconds(document) for document in (*above, top))
    rows = [Listed(TARGETS, until_seconds, _heard(top, TARGETS, top))]
    for publisher in _publishers(top):
        if publisher in trusted.documents:
            document = read(trusted.documents[publisher].body, Targets).signed
            listed = _heard(document, publisher, top)
            rows.append(Listed(publisher, min(until_seconds, expires_seconds(document)), listed))
    return rows


def _without_replaced_keys(held: Mapping[str, Document], root: Document) -> dict[str, Document]:
    """Drop timestamp and snapshot where the root has replaced their keys."""
    before = held.get(ROOT)
    if before is None or before.version == root.version:
        return dict(held)
    old, new = read(before.body, Root).signed, read(root.body, Root).signed
    has_new_keys = any(set(old.roles[role].keyids) != set(new.roles[role].keyids) for role in (TIMESTAMP, SNAPSHOT))
    return {role: one for role, one in held.items() if not (has_new_keys and role in (TIMESTAMP, SNAPSHOT))}


def _newest(held: Document | None, came: Mapping[int, Document]) -> Document:
    stamps = [*came.values()]
    if not stamps:
        if held is None:
            raise refused("its timestamp is missing")
        return held
    newest = max(stamps, key=lambda one: one.version)
    if held is not None and newest.version < held.version:
        raise refused(f"its timestamp {newest.version} is older than {held.version}, which was believed before")
    return held if held is not None and newest.version == held.version else newest


def _demand_no_rollback(held: Document | None, stamp: Metadata[Timestamp]) -> None:
    if held is None:
        return
    before = read(held.body, Timestamp).signed.snapshot_meta.version
    if stamp.signed.snapshot_meta.version < before:
        raise refused(f"its snapshot {stamp.signed.snapshot_meta.version} is older than {before}")


def _demand_no_role_back(held: Document | None, versions: Mapping[str, int]) -> None:
    if held is None:
        return
    for role, before in versions_in(read(held.body, Snapshot).signed).items():
        if versions.get(role, 0) < before:
            raise refused(f"{role} goes back from {before} to {versions.get(role, 0)}")


def _of_version(
    role: str, version: int, held: Mapping[str, Document], by_role: Mapping[str, Mapping[int, Document]]
) -> Document:
    """The document that the one above it names, from here or from what came."""
    document = held.get(role)
    if document is not None and document.version == version:
        return document
    found = by_role.get(role, {}).get(version)
    if found is None:
        raise refused(f"{role} {version} is named and missing")
    return found


def _verified(document: Document, kind: type[T], above: Metadata[Root] | Metadata[Targets], role: str) -> Metadata[T]:
    """Read a document that those above it have signed. Raises MetadataRefused."""
    found = read(document.body, kind)
    if found.signed.version != document.version:
        raise refused(f"{role} {document.version} is in truth {found.signed.version}")
    try:
        above.signed.verify_delegate(role, found.signed_bytes, found.signatures)
    except (RepositoryError, ValueError) as error:
        raise refused(f"{role} {document.version} is not signed by the keys that count for it") from error
    return found


def _publishers(top: Targets) -> list[str]:
    names = list(_delegated(top))
    if len(names) > PUBLISHERS_MAX:
        raise refused(f"it names more than {PUBLISHERS_MAX} publishers")
    return names


def _delegated(top: Targets) -> Mapping[str, DelegatedRole]:
    return (top.delegations.roles or {}) if top.delegations is not None else {}


def _heard(document: Targets, role: str, top: Targets) -> list[Target]:
    """What a role lists where it may."""
    if role == TARGETS:
        return listed_in(document)
    delegated = _delegated(top)[role]
    return [one for one in listed_in(document) if delegated.is_delegated_path(one.path)]
