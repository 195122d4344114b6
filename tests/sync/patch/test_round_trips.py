"""apply(build(a, b), a) == b, whatever a and b are."""

import random
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.digest import digest_of_file
from catalog.fault import ContentFault
from catalog.manifest import is_safe_path
from catalog.tree import check_paths
from sync.patch.build import build
from sync.patch.folders import unpack
from sync.patch.format import Operation
from sync.patch.header import Header
from sync.patch.versions import opened
from tests.sync.patch.trees import Box, held, pack, read_folder, write_folder

NOISE = random.Random(11).randbytes(6 << 20)
LESSON = b"".join(b"<li>%d drops make %d litres</li>\n" % (number, number * 50) for number in range(3000))

NAMES = [
    "index.html", "INDEX.html", "a", "A", "a/b", "lesson.html", "مياه/درس.html", "水/課.html", "ຽນ/ໜ້າ.html",
    "မြန်မာ.html", "khmer/ទឹក.html", "ภาษาไทย/น้ำ.html", "emoji/💧.png", "with space.txt", "-rf", "quo'te\".txt",
    "x.tar.gz", ".hidden", "dots...", "con", "a,b;c=d&e.html", "%2e%2e/x",
]  # fmt: skip
parts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=8)
paths = st.one_of(st.sampled_from(NAMES), st.lists(parts, min_size=1, max_size=3).map("/".join).filter(is_safe_path))
pieces = st.sampled_from([b"", b"same" * 40, bytes(500), LESSON, LESSON[:50_000], NOISE[:9000], NOISE[:5000]])
contents = st.one_of(
    st.binary(max_size=200),
    pieces,
    st.tuples(pieces, st.binary(max_size=30), pieces).map(b"".join),
    st.tuples(pieces, st.integers(0, 9000)).map(lambda drawn: drawn[0][drawn[1] :] + drawn[0][: drawn[1]]),
)
trees = st.dictionaries(paths, contents, max_size=14)


def fits_a_folder(files):
    try:
        check_paths(files)
    except ContentFault:
        return False
    return True


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with closing(Box(tmp_path_factory.mktemp("box"))) as box:
        yield box


def arrives(box, tmp_path, before, after):
    """Whether the patch on `before` brings `after`, and nothing else."""
    file = tmp_path / "file.patch"
    pack(after, file, base=before)
    rebuilt = box.rebuilds(file, held(after), held(before))
    return rebuilt.is_proven and rebuilt.layer == held(after).layer


def operations(file, before):
    with file.open("rb") as opened_file:
        return [row.operation for row in Header.read(opened_file, held(before)).files]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(before=trees.filter(fits_a_folder), after=trees.filter(fits_a_folder))
def test_any_two_trees(box, tmp_path_factory, before, after):
    assert arrives(box, tmp_path_factory.mktemp("any"), before, after)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    before=trees.filter(fits_a_folder),
    changes=st.lists(st.tuples(st.sampled_from(["gone", "moved", "copied", "edited"]), st.integers(0, 99), paths)),
)
def test_a_tree_and_what_an_author_made_of_it(box, tmp_path_factory, before, changes):
    after = dict(before)
    for change, number, path in changes:
        if not after:
            break
        old = sorted(after)[number % len(after)]
        data = after[old]
        if change in ("gone", "moved"):
            del after[old]
        if change in ("moved", "copied"):
            after[path] = data
        if change == "edited":
            after[old] = data[: number * 7] + b"edited" + data[number * 7 + number % 5 :]
    if fits_a_folder(after):
        assert arrives(box, tmp_path_factory.mktemp("author"), before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({}, {"index.html": LESSON}),
        ({"index.html": LESSON}, {}),
        ({"index.html": LESSON}, {"index.html": LESSON}),
        ({"empty": b""}, {"empty": b"", "another": b""}),
        ({"full": LESSON}, {"full": b""}),
        ({"a": LESSON}, {"a/b": LESSON, "a/c": b"more"}),
        ({"a/b": LESSON, "a/c": b"more"}, {"a": LESSON}),
        ({"Water.html": LESSON}, {"water.html": LESSON, "WATER.html": LESSON[:100]}),
        ({"a": LESSON, "b": NOISE[:9999]}, {"b": LESSON, "a": NOISE[:9999]}),
        ({name: LESSON[: len(name)] for name in NAMES if name != "a"}, {"a/b": LESSON}),
    ],
    ids=[
        "nothing", "everything new", "everything gone", "nothing changed", "empty files", "emptied",
        "a file becomes a folder", "a folder becomes a file", "case clashes", "two files change places", "every script",
    ],
)  # fmt: skip
def test_odd_trees(box, tmp_path, before, after):
    assert arrives(box, tmp_path, before, after)


