"""The offers: which release of each course boxes get now, and what a box should fetch to have it.

* A release is on offer from one transaction on, in which it takes the place of the former one, for every campus, and
  is listed to be signed.
* What a box should fetch is decided from what it holds and what lies ready, and is kept nowhere.
* Asked by a thousand boxes a night, it reads no document and makes a fixed number of statements: one for a box that
  has everything, two for any other. Releases that it meets for the first time it reads in outline, all in one more.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine, delete, select

from catalog.digest import Digest
from catalog.manifest import Outline, Release, Text, canonical
from catalog.releases import Releases
from sync.hub import schema
from sync.hub.engine import insert, reading, writing
from sync.hub.stock import Packed, Stock
from sync.hub.trust import listing
from sync.plan import incomplete, parcels_for
from sync.wire import CAN_PATCH, Holding, Parcel


@dataclass(frozen=True, slots=True)
class Offer:
    """The release of a course that boxes get now."""

    course: str
    version: int
    root: Digest
    title: Text
    offered_seconds: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """The releases that a campus should have, and the packs that lead to them."""

    releases: Sequence[Outline]
    packs: Sequence[Packed]
    outlines: Callable[[Iterable[Digest]], Mapping[Digest, Outline]]

    def parcels(self, holdings: Sequence[Holding], can: Collection[str]) -> list[Parcel]:
        """What a box that has `holdings` should fetch, in order."""
        courses = {release.course for release in self.releases}
        here = [holding for holding in holdings if holding.course in courses]
        # A box that knows no patches does not take over a layer that stayed the same either.
        known = self.outlines(holding.root for holding in here) if CAN_PATCH in can else {}
        return parcels_for(self.releases, here, [packed.parcel for packed in self.packs if packed.is_for(can)], known)


class Offers:
    """What is on offer, of the releases in a catalog and the packs in a stock."""

    def __init__(self, engine: Engine, releases: Releases, stock: Stock) -> None:
        self._engine = engine
        self._releases = releases
        self._stock = stock
        self._outlines: dict[Digest, Outline] = {}

    def all(self) -> list[Offer]:
        """Every course on offer, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(schema.offer).order_by(schema.offer.c.course)).all()
        return [
            Offer(row.course, row.version, Digest(row.root), json.loads(row.title), row.offered_seconds) for row in rows
        ]

    def make(self, release: Release, root: Digest, now_seconds: int) -> Offer:
        """Put a release on offer in the place of the former one, and list it. Every campus wants it."""
        offer = Offer(release.course, release.version, root, release.title, now_seconds)
        row = asdict(offer) | {"title": canonical(dict(release.title)).decode()}
        with writing(self._engine) as connection:
            connection.execute(delete(schema.offer).where(schema.offer.c.course == release.course))
            connection.execute(schema.offer.insert().values(row))
            listing.note(connection, release.course, release.version, root, len(release.to_bytes()))
            campuses = connection.execute(select(schema.campus.c.id)).scalars().all()
            wants = [{"campus": campus, "course": release.course} for campus in campuses]
            if wants:
                connection.execute(insert(connection, schema.want).on_conflict_do_nothing(), wants)
        return offer

    def parcels(
        self, connection: Connection, campus: str, holdings: Sequence[Holding], can: Collection[str]
    ) -> list[Parcel]:
        """What a box of this campus should fetch, in order."""
        lacking = incomplete(self._wanted(connection, campus), holdings)
        if not lacking:
            return []
        packs = self._stock.ready(connection, campus, {release.course for release in lacking})
        return Wanted(lacking, packs, self.outlines).parcels(holdings, can)

    def wanted(self, connection: Connection, campus: str) -> Wanted:
        """All that a campus wants, to be asked for many of its boxes."""
        releases = self._wanted(connection, campus)
        packs = self._stock.ready(connection, campus, {release.course for release in releases})
        return Wanted(releases, packs, self.outlines)

    def outlines(self, roots: Iterable[Digest]) -> Mapping[Digest, Outline]:
        """The releases with these roots that were ever published here."""
        wanted = set(roots)
        unread = wanted - self._outlines.keys()
        if unread:
            # A release never changes, so that each is read once.
            self._outlines.update({one.root: one for one in self._releases.outlines(sorted(unread))})
        return {root: self._outlines[root] for root in wanted & self._outlines.keys()}

    def _wanted(self, connection: Connection, campus: str) -> list[Outline]:
        offer, want = schema.offer, schema.want
        query = select(offer.c.root).join(want, want.c.course == offer.c.course).where(want.c.campus == campus)
        outlines = self.outlines(Digest(root) for root in connection.execute(query).scalars())
        return sorted(outlines.values(), key=lambda one: one.course)
