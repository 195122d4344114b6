"""What is believed of catalogues, at rest: their documents, what these list, who brought which course.

* A catalogue is replaced as a whole, in the caller's transaction: documents and lists never tell of two moments.
* `place` 0 is the pinned hub's own catalogue. Another one counts only while that one names its root.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils.migrations import Migrations

from catalog.db import Connection
from catalog.digest import Digest
from catalog.trust.document import Document, Trusted
from catalog.trust.roles import ROOTS_FOLDER, Target, root_path

migrations = Migrations("sync.catalogues")


@migrations()
def catalogues(connection: Connection) -> None:
    """`place` 0 is the pinned hub's own. `until_seconds`: when the word of this role, and all above it, runs out."""
    connection.execute(
        """
        create table catalogue (
            id text primary key,
            place integer not null unique,
            wants_all integer not null default 0
        ) strict
        """
    )
    connection.execute(
        """
        create table catalogue_document (
            catalogue text not null references catalogue (id),
            role text not null,
            version integer not null,
            body blob not null,
            until_seconds integer,
            primary key (catalogue, role)
        ) strict
        """
    )
    connection.execute(
        """
        create table catalogue_target (
            catalogue text not null references catalogue (id),
            role text not null,
            path text not null,
            digest text not null,
            size_bytes integer not null,
            course text,
            version integer,
            primary key (catalogue, role, path)
        ) strict, without rowid
        """
    )
    connection.execute("create index catalogue_target_course on catalogue_target (course)")
    connection.execute(
        "create table course_source (course text primary key, catalogue text not null, role text not null) strict"
    )
    connection.execute(
        "create table time_heard (only integer primary key check (only = 1), seconds integer not null) strict"
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One release of a course that a trusted catalogue lists."""

    source: tuple[str, str]
    """Which catalogue, which publisher."""
    version: int
    root: str
    until_seconds: int


def entries_of(connection: Connection, course: str) -> list[Entry]:
    """What is listed of a course by whoever may list it: the one that brought it here, while it lists it."""
    rows = connection.execute(
        "select target.catalogue, target.role, target.version, target.digest, document.until_seconds"
        " from catalogue_target target"
        " join catalogue on catalogue.id = target.catalogue"
        " join catalogue_document document on document.catalogue = target.catalogue and document.role = target.role"
        " where target.course = ?1 and (place = 0 or exists (select 1 from catalogue_target named"
        " join catalogue pinned on pinned.id = named.catalogue and pinned.place = 0"
        " where named.path = ?2 || '/' || catalogue.id))"
        " order by place, target.role, target.version desc",
        [course, ROOTS_FOLDER],
    ).fetchall()
    entries = [
        Entry((row["catalogue"], row["role"]), row["version"], row["digest"], row["until_seconds"]) for row in rows
    ]
    known = connection.execute("select catalogue, role from course_source where course = ?", [course]).fetchone()
    return entries if known is None else of_source(entries, (known["catalogue"], known["role"]))


def of_source(entries: Sequence[Entry], source: tuple[str, str]) -> list[Entry]:
    """What counts of a course that came from `source`: that one's word, unless it lists the course no more."""
    return [one for one in entries if one.source == source] or list(entries)


def note_source(connection: Connection, course: str, source: tuple[str, str]) -> None:
    """Remember who brought a course here."""
    connection.execute(
        "insert into course_source (course, catalogue, role) values (?, ?, ?)"
        " on conflict (course) do update set catalogue = excluded.catalogue, role = excluded.role",
        [course, *source],
    )


def trusted_in(connection: Connection, catalogue: str) -> Trusted | None:
    """A catalogue as far as it is believed."""
    rows = connection.execute(
        "select role, version, body from catalogue_document where catalogue = ?", [catalogue]
    ).fetchall()
    documents = {row["role"]: Document(row["role"], row["version"], bytes(row["body"])) for row in rows}
    return Trusted(catalogue, documents) if documents else None


def keep(connection: Connection, trusted: Trusted) -> None:
    """Believe this from now on. Raises MetadataRefused where what it lists cannot be read."""
    from catalog.trust.client import listings

    lists = listings(trusted)
    until_seconds = {one.role: one.expires_seconds for one in lists}
    name = trusted.catalogue
    connection.execute(
        "insert into catalogue (id, place) values (?, (select coalesce(max(place) + 1, 0) from catalogue))"
        " on conflict (id) do update set wants_all = 0",
        [name],
    )
    connection.execute("delete from catalogue_document where catalogue = ?", [name])
    connection.conn.executemany(
        "insert into catalogue_document (catalogue, role, version, body, until_seconds) values (?, ?, ?, ?, ?)",
        [(name, one.role, one.version, one.body, until_seconds.get(one.role)) for one in trusted.documents.values()],
    )
    _keep_targets(connection, name, {(one.role, target) for one in lists for target in one.targets})


def _keep_targets(connection: Connection, catalogue: str, listed: set[tuple[str, Target]]) -> None:
    """Make the rows of a catalogue those listed; of thousands only those that differ are written."""
    rows = connection.execute(
        "select role, path, digest, size_bytes from catalogue_target where catalogue = ?", [catalogue]
    ).fetchall()
    here = {(row["role"], Target(row["path"], Digest(row["digest"]), row["size_bytes"])) for row in rows}
    connection.conn.executemany(
        "delete from catalogue_target where catalogue = ? and role = ? and path = ?",
        [(catalogue, role, target.path) for role, target in here - listed],
    )
    connection.conn.executemany(
        "insert into catalogue_target (catalogue, role, path, digest, size_bytes, course, version)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        [
            (catalogue, role, target.path, target.digest, target.size_bytes, *(target.course or (None, None)))
            for role, target in sorted(listed - here)
        ],
    )


def target_at(connection: Connection, path: str) -> tuple[Target, int] | None:
    """What the pinned hub's catalogue lists under this path, and until when its word counts."""
    row = connection.execute(
        "select path, digest, size_bytes, until_seconds from catalogue_target target"
        " join catalogue on catalogue.id = target.catalogue and place = 0"
        " join catalogue_document document on document.catalogue = id and document.role = target.role"
        " where path = ?",
        [path],
    ).fetchone()
    return (Target(row["path"], Digest(row["digest"]), row["size_bytes"]), row["until_seconds"]) if row else None


def root_named(connection: Connection, catalogue: str) -> Digest | None:
    """The first root of a further catalogue, as the pinned hub's names it."""
    found = target_at(connection, root_path(catalogue))
    return found[0].digest if found else None
