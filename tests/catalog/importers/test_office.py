"""Office files, pictures and single pages: told by their content, whatever they are called."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.store import Store

Read = Callable[..., Imported]
Zips = Callable[[str, Mapping[str, bytes | str]], Path]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PACKED: Mapping[str, Mapping[str, bytes | str]] = {
    "docx": {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"},
    "pptx": {"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<p/>"},
    "xlsx": {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<x/>"},
    "odt": {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<o/>"},
    "odp": {"mimetype": "application/vnd.oasis.opendocument.presentation", "content.xml": "<o/>"},
    "ods": {"mimetype": "application/vnd.oasis.opendocument.spreadsheet-template", "content.xml": "<o/>"},
}


@pytest.mark.parametrize("kind", PACKED)
def test_an_office_file_is_kept_to_be_saved_where_nothing_prints_it(reading: Read, zipped: Zips, kind: str) -> None:
    source = zipped("The water.bin", PACKED[kind])
    imported = reading(source)

    assert [("the-water", "download", "the-water/The water.bin", {"bytes": source.stat().st_size})] == [
        (one.id, one.kind, one.path, dict(one.attributes)) for one in imported.activities
    ]
    assert "With LibreOffice on the hub it would be printed as PDF." in imported.report.noted[0]


@pytest.mark.parametrize("data", [OLE, b"{\\rtf1 water}"])
def test_older_office_files_are_known_too(reading: Read, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "water.zip").write_bytes(data)

    assert "office" == reading(tmp_path / "water.zip").report.format


def test_a_zip_that_only_names_such_parts_is_a_site(reading: Read, zipped: Zips) -> None:
    assert "html-zip" == reading(zipped("a.docx", {"index.html": "<title>x</title>", "word/a.xml": "x"})).report.format


def test_a_picture_is_shown_on_a_page_of_its_own(reading: Read, tmp_path: Path, files: Store) -> None:
    (tmp_path / "The well.dat").write_bytes(b"\xff\xd8\xff\xe0" + bytes(60))
    imported = reading(tmp_path / "The well.dat")

    assert ["the-well/The well.dat.jpeg", "the-well/index.html"] == [one.path for one in imported.layers[0].entries]
    assert 'src="The%20well.dat.jpeg"' in files.path(imported.layers[0].entries[1].digest).read_text()


def test_a_single_page_is_a_course_that_says_what_is_not_with_it(reading: Read, tmp_path: Path) -> None:
    (tmp_path / "page.bin").write_text("<!doctype html><title>Water</title><img src='a.png'>")
    imported = reading(tmp_path / "page.bin")

    assert ("Water", "page/index.html") == (imported.title, imported.activities[0].path)
    assert ["a.png: not in the package, though index.html asks for it."] == imported.report.left_out


def test_an_office_file_that_is_a_bomb_is_refused(reading: Read, zipped: Zips) -> None:
    many = {**PACKED["docx"], "../../evil": "x"}

    with pytest.raises(ContentFault, match="outside its folder"):
        reading(zipped("a.docx", many))
