"""Repair: what a pack rebuilt wrongly is fetched file by file, so that a mismatch never fails a night.

* The layer's own list comes first, proven by its root; then only the files that are not right.
* Neighbours are asked before the hub. What comes from the hub is spooled, so that a cut costs little here too.
* What was rebuilt and belongs to nothing is left out of the batch.
"""

from collections.abc import Collection
from dataclasses import dataclass

from catalog.batch import Batch
from catalog.digest import READ_BYTES, Digest
from catalog.fault import Damaged
from catalog.manifest import Entry, Layer, Release
from sync.link import PackMissing
from sync.parcel import file_name
from sync.receiving.fetching import Fetcher
from sync.receiving.neighbourhood import Hear, Neighbourhood, lacking
from sync.receiving.proven import fetched_layer


@dataclass(frozen=True, slots=True)
class Repair:
    """Completes a layer whose files are partly in the batch, partly in the store, and partly wrong or missing."""

    fetcher: Fetcher
    neighbourhood: Neighbourhood

    def completed(self, release: Release, name: str, batch: Batch, damaged: Collection[Digest], hear: Hear) -> Layer:
        """The layer as its release names it, each of its files in the store or in the batch.

        `damaged` are files that the store has, and that were found to have rotted there: they are put right as well.
        Raises LinkFault; ContentFault where even the single files are not what they should be; DiskFull.
        """
        try:
            return self._completed(release, name, batch, damaged, hear)
        except PackMissing as missing:
            raise Damaged(
                f"{release.course} ({name}) could not be put right file by file: the hub does not have them.",
                "Nothing to do: the hub is asked for the whole of it.",
            ) from missing

    def bring(self, entry: Entry, batch: Batch, hear: Hear) -> None:
        """One file into the batch, from a neighbour or from the hub.

        Raises LinkFault, PackMissing where the hub has no such file; Damaged where it came damaged; DiskFull.
        """
        if not self.neighbourhood.take(entry, batch, hear):
            self._take(entry, batch, hear)

    def forget(self, layer: Layer) -> None:
        """Drop from the spool what was fetched for this layer, once it is recorded."""
        names = {file_name(entry.digest) for entry in layer.entries}
        for name in names.intersection(self.fetcher.spool.names()):
            self.fetcher.spool.drop(name)

    def _completed(self, release: Release, name: str, batch: Batch, damaged: Collection[Digest], hear: Hear) -> Layer:
        layer = self.neighbourhood.list_of(release, name)
        if layer is None:
            layer = self.fetcher.persistently(lambda: fetched_layer(self.fetcher.link, release, name))
        named = {entry.digest for entry in layer.entries}
        for digest, _ in batch.files():
            if digest not in named:
                batch.forget(digest)
        rotten = {entry.digest: entry for entry in layer.entries if entry.digest in damaged}
        for digest in rotten:
            batch.replace(digest)
        for entry in (*rotten.values(), *lacking(layer, batch)):
            self.bring(entry, batch, hear)
        return layer

    def _take(self, entry: Entry, batch: Batch, hear: Hear) -> None:
        if entry.size_bytes == 0:
            batch.add_bytes(b"")
            return
        name, spool = file_name(entry.digest), self.fetcher.spool
        self.fetcher.fetch(name, entry.size_bytes, lambda done_bytes: hear(0))
        with spool.path(name).open("rb") as spooled, batch.new_file() as staged:
            while piece := spooled.read(READ_BYTES):
                staged.write(piece)
            if staged.digest != entry.digest:
                spool.drop(name)
                raise Damaged(
                    f"The file {entry.path} came damaged, alone as well as in its pack.",
                    "The next session asks again; if it stays so, publish the course again.",
                )
            staged.finish()
