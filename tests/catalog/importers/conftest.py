"""Reading sources into a batch that is then dropped: the importers' tests look at what was found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.importers.course import Imported, read
from catalog.store import Store

Read = Callable[..., Imported]


@pytest.fixture
def reading(files: Store) -> Read:
    """`reading(path, ...)` imports the sources as one course and keeps its files."""

    def imported(*sources: Path, language: str = "en", title: str | None = None) -> Imported:
        with files.batch() as batch:
            return read(sources, batch, language, title, lambda done_bytes, total_bytes: None)

    return imported


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small lesson site in a folder."""
    folder = tmp_path / "lessons"
    (folder / "img").mkdir(parents=True)
    (folder / "index.html").write_text("<html><title>The\n water &amp; us</title><img src=img/a.png></html>")
    (folder / "img" / "a.png").write_bytes(b"\x89PNG")
    return folder
