"""ZIM files, made here by their own library's writer and read by a confined child."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.importers.zim import reader
from catalog.store import Store

Read = Callable[..., Imported]
ABOUT = {
    "Title": "Wells", "Description": "How water comes", "Language": "fra", "License": "CC BY", "Tags": "water;_x:y",
}  # fmt: skip
MAIN = (
    "<html><head><title>Wells</title></head><body><a href='Water'>w</a><a href='H2O#top'>h</a><img src='img/a'>"
    "</body></html>"
)
ITEMS: Mapping[str, tuple[str | bytes, str]] = {
    "Main_Page": (MAIN, "text/html"),
    "Water": ("<html><body><a href='./Main_Page'>m</a><a href='gone'>g</a></body></html>", "text/html;raw=true"),
    "img/a": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "style.css": ("p { color: red }", "text/css"),
}


@pytest.fixture
def zim(tmp_path: Path) -> Callable[..., Path]:
    """Make a ZIM file: `zim(items, main="...", redirects={...})`."""
    from libzim.writer import Creator, Hint, Item, StringProvider

    class Written(Item):  # type: ignore[misc]
        def __init__(self, path: str, content: bytes | str, kind: str) -> None:
            super().__init__()
            self.path, self.content, self.kind = path, content, kind

        def get_path(self) -> str:
            return self.path

        def get_title(self) -> str:
            return self.path

        def get_mimetype(self) -> str:
            return self.kind

        def get_contentprovider(self) -> Any:
            return StringProvider(self.content)

        def get_hints(self) -> dict[Any, Any]:
            return {Hint.FRONT_ARTICLE: self.kind.startswith("text/html")}

    def make(
        items: Mapping[str, tuple[str | bytes, str]] = ITEMS,
        main: str = "Main_Page",
        redirects: Mapping[str, str] = {"H2O": "Water"},
    ) -> Path:
        place = tmp_path / "wells.bin"
        with Creator(str(place)) as creator:
            if main:
                creator.set_mainpath(main)
            for path, (content, kind) in items.items():
                creator.add_item(Written(path, content, kind))
            for path, target in redirects.items():
                creator.add_redirection(path, path, target, {Hint.FRONT_ARTICLE: True})
            for name, words in ABOUT.items():
                creator.add_metadata(name, words)
        return place

    return make


def text(imported: Imported, files: Store, path: str) -> str:
    entry = next(entry for layer in imported.layers for entry in layer.entries if entry.path == path)
    return files.path(entry.digest).read_text("utf-8")


def test_an_archive_is_a_site_that_starts_at_its_main_page(
    reading: Read, zim: Callable[..., Path], files: Store
) -> None:
    imported = reading(zim())

    assert [("wells", "html", "wells/Main_Page.html")] == [(one.id, one.kind, one.path) for one in imported.activities]
    assert ["wells/Main_Page.html", "wells/Water.html", "wells/img/a.png", "wells/style.css"] == [
        entry.path for entry in imported.layers[0].entries
    ]
    about = imported.about
    assert ("Wells", "How water comes", "fr", "CC BY", ["water"]) == (
        about.title, about.description, about.language, about.licence, about.subjects,
    )  # fmt: skip
    page = text(imported, files, "wells/Main_Page.html")
    assert "<a href='Water.html'>w</a><a href='Water.html#top'>h</a><img src='img/a.png'>" in page
    assert [] == imported.report.repaired
    assert ["gone: not in the package, though Water.html asks for it."] == imported.report.left_out


def test_names_that_differ_in_capitals_are_kept_apart(reading: Read, zim: Callable[..., Path], files: Store) -> None:
    items = {**ITEMS, "water": ("<html><body>small</body></html>", "text/html")}
    imported = reading(zim({**items, "Main_Page": ("<html><a href='water'>s</a><a href='Water'>w</a>", "text/html")}))

    names = [entry.path for entry in imported.layers[0].entries if "ater" in entry.path]
    assert 2 == len(names) == len({name.casefold() for name in names})
    small = next(name for name in names if "small" in text(imported, files, name))
    assert f"<a href='{small.removeprefix('wells/')}'>s</a>" in text(imported, files, "wells/Main_Page.html")


def test_an_archive_without_a_main_page_is_refused(reading: Read, zim: Callable[..., Path]) -> None:
    with pytest.raises(ContentFault, match="no main page"):
        reading(zim(main=""))


@pytest.mark.parametrize("kept_permille", [10, 500, 990])
def test_an_archive_that_was_cut_is_refused(reading: Read, zim: Callable[..., Path], kept_permille: int) -> None:
    place = zim()
    data = place.read_bytes()
    place.write_bytes(data[: len(data) * kept_permille // 1000])

    with pytest.raises(ContentFault, match="damaged ZIM file"):
        reading(place)


def test_an_archive_with_too_many_entries_is_refused(
    reading: Read, zim: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "ENTRIES_MAX", 3)

    with pytest.raises(ContentFault, match="more than 3 entries"):
        reading(zim())


def test_where_nothing_reads_such_files_it_says_what_to_install(
    reading: Read, zim: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LIBRARY", "no_such_library")

    with pytest.raises(ContentFault, match="cannot read such files") as refused:
        reading(zim())
    assert "pip install libzim" in refused.value.hint
