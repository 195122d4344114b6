"""Which stretches of an image hold anything, and what they hash to: bmap files, format 2.0, as a stranger's file.

* Format: https://github.com/yoctoproject/bmaptool; SHA-256 only. Its own checksum is proven before it is believed.
* Stretches are in order, never overlap, and end with the image at the latest.
* A map that is too large, or that asks for what no map may (entities, another format), is refused.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.digest import sha2_hex
from catalog.fault import ContentFault

if TYPE_CHECKING:
    from catalog.importers.xml import Element

MAP_BYTES_MAX = 16 << 20
IMAGE_BYTES_MAX = 1 << 42
BLOCK_BYTES_MAX = 1 << 20
RANGES_MAX = 200_000
ELEMENTS_BESIDE = 16
"""What a map has besides its stretches."""

_HASH = re.compile(r"[0-9a-f]{64}")
_CHECKSUM = re.compile(rb"(<BmapFileChecksum>\s*)([0-9a-f]{64})(\s*</BmapFileChecksum>)")
_STRETCH = re.compile(r"\s*(\d{1,12})(?:\s*-\s*(\d{1,12}))?\s*")
_NUMBER = re.compile(r"\s*(\d{1,15})\s*")


class MapRefused(ContentFault):
    """The block map beside an image is damaged, or none that we understand."""


@dataclass(frozen=True, slots=True)
class Range:
    """One stretch of an image, in bytes, and the SHA-256 of what is there, in hex."""

    start: int
    end: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BlockMap:
    """What an image's map says."""

    size_bytes: int
    ranges: tuple[Range, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> "BlockMap":
        """Read a map. Raises MapRefused."""
        from catalog.importers.xml import parse_xml

        _demand(len(data) <= MAP_BYTES_MAX, f"it is larger than {MAP_BYTES_MAX} bytes")
        try:
            root = parse_xml(data, "the block map", bytes_max=MAP_BYTES_MAX, elements_max=RANGES_MAX + ELEMENTS_BESIDE)
        except ContentFault as error:
            raise _refused("it is no plain XML") from error
        _demand(root.tag == "bmap" and str(root.get("version", "")).split(".")[0] == "2", "its format is not bmap 2.0")
        _demand((root.findtext("ChecksumType") or "").strip() == "sha256", "its checksums are not SHA-256")
        _prove(data)
        size, block = _number(root, "ImageSize"), _number(root, "BlockSize")
        _demand(0 < size <= IMAGE_BYTES_MAX and 0 < block <= BLOCK_BYTES_MAX, "its sizes cannot be")
        return cls(size, _ranges(root, size, block))


def map_beside(image: Path) -> BlockMap | None:
    """The map that lies beside an image: FILE.img.zst.bmap, FILE.img.bmap or FILE.bmap; None where there is none.

    Raises MapRefused.
    """
    names = [f"{image.name}.bmap"]
    bare = image
    while bare.suffix in (".zst", ".img"):
        bare = bare.with_suffix("")
        names.append(f"{bare.name}.bmap")
    for name in names:
        beside = image.with_name(name)
        if beside.is_file():
            with beside.open("rb") as file:
                return BlockMap.from_bytes(file.read(MAP_BYTES_MAX + 1))
    return None


def _prove(data: bytes) -> None:
    found = _CHECKSUM.search(data)
    _demand(found is not None, "it has no checksum of its own")
    assert found is not None
    blanked = data[: found.start(2)] + b"0" * 64 + data[found.end(2) :]
    _demand(sha2_hex(blanked, 256).encode() == found[2], "it is damaged: its own checksum is another")


def _ranges(root: "Element", size: int, block: int) -> tuple[Range, ...]:
    ranges: list[Range] = []
    before = 0
    for row in root.iterfind("BlockMap/Range"):
        _demand(len(ranges) < RANGES_MAX, f"it has more than {RANGES_MAX} stretches")
        found = _STRETCH.fullmatch(row.text or "")
        sha256 = row.get("chksum", "")
        _demand(found is not None and _HASH.fullmatch(sha256) is not None, "a stretch of it cannot be read")
        assert found is not None
        start, end = int(found[1]) * block, (int(found[2] or found[1]) + 1) * block
        _demand(before <= start < min(end, size) and end < size + block, "its stretches are not in order")
        ranges.append(Range(start, min(end, size), sha256))
        before = end
    return tuple(ranges)


def _number(root: "Element", name: str) -> int:
    found = _NUMBER.fullmatch(root.findtext(name) or "")
    _demand(found is not None, f"it does not say {name}")
    assert found is not None
    return int(found[1])


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise _refused(what)


def _refused(what: str) -> MapRefused:
    return MapRefused(
        f"The block map beside the image cannot be used: {what}.",
        "Copy image and map again from where they came; without a map the image can be burned too, only slower.",
    )
