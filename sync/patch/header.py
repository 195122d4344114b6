"""The header of a pack: a release's document and its list of files, told to one who has the base's.

* Two lists in the order of paths say everything: the base's, and the rows of what differs from it. A file of the base
  is named by its place in its list, most often as the distance from the one named before.
* What can be guessed is nought: that a changed file keeps its kind, that a new one has the kind of its extension.
* The hashes that a release has anew cannot be packed: they stand in the open part.
* The open part can be read without the base: how much changed, and the groups.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Self

from catalog.digest import Digest
from catalog.manifest import LAYER_FILES_MAX, Entry
from sync.columns import Reader, Unreadable, Writer
from sync.fields import WHOLE_MAX
from sync.patch.copies import INSTRUCTIONS_BYTES_MAX
from sync.patch.format import (
    CHECK_BYTES,
    GROUP_RAW_BYTES_MAX,
    GROUPS_MAX,
    HEADER_BYTES_MAX,
    HEADER_PREFIX_BYTES_MAX,
    JPEG_XL_BYTES_MAX,
    OPEN_BYTES_MAX,
    PREFIX_FILES_MAX,
    ROOT_BYTES,
    WINDOW_BYTES_MAX,
    ZSTD_WINDOW_BYTES_MAX,
    FileCodec,
    FileRow,
    GroupCodec,
    GroupRow,
    Held,
    Operation,
    Prelude,
    Profile,
    demand,
    digest_from,
    hash_of,
    not_understood,
    refused,
)
from sync.patch.groups import packed, unpacked
from sync.patch.names import Kind, KindGuess, folded, kind_of, unfolded, with_hashes, without_hashes

_OPERATIONS, _CODECS = len(Operation), len(FileCodec)


@dataclass(frozen=True, slots=True)
class Outline:
    """The open part: what a pack says to everybody."""

    removed: int
    changed: int
    added: int
    groups: tuple[GroupRow, ...]
    hashes: tuple[Digest, ...]

    def to_bytes(self) -> bytes:
        out = Writer()
        for number in (self.removed, self.changed, self.added, len(self.groups)):
            out.count(number)
        for group in self.groups:
            for number in (group.codec, group.wire_bytes, group.raw_bytes):
                out.count(number)
            out.data += group.check
        return bytes(out.data) + b"".join(hash_of(digest) for digest in self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises PackRefused, Unreadable."""
        raw = Reader(data)
        removed, changed, added = (raw.count(LAYER_FILES_MAX) for _ in range(3))
        groups = tuple(_group(raw) for _ in range(raw.count(GROUPS_MAX)))
        rest = raw.rest()
        demand(len(rest) % ROOT_BYTES == 0, "its hashes are cut short")
        hashes = (digest_from(rest[at : at + ROOT_BYTES]) for at in range(0, len(rest), ROOT_BYTES))
        return cls(removed, changed, added, groups, tuple(hashes))


