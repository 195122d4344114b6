"""Words that people write differently are found, in ten languages; what is typed is never syntax."""

import sqlite3
import unicodedata
from collections.abc import Iterator

import pytest

from catalog.search.folding import fold, folded, pieces
from catalog.search.question import WORDS_MAX, Question
from catalog.search.snippet import Part, marked, snippet
from tests.catalog.search.measured_words import VARIANTS, WORDS

SYNTAX = [
    '"',
    'water"',
    "water OR *",
    "NEAR(water, 2)",
    "body : water",
    "^water",
    "{title}: x",
    "-water",
    "a' or '1",
    "%",
    "_",
]


@pytest.fixture
def table() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")  # noqa: TID251 - a table of the words alone
    connection.execute("create virtual table word using fts5 (text, content = '', tokenize = 'ascii')")
    yield connection
    connection.close()


def finds(table: sqlite3.Connection, written: str, typed: str) -> bool:
    table.execute("insert into word (word) values ('delete-all')")
    table.execute("insert into word (text) values (?)", [" ".join(pieces(written))])
    asked = Question.of(typed).all_of_it()
    return bool(table.execute("select count(*) from word where word match ?", [asked]).fetchone()[0])


@pytest.mark.parametrize(("what", "written", "typed"), VARIANTS)
def test_words_written_one_way_are_found_written_another(
    table: sqlite3.Connection, what: str, written: str, typed: str
) -> None:
    assert finds(table, written, typed), what


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Élève, ŒUVRE, straße", "eleve oeuvre strasse"),
        ("سؤال عن الشؤون", "سوال"),
        ("مسئلة", "مسيله"),
        ("پاني کی سائنس", "پانی سائنس"),
        ("سائنس ٢٠٢٤ ۲۰۲۵", "2024 2025"),
        ("والمدرسة بالمدرسة", "المدرسة"),
        ("ﻣﺪﺭﺳﺔ", "مدرسة"),
        ("တက္ကသိုလ်ကွန်ပျူတာ", "ကွန်ပျူတာ"),
        ("อาหารและน้ำ", "น้ำ"),
        ("ຄູສອນນັກຮຽນ", "ນັກຮຽນ"),
        ("waterfalls", "waterfall"),
        ("l’énergie solaire", "energie"),
        ("soft\u00adware", "software"),
    ],
)
def test_more_ways_of_writing(table: sqlite3.Connection, written: str, typed: str) -> None:
    assert finds(table, written, typed)


@pytest.mark.parametrize(
    ("written", "typed"), [("water", "fire"), ("សាលារៀន", "សត្វ"), ("مدرسة", "كتاب"), ("inland", "land")]
)
def test_what_is_not_there_is_not_found(table: sqlite3.Connection, written: str, typed: str) -> None:
    assert not finds(table, written, typed)


@pytest.mark.parametrize("typed", SYNTAX)
def test_what_is_typed_is_never_syntax(table: sqlite3.Connection, typed: str) -> None:
    question = Question.of(typed)

    assert question.is_empty or finds(table, f"{typed} and the rest", typed)


def test_letters_that_mean_something_to_like_are_not_left() -> None:
    assert "%100%" == Question.of("100% _").inside()


def test_a_long_question_is_cut_and_a_word_said_twice_is_said_once() -> None:
    question = Question.of("water water " + " ".join(f"w{count}" for count in range(100)))

    assert WORDS_MAX == len(question.words)
    assert ["water", "w0"] == [word.text for word in question.words[:2]]


def test_folding_letter_by_letter_gives_the_same_letters() -> None:
    for words in WORDS.values():
        text = unicodedata.normalize("NFC", " ".join(words))
        assert fold(text) == " ".join(folded(text).text.split())


@pytest.mark.parametrize("language", WORDS)
def test_a_word_is_marked_where_it_stands(language: str) -> None:
    words = WORDS[language]
    joint = "" if language in ("km", "my") else " "
    text = joint.join(unicodedata.normalize("NFC", word) for word in words)

    parts = snippet(text, Question.of(words[20])).parts

    assert fold(words[20]) in {fold(part.text) for part in parts if part.is_marked}
    assert "".join(part.text for part in parts).strip("…") in text


def test_a_mark_covers_the_vowel_signs_of_its_word() -> None:
    assert (Part("مُدَرِّسَةٌ", True), Part(" الفيزياء")) == marked("مُدَرِّسَةٌ الفيزياء", Question.of("مدرسة"))


def test_a_snippet_shows_where_most_of_the_words_are() -> None:
    far = " ".join(["sand"] * 200)
    text = f"water here {far} here water flows by gravity {far}"

    parts = snippet(text, Question.of("water gravity")).parts

    assert ["water", "gravity"] == [part.text for part in parts if part.is_marked]
    assert ("…", "…") == (parts[0].text, parts[-1].text)


def test_a_snippet_tells_the_line_of_what_it_marks() -> None:
    assert 2 == snippet("one\ntwo\nthe water\nfour", Question.of("water")).line


def test_a_text_without_the_word_shows_its_beginning() -> None:
    shown = snippet("Where water comes from. " * 20, Question.of("fire"))

    assert not shown.has_marks
    assert shown.parts[0].text.startswith("Where water")
