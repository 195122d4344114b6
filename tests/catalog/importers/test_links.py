import time

import pytest

from catalog.importers.links import LINKS_PER_FILE_MAX, SCAN_BYTES_MAX, external_links


@pytest.mark.parametrize(
    ("text", "address", "is_needed"),
    [
        ('<script src="https://cdn.example.org/m.js">', "https://cdn.example.org/m.js", True),
        ("<img  SRC = 'http://example.org/a.png'>", "http://example.org/a.png", True),
        ("<img src=//example.org/a.png>", "//example.org/a.png", True),
        ('<link rel=stylesheet href="https://example.org/a.css">', "https://example.org/a.css", True),
        ('<video poster="https://example.org/a.jpg">', "https://example.org/a.jpg", True),
        ('<a class=x href="https://example.org/">more</a>', "https://example.org/", False),
        ("body { background: url( 'https://example.org/a.png' ) }", "https://example.org/a.png", True),
        ("@import 'https://example.org/a.css';", "https://example.org/a.css", True),
        ("image.src = 'https://example.org/b.png';", "https://example.org/b.png", True),
        ('<area href="//example.org/map">', "//example.org/map", False),
    ],
)
def test_a_link_to_the_internet_is_found(text: str, address: str, is_needed: bool) -> None:
    assert [("a.html", address, is_needed)] == [
        (link.file, link.address, link.is_needed) for link in external_links("a.html", text.encode())
    ]


@pytest.mark.parametrize(
    "text",
    [
        '<img src="img/a.png">',
        "// a comment in a script",
        'xmlns="http://www.w3.org/2000/svg"',
        "<!-- see https://example.org/ -->",
        '<a href="page.html//x">',
        "url(data:image/png;base64,//8A)",
    ],
)
def test_what_needs_no_internet_is_no_link(text: str) -> None:
    assert [] == external_links("a.html", text.encode())


def test_a_link_that_is_offered_and_needed_is_needed() -> None:
    text = b'<a href="https://e.org/a"></a><img src="https://e.org/a"><a href="https://e.org/a"></a>'

    assert [True] == [link.is_needed for link in external_links("a.html", text)]


def test_endless_links_are_counted_to_a_limit() -> None:
    text = b"".join(b'<img src="https://e.org/%d">' % number for number in range(1000))

    assert LINKS_PER_FILE_MAX == len(external_links("a.html", text))


@pytest.mark.parametrize("piece", [b"<", b"src=", b"/", b"//", b'="//', b" ", b"<a href=", b"url(  "])
def test_a_file_made_to_keep_us_busy_does_not(piece: bytes) -> None:
    """CPU time, so that a busy machine does not fail it; the bound is many times what it takes."""
    began = time.process_time()
    external_links("a.html", piece * (SCAN_BYTES_MAX // len(piece)))

    assert time.process_time() - began < 5
