"""Applying a pack at the box: from the spooled file to files in a batch of the store.

* The pack is a stranger until its root is proven: every length is checked before it is believed, every path before it
  is used, and nothing enters the index here; the caller places and records the batch once `apply` has returned.
* The release's root is compared before the first file is written, the layer's root once all of them are. So what the
  disk may be asked for is bounded by the release that was wanted.
* One group at a time is in memory, whatever the course's size.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from catalog.batch import Batch
from catalog.digest import Digest, digest_of, sha256
from catalog.fault import ContentFault
from catalog.manifest import Entry, Layer, Release
from catalog.tree import check_paths
from sync.patch.format import (
    PRELUDE,
    FileRow,
    GroupRow,
    Header,
    Operation,
    PackRefused,
    Prelude,
    demand,
    refused,
    unpacked,
)


def apply(pack: Path, batch: Batch, expected_root: Digest, layer_name: str) -> tuple[Release, Layer]:
    """Rebuild the files of `pack` in `batch`, and prove that they are this layer of the release `expected_root`.

    Raises PackRefused, whose `good_bytes` says how far the file is whole; ContentFault where no folder could hold its
    paths side by side; DiskFull or BoxFault where the disk does.
    """
    with pack.open("rb") as file:
        header, header_bytes = _header(file)
        release = _release(header, expected_root, layer_name)
        _demand_length(file, header, header_bytes)
        entries = _rebuilt(header, _Stream(file, header.groups, header_bytes), batch)
    layer = Layer.of(layer_name, entries)
    demand(layer.root == release.layers[layer_name].root, f"its files are not those of the layer {layer_name}")
    check_paths(entry.path for entry in entries)
    return release, layer


def _header(file: BinaryIO) -> tuple[Header, int]:
    prelude = Prelude.from_bytes(file.read(PRELUDE.size))
    header = Header.from_bytes(prelude, file.read(prelude.wire_bytes))
    return header, PRELUDE.size + prelude.wire_bytes


def _release(header: Header, expected_root: Digest, layer_name: str) -> Release:
    demand(digest_of(header.release) == expected_root, "it holds another release than the one that was asked for")
    demand(header.layer == layer_name, "it holds another layer than the one that was asked for")
    try:
        release = Release.from_bytes(header.release)
    except PackRefused:
        raise
    except ContentFault as fault:
        raise refused("its release cannot be read") from fault
    demand(release.root == expected_root, "its release cannot be read back as it was written")
    named = release.layers.get(layer_name)
    demand(named is not None, f"its release has no layer {layer_name}")
    assert named is not None
    found = (len(header.files), sum(row.size_bytes for row in header.files))
    demand(found == (named.files, named.size_bytes), "its files are not those of the release")
    return release


def _demand_length(file: BinaryIO, header: Header, header_bytes: int) -> None:
    """A file that is too short is still good as far as its groups are; one that is too long is not ours."""
    end = header_bytes + sum(group.wire_bytes for group in header.groups)
    here = file.seek(0, 2)
    file.seek(header_bytes)
    demand(here <= end, "there is something behind its end", end)


def _rebuilt(header: Header, stream: "_Stream", batch: Batch) -> list[Entry]:
    digests: list[Digest] = []
    for row in header.files:
        match row.operation:
            case Operation.NEW:
                digests.append(_written(row, stream, batch))
            case Operation.SAME:
                digests.append(digests[row.argument])
    return [
        Entry(row.path, row.size_bytes, digest, row.media_type, row.role)
        for row, digest in zip(header.files, digests, strict=True)
    ]


def _written(row: FileRow, stream: "_Stream", batch: Batch) -> Digest:
    with batch.new_file() as staged:
        for piece in stream.take(row.size_bytes):
            staged.write(piece)
        return staged.finish()[0]


class _Stream:
    """What the groups unpack to, one group at a time."""

    def __init__(self, file: BinaryIO, groups: tuple[GroupRow, ...], header_bytes: int) -> None:
        self._file = file
        self._groups = iter(groups)
        self._good_bytes = header_bytes
        self._left = memoryview(b"")

    def take(self, size_bytes: int) -> Iterator[memoryview]:
        """The next bytes. Raises PackRefused where the group that holds them did not come whole."""
        while size_bytes:
            if not self._left:
                self._left = memoryview(self._next())
            piece, self._left = self._left[:size_bytes], self._left[size_bytes:]
            size_bytes -= len(piece)
            yield piece

    def _next(self) -> bytes:
        # The header's own sums were checked: a file never needs a group that is not there.
        group = next(self._groups)
        # The former group is let go before the next is read: two at once would double what a box needs.
        self._left = memoryview(b"")
        wire = self._file.read(group.wire_bytes)
        demand(len(wire) == group.wire_bytes, "it is cut short", self._good_bytes)
        demand(sha256(wire) == group.sha256, "a part of it was damaged on the way", self._good_bytes)
        self._good_bytes += group.wire_bytes
        return unpacked(group.codec, wire, group.raw_bytes)
