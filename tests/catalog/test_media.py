from pathlib import Path

import pytest

from catalog.media import BYTES, TYPES, is_text, media_type


def test_the_suffix_decides_whatever_its_letters() -> None:
    assert ["text/html", "text/html", "video/mp4", "image/svg+xml"] == [
        media_type(path) for path in ("index.html", "a/b/INDEX.HTM", "film.Mp4", "sun.min.svg")
    ]


def test_what_is_unknown_is_bytes_and_never_a_page() -> None:
    assert [BYTES] * 4 == [media_type(path) for path in ("run.php", "noname", ".html", "a.html/b")]


def test_what_the_system_believes_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mimetypes.guess_type", lambda *_: ("text/html", None))

    assert "image/png" == media_type("a.png")


def test_text_is_what_gzip_shrinks() -> None:
    texts = {suffix for suffix, kind in TYPES.items() if is_text(kind)}

    assert {".html", ".css", ".js", ".json", ".svg", ".vtt", ".xml"} <= texts
    assert texts.isdisjoint({".mp4", ".png", ".jpg", ".woff2", ".zip", ".pdf"})
