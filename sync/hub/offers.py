"""The offers: which release of each course boxes get now, and what a box should fetch to have it.

* A release is on offer from one transaction on, in which it takes the place of the former one, and is listed to be
  signed; who gets it is chosen (`editions`).
* An edition in another language is built from what a box has of its family.
* What a box should fetch is decided from what it holds and what lies ready, and is kept nowhere.
* Asked by a thousand boxes a night, it reads no document and makes a fixed number of statements: one for a box that
  has everything, two for any other. Releases that it meets for the first time it reads in outline, all in one more.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, Engine, delete, select

from catalog.about import family_of
from catalog.digest import Digest
from catalog.manifest import Outline, Release, Text, canonical
from catalog.moved import moved_in
from catalog.releases import Releases
from sync.clock import Clock
from sync.hub import editions, moving, schema
from sync.hub.engine import reading, writing
from sync.hub.stock import Packed, Stock
from sync.hub.trust import listing
from sync.hub.trust.state import unsigned
from sync.plan import incomplete, parcels_for, siblings_first
from sync.wire import CAN_PATCH, Holding, Parcel


@dataclass(frozen=True, slots=True)
class Offer:
    """The release of a course that boxes get now."""

    course: str
    version: int
    root: Digest
    title: Text
    offered_seconds: int
    family: str = ""
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The releases that a campus should have, and the packs that lead to them."""

    releases: Sequence[Outline]
    packs: Sequence[Packed]
    outlines: Callable[[Iterable[Digest]], Mapping[Digest, Outline]]
    families: Mapping[str, str] = field(default_factory=dict)
    """Of those courses that have one: other courses of the same family are as good to build on."""

    def parcels(self, holdings: Sequence[Holding], can: Collection[str]) -> list[Parcel]:
        """What a box that has `holdings` should fetch, in order."""
        courses = {release.course for release in self.releases}
        families = {self.families[course] for course in courses & self.families.keys()}
        here = [
            holding
            for holding in holdings
            if holding.course in courses or self.families.get(holding.course) in families
        ]
        # A box that knows no patches does not take over a layer that stayed the same either.
        known = self.outlines(holding.root for holding in here) if CAN_PATCH in can else {}
        ready = [packed.parcel for packed in self.packs if packed.is_for(can)]
        return parcels_for(self.releases, here, ready, known, self.families)


@dataclass(frozen=True, slots=True)
class Due:
    """What a box is told of courses: what to fetch, in order, and what to take off its shelf."""

    parcels: Sequence[Parcel]
    withdrawn: Sequence[str]


class Offers:
    """What is on offer, of the releases in a catalog and the packs in a stock."""

    def __init__(self, engine: Engine, releases: Releases, stock: Stock, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._releases = releases
        self._stock = stock
        self._outlines: dict[Digest, Outline] = {}

    def all(self) -> list[Offer]:
        """Every course on offer, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(schema.offer).order_by(schema.offer.c.course)).all()
        return [
            Offer(
                row.course, row.version, Digest(row.root), json.loads(row.title), row.offered_seconds, row.family,
                tuple(json.loads(row.languages)),
            )
            for row in rows
        ]  # fmt: skip

    def make(self, release: Release, root: Digest, now_seconds: int) -> Offer:
        """Put a release on offer in the place of the former one, and list it."""
        offer = Offer(
            release.course, release.version, root, release.title, now_seconds, family_of(release),
            tuple(release.languages),
        )  # fmt: skip
        said = {"title": canonical(dict(release.title)).decode(), "languages": json.dumps(offer.languages)}
        with writing(self._engine) as connection:
            connection.execute(delete(schema.offer).where(schema.offer.c.course == release.course))
            connection.execute(schema.offer.insert().values(asdict(offer) | said))
            listing.note(connection, release.course, release.version, root, len(release.to_bytes()))
            editions.spread(connection, release.course)
            moving.move(connection, release.course, moved_in(release))
        return offer

    def due(
        self,
        connection: Connection,
        campus: str,
        holdings: Sequence[Holding],
        can: Collection[str],
        *,
        comes_again: bool = False,
    ) -> Due:
        """What a box of this campus is told. `comes_again`: it asks once more when it has what it is told of now."""
        orders = editions.orders(connection, campus, self._clock.now().wall_seconds)
        held = {holding.course for holding in holdings}
        withdrawn = sorted(held.intersection(orders.withdrawn))
        lacking = incomplete(self._wanted(orders), holdings)
        if not lacking:
            return Due([], withdrawn)
        packs = self._stock.ready(connection, campus, {release.course for release in lacking})
        families = _families(orders)
        if comes_again and families and CAN_PATCH in can:
            ready = [packed.parcel for packed in packs if packed.is_for(can)]
            waiting = unsigned(connection)
            takeable = [release for release in lacking if release.course not in waiting]
            waits = {one.root for one in takeable} - {
                one.root for one in siblings_first(takeable, holdings, ready, families)
            }
            lacking = [release for release in lacking if release.root not in waits]
        wanted = Wanted(lacking, packs, self.outlines, families)
        return Due(wanted.parcels(holdings, can), withdrawn)

    def parcels(
        self, connection: Connection, campus: str, holdings: Sequence[Holding], can: Collection[str]
    ) -> Sequence[Parcel]:
        """What a box of this campus should fetch, in order."""
        return self.due(connection, campus, holdings, can).parcels

    def wanted(self, connection: Connection, campus: str) -> Wanted:
        """All that a campus wants, to be asked for many of its boxes."""
        orders = editions.orders(connection, campus, self._clock.now().wall_seconds)
        releases = self._wanted(orders)
        packs = self._stock.ready(connection, campus, {release.course for release in releases})
        return Wanted(releases, packs, self.outlines, _families(orders))

    def outlines(self, roots: Iterable[Digest]) -> Mapping[Digest, Outline]:
        """The releases with these roots that were ever published here."""
        wanted = set(roots)
        unread = wanted - self._outlines.keys()
        if unread:
            # A release never changes, so that each is read once.
            self._outlines.update({one.root: one for one in self._releases.outlines(sorted(unread))})
        return {root: self._outlines[root] for root in wanted & self._outlines.keys()}

    def _wanted(self, orders: editions.Orders) -> list[Outline]:
        outlines = self.outlines(order.root for order in orders.wanted)
        return [order.outline(outlines[order.root]) for order in orders.wanted if order.root in outlines]


def _families(orders: editions.Orders) -> dict[str, str]:
    return {order.course: order.family for order in orders.wanted if order.family}
