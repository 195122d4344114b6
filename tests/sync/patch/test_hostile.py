"""Packs from strangers: whatever is in them, the answer is a release that is proven, or a fault with a name.

What is mutated here is sealed again: lengths, sums and checks fit, so that the reader gets as far as it can be led.
"""

import random
import zlib
from contextlib import closing
from dataclasses import replace

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sync.patch.header
from catalog.fault import Fault
from catalog.manifest import Layer
from sync.patch.format import (
    GROUP_RAW_BYTES_MAX,
    FileCodec,
    GroupCodec,
    Held,
    Operation,
    PackRefused,
    Prelude,
    Profile,
)
from sync.patch.groups import check_of
from sync.patch.header import Header, read_outline
from sync.patch.versions import release_of
from tests.sync.patch.strangers import forged, group, packed, plain
from tests.sync.patch.trees import Box, held, pack

NOISE = random.Random(21).randbytes(40_000)
LESSON = b"".join(b"<li>%d drops</li>\n" % number for number in range(900))
BEFORE = {"index.html": LESSON, "old.bin": NOISE[:9000], "a/moved.css": b"h1 {}" * 90, "same.txt": b"same"}
AFTER = {
    "index.html": LESSON.replace(b"77", b"seventy-seven"),
    "b/moved.css": b"h1 {}" * 90,
    "b/again.css": b"h1 {}" * 90,
    "new/a.bin": NOISE[9000:12_000],
    "new/b.bin": NOISE[9000:12_000],
    "same.txt": b"same",
    "empty.txt": b"",
}


class Pack:
    """A real pack taken apart, to be put together again in other ways, with every sum right."""

    def __init__(self, folder, base):
        self.file = folder / "real.pack"
        self.base = None if base is None else held(base)
        self.version = held(AFTER)
        pack(AFTER, self.file, base=base)
        with self.file.open("rb") as file:
            self.header = Header.read(file, self.base)
            self.body = file.read()
            file.seek(0)
            self.prelude, _ = read_outline(file)
            self.open_part = self.file.read_bytes()[file.tell() - self.prelude.open_bytes : file.tell()]
        self.closed = self._closed()

    def _closed(self):
        """What the writer hands to the packer: the closed part as it is before it is packed."""
        seen = []
        honest = sync.patch.header.packed

        def packed(raw, prefix):
            seen.append(raw)
            return honest(raw, prefix)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sync.patch.header, "packed", packed)
            self.header.to_bytes(self.base)
        return seen[0]

    def sealed(self, open_part, closed, body):
        sealed = replace(
            self.prelude,
            codec=GroupCodec.RAW,
            crc32=zlib.crc32(closed, zlib.crc32(open_part)),
            open_bytes=len(open_part),
            wire_bytes=len(closed),
            raw_bytes=len(closed),
        )
        return sealed.to_bytes() + open_part + closed + body

    def with_header(self, header, body):
        return header.to_bytes(self.base) + body


@pytest.fixture(scope="module", params=["full", "patch"])
def real(request, tmp_path_factory):
    return Pack(tmp_path_factory.mktemp("real"), None if request.param == "full" else BEFORE)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with closing(Box(tmp_path_factory.mktemp("box"))) as box:
        yield box


def taken(box, data, version, base):
    """What the box makes of these bytes. Anything but a release or a fault is an error of ours."""
    file = box.store.folder.parent / "hostile.pack"
    file.write_bytes(data)
    try:
        return box.rebuilds(file, version, base)
    except Fault as fault:
        if not (fault.sentence and fault.hint):
            raise AssertionError("a refusal without words") from fault
        return None
    finally:
        assert [] == box.files()


def mutated(data, mutations):
    for kind, at, byte in mutations:
        place = at % (len(data) + 1)
        match kind:
            case "set":
                data = data[:place] + bytes([byte]) + data[place + 1 :]
            case "insert":
                data = data[:place] + bytes([byte]) * (byte % 9 + 1) + data[place:]
            case "remove":
                data = data[:place] + data[place + byte % 9 + 1 :]
            case "cut":
                data = data[:place]
            case "turn":
                data = data[place:] + data[:place]
    return data


kinds = st.sampled_from(["set", "set", "set", "insert", "remove", "cut", "turn"])
mutations = st.lists(st.tuples(kinds, st.integers(0, 1 << 16), st.integers(0, 255)), max_size=4)
some = mutations.filter(bool)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(changes=some)
@example(changes=[("cut", 0, 0)])
@example(changes=[("insert", 1 << 16, 0)])
def test_a_pack_that_was_damaged_on_its_way(real, box, changes):
    data = real.file.read_bytes()
    damaged = mutated(data, changes)

    rebuilt = taken(box, damaged, real.version, real.base)

    assert rebuilt is None or damaged == data


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(of_open=mutations, of_closed=mutations)
@example(of_open=[], of_closed=[("cut", 0, 0)])
@example(of_open=[("cut", 0, 0)], of_closed=[])
@example(of_open=[("set", 0, 255), ("set", 1, 255), ("set", 2, 127)], of_closed=[])
def test_a_header_that_was_forged(real, box, of_open, of_closed):
    data = real.sealed(mutated(real.open_part, of_open), mutated(real.closed, of_closed), real.body)

    rebuilt = taken(box, data, real.version, real.base)

    assert rebuilt is None or not rebuilt.is_proven or rebuilt.layer == real.version.layer


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(changes=some, which=st.integers(0, 9))
def test_a_group_that_was_forged(real, box, changes, which):
    """The group's bytes are others, and its length and check fit them."""
    which %= len(real.header.groups)
    groups, body, at = list(real.header.groups), b"", 0
    for number, one in enumerate(groups):
        wire = real.body[at : at + one.wire_bytes]
        at += one.wire_bytes
        if number == which:
            wire = mutated(wire, changes)
            groups[number] = replace(one, wire_bytes=len(wire), check=check_of([wire]))
        body += wire
    header = replace(real.header, groups=tuple(groups))

    rebuilt = taken(box, real.with_header(header, body), real.version, real.base)

    assert rebuilt is None or not rebuilt.is_proven or rebuilt.layer == real.version.layer


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300), starts_well=st.booleans())
def test_rubbish(box, data, starts_well):
    start = Prelude(Profile.BASE, GroupCodec.RAW, 0, None, 5, 5, 5).to_bytes()[:12] if starts_well else b""

    assert taken(box, start + data, held(AFTER), None) is None


