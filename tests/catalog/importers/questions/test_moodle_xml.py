"""Moodle XML, kind by kind: what is asked, and what the answers are worth."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.importers.questions.moodle_xml import read_moodle_xml
from catalog.importers.xml import parse_xml
from catalog.questions.bank import Bank, Question, why_not
from catalog.questions.marking import mark, right_answer
from catalog.store import Store

Read = Callable[..., Imported]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def quiz(*questions: str) -> bytes:
    return f"<?xml version='1.0' encoding='UTF-8'?><quiz>{''.join(questions)}</quiz>".encode()


def of(kind: str, more: str, text: str = "&lt;p&gt;What?&lt;/p&gt;") -> str:
    return (
        f"<question type='{kind}'><name><text>Q {kind}</text></name>"
        f"<questiontext format='html'><text>{text}</text></questiontext><defaultgrade>2.0</defaultgrade>"
        f"{more}</question>"
    )


def answer(text: str, fraction: str, feedback: str = "", more: str = "") -> str:
    return (
        f"<answer fraction='{fraction}' format='html'><text>{text}</text>"
        f"<feedback format='html'><text>{feedback}</text></feedback>{more}</answer>"
    )


def only(data: bytes) -> Question:
    [found] = read_moodle_xml(parse_xml(data, "x"))
    [question] = found.questions
    return question


@pytest.mark.parametrize(
    ("data", "kind", "right", "others"),
    [
        (of("multichoice", "<single>true</single>" + answer("a", "100") + answer("b", "0")), "choice", 1000, 0),
        (of("truefalse", answer("true", "0") + answer("false", "100")), "truefalse", 1000, 0),
        (of("shortanswer", answer("Well*", "100") + answer("hole", "50")), "text", 1000, 0),
        (of("numerical", answer("3.14", "100", more="<tolerance>0.01</tolerance>")), "number", 1000, 0),
        (
            of(
                "matching",
                "<subquestion format='html'><text>Oman</text><answer><text>Muscat</text></answer></subquestion>"
                "<subquestion format='html'><text></text><answer><text>Rome</text></answer></subquestion>",
            ),
            "match", 1000, 0,
        ),
        (of("ordering", answer("first", "1") + answer("second", "2")), "order", 1000, 0),
        (of("cloze", "", "{1:SHORTANSWER:=wet#yes~%50%damp} at {2:NM:=20:0} and {:MC:cold~=warm}."), "gaps", 1000, 0),
        (
            of("gapselect", "<selectoption><text>wet</text><group>1</group></selectoption>"
               "<selectoption><text>dry</text><group>1</group></selectoption>", "It is [[1]]."),
            "gaps", 1000, 0,
        ),
        (of("ddwtos", "<dragbox><text>wet</text><group>1</group></dragbox>", "It is [[1]]."), "gaps", 1000, 0),
    ],
)  # fmt: skip
def test_a_question_of_each_kind_is_asked_and_marked(data: str, kind: str, right: int, others: int) -> None:
    question = only(quiz(data))

    given = {"text": ["wells"], "number": ["3.141"]}.get(kind) or right_answer(question)
    assert (kind, "", 2000) == (question.kind, why_not(question), question.points)
    assert (right, others) == (mark(question, given).share, mark(question, ["nothing"]).share)


def test_several_may_be_chosen_and_wrong_ones_cost() -> None:
    answers = answer("a", "50", "one") + answer("b", "50") + answer("c", "-100")
    question = only(quiz(of("multichoice", f"<single>false</single><shuffleanswers>true</shuffleanswers>{answers}")))

    a, b, c = (one.id for one in question.options)
    assert (True, True, "one") == (question.is_many, question.is_shuffled, question.options[0].feedback)
    assert [1000, 500, 0] == [mark(question, one).share for one in ([a, b], [a], [a, c])]


def test_an_essay_is_kept_for_a_reader() -> None:
    assert mark(only(quiz(of("essay", answer("", "0")))), ["So it goes."]).share is None


def test_gaps_are_weighed_and_their_answers_may_be_escaped() -> None:
    question = only(quiz(of("cloze", "", "A {1:SAC:=50\\% \\} x} B {3:MULTICHOICE_V:=y~%0%n}")))

    assert ("A [[1]] B [[2]]", [1, 3]) == (question.text, [one.weight for one in question.gaps])
    assert [250, 750] == [mark(question, one).share for one in (["50% } x", ""], ["50% } X", "y"])]


def test_each_category_is_a_quiz_and_words_go_before_the_next_question() -> None:
    data = quiz(
        "<question type='category'><category><text>$course$/top/Rain</text></category></question>",
        of("description", "", "Read."), of("essay", ""),
        "<question type='category'><category><text>$course$/top/Snow</text></category></question>",
        of("essay", ""),
    )  # fmt: skip

    first, second = read_moodle_xml(parse_xml(data, "x"))

    assert ("Rain", "Snow") == (first.title, second.title)
    assert ["<div>Read.</div><p>What?</p>"] == [one.text for one in first.questions]


def test_what_cannot_be_asked_is_named_with_its_reason() -> None:
    data = quiz(of("calculated", ""), of("ddmarker", ""), of("newkind", ""), of("cloze", "", "{1:MULTIRESPONSE:=a}"))

    [found] = read_moodle_xml(parse_xml(data, "x"))

    assert [] == found.questions
    for line, reason in zip(
        found.left_out, ("drawn anew", "onto a picture", "kind newkind", "MULTIRESPONSE"), strict=True
    ):
        assert reason in line


def test_a_file_is_imported_with_the_pictures_inside(reading: Read, tmp_path: Path, files: Store) -> None:
    picture = f"<file name='w ell.png' path='/' encoding='base64'>{PIXEL}</file>"
    words = (
        '<![CDATA[<p onclick="x()">See <img src="@@PLUGINFILE@@/w%20ell.png" alt="a well">'
        '<img src="@@PLUGINFILE@@/gone.png"><img src="https://e.org/x.png"></p>]]>'
    )
    text = f"<questiontext format='html'><text>{words}</text>{picture}</questiontext>"
    (tmp_path / "water.txt").write_bytes(quiz(f"<question type='essay'><name><text>N</text></name>{text}</question>"))

    imported = reading(tmp_path / "water.txt")

    [activity] = imported.activities
    entries = {one.path: one for one in imported.layers[0].entries}
    bank = Bank.from_bytes(files.place_of(entries["water/~quiz.json"].digest).read_bytes())
    assert ("quiz", "water/~quiz.json", 1, "moodle-xml") == (
        activity.kind, activity.path, activity.attributes["questions"], imported.report.format
    )  # fmt: skip
    assert '<p>See <img src="w ell.png" alt="a well"><img><img></p>' == bank.questions[0].text
    assert "image/png" == entries["water/media/w ell.png"].media_type
    assert ["https://e.org/x.png"] == [one.address for one in imported.report.external_links]
    assert ["Water: @@PLUGINFILE@@/gone.png: a picture or sound of a question is missing."] == [
        line.replace("water:", "Water:") for line in imported.report.left_out
    ]


def test_the_same_file_makes_the_same_bytes(reading: Read, tmp_path: Path) -> None:
    answers = answer("a", "50") + answer("b", "50")
    (tmp_path / "q.xml").write_bytes(quiz(of("multichoice", f"<single>false</single>{answers}")))

    assert reading(tmp_path / "q.xml").layers == reading(tmp_path / "q.xml").layers


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE quiz [<!ENTITY a 'b'>]><quiz><question type='essay'>&a;</question></quiz>", "entities"),
        (b"<quiz><question type='essay'>" + b"<a>" * 200, "deep"),
        (b"<quiz><question type='essay'>", "not readable XML"),
        (quiz("<question type='calculated'></question>"), "no question that can be asked"),
    ],
)
def test_hostile_or_empty_documents_are_refused(reading: Read, tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "q.xml").write_bytes(data)

    with pytest.raises(ContentFault, match=words):
        reading(tmp_path / "q.xml")


def test_a_question_cut_out_of_its_bank_is_a_quiz_of_one(reading: Read, tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text(
        "<question type='truefalse'><name><text>Wet</text></name><questiontext format='html'><text>Is it?</text>"
        "</questiontext><answer fraction='100'><text>true</text></answer>"
        "<answer fraction='0'><text>false</text></answer></question>"
    )

    imported = reading(tmp_path / "one.xml")

    assert [("quiz", {"questions": 1})] == [(one.kind, dict(one.attributes)) for one in imported.activities]


def test_a_wrong_choice_in_a_gap_keeps_what_is_said_to_it() -> None:
    question = only(quiz(of("cloze", "", "Rain is {1:MULTICHOICE:=wet#yes~dry#no, look~hot}.")))

    [gap] = question.gaps
    assert [("wet", 1000, "yes"), ("dry", 0, "no, look")] == [
        (one.answer, one.share, one.feedback) for one in gap.accepted
    ]
    assert (0, ("no, look",)) == (mark(question, ["dry"]).share, mark(question, ["dry"]).feedback)
