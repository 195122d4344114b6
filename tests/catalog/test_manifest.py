import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import digest_of
from catalog.fault import ContentFault
from catalog.manifest import (
    CORE,
    Activity,
    Entry,
    Layer,
    LayerName,
    Release,
    canonical,
    is_course,
    is_safe_path,
    parsed,
    words,
)

parts = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1, max_size=20)
paths = st.lists(parts, min_size=1, max_size=4).map("/".join).filter(is_safe_path)
digests = st.binary(max_size=4).map(digest_of)
entries = st.builds(Entry, paths, st.integers(0, 1 << 50), digests, st.just("text/html"), st.just("content"))
layers = st.lists(entries, max_size=8, unique_by=lambda entry: entry.path).map(lambda some: Layer.of(CORE, some))
texts = st.dictionaries(st.sampled_from(["en", "fr", "ar"]), st.text(max_size=20), max_size=3)
names = st.text("abc0-", min_size=1, max_size=5).map(lambda name: "a" + name)
activities = st.builds(Activity, names, st.sampled_from(["html", "video", "pdf"]), paths, texts)
releases = st.builds(
    Release,
    course=names,
    version=st.integers(0, 1 << 40),
    title=texts,
    description=texts,
    languages=st.lists(st.sampled_from(["en", "fr"]), max_size=2).map(tuple),
    licence=st.text(max_size=9),
    provenance=st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=2),
    activities=st.lists(activities, max_size=2).map(tuple),
    layers=layers.map(lambda layer: {CORE: LayerName(layer.root, layer.size_bytes, len(layer.entries))}),
)


def release(**fields: Any) -> Release:
    layer = Layer.of(CORE, [])
    plain = Release("water", 1, {"en": "Water"}, {}, ("en",), "", {}, (), {CORE: LayerName(layer.root, 0, 0)})
    return replace(plain, **fields)


def changed(**fields: Any) -> bytes:
    return canonical({**json.loads(release().to_bytes()), **fields})


def without(name: str) -> bytes:
    fields = json.loads(release().to_bytes())
    del fields[name]
    return canonical(fields)


@given(layers)
def test_a_layer_comes_back_as_it_went(layer: Layer) -> None:
    assert layer == Layer.from_bytes(CORE, layer.to_bytes())
    assert layer.root == digest_of(layer.to_bytes())


@given(releases)
def test_a_release_comes_back_as_it_went(one: Release) -> None:
    assert one == Release.from_bytes(one.to_bytes())
    assert one.to_bytes() == Release.from_bytes(one.to_bytes()).to_bytes()


@given(st.lists(entries, max_size=8, unique_by=lambda entry: entry.path), st.randoms())
def test_the_order_in_which_files_were_found_changes_nothing(some: list[Entry], order: Any) -> None:
    shuffled = list(some)
    order.shuffle(shuffled)

    assert Layer.of(CORE, some).root == Layer.of(CORE, shuffled).root


@given(releases, st.integers(1, 1 << 40))
def test_every_word_of_a_release_is_under_its_root(one: Release, more: int) -> None:
    assert one.root != replace(one, version=one.version + more).root
    assert one.root != replace(one, licence=one.licence + "!").root


def test_fields_of_a_newer_format_are_kept() -> None:
    newer = changed(family="water-all-languages", format=2)

    assert {"family": "water-all-languages"} == dict(Release.from_bytes(newer).extra)


@given(st.binary(max_size=200))
def test_garbage_is_refused_as_content(garbage: bytes) -> None:
    with pytest.raises(ContentFault):
        Release.from_bytes(b"\xff" + garbage)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{" * 100_000,
        b'{"a":1.5}',
        b'{"a":NaN}',
        without("layers"),
        without("course"),
        changed(course="../etc"),
        changed(course="Water"),
        changed(version=-1),
        changed(version=True),
        changed(version="1"),
        changed(layers={}),
        changed(layers={"core": {"root": "12", "size": 0, "files": 0}}),
        changed(layers={"core": {"root": digest_of(b""), "size": -1, "files": 0}}),
        changed(layers={**json.loads(release().to_bytes())["layers"], "../x": {}}),
        changed(title="Water"),
        changed(title={"en": 7}),
        changed(languages="en"),
        changed(activities=[{"id": "a", "kind": "html", "path": "../../etc/passwd", "title": {}}]),
        changed(activities=[{"id": "", "kind": "html", "path": "a", "title": {}}]),
        changed(activities=["a"]),
        changed(provenance=[]),
        changed(licence=None),
        changed(licence="half a letter").replace(b"half a letter", rb"\ud800"),
    ],
)
def test_a_release_that_is_not_one_is_refused(data: bytes) -> None:
    with pytest.raises(ContentFault):
        Release.from_bytes(data)


ROW = {"path": "a", "size": 1, "digest": digest_of(b"a"), "type": "text/plain", "role": "content"}


@pytest.mark.parametrize(
    "rows",
    [
        [{**ROW, "path": "../a"}],
        [{**ROW, "path": "/a"}],
        [{**ROW, "path": ""}],
        [{**ROW, "path": 7}],
        [{**ROW, "path": "a\0b"}],
        [{**ROW, "size": -1}],
        [{**ROW, "size": 1 << 53}],
        [{**ROW, "digest": "12" + "0" * 63}],
        [{**ROW, "type": None}],
        [ROW, ROW],
        [{**ROW, "path": "b"}, ROW],
        [7],
        {"a": 1},
    ],
)
def test_a_layer_that_is_not_one_is_refused(rows: Any) -> None:
    with pytest.raises(ContentFault):
        Layer.from_bytes(CORE, canonical(rows))


def test_a_layer_with_a_strange_name_is_refused() -> None:
    with pytest.raises(ContentFault):
        Layer.from_bytes("../core", b"[]")


def test_numbers_with_fractions_have_no_canonical_form() -> None:
    with pytest.raises(ContentFault):
        parsed(b"[1.0]", list)


def test_equal_meaning_has_equal_bytes() -> None:
    assert b'{"a":"\xd9\x85","b":1}' == canonical({"b": 1, "a": "م"})


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "a/../b",
        "/a",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "a\0b",
        "a\nb",
        "\udc80",
        "\u202egnp.exe",
        "a/\u2067b",
        "e\u0301",
        "x" * 256,
        "a/" * 600 + "a",
    ],
)  # fmt: skip
def test_a_path_that_could_leave_its_folder_is_not_safe(path: str) -> None:
    assert not is_safe_path(path)


@pytest.mark.parametrize(
    "path", ["index.html", "السلام/درس ١.html", "a b/c'd.png", ".well-known/x", "..a", "a..b/c..."]
)
def test_an_honest_path_is_safe(path: str) -> None:
    assert is_safe_path(path)


def test_courses_have_plain_names() -> None:
    names = ["water", "a", "7-seas", "x" * 63, "", "-a", "Water", "a_b", "x" * 64, "a\n", "../a", "é"]

    assert ["water", "a", "7-seas", "x" * 63] == [name for name in names if is_course(name)]


def test_words_come_in_the_language_asked_or_in_what_there_is() -> None:
    title = {"en": "Water", "fr": "L'eau"}

    assert ["L'eau", "Water", "ماء", ""] == [
        words(title, "fr"), words(title, "ur"), words({"ar": "ماء"}, "fr"), words({}, "en"),
    ]  # fmt: skip
