"""A small image of a card: MBR, FAT with boot files, a second and a fourth partition; made with the real tools."""

import subprocess
from pathlib import Path

import zstandard

from catalog.digest import sha2_hex
from tests.provisioning.burn.made_map import written_map
from tests.wire import noise

MIB = 1 << 20
DISK_ID = "1234abcd"
FAT_MIB = 36
ROOT_MIB = 4
DATA_MIB = 8
SIZE_BYTES = (1 + FAT_MIB + 2 * ROOT_MIB + DATA_MIB) * MIB
COMMAND_LINE = f"root=PARTUUID={DISK_ID}-02 rootfstype=squashfs ro\n".encode()
ENTRY = f"title Qanat\noptions root=PARTUUID={DISK_ID}-03 ro\n".encode()


def make_image(folder: Path) -> Path:
    """card.img, with holes where nothing is."""
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    table = f"label: dos\nlabel-id: 0x{DISK_ID}\nstart=1MiB, size=36MiB, type=c, bootable\n"
    table += "start=37MiB, size=4MiB, type=83\nstart=41MiB, size=4MiB, type=83\nstart=45MiB, size=8MiB, type=83\n"
    run("sfdisk", "--quiet", image, data=table.encode())
    fat = f"{image}@@{MIB}"
    run("mformat", "-i", fat, "-F", "-T", FAT_MIB * 2048, "-h", "64", "-s", "32", "-v", "QANAT", "::")
    run("mmd", "-i", fat, "::/a", "::/b", "::/loader", "::/loader/entries")
    run("mcopy", "-i", fat, "-", "::/a/cmdline.txt", data=COMMAND_LINE)
    run("mcopy", "-i", fat, "-", "::/loader/entries/qanat-a.conf", data=ENTRY)
    run("mcopy", "-i", fat, "-", "::/a/vmlinuz", data=noise(3 * MIB))
    with image.open("r+b") as file:
        file.write(b"\xfa boot code")
        file.seek(37 * MIB)
        file.write(b"hsqs" + noise(2 * MIB + 4092))
        file.seek(45 * MIB + 1024)
        file.write(noise(700_000))
    return image


def pack(image: Path, *, size_is_said: bool = True) -> Path:
    """card.img.zst"""
    packed = image.with_name(f"{image.name}.zst")
    compressor = zstandard.ZstdCompressor(level=1, write_content_size=size_is_said)
    packed.write_bytes(compressor.compress(image.read_bytes()))
    return packed


def map_of(image: Path, block_bytes: int = 4096) -> bytes:
    """Its block map as bmaptool writes it: stretches that are not all zeros."""
    data = image.read_bytes()
    blocks = [data[at : at + block_bytes].count(0) < block_bytes for at in range(0, len(data), block_bytes)]
    rows, start = "", 0
    while start < len(blocks):
        if not blocks[start]:
            start += 1
            continue
        end = start
        while end < len(blocks) and blocks[end]:
            end += 1
        piece = data[start * block_bytes : end * block_bytes]
        rows += f'        <Range chksum="{sha2_hex(piece, 256)}"> {start}-{end - 1} </Range>\n'
        start = end
    return written_map(len(data), rows, block_bytes)


def run(*words: object, data: bytes = b"") -> bytes:
    return subprocess.run([str(word) for word in words], input=data, check=True, capture_output=True).stdout
