"""Signing: from what should be listed to signed documents, in one transaction.

* Nothing is signed that did not change, but what has a third of its life behind it: a quiet night stays quiet.
* A version is the number of minutes since 2026 in which it was signed, and at least one more than the last. So what a
  hub signs after it was restored from a backup stands above what boxes have seen of it, though it remembers none of it.
* All is worked out before the first row is written. One process signs at a time.
* A publisher whose key is not here waits, and what it last signed stays; nobody else waits for it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, select, text, update

from catalog.releases import Releases
from catalog.trust.document import Document
from catalog.trust.roles import (
    OWN_PUBLISHER,
    RENEWED_PART,
    ROOT,
    ROOT_KEYS,
    ROOT_THRESHOLD,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    catalogue_id,
    is_due,
    key_id,
    life_seconds,
)
from sync.hub import schema
from sync.hub.engine import insert
from sync.hub.trust import documents
from sync.hub.trust.keys import KeyMissing, KeyRing
from sync.hub.trust.listing import listed_by, note, publishers
from sync.keys import KeyPair

if TYPE_CHECKING:
    from catalog.trust.metadata import Publisher

ONLINE_ROLES = (TARGETS, SNAPSHOT, TIMESTAMP)
"""Whose keys lie at the hub."""
FindKey = Callable[[str, str], KeyPair | None]
"""The secret key of a role with this fingerprint, if it is at hand."""

SIGNING_LOCK = 0x71616E6175
"""One number that all hub processes agree on: one of them signs at a time."""
SIGNED, DUE, WAITING = 0, 1, 2
"""What `trust_role.is_due` says: nothing to do, sign it, or it has to be signed by somebody who has the key."""


def begin(connection: Connection, ring: KeyRing, releases: Releases, now_seconds: int) -> str:
    """Make the hub's own catalogue, with keys made on the spot, and list all that is on offer. Returns its name."""
    from catalog.trust import metadata

    _take_turn(connection)
    known = own(connection)
    if known is not None:
        return known
    root_keys = [ring.make(ROOT) for _ in range(ROOT_KEYS)]
    keys = {ROOT: root_keys} | {role: [ring.make(role)] for role in (TARGETS, SNAPSHOT, TIMESTAMP)}
    until_seconds = now_seconds + life_seconds(ROOT)
    publics = {role: [key.public for key in pairs] for role, pairs in keys.items()}
    body = metadata.signed(metadata.root(1, until_seconds, publics), root_keys)
    catalogue = catalogue_id(body)
    documents.add_catalogue(connection, catalogue, is_own=True)
    documents.keep(connection, catalogue, [(Document(ROOT, 1, body), until_seconds)], now_seconds)
    add_role(connection, TARGETS, "", "", now_seconds)
    add_role(connection, OWN_PUBLISHER, ring.make(OWN_PUBLISHER).public, "*", now_seconds)
    for row in connection.execute(select(schema.offer)).all():
        document = releases.document(row.root)
        if document is not None:
            note(connection, row.course, row.version, row.root, len(document))
    sign(connection, catalogue, ring.find, now_seconds)
    return catalogue


def own(connection: Connection) -> str | None:
    """The name of the hub's own catalogue; None before there is one."""
    table = schema.trust_catalogue
    return connection.execute(select(table.c.id).where(table.c.is_own == 1)).scalar_one_or_none()


def add_role(connection: Connection, name: str, key: str, courses: str, now_seconds: int) -> None:
    """Let somebody list things from the next signature on, or give a known publisher another key."""
    row = {
        "name": name, "key": key, "courses": courses, "made_seconds": now_seconds, "revoked_seconds": None,
        "is_due": DUE,
    }  # fmt: skip
    statement = insert(connection, schema.trust_role).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))


