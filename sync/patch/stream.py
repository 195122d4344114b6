"""The stream at the hub: how each file that travels goes into it, and what it should lie near.

* A file is looked at once, at its beginning: what hardly shrinks there is packed already.
* A picture goes as JPEG XL where that is allowed and pays; a big file as copies out of a base where that pays.
* What is read is proven against the layer: a pack is never made of a file that has rotted.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

import zstandard

from catalog.digest import Digest, Hasher
from catalog.fault import Damaged
from catalog.manifest import Entry
from sync.patch.bases import Listing, is_own_worth, most_alike, related, sketch_of
from sync.patch.copies import Difference, difference, is_worth
from sync.patch.format import WINDOW_BYTES_MAX, FileCodec, FileRow, Held, Operation, stream_order
from sync.patch.groups import read_pieces
from sync.patch.jpeg import JpegXl

PROBE_LEVEL = 1
PROBE_BYTES = 256 << 10
PACKED_BYTES_MIN = 4 << 10
"""A small file is no burden to its group, and may share more with it than it shows alone."""
PACKED_PERMILLE_MAX = 30
"""A file that a quick look makes smaller by less than this is packed already."""
OWN_PERMILLE_MIN = 100
"""What its former self must spare of such a file, so that both are worth a window."""
OWN_PROBE_BYTES_MAX = 4 << 20
COPIES_FILE_BYTES_MIN = 4 << 20
COPIES_TRIES_MAX = 2
"""How many files that left are tried as the base of a big one that arrives."""
SKETCH_SHARE_MAX = 8
SKETCH_BYTES_FREE = 1 << 20
"""How much of the base is read to find what resembles arriving files: so many bytes for each of theirs, and these."""
JPEG_SUFFIXES = frozenset({".jpg", ".jpeg"})

Open = Callable[[Digest], BinaryIO]


@dataclass(frozen=True, slots=True)
class Item:
    """One file on its way into the stream."""

    row: FileRow
    near: dict[int, int]
    """Files of the base that should lie before it: place in the base's list, and length."""
    pieces: Callable[[], Iterator[bytes]]


