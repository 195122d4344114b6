"""Shelving: from a pack, or from single files, to a release in use.

* A layer is proven by its root before anything names it. What a pack rebuilt wrongly is repaired file by file first.
* Files, index, list, shelf and event are one transaction: a power cut leaves all of it or none.
* A hop is recorded and not put in use; it is there for the patch that builds on it.
* A layer that the box has already, from whichever release, is taken over without a byte.
* Where there is a signed catalogue, nothing is put in use that it does not list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from catalog.batch import Batch
from catalog.db import Connection, Database
from catalog.digest import Digest
from catalog.fault import BoxFault, ContentFault, Damaged
from catalog.manifest import CORE, Layer, Release
from catalog.releases import Releases
from catalog.shelf import Shelf
from catalog.store import Store
from sync.journal import Journal
from sync.parcel import Parcel
from sync.patch.apply import apply
from sync.patch.format import Held, PackRefused
from sync.patch.jpeg import JpegXl
from sync.receiving.catalogues import Catalogues
from sync.receiving.neighbourhood import Hear
from sync.receiving.repair import Repair


class BaseMissing(ContentFault):
    """A patch builds on a layer that is not here any more, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Shelving:
    """What the box has, and how something new joins it."""

    database: Database
    journal: Journal
    store: Store
    releases: Releases
    shelf: Shelf
    repair: Repair
    jpeg_xl: JpegXl | None
    catalogues: Catalogues | None = None

    def base(self, parcel: Parcel) -> Held | None:
        """What the parcel builds on; None for a full pack. Raises BaseMissing."""
        if parcel.from_root is None:
            return None
        release = self.releases.release(parcel.from_root)
        named = release.layers.get(parcel.layer) if release else None
        layer = self.releases.layer(named.root, parcel.layer) if named else None
        if release is None or layer is None:
            raise BaseMissing(
                f"The change to {name_of(parcel)} builds on a version that is not here any more.",
                "Nothing to do: the hub is asked for the whole of it.",
            )
        return Held(release, layer, self._open)

    def build(self, parcel: Parcel, pack: Path, is_hop: bool, hear: Hear) -> None:
        """Rebuild the layer from its pack, prove it, and switch.

        Raises PackRefused, BaseMissing, DiskFull; LinkFault where a repair needs the link and it fails.
        """
        base = self.base(parcel)
        with self.store.batch() as batch:
            rebuilt = apply(pack, batch, parcel.root, parcel.layer, base=base, jpeg_xl=self.jpeg_xl)
            release, layer = rebuilt.release, rebuilt.layer
            if (release.course, release.version) != (parcel.course, parcel.version):
                raise PackRefused(
                    f"The plan's {parcel.course} {parcel.version} is in truth {release.course} {release.version}.",
                    "Tell the hub's staff: its plan does not fit its courses.",
                )
            if not rebuilt.is_proven:
                layer = self.repair.completed(release, parcel.layer, batch, rebuilt.damaged, hear)
            self.keep(batch, release, layer, is_hop)
        if not rebuilt.is_proven:
            self.repair.forget(layer)

    def keep(self, batch: Batch, release: Release, layer: Layer, is_hop: bool = False) -> None:
        """Make a proven layer last, and use it. Raises NotListed or CatalogueExpired; then nothing of it stays."""
        batch.place()

        def record(connection: Connection) -> None:
            batch.record(connection)
            self.releases.record(connection, release, [layer])
            if not is_hop:
                self._switch(connection, release)

        self.database.write(record)

    def adopt(self, ends: Sequence[Parcel]) -> list[str]:
        """Put in use what is here whole, and not in use yet: a hop that became the aim. Returns the courses."""
        shelved = self.shelf.shelved()
        in_use = {(one.root, layer) for one in shelved for layer in one.layers}
        # What was in use and is not any more was put back by somebody; it stays so.
        former = {one.former_root for one in shelved}
        roots: dict[Digest, None] = {}
        for end in ends:
            present = self.releases.layers_present(end.root)
            is_waiting = end.layer in present and (end.root, end.layer) not in in_use and end.root not in former
            is_fit = is_waiting and CORE in present and not self.is_older(end)
            if is_fit and self.refusal(end) is None:
                roots[end.root] = None
        return [course for root in roots if (course := self._adopt(root))]

    def is_older(self, parcel: Parcel) -> bool:
        """Tell whether something newer is in use: nothing rolls back by itself."""
        release = self.shelf.release(parcel.course)
        return release is not None and release.version > parcel.version

    def refusal(self, parcel: Parcel) -> ContentFault | None:
        """Say why the signed catalogue does not let this on the shelf; None where it does."""
        if self.catalogues is None:
            return None
        return self.catalogues.judge(parcel.course, parcel.version, parcel.root)

    def has_core(self, root: Digest) -> bool:
        """Tell whether the release can be opened: without its core a film is of no use."""
        return CORE in self.releases.layers_present(root)

    def _adopt(self, root: Digest) -> str:
        release = self.releases.release(root)
        if release is None:
            return ""
        self.database.write(lambda connection: self._switch(connection, release))
        return release.course

    def _switch(self, connection: Connection, release: Release) -> None:
        if self.catalogues is not None:
            self.catalogues.admit(connection, release)
        layers = list(self.releases.layers_present(release.root, connection))
        self.shelf.switch(connection, release, layers)
        payload = {"course": release.course, "version": release.version, "root": release.root, "layers": layers}
        self.journal.append(connection, "shelved", "", payload)

    def _open(self, digest: Digest) -> BinaryIO:
        try:
            return self.store.open(digest)
        except (BoxFault, OSError) as error:
            # A file that the disk lost is no reason to end the night: whatever needs it is fetched by itself.
            raise Damaged(
                f"The disk lost the file {digest[:12]}.",
                "The card may be failing; run `qanat catalog verify --data DIR`.",
            ) from error


def name_of(parcel: Parcel) -> str:
    """What a parcel is called where people read it."""
    return parcel.course if parcel.layer == CORE else f"{parcel.course} ({parcel.layer})"
