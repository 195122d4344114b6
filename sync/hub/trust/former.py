"""The former hub: what one that was put aside knew of keys, and the backup in its place does not.

* Its roots are believed as a box would believe them: as a chain that goes on from the backup's newest root.
* The keys that the newest of them names come along from its folder; a key that is not the one it is called is left.
* Root keys that had been moved to sticks since the backup do not come back to the hub.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from catalog.fault import BoxFault, ContentFault
from catalog.trust.document import Document
from catalog.trust.roles import ROOT, TOP_ROLES, key_id
from sync.hub import schema
from sync.hub.trust import documents, signing
from sync.hub.trust.keys import KeyRing


@dataclass(frozen=True, slots=True)
class FormerRoots:
    """The chain of roots of a hub's own catalogue, each with the second until which it counts."""

    catalogue: str = ""
    chain: Sequence[tuple[Document, int]] = ()


def roots_in(connection: Connection) -> FormerRoots:
    """The chain that the hub behind this connection has of its own catalogue."""
    catalogue = signing.own(connection)
    if catalogue is None:
        return FormerRoots()
    table = schema.trust_document
    rows = connection.execute(
        select(table).where(table.c.catalogue == catalogue, table.c.role == ROOT).order_by(table.c.version)
    )
    return FormerRoots(catalogue, [(Document(ROOT, row.version, bytes(row.body)), row.until_seconds) for row in rows])


def go_on_from(connection: Connection, former: FormerRoots) -> None:
    """Take the roots that go on from this hub's newest, in the caller's transaction; any others are left."""
    from catalog.trust import client

    catalogue = signing.own(connection)
    if catalogue is None or catalogue != former.catalogue:
        return
    known = {one.version: one for one in documents.roots(connection, catalogue, 0)}
    if any(known[one.version].body != one.body for one, _ in former.chain if one.version in known):
        return
    newer = [(one, until_seconds) for one, until_seconds in former.chain if one.version not in known]
    try:
        client.followed_root(catalogue, known[max(known)], [one for one, _ in newer])
    except ContentFault:
        return  # no continuation of the backup's chain: a box that has it says so, and staff hear of it
    documents.keep(connection, catalogue, newer, 0)


def bring_keys(connection: Connection, came: KeyRing, here: KeyRing) -> bool:
    """Bring the keys that the newest root names and that lie at the former hub alone. Returns whether root keys were
    left out, since they had been moved to sticks."""
    catalogue = signing.own(connection)
    root = documents.newest(connection, catalogue, ROOT) if catalogue is not None else None
    if root is None:
        return False
    for role in TOP_ROLES:
        for name in documents.keys_in(root, role):
            if not here.has(role, name):
                _bring(came, here, role, name)
    were_offline = came.has_any() and not came.has_any(ROOT)
    return were_offline and here.drop_all(ROOT) > 0


def _bring(came: KeyRing, here: KeyRing, role: str, name: str) -> None:
    try:
        key = came.find(role, name)
    except BoxFault:
        return  # it is as good as lost, and `rotate` replaces it
    if key is not None and key_id(key.public) == name:
        here.add(role, key)
