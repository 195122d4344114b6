"""GIFT and Aiken: text in, questions out; kind by kind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.importers.course import Imported
from catalog.importers.questions.aiken import is_aiken, read_aiken
from catalog.importers.questions.gift import is_gift, read_gift
from catalog.questions.bank import QUESTIONS_MAX, why_not
from catalog.questions.marking import mark

AIKEN = """What is water made of?
A. Hydrogen and oxygen
B) Iron
ANSWER: A

من أين يأتي المطر؟
A. من القمر
B. من السحاب
ANSWER: B

No answer here
A. one
B. two
"""


def test_aiken_is_known_by_its_lines() -> None:
    assert [True, False, False] == [is_aiken(one) for one in (AIKEN, "A. b\nANSWER: A", "Dear all,\nanswer me.")]


def test_aiken_needs_no_space_behind_a_letter_and_leaves_other_letters_alone() -> None:
    found = read_aiken("In law,\r\nU.S. courts\r\nA)yes\r\nB)no\r\nANSWER: B\r\n")

    [question] = found.questions
    assert ("In law,<br>U.S. courts", [("yes", 0), ("no", 1000)]) == (
        question.text, [(one.text, one.share) for one in question.options]
    )  # fmt: skip


def test_a_file_called_gift_may_ask_for_words_alone() -> None:
    assert [False, True] == [is_gift("How are you? {}", name) for name in ("a.js", "Quiz.GIFT")]


def test_aiken_questions_have_one_right_answer() -> None:
    found = read_aiken(AIKEN)

    assert ["What is water made of?", "من أين يأتي المطر؟"] == [one.text for one in found.questions]
    assert [[1000, 0], [0, 1000]] == [[option.share for option in one.options] for one in found.questions]
    assert ["“No answer here”: no line says which answer is right."] == found.left_out


@pytest.mark.parametrize(
    ("text", "kind", "given", "share"),
    [
        ("::Q:: Is it wet? {T}", "truefalse", ["true"], 1000),
        ("Is it dry? {FALSE#Yes it is#Right}", "truefalse", ["false"], 1000),
        ("Two and two? {=four =4 =%50%five}", "text", ["FOUR"], 1000),
        ("Two and two? {=four =4 =%50%five}", "text", ["five"], 500),
        ("Pi? {#3.14:0.01}", "number", ["3.1415"], 1000),
        ("Pi? {#3.1..3.2}", "number", ["3,15"], 1000),
        ("Pi? {#3.1..3.2}", "number", ["3.3"], 0),
        ("Year? {#=1822:0 =%50%1822:2#near}", "number", ["1824"], 500),
        ("Which? {One#yes}", "text", ["one"], 1000),
        ("One to five? {#3:2~#no}", "number", ["5"], 1000),
        ("{ =Asia } is large.", "text", ["Asia"], 1000),
        ("Who? {\n~Ann\n\n=Bob\n}", "choice", [], 0),
        ("Match {=Oman -> Muscat =Qatar -> Doha = -> Rome}", "match", [], 0),
        ("Write. {}", "essay", ["Once"], None),
        ("[html]<b>Write</b> {}", "essay", [""], 0),
        ("Rain comes from {=clouds ~stones} in the sky.", "choice", [], 0),
    ],
)  # fmt: skip
def test_gift_kind_by_kind(text: str, kind: str, given: list[str], share: int | None) -> None:
    [question] = read_gift(text).questions

    assert (kind, "") == (question.kind, why_not(question))
    assert share == mark(question, given).share


def test_gift_choices_with_weights_and_feedback() -> None:
    [question] = read_gift(
        "::Who\\: name:: Who? {~%50%Ann#first~%50%Bob~%-100%Cat \\= dog #no####They \\{both\\} did}"
    ).questions

    assert [("Ann", 500, "first"), ("Bob", 500, ""), ("Cat = dog", -1000, "no")] == [
        (one.text, one.share, one.feedback) for one in question.options
    ]
    assert ("Who: name", True, {"general": "They {both} did"}) == (question.name, question.is_many, question.feedback)
    ann, bob, cat = (one.id for one in question.options)
    assert [1000, 500, 0] == [mark(question, one).share for one in ([ann, bob], [bob], [ann, bob, cat])]


def test_gift_words_around_a_gap_and_words_before_a_question() -> None:
    found = read_gift("// a note\n$CATEGORY: top\n\nRead this.\n\nRain comes from {=clouds ~stones} above.")

    assert ["<div>Read this.</div>Rain comes from _____ above."] == [one.text for one in found.questions]


def test_gift_matches_know_what_belongs_where() -> None:
    [question] = read_gift("Match {=Oman -> Muscat =Qatar -> Doha = -> Rome}").questions

    assert 3 == len(question.options)
    assert 1000 == mark(question, [one.option for one in question.pairs]).share


def test_gift_texts_say_each_for_itself_what_they_are_written_in() -> None:
    found = read_gift(
        "[html]<b>Match</b> {=[plain]a <b> -> One =[html]<i>b</i> -> Two}\n\n"
        "Why? {=[html]<i>x</i>#[html]<u>y</u> ~z}\n\nThe end."
    )

    [match, choice] = found.questions
    assert ["a &lt;b&gt;", "<i>b</i>"] == [one.text for one in match.pairs]
    assert ["<i>x</i>", "z"] == [one.text for one in choice.options]
    assert "<u>y</u>" == choice.options[0].feedback
    assert ["“The end.”: it asks for nothing, and no question follows it."] == found.left_out


def test_gift_says_what_is_wrong_of_a_number() -> None:
    [question] = read_gift("One to five? {#3:2~#Not quite}").questions

    assert {"wrong": "Not quite"} == question.feedback


def test_gift_that_cannot_be_read_is_said() -> None:
    assert ["“Odd”: its answers cannot be read."] == read_gift("::Odd:: x {#five}").left_out


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("::Q:: Is it wet? {T}", True),
        ("Rain {=clouds ~stones}", True),
        ("p { color: red }", False),
        ('{"a": "=b"}', False),
        ("<p>::x::</p>", False),
        ("A plain letter.", False),
        ("[html]<p>Is it wet?</p>{FALSE}", True),
        ("{ =Asia } is large.", True),
        ('[{"a": "{=b}"}]', False),
    ],
)
def test_gift_is_known_by_what_only_it_has(text: str, is_so: bool) -> None:
    assert is_so == is_gift(text)


def test_no_more_questions_are_read_than_a_quiz_may_have() -> None:
    gift = "\n\n".join(f"::Q{number}:: Wet? {{T}}" for number in range(QUESTIONS_MAX + 50))
    aiken = "\n".join(f"Q{number}\nA. a\nB. b\nANSWER: A" for number in range(QUESTIONS_MAX + 50))

    assert [QUESTIONS_MAX + 1] * 2 == [len(read_gift(gift).questions), len(read_aiken(aiken).questions)]


def test_the_first_questions_that_a_quiz_has_room_for_are_taken(
    reading: Callable[..., Imported], tmp_path: Path
) -> None:
    (tmp_path / "Long.gift").write_text("\n\n".join(f"::Q{one}:: {'word ' * 1000} {one}? {{T}}" for one in range(600)))

    imported = reading(tmp_path / "Long.gift")

    [taken] = [int(one.attributes["questions"]) for one in imported.activities]
    assert 300 < taken < 600
    assert [f"Long: only its first {taken} questions are taken; all have more than 2 MiB of text."] == (
        imported.report.left_out
    )
