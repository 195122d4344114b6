"""Mirroring: another hub's signed catalogue and its releases, fetched, proven and offered to our own boxes.

* Who has the catalogue's name needs to trust nobody on the way: the name proves its first root, the roots prove each
  other, the rest follows; files prove themselves by their digests.
* This hub vouches for nothing that it mirrors. Its boxes judge it by the other catalogue; it only says which one.
* Nothing goes up: the other hub hears which files are asked for, and of no learner.
* A course that this hub publishes itself is not taken from elsewhere.
* What was fetched stays: a mirror that was cut off goes on at the next release.
"""

from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy import Engine

from catalog.db import Connection as RowConnection
from catalog.digest import digest_of
from catalog.fault import CallerFault, ContentFault, Damaged, Fault
from catalog.publish import Catalog
from catalog.trust.document import Document, Trusted
from catalog.trust.roles import DAY_SECONDS, GRACE_DAYS, ROOT, Freshness, Target, freshness, is_catalogue, refused
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import insert, reading, writing
from sync.hub.keeping import audit
from sync.hub.trust import documents, listing
from sync.hub.trust.catalogue import SignedCatalogue
from sync.hub.trust.listing import CourseTaken
from sync.link import Link, PackMissing
from sync.receiving.proven import fetch_file, fetched_layer, fetched_release
from sync.wire import METADATA_BYTES_MAX

CATALOGUE_NAME = "catalogue-{}"
"""What a whole catalogue is called among a hub's packs."""


@dataclass
class Brought:
    """What a turn of mirroring brought. `faults` are the courses that could not come, and why."""

    listed: int = 0
    courses: list[str] = field(default_factory=list)
    came_bytes: int = 0
    faults: list[Fault] = field(default_factory=list)


