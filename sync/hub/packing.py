"""Packing: the files that boxes fetch, built ahead of the asking.

* A pack is built once, off the request path, and never changes; its name says what it holds.
* A release is offered, and so appears in plans, only when its full packs exist and the patches from the version
  before it: a box that comes early does not fetch in full what it could have had as a patch. Nor before its time,
  where it has one; its packs are built ahead.
* Then come the patches from those older versions that some box still holds, and what leads to a version that a campus
  keeps.
* An edition in another language has patches from its siblings too: what they share is not sent again.
* A layer that stayed the same is not packed in full again: the full pack that is there goes on to serve, and a step
  of a few bytes leads from it to the new release. So a film that comes over many nights is not begun anew because
  somebody mended a word meanwhile.
* Building stops and starts at will: what is missing is decided from the catalog, so a hub that died builds the rest.
* One process builds at a time; `qanat hub publish` beside `qanat hub serve` waits its turn.
"""

import fcntl
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from catalog.about import family_of
from catalog.digest import Digest
from catalog.fault import Fault
from catalog.manifest import CORE, Outline, Release
from catalog.publish import Catalog
from sync.clock import Clock
from sync.hub import editions
from sync.hub.engine import reading
from sync.hub.fleet import roots_held
from sync.hub.offers import Due, Offer, Offers, Wanted
from sync.hub.packer import Packer
from sync.hub.stock import FORMER_KEPT_SECONDS, LOCK, Edge, Packed, Stock, edges_kept, edges_to
from sync.patch.format import pack_name
from sync.wire import Holding, Parcel

if TYPE_CHECKING:
    from sync.patch.jpeg import JpegXl

SIBLINGS_MAX = 5
"""From so many other editions of its family patches lead to a release."""
LOOK_AGAIN_SECONDS = 60
"""How often the thread looks for releases that another process published."""


