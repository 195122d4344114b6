"""Rewriting links: what a page says otherwise afterwards, and that no page takes for ever."""

import pytest

from catalog.importers.questions.cloze import read_cloze
from catalog.importers.rewriting import DROPPED, Paths, is_elsewhere, joined, relative, rewritten
from catalog.importers.written import page_of, readable, with_formulas


def meaning(address: str) -> str | None:
    return {"a.png": "../b & c.png", "gone": DROPPED}.get(address)


@pytest.mark.parametrize(
    ("page", "after"),
    [
        ('<img src="a.png">', '<img src="../b &amp; c.png">'),
        ("<img alt=x src='a.png'>", '<img alt=x src="../b &amp; c.png">'),
        ("<IMG SRC = a.png>", '<IMG SRC = "../b &amp; c.png">'),
        ('<a href="gone">x</a>', "<a >x</a>"),
        ('<a href="other">x</a>', '<a href="other">x</a>'),
        ('<img srcset="a.png 1x, other 2x">', '<img srcset="../b &amp; c.png 1x, other 2x">'),
        ("p{background:url(a.png)}", "p{background:url(../b & c.png)}"),
        ("p{background:url( 'a.png' )}", "p{background:url('../b & c.png')}"),
        ("p{background:url(other)}", "p{background:url(other)}"),
        ("<p>src=a.png</p>", "<p>src=a.png</p>"),
    ],
)  # fmt: skip
def test_links_are_changed_and_nothing_else(page: str, after: str) -> None:
    assert after == rewritten(page, meaning)


HOSTILE = [
    ' src="' * 200_000, " src='" * 200_000, " src=" + " " * 1_000_000, ("url(" + " " * 1_990) * 500, "url('a" * 200_000,
    ' srcset="' * 200_000, "<img" * 300_000, ("<img " + " " * 2_990) * 400, "<link" * 300_000, "<script " * 200_000,
]  # fmt: skip


@pytest.mark.parametrize("page", HOSTILE, ids=range(len(HOSTILE)))
def test_no_page_takes_for_ever(page: str) -> None:
    """There is nothing to change in these; a pattern that looks back would not come to an end."""
    assert page == rewritten(page, lambda address: None)
    assert page in readable(page)


@pytest.mark.parametrize("text", ["{1:SA:" * 10_000, "{1:SA:" + "\\}" * 20_000, "{" * 60_000, "{1:SA:=a~" * 7_000])
def test_no_gap_takes_for_ever(text: str) -> None:
    assert [] == read_cloze(text)[1]


def test_files_are_found_however_a_link_spells_them() -> None:
    paths = Paths.of(["Pics/A b.png", "two.html"])

    found = [paths.find(one) for one in ("Pics/A%20b.png", "pics/a b.PNG", "Pics\\A b.png", "./two.html", "nowhere")]
    assert ["Pics/A b.png", "Pics/A b.png", "Pics/A b.png", "two.html", None] == found


@pytest.mark.parametrize(
    ("page", "address", "path"),
    [("a/b.html", "c.png", "a/c.png"), ("a/b.html", "../c.png", "c.png"), ("b.html", "../../c.png", "c.png")],
)
def test_a_link_never_leads_above_the_package(page: str, address: str, path: str) -> None:
    assert path == joined(page, address)


def test_a_page_says_where_a_file_is() -> None:
    assert ["../files/a%20b.png", "c.html"] == [
        relative("files/a b.png", "one/x.html"), relative("one/c.html", "one/x.html")
    ]  # fmt: skip


def test_what_leads_elsewhere_is_known() -> None:
    assert [True, True, True, True, False] == [
        is_elsewhere(one) for one in ("https://e.org", "//e.org", "mailto:a@b", "#x", "a/b.html")
    ]


@pytest.mark.parametrize(
    ("image", "after"),
    [
        ('<img src="https://c/e" data-equation-content="x &lt; 2">', "\\(x &lt; 2\\)"),
        ('<img class="equation_image" title="x^2" src="https://c/e" alt="LaTeX: x^2">', "\\(x^2\\)"),
        ("<img class='equation_image' data-mathml='&lt;math a=\"b\"&gt;&lt;mi&gt;x&lt;/mi&gt;&lt;/math&gt;' src='e'>",
         '<math a="b"><mi>x</mi></math>'),
        ('<img class="equation_image" src="e">', '<img class="equation_image" src="e">'),
        ('<img alt="an equation" src="e">', '<img alt="an equation" src="e">'),
    ],
)  # fmt: skip
def test_pictures_of_formulas_are_the_formulas_that_they_tell(image: str, after: str) -> None:
    assert f"<p>{after}</p>" == with_formulas(f"<p>{image}</p>")


def test_bare_pages_are_made_fit_for_a_phone_and_others_left_alone() -> None:
    styled = "<head><link rel=stylesheet href=a.css></head>"

    assert styled == readable(styled)
    assert 'name="viewport"' in readable("<head></head><p>x</p>")
    assert b"<title>a &lt; b</title>" in page_of("a < b", "<p>x</p>", "ar")


def test_a_link_that_is_there_again_is_asked_about_once() -> None:
    asked: list[str] = []

    def said(address: str) -> str | None:
        asked.append(address)
        return None

    rewritten('<a href="a.html"><img src="b.png"><a href="a.html">' * 50, said)

    assert ["a.html", "b.png"] == asked
