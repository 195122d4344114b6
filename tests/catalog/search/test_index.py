"""The index: how much of what is there it finds, what it costs, and what it forgets."""

import random
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.search import index as index_
from catalog.search import tables
from catalog.search.card import Card, Chosen, Naming, Source
from catalog.search.index import Index
from catalog.search.question import Question
from catalog.search.texts.piece import Piece
from tests.catalog.search.measured_words import WORDS, Item, catalogue

ITEMS = 3000
RECALL_MIN = 0.99


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return catalogue(ITEMS, random.Random(5))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, items: list[Item]) -> Iterator[Index]:
    """An index of thousands of titles and descriptions in ten languages."""
    made = Index(tmp_path_factory.mktemp("large"))
    made.put_course(
        Card("all", "r", ()), [Naming(str(at), item.title, item.about) for at, item in enumerate(items)], []
    )
    yield made
    made.close()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path)
    yield made
    made.close()


def found(index: Index, typed: str, chosen: Chosen | None = None) -> list[tuple[str, str, str]]:
    return [(row.course, row.activity, row.place) for row in index.find(Question.of(typed), chosen)]


def course(name: str, title: str = "Water", **card: object) -> tuple[Card, list[Naming]]:
    return Card(name, f"root of {name}", ("core",), **card), [Naming("", title)]  # type: ignore[arg-type]


@pytest.mark.parametrize("language", WORDS)
def test_words_of_every_language_are_found(
    large: Index, items: list[Item], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_, "ROWS_MAX", ITEMS)
    recalls = []
    for word in WORDS[language]:
        wanted = {str(at) for at, item in enumerate(items) if item.language == language and word in item.words}
        got = {row.activity for row in large.find(Question.of(word))}
        recalls.append(len(got & wanted) / len(wanted))

    assert statistics.mean(recalls) >= RECALL_MIN


def test_an_answer_is_one_statement(large: Index) -> None:
    statements: list[str] = []
    large.database.read().conn.set_trace_callback(statements.append)

    large.find(Question.of("water energy"))
    large.database.read().conn.set_trace_callback(None)

    assert 1 == len([one for one in statements if not one.startswith("--")])


def test_a_title_comes_before_a_description_and_that_before_text(index: Index) -> None:
    index.put_course(*course("a", "Sand"), [])
    index.put_course(Card("b", "r", ()), [Naming("", "Stones", "about water and more")], [])
    index.put_course(*course("c", "Water and more things"), [])
    source = Source("site/1.html", "d", "site", "page")
    index.put_texts("a", [(source, [Piece("", "", "water " + "and more things " * 5)])])

    assert ["c", "b", "a"] == [name for name, _, _ in found(index, "water")]


def test_where_no_place_has_all_the_words_some_will_do(index: Index) -> None:
    index.put_course(*course("water"), [])

    assert [("water", "", "")] == found(index, "water elephants")


def test_a_word_too_short_for_the_index_is_found_inside_titles(index: Index) -> None:
    index.put_course(*course("art", "The smart artist"), [])

    assert [("art", "", "")] == found(index, "ma")


def test_a_page_is_found_by_its_text_and_known_by_its_path(index: Index) -> None:
    index.put_course(*course("lesson"), [])
    source = Source("site/parts/2.html", "digest", "site", "page")
    index.put_texts("lesson", [(source, [Piece("", "The slope", "It falls a little on its way.")])])

    assert [("lesson", "site", "site/parts/2.html")] == found(index, "falls")


def test_a_new_version_costs_only_what_changed(index: Index) -> None:
    kept, changed = Source("a.html", "one", "site", "page"), Source("b.html", "two", "site", "page")
    index.put_course(*course("lesson"), [kept, changed])
    index.put_texts("lesson", [(kept, [Piece("", "", "wells")]), (changed, [Piece("", "", "gardens")])])
    new = Source("b.html", "three", "site", "page")

    index.put_course(*course("lesson"), [kept, new])

    assert [new] == index.lacking("lesson", [kept, new])
    assert [("lesson", "site", "a.html")] == found(index, "wells")
    assert [] == found(index, "gardens")


def test_a_course_that_left_is_gone_from_the_words_too(index: Index) -> None:
    index.put_course(*course("gone", "Fire"), [])
    index.put_texts("gone", [(Source("a.html", "one", "site", "page"), [Piece("", "Smoke", "ashes")])])
    index.put_course(*course("kept"), [])

    index.drop_others(["kept"])

    left = index.database.read().execute("select count(*) from word where word match 'fire OR smoke OR ashes'")
    assert 0 == left.fetchone()[0]
    assert [] == found(index, "fire")
    assert ["kept"] == list(index.cards())
    assert [("kept", "", "")] == found(index, "water")


def test_courses_are_chosen_by_subject_language_level_length_and_size(index: Index) -> None:
    index.put_course(
        *course("a", subjects=("Physics",), languages=("fr",), level="8", minutes=20, size_bytes=4_000_000), []
    )
    index.put_course(*course("b", subjects=("Art",), languages=("en",), level="9", size_bytes=90_000_000), [])

    ways = [
        Chosen(subject="Physics"),
        Chosen(language="fr"),
        Chosen(level="8"),
        Chosen(minutes_max=30),
        Chosen(size_bytes_max=5_000_000),
    ]
    assert [["a"]] * 5 == [index.courses(way) for way in ways]
    assert [[("a", "", "")]] * 5 == [found(index, "water", way) for way in ways]
    assert [] == found(index, "water", Chosen(subject="' or 1 --"))


def test_a_damaged_index_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / index_.FILE).write_bytes(b"not a database, whatever it says" * 100)

    index = Index(tmp_path)
    index.put_course(*course("water"), [])

    assert [("water", "", "")] == found(index, "water")
    index.close()


def test_an_index_of_another_form_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index(tmp_path)
    index.put_course(*course("water"), [])
    index.close()
    monkeypatch.setattr(index_, "FORM", 99)
    monkeypatch.setattr(tables, "FORM", 99)

    again = Index(tmp_path)

    assert {} == again.cards()
    again.close()