class Mirroring:
    """Brings other catalogues here."""

    def __init__(self, engine: Engine, catalog: Catalog, signed: SignedCatalogue, clock: Clock) -> None:
        self._engine = engine
        self._catalog = catalog
        self._signed = signed
        self._clock = clock

    def bring(self, link: Link, catalogue: str, address: str, hear: Callable[[str], None]) -> Brought:
        """Fetch what is new of a catalogue and of its courses; whoever calls builds the packs then.

        `hear` gets the course at hand. Raises CallerFault where there is no such catalogue, LinkFault, MetadataRefused,
        BoxFault.
        """
        if not is_catalogue(catalogue):
            raise _nowhere(catalogue, address)
        try:
            trusted = self._refreshed(link, catalogue)
        except PackMissing as error:
            raise _nowhere(catalogue, address) from error
        newest = self._newest(trusted)
        brought = Brought(listed=len(newest))
        mine = self._welcome(trusted, address, newest, brought)
        for course, target in sorted(newest.items()):
            if course not in mine or self._catalog.releases.document(target.digest) is not None:
                continue
            hear(course)
            try:
                brought.came_bytes += self._fetch(link, target)
            except ContentFault as fault:
                brought.faults.append(fault)
            else:
                brought.courses.append(course)
        return brought

    def _refreshed(self, link: Link, catalogue: str) -> Trusted:
        """What there is of the catalogue, proven against what is here of it. Raises LinkFault, MetadataRefused."""
        from catalog.trust import client, delta

        came = bytearray()
        with closing(link.fetch(CATALOGUE_NAME.format(catalogue), 0, None)) as pieces:
            for piece in pieces:
                came += piece
                if len(came) > METADATA_BYTES_MAX:
                    raise refused("it is too long")
        with reading(self._engine) as connection:
            standing = next((one for one in documents.standings(connection) if one.catalogue == catalogue), None)
            held = (
                None
                if standing is None
                else documents.held(connection, catalogue, standing.root_version, standing.timestamp_version)
            )
        part = next((one for one in delta.from_bytes(bytes(came)) if one.catalogue == catalogue), None)
        if part is None or (standing is not None and standing.is_own):
            raise refused(f"{catalogue} is not what came, or is this hub's own")
        came_documents = delta.documents_in(part, None)
        trusted = client.refreshed(catalogue, held, came_documents)
        roots = [one for one in came_documents if one.role == ROOT and one.version <= trusted.version(ROOT)]
        self._keep(trusted, roots)
        return trusted

    def _keep(self, trusted: Trusted, roots: Collection[Document]) -> None:
        from catalog.trust import client

        until_seconds = min(one.expires_seconds for one in client.listings(trusted))
        if freshness(until_seconds, self._now(), GRACE_DAYS * DAY_SECONDS) is Freshness.STALE:
            raise refused("it has run out, and the grace too")
        rows = [(one, until_seconds) for one in (*roots, *trusted.documents.values())]
        with writing(self._engine) as connection:
            documents.add_catalogue(connection, trusted.catalogue)
            documents.keep(connection, trusted.catalogue, rows, 0)

    def _newest(self, trusted: Trusted) -> dict[str, Target]:
        """The newest release of each course that a publisher lists."""
        from catalog.trust import client

        newest: dict[str, tuple[int, Target]] = {}
        for listed in client.listings(trusted):
            for target in listed.targets:
                if target.course is not None:
                    course, version = target.course
                    newest[course] = max(newest.get(course, (0, target)), (version, target))
        return {course: target for course, (_, target) in newest.items()}

    def _welcome(self, trusted: Trusted, address: str, newest: Collection[str], brought: Brought) -> set[str]:
        """Name the other catalogue in our own; returns which of its courses are not somebody else's here."""
        mirrored, table = schema.trust_mirrored, schema.trust_catalogue
        with writing(self._engine) as connection:
            self._signed.sign(connection)
            first = documents.roots(connection, trusted.catalogue, 0)[0]
            mine = set()
            for course in sorted(newest):
                source = listing.source_of(connection, course)
                is_ours = source is None and self._catalog.releases.latest(course) is not None
                if is_ours or source not in (None, trusted.catalogue):
                    brought.faults.append(_taken(course))
                else:
                    mine.add(course)
            rows = [{"course": course, "catalogue": trusted.catalogue} for course in sorted(mine)]
            if rows:
                connection.execute(insert(connection, mirrored).on_conflict_do_nothing(), rows)
            connection.execute(table.update().where(table.c.id == trusted.catalogue).values(address=address))
            listing.note_root(connection, trusted.catalogue, digest_of(first.body), len(first.body))
            self._signed.sign(connection)
            about = {"catalogue": trusted.catalogue, "from": address}
            audit.note(connection, audit.COMMAND_LINE, "catalogue-mirrored", about, self._now())
        return mine

    def _fetch(self, link: Link, target: Target) -> int:
        """Bring one release, all its layers; returns how many bytes of files came. Raises LinkFault, ContentFault."""
        release = fetched_release(link, target.digest)
        if (release.course, release.version) != target.course or len(release.to_bytes()) != target.size_bytes:
            raise Damaged(
                f"{target.path} is in truth {release.course} {release.version}.",
                "It was not taken. Tell the staff of the hub that lists it.",
            )
        came_bytes = 0

        def hear(piece_bytes: int) -> None:
            nonlocal came_bytes
            came_bytes += piece_bytes

        with self._catalog.store.batch() as batch:
            layers = [fetched_layer(link, release, name) for name in release.layers]
            entries = {entry.digest: entry for layer in layers for entry in layer.entries}
            for entry in entries.values():
                if not self._catalog.store.has(entry.digest):
                    fetch_file(link, entry, batch, hear)
            batch.place()

            def record(connection: RowConnection) -> None:
                batch.record(connection)
                self._catalog.releases.record(connection, release, layers)

            self._catalog.database.write(record)
        return came_bytes

    def _now(self) -> int:
        return self._clock.now().wall_seconds


def _nowhere(catalogue: str, address: str) -> CallerFault:
    return CallerFault(
        f"The hub at {address} has no catalogue called {catalogue[:60]}.",
        'Give the 16 letters that its staff read from their page "Who signs", or from `qanat hub keys status`.',
    )


def _taken(course: str) -> CourseTaken:
    return CourseTaken(
        f"{course} is here already, from this hub itself or from another catalogue.",
        "It is left as it is. Ask whoever publishes the other one to give it another name.",
    )
