"""A block map as bmaptool writes it, with its own checksum."""

from catalog.digest import sha2_hex


def written_map(size_bytes: int, rows: str, block_bytes: int = 4096) -> bytes:
    text = (
        '<?xml version="1.0" ?>\n<bmap version="2.0">\n'
        f"    <ImageSize> {size_bytes} </ImageSize>\n    <BlockSize> {block_bytes} </BlockSize>\n"
        "    <ChecksumType> sha256 </ChecksumType>\n"
        f"    <BmapFileChecksum> {'0' * 64} </BmapFileChecksum>\n"
        f"    <BlockMap>\n{rows}    </BlockMap>\n</bmap>\n"
    )
    return text.replace("0" * 64, sha2_hex(text.encode(), 256), 1).encode()