@dataclass(frozen=True, slots=True)
class Header:
    """What a pack says of itself. `release` is the document's own bytes, so that its root can be proven."""

    release: bytes
    layer: str
    removed: tuple[int, ...]
    files: tuple[FileRow, ...]
    """First those whose path the base has, then the others; both in the order of paths."""
    groups: tuple[GroupRow, ...]
    profile: Profile = Profile.BASE

    def to_bytes(self, base: Held | None) -> bytes:
        """Prelude, open and closed part. Raises PackRefused where the layer has too much in it for one header."""
        known = _Known.of(base)
        outline, closed = _closed(self, known)
        open_part = outline.to_bytes()
        if len(open_part) > OPEN_BYTES_MAX or len(closed) > HEADER_BYTES_MAX - len(known.prefix):
            raise refused(f"its list of {len(self.files)} files does not fit into one header")
        codec, wire = packed(closed, known.prefix)
        base_root = None if base is None else base.release.root
        crc32 = zlib.crc32(wire, zlib.crc32(open_part))
        prelude = Prelude(self.profile, codec, crc32, base_root, len(open_part), len(wire), len(closed))
        return prelude.to_bytes() + open_part + wire

    @classmethod
    def read(cls, file: BinaryIO, base: Held | None) -> "Header":
        """Read it, and leave `file` at the first group.

        Raises PackRefused where the header is not one that we would have written, or needs another base.
        """
        prelude = Prelude.read(file)
        demand(prelude.base_root is None or base is not None, "it is a patch, and what it builds on is not here")
        is_base = base is None or prelude.base_root in (None, base.release.root)
        demand(is_base, "it is a patch on another release than the one that is here")
        known = _Known.of(None if prelude.base_root is None else base)
        start = file.tell()
        parts = file.read(prelude.open_bytes + prelude.wire_bytes)
        demand(len(parts) == prelude.open_bytes + prelude.wire_bytes, "it is cut short")
        demand(zlib.crc32(parts) == prelude.crc32, "its header is damaged")
        demand(prelude.raw_bytes + len(known.prefix) <= HEADER_BYTES_MAX, "its header is too long")
        file.seek(start + prelude.open_bytes)
        pieces = unpacked(prelude.codec, file, prelude.wire_bytes, prelude.raw_bytes, [known.prefix], len(known.prefix))
        closed = b"".join(pieces)
        file.seek(start + len(parts))
        try:
            outline = Outline.from_bytes(parts[: prelude.open_bytes])
            return _opened(prelude.profile, outline, closed, known)
        except (Unreadable, UnicodeDecodeError) as error:
            raise refused("its header cannot be read") from error


def read_outline(file: BinaryIO) -> tuple[Prelude, Outline]:
    """What can be told of a pack by whoever has not its base. Raises PackRefused."""
    prelude = Prelude.read(file)
    data = file.read(prelude.open_bytes)
    demand(len(data) == prelude.open_bytes, "it is cut short")
    try:
        return prelude, Outline.from_bytes(data)
    except Unreadable as error:
        raise refused("its header cannot be read") from error


@dataclass(frozen=True, slots=True)
class _Known:
    """What both sides know before the header is read."""

    document: str
    entries: Sequence[Entry]
    prefix: bytes

    @classmethod
    def of(cls, base: Held | None) -> Self:
        if base is None:
            return cls("", (), b"")
        document = base.release.to_bytes()
        paths = folded(entry.path for entry in base.layer.entries)
        return cls(document.decode(), base.layer.entries, (paths + document)[-HEADER_PREFIX_BYTES_MAX:])

    def kinds(self) -> list[Kind]:
        return sorted({kind_of(entry) for entry in self.entries})

    def size_of(self, place: int) -> int:
        demand(place < len(self.entries), "it names a file that its base has not")
        return self.entries[place].size_bytes


def _closed(header: Header, known: _Known) -> tuple[Outline, bytes]:
    document, hashes = without_hashes(header.release.decode(), known.document)
    kinds = known.kinds()
    new_kinds = sorted({kind_of(row) for row in header.files} - set(kinds))
    kinds += new_kinds
    places = {entry.path: place for place, entry in enumerate(known.entries)}
    changed = [places[row.path] for row in header.files if row.path in places]
    added = header.files[len(changed) :]
    out = Writer()
    out.text(header.layer)
    _write_bytes(out, document.encode())
    out.count(len(new_kinds))
    for text in (text for kind in new_kinds for text in kind):
        out.text(text)
    _write_places(out, header.removed)
    _write_places(out, changed)
    _write_bytes(out, folded(row.path for row in added))
    for row in header.files:
        out.count((int(row.is_packed) * _CODECS + row.codec) * _OPERATIONS + row.operation)
    guess = KindGuess(known.entries, kinds)
    for number, row in enumerate(header.files):
        guessed, kind = guess.at(row.path, changed[number] if number < len(changed) else None), kind_of(row)
        out.count(0 if kind == guessed else 1 + kinds.index(kind))
        guess.learn(row.path, kind)
    _write_numbers(out, header.files, [known.entries[place].size_bytes for place in changed])
    for group in header.groups:
        for some in (group.far, group.near):
            out.count(len(some))
            _write_places(out, some)
    outline = Outline(len(header.removed), len(changed), len(added), header.groups, hashes)
    return outline, bytes(out.data)


