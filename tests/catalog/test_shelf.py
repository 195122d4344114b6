import os
import shutil
from collections.abc import Callable, Mapping

import pytest

from catalog.db import Connection
from catalog.digest import digest_of
from catalog.fault import CallerFault, Damaged
from catalog.manifest import CORE, Entry, Layer, LayerName, Release
from catalog.media import media_type
from catalog.shelf import Shelf

Shelve = Callable[..., Release]


@pytest.fixture
def shelve(boards: Shelf) -> Shelve:
    """Put a release on the shelf: `shelve("water", 1, {"core": {"index.html": b"..."}}, take=["core"])`."""

    def put(
        course: str, version: int, layers: Mapping[str, Mapping[str, bytes]], take: list[str] | None = None
    ) -> Release:
        made: list[Layer] = []
        with boards.store.batch() as batch:
            for name, contents in layers.items():
                entries = [
                    Entry(path, *batch.add_bytes(data)[::-1], media_type(path)) for path, data in contents.items()
                ]
                made.append(Layer.of(name, entries))
            named = {layer.name: LayerName(layer.root, layer.size_bytes, len(layer.entries)) for layer in made}
            release = Release(course, version, {"en": course}, {}, ("en",), "", {}, (), named)
            taken = [layer for layer in made if take is None or layer.name in take]
            batch.place()

            def work(connection: Connection) -> None:
                batch.record(connection)
                boards.releases.record(connection, release, taken)
                boards.switch(connection, release, [layer.name for layer in taken])

            boards.database.write(work)
        return release

    return put


def page(words: str) -> dict[str, dict[str, bytes]]:
    return {CORE: {"index.html": words.encode()}}


def read(boards: Shelf, course: str) -> bytes:
    return (boards.tree(course) / "index.html").read_bytes()


def test_a_course_on_the_shelf_can_be_read(boards: Shelf, shelve: Shelve) -> None:
    water = shelve("water", 1, page("one"))

    assert ([water], water, b"one") == (boards.courses(), boards.release("water"), read(boards, "water"))
    assert [("water", water.root, ("core",))] == boards.holdings()


def test_a_new_release_takes_the_place_of_the_former(boards: Shelf, shelve: Shelve) -> None:
    shelve("water", 1, page("one"))
    shelve("soil", 1, page("soil"))
    water = shelve("water", 2, page("two"))

    assert b"two" == read(boards, "water")
    assert ["water", "soil"] == [one.course for one in boards.courses()]
    assert water == boards.release("water")


def test_the_former_release_can_be_brought_back(boards: Shelf, shelve: Shelve) -> None:
    first = shelve("water", 1, page("one"))
    second = shelve("water", 2, page("two"))
    back = boards.database.write(lambda connection: boards.bring_back(connection, "water"))

    assert (first.root, ("core",), second.root) == (back.root, back.layers, back.former_root)
    assert ([back], b"one") == (boards.shelved(), read(boards, "water"))


def test_a_course_without_a_former_release_has_none_to_bring_back(boards: Shelf, shelve: Shelve) -> None:
    shelve("water", 1, page("one"))

    for course in ("water", "nowhere"):
        with pytest.raises(CallerFault, match="no former version"):
            boards.database.write(lambda connection, course=course: boards.bring_back(connection, course))


def test_a_switch_that_fails_leaves_the_former_release_in_use(boards: Shelf, shelve: Shelve) -> None:
    first = shelve("water", 1, page("one"))
    broken = Release("water", 2, {}, {}, (), "", {}, (), first.layers)

    def work(connection: Connection) -> None:
        boards.releases.record(connection, broken, [])
        boards.switch(connection, broken, [CORE])
        raise KeyError

    with pytest.raises(KeyError):
        boards.database.write(work)
    assert ([first], b"one") == (boards.courses(), read(boards, "water"))


def test_a_layer_that_comes_later_joins_the_course(boards: Shelf, shelve: Shelve) -> None:
    layers = {**page("one"), "video": {"film.mp4": b"film"}}
    water = shelve("water", 1, layers, take=["core"])
    before = sorted(os.listdir(boards.tree("water")))
    shelve("water", 1, layers)

    assert (["index.html"], ["film.mp4", "index.html"]) == (before, sorted(os.listdir(boards.tree("water"))))
    assert [("water", water.root, ("core", "video"))] == boards.holdings()
    assert boards.shelved()[0].former_root is None


def test_trees_that_are_missing_are_made_and_strays_go(boards: Shelf, shelve: Shelve) -> None:
    water = shelve("water", 1, page("one"))
    boards.ensure_trees()
    shutil.rmtree(boards.tree_of(water.root))
    (boards.trees / "stray").mkdir()
    boards.ensure_trees()

    assert [water.root] == os.listdir(boards.trees)


def test_the_former_tree_stays_for_those_who_are_reading(boards: Shelf, shelve: Shelve) -> None:
    roots = []
    for version in (1, 2, 3):
        roots.append(shelve("water", version, page(str(version))).root)
        boards.ensure_trees()

    assert sorted(roots[1:]) == sorted(os.listdir(boards.trees))


def test_a_tree_that_was_never_finished_is_not_trusted(boards: Shelf, shelve: Shelve) -> None:
    """The card lost the last links of a tree, and the index never said that they were lasting."""
    water = shelve("water", 1, {CORE: {"index.html": b"one", "img/a.png": b"png"}})
    folder = boards.tree_of(water.root)
    folder.mkdir()
    (folder / "index.html").hardlink_to(boards.store.path(digest_of(b"one")))

    assert b"png" == (boards.tree("water") / "img" / "a.png").read_bytes()


def test_tidying_frees_what_is_neither_in_use_nor_former(boards: Shelf, shelve: Shelve) -> None:
    for version in (1, 2, 3):
        shelve("water", version, page(f"water {version}"))
    boards.ensure_trees()

    assert len("water 1") == boards.tidy()
    assert [2, 3] == [release.version for release in boards.releases.versions("water")]
    assert ([], b"water 3") == (list(boards.store.verify()), read(boards, "water"))


def test_a_course_that_is_not_there_has_no_tree(boards: Shelf) -> None:
    with pytest.raises(CallerFault, match="not on the shelf"):
        boards.tree("water")


def test_a_shelf_whose_lists_are_lost_says_so(boards: Shelf, shelve: Shelve) -> None:
    shelve("water", 1, page("one"))
    boards.database.write(lambda connection: connection.execute("delete from layer"))

    with pytest.raises(Damaged):
        boards.tree("water")


def test_tidying_leaves_what_a_plan_still_builds_on(boards: Shelf, shelve: Shelve) -> None:
    oldest, *_ = [shelve("water", version, page(f"water {version}")) for version in (1, 2, 3, 4)]

    assert len("water 2") == boards.tidy(keep=[oldest.root])
    assert [1, 3, 4] == [release.version for release in boards.releases.versions("water")]


def test_what_the_one_in_use_lacks_and_another_has_is_a_base(boards: Shelf, shelve: Shelve) -> None:
    """The new version's film is not here yet; the former one's is, and the new one may be built on it."""
    former = shelve("water", 1, {CORE: {"index.html": b"one"}, "video": {"film.mp4": b"film one"}})
    films = {CORE: {"index.html": b"two"}, "video": {"film.mp4": b"film two"}}
    shelve("water", 2, films, take=[CORE])
    waiting = boards.bases()
    shelve("water", 2, films)

    assert ([("water", former.root, ("video",))], []) == (waiting, boards.bases())
