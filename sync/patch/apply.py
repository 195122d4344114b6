"""Applying a pack at the box: from the spooled file, and what is here already, to files in a batch of the store.

* The pack is a stranger until its root is proven: every length is checked before it is believed, every path before it
  is used, and nothing enters the index here; the caller places and records the batch once `apply` has returned.
* The release's root is compared before the first file is written, the layer's root once all of them are. So what the
  disk may be asked for is bounded by the release that was wanted.
* Everything flows piece by piece: in memory is one group's window, whatever the course's size. Files that did not
  change are not even opened.
* The base is proven as it is read. A base file that has rotted, or a JPEG that will not come back, costs the files
  that need it and no more: the layer is then not proven, and the caller fetches those files one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from catalog.batch import Batch
from catalog.digest import Digest, Hasher, digest_of
from catalog.fault import ContentFault, Fault
from catalog.manifest import Entry, Layer, Release
from catalog.tree import check_paths
from sync.patch.copies import replay
from sync.patch.format import (
    FileCodec,
    FileRow,
    GroupRow,
    Held,
    Operation,
    Profile,
    demand,
    refused,
    stream_key,
    stream_order,
)
from sync.patch.groups import PIECE_BYTES, check_of, read_pieces, unpacked
from sync.patch.header import Header
from sync.patch.jpeg import JpegRefused, JpegXl


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a pack brought. Not proven: files are missing or wrong, and the caller finds out which by the manifest."""

    release: Release
    layer: Layer
    is_proven: bool
    damaged: tuple[Digest, ...] = ()
    """Files of the base that are no longer what their digests say."""


def apply(
    pack: Path,
    batch: Batch,
    expected_root: Digest,
    layer_name: str,
    *,
    base: Held | None = None,
    jpeg_xl: JpegXl | None = None,
) -> Rebuilt:
    """Rebuild in `batch` the files that `pack` brings to `base`, and prove that all of them are this layer.

    Raises PackRefused, whose `good_bytes` says how far the file is whole; ContentFault where no folder could hold its
    paths side by side; DiskFull or BoxFault where the disk does.
    """
    with pack.open("rb") as file:
        header = Header.read(file, base)
        kept = _kept(header, base)
        release = _release(header, expected_root, layer_name, kept)
        demand(header.profile is Profile.BASE or jpeg_xl is not None, "it holds JPEG XL, which is not understood here")
        check_paths([*(entry.path for entry in kept), *(row.path for row in header.files)])
        _demand_length(file, header)
        stream = _Stream(file, header.groups, base)
        digests = _Rebuilding(header, stream, batch, base, jpeg_xl).digests()
        stream.finish()
    layer = Layer.of(layer_name, [*kept, *_entries(header, digests)])
    is_proven = layer.root == release.layers[layer_name].root
    # Nothing but the pack's own bytes can be wrong where neither a base nor another program had a part in it.
    is_own = base is None and header.profile is Profile.BASE
    demand(is_proven or not is_own, f"its files are not those of the layer {layer_name}")
    return Rebuilt(release, layer, is_proven, tuple(stream.damaged))


def _kept(header: Header, base: Held | None) -> list[Entry]:
    """What the base has, and the pack leaves alone."""
    if base is None:
        return []
    touched = {base.layer.entries[place].path for place in header.removed} | {row.path for row in header.files}
    return [entry for entry in base.layer.entries if entry.path not in touched]


def _release(header: Header, expected_root: Digest, layer_name: str, kept: Sequence[Entry]) -> Release:
    demand(digest_of(header.release) == expected_root, "it holds another release than the one that was asked for")
    demand(header.layer == layer_name, "it holds another layer than the one that was asked for")
    try:
        release = Release.from_bytes(header.release)
    except ContentFault as fault:
        raise refused("its release cannot be read") from fault
    demand(release.root == expected_root, "its release cannot be read back as it was written")
    named = release.layers.get(layer_name)
    demand(named is not None, f"its release has no layer {layer_name}")
    assert named is not None
    sizes = [*(entry.size_bytes for entry in kept), *(row.size_bytes for row in header.files)]
    found = (len(sizes), sum(sizes))
    demand(found == (named.files, named.size_bytes), "its files are not those of the release")
    return release


def _demand_length(file: BinaryIO, header: Header) -> None:
    """A file that is too short is still good as far as its groups are; one that is too long is not ours."""
    start = file.tell()
    end = start + sum(group.wire_bytes for group in header.groups)
    here = file.seek(0, 2)
    file.seek(start)
    demand(here <= end, "there is something behind its end", end)


def _entries(header: Header, digests: Sequence[Digest | None]) -> list[Entry]:
    return [
        Entry(row.path, row.size_bytes, digest, row.media_type, row.role)
        for row, digest in zip(header.files, digests, strict=True)
        if digest is not None
    ]


