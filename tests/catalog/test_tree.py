import errno
import gzip
import os
from pathlib import Path

import pytest

from catalog import tree
from catalog.digest import digest_of
from catalog.fault import BoxFault, ContentFault, Damaged
from catalog.manifest import Entry, Layer
from catalog.media import media_type
from catalog.store import Store

PAGE = b"<p>Water flows down.</p>" * 100


def layer(store: Store, name: str, **contents: bytes) -> Layer:
    """A layer in the store; `index_html=b"..."` is the file index.html, `a__b` the file b in the folder a."""
    entries = []
    with store.batch() as batch:
        for word, data in contents.items():
            path = word.replace("__", "/").replace("_", ".")
            digest, size_bytes = batch.add_bytes(data)
            entries.append(Entry(path, size_bytes, digest, media_type(path)))
    return Layer.of(name, entries)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_tree_has_every_file_under_its_name_and_text_packed_beside_it(files: Store, tmp_path: Path) -> None:
    folder = tmp_path / "trees" / "water"
    tree.build(folder, [layer(files, "core", index_html=PAGE, img__a_png=b"png")], files)

    assert ["img/a.png", "index.html", "index.html.gz"] == names(folder)
    assert PAGE == gzip.decompress((folder / "index.html.gz").read_bytes())


def test_a_tree_costs_no_bytes(files: Store, tmp_path: Path) -> None:
    folder = tmp_path / "trees" / "water"
    tree.build(folder, [layer(files, "core", index_html=PAGE)], files)

    assert (folder / "index.html").samefile(files.path(digest_of(PAGE)))


def test_a_layer_that_comes_later_joins(files: Store, tmp_path: Path) -> None:
    folder = tmp_path / "trees" / "water"
    core, video = layer(files, "core", index_html=PAGE), layer(files, "video", film_mp4=b"film")
    tree.build(folder, [core], files)
    tree.build(folder, [core, video], files)

    assert ["film.mp4", "index.html", "index.html.gz"] == names(folder)


def test_what_a_cut_left_half_built_is_built_again(files: Store, tmp_path: Path) -> None:
    folder = tmp_path / "trees" / "water"
    half = folder.with_name(".building-water")
    half.mkdir(parents=True)
    (half / "stray.html").write_bytes(b"")
    tree.build(folder, [layer(files, "core", index_html=b"page")], files)

    assert (["index.html"], ["water"]) == (names(folder), os.listdir(folder.parent))


def test_a_packed_file_of_the_course_itself_is_not_overwritten(files: Store, tmp_path: Path) -> None:
    folder = tmp_path / "trees" / "water"
    tree.build(folder, [layer(files, "core", data_json=PAGE, data_json_gz=b"its own")], files)

    assert b"its own" == (folder / "data.json.gz").read_bytes()


def test_a_tree_goes_whole(files: Store, tmp_path: Path) -> None:
    folder = tmp_path / "trees" / "water"
    tree.build(folder, [layer(files, "core", a__index_html=b"page")], files)
    tree.remove(folder)
    tree.remove(folder)

    assert [] == os.listdir(folder.parent)
    assert files.path(digest_of(b"page")).exists()


@pytest.mark.parametrize(
    "paths", [["a", "a/b"], ["a/b/c", "a/b"], ["../a"], ["/etc/passwd"], ["a", "a"], ["a/../b"], ["a\0b"], ["C:\\a"]]
)
def test_paths_that_collide_or_leave_the_tree_are_refused(paths: list[str]) -> None:
    with pytest.raises(ContentFault):
        tree.check_paths(paths)


def test_a_layer_whose_files_are_not_here_makes_no_tree(files: Store, tmp_path: Path) -> None:
    folder = tmp_path / "trees" / "water"
    absent = Layer.of("core", [Entry("index.html", 3, digest_of(b"not"), "text/html")])

    with pytest.raises(Damaged):
        tree.build(folder, [absent], files)
    assert not folder.exists()


def test_a_lost_file_is_said_and_makes_no_tree(files: Store, tmp_path: Path) -> None:
    folder = tmp_path / "trees" / "water"
    core = layer(files, "core", a_png=b"png")
    files.place_of(digest_of(b"png")).unlink()

    with pytest.raises(BoxFault, match="lost"):
        tree.build(folder, [core], files)
    assert not folder.exists()


@pytest.mark.parametrize("number", [errno.EMLINK, errno.EXDEV, errno.EPERM])
def test_where_there_are_no_links_the_file_is_copied(
    files: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """ext4 gives a file 65,000 names and no more; a memory stick gives none."""

    def refuse(target: Path, source: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    folder = tmp_path / "trees" / "water"
    tree.build(folder, [layer(files, "core", a_png=b"png")], files)

    assert (["a.png"], b"png") == (names(folder), (folder / "a.png").read_bytes())
