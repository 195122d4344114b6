"""Block maps are strangers' files: what is wrong with one is said, within bounded memory."""

import pytest

from catalog.digest import sha2_hex
from provisioning.burn.mapped import BlockMap, MapRefused, Range
from tests.provisioning.burn.made_map import written_map

HASH = sha2_hex(b"", 256)
GOOD = written_map(10_000, f'<Range chksum="{HASH}"> 0 </Range><Range chksum="{HASH}"> 1-2 </Range>')


def test_a_map_says_which_stretches_hold_anything() -> None:
    assert BlockMap(10_000, (Range(0, 4096, HASH), Range(4096, 10_000, HASH))) == BlockMap.from_bytes(GOOD)


def row(blocks: str, chksum: str = HASH) -> bytes:
    return written_map(100_000, f'<Range chksum="{chksum}"> {blocks} </Range>')


HOSTILE = {
    "no XML": b"\x89PNG",
    "another format": GOOD.replace(b'version="2.0"', b'version="1.4"'),
    "damaged": GOOD.replace(b"1-2", b"0-2"),
    "no checksum": GOOD.replace(b"BmapFileChecksum", b"Other"),
    "weaker checksums": GOOD.replace(b"sha256", b"sha1"),
    "no size": GOOD.replace(b"ImageSize", b"Size"),
    "a huge size": written_map(1 << 50, ""),
    "blocks of nothing": written_map(10_000, "", 0),
    "stretches backwards": row("3-2"),
    "stretches that overlap": written_map(
        100_000, f'<Range chksum="{HASH}"> 0-3 </Range><Range chksum="{HASH}"> 3-4 </Range>'
    ),
    "a stretch beyond the end": row("20-30"),
    "a stretch that is none": row("0x1"),
    "a hash that is none": row("0", "xyz"),
    "entities": GOOD.replace(b"<bmap", b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">]><bmap'),
    "too large": b" " * ((16 << 20) + 1),
    "deep": b"<a>" * 100_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_map_is_refused(what: str) -> None:
    with pytest.raises(MapRefused, match="The block map beside the image cannot be used"):
        BlockMap.from_bytes(HOSTILE[what])
