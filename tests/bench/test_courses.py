"""The bench itself: a bad figure is called bad, and its sources are what they are said to be."""

import zipfile
from pathlib import Path

import pytest

from tests.bench import courses_import
from tests.bench.courses_import import FLUSHES_MAX, MEMORY_BYTES_MAX, import_verdicts, imported, memory_verdict
from tests.bench.courses_pages import page_verdict


def test_an_import_beyond_its_bars_is_called_so() -> None:
    assert [True, True] == [row.holds for row in import_verdicts(20.0, FLUSHES_MAX)]
    assert [False, False] == [row.holds for row in import_verdicts(20.1, FLUSHES_MAX + 1)]


def test_memory_and_pages_beyond_their_bars_are_called_so() -> None:
    assert (True, False) == tuple(memory_verdict("x", MEMORY_BYTES_MAX + more).holds for more in (0, 1))
    assert (True, False) == tuple(page_verdict("x", "-", 12_000 + more, 12_000).holds for more in (0, 1))


def test_an_import_is_measured_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses_import, "FILES", 50)

    source = courses_import.many_small(tmp_path)
    _, peak_bytes = imported(source, tmp_path / "data")

    assert 51 == len(zipfile.ZipFile(source).namelist())
    assert 10 << 20 < peak_bytes
    assert (tmp_path / "data/catalog.db").exists()


def test_an_import_that_fails_is_no_figure(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and nothing more")

    with pytest.raises(AssertionError, match="failed"):
        imported(tmp_path / "broken.zip", tmp_path / "data")
