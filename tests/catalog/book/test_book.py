"""A course of text as a book: well-formed whatever the pages are, whole or not there, within its limits."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from catalog.book import epub
from catalog.book.chapter import chapter
from catalog.book.epub import Book, write_book
from catalog.book.making import is_whole, make

SAMPLES = Path(__file__).parents[3] / "provisioning" / "samples"
PAGES = [
    b"<p>one<p>two <b>bold<i>x</b> y",
    b"<ul><li>a<li>b<ul><li>c</ul><li>d</ul>",
    b"<table><tr><td>1<td>2<tr><td>3</table>",
    b"<dl><dt>q<dd>a<dt>r<dd>b</dl>",
    b"</div></p><p>water",
    b"<p onclick='x()' style='y'>water<script>alert(1)</script><a href='javascript:x()'>go</a>",
    b"<p>\x00\x0b\xff &lt;b&gt; &#xD800; \xed\xa0\x80",
    b"<div>" * 5000 + b"water",
    b"<p dir='\"><x'>water</p><td colspan='<'>1</td>",
    b"<" * 1000,
]


@pytest.fixture
def lesson(tmp_path: Path) -> Callable[..., Book]:
    """The lesson of the samples as it lies in a tree; `changes` are pages more."""

    def lie(**changes: bytes) -> Book:
        tree = tmp_path / "tree"
        shutil.copytree(SAMPLES / "lesson", tree / "site", dirs_exist_ok=True)
        for name, data in changes.items():
            (tree / "site" / f"{name}.html").write_bytes(data)
        pages = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*.html"))
        return Book(tree, "site/index.html", pages, "Water & <sand>", "en", "urn:x", "CC BY 4.0")

    return lie


def texts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("page", PAGES)
def test_a_chapter_is_well_formed_whatever_the_page_is(page: bytes) -> None:
    made = chapter(page, "site/a.html", lambda _: "picture.png", lambda _: "p001.xhtml")

    ElementTree.fromstring(f"<body>{made.body}</body>")
    assert not {"script", "onclick", "style=", "javascript"} & {
        word for word in ("script", "onclick", "style=", "javascript") if word in made.body
    }


def test_a_book_has_the_pages_in_the_order_of_their_links_with_pictures(
    lesson: Callable[..., Book], tmp_path: Path
) -> None:
    make(lesson(unlinked=b"<h1>Last</h1>"), tmp_path / "book.epub")
    found = texts(tmp_path / "book.epub")

    assert "mimetype" == next(iter(found))
    assert b"application/epub+zip" == found["mimetype"]
    titles = [str(page.findtext(".//{*}title")) for name, data in found.items() if name.startswith("book/p0")
              for page in [ElementTree.fromstring(data)]]  # fmt: skip
    assert "Water that walks by itself" == titles[0]
    assert "Last" == titles[-1]
    assert 5 == len(titles)
    assert (SAMPLES / "lesson" / "section.svg").read_bytes() == found["book/i001.svg"]
    assert all(
        ElementTree.fromstring(data) is not None
        for name, data in found.items()
        if name.endswith((".opf", ".ncx", ".xhtml"))
    )


def test_the_same_course_gives_the_same_bytes(lesson: Callable[..., Book], tmp_path: Path) -> None:
    book = lesson()
    make(book, tmp_path / "one.epub")
    make(book, tmp_path / "two.epub")

    assert (tmp_path / "one.epub").read_bytes() == (tmp_path / "two.epub").read_bytes()


def test_a_program_gives_no_book_and_that_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(b"<div id='app'></div><script src='app.js'></script>")

    make(Book(tmp_path, "index.html", ["index.html"], "App", "en", "urn:x"), tmp_path / "book.epub")

    assert b"" == (tmp_path / "book.epub").read_bytes()
    assert is_whole(tmp_path / "book.epub")


def test_a_page_that_is_gone_gives_no_half_book(lesson: Callable[..., Book], tmp_path: Path) -> None:
    book = lesson()
    (book.tree / "site" / "index.html").unlink()

    make(book, tmp_path / "book.epub")

    assert b"" == (tmp_path / "book.epub").read_bytes()


def test_a_book_that_was_cut_short_is_known_by_its_end(lesson: Callable[..., Book], tmp_path: Path) -> None:
    make(lesson(), tmp_path / "book.epub")
    whole = (tmp_path / "book.epub").read_bytes()
    (tmp_path / "book.epub").write_bytes(whole[: len(whole) // 2])

    assert not is_whole(tmp_path / "book.epub")


def test_pictures_that_would_be_too_much_stay_out_and_their_words_stay(
    lesson: Callable[..., Book], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epub, "PICTURE_BYTES_MAX", 10)

    assert write_book(lesson(), tmp_path / "book.epub")

    found = texts(tmp_path / "book.epub")
    assert "book/i001.svg" not in found
    assert b"A hill cut open" in found["book/p001.xhtml"]


def test_a_picture_outside_the_course_is_not_taken(lesson: Callable[..., Book], tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    book = lesson(spy=b"<p>" + b"words " * 100 + b"<img src='../../secret.png'><img src='/etc/passwd.png'>")

    assert write_book(book, tmp_path / "book.epub")

    assert not [name for name, data in texts(tmp_path / "book.epub").items() if data == b"secret"]
