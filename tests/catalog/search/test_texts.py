"""The text in files: what is read, what is left, and what a stranger's file cannot do."""

import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.search.texts import child, reader
from catalog.search.texts.captions import captions_pieces
from catalog.search.texts.page import page_text
from catalog.search.texts.piece import FILE_LETTERS_MAX, PIECE_LETTERS_MAX, Piece, cut
from catalog.search.texts.reader import Reader

SAMPLES = Path(__file__).parents[3] / "provisioning" / "samples"


@pytest.fixture(scope="module")
def reading() -> Iterator[Reader]:
    """A real child; the tests of this file share it."""
    with Reader() as made:
        yield made


def pdf(*pages: bytes) -> bytes:
    """A PDF with these page contents, its index left for the reader to find."""
    kids = " ".join(f"{3 + at * 2} 0 R" for at in range(len(pages)))
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n")
    out.write(f"2 0 obj<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>endobj\n".encode())
    for at, content in enumerate(pages):
        packed = zlib.compress(content)
        font = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
        page = f"{3 + at * 2} 0 obj<</Type/Page/Parent 2 0 R/Resources<<{font}>>/Contents {4 + at * 2} 0 R>>endobj\n"
        out.write(page.encode())
        out.write(f"{4 + at * 2} 0 obj<</Length {len(packed)}/Filter/FlateDecode>>stream\n".encode())
        out.write(packed + b"\nendstream endobj\n")
    out.write(b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n")
    return out.getvalue()


def said(words: str) -> bytes:
    return f"BT /F 12 Tf ({words}) Tj ET".encode()


def book(chapters: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    items = "".join(f'<item id="i{at}" href="{name}"/>' for at, name in enumerate(chapters))
    order = "".join(f'<itemref idref="i{at}"/>' for at in range(len(chapters)))
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr("META-INF/container.xml", '<rootfiles><rootfile full-path="in/book.opf"/></rootfiles>')
        archive.writestr("in/book.opf", f"<package><manifest>{items}</manifest><spine>{order}</spine></package>")
        for name, data in chapters.items():
            archive.writestr(f"in/{name}", data)
    return out.getvalue()


def read(reading: Reader, folder: Path, data: bytes, kind: str) -> list[Piece]:
    path = folder / "file"
    path.write_bytes(data)
    return list(reading.read(path, kind))


def test_a_page_has_its_title_and_what_a_reader_sees() -> None:
    html = (
        b"<html><head><title>The &eacute;cole</title><style>p{}</style><script>var hidden = 1</script></head>"
        b"<body><a>Start</a><a>Next</a><p>Wa<b>ter</b> flows<p>down<img alt='a channel'><svg><text>drawn</text></svg>"
    )

    title, text = page_text(html)

    assert "The école" == title
    assert ["Start", "Next", "Water", "flows", "down", "a", "channel"] == text.split()


@pytest.mark.parametrize(
    "html",
    [
        b"<p>water<![CDATA[ x",
        b"<!-- never closed <p>fire",
        b"<" * 10_000 + b"p>water",
        b"<p " + b'a="' * 5000 + b">water",
        b"</p></div></html><p>water",
        b"\xff\xfe\x00water",
        b"<title>never closed",
        b"<div>" * 50_000 + b"water",
        b"&#xD800;&#x110000;&water",
        b"",
    ],
)
def test_any_bytes_give_some_text(html: bytes) -> None:
    title, text = page_text(html)

    assert isinstance(title + text, str)


@pytest.mark.parametrize(("encoding", "says"), [("cp1256", "windows-1256"), ("gb18030", "gb18030"), ("utf-16", "")])
def test_a_page_is_read_in_the_encoding_that_it_says(encoding: str, says: str) -> None:
    text = "الماء" if encoding == "cp1256" else "水利工程"
    html = f'<html><head><meta charset="{says}"></head><body>{text}</body></html>'.encode(encoding)

    assert text == page_text(html)[1].strip()


def test_a_long_page_is_cut_between_words_and_has_its_title_once() -> None:
    pieces = list(cut("7", "Long", "wells " * 2000))

    assert all(len(piece.text) <= PIECE_LETTERS_MAX and piece.place == "7" for piece in pieces)
    assert ["Long", ""] == [piece.title for piece in pieces[:2]]
    assert 2000 == sum(piece.text.split().count("wells") for piece in pieces)


def test_captions_say_their_seconds_in_both_forms() -> None:
    vtt = b"WEBVTT\n\nNOTE nothing\nsaid\n\n1\n00:07.000 --> 00:09.000\n<v Amina>Water &amp; <i>sand</i>\n\n"
    srt = "1\r\n01:00:07,500 --> 01:00:09,000\r\nالماء\r\nيجري\r\n".encode()

    assert [Piece("7", "", "Water & sand")] == list(captions_pieces(vtt))
    assert [Piece("3607", "", "الماء يجري")] == list(captions_pieces(srt))


def test_a_document_is_read_page_by_page(reading: Reader, tmp_path: Path) -> None:
    pieces = read(reading, tmp_path, pdf(said("wells"), b"nonsense ( [ <<", said("gardens")), "document")

    assert [("1", "wells"), ("3", "gardens")] == [(piece.place, piece.text) for piece in pieces]


def test_a_book_is_read_in_the_order_of_its_chapters(reading: Reader, tmp_path: Path) -> None:
    data = book({"b.xhtml": b"<title>Two</title><body>wells", "a.xhtml": b"<h1>One</h1> gardens"})

    pieces = read(reading, tmp_path, data, "book")

    assert [("in/b.xhtml", "Two", "wells"), ("in/a.xhtml", "One", "One gardens")] == pieces


def test_a_book_that_unpacks_to_much_is_read_as_far_as_its_limit(reading: Reader, tmp_path: Path) -> None:
    data = book({f"{at}.xhtml": b"<p>" + b"wells " * 4_000_000 for at in range(3)})

    pieces = read(reading, tmp_path, data, "book")

    assert 0 < sum(len(piece.text) for piece in pieces) <= FILE_LETTERS_MAX


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("document", b"%PDF-1.4\n" + os.urandom(2000)),
        ("document", pdf(said("x")).replace(b"/Kids[3 0 R]", b"/Kids[2 0 R]")),
        ("document", pdf(b"q " * 2_000_000)),
        ("document", b""),
        ("book", b"PK\x03\x04" + bytes(100)),
        ("book", book({})),
        ("captions", b"\x00" * 1000),
        ("page", b"\x80" * 1000),
    ],
)
def test_a_hostile_file_costs_its_own_text_and_nothing_else(
    reading: Reader, tmp_path: Path, kind: str, data: bytes
) -> None:
    read(reading, tmp_path, data, kind)

    assert [Piece("", "", "wells")] == read(reading, tmp_path, b"<p>wells", "page")


