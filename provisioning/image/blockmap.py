"""The block map: which stretches of an image hold anything, and what they hash to.

* Format: bmap-tools 2.0 (https://github.com/yoctoproject/bmaptool), so that their tool can write our images too.
* Whoever writes an image leaves out its holes, and knows of each stretch whether it came back as it was written.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from catalog.digest import Hasher, sha2_hex

BLOCK_BYTES = 4096
READ_BYTES = 1 << 20
RANGE_BLOCKS_MAX = 4096
"""16 MiB: so much is read again at most to find what is wrong with a stretch."""
ZERO_HASH = "0" * 64


def block_map(image: Path) -> str:
    """The block map of an image, as XML."""
    size = image.stat().st_size
    blocks = -(-size // BLOCK_BYTES)
    ranges = list(_ranges(image))
    mapped = sum(last - first + 1 for first, last in ranges)
    rows = "".join(
        f'    <Range chksum="{_hash(image, first, last, size)}">{first}{f"-{last}" if last != first else ""}</Range>\n'
        for first, last in ranges
    )
    text = (
        '<?xml version="1.0" ?>\n'
        '<bmap version="2.0">\n'
        f"    <ImageSize>{size}</ImageSize>\n"
        f"    <BlockSize>{BLOCK_BYTES}</BlockSize>\n"
        f"    <BlocksCount>{blocks}</BlocksCount>\n"
        f"    <MappedBlocksCount>{mapped}</MappedBlocksCount>\n"
        "    <ChecksumType>sha256</ChecksumType>\n"
        f"    <BmapFileChecksum>{ZERO_HASH}</BmapFileChecksum>\n"
        "    <BlockMap>\n"
        f"{rows}"
        "    </BlockMap>\n"
        "</bmap>\n"
    )
    return text.replace(ZERO_HASH, sha2_hex(text.encode(), 256), 1)


def _ranges(image: Path) -> Iterator[tuple[int, int]]:
    """First and last block of each stretch that holds anything."""
    with image.open("rb") as file:
        end, position = image.stat().st_size, 0
        while position < end:
            try:
                position = os.lseek(file.fileno(), position, os.SEEK_DATA)
            except OSError:
                return
            until = os.lseek(file.fileno(), position, os.SEEK_HOLE)
            first, last = position // BLOCK_BYTES, (until - 1) // BLOCK_BYTES
            for start in range(first, last + 1, RANGE_BLOCKS_MAX):
                yield start, min(start + RANGE_BLOCKS_MAX - 1, last)
            position = until


def _hash(image: Path, first: int, last: int, size: int) -> str:
    hasher = Hasher()
    with image.open("rb") as file:
        file.seek(first * BLOCK_BYTES)
        left = min((last + 1) * BLOCK_BYTES, size) - first * BLOCK_BYTES
        while left:
            piece = file.read(min(READ_BYTES, left))
            hasher.update(piece)
            left -= len(piece)
    return hasher.digest()[2:]
