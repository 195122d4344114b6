"""The words of questions: what stays, and what never does."""

import pytest

from catalog.questions.markup import cleaned, from_text, is_rich, plain, shown


@pytest.mark.parametrize(
    ("markup", "safe"),
    [
        ("Plain words, 3", "Plain words, 3"),
        ("3 < 4 &amp; 5", "3 &lt; 4 &amp; 5"),
        ("<p dir=rtl lang=ar>ماء</p>", '<p dir="rtl" lang="ar">ماء</p>'),
        ("<p onclick=x() style='color:red' class=y>a</p>", "<p>a</p>"),
        ("<script>alert(1)</script>a", "a"),
        ("<style>p{}</style><iframe src=x>y</iframe>a", "a"),
        ("<a href='https://example.org'>there</a>", "there"),
        ("<form><input name=answer></form>a", "a"),
        ("<!-- the answer is B -->a", "a"),
        ("<p><br></p>", ""),
        ("<math><mfrac><mi>a</mi><mn>2</mn></mfrac></math>", "<math><mfrac><mi>a</mi><mn>2</mn></mfrac></math>"),
        ("<math><annotation>x</annotation><mi>a</mi></math>", "<math><mi>a</mi></math>"),
        ("<math><mtext><style><img src=x onerror=y></style></mtext></math>", "<math><mtext></mtext></math>"),
        ("$$x^2$$ <b>and</b> \\(y\\)", "$$x^2$$ <b>and</b> \\(y\\)"),
        ("<img alt='[[1]] onerror=alert(1) x=' src=a.png>", '<img alt="[ [1]] onerror=alert(1) x=" src="a.png">'),
        ("<img src='javascript:x' alt=y>", '<img alt="y">'),
        ("<img src='//else.where/x.png' width='7' height='9em'>", '<img width="7">'),
        ("<svg onload=x><p>a</p></svg>", "<p>a</p>"),
    ],
)
def test_markup_is_made_safe(markup: str, safe: str) -> None:
    assert safe == cleaned(markup, lambda source: source if source == "a.png" else None)


def test_made_safe_again_it_stays_as_it_is() -> None:
    once = cleaned("<table><tr><td colspan=2>a<img src=a.png alt='b'></table><audio src=b.mp3>", lambda source: source)

    assert once == cleaned(once, lambda source: source)


def test_a_page_shows_names_at_their_addresses_and_nothing_else() -> None:
    markup = '<img src="a b.png"><img src="../quiz.json"><img src="https://e.org/x"><img src=".."><audio src="c.mp3">'

    html = shown(markup, lambda name: f"/at/{name}")

    assert '<img src="/at/a b.png"><img><img><img>' in html
    assert '<audio src="/at/c.mp3" controls=""></audio>' in html


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("a  b", "a b"),
        ("<p>one</p><p>two &lt; 3</p>", "one two < 3"),
        ('<img src="x.png" alt="a heart">', "a heart"),
        ("<b>x</b><script>y</script>", "x"),
    ],
)
def test_the_words_alone(markup: str, words: str) -> None:
    assert words == plain(markup)


def test_text_becomes_markup() -> None:
    assert "3 &lt; 4<br>yes" == from_text(" 3 < 4\nyes ")


def test_what_needs_more_than_words_is_known() -> None:
    assert [True, True, False] == [is_rich(one) for one in ("<p><img src=a>", "x<sup>2</sup>", "<b>x</b>")]
