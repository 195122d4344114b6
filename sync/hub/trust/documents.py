"""The documents: what was signed of catalogues, the hub's own and mirrored ones, as rows.

* Every root stays for ever: a box that slept for years follows the chain. Of the other roles the last few versions
  stay, so that news can be told as a difference to what a box holds.
* What a reader holds is put together from one number, its timestamp's version: the rest follows from that.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, delete, func, select, update

from catalog.trust.document import Document, Trusted
from catalog.trust.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP
from sync.clock import TRUSTED_SINCE_SECONDS
from sync.hub import schema
from sync.hub.engine import insert
from sync.wire import Catalogued

MINUTE_SECONDS = 60
VERSIONS_KEPT = 16
"""So many documents of a role stay: a box that holds an older one is sent all."""
ROOTS_FORGOTTEN_MAX = 32
"""So many roots a hub that was put back may have forgotten; what a box claims beyond that is not followed."""
RESTORED_VERSIONS = 366 * 24 * 60
"""So many numbers a restored hub leaves out: a year's minutes, should its clock be wrong as well."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a catalogue stands at the hub."""

    catalogue: str
    is_own: bool
    address: str
    root_version: int
    timestamp_version: int
    renew_seconds: int
    seen_root_version: int = 0
    """The highest root that a box has shown and that is not here; 0 where there is none."""
    restored_root_version: int = 0
    """The newest root of the backup that this hub was put back from; 0 where it never was."""


def standings(connection: Connection) -> list[Standing]:
    """Every catalogue here, the hub's own first."""
    table = schema.trust_catalogue
    rows = connection.execute(select(table).order_by(table.c.is_own.desc(), table.c.id))
    return [
        Standing(
            row.id,
            row.is_own == 1,
            row.address,
            row.root_version,
            row.timestamp_version,
            row.renew_seconds,
            row.seen_root_version,
            row.restored_root_version,
        )
        for row in rows
    ]


def add_catalogue(connection: Connection, catalogue: str, address: str = "", *, is_own: bool = False) -> None:
    """Know a catalogue, if it is not known yet."""
    row = {
        "id": catalogue, "is_own": int(is_own), "address": address, "root_version": 0, "timestamp_version": 0,
        "renew_seconds": 0, "above_version": 0,
    }  # fmt: skip
    connection.execute(insert(connection, schema.trust_catalogue).values(row).on_conflict_do_nothing())


def restored(connection: Connection, now_seconds: int) -> None:
    """This hub comes from a backup: all is signed anew, far above what boxes may have seen of it.

    The time is in it, so that whoever restores the same backup twice does not give one number to two lists.
    """
    own = schema.trust_catalogue
    timely = version_at(now_seconds)
    newest = case((own.c.timestamp_version > timely, own.c.timestamp_version), else_=timely)
    ahead = newest + RESTORED_VERSIONS
    values = {"above_version": ahead, "renew_seconds": 0, "restored_root_version": own.c.root_version}
    connection.execute(update(own).where(own.c.is_own == 1).values(values))


def note_seen(connection: Connection, held: Iterable[Catalogued]) -> None:
    """A box shows which form of the hub's own catalogue it holds: a root that is not here was forgotten."""
    own = schema.trust_catalogue
    for one in held:
        # Whatever a box claims, nobody forgets more than so many.
        seen = case(
            (own.c.root_version + ROOTS_FORGOTTEN_MAX < one.root_version, own.c.root_version + ROOTS_FORGOTTEN_MAX),
            else_=one.root_version,
        )
        is_ahead = (own.c.root_version < one.root_version, own.c.seen_root_version < one.root_version)
        where = (own.c.id == one.catalogue, own.c.is_own == 1, *is_ahead)
        connection.execute(update(own).where(*where).values(seen_root_version=seen))


def forget_seen(connection: Connection, catalogue: str) -> None:
    """The roots here are above all that boxes have shown."""
    own = schema.trust_catalogue
    connection.execute(update(own).where(own.c.id == catalogue).values(seen_root_version=0))


def drop_roots(connection: Connection, catalogue: str, from_version: int) -> None:
    """Let the roots from this one on go: others take their places."""
    table = schema.trust_document
    is_one = (table.c.catalogue == catalogue, table.c.role == ROOT, table.c.version >= from_version)
    connection.execute(delete(table).where(*is_one))


def version_at(now_seconds: int) -> int:
    """The least number of what is signed now: the minutes of this hub's time."""
    return (now_seconds - TRUSTED_SINCE_SECONDS) // MINUTE_SECONDS


def above_version(connection: Connection, catalogue: str) -> int:
    """The number above which the next signature stands."""
    table = schema.trust_catalogue
    return int(connection.execute(select(table.c.above_version).where(table.c.id == catalogue)).scalar_one())