class Looking:
    """Looks at what a listing brings, and decides how it travels."""

    def __init__(
        self, listing: Listing, open_file: Open, base: Held | None, jpeg_xl: JpegXl | None, scratch: BinaryIO
    ) -> None:
        self._listing = listing
        self._open = open_file
        self._base = base
        self._jpeg_xl = jpeg_xl if jpeg_xl is not None and jpeg_xl.can_pack else None
        self._scratch = scratch
        self._entries: Sequence[Entry] = base.layer.entries if base is not None else ()

    def items(self) -> list[Item]:
        """Every file in the order of the listing. Raises Damaged where a file is not what the layer says."""
        items = [self._item(number, row) for number, row in enumerate(self._listing.rows)]
        return self._with_likenesses(items)

    def _item(self, number: int, row: FileRow) -> Item:
        digest = self._listing.digests[number]
        plain = Item(row, {}, lambda: proven(self._open, digest, row.size_bytes))
        if row.operation is not Operation.NEW:
            return plain
        if row.size_bytes > COPIES_FILE_BYTES_MIN and (copied := self._copied(number, row)) is not None:
            return copied
        own = self._listing.own.get(number)
        start = self._start(digest)
        is_packed = len(start) >= PACKED_BYTES_MIN and _saved_permille(start, _quick()) < PACKED_PERMILLE_MAX
        former = self._entries[own] if own is not None else None
        if former is not None and self._is_near(digest, row, former, is_packed):
            return replace(
                plain, row=replace(row, is_packed=is_packed), near={self._listing.own[number]: former.size_bytes}
            )
        if self._jpeg_xl is not None and stream_order(row.path)[0] in JPEG_SUFFIXES:
            return self._as_jpeg_xl(plain, self._jpeg_xl)
        return replace(plain, row=replace(row, is_packed=is_packed))

    def _start(self, digest: Digest) -> bytes:
        with self._open(digest) as file:
            return file.read(PROBE_BYTES)

    def _is_near(self, digest: Digest, row: FileRow, own: Entry, is_packed: bool) -> bool:
        """Whether a file should have what it was near it: of one that is packed already, much must be the same."""
        assert self._base is not None, "only a base has former files"
        if not own.size_bytes or not is_own_worth(row, own):
            return False
        if not is_packed:
            return True
        if max(row.size_bytes, own.size_bytes) > OWN_PROBE_BYTES_MAX:
            return False
        with self._open(digest) as new, self._base.open(own.digest) as old:
            data, prefix = new.read(), old.read()
        dictionary = zstandard.ZstdCompressionDict(prefix, zstandard.DICT_TYPE_RAWCONTENT)
        compressor = zstandard.ZstdCompressor(level=PROBE_LEVEL, dict_data=dictionary)
        return _saved_permille(data, compressor) >= OWN_PERMILLE_MIN

    def _as_jpeg_xl(self, plain: Item, jpeg_xl: JpegXl) -> Item:
        packed = jpeg_xl.pack(b"".join(plain.pieces()))
        row = replace(plain.row, is_packed=True)
        if packed is None:
            return replace(plain, row=row)
        start, size_bytes = self._scratch.seek(0, 2), len(packed)
        self._scratch.write(packed)

        def pieces() -> Iterator[bytes]:
            self._scratch.seek(start)
            return read_pieces(self._scratch, size_bytes)

        return Item(replace(row, codec=FileCodec.JPEG_XL, stream_bytes=size_bytes), {}, pieces)

    def _copied(self, number: int, row: FileRow) -> Item | None:
        digest = self._listing.digests[number]
        for place in self._bases_of_copies(number, row):
            found = self._difference(digest, self._entries[place])
            if found is None:
                return None
            fits_a_group = row.size_bytes + self._entries[place].size_bytes <= WINDOW_BYTES_MAX
            if is_worth(found, fits_a_group=fits_a_group):
                for _ in proven(self._open, digest, row.size_bytes):
                    pass
                return _as_copies(row, place, found)
        return None

    def _bases_of_copies(self, number: int, row: FileRow) -> list[int]:
        own = self._listing.own.get(number)
        if own is not None:
            return [own]
        likely = related([row.path], self._entries, self._listing.removed)
        half, double = row.size_bytes // 2, row.size_bytes * 2
        of_size = (place for place in likely if half <= self._entries[place].size_bytes <= double)
        return list(islice(of_size, COPIES_TRIES_MAX))

    def _difference(self, digest: Digest, base: Entry) -> Difference | None:
        assert self._base is not None, "only a base has files to copy from"
        with self._base.open(base.digest) as old, self._open(digest) as new:
            try:
                return difference(old, new)
            except ImportError:
                # Copies are found by what the extra "hub" brings; without it a film goes whole.
                return None

    def _with_likenesses(self, items: list[Item]) -> list[Item]:
        """Give files that arrive without a base the one that they resemble most."""
        arriving = [item for item in items if _is_arriving(item)]
        if self._base is None or not arriving:
            return items
        left_bytes = SKETCH_SHARE_MAX * sum(item.row.size_bytes for item in arriving) + SKETCH_BYTES_FREE
        places: dict[int, list[int]] = {}
        for place in related([item.row.path for item in arriving], self._entries, self._listing.removed):
            left_bytes -= self._entries[place].size_bytes
            if left_bytes < 0:
                break
            with self._base.open(self._entries[place].digest) as file:
                for line in sketch_of(file.read()):
                    places.setdefault(line, []).append(place)
        return [self._with_likeness(item, places) if _is_arriving(item) else item for item in items]

    def _with_likeness(self, item: Item, places: dict[int, list[int]]) -> Item:
        place = most_alike(sketch_of(b"".join(item.pieces())), places)
        if place is None or not is_own_worth(item.row, self._entries[place]):
            return item
        return replace(item, near={place: self._entries[place].size_bytes})


def proven(open_file: Open, digest: Digest, size_bytes: int) -> Iterator[bytes]:
    """A file's bytes. Raises Damaged where they are not what its digest says; the last piece comes after that."""
    hasher = Hasher()
    last = b""
    with open_file(digest) as file:
        for piece in read_pieces(file, size_bytes + 1):
            if last:
                yield last
            hasher.update(piece)
            last = piece
    if hasher.size_bytes != size_bytes or hasher.digest() != digest:
        raise Damaged(
            f"The store's file {digest[:12]} should have {size_bytes} bytes of its own, and has not.",
            "Run `qanat catalog verify`, and publish the course again.",
        )
    if last:
        yield last


def _as_copies(row: FileRow, place: int, found: Difference) -> Item:
    instructions = found.instructions()

    def pieces() -> Iterator[bytes]:
        yield instructions
        yield from found.literals()

    stream_bytes = len(instructions) + found.literal_bytes
    copied = replace(
        row,
        operation=Operation.COPIES,
        place=place,
        stream_bytes=stream_bytes,
        instructions_bytes=len(instructions),
    )
    return Item(copied, {}, pieces)


def _is_arriving(item: Item) -> bool:
    row = item.row
    return row.operation is Operation.NEW and not row.is_packed and not item.near and row.size_bytes > 0


def _saved_permille(data: bytes, compressor: zstandard.ZstdCompressor) -> int:
    return (len(data) - len(compressor.compress(data))) * 1000 // max(1, len(data))


def _quick() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=PROBE_LEVEL)
