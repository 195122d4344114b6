"""The table of formats says something of every importer, of nothing else, and stands in the documents as it is."""

from pathlib import Path

import pytest

from catalog.importers.formats import FORMATS, table
from catalog.importers.registry import IMPORTERS

DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"


def test_every_importer_has_its_row() -> None:
    assert FORMATS.keys() == {importer.format for importer in IMPORTERS}


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_says_all_of_it_on_one_line(name: str) -> None:
    row = FORMATS[name]
    cells = (row.takes, row.plays, row.tracks, row.leaves_out)

    assert all(cell and "|" not in cell and "\n" not in cell for cell in cells)


def test_the_document_has_the_table_as_it_is() -> None:
    assert table() in DOCUMENT.read_text()
