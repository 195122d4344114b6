"""What a patch builds on: decided from lists and sketches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import digest_of
from catalog.manifest import Entry, Layer
from sync.patch.bases import Arrival, GroupPlan, fill, listing, most_alike, planned, related, sketch_of
from sync.patch.format import Operation


def layer(**files):
    return Layer.of("core", [entry(path.replace("__", "/").replace("_", "."), data) for path, data in files.items()])


def entry(path, data=b"", size_bytes=None):
    return Entry(path, len(data) if size_bytes is None else size_bytes, digest_of(data), "text/html")


def operations(listing):
    return {row.path: row.operation for row in listing.rows}


def test_what_stayed_is_not_listed():
    found = listing(layer(a_html=b"a", b_html=b"2"), layer(a_html=b"a", b_html=b"1", c_html=b"c"))

    assert {"b.html": Operation.NEW} == operations(found)
    assert (2,) == found.removed
    assert {0: 1} == found.own


def test_a_file_of_another_kind_is_listed_though_its_bytes_stayed():
    before = layer(a_html=b"a")
    after = Layer.of("core", [Entry("a.html", 1, before.entries[0].digest, "text/html", "cover")])

    assert {"a.html": Operation.HELD} == operations(listing(after, before))


def test_a_renamed_file_is_held_already():
    found = listing(layer(new__a_html=b"a"), layer(old__a_html=b"a", old__b_html=b"b"))

    assert [(Operation.HELD, 0)] == [(row.operation, row.place) for row in found.rows]
    assert (0, 1) == found.removed


def test_equal_new_files_travel_once():
    found = listing(layer(a_html=b"same", b_html=b"same"), layer(c_html=b"c"))

    assert {"a.html": Operation.NEW, "b.html": Operation.SAME} == operations(found)


def test_files_that_share_lines_have_like_sketches():
    lines = [b"line number %d is long enough" % number for number in range(200)]
    whole, edited = (
        sketch_of(b"\n".join(lines)),
        sketch_of(b"\n".join([*lines[:90], b"a new line of words", *lines[95:]])),
    )
    other = sketch_of(b"\n".join(b"something else entirely %d" % number for number in range(200)))
    places = {line: [0] for line in other}
    for line in whole:
        places.setdefault(line, []).append(1)

    assert 1 == most_alike(edited, places)


def test_a_script_without_lines_has_a_sketch_too():
    assert len(sketch_of(b";".join(b"function_number_%d(a)" % number for number in range(50)))) >= 40


def test_nothing_resembles_what_shares_nothing():
    assert most_alike(frozenset({1, 2, 3, 4, 5}), {6: [0], 1: [1], 2: [1]}) is None


def test_what_left_and_what_shares_the_end_of_a_path_come_first():
    paths = ["a/other.html", "a/x.css", "fr/one/page.html", "fr/two/page.html", "left.html"]

    found = list(related(["ar/one/page.html"], [entry(path) for path in paths], [4]))

    assert ["left.html", "fr/one/page.html", "fr/two/page.html", "a/other.html"] == [paths[place] for place in found]


def test_what_arrives_gets_twice_its_length_of_related_files():
    entries = [entry(f"fr/{number}/page.html", b"%d" % number, size_bytes=100) for number in range(10)]
    plan = GroupPlan(is_packed=False, raw_bytes=250, arriving=["ar/3/page.html"], arriving_bytes=250)

    fill(plan, entries, [], 10_000)

    assert 5 == len(plan.far)
    assert 3 in plan.far


def test_what_has_a_base_needs_no_related_files():
    plan = GroupPlan(is_packed=False, raw_bytes=250, near={0: 100})

    fill(plan, [entry("a.html", b"a", 100), entry("b.html", b"b", 100)], [], 10_000)

    assert {} == plan.far


arrivals = st.lists(
    st.builds(
        Arrival,
        path=st.just("a.html"),
        strand=st.integers(0, 2),
        stream_bytes=st.integers(0, 300),
        near=st.dictionaries(st.integers(0, 9), st.just(40), max_size=3),
    ),
    max_size=30,
).map(lambda some: sorted(some, key=lambda one: one.strand))


@given(some=arrivals, window_bytes=st.integers(100, 400), group_bytes=st.integers(1, 100))
def test_no_group_is_larger_than_its_window(some, window_bytes, group_bytes):
    plans = planned(some, window_bytes, group_bytes)

    assert sum(one.stream_bytes for one in some) == sum(plan.raw_bytes for plan in plans)
    assert all(0 < plan.raw_bytes <= group_bytes and plan.window_bytes <= window_bytes for plan in plans)


@pytest.mark.parametrize("strands", [(0, 1), (1, 2), (0, 2)])
def test_no_group_mixes_texts_and_pictures_and_copies(strands):
    some = [Arrival("a", strand, 10, {}) for strand in strands]

    assert [10, 10] == [plan.raw_bytes for plan in planned(some, 100, 100)]
