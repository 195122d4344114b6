"""Bombs: small packs that stand for gigabytes are refused, and take little memory until they are."""

import json
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from sync.columns import Writer
from sync.patch.copies import INSTRUCTIONS_BYTES_MAX
from sync.patch.format import GROUP_RAW_BYTES_MAX, HEADER_BYTES_MAX, GroupCodec, Operation, Prelude, Profile
from tests.sync.patch.strangers import forged, group, packed, plain
from tests.sync.patch.trees import held

BOMBS = """
import json, sys
from pathlib import Path
from catalog.digest import Digest
from catalog.fault import Fault
from tests.sync.patch.trees import Box, held

folder, roots = Path(sys.argv[1]), json.loads(sys.argv[2])
box = Box(folder / "box")
before = {"index.html": b"words" * 100}

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

class Wanted:
    def __init__(self, root):
        self.release = self
        self.root = Digest(root)

told = {}
for name, root in roots.items():
    start = peak()
    try:
        box.rebuilds(folder / name, Wanted(root), held(before))
        told[name] = "taken"
    except Fault as fault:
        told[name] = type(fault).__name__
    told[name + " KiB"] = peak() - start
print(json.dumps(told))
"""


def bombs():
    """Small files that stand for gigabytes, each in another place of the format."""
    most = GROUP_RAW_BYTES_MAX
    noughts, many = packed(GroupCodec.ZSTD, bytes(most)), 40
    groups, huge = [group(GroupCodec.ZSTD, noughts, most)] * many, most * many
    copied = replace(plain("z.bin", 10), operation=Operation.COPIES)
    yield "instructions", replace(copied, stream_bytes=huge, instructions_bytes=huge), groups, noughts * many
    yield "literals", replace(copied, stream_bytes=huge, instructions_bytes=1), groups, noughts * many
    ones = packed(GroupCodec.ZSTD, b"\1" * INSTRUCTIONS_BYTES_MAX)
    row = replace(copied, stream_bytes=INSTRUCTIONS_BYTES_MAX, instructions_bytes=INSTRUCTIONS_BYTES_MAX)
    yield "copies", row, [group(GroupCodec.ZSTD, ones, INSTRUCTIONS_BYTES_MAX)], ones
    for codec in (GroupCodec.ZSTD, GroupCodec.XZ):
        long = packed(codec, bytes(1 << 26))
        yield f"64 MiB in a group of 5,000 bytes, {codec.name}", plain("z.bin", 5000), [group(codec, long, 5000)], long


def header_bombs(base):
    """Headers that unpack to far more than they are, or count far beyond what follows."""
    noughts = bytes(4)
    for codec in (GroupCodec.ZSTD, GroupCodec.XZ):
        wire = packed(codec, bytes(HEADER_BYTES_MAX))
        crc32 = zlib.crc32(wire, zlib.crc32(noughts))
        for raw_bytes in (HEADER_BYTES_MAX, 9):
            prelude = Prelude(Profile.BASE, codec, crc32, None, len(noughts), len(wire), raw_bytes)
            yield f"a header of noughts, {codec.name}, {raw_bytes}", prelude.to_bytes() + noughts + wire
    counts = Writer()
    for number in (200_000, 200_000, 200_000, 1 << 17):
        counts.count(number)
    claims = bytes(counts.data)
    prelude = Prelude(Profile.BASE, GroupCodec.RAW, zlib.crc32(claims), base.release.root, len(claims), 0, 0)
    yield "counts of 200,000", prelude.to_bytes() + claims


@pytest.mark.slow
def test_bombs_go_off_in_little_memory(tmp_path):
    """Each is offered to a fresh box's reader in a child, whose highest use of memory is looked at after each."""
    base = held({"index.html": b"words" * 100})
    roots = {}
    for name, row, groups, body in bombs():
        data, version = forged([row], groups=groups, body=body, base=base)
        (tmp_path / name).write_bytes(data)
        roots[name] = version.release.root
    for name, data in header_bombs(base):
        (tmp_path / name).write_bytes(data)
        roots[name] = base.release.root
    (tmp_path / "box").mkdir()

    done = subprocess.run(
        [sys.executable, "-c", BOMBS, tmp_path, json.dumps(roots)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert dict.fromkeys(roots, "PackRefused") == {name: told[name] for name in roots}
    assert [] == [(name, told[f"{name} KiB"]) for name in roots if told[f"{name} KiB"] > 96 << 10]
