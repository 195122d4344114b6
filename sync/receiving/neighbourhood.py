"""The neighbourhood: other boxes on the same network, asked for what they have before the hub is.

* A neighbour needs no trust: the release's root was signed by the hub, and proves list and files one by one.
* Who is silent, slow, or hands over something else is not asked again in this session; who only lacks something is.
* Whatever no neighbour has comes from the hub as usual. That a neighbour failed is no fault of the night.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from catalog.batch import Batch
from catalog.digest import Digest
from catalog.fault import ContentFault, LinkFault
from catalog.manifest import Entry, Layer, Release
from catalog.releases import Releases
from catalog.store import Store
from sync.clock import Clock
from sync.link import Link, LinkBroken, PackMissing, Traffic
from sync.parcel import Parcel
from sync.receiving.proven import fetch_file, fetched_layer, fetched_release

NEIGHBOURS_MAX = 8
SLOW_SECONDS = 20
"""A file may start slowly; after so long its rate counts."""
SLOW_BYTES = 16 << 10
"""Bytes in a second under which a neighbour is no help."""

T = TypeVar("T")
Hear = Callable[[int], None]
"""Told the size of every piece that came."""


class Neighbourhood:
    """The neighbours of one session."""

    def __init__(self, links: Sequence[Link], store: Store, releases: Releases, clock: Clock) -> None:
        self._all = tuple(links[:NEIGHBOURS_MAX])
        self._willing = list(self._all)
        self._before = self._traffic()
        self._store = store
        self._releases = releases
        self._clock = clock

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nobody left to ask."""
        return not self._willing

    @property
    def moved_bytes(self) -> int:
        """What has crossed to and from neighbours in this session."""
        return (self._traffic() - self._before).total_bytes

    def bring(self, parcel: Parcel, batch: Batch, hear: Hear) -> tuple[Release, Layer] | None:
        """All that the parcel's layer needs and the store lacks, into the batch; None where they do not have it all."""
        release = self._releases.release(parcel.root) or self._ask(lambda link: fetched_release(link, parcel.root))
        if release is None or (release.course, release.version) != (parcel.course, parcel.version):
            return None
        layer = self.list_of(release, parcel.layer)
        if layer is None:
            return None
        is_whole = all(self.take(entry, batch, hear) for entry in lacking(layer, batch))
        return (release, layer) if is_whole else None

    def list_of(self, release: Release, name: str) -> Layer | None:
        """A layer's list of files, where one of them has it."""
        if name not in release.layers:
            return None
        return self._ask(lambda link: fetched_layer(link, release, name))

    def take(self, entry: Entry, batch: Batch, hear: Hear) -> bool:
        """Bring one file into the batch, from the first who has it. Returns whether it came."""

        def fetch(link: Link) -> bool:
            fetch_file(link, entry, batch, self._impatient(hear))
            return True

        return self._ask(fetch) or False

    def _ask(self, ask: Callable[[Link], T]) -> T | None:
        """The first answer that proves itself."""
        for link in tuple(self._willing):
            try:
                return ask(link)
            except PackMissing:
                continue
            except (LinkFault, ContentFault):
                self._willing = [one for one in self._willing if one is not link]
        return None

    def _impatient(self, hear: Hear) -> Hear:
        """Listens too, and gives up on a neighbour that would keep the night waiting."""
        start_seconds = self._clock.now().monotonic_seconds
        came_bytes = 0

        def heard(piece_bytes: int) -> None:
            nonlocal came_bytes
            came_bytes += piece_bytes
            passed_seconds = self._clock.now().monotonic_seconds - start_seconds
            if passed_seconds > SLOW_SECONDS and came_bytes < passed_seconds * SLOW_BYTES:
                raise LinkBroken("A neighbour is too slow to be of help.", "The hub is asked instead.")
            hear(piece_bytes)

        return heard

    def _traffic(self) -> Traffic:
        return sum((link.traffic for link in self._all), Traffic())


def lacking(layer: Layer, batch: Batch) -> list[Entry]:
    """The files of a layer that are neither in the store nor in the batch, each once."""
    entries: dict[Digest, Entry] = {entry.digest: entry for entry in layer.entries}
    here = {digest for digest, _ in batch.files()}
    return [entries[digest] for digest in batch.store.missing(entries) if digest not in here]