class _Rebuilding:
    """Writes the files of a pack, in the order of the stream."""

    def __init__(
        self, header: Header, stream: "_Stream", batch: Batch, base: Held | None, jpeg_xl: JpegXl | None
    ) -> None:
        self._rows = header.files
        self._stream = stream
        self._batch = batch
        self._base = base
        self._jpeg_xl = jpeg_xl

    def digests(self) -> list[Digest | None]:
        """What each row's bytes are called; None where they could not be made."""
        digests: list[Digest | None] = [None] * len(self._rows)
        for place in sorted(range(len(self._rows)), key=lambda place: stream_key(self._rows[place])):
            if self._rows[place].is_in_stream:
                digests[place] = self._written(self._rows[place])
        for place, row in enumerate(self._rows):
            if row.operation is Operation.SAME:
                digests[place] = digests[row.place]
            elif row.operation is Operation.HELD:
                digests[place] = self._entry(row).digest
        return digests

    def _written(self, row: FileRow) -> Digest | None:
        lost_bytes = self._stream.lost_bytes
        with self._batch.new_file() as staged:
            for piece in self._pieces(row):
                staged.write(piece)
            is_whole = staged.size_bytes == row.size_bytes and self._stream.lost_bytes == lost_bytes
            return staged.finish()[0] if is_whole else None

    def _pieces(self, row: FileRow) -> Iterator[bytes | memoryview]:
        match row.operation, row.codec:
            case Operation.COPIES, _:
                return self._copied(row)
            case _, FileCodec.JPEG_XL:
                return self._reopened(row)
            case _:
                return self._stream.take(row.stream_bytes)

    def _reopened(self, row: FileRow) -> Iterator[bytes]:
        packed = b"".join(self._stream.take(row.stream_bytes))
        assert self._jpeg_xl is not None, "a pack with JPEG XL is refused where it cannot be unpacked"
        try:
            yield self._jpeg_xl.unpack(packed, row.size_bytes)
        except JpegRefused:
            # One picture: the layer will not be proven, and the caller fetches it as it is.
            return

    def _copied(self, row: FileRow) -> Iterator[bytes | memoryview]:
        instructions = b"".join(self._stream.take(row.instructions_bytes))
        entry = self._entry(row)
        left_bytes = row.stream_bytes - row.instructions_bytes

        def literals(size_bytes: int) -> Iterator[memoryview]:
            nonlocal left_bytes
            demand(size_bytes <= left_bytes, f"{row.path} needs more than is there")
            left_bytes -= size_bytes
            return self._stream.take(size_bytes)

        try:
            base = self._open(entry)
        except (Fault, OSError):
            self._stream.damaged.append(entry.digest)
            self._stream.skip(left_bytes)
            return
        with base:
            yield from replay(instructions, literals, base, row.size_bytes, base_bytes=entry.size_bytes)
        demand(left_bytes == 0, f"{row.path} needs less than is there")

    def _entry(self, row: FileRow) -> Entry:
        assert self._base is not None, "the header's places are checked against the base"
        return self._base.layer.entries[row.place]

    def _open(self, entry: Entry) -> BinaryIO:
        assert self._base is not None, "the header's places are checked against the base"
        return self._base.open(entry.digest)


class _BaseDamaged(Exception):
    """A file of the base is gone, or is not what its digest says."""


class _Stream:
    """What the groups unpack to, one group at a time."""

    def __init__(self, file: BinaryIO, groups: tuple[GroupRow, ...], base: Held | None) -> None:
        self.damaged: list[Digest] = []
        self.lost_bytes = 0
        """How much of what was taken stands for bytes that could not be had, its group's base being damaged."""
        self._file = file
        self._base = base
        self._pieces = self._unpacked(groups)
        self._left = memoryview(b"")
        self._is_lost = False

    def take(self, size_bytes: int) -> Iterator[memoryview]:
        """The next bytes. Raises PackRefused where the group that holds them did not come whole."""
        while size_bytes:
            if not self._left:
                # The header's own sums were checked: a file never needs a group that is not there.
                self._left = memoryview(next(self._pieces))
            piece, self._left = self._left[:size_bytes], self._left[size_bytes:]
            size_bytes -= len(piece)
            self.lost_bytes += len(piece) if self._is_lost else 0
            yield piece

    def skip(self, size_bytes: int) -> None:
        for _ in self.take(size_bytes):
            pass

    def finish(self) -> None:
        """Raises PackRefused where the last group holds more than was taken."""
        demand(not self._left and next(self._pieces, None) is None, "there is more in it than its files need")

    def _unpacked(self, groups: tuple[GroupRow, ...]) -> Iterator[bytes]:
        start = self._file.tell()
        for group in groups:
            self._check(group, start)
            self._is_lost = False
            try:
                yield from self._group(group, start)
            except _BaseDamaged:
                # Read before anything of the group comes out: so all of it is missing, and the next one is on its own.
                self._is_lost = True
                for at in range(0, group.raw_bytes, PIECE_BYTES):
                    yield bytes(min(PIECE_BYTES, group.raw_bytes - at))
            start += group.wire_bytes

    def _check(self, group: GroupRow, start: int) -> None:
        here = self._file.seek(0, 2)
        demand(start + group.wire_bytes <= here, "it is cut short", start)
        self._file.seek(start)
        check = check_of(read_pieces(self._file, group.wire_bytes))
        demand(check == group.check, "a part of it was damaged on the way", start)

    def _group(self, group: GroupRow, start: int) -> Iterator[bytes]:
        self._file.seek(start)
        entries = self._prefix(group)
        prefix_bytes = sum(entry.size_bytes for entry in entries)
        prefix = (piece for entry in entries for piece in self._proven(entry))
        return unpacked(group.codec, self._file, group.wire_bytes, group.raw_bytes, prefix, prefix_bytes)

    def _prefix(self, group: GroupRow) -> list[Entry]:
        if self._base is None:
            return []
        entries = self._base.layer.entries
        return [
            entry
            for places in (group.far, group.near)
            for entry in sorted((entries[place] for place in places), key=lambda entry: stream_order(entry.path))
        ]

    def _proven(self, entry: Entry) -> Iterator[bytes]:
        assert self._base is not None, "only a base has files for a prefix"
        hasher = Hasher()
        try:
            with self._base.open(entry.digest) as file:
                for piece in read_pieces(file, entry.size_bytes + 1):
                    hasher.update(piece)
                    yield piece
        except (Fault, OSError) as error:
            self.damaged.append(entry.digest)
            raise _BaseDamaged from error
        if hasher.digest() != entry.digest:
            self.damaged.append(entry.digest)
            raise _BaseDamaged