def keep(connection: Connection, catalogue: str, documents: Iterable[tuple[Document, int]], renew_seconds: int) -> None:
    """Keep new documents, each with the second until which it counts, and let the oldest go."""
    table = schema.trust_document
    for document, until_seconds in documents:
        row = {
            "catalogue": catalogue, "role": document.role, "version": document.version, "body": document.body,
            "until_seconds": until_seconds,
        }  # fmt: skip
        connection.execute(insert(connection, table).values(row).on_conflict_do_nothing())
        if document.role != ROOT:
            here = (table.c.catalogue == catalogue, table.c.role == document.role)
            kept = select(table.c.version).where(*here).order_by(table.c.version.desc()).limit(VERSIONS_KEPT)
            connection.execute(delete(table).where(*here, table.c.version < min(connection.execute(kept).scalars())))
    versions = {"root_version": _newest(catalogue, ROOT), "timestamp_version": _newest(catalogue, TIMESTAMP)}
    values: dict[str, Any] = {"renew_seconds": renew_seconds, **versions}
    own = schema.trust_catalogue
    connection.execute(update(own).where(own.c.id == catalogue).values(values))


def newest(connection: Connection, catalogue: str, role: str) -> Document | None:
    table = schema.trust_document
    query = (
        select(table)
        .where(table.c.catalogue == catalogue, table.c.role == role)
        .order_by(table.c.version.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return Document(row.role, row.version, bytes(row.body)) if row else None


def until_seconds(connection: Connection, catalogue: str) -> dict[str, int]:
    """Until when the newest document of each role counts."""
    table = schema.trust_document
    rows = connection.execute(
        select(table.c.role, table.c.until_seconds).where(table.c.catalogue == catalogue).order_by(table.c.version)
    )
    return {row.role: row.until_seconds for row in rows}


def roots(connection: Connection, catalogue: str, after_version: int) -> list[Document]:
    """The chain of roots behind this one, the oldest first."""
    table = schema.trust_document
    rows = connection.execute(
        select(table)
        .where(table.c.catalogue == catalogue, table.c.role == ROOT, table.c.version > after_version)
        .order_by(table.c.version)
    )
    return [Document(row.role, row.version, bytes(row.body)) for row in rows]


def held(connection: Connection, catalogue: str, root_version: int, timestamp_version: int) -> Trusted | None:
    """What a reader holds whose root and timestamp have these versions; None where the hub does not have it so."""
    found: dict[str, Document] = {}

    def have(role: str, version: int) -> Document | None:
        document = _at(connection, catalogue, role, version)
        if document is not None:
            found[role] = document
        return document

    root, stamp = have(ROOT, root_version), have(TIMESTAMP, timestamp_version)
    shot = have(SNAPSHOT, _version(stamp, SNAPSHOT)) if stamp else None
    top = have(TARGETS, _version(shot, TARGETS)) if shot else None
    if root is None or shot is None or top is None:
        return None
    for publisher in publishers_in(top):
        version = _version(shot, publisher)
        if version and have(publisher, version) is None:
            return None
    return Trusted(catalogue, found)


def publishers_in(top: Document) -> list[str]:
    """Whom the top role names."""
    return [role["name"] for role in _signed(top).get("delegations", {}).get("roles", ())]


def keys_in(root: Document, role: str) -> list[str]:
    """The fingerprints of the keys that count for a top role."""
    return list(_signed(root)["roles"][role]["keyids"])


def versions_in(shot: Document) -> dict[str, int]:
    """Each role's version that a snapshot names."""
    return {name.removesuffix(".json"): int(meta["version"]) for name, meta in _signed(shot)["meta"].items()}


def paths_in(listing: Document) -> set[str]:
    """What a publisher's document lists."""
    return set(_signed(listing)["targets"])


def _at(connection: Connection, catalogue: str, role: str, version: int) -> Document | None:
    table = schema.trust_document
    query = select(table).where(table.c.catalogue == catalogue, table.c.role == role, table.c.version == version)
    row = connection.execute(query).one_or_none()
    return Document(row.role, row.version, bytes(row.body)) if row else None


def _version(document: Document, role: str) -> int:
    """Which version of a role a timestamp or snapshot names; 0 for none."""
    return int(_signed(document)["meta"].get(f"{role}.json", {}).get("version", 0))


def _signed(document: Document) -> dict[str, Any]:
    # Ours, or verified when it came: nothing of python-tuf is needed to look something up in it.
    signed: dict[str, Any] = json.loads(document.body)["signed"]
    return signed


def _newest(catalogue: str, role: str) -> Any:
    table = schema.trust_document
    highest = select(func.coalesce(func.max(table.c.version), 0))
    return highest.where(table.c.catalogue == catalogue, table.c.role == role).scalar_subquery()