def _opened(profile: Profile, outline: Outline, closed: bytes, known: _Known) -> Header:
    raw = Reader(closed)
    layer = raw.text()
    release = with_hashes(_read_bytes(raw), outline.hashes)
    kinds = known.kinds() + [(raw.text(), raw.text()) for _ in range(raw.count(LAYER_FILES_MAX))]
    count = len(known.entries)
    removed = _read_places(raw, outline.removed, count)
    changed = _read_places(raw, outline.changed, count)
    demand(not set(removed) & set(changed), "it changes a file that it removes")
    paths = [known.entries[place].path for place in changed] + unfolded(_read_bytes(raw), outline.added)
    _check_paths(paths, removed, known)
    ways = [_way(raw, profile) for _ in paths]
    guess = KindGuess(known.entries, kinds)
    named: list[Kind] = []
    for number, path in enumerate(paths):
        guessed, place = guess.at(path, changed[number] if number < len(changed) else None), raw.count(len(kinds))
        named.append(kinds[place - 1] if place else guessed)
        guess.learn(path, named[-1])
    rows = [
        FileRow(path, 0, *kind, operation, codec, is_packed)
        for path, kind, (operation, codec, is_packed) in zip(paths, named, ways, strict=True)
    ]
    files = _read_numbers(raw, rows, changed, known)
    groups = _with_prefixes(raw, outline.groups, known)
    demand(not raw.rest(), "there is more in its header than should be")
    stream_bytes = sum(row.stream_bytes for row in files)
    demand(stream_bytes == sum(group.raw_bytes for group in groups), "its groups do not hold what its files need")
    return Header(release, layer, removed, tuple(files), groups, profile)


def _write_numbers(out: Writer, rows: Sequence[FileRow], changed_bytes: Sequence[int]) -> None:
    """How long files are, and where they come from."""
    for number, row in enumerate(rows):
        if row.is_in_stream:
            if number < len(changed_bytes):
                out.whole(row.size_bytes - changed_bytes[number])
            else:
                out.count(row.size_bytes)
    for row in rows:
        if row.operation is Operation.COPIES or row.codec is FileCodec.JPEG_XL:
            out.count(row.stream_bytes)
    for row in rows:
        if row.operation is Operation.COPIES:
            out.count(row.instructions_bytes)
    expected = dict.fromkeys(Operation, 0)
    for row in rows:
        if row.operation is not Operation.NEW:
            out.whole(row.place - expected[row.operation])
            expected[row.operation] = row.place + 1


def _read_numbers(raw: Reader, rows: list[FileRow], changed: Sequence[int], known: _Known) -> list[FileRow]:
    for number, row in enumerate(rows):
        if row.is_in_stream:
            is_changed = number < len(changed)
            size_bytes = known.size_of(changed[number]) + raw.whole() if is_changed else raw.count(WHOLE_MAX)
            demand(0 <= size_bytes <= WHOLE_MAX, f"{row.path} has no size")
            rows[number] = replace(row, size_bytes=size_bytes, stream_bytes=size_bytes)
    for number, row in enumerate(rows):
        if row.operation is Operation.COPIES:
            rows[number] = replace(row, stream_bytes=raw.count(WHOLE_MAX))
        elif row.codec is FileCodec.JPEG_XL:
            rows[number] = replace(row, stream_bytes=raw.count(JPEG_XL_BYTES_MAX))
    for number, row in enumerate(rows):
        if row.operation is Operation.COPIES:
            rows[number] = replace(row, instructions_bytes=raw.count(min(row.stream_bytes, INSTRUCTIONS_BYTES_MAX)))
    expected = dict.fromkeys(Operation, 0)
    for number, row in enumerate(rows):
        if row.operation is not Operation.NEW:
            place = expected[row.operation] + raw.whole()
            expected[row.operation] = place + 1
            rows[number] = _from_place(row, place, rows, known)
    return rows


