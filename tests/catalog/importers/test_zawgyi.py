"""Burmese text in Zawgyi becomes Unicode; what is Unicode already, or in another script, stays byte for byte."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.importers.course import Imported
from catalog.importers.repairs import zawgyi
from catalog.importers.report import Report
from catalog.store import Store

Read = Callable[..., Imported]
Zips = Callable[[str, Mapping[str, bytes | str]], Path]

ZAWGYI = "ေနျပည္ေတာ္ ဇူလုိင္ ၂၆ ႏိုင္ငံေတာ္၏အတုိင္ပင္ခံပုဂၢိဳလ္"
UNICODE = "နေပြည်တော် ဇူလိုင် ၂၆ နိုင်ငံတော်၏အတိုင်ပင်ခံပုဂ္ဂိုလ်"
"""The same words of a newspaper, from the samples that come with the rules."""

OTHERS = ["Water", "", "ماء", "水の話", UNICODE, "၁၂၃", "ရေ", "ទឹក"]


def test_words_in_zawgyi_become_unicode() -> None:
    assert zawgyi.is_zawgyi(ZAWGYI)
    assert UNICODE == zawgyi.unicode_of(ZAWGYI)


@pytest.mark.parametrize("text", OTHERS)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert text == zawgyi.unicode_of(text)


def test_a_page_in_zawgyi_is_a_page_in_unicode_and_the_report_says_so(
    reading: Read, zipped: Zips, files: Store
) -> None:
    page = f"<!doctype html><title>{ZAWGYI}</title><p style=\"font-family:'Zawgyi-One', serif\">{ZAWGYI}</p>"
    style = "@font-face{font-family:Zawgyi-One;src:url(z.ttf)} body{font-family: Zawgyi-One, sans-serif}"
    imported = reading(zipped("course.zip", {"index.html": page, "a.css": style, "z.ttf": b"\0\1\0\0"}))

    held = {entry.path: files.path(entry.digest).read_text("utf-8") for entry in imported.layers[0].entries[:2]}
    assert UNICODE == imported.title
    assert f"<p style=\"font-family:'Noto Sans Myanmar', serif\">{UNICODE}</p>" in held["site/index.html"]
    assert (
        "@font-face{font-family:Zawgyi-One;src:url(z.ttf)} body{font-family: 'Noto Sans Myanmar', sans-serif}"
        == (held["site/a.css"])
    )
    assert ["index.html: Burmese text in Zawgyi; it is Unicode now."] == imported.report.repaired


@pytest.mark.parametrize("text", [text.encode() for text in OTHERS] + [ZAWGYI.encode("utf-16"), b"\xe1\x80\xff" * 9])
@pytest.mark.parametrize("piece_bytes", [1, 7, 1 << 20])
def test_a_page_without_zawgyi_streams_through(text: bytes, piece_bytes: int) -> None:
    pieces = [text[at : at + piece_bytes] for at in range(0, len(text), piece_bytes)]
    report = Report()

    assert text == b"".join(zawgyi.mended("a.html", pieces, report))
    assert [] == report.repaired


def test_a_page_of_megabytes_is_not_held_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zawgyi, "PAGE_BYTES_MAX", 1_000)
    text = ZAWGYI.encode() * 20

    assert text == b"".join(zawgyi.mended("a.html", [text[:900], text[900:]], Report()))


def test_captions_in_zawgyi_become_unicode(reading: Read, film: Path, captions: Path, files: Store) -> None:
    captions.write_text(f"WEBVTT\n\n00:00.000 --> 00:02.000\n{ZAWGYI}\n", "utf-8")
    entry = reading(film, captions).layers[0].entries[0]

    assert UNICODE in files.path(entry.digest).read_text("utf-8")