def sign(
    connection: Connection, catalogue: str, find_key: FindKey, now_seconds: int, *, above_version: int = 0
) -> None:
    """Sign what is due. With `above_version` everything, under numbers above that one: boxes have seen it.

    Raises KeyMissing where a key is needed that is not at hand; then nothing changes.
    """
    from catalog.trust import metadata

    _take_turn(connection)
    root = documents.newest(connection, catalogue, ROOT)
    assert root is not None, "a catalogue begins with its root"
    until = documents.until_seconds(connection, catalogue)
    stamp = documents.newest(connection, catalogue, TIMESTAMP)
    stamp_version = stamp.version if stamp else 0
    forgotten_version = documents.above_version(connection, catalogue)
    last_version = max(stamp_version, above_version, forgotten_version)
    version = max(last_version + 1, documents.version_at(now_seconds))
    is_all = above_version > 0 or forgotten_version > stamp_version or stamp is None
    shot = documents.newest(connection, catalogue, SNAPSHOT)
    versions = documents.versions_in(shot) if shot else {}
    made: dict[str, tuple[bytes, int]] = {}
    waiting = []

    def due(role: str) -> bool:
        return is_all or is_due(role, until.get(role, 0), now_seconds)

    for row in publishers(connection):
        if not (row.is_due == DUE or due(row.name)):
            continue
        until_seconds = now_seconds + life_seconds(row.name)
        listed = listed_by(connection, row.name)
        if row.name == TARGETS:
            document = metadata.targets(version, until_seconds, listed, _delegated(connection))
            key: KeyPair | None = _key_of(find_key, root, TARGETS)
        else:
            document = metadata.targets(version, until_seconds, listed)
            key = find_key(row.name, key_id(row.key))
        if key is None:
            # What it last signed stays; what changed since waits for whoever has the key.
            if row.is_due == DUE or is_due(row.name, until.get(row.name, 0), now_seconds):
                waiting.append(row.name)
        else:
            made[row.name] = metadata.signed(document, [key]), until_seconds
            versions[row.name] = version
    if made or due(SNAPSHOT):
        until_seconds = now_seconds + life_seconds(SNAPSHOT)
        shot_made = metadata.snapshot(version, until_seconds, versions)
        made[SNAPSHOT] = metadata.signed(shot_made, [_key_of(find_key, root, SNAPSHOT)]), until_seconds
    if made or due(TIMESTAMP):
        until_seconds = now_seconds + life_seconds(TIMESTAMP)
        snapshot_version = version if SNAPSHOT in made else shot.version if shot else version
        stamp_made = metadata.timestamp(version, until_seconds, snapshot_version)
        made[TIMESTAMP] = metadata.signed(stamp_made, [_key_of(find_key, root, TIMESTAMP)]), until_seconds
    until |= {role: until_seconds for role, (_, until_seconds) in made.items()}
    rows = [(Document(role, version, body), until_seconds) for role, (body, until_seconds) in made.items()]
    _note_signed(connection, waiting)
    documents.keep(connection, catalogue, rows, _renew_seconds(connection, until))


def _renew_seconds(connection: Connection, until: Mapping[str, int]) -> int:
    """When the next document should be signed anew, of those whose keys are here."""
    roles = {SNAPSHOT, TIMESTAMP, *(row.name for row in publishers(connection) if row.is_due != WAITING)}
    return min(until[role] - life_seconds(role) * (RENEWED_PART - 1) // RENEWED_PART for role in roles)


def _note_signed(connection: Connection, waiting: Sequence[str]) -> None:
    table = schema.trust_role
    connection.execute(update(table).where(table.c.is_due == DUE).values(is_due=SIGNED))
    connection.execute(update(table).where(table.c.name.in_(waiting)).values(is_due=WAITING))


def _delegated(connection: Connection) -> list["Publisher"]:
    from catalog.trust.metadata import Publisher

    return [Publisher(row.name, row.key, row.courses) for row in publishers(connection) if row.name != TARGETS]


def _key_of(find_key: FindKey, root: Document, role: str) -> KeyPair:
    for name in documents.keys_in(root, role):
        key = find_key(role, name)
        if key is not None:
            return key
    raise KeyMissing(
        f"The catalogue's {role} key is not at this hub.",
        "Restore the folder keys/catalogue from a backup, or make a new key with `qanat hub keys rotate`.",
    )


def root_body(
    version: int, until_seconds: int, keys: Mapping[str, Sequence[str]], signers: Sequence[KeyPair]
) -> Document:
    """A signed root."""
    from catalog.trust import metadata

    return Document(ROOT, version, metadata.signed(metadata.root(version, until_seconds, keys), signers))


def root_signers(ring: KeyRing, root: Document, brought: Sequence[KeyPair] = ()) -> list[KeyPair]:
    """Two keys of this root, or more, of those at the hub and those that sticks brought. Raises KeyMissing."""
    names = documents.keys_in(root, ROOT)
    found = {name: key for name in names if (key := ring.find(ROOT, name)) is not None}
    found |= {key_id(key.public): key for key in brought if key_id(key.public) in names}
    if len(found) < ROOT_THRESHOLD:
        raise KeyMissing(
            f"Root keys at hand: {len(found)}. {ROOT_THRESHOLD} must sign.",
            "Put in two of the three sticks with root keys, and name their folders with --root.",
        )
    return list(found.values())


def add_roots(
    connection: Connection, catalogue: str, keys: Mapping[str, Sequence[str]], signers: Sequence[KeyPair],
    now_seconds: int, above_version: int = 0,
) -> int:  # fmt: skip
    """Sign roots that name these keys, up to one above the newest and above `above_version`: whoever holds one of a
    number between follows. Returns the number of the last."""
    newest = documents.newest(connection, catalogue, ROOT)
    assert newest is not None, "a catalogue begins with its root"
    until_seconds = now_seconds + life_seconds(ROOT)
    last_version = max(newest.version, above_version) + 1
    for version in range(newest.version + 1, last_version + 1):
        made = root_body(version, until_seconds, keys, signers)
        documents.keep(connection, catalogue, [(made, until_seconds)], now_seconds)
    documents.forget_seen(connection, catalogue)
    return last_version


def waiting_roles(connection: Connection) -> list[Row[Any]]:
    """The publishers for whose signature something waits."""
    table = schema.trust_role
    return list(connection.execute(select(table).where(table.c.is_due == WAITING).order_by(table.c.name)))


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": SIGNING_LOCK})
