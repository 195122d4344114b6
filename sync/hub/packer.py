"""The packer: makes one pack file out of the catalog, and judges whether it is worth keeping.

* A file that is in its place already is not made again: its name says what it holds.
* A patch that saves little over the full pack is not kept: a box that takes the full one needs no base.
* The second profile is made only where there are JPEG files to pack smaller, and kept only where it is smaller.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.digest import Digest
from catalog.fault import Damaged
from catalog.manifest import Entry, Layer, Outline
from catalog.publish import Catalog
from sync.hub.stock import Packed
from sync.patch.format import Held, Profile, pack_name
from sync.wire import Parcel

if TYPE_CHECKING:
    from sync.patch.jpeg import JpegXl

WORTH_PERCENT_MAX = 90
"""Of the full pack: a larger patch is not kept."""
JPEG_TYPE = "image/jpeg"


class Packer:
    """Makes packs in `folder`. `jpeg_xl` are the programs for the second profile, if this machine has them."""

    def __init__(self, catalog: Catalog, folder: Path, jpeg_xl: "JpegXl | None") -> None:
        self._catalog = catalog
        self._folder = folder
        self._jpeg_xl = jpeg_xl if jpeg_xl is not None and jpeg_xl.can_pack else None

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """What can be made here, the plainest first."""
        return (Profile.BASE,) if self._jpeg_xl is None else (Profile.BASE, Profile.JPEG_XL)

    def pack(
        self,
        latest: Outline,
        layer: str,
        base: Outline | None,
        profile: Profile,
        made: Mapping[str, Packed],
        full_root: Digest,
    ) -> Packed:
        """Make the pack of a layer, or say that it is not worth one.

        `made` are the packs to compare it with; the full one of this layer is that of the release `full_root`.

        Raises Damaged where the store lacks what it should hold, DiskFull or BoxFault where the disk will not do.
        """
        held = self._held(latest, layer)
        held_base = None if base is None else self._held(base, layer)
        from_root = None if base is None else base.root
        new_files = _new_files(held.layer, held_base)
        path = self._folder / pack_name(from_root, latest.root, layer, profile)
        size_bytes = 0
        if profile is Profile.BASE or any(entry.media_type == JPEG_TYPE for entry in new_files):
            size_bytes = self._size_bytes(path, held, held_base, profile)
        parcel = Parcel(
            latest.course, latest.version, latest.root, layer, path.name, size_bytes,
            sum(entry.size_bytes for entry in new_files), from_root,
        )  # fmt: skip
        is_kept = size_bytes > 0 and is_worth(parcel, profile, made, full_root)
        if not is_kept:
            path.unlink(missing_ok=True)
        return Packed(parcel, profile, is_kept)

    def _size_bytes(self, path: Path, held: Held, base: Held | None, profile: Profile) -> int:
        """The length of the pack's file, built where it is not there yet; 0 where the profile brings nothing."""
        if path.exists():
            return path.stat().st_size
        from sync.patch.build import build  # loads the compressors, which no other part of a hub needs

        jpeg_xl = self._jpeg_xl if profile is Profile.JPEG_XL else None
        built = build(held.release, held.layer, held.open, path, base=base, jpeg_xl=jpeg_xl)
        return built.size_bytes if built.profile is profile else 0

    def _held(self, outline: Outline, name: str) -> Held:
        release = self._catalog.releases.release(outline.root)
        if release is None:
            raise Damaged(
                f"{outline.course} {outline.version} is not here.",
                "Publish the course again; boxes keep what they have until then.",
            )
        return Held(release, self._catalog.releases.demand_layer(release, name), self._catalog.store.open)


def is_worth(parcel: Parcel, profile: Profile, made: Mapping[str, Packed], full_root: Digest) -> bool:
    """Whether a pack saves anything over those that lead to the same layer already."""
    if profile is not Profile.BASE:
        plain = made.get(pack_name(parcel.from_root, parcel.root, parcel.layer, Profile.BASE))
        if plain is not None and parcel.size_bytes >= plain.parcel.size_bytes:
            return False
    if parcel.from_root is None:
        return True
    names = [pack_name(None, full_root, parcel.layer, one) for one in Profile if one <= profile]
    full_bytes = [made[name].parcel.size_bytes for name in names if name in made and made[name].is_kept]
    return all(parcel.size_bytes * 100 <= size_bytes * WORTH_PERCENT_MAX for size_bytes in full_bytes)


def _new_files(layer: Layer, base: Held | None) -> list[Entry]:
    """The files that a box with the base has not, each once."""
    known = set() if base is None else {entry.digest for entry in base.layer.entries}
    return list({entry.digest: entry for entry in layer.entries if entry.digest not in known}.values())
