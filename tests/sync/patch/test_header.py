"""The header: every list comes back as it was, small, and nothing is believed that is not checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.manifest import PATH_BYTES_MAX, is_safe_path
from sync.columns import Unreadable
from sync.patch.format import GroupCodec, Operation, PackRefused
from sync.patch.header import read_outline
from sync.patch.names import folded, unfolded, with_hashes, without_hashes

BEFORE = {"a.html": b"a" * 400, "b.html": b"b" * 400, "c.html": b"c" * 400}
AFTER = {"a.html": b"a" * 399 + b"b", "c.html": b"c" * 400, "d.html": b"b" * 400, "e.html": b"a" * 399 + b"b"}

parts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=4)
paths = st.lists(parts, min_size=1, max_size=4).map("/".join).filter(is_safe_path)


@given(st.sets(paths, max_size=30).map(sorted))
def test_paths_come_back(some):
    assert some == unfolded(folded(some), len(some))


def test_a_folder_of_another_name_reads_like_the_one_that_is_there():
    french = folded(["fr/1/a.html", "fr/1/b.html", "fr/2/a.html"])
    arabic = folded(["ar/1/a.html", "ar/1/b.html", "ar/2/a.html"])

    assert french[4:] == arabic[4:]


@pytest.mark.parametrize(
    "data",
    [
        b"\x01a.html\n",  # shares a folder with nothing
        b"\x00b\n\x00a\n",  # not in order
        b"\x00a",  # cut short
        b"\x00../a\n",
        b"\x00/a\n",
        b"\x00" + b"a/" * PATH_BYTES_MAX + b"\n",
        b"\x00a/b\n\x02c\n",
    ],
)
def test_paths_that_we_would_not_write_are_refused(data):
    with pytest.raises((PackRefused, Unreadable)):
        unfolded(data, data.count(b"\n") or 1)


def test_new_hashes_leave_the_document_and_come_back():
    old, new = "12" + "a" * 64, "12" + "b" * 64
    document = f'{{"audio":"{old}","core":"{new}","video":"{new}"}}'

    text, hashes = without_hashes(document, f'{{"audio":"{old}"}}')

    assert (new, new) == hashes
    assert old in text
    assert new not in text
    assert document.encode() == with_hashes(text.encode(), hashes)


def test_a_document_without_its_hashes_is_refused():
    with pytest.raises(PackRefused):
        with_hashes(b'{"core":"\0"}', [])


def test_every_row_comes_back(road):
    road.packs(AFTER, BEFORE)

    header = road.header(BEFORE)

    assert (1,) == header.removed
    assert [
        ("a.html", Operation.NEW, 400),
        ("d.html", Operation.HELD, 400),
        ("e.html", Operation.SAME, 400),
    ] == [(row.path, row.operation, row.size_bytes) for row in header.files]
    assert {"text/html"} == {row.media_type for row in header.files}


def test_how_much_changes_can_be_told_without_the_base(road):
    road.packs(AFTER, BEFORE)

    with road.pack.open("rb") as file:
        prelude, outline = read_outline(file)

    assert (1, 1, 2) == (outline.removed, outline.changed, outline.added)
    assert [400] == [group.raw_bytes for group in outline.groups]
    assert prelude.codec in GroupCodec
    assert road.base_at(road.hub, BEFORE).release.root == prelude.base_root


def test_a_pack_of_the_first_form_is_refused_with_a_sentence(road):
    road.packs(AFTER)
    data = bytearray(road.pack.read_bytes())
    data[4] = 1
    road.pack.write_bytes(data)

    with pytest.raises(PackRefused, match=r"form 1\.1\.\d.* not understood here"):
        road.header()