class Packing:
    """Builds packs, and says from what is built what a box should fetch."""

    def __init__(
        self,
        catalog: Catalog,
        engine: Engine,
        folder: Path,
        clock: Clock,
        jpeg_xl: "JpegXl | None" = None,
        sign: Callable[[], None] | None = None,
    ) -> None:
        """`sign` is called where something new is on offer."""
        self.folder = folder
        self.fault: Fault | None = None
        """Why the thread could not build the last time; None when it could."""
        self._catalog = catalog
        self._engine = engine
        self._clock = clock
        self._stock = Stock(engine, folder)
        self._offers = Offers(engine, catalog.releases, self._stock, clock)
        self._packer = Packer(catalog, folder, jpeg_xl)
        self._sign = sign
        self._releases: dict[Digest, Release] = {}
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closing = False

    def build_missing(self) -> int:
        """Build the packs that latest releases lack, and offer those releases. Returns how many are newly offered.

        Raises the first Fault met, after everything else had its turn.
        """
        with self._turn():
            self._stock.forget_lost()
            work = self._work()
            offers = [self._offer(work, history) for history in work.histories.values() if work.is_new(history)]
            self._build_beside(work)
            self._tidy(work)
        if self._sign is not None and any(offers):
            self._sign()
        if work.faults:
            raise work.faults[0]
        return sum(offer is not None for offer in offers)

    def parcels(
        self, connection: Connection, campus: str, holdings: Sequence[Holding], can: Collection[str]
    ) -> Sequence[Parcel]:
        """What a box of this campus that has `holdings` should fetch, in order."""
        return self._offers.parcels(connection, campus, holdings, can)

    def due(
        self,
        connection: Connection,
        campus: str,
        holdings: Sequence[Holding],
        can: Collection[str],
        *,
        comes_again: bool = False,
    ) -> Due:
        """The same, and what the box should take off its shelf; see `Offers.due`."""
        return self._offers.due(connection, campus, holdings, can, comes_again=comes_again)

    def wanted(self, connection: Connection, campus: str) -> Wanted:
        """All that a campus wants, to be asked for many of its boxes."""
        return self._offers.wanted(connection, campus)

    def release(self, root: Digest) -> Release | None:
        """The release of this root, if it was ever published here."""
        # Releases never change, so that each is read and parsed once.
        if root not in self._releases and (release := self._catalog.releases.release(root)) is not None:
            self._releases[root] = release
        return self._releases.get(root)

    def offers(self) -> list[Offer]:
        """Every course on offer, by name."""
        return self._offers.all()

    def find(self, name: str) -> Path | None:
        """The file of this pack, or None where there is none of that name."""
        return self._stock.find(name)

    def start(self) -> None:
        """Build from a thread of its own, now and whenever `wake` is called or another process published."""
        self._thread = threading.Thread(target=self._run, name="packing", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was published."""
        self._wake.set()

    def close(self) -> None:
        """Finish the pack in hand and stop."""
        self._is_closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closing:
            self._wake.clear()
            try:
                self.build_missing()
                self.fault = None
            except Fault as fault:
                self.fault = fault  # staff see it on the publish page; the next turn tries again
            self._wake.wait(LOOK_AGAIN_SECONDS)

    def _offer(self, work: "_Work", history: Sequence[Outline]) -> Offer | None:
        """Build what a release needs to be offered, and offer it; None where that cannot be, or not now.

        Without its patch a release is offered all the same: it can be had in full.
        """
        latest = work.aim(history)
        assert latest is not None, "only what is due is new"
        full, *patches = edges_to(latest.root, [one.root for one in history])
        is_whole = self._pack(work, latest, full)
        release = self.release(latest.root)
        if release is not None:
            work.families[latest.course] = family_of(release)
        for patch in [*patches[:1], *work.sibling_edges(latest)]:
            self._pack(work, latest, patch)
        if not is_whole or release is None or self._is_closing:
            return None
        offer = self._offers.make(release, latest.root, self._clock.now().wall_seconds)
        work.offered[latest.course] = offer
        return offer

    def _build_beside(self, work: "_Work") -> None:
        """Build what releases on offer lack: what somebody took away, and patches from what boxes still hold; and
        ahead, what those lack whose time has not come."""
        for history in work.histories.values():
            for release in work.aims(history):
                full, *patches = edges_to(release.root, [one.root for one in history])
                self._pack(work, release, full)
                for place, patch in enumerate(patches):
                    if place == 0 or patch[0] in work.held:
                        self._pack(work, release, patch)
                for patch in work.sibling_edges(release):
                    self._pack(work, release, patch)

    def _pack(self, work: "_Work", latest: Outline, edge: Edge) -> bool:
        """Build the packs of an edge that were not made before. Returns whether all are there now."""
        if edge in work.failed:
            return False
        try:
            for layer in latest.layers:
                self._pack_layer(work, latest, edge, layer)
        except Fault as fault:
            work.faults.append(fault)
            work.failed.add(edge)
            return False
        return not self._is_closing

    def _pack_layer(self, work: "_Work", latest: Outline, edge: Edge, layer: str) -> None:
        donor = work.donor(latest, layer)
        base = donor if edge[0] is None else work.outlines[edge[0]]
        if base is not None and base is not donor and not _is_patched(base, latest, layer):
            return
        full_root = latest.root if donor is None else donor.root
        for profile in self._packer.profiles:
            name = pack_name(None if base is None else base.root, latest.root, layer, profile)
            if name in work.made or self._is_closing:
                continue
            packed = self._packer.pack(latest, layer, base, profile, work.made, full_root)
            self._stock.add(packed)
            work.made[name] = packed

    def _tidy(self, work: "_Work") -> None:
        """Remove what nothing needs any more, once the night in which the last offer was made is over."""
        now_seconds = self._clock.now().wall_seconds
        kept: set[tuple[Edge, str]] = set()
        for course, history in work.histories.items():
            offer = work.offered.get(course)
            kept |= work.kept(history)
            if offer is not None and now_seconds - offer.offered_seconds < FORMER_KEPT_SECONDS:
                kept |= {packed.way for packed in work.made.values() if packed.parcel.course == course}
        self._stock.tidy(kept)

    def _work(self) -> "_Work":
        now_seconds = self._clock.now().wall_seconds
        with reading(self._engine) as connection:
            held = roots_held(connection)
            late = editions.not_due(connection, now_seconds)
            kept = editions.held_roots(connection, now_seconds)
        return _Work(self._histories(), self._stock.made(), self._offers.all(), held, late, kept)

    def _histories(self) -> dict[str, list[Outline]]:
        histories: dict[str, list[Outline]] = defaultdict(list)
        for outline in self._catalog.releases.outlines():
            histories[outline.course].append(outline)
        return histories

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with (self.folder / LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class _Work:
    """What one turn of building begins with, and what came of it."""

    def __init__(
        self,
        histories: Mapping[str, list[Outline]],
        made: dict[str, Packed],
        offers: Sequence[Offer],
        held: Collection[Digest],
        late: Collection[Digest],
        kept: Collection[Digest],
    ) -> None:
        self.histories = histories
        """Every version of each course, the oldest first."""
        self.outlines = {one.root: one for history in histories.values() for one in history}
        self.made = made
        """Every pack that was made, kept or not, by its name."""
        self.offered = {offer.course: offer for offer in offers}
        self.families = {offer.course: offer.family for offer in offers}
        self.held = held
        """What boxes have."""
        self._late = late
        self._kept = kept
        self.faults: list[Fault] = []
        self.failed: set[Edge] = set()

    def is_new(self, history: Sequence[Outline]) -> bool:
        """Whether the version of a course that boxes should have is not on offer yet."""
        aim, offer = self.aim(history), self.offered.get(history[-1].course)
        return aim is not None and (offer is None or offer.root != aim.root)

    def aim(self, history: Sequence[Outline]) -> Outline | None:
        """The version of a course that boxes should have now: the latest whose time has come."""
        return next((one for one in reversed(history) if one.root not in self._late), None)

    def aims(self, history: Sequence[Outline]) -> list[Outline]:
        """The versions to which something must lead: on offer, kept by a campus, or still to have their time."""
        offer = self.offered.get(history[-1].course)
        roots = {*self._late, *self._kept, None if offer is None else offer.root}
        return [one for one in history if one.root in roots]

    def sibling_edges(self, release: Outline) -> list[Edge]:
        """The edges that lead to a release from other editions of its family, those first that boxes have."""
        family = self.families.get(release.course)
        others = (offer for offer in self.offered.values() if offer.course != release.course)
        siblings = [offer for offer in others if family and offer.family == family]
        siblings.sort(key=lambda offer: (offer.root not in self.held, offer.course))
        return [(offer.root, release.root) for offer in siblings[:SIBLINGS_MAX]]

    def donor(self, release: Outline, layer: str) -> Outline | None:
        """The older release whose full pack of this layer serves for the newer one too, since it stayed the same."""
        if layer == CORE or pack_name(None, release.root, layer) in self.made:
            return None
        for older in reversed(self.histories[release.course]):
            full = self.made.get(pack_name(None, older.root, layer))
            if older.version < release.version and older.layers.get(layer) == release.layers[layer] and full:
                return older
        return None

    def kept(self, history: Sequence[Outline]) -> set[tuple[Edge, str]]:
        """What is of use of a course's packs: on which edge, and which layer."""
        aims = self.aims(history)
        edges = edges_kept([one.root for one in history], [one.root for one in aims])
        edges.update(edge for release in aims for edge in self.sibling_edges(release))
        kept = {(edge, layer) for edge in edges for layer in self.outlines[edge[1]].layers}
        for release in history:
            if release is history[-1] or release in aims:
                for layer in release.layers:
                    if (donor := self.donor(release, layer)) is not None:
                        kept |= {((None, donor.root), layer), ((donor.root, release.root), layer)}
        return kept


def _is_patched(base: Outline, latest: Outline, layer: str) -> bool:
    """Whether there is a patch of this layer. One that stayed the same needs none, except that a core brings words."""
    return layer in base.layers and (layer == CORE or base.layers[layer] != latest.layers[layer])