@pytest.mark.slow
def test_thousands_of_tiny_files(box, tmp_path):
    before = {f"cards/{number:04}.html": b"<p>%d</p>" % number for number in range(4000)}
    after = {path: data + b"!" * (number % 7 == 0) for number, (path, data) in enumerate(before.items())}

    assert arrives(box, tmp_path, before, after)
    assert (tmp_path / "file.patch").stat().st_size < 2000


@pytest.mark.slow
def test_a_thousand_copies_of_one_file_travel_once(box, tmp_path):
    after = {f"copy-{number}.bin": NOISE[:50_000] for number in range(1000)}

    assert arrives(box, tmp_path, {"old.bin": NOISE[50_000:90_000]}, after)
    assert (tmp_path / "file.patch").stat().st_size < 53_000


@pytest.mark.slow
def test_a_big_film_travels_as_copies(box, tmp_path):
    before = {"film.mp4": NOISE, "index.html": LESSON}
    after = {"film.mp4": NOISE[2_000_000:] + b"captions" + NOISE[:1_999_000], "index.html": LESSON + b"<p>more"}

    assert arrives(box, tmp_path, before, after)
    assert Operation.COPIES in operations(tmp_path / "file.patch", before)
    assert (tmp_path / "file.patch").stat().st_size < 400


@pytest.mark.slow
def test_a_card_that_lost_a_part_of_a_film_costs_that_film_alone(box, tmp_path):
    """Half of the base's film is noughts now. The other files arrive; the caller is told that one did not."""
    before, file = {"film.mp4": NOISE, "index.html": LESSON}, tmp_path / "file.patch"
    after = {"film.mp4": NOISE[2_000_000:] + b"captions" + NOISE[:1_999_000], "index.html": LESSON + b"<p>more"}
    pack(after, file, base=before)
    base = held(before)
    rotten = held({**before, "film.mp4": NOISE[:3_000_000] + bytes(len(NOISE) - 3_000_000)})
    film, other = base.layer.entries[0].digest, rotten.layer.entries[0].digest

    rebuilt = box.rebuilds(
        file,
        held(after),
        type(base)(base.release, base.layer, lambda digest: rotten.open(other if digest == film else digest)),
    )

    right = {entry.path: entry.digest for entry in held(after).layer.entries}
    assert not rebuilt.is_proven
    assert right["index.html"] in {entry.digest for entry in rebuilt.layer.entries}
    assert right["film.mp4"] not in {entry.digest for entry in rebuilt.layer.entries}


@pytest.mark.slow
def test_a_film_of_200_mb_made_sparse(tmp_path):
    for name, words in (("v1", b"before"), ("v2", b"after that")):
        folder = write_folder(tmp_path / name, {"index.html": LESSON})
        with (folder / "film.mp4").open("wb") as film:
            film.truncate(200_000_000)
            for at in range(0, 200_000_000, 40_000_000):
                film.seek(at)
                film.write(words + NOISE[: 100_000 + at % 977])
    file = tmp_path / "file.patch"

    with opened(str(tmp_path / "v1")) as base, opened(str(tmp_path / "v2")) as version:
        info = build(version.release, version.layer, version.open, file, base=base)
        unpack(file, tmp_path / "out", base=base, jpeg_xl=None)

    assert digest_of_file(tmp_path / "v2" / "film.mp4") == digest_of_file(tmp_path / "out" / "film.mp4")
    assert info.size_bytes < 1000


def test_a_folder_comes_out_with_every_name_it_had(tmp_path):
    files = {name: name.encode() for name in NAMES if name != "a"}
    pack(files, tmp_path / "file.pack")

    unpack(tmp_path / "file.pack", tmp_path / "out", base=None, jpeg_xl=None)

    assert files == read_folder(tmp_path / "out")
