"""Every format that is taken says what may be expected of it."""

import pytest

from catalog.importers.formats import FORMATS
from catalog.importers.registry import IMPORTERS

SAID = {"folder", "html-zip", "page", "picture", "video", "epub", "pdf", "office", "zim", "kolibri"}


@pytest.mark.parametrize("format", sorted(SAID))
def test_a_format_that_has_an_importer_has_a_row(format: str) -> None:
    assert format in {importer.format for importer in IMPORTERS}
    assert all(vars_of(format))


def vars_of(format: str) -> list[str]:
    row = FORMATS[format]
    return [row.takes, row.plays, row.tracks, row.leaves_out]
