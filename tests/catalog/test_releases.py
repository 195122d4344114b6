import pytest

from catalog.db import Database
from catalog.digest import digest_of
from catalog.fault import Damaged
from catalog.manifest import CORE, Entry, Layer, LayerName, Release
from catalog.releases import Releases

PAGES = Layer.of(CORE, [Entry("index.html", 5, digest_of(b"water"), "text/html")])
FILMS = Layer.of("video", [Entry("film.mp4", 4, digest_of(b"film"), "video/mp4")])


def release(course: str = "water", version: int = 1, *layers: Layer) -> Release:
    named = {layer.name: LayerName(layer.root, layer.size_bytes, len(layer.entries)) for layer in layers or (PAGES,)}
    return Release(course, version, {"en": course.title()}, {}, ("en",), "", {}, (), named)


@pytest.fixture
def record(database: Database, known: Releases):  # type: ignore[no-untyped-def]
    def recorded(one: Release, *layers: Layer) -> Release:
        database.write(lambda connection: known.record(connection, one, layers))
        return one

    return recorded


def test_a_release_is_found_by_its_root(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    water = record(release(), PAGES)

    assert water == known.release(water.root)
    assert known.release(digest_of(b"?")) is None


def test_a_release_recorded_twice_is_there_once(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    record(release(), PAGES)
    record(release(), PAGES)

    assert [release()] == known.versions("water")


def test_the_latest_release_has_the_highest_number(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    for version in (2, 10, 9):
        record(release("water", version), PAGES)
    record(release("soil", 3), PAGES)

    assert release("water", 10) == known.latest("water")
    assert [release("soil", 3), release("water", 10)] == known.all_latest()
    assert [2, 9, 10] == [one.version for one in known.versions("water")]
    assert (11, 1) == (known.next_version("water"), known.next_version("air"))


def test_a_layer_is_here_once_its_list_is(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    water = record(release("water", 1, PAGES, FILMS), PAGES)

    assert ("core",) == known.layers_present(water.root)
    assert (PAGES,) == known.layers(water.root)
    record(water, FILMS)
    assert ("core", "video") == known.layers_present(water.root)
    assert (PAGES, FILMS) == known.layers(water.root)


def test_a_layer_is_found_by_its_root(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    record(release("water", 1, PAGES, FILMS), PAGES, FILMS)

    assert (FILMS, None, None) == (known.layer(FILMS.root), known.layer(FILMS.root, CORE), known.layer(digest_of(b"?")))


def test_two_empty_layers_of_one_root_are_told_apart(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    core, audio = Layer.of(CORE, []), Layer.of("audio", [])
    record(release("water", 1, core, audio), core, audio)

    assert ("audio", "core") == tuple(layer.name for layer in known.layers(release("water", 1, core, audio).root))
    assert audio == known.layer(core.root, "audio")


def test_files_that_the_release_does_not_name_are_refused(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Damaged):
        record(release(), FILMS)

    assert known.latest("water") is None


def test_forgotten_releases_take_their_own_lists_along(  # type: ignore[no-untyped-def]
    database: Database, known: Releases, record
) -> None:
    kept = record(release("water", 2, PAGES), PAGES)
    record(release("water", 1, PAGES, FILMS), PAGES, FILMS)

    assert 1 == database.write(lambda connection: known.forget_others(connection, [kept.root]))
    assert ([kept], PAGES, None) == (known.versions("water"), known.layer(PAGES.root), known.layer(FILMS.root))


def test_releases_are_read_in_outline_by_course_the_oldest_first(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    old, new = record(release("water", 1, PAGES, FILMS), PAGES), record(release("water", 2), PAGES)
    soil = record(release("soil"), PAGES)

    assert [("soil", 1, soil.root), ("water", 1, old.root), ("water", 2, new.root)] == [
        (one.course, one.version, one.root) for one in known.outlines()
    ]
    assert [{"core": PAGES.root, "video": FILMS.root}] == [one.layers for one in known.outlines([old.root])]
    assert [] == known.outlines([digest_of(b"?")]) == known.outlines([])


def test_what_names_a_release_or_a_layer_is_given_out_as_it_is(known: Releases, record) -> None:  # type: ignore[no-untyped-def]
    water = record(release("water", 1, PAGES, FILMS), PAGES)

    assert (water.to_bytes(), None) == (known.document(water.root), known.document(digest_of(b"?")))
    assert (PAGES.to_bytes(), None) == (known.layer_document(PAGES.root), known.layer_document(FILMS.root))
    assert (PAGES.root,) == known.layer_roots()