def refused(box, data, version, base=None):
    file = box.store.folder.parent / "hostile.pack"
    file.write_bytes(data)
    with pytest.raises(PackRefused) as fault:
        box.rebuilds(file, version, base)
    assert [] == box.files()
    return fault.value


@pytest.mark.parametrize(
    "path",
    ["../outside.txt", "/etc/passwd", "a/../../b", "a//b", "a\\b", "", ".", "nul\0", "e\u0301.txt", "x" * 300],
)
def test_unsafe_paths(box, path):
    data, version = forged([plain(path, 0)])

    refused(box, data, version)


def test_a_file_that_stands_where_anothers_folder_is(box):
    data, version = forged([plain("a", 0), plain("a/b", 0)])

    assert taken(box, data, version, None) is None


def test_a_file_that_takes_itself_for_another(box):
    rows = [replace(plain("a", 0), operation=Operation.SAME, place=place) for place in (0, 1, 7)]
    for row in rows:
        data, version = forged([row])
        refused(box, data, version)


def test_a_file_of_the_base_that_is_not_there(box):
    base = held(BEFORE)
    for operation in (Operation.HELD, Operation.COPIES):
        data, version = forged([replace(plain("z", 0), operation=operation, place=4)], base=base)
        refused(box, data, version, base)


def test_jpeg_xl_in_a_pack_of_the_base_profile(box):
    wire = b"jxl"
    row = replace(plain("a.jpg", 99), codec=FileCodec.JPEG_XL, stream_bytes=3)
    data, version = forged([row], groups=[group(GroupCodec.RAW, wire, 3)], body=wire)

    refused(box, data, version)


@pytest.mark.parametrize("codec", [GroupCodec.ZSTD, GroupCodec.XZ])
@pytest.mark.parametrize("more_bytes", [-1, 1, 5000])
def test_a_group_that_holds_more_or_less_than_it_says(box, codec, more_bytes):
    wire = packed(codec, bytes(6000 + more_bytes))
    data, version = forged([plain("a", 6000)], groups=[group(codec, wire, 6000)], body=wire)

    refused(box, data, version)


def test_a_frame_that_keeps_its_length_to_itself(box):
    compressor = zstandard.ZstdCompressor(write_content_size=False)
    wire = compressor.compress(bytes(6000))
    data, version = forged([plain("a", 6000)], groups=[group(GroupCodec.ZSTD, wire, 6000)], body=wire)

    refused(box, data, version)


def test_bytes_behind_a_groups_own_end(box):
    wire = packed(GroupCodec.XZ, bytes(6000)) + b"more"
    data, version = forged([plain("a", 6000)], groups=[group(GroupCodec.XZ, wire, 6000)], body=wire)

    assert "what it should" in refused(box, data, version).sentence


def test_groups_that_do_not_hold_what_the_files_need(box):
    wire = b"0123456789"
    for size_bytes in (9, 11):
        data, version = forged([plain("a", size_bytes)], groups=[group(GroupCodec.RAW, wire, 10)], body=wire)

        refused(box, data, version)


def test_a_file_twice(box):
    data, version = forged([plain("a", 0), plain("a", 0)])

    refused(box, data, version)


def test_a_group_longer_than_any_may_be(box):
    many = GROUP_RAW_BYTES_MAX + 1
    wire = packed(GroupCodec.XZ, b"0")
    data, version = forged([plain("a", many)], groups=[group(GroupCodec.XZ, wire, many)], body=wire)

    refused(box, data, version)


def test_a_prefix_longer_than_any_window(box):
    """The base names a film of a GB; a group wants all of it before its first byte."""
    base = held(BEFORE)
    entries = [replace(entry, size_bytes=1 << 30) if entry.path == "old.bin" else entry for entry in base.layer.entries]
    layer = Layer.of("core", entries)
    claimed = Held(release_of(layer), layer, base.open)
    place = [entry.path for entry in entries].index("old.bin")
    wire = packed(GroupCodec.XZ, bytes(6000))
    for name in ("far", "near"):
        row = group(GroupCodec.XZ, wire, 6000, **{name: (place,)})
        data, version = forged([plain("z", 6000)], groups=[row], body=wire, base=claimed)

        refused(box, data, version, claimed)