def _from_place(row: FileRow, place: int, rows: Sequence[FileRow], known: _Known) -> FileRow:
    demand(place >= 0, f"{row.path} comes from nowhere")
    match row.operation:
        case Operation.SAME:
            demand(place < len(rows) and rows[place].is_in_stream, f"{row.path} is the same as no file")
            return replace(row, place=place, size_bytes=rows[place].size_bytes)
        case Operation.HELD:
            return replace(row, place=place, size_bytes=known.size_of(place))
        case Operation.NEW | Operation.COPIES:
            known.size_of(place)
            return replace(row, place=place)


def _way(raw: Reader, profile: Profile) -> tuple[Operation, FileCodec, bool]:
    number = raw.count(WHOLE_MAX)
    code, operation = divmod(number, _OPERATIONS)
    is_packed, codec = divmod(code, _CODECS)
    if is_packed > 1:
        raise not_understood(f"a way of packing ({number})")
    way = Operation(operation), FileCodec(codec), bool(is_packed)
    if way[1] is FileCodec.JPEG_XL:
        is_right = profile is Profile.JPEG_XL and way[0] is Operation.NEW
        demand(is_right, "it uses a codec that is not of its profile")
    return way


def _group(raw: Reader) -> GroupRow:
    codec, wire_bytes, raw_bytes = raw.count(WHOLE_MAX), raw.count(WHOLE_MAX), raw.count(WHOLE_MAX)
    if codec >= len(GroupCodec):
        raise not_understood(f"a codec ({codec})")
    demand(0 < wire_bytes <= raw_bytes <= GROUP_RAW_BYTES_MAX, "a group is too long, or has no length")
    return GroupRow(GroupCodec(codec), wire_bytes, raw_bytes, raw.take(CHECK_BYTES))


def _with_prefixes(raw: Reader, groups: Iterable[GroupRow], known: _Known) -> tuple[GroupRow, ...]:
    whole: list[GroupRow] = []
    left = PREFIX_FILES_MAX
    for group in groups:
        far = _read_places(raw, raw.count(min(left, len(known.entries))), len(known.entries))
        near = _read_places(raw, raw.count(min(left - len(far), len(known.entries))), len(known.entries))
        left -= len(far) + len(near)
        prefix_bytes = sum(known.size_of(place) for place in (*far, *near))
        most = ZSTD_WINDOW_BYTES_MAX if group.codec is GroupCodec.ZSTD else WINDOW_BYTES_MAX
        demand(not prefix_bytes or group.raw_bytes + prefix_bytes <= most, "a group and its prefix are too long")
        whole.append(replace(group, far=far, near=near))
    return tuple(whole)


def _check_paths(paths: Sequence[str], removed: Sequence[int], known: _Known) -> None:
    gone = {known.entries[place].path for place in removed} | set(paths)
    kept = sum(entry.path not in gone for entry in known.entries)
    demand(len(set(paths)) == len(paths), "it has a path twice")
    demand(kept + len(paths) <= LAYER_FILES_MAX, "its list of files is too long")


def _write_bytes(out: Writer, data: bytes) -> None:
    out.count(len(data))
    out.data += data


def _read_bytes(raw: Reader) -> bytes:
    return raw.take(raw.count(HEADER_BYTES_MAX))


def _write_places(out: Writer, places: Iterable[int]) -> None:
    """Places in rising order, as the distance of each from the one before."""
    after = 0
    for place in places:
        out.count(place - after)
        after = place + 1


def _read_places(raw: Reader, count: int, most: int) -> tuple[int, ...]:
    places: list[int] = []
    after = 0
    for _ in range(count):
        after += raw.count(WHOLE_MAX) + 1
        demand(after <= most, "it names a file that its base has not")
        places.append(after - 1)
    return tuple(places)