def test_a_document_that_unpacks_without_end_ends_at_the_childs_memory(reading: Reader, tmp_path: Path) -> None:
    bomb = pdf(said("before"), b"(" + b"x" * (500 << 20))

    pieces = read(reading, tmp_path, bomb, "document")

    assert ["before"] == [piece.text for piece in pieces][:1]
    assert [Piece("", "", "wells")] == read(reading, tmp_path, b"<p>wells", "page")


def test_a_file_that_takes_too_long_keeps_what_was_read_by_then(tmp_path: Path) -> None:
    """A pipe that nobody writes to stands for a document that never ends."""
    os.mkfifo(tmp_path / "endless")
    (tmp_path / "page").write_bytes(b"<p>wells")

    with Reader(file_seconds_max=0.5) as hasty:
        assert [] == list(hasty.read(tmp_path / "endless", "page"))
    with Reader() as patient:
        assert [Piece("", "", "wells")] == list(patient.read(tmp_path / "page", "page"))


def test_a_reader_that_was_stopped_reads_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(b"<p>wells")

    with Reader() as stopped:
        stopped.stop()
        assert [] == list(stopped.read(tmp_path / "page", "page"))


def test_what_a_child_says_has_a_limit(reading: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "FILE_LETTERS_MAX", 3 * PIECE_LETTERS_MAX)

    pieces = read(reading, tmp_path, b"<p>" + b"wells " * 10_000, "page")

    assert 0 < sum(len(piece.text) for piece in pieces) <= 3 * PIECE_LETTERS_MAX


def test_the_samples_of_every_kind_have_text() -> None:
    kinds = {
        SAMPLES / "lesson" / "index.html": "page",
        SAMPLES / "film" / "film.ar.vtt": "captions",
        SAMPLES / "reader" / "reader-ar.pdf": "document",
    }

    texts = [" ".join(piece.text for piece in child.pieces_of(path, kind)) for path, kind in kinds.items()]

    assert all("ماء" in text or "water" in text for text in texts), texts
