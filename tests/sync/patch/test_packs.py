"""Packs there and back: what was published is what arrives, and nothing else ever does."""

import io
import zlib
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.fault import ContentFault, Damaged
from catalog.manifest import is_safe_path
from catalog.tree import check_paths
from sync.patch.format import GroupCodec, PackRefused, Prelude, Profile, stream_order
from sync.patch.header import Header

pytestmark = pytest.mark.slow

COURSE = {
    "index.html": b"<h1>Water</h1>" * 50,
    "empty.txt": b"",
    "also-empty.txt": b"",
    "a/style.css": b"h1 { color: blue }" * 20,
    "b/style.css": b"h1 { color: blue }" * 20,
    "ماء/água.html": "<p>Ůňíčöđē</p>".encode() * 30,
}

parts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=12)
paths = st.lists(parts, min_size=1, max_size=3).map("/".join).filter(is_safe_path)
contents = st.one_of(st.binary(max_size=300), st.sampled_from([b"", b"same" * 40, b"\0" * 500]))
courses = st.dictionaries(paths, contents, max_size=25)


def fits_a_folder(files):
    try:
        check_paths(files)
    except ContentFault:
        return False
    return True


@settings(max_examples=60, deadline=None)
@given(files=courses.filter(fits_a_folder), group_bytes=st.sampled_from([1, 64, 1000, 8 << 20]))
def test_whatever_is_published_is_what_arrives(new_road, files, group_bytes):
    with closing(new_road()) as road:
        road.group_bytes = group_bytes
        release = road.packs(files)

        assert files == road.unpacks(release)


def test_thousands_of_tiny_files_travel_in_one_group(road):
    files = {f"page-{number}.html": b"<p>%d</p>" % number for number in range(3000)}
    release, layer = road.publishes(files)

    info = road.builds(release, layer)

    assert 1 == info.groups
    assert files == road.unpacks(release)


def test_a_course_of_nothing_travels(road):
    release = road.packs({})

    assert {} == road.unpacks(release)


def test_a_big_file_is_split_over_groups_of_its_own(road, noise):
    files = {"film.mp4": noise(5 << 20), "index.html": b"<p>film</p>"}
    road.group_bytes = 1 << 20
    release, layer = road.publishes(files)

    info = road.builds(release, layer)

    assert 6 == info.groups
    assert files == road.unpacks(release)


def test_equal_files_travel_once(road, noise):
    once = noise(50_000)
    road.packs({f"copy-{number}.bin": once for number in range(20)})

    assert road.pack.stat().st_size < 52_000


def test_what_does_not_shrink_travels_as_it_is(road, noise):
    road.packs({"noise.bin": noise(100_000)})

    assert 100_000 < road.pack.stat().st_size < 100_600


def test_the_same_layer_gives_the_same_bytes(road):
    road.packs(COURSE)
    first = road.pack.read_bytes()
    road.packs(COURSE)

    assert first == road.pack.read_bytes()


def test_no_digest_of_a_file_travels(road):
    release, layer = road.publishes(COURSE)
    road.builds(release, layer)

    header = road.header()

    assert sorted(entry.path for entry in layer.entries) == sorted(row.path for row in header.files)
    assert not any(entry.digest in repr(header) for entry in layer.entries)


def test_like_lies_beside_like(road):
    _, layer = road.publishes({"b/x.css": b"1", "a/z.html": b"2", "a/x.css": b"3", "b/a.html": b"4"})

    assert ["a/x.css", "b/x.css", "b/a.html", "a/z.html"] == [
        one.path for one in sorted(layer.entries, key=lambda one: stream_order(one.path))
    ]


def test_any_flipped_byte_is_refused(road):
    release = road.packs(COURSE)
    whole = road.pack.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        road.pack.write_bytes(damaged)
        with pytest.raises(PackRefused):
            road.unpacks(release)

    assert [] == road.box_files()


def test_any_truncation_is_refused(road):
    release = road.packs(COURSE)
    whole = road.pack.read_bytes()
    for length in range(len(whole)):
        road.pack.write_bytes(whole[:length])
        with pytest.raises(PackRefused):
            road.unpacks(release)

    assert [] == road.box_files()


def test_bytes_behind_the_end_are_refused_and_can_be_cut_off(road):
    release = road.packs(COURSE)
    size_bytes = road.pack.stat().st_size
    with road.pack.open("ab") as file:
        file.write(b"more")

    with pytest.raises(PackRefused) as refused:
        road.unpacks(release)

    assert size_bytes == refused.value.good_bytes


def test_damage_in_a_later_group_keeps_the_groups_before_it(road, noise):
    road.group_bytes = 1 << 16
    release = road.packs({f"{number}.bin": noise(1 << 16) for number in range(4)})
    data = bytearray(road.pack.read_bytes())
    data[-1] ^= 1
    road.pack.write_bytes(data)

    with pytest.raises(PackRefused) as refused:
        road.unpacks(release)

    assert len(data) - (1 << 16) == refused.value.good_bytes


def test_another_release_than_the_one_wanted_is_refused_before_a_file_is_written(road):
    wanted = road.packs(COURSE)
    road.packs({"index.html": b"something else"})

    with pytest.raises(PackRefused, match="another release"):
        road.unpacks(wanted)
    assert [] == road.box_files()


def test_files_that_are_not_the_published_ones_are_refused(road):
    """A pack whose every sum fits, made by who wants other words under a name that is trusted."""
    release, _ = road.publishes({"index.html": b"true words"})
    _, forged = road.publishes({"index.html": b"lying word"})
    road.builds(release, forged)

    with pytest.raises(PackRefused, match="not those of the layer"):
        road.unpacks(release)
    assert [] == road.box_files()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
def test_rubbish_is_refused(road, data):
    release, _ = road.publishes(COURSE)
    road.pack.write_bytes(data)

    with pytest.raises(PackRefused):
        road.unpacks(release)


@settings(max_examples=200, deadline=None)
@given(open_part=st.binary(max_size=60), closed=st.binary(max_size=200))
def test_any_header_but_ours_is_refused(open_part, closed):
    crc32 = zlib.crc32(closed, zlib.crc32(open_part))
    prelude = Prelude(Profile.BASE, GroupCodec.RAW, crc32, None, len(open_part), len(closed), len(closed))

    with pytest.raises(PackRefused):
        Header.read(io.BytesIO(prelude.to_bytes() + open_part + closed), None)


def test_a_file_that_the_hub_lost_is_said_at_the_hub(road):
    release, layer = road.publishes({"index.html": b"words"})
    road.hub.path(layer.entries[0].digest).write_bytes(b"word")

    with pytest.raises(Damaged, match="should have 5 bytes"):
        road.builds(release, layer)
    assert not road.pack.exists()
