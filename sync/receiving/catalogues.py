"""The catalogues that a box trusts: what they list, how fresh their word is, and so what may come on the shelf.

* The first catalogue comes with a signed answer of the pinned hub, and is required ever after. It names the others
  (those that the hub mirrors) by their first root; each is believed by its own chain of keys. A mirror forges nothing.
* A box that never had one shelves by its hub's signed plan, as boxes of old do.
* A course stays with the publisher that first brought it here, as long as that one lists it.
* What is believed changes in the transaction of the answer that brought it; what cannot be believed changes nothing.
* Whether a word has run out is judged by a time that never goes back: the latest of what the hub signed, what this
  software was made after, and a clock that is trusted now. A wrong clock that was set right again locks nobody out.
* What is on the shelf is served whatever becomes of the catalogue. python-tuf is loaded when documents came.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.db import Connection, Database
from catalog.digest import Digest, digest_of
from catalog.fault import ContentFault
from catalog.manifest import Release
from catalog.trust.document import Document
from catalog.trust.roles import (
    DAY_SECONDS,
    ROOT,
    TIMESTAMP,
    CatalogueExpired,
    Freshness,
    NotListed,
    Target,
    freshness,
    refused,
)
from sync.clock import TRUSTED_SINCE_SECONDS, Clock
from sync.receiving.believed import entries_of, keep, note_source, root_named, target_at, trusted_in
from sync.receiving.believed import migrations as migrations
from sync.wire import CATALOGUES_MAX, Catalogued

if TYPE_CHECKING:
    from catalog.trust.delta import Part


@dataclass(frozen=True, slots=True)
class CatalogueState:
    """How the pinned hub's catalogue stands."""

    catalogue: str
    freshness: Freshness
    expires_seconds: int
    grace_ends_seconds: int
    """When nothing new is taken on it any more."""


