"""Compiled templates: kept between starts, and never in the way."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from sync.web.compiled import CompiledTemplates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "compiled"


def test_a_template_is_kept_for_the_next_start(folder: Path) -> None:
    _said(folder, "Good morning")
    (kept,) = folder.iterdir()
    before = kept.stat().st_mtime_ns

    assert "Good morning" == _said(folder, "Good morning")
    assert before == kept.stat().st_mtime_ns


def test_a_template_that_changed_is_compiled_again(folder: Path) -> None:
    _said(folder, "Good morning")

    assert "Good night" == _said(folder, "Good night")


@pytest.mark.parametrize("damage", [b"", b"\0" * 400, b"jinja"])
def test_a_damaged_file_is_compiled_again(folder: Path, damage: bytes) -> None:
    _said(folder, "Good morning")
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage)

    assert "Good morning" == _said(folder, "Good morning")
    assert whole == kept.read_bytes()


def test_one_changed_byte_is_never_run(folder: Path) -> None:
    _said(folder, "Good morning")
    (kept,) = folder.iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"Good morning", b"Good evening"))

    assert "Good morning" == _said(folder, "Good morning")


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    assert "Good morning" == _said(tmp_path / "file", "Good morning")


def _said(folder: Path, words: str) -> str:
    environment = Environment(
        loader=DictLoader({"page.html": words}), bytecode_cache=CompiledTemplates(folder), autoescape=True
    )
    return environment.get_template("page.html").render()
