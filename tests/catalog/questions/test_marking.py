"""Marking, table by table: what was given in, and what it is worth."""

import pytest

from catalog.questions.bank import Accepted, Gap, Option, Pair, Question
from catalog.questions.marking import Mark, is_given, mark, number_in, right_answer, total_permille


def one_of(*shares: int, **more: object) -> Question:
    options = tuple(
        Option(letter, letter, share, f"said to {letter}") for letter, share in zip("abcdef", shares, strict=False)
    )
    return Question("q", "choice", "?", options=options, **more)  # type: ignore[arg-type]


CAPITALS = Question(
    "q",
    "match",
    "?",
    options=tuple(Option(one, one) for one in ("doha", "muscat", "aden", "cairo")),
    pairs=(Pair("1", "Qatar", "doha"), Pair("2", "Oman", "muscat"), Pair("3", "Egypt", "cairo")),
)
ORDER = Question("q", "order", "?", options=tuple(Option(one, one) for one in ("seed", "sprout", "tree", "fruit")))
WRITTEN = Question("q", "text", "?", gaps=(Gap("1", "text", (Accepted("Evaporation"), Accepted("evap*", share=500))),))
EXACT = Question("q", "text", "?", gaps=(Gap("1", "text", (Accepted("H2O"),), is_case_sensitive=True),))
STARRED = Question("q", "text", "?", gaps=(Gap("1", "text", (Accepted("5 \\* 3"), Accepted("*fifteen*times*"))),))
PRESSURE = Question(
    "q",
    "number",
    "?",
    gaps=(Gap("1", "number", (Accepted("29.4", "30.6"), Accepted("25", "35", 500)), units={"kPa": "1", "Pa": "1000"}),),
)
CLOZE = Question(
    "q",
    "gaps",
    "Water [[1]] at [[2]] degrees; then it is [[3]].",
    gaps=(
        Gap("1", "text", (Accepted("boils"),)),
        Gap("2", "number", (Accepted("100"),), weight=2),
        Gap("3", "choice", (Accepted("steam"),), choices=("ice", "steam")),
    ),
)


