"""Receiving: from a plan to the shelf, route by route.

* Cores first, in the order of the plan's lanes; a route is taken whole or not at all.
* Neighbours are asked first: their bytes cost nothing. Where the link has ended for tonight they are still asked.
* A course that cannot come (no room, a damaged pack) is said, its staging freed, and the rest of the night goes on.
* A patch that does not serve gives way to the full pack: the hub is not told of its base any more.
* A fault of something that came after all, by another way, is no fault.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from catalog.digest import Digest
from catalog.durable import free_bytes
from catalog.fault import ContentFault, DiskFull, Fault, LinkFault
from catalog.manifest import CORE
from sync.link import PackMissing
from sync.parcel import Parcel
from sync.patch.format import MAGIC, PackRefused
from sync.plan import chosen
from sync.receiving.fetching import Fetcher, StrangeAnswer
from sync.receiving.neighbourhood import Neighbourhood
from sync.receiving.shelving import Shelving, name_of
from sync.receiving.wants import Wants
from sync.routes import Route, routes_of

Listener = Callable[[Mapping[str, Any]], None]
"""Hears how it goes: {"doing", "name"}. While something comes also {"done_bytes", "total_bytes"} of this parcel,
{"number", "count"} (which parcel of how many), {"all_done_bytes", "all_total_bytes"} of all of them, and {"from"}:
"hub" or "neighbour". It may stop the session by raising."""

AGAIN_BYTES_MAX = 1 << 20
"""A damaged pack of which nothing can be kept is fetched once more only where that costs no more than this."""


@dataclass
class Receiver:
    """Fetches and shelves for one session."""

    shelving: Shelving
    fetcher: Fetcher
    neighbourhood: Neighbourhood
    wants: Wants
    listener: Listener
    is_wanted: Callable[[str], bool]
    shelved: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._faults: list[tuple[Fault, Parcel | None]] = []
        self._settled: set[str] = set()
        """Packs that had their turn in this session, well or not."""
        self._first_bases: dict[str, Parcel] = {}
        """By the pack that ends a route, the parcel that begins it."""
        self._link_fault: LinkFault | None = None
        self._is_plan_stale = False
        self._number = self._count = self._passed_bytes = self._total_bytes = 0

    def receive(self, plan: Sequence[Parcel]) -> bool:
        """Fetch and shelve what the plan names and the disk can take.

        Returns whether the hub has something to hear: the shelf is newer, or the plan did not serve. Raises LinkFault
        where the link ends it.
        """
        if not plan:
            return False
        self._is_plan_stale = False
        before = len(self.shelved)
        self.shelving.shelf.tidy(self._needed(plan))
        self.shelved += self.shelving.adopt([route[-1] for route in routes_of(plan)])
        routes = self._choose(plan)
        for route in routes:
            self._bring(route)
        if any(len(route) > 1 for route in routes):
            self.shelving.shelf.tidy(self._needed(self._unfinished(plan)))
        if len(self.shelved) > before:
            with self._noted(None, ContentFault, DiskFull):
                self.shelving.shelf.ensure_trees()
        if self._link_fault is not None:
            raise self._link_fault
        return self._is_plan_stale or len(self.shelved) > before

    def faults(self) -> tuple[Fault, ...]:
        """What could not be done, and why."""
        held = self.wants.held([parcel for _, parcel in self._faults if parcel is not None])
        return tuple(
            fault for fault, parcel in self._faults if parcel is None or (parcel.root, parcel.layer) not in held
        )

    def _needed(self, plan: Sequence[Parcel]) -> set[Digest]:
        """The releases that may not be forgotten while this plan, or the hub's last one, is worked on."""
        named = [*plan, *self._unfinished(self.wants.plan())]
        return {root for parcel in named for root in (parcel.root, parcel.from_root) if root is not None}

    def _unfinished(self, plan: Sequence[Parcel]) -> list[Parcel]:
        """What a plan names of routes whose ends are not here yet."""
        held = self.wants.held(plan)
        open_routes = (route for route in routes_of(plan) if (route[-1].root, route[-1].layer) not in held)
        return [parcel for route in open_routes for parcel in route]

    def _choose(self, plan: Sequence[Parcel]) -> list[Route]:
        """What to take of the plan now, in order; what is left for another night is said, and not looked at again."""
        open_routes = [route for route in routes_of(plan) if route[-1].pack not in self._settled]
        open_plan = list(dict.fromkeys(parcel for route in open_routes for parcel in route))
        self._first_bases = {route[-1].pack: route[0] for route in open_routes}
        free = free_bytes(self.shelving.store.folder)
        choice = chosen(open_plan, free, self.wants.held(open_plan), self.fetcher.spool.offset, self.is_wanted)
        for skipped in choice.skipped:
            self._settled.add(skipped.parcel.pack)
            hint = "Free some space or take a larger card; what is here stays as it is."
            self._faults.append((DiskFull(skipped.sentence, hint), skipped.parcel))
        self._number, self._count = 0, len(choice.take)
        self._passed_bytes, self._total_bytes = 0, sum(parcel.size_bytes for parcel in choice.take)
        routes = []
        for route in routes_of(choice.take):
            end = route[-1]
            if self.shelving.is_older(end):
                self._settled.add(end.pack)
                self._faults.append((_rolled_back(end), None))
            elif (refusal := self.shelving.refusal(end)) is not None:
                self._settled.add(end.pack)
                self._faults.append((refusal, end))
            else:
                routes.append(route)
        return routes

    def _bring(self, route: Route) -> None:
        """Bring one route to its end, from whoever has it. Raises LinkFault where nobody is left to ask."""
        end = route[-1]
        if self.shelving.has_core(end.root) or end.layer == CORE:
            self._settled.add(end.pack)
            try:
                with self._noted(end, ContentFault, DiskFull, PackMissing):
                    if not self._from_neighbours(end) and self._link_fault is None:
                        self._from_link(route)
            except LinkFault as fault:
                if self.neighbourhood.is_empty:
                    raise
                self._link_fault = fault
        self._number += len(route)
        self._passed_bytes += sum(parcel.size_bytes for parcel in route)

    def _from_neighbours(self, parcel: Parcel) -> bool:
        if self.neighbourhood.is_empty:
            return False
        came_bytes = 0

        def hear(piece_bytes: int) -> None:
            nonlocal came_bytes
            came_bytes += piece_bytes
            self._tell(parcel, 1, min(came_bytes, parcel.disk_bytes), parcel.disk_bytes, "neighbour")

        try:
            with self.shelving.store.batch() as batch:
                brought = self.neighbourhood.bring(parcel, batch, hear)
                if brought is None:
                    raise _NotNear
                self.listener({"doing": "shelving", "name": name_of(parcel)})
                self.shelving.keep(batch, *brought)
        except _NotNear:
            return False
        self._has_come(parcel)
        return True

    def _from_link(self, route: Route) -> None:
        end = route[-1]
        for place, parcel in enumerate(route, 1):
            if (parcel.root, parcel.layer) in self.wants.held([parcel]):
                continue  # two routes may share a hop
            try:
                self._receive(parcel, place, is_hop=parcel is not end)
            except ContentFault:
                self._refuse_base(self._first_bases[end.pack])
                raise
            except PackMissing:
                self._is_plan_stale = True
                raise
        self._has_come(end)

    def _receive(self, parcel: Parcel, place: int, is_hop: bool) -> None:
        """Bring one parcel's layer into the store; what was damaged on the way is fetched once more.

        Raises DiskFull, ContentFault, LinkFault. Nothing stays but what may be gone on with.
        """
        spool, pack = self.fetcher.spool, parcel.pack
        try:
            # Asked before the first byte: without its base a patch is of no use.
            self.shelving.base(parcel)
            self._fetch(parcel, place)
            try:
                self._build(parcel, is_hop)
            except PackRefused as refused:
                if not refused.good_bytes and parcel.size_bytes > AGAIN_BYTES_MAX:
                    raise
                spool.cut(pack, refused.good_bytes)
                self._fetch(parcel, place)
                self._build(parcel, is_hop)
        except (ContentFault, DiskFull):
            spool.drop(pack)
            raise
        spool.drop(pack)

    def _fetch(self, parcel: Parcel, place: int) -> None:
        def hear(done_bytes: int) -> None:
            self._tell(parcel, place, done_bytes, parcel.size_bytes, "hub")

        try:
            self.fetcher.fetch(parcel.pack, parcel.size_bytes, hear, MAGIC)
        except StrangeAnswer as strange:
            # Of this pack only: on a stick, or behind a proxy, the others may be what they should be.
            self.fetcher.spool.drop(parcel.pack)
            raise PackMissing(f"{name_of(parcel)} did not come: {strange.sentence}", strange.hint) from strange

    def _build(self, parcel: Parcel, is_hop: bool) -> None:
        def hear(piece_bytes: int) -> None:
            self.listener({"doing": "repairing", "name": name_of(parcel)})

        self.listener({"doing": "shelving", "name": name_of(parcel)})
        self.shelving.build(parcel, self.fetcher.spool.path(parcel.pack), is_hop, hear)

    def _has_come(self, parcel: Parcel) -> None:
        """Something new is on the shelf."""
        self.fetcher.spool.drop(parcel.pack)
        self.shelved.append(parcel.course)
        with self._noted(None, ContentFault, DiskFull):
            self.shelving.shelf.tree(parcel.course)

    def _refuse_base(self, first: Parcel) -> None:
        """Whatever was wrong with a patch, or with what it builds on: the next plan names the full pack."""
        root, layer = first.from_root, first.layer
        if root is not None:
            self.shelving.database.write(lambda connection: self.wants.refuse_base(connection, root, layer))
            self._is_plan_stale = True

    def _tell(self, parcel: Parcel, place: int, done_bytes: int, total_bytes: int, source: str) -> None:
        self.listener(
            {
                "doing": "fetching",
                "name": name_of(parcel),
                "done_bytes": done_bytes,
                "total_bytes": total_bytes,
                "number": self._number + place,
                "count": self._count,
                "all_done_bytes": self._passed_bytes + (done_bytes if source == "hub" else 0),
                "all_total_bytes": self._total_bytes,
                "from": source,
            }
        )

    @contextmanager
    def _noted(self, parcel: Parcel | None, *kinds: type[Fault]) -> Iterator[None]:
        """A fault of these kinds ends this much and no more; it is told with the outcome."""
        try:
            yield
        except kinds as fault:
            self._faults.append((fault, parcel))


class _NotNear(Exception):
    """No neighbour has all of it: what came of it is let go."""


def _rolled_back(parcel: Parcel) -> ContentFault:
    return ContentFault(
        f"The hub plans {parcel.course} {parcel.version}, and a newer version is here already.",
        "Nothing rolls back by itself; to go back, publish the older content as a new version.",
    )
