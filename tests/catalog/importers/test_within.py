"""What lies in a folder, or in an archive that is no course by itself, is found and imported as what it is."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.store import Store
from tests.made_packages import Item, scorm, zipped

Read = Callable[..., Imported]

PAGE = b"<!doctype html><title>Wells</title><h1>Wells</h1>"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF\n"


def unpacked(package: Path, top: str) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as archive:
        return {f"{top}{name}": archive.read(name) for name in archive.namelist()}


def kinds(imported: Imported) -> list[str]:
    return [activity.kind for activity in imported.activities]


@pytest.mark.parametrize("top", ["a/b/", "a/b/c/d/", "Übung 1/"])
@pytest.mark.parametrize("beside", [{}, {"README.txt": b"read me", "__MACOSX/._x": b"x"}])
def test_a_package_is_found_however_deep_it_was_packed(
    reading: Read, tmp_path: Path, top: str, beside: Mapping[str, bytes]
) -> None:
    package = scorm(tmp_path / "water.zip", [Item("one", "The well")])

    found = reading(zipped(tmp_path / "outer.zip", {**unpacked(package, top), **beside}))

    assert ["water/one/page.html"] == [activity.path for activity in found.activities]
    assert "scorm" == found.report.format
    assert [f"{path}: not a kind of file that can be imported." for path in beside if "X/" not in path] == (
        found.report.left_out
    )


def test_a_package_that_was_packed_again_is_that_package(reading: Read, tmp_path: Path, files: Store) -> None:
    package = scorm(tmp_path / "water.zip", [Item("one", "The well")])

    found = reading(zipped(tmp_path / "again.zip", {"water.zip": package.read_bytes(), "Thumbs.db": b"x"}))

    assert (["scorm"], "scorm", "Water") == (kinds(found), found.report.format, found.title)


def test_an_archive_of_documents_is_those_documents(reading: Read, tmp_path: Path) -> None:
    package = scorm(tmp_path / "water.zip", [Item("one", "The well")])
    files = {"Week 1/notes.pdf": PDF, "Week 2/site/index.html": PAGE, "Week 2/site/a.css": b"p{}",
             "course.zip": package.read_bytes(), "odd.bin": b"\x01\x02"}  # fmt: skip

    found = reading(zipped(tmp_path / "all.zip", files))

    assert (["scorm", "pdf", "html"], "all") == (kinds(found), found.title)
    assert ["odd.bin: not a kind of file that can be imported."] == found.report.left_out
    folder = tmp_path / "all"
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(folder)
    assert found.layers == reading(folder).layers


def test_the_tenth_comes_after_the_second(reading: Read, tmp_path: Path) -> None:
    files = {f"Week {number}/notes {number}.pdf": PDF for number in (10, 2, 1)}

    found = reading(zipped(tmp_path / "all.zip", files))

    assert ["notes 1", "notes 2", "notes 10"] == [activity.title["en"] for activity in found.activities]


def test_pages_that_belong_together_stay_a_site_beside_documents(reading: Read, tmp_path: Path) -> None:
    files = {
        "one.html": b'<img src="img/a.png">',
        "two.html": PAGE,
        "img/a.png": b"\x89PNG\r\n\x1a\n1",
        "notes.pdf": PDF,
    }

    found = reading(zipped(tmp_path / "all.zip", files))

    assert ["html", "html", "pdf"] == kinds(found)
    assert "site/img/a.png" in {entry.path for layer in found.layers for entry in layer.entries}
    assert [] == found.report.left_out


def test_an_archive_of_pictures_is_those_pictures(reading: Read, tmp_path: Path) -> None:
    found = reading(zipped(tmp_path / "all.zip", {"t/a.png": b"\x89PNG\r\n\x1a\n1", "t/b.jpg": b"\xff\xd8\xff"}))

    assert ["a/index.html", "b/index.html"] == [activity.path for activity in found.activities]


@pytest.mark.parametrize(
    ("names", "starts"),
    [
        (["site/index.html", "site/a.js", "README.md"], ["site/site/index.html"]),
        (["story.html", "story_html5.html", "notes.html"], ["site/story.html"]),
        (["one.html", "two.html", "look.css"], ["site/one.html", "site/two.html"]),
        (["a/index.html", "b/Index.htm", "shared/look.css"], ["site/a/index.html", "site/b/Index.htm"]),
    ],
)
def test_pages_without_a_start_at_the_top_are_opened_all_the_same(
    reading: Read, tmp_path: Path, names: list[str], starts: list[str]
) -> None:
    package = zipped(tmp_path / "pages.zip", dict.fromkeys(names, b"<p>water"))

    found = reading(package)

    assert starts == [activity.path for activity in found.activities]
    assert len(names) == sum(len(layer.entries) for layer in found.layers)
    assert "html-zip" == found.report.format
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "pages")
    assert found.layers == reading(tmp_path / "pages").layers


def test_what_nobody_can_import_is_left_out_with_its_reason(reading: Read, tmp_path: Path) -> None:
    texts = zipped(tmp_path / "texts.zip", {"a.txt": b"x"})
    outer = {"cut.zip": b"PK\x03\x04 and no end", "notes.pdf": PDF, "texts.zip": texts.read_bytes(),
             "x/end.pdf": b"%PDF-1.4"}  # fmt: skip

    found = reading(zipped(tmp_path / "a.zip", outer))

    assert ["pdf"] == kinds(found)
    assert [
        "cut.zip: cut.zip is a damaged zip archive.",
        "texts.zip: nothing in it can be imported.",
        "end.pdf: The document end.pdf ends too early: part of it is missing.",
    ] == found.report.left_out
    assert {"notes/notes.pdf"} == {entry.path for layer in found.layers for entry in layer.entries}


def test_what_is_laid_open_is_gone_afterwards_whether_it_was_taken_or_not(
    reading: Read, tmp_path: Path, files: Store
) -> None:
    reading(zipped(tmp_path / "a.zip", {"x/notes.pdf": PDF}))
    with pytest.raises(ContentFault, match=r"notes\.pdf ends too early"):
        reading(zipped(tmp_path / "b.zip", {"x/notes.pdf": b"%PDF-1.4"}))

    assert [] == list((files.folder / "staging").iterdir())