@pytest.mark.parametrize(
    ("question", "given", "share"),
    [
        (one_of(0, 1000, 0), ["b"], 1000),
        (one_of(0, 1000, 0), ["a"], 0),
        (one_of(0, 1000, 0), [], 0),
        (one_of(0, 1000, 0), ["b", "a"], 0),
        (one_of(0, 1000, 0), ["nowhere"], 0),
        (one_of(0, 1000, 500), ["c"], 500),
        (one_of(-500, 1000, 0), ["a"], 0),
        (one_of(1000, 1000, 0, is_many=True), ["a", "b"], 1000),
        (one_of(1000, 1000, 0, is_many=True), ["a"], 0),
        (one_of(1000, 1000, 0, is_many=True), ["a", "b", "c"], 0),
        (one_of(333, 333, 333, -500, is_many=True), ["a", "b", "c"], 1000),
        (one_of(333, 333, 333, -500, is_many=True), ["a", "b"], 666),
        (one_of(333, 333, 333, -500, is_many=True), ["a", "b", "d"], 166),
        (one_of(333, 333, 333, -500, is_many=True, is_whole=True), ["a", "b"], 0),
        (CAPITALS, ["doha", "muscat", "cairo"], 1000),
        (CAPITALS, ["doha", "muscat", ""], 666),
        (CAPITALS, ["muscat", "doha", "aden"], 0),
        (CAPITALS, [], 0),
        (ORDER, ["seed", "sprout", "tree", "fruit"], 1000),
        (ORDER, ["sprout", "seed", "tree", "fruit"], 500),
        (ORDER, ["fruit", "tree"], 0),
        (WRITTEN, ["  EVAPORATION "], 1000),
        (WRITTEN, ["evaporates"], 500),
        (WRITTEN, ["rain"], 0),
        (WRITTEN, [""], 0),
        (EXACT, ["H2O"], 1000),
        (EXACT, ["h2o"], 0),
        (EXACT, ["Ｈ２Ｏ"], 1000),
        (STARRED, ["5 * 3"], 1000),
        (STARRED, ["5 and 3"], 0),
        (STARRED, ["it is fifteen or so times more"], 1000),
        (STARRED, ["times fifteen"], 0),
        (PRESSURE, ["30"], 1000),
        (PRESSURE, ["29,5 kPa"], 1000),
        (PRESSURE, ["30000 Pa"], 1000),
        (PRESSURE, ["30 000 Pa"], 1000),
        (PRESSURE, ["26"], 500),
        (PRESSURE, ["30 m"], 0),
        (PRESSURE, ["٣٠"], 1000),
        (PRESSURE, ["thirty"], 0),
        (PRESSURE, ["3" * 100], 0),
        (CLOZE, ["boils", "100", "steam"], 1000),
        (CLOZE, ["Boils", "90", "steam"], 500),
        (CLOZE, ["", "100", "ice"], 500),
    ],
)
def test_an_answer_is_worth(question: Question, given: list[str], share: int) -> None:
    assert share == mark(question, given).share


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.5", "1.5"), ("1,5", "1.5"), ("٫٥", ".5"), ("١٢٫٥", "12.5"), ("−3", "-3"), ("+3", "3"), ("1e3", "1e3"),
        ("12 500", "12500"), ("12'500", "12500"), (".5", ".5"),
        ("1.234,5", "1234.5"), ("-1,234,567.5", "-1234567.5"), ("1.234", "1.234"), ("5.", "5"), ("၁၂", "12"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_it_is_written_here(text: str, number: str) -> None:
    found = number_in(text)

    assert found is not None
    assert float(number) == float(found)


@pytest.mark.parametrize("text", ["", "one", "1.2.3", "--1", "1e99999", "NaN", "Infinity", "0x10", "9" * 61])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_in(text) is None


def test_an_essay_waits_for_a_reader_and_an_empty_one_does_not() -> None:
    essay = Question("q", "essay", "Why?")

    assert ["waits", "wrong"] == [mark(essay, given).verdict for given in (["Because."], [" "])]


def test_feedback_is_said_for_what_was_chosen_and_for_how_it_went() -> None:
    question = one_of(0, 1000, feedback={"right": "Yes.", "wrong": "No.", "general": "Water finds its way."})

    assert ("said to b", "Yes.", "Water finds its way.") == mark(question, ["b"]).feedback
    assert ("said to a", "No.", "Water finds its way.") == mark(question, ["a"]).feedback


def test_each_place_is_marked_by_itself() -> None:
    assert (True, False, True) == mark(CLOZE, ["boils", "9", "steam"]).is_right_gap


@pytest.mark.parametrize(
    ("question", "right"),
    [
        (one_of(0, 1000), ("b",)),
        (one_of(500, 500, -100, is_many=True), ("a", "b")),
        (CAPITALS, ("doha", "muscat", "cairo")),
        (ORDER, ("seed", "sprout", "tree", "fruit")),
        (PRESSURE, ("29.4 – 30.6",)),
        (STARRED, ("5 * 3",)),
        (Question("q", "essay", "?"), ()),
    ],
)
def test_the_right_answer_can_be_shown(question: Question, right: tuple[str, ...]) -> None:
    assert right == right_answer(question)


def test_points_weigh() -> None:
    questions = [Question("a", "essay", "?", points=3000), Question("b", "essay", "?", points=1000)]

    assert [750, 375, 0] == [total_permille(questions, one) for one in ({"a": 1000}, {"a": 500}, {})]
    assert 0 == total_permille([], {})


def test_white_space_is_no_answer() -> None:
    assert [False, False, True] == [is_given(one) for one in ([], ["", " "], ["", "a"])]


def test_a_mark_names_its_verdict() -> None:
    assert ["right", "partly", "wrong", "waits"] == [Mark(share).verdict for share in (1000, 1, 0, None)]