class Catalogues:
    """What this box believes of catalogues. `grace_days` says how long content is taken on a word that has run out."""

    def __init__(self, database: Database, clock: Clock, grace_days: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._grace_days = grace_days

    def held(self) -> list[Catalogued]:
        """What the box tells its hub. Root version 0 asks for all of a catalogue: what is here is no base."""
        rows = self._database.read().execute(
            "select id, wants_all, root.version as root_version, stamp.version as stamp_version from catalogue"
            " join catalogue_document root on root.catalogue = id and root.role = ?"
            " join catalogue_document stamp on stamp.catalogue = id and stamp.role = ?"
            " order by place",
            [ROOT, TIMESTAMP],
        )
        return [
            Catalogued(row["id"], 0 if row["wants_all"] else row["root_version"], row["stamp_version"])
            for row in rows.fetchall()
        ]

    def take(self, connection: Connection, metadata: bytes) -> ContentFault | None:
        """Believe what came with a signed answer, in the caller's transaction.

        Returns why something of it could not be believed, to be said; the rest, and what was here before, stays.
        """
        if not metadata:
            return None
        # Loaded when something came: no page and no quiet night needs it.
        from catalog.trust import delta

        fault: ContentFault | None = None
        try:
            for part in delta.from_bytes(metadata):
                fault = self._take(connection, part) or fault
        except ContentFault as unreadable:
            return unreadable
        return fault

    def forget(self, connection: Connection) -> None:
        """Believe no catalogue any more, in the transaction in which a person joins the box to its hub again: the next
        one that comes with a signed answer is believed as the first was. What is on the shelf stays."""
        connection.execute("delete from catalogue_target")
        connection.execute("delete from catalogue_document")
        connection.execute("delete from catalogue")

    def hear_time(self, connection: Connection, wall_seconds: int) -> None:
        """Note a time that the hub signed, in the caller's transaction."""
        connection.execute(
            "insert into time_heard (only, seconds) values (1, ?)"
            " on conflict (only) do update set seconds = max(seconds, excluded.seconds)",
            [wall_seconds],
        )

    def judge(
        self, course: str, version: int, root: Digest, connection: Connection | None = None
    ) -> ContentFault | None:
        """Say why this release may not come on the shelf; None where it may."""
        reader = connection or self._database.read()
        if reader.execute("select 1 from catalogue").fetchone() is None:
            return None
        entries = entries_of(reader, course)
        fitting = [one for one in entries if (one.version, one.root) == (version, root)]
        if not fitting:
            return _not_listed(course, version, any(one.version == version for one in entries))
        if all(self._fresh(reader, one.until_seconds) is Freshness.STALE for one in fitting):
            return _expired(course, version)
        return None

    def admit(self, connection: Connection, release: Release) -> None:
        """Let a release on the shelf, in the transaction that puts it there.

        Raises NotListed or CatalogueExpired.
        """
        root = release.root
        fault = self.judge(release.course, release.version, root, connection)
        if fault is not None:
            raise fault
        entries = entries_of(connection, release.course)
        source = next((one.source for one in entries if (one.version, one.root) == (release.version, root)), None)
        if source is not None:
            note_source(connection, release.course, source)

    def listed(self, path: str) -> Target | None:
        """What the pinned hub's catalogue lists under this path, such as the boxes' software, while its word counts."""
        reader = self._database.read()
        found = target_at(reader, path)
        if found is None or self._fresh(reader, found[1]) is Freshness.STALE:
            return None
        return found[0]

    def state(self) -> CatalogueState | None:
        """How the pinned hub's catalogue stands; None before there is one."""
        reader = self._database.read()
        row = reader.execute(
            "select id, min(until_seconds) as until_seconds from catalogue"
            " join catalogue_document on catalogue = id and until_seconds is not null where place = 0 group by id"
        ).fetchone()
        if row is None:
            return None
        until_seconds = row["until_seconds"]
        ends_seconds = until_seconds + self._grace_days() * DAY_SECONDS
        return CatalogueState(row["id"], self._fresh(reader, until_seconds), until_seconds, ends_seconds)

    def now_seconds(self, connection: Connection | None = None) -> int:
        """The time by which expiry is judged; it never goes back."""
        row = (connection or self._database.read()).execute("select seconds from time_heard").fetchone()
        now = self._clock.now()
        return max(TRUSTED_SINCE_SECONDS, row["seconds"] if row else 0, now.wall_seconds if now.is_trusted else 0)

    def _fresh(self, connection: Connection, until_seconds: int) -> Freshness:
        return freshness(until_seconds, self.now_seconds(connection), self._grace_days() * DAY_SECONDS)

    def _take(self, connection: Connection, part: "Part") -> ContentFault | None:
        from catalog.trust import client, delta

        held = trusted_in(connection, part.catalogue)
        try:
            documents = delta.documents_in(part, held)
            if held is None:
                _demand_welcome(connection, part.catalogue, documents)
            keep(connection, client.refreshed(part.catalogue, held, documents))
        except delta.BaseDiffers as differs:
            connection.execute("update catalogue set wants_all = 1 where id = ?", [part.catalogue])
            return differs
        except ContentFault as fault:
            return fault
        return None


def _demand_welcome(connection: Connection, catalogue: str, documents: Sequence[Document]) -> None:
    """The first catalogue is the pinned hub's; a further one is one that it names. Raises MetadataRefused."""
    count = connection.execute("select count(*) from catalogue").fetchone()[0]
    if count == 0:
        return
    first = next((one for one in documents if (one.role, one.version) == (ROOT, 1)), None)
    if count >= CATALOGUES_MAX or first is None or digest_of(first.body) != root_named(connection, catalogue):
        raise refused(f"{catalogue} is not one that this box's own catalogue names")


def _not_listed(course: str, version: int, is_other: bool) -> NotListed:
    if is_other:
        return NotListed(
            f"{course} {version} that came is not the one that the signed catalogue lists.",
            "It was left where it is. Tell the hub's staff: somebody may have changed it on the way.",
        )
    return NotListed(
        f"The signed catalogue does not list {course} {version}.",
        "It is not taken. A new release comes once its publisher has signed it; of an old one, ask for the newest.",
    )


def _expired(course: str, version: int) -> CatalogueExpired:
    return CatalogueExpired(
        f"{course} {version} is not taken: the signed catalogue has run out, and the grace too.",
        "Courses here stay in use. Let the box talk to its hub, or bring a stick that the hub has written lately.",
    )
