"""Documents: what a tool keeps here for itself: the state of an activity, profiles of agents and of activities.

* A document lies in a folder (of which kind, whose, of which activity, from which launch) under its own name.
* Whoever would overwrite another's words hears so: conditions are judged in the very write that they guard.
* They are bounded: one document, and all of one folder together.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import sha1_hex, sha256
from edge.learning.lrs.actor import Agent, identity
from edge.learning.lrs.literal import is_media_type
from edge.learning.lrs.owners import Owners
from edge.learning.lrs.refusal import NotTaken, malformed
from edge.learning.lrs.text import canonical_text, parsed
from sync.clock import Clock

DOCUMENT_BYTES_MAX = 512 << 10
DOCUMENTS_MAX = 256
"""Of one folder."""
FOLDER_BYTES_MAX = 8 << 20
NAME_LETTERS_MAX = 500
JSON = "application/json"
ANY_REGISTRATION = "*"

migrations = Migrations("edge.learning.lrs.documents")


@migrations()
def document(database: Connection) -> None:
    database.executescript(
        """
        create table document (
            number integer primary key,
            folder blob not null,
            kind text not null,
            activity text not null,
            registration text not null,
            name text not null,
            learner text not null,
            media_type text not null,
            etag text not null,
            changed_ms integer not null,
            content blob not null,
            unique (folder, registration, name)
        ) strict;
        create index document_learner on document (learner) where learner <> '';
        """
    )


@dataclass(frozen=True, slots=True)
class Folder:
    """Where documents of one sort lie. `agent` is None, and `activity` "", where that is not asked."""

    kind: str
    scope: str
    agent: Agent | None = None
    activity: str = ""

    def mark(self) -> bytes:
        told = [self.kind, self.scope, identity(self.agent) if self.agent is not None else "", self.activity]
        return sha256(canonical_text(told).encode())


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it is kept."""

    name: str
    media_type: str
    etag: str
    changed_ms: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which a write is meant: If-Match and If-None-Match as they came, and whether one of them must be there."""

    match: str = ""
    none_match: str = ""
    is_needed: bool = False
    """Where a document is here already."""
    is_needed_for_new: bool = False
    """Where there is none yet."""

    def judge(self, etag: str | None) -> None:
        """Raises NotTaken where a write is not meant for what is here: `etag`, None where there is nothing."""
        if self.match and not _names(self.match, etag):
            raise NotTaken(412, "The document is not the one that If-Match names.", "Read it again, then decide.")
        if self.none_match and _names(self.none_match, etag):
            raise NotTaken(412, "The document is here already, as If-None-Match names it.", "Read it, then decide.")
        if self.match or self.none_match:
            return
        if self.is_needed_for_new and etag is None:
            raise malformed("A PUT of a profile states by If-Match or If-None-Match what it is meant for.")
        if self.is_needed and etag is not None:
            raise NotTaken(
                409,
                "A document of this name is here already, and the request does not say which it would replace.",
                "Read it, and send its ETag as If-Match; or send If-None-Match: * to write only where there is none.",
            )


class Documents:
    """The documents of one box."""

    def __init__(self, database: Database, owners: Owners, clock: Clock) -> None:
        self._database = database
        self._owners = owners
        self._clock = clock

    def read(self, folder: Folder, registration: str, name: str) -> Kept | None:
        return _kept(self._database.read(), folder.mark(), registration, name)

    def names(self, folder: Folder, registration: str, since_ms: int) -> list[str]:
        """The names of documents that changed after this moment, of one registration or of all."""
        rows = self._database.read().execute(
            """
            select distinct name from document where folder = :folder and changed_ms > :since
                and (:registration = '*' or registration = :registration) order by name
            """,
            {"folder": folder.mark(), "since": since_ms, "registration": registration},
        )
        return [row["name"] for row in rows]

    def putting(
        self, folder: Folder, registration: str, name: str, media_type: str, content: bytes, conditions: Conditions
    ) -> Callable[[Connection], None]:
        """The work that puts a document in its place. It raises NotTaken."""
        _demand_small(name, media_type, content)

        def work(connection: Connection) -> None:
            former = _kept(connection, folder.mark(), registration, name)
            conditions.judge(former.etag if former else None)
            self._write(connection, folder, registration, Kept(name, media_type, "", 0, content))

        return work

    def merging(
        self, folder: Folder, registration: str, name: str, media_type: str, content: bytes, conditions: Conditions
    ) -> Callable[[Connection], None]:
        """The work that adds the properties of one JSON object to another; where there is none, it is put there.

        It raises NotTaken where either is no JSON object.
        """
        _demand_small(name, media_type, content)
        added = parsed(content) if _is_json(media_type) else None

        def work(connection: Connection) -> None:
            former = _kept(connection, folder.mark(), registration, name)
            conditions.judge(former.etag if former else None)
            whole = content
            if former is not None:
                whole = canonical_text({**_object(former.media_type, former.content), **_object_of(added)}).encode()
            elif added is not None:
                _object_of(added)
            _demand_small(name, media_type, whole)
            self._write(connection, folder, registration, Kept(name, media_type, "", 0, whole))

        return work

    def deleting(
        self, folder: Folder, registration: str, name: str | None, conditions: Conditions
    ) -> Callable[[Connection], None]:
        """The work that removes a document, or with None all of a folder; none may be there."""

        def work(connection: Connection) -> None:
            if name is None:
                connection.execute(
                    """
                    delete from document where folder = :folder
                        and (:registration = '*' or registration = :registration)
                    """,
                    {"folder": folder.mark(), "registration": registration},
                )
                return
            former = _kept(connection, folder.mark(), registration, name)
            conditions.judge(former.etag if former else None)
            connection.execute(
                "delete from document where folder = ? and registration = ? and name = ?",
                [folder.mark(), registration, name],
            )

        return work

    def of_owner(self, owner: str) -> Iterator[tuple[str, str, str, Kept]]:
        """Everything that is kept of somebody, one by one: kind, activity, registration, document."""
        reader = self._database.read()
        for row in reader.execute("select number from document where learner = ?", [owner]).fetchall():
            found = reader.execute(
                """
                select kind, activity, registration, name, media_type, etag, changed_ms, content from document
                where number = ?
                """,
                [row["number"]],
            ).fetchone()
            if found is not None:
                yield found[0], found[1], found[2], Kept(found[3], found[4], found[5], found[6], bytes(found[7]))

    def forget(self, connection: Connection, learner: str) -> None:
        connection.execute("delete from document where learner = ? and learner <> ''", [learner])

    def _write(self, connection: Connection, folder: Folder, registration: str, kept: Kept) -> None:
        mark = folder.mark()
        owner = self._owners.of_agent(connection, folder.agent) if folder.agent is not None else ""
        held = connection.execute(
            """
            select count(*) as documents, coalesce(sum(length(content)), 0) as bytes from document
            where folder = ? and not (registration = ? and name = ?)
            """,
            [mark, registration, kept.name],
        ).fetchone()
        if held["documents"] >= DOCUMENTS_MAX or held["bytes"] + len(kept.content) > FOLDER_BYTES_MAX:
            raise NotTaken(
                413,
                f"No more than {DOCUMENTS_MAX} documents and {FOLDER_BYTES_MAX} bytes are kept in one place.",
                "Delete what is not needed any more.",
            )
        connection.execute(
            """
            insert into document (folder, kind, activity, registration, name, learner, media_type, etag, changed_ms,
                                  content)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (folder, registration, name) do update set learner = excluded.learner,
                media_type = excluded.media_type, etag = excluded.etag, changed_ms = excluded.changed_ms,
                content = excluded.content
            """,
            [
                mark, folder.kind, folder.activity, registration, kept.name, owner, kept.media_type,
                sha1_hex(kept.content), self._clock.now().wall_milliseconds, kept.content,
            ],
        )  # fmt: skip


def _kept(connection: Connection, mark: bytes, registration: str, name: str) -> Kept | None:
    row = connection.execute(
        """
        select name, media_type, etag, changed_ms, content from document
        where folder = ? and registration = ? and name = ?
        """,
        [mark, registration, name],
    ).fetchone()
    return Kept(row[0], row[1], row[2], row[3], bytes(row[4])) if row else None


def _demand_small(name: str, media_type: str, content: bytes) -> None:
    if len(name) > NAME_LETTERS_MAX:
        raise malformed(f"The name of the document has more than {NAME_LETTERS_MAX} letters.")
    if not is_media_type(media_type):
        raise malformed("The Content-Type is no media type.")
    if len(content) > DOCUMENT_BYTES_MAX:
        raise NotTaken(
            413, f"A document may have {DOCUMENT_BYTES_MAX} bytes, and this one has {len(content)}.", "Keep less in it."
        )


def _is_json(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() == JSON


def _object(media_type: str, content: bytes) -> Mapping[str, Any]:
    if not _is_json(media_type):
        raise malformed("The document that is here is not JSON, and nothing can be added to it.")
    return _object_of(parsed(content))


def _object_of(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise malformed("Only a JSON object can be added to a JSON object.")
    return value


def _names(tags: str, etag: str | None) -> bool:
    """Tell whether a header of conditions names this tag."""
    if tags.strip() == "*":
        return etag is not None
    named = [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
    return etag is not None and etag in named
