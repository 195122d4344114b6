"""A quiz on a phone without scripts: asked, answered, resumed, handed in, marked, and what is kept of it."""

import gzip
import re
from collections.abc import Callable, Sequence
from html import unescape
from typing import Any

import pytest

from catalog.manifest import Release
from catalog.questions.bank import Bank, Question
from catalog.questions.marking import right_answer
from edge.box import Box
from edge.people.people import Classroom, Person

LATER_PAGE_BYTES_MAX = 12_000
QUIZ = "/quiz/water/quiz"
NUMBERS = {"hole": 1, "wet": 2, "up": 3, "match": 4, "order": 5, "number": 6, "short": 7, "gaps": 8}


def fields(question: Question, given: Sequence[str]) -> dict[str, Any]:
    """What a form sends for this answer."""
    number = NUMBERS[question.id]
    match question.kind:
        case "order":
            sent = {f"answer-{number}": [f"{one}.{at}" for at, one in enumerate(given, 1)]}
        case "gaps":
            sent = {f"answer-{number}-{index}": [one] for index, one in enumerate(given)}
        case _:
            sent = {f"answer-{number}": list(given)}
    return {**sent, "asked": str(number)}


def meant_by(page: str) -> dict[str, str]:
    """The hidden fields of a form about an essay."""
    names = "learner|course|activity|try|question"
    return dict(re.findall(rf'<input type="hidden" name="({names})" value="([^"]+)"', page))


def right(question: Question) -> Sequence[str]:
    return {"number": ["1.234,5"], "gaps": ["boils", "100", "vapour"]}.get(question.id) or right_answer(question)


def answers(learner: Any, bank: Bank, *, wrong: Sequence[str] = ()) -> None:
    """Answer every question, one after the other; those in `wrong` not at all."""
    for question in bank.questions:
        if question.id not in wrong:
            learner.sends(QUIZ, go="check", **fields(question, right(question)))


def results(box: Box, person: Person, course: str = "water") -> dict[str, tuple[int | None, int | None, int]]:
    found = box.results.of(person.id).get(course, {})
    return {one.activity: (one.best_permille, one.last_permille, one.attempts) for one in found.values()}


def test_a_quiz_begins_with_what_it_is(learner: Any, water_quiz: Release) -> None:
    learner.opens("/library/water/quiz")

    assert "Water quiz" == learner.heading
    assert "8 questions" in learner.page
    assert f'href="{QUIZ}?show=1"' in learner.page


def test_every_question_can_be_answered_and_the_quiz_handed_in(
    learner: Any, box: Box, amina: Person, bank: Bank
) -> None:
    answers(learner, bank)
    assert "Every question is answered." == learner.heading

    learner.sends(QUIZ, go="hand-in", **{"try": "1"})

    assert "100% right" == learner.heading.replace("\xa0", "")
    assert {"quiz": (1000, 1000, 1)} == results(box, amina)
    assert box.learning.places(amina.id)["water"]["quiz"].is_completed


def test_no_page_tells_what_is_right_before_it_is_handed_in(learner: Any, bank: Bank) -> None:
    pages = [
        learner.opens(f"{QUIZ}?show={which}") for which in ("", "1", "2", "3", "4", "5", "6", "7", "8", "all", "check")
    ]

    for secret in ("SECRET", "1234.5", "share", "boils", "Less water above"):
        assert [] == [page for page in pages if secret in page]
    learner.sends(QUIZ, go="hand-in", **fields(bank.questions[0], [bank.questions[0].options[0].id]))
    assert "Less water above it." in learner.page
    assert "SECRET-steam" in learner.page


def test_the_answers_are_not_on_the_content_origin_either(
    learner: Any, box: Box, bank: Bank, water_quiz: Release, amina: Person
) -> None:
    _, session = box.sessions.begin(amina.id, "learner", {})
    address = box.launches.open(session, "water", water_quiz.root, "other")

    assert box.content.resolve(address.port, "", f"{address.token}/quiz/~quiz.json") is None
    assert box.content.resolve(address.port, "", f"{address.token}/quiz/media/tank.png") is not None


def test_a_part_of_the_points_is_kept_with_what_was_right(learner: Any, box: Box, amina: Person, bank: Bank) -> None:
    answers(learner, bank, wrong=("hole", "short"))

    learner.sends(QUIZ, go="hand-in")

    assert "75% right" == learner.heading.replace("\xa0", "")
    assert ["Not right", "Right"] == re.findall(r"<span>(Not right|Right)</span>", learner.page)[:2]
    assert "Near the floor" in learner.page.split("Right would be")[1]


def test_an_answer_is_an_event_and_the_same_answer_is_none(learner: Any, box: Box, amina: Person, bank: Bank) -> None:
    question = bank.questions[0]
    learner.sends(QUIZ, go="2", **fields(question, right(question)))
    unsent = box.journal.unsent_count()

    learner.sends(QUIZ, go="2", **fields(question, right(question)))

    assert [("hole", f'["{question.options[1].id}"]')] == [
        (one.item, one.answer) for one in box.learning.answers(amina.id, "water")
    ]
    assert unsent == box.journal.unsent_count()


def test_a_late_repeat_does_not_undo_a_newer_answer(learner: Any, box: Box, amina: Person, bank: Bank) -> None:
    first, second = (one.id for one in bank.questions[0].options)
    learner.sends(QUIZ, go="2", key="k1", **fields(bank.questions[0], [first]))
    learner.sends(QUIZ, go="2", key="k2", **fields(bank.questions[0], [second]))

    learner.sends(QUIZ, go="2", key="k1", **fields(bank.questions[0], [first]))

    assert [f'["{second}"]'] == [one.answer for one in box.learning.answers(amina.id, "water")]


def test_a_quiz_goes_on_where_it_was_left_on_any_phone(learner: Any, phones: Callable[..., Any], bank: Bank) -> None:
    for question in bank.questions[:2]:
        learner.sends(QUIZ, go="3", **fields(question, right(question)))

    other = phones("10.0.0.9")
    other.sends("/sign-in/number", number="D-1042", pin="4719")
    other.opens("/library/water/quiz")

    assert "Question 3" == other.heading
    other.opens(f"{QUIZ}?show=2")
    assert 2 == other.page.count(" checked>")


def test_what_was_cleared_is_no_answer_any_more(learner: Any, bank: Bank) -> None:
    question = bank.questions[1]
    learner.sends(QUIZ, go="2", **fields(question, right(question)))

    learner.sends(QUIZ, go="check", asked="2")

    assert "8 questions have no answer yet." == learner.heading


def test_all_on_one_page_is_kept_and_handed_in_at_once(learner: Any, box: Box, amina: Person, bank: Bank) -> None:
    sent: dict[str, Any] = {}
    for question in bank.questions:
        sent |= fields(question, right(question))
    sent["asked"] = [str(number) for number in NUMBERS.values()]

    learner.sends(QUIZ, go="all", **sent)
    assert 'value="SECRET-steam"' in learner.page
    learner.sends(QUIZ, go="hand-in", **sent)

    assert {"quiz": (1000, 1000, 1)} == results(box, amina)


def test_another_try_begins_empty_and_the_best_stays(learner: Any, box: Box, amina: Person, bank: Bank) -> None:
    answers(learner, bank)
    learner.sends(QUIZ, go="hand-in", **{"try": "1"})

    learner.opens(f"{QUIZ}?show=1")
    assert " checked>" not in learner.page
    learner.sends(QUIZ, go="hand-in", **{"try": "2"}, **fields(bank.questions[0], right(bank.questions[0])))

    assert {"quiz": (1000, 125, 2)} == results(box, amina)
    assert "hole~2" in [one.item for one in box.learning.answers(amina.id, "water")]


def test_handing_in_twice_is_one_try(learner: Any, box: Box, amina: Person, bank: Bank) -> None:
    learner.sends(QUIZ, go="hand-in", **{"try": "1"})
    learner.sends(QUIZ, go="hand-in", **{"try": "1"})

    assert {"quiz": (0, 0, 1)} == results(box, amina)
    assert 1 == box.database.read().execute("select count(*) from quiz_try").fetchone()[0]


def test_a_guest_may_try_and_leaves_nothing_behind(phone: Any, grade: Classroom, box: Box, bank: Bank) -> None:
    phone.sends("/guest")
    unsent = box.journal.unsent_count()
    phone.opens("/library/water/quiz")
    assert "nothing of it is kept" in phone.page
    sent = fields(bank.questions[2], ["false"])

    phone.sends(QUIZ, go="hand-in", **sent)

    assert "12% right" == phone.heading.replace("\xa0", "")
    tables = ("quiz_try", "answer", "result", "place")
    counts = [box.database.read().execute(f"select count(*) from {table}").fetchone()[0] for table in tables]
    assert ([0, 0, 0, 0], unsent) == (counts, box.journal.unsent_count())


def test_a_picture_is_served_and_nothing_else_of_the_release(learner: Any, bank: Bank, box: Box) -> None:
    learner.opens(f"{QUIZ}?show=1")
    assert f'<img src="{QUIZ}/tank.png" alt="A tall tank">' in learner.page

    statuses = [
        learner.is_answered(f"{QUIZ}/{name}")
        for name in ("tank.png", "~quiz.json", "..%2F~quiz.json", "x.png", "a.html")
    ]

    assert [200, 404, 404, 404, 404] == statuses


def test_a_page_of_a_question_is_small(learner: Any, bank: Bank) -> None:
    sizes = [
        len(gzip.compress(learner.opens(f"{QUIZ}?show={which}").encode(), 6)) for which in ("1", "8", "all", "check")
    ]

    assert all(size <= LATER_PAGE_BYTES_MAX for size in sizes), sizes


@pytest.mark.parametrize("which", ["0", "9", "-1", "x", "٢", "result", "99999999999"])
def test_a_page_that_is_not_there_is_the_one_to_go_on_with(learner: Any, bank: Bank, which: str) -> None:
    learner.opens(f"{QUIZ}?show={which}")

    assert "Water quiz" == learner.heading


def test_an_endless_answer_is_refused(learner: Any, bank: Bank) -> None:
    learner.sends(QUIZ, go="check", asked="7", **{"answer-7": "x" * 20_000})

    assert 413 == learner.status


def test_a_quiz_that_is_none_is_not_found(learner: Any, bank: Bank) -> None:
    learner.opens("/quiz/water/nowhere")

    assert 404 == learner.status


def test_an_order_that_says_one_number_twice_keeps_the_rest(learner: Any, bank: Bank) -> None:
    cloud, rain, river = (one.id for one in bank.questions[4].options)

    learner.sends(QUIZ, go="5", asked="5", **{"answer-5": [f"{cloud}.1", f"{rain}.1", f"{river}.3", ""]})

    kept = re.findall(r'<option value="(\w+)\.(\d)" selected>', learner.page)
    assert {(cloud, "1"), (river, "3")} == set(kept)


def test_words_of_a_publisher_are_cleaned_where_they_are_shown(box: Box, learner: Any, bank: Bank) -> None:
    hostile = '<p onclick="x()">Hm<script>alert(1)</script><img src="x.png" onerror="y" alt="[[1]]"></p>'
    path = box.shelf.tree("water") / "quiz" / "~quiz.json"
    data = path.read_bytes().replace(b"Water runs uphill.", hostile.replace('"', '\\"').encode())
    path.unlink()
    path.write_bytes(data)

    page = unescape(learner.opens(f"{QUIZ}?show=3"))

    assert '<p>Hm<img src="/quiz/water/quiz/x.png" alt="[ [1]]"></p>' in page


def test_a_damaged_quiz_says_so(box: Box, learner: Any, bank: Bank) -> None:
    path = box.shelf.tree("water") / "quiz" / "~quiz.json"
    path.unlink()
    path.write_bytes(b"{}x")

    learner.opens(f"{QUIZ}?show=3")

    assert 422 == learner.status


# ---- essays ----


def test_an_essay_waits_for_a_teacher_whose_mark_makes_the_result(
    learner: Any, staff: Any, box: Box, amina: Person, grade: Classroom, essay_quiz: Release
) -> None:
    learner.sends("/quiz/rain/rain", go="check", asked="1", **{"answer-1": "Because of <b>clouds</b>"})
    learner.sends("/quiz/rain/rain", go="hand-in", asked="2", **{"answer-2": "true"})
    assert "Handed in. Your teacher reads it." == learner.heading
    assert {} == results(box, amina, "rain")

    staff.opens(f"/classes/{grade.id}/essays")
    assert "Because of &lt;b&gt;clouds&lt;/b&gt;" in staff.page
    meant = dict(
        re.findall(r'<input type="hidden" name="(learner|course|activity|try|question)" value="([^"]+)"', staff.page)
    )
    staff.sends(f"/classes/{grade.id}/essays", points="half", **meant)
    assert (400, True) == (staff.status, "Write a number from 0 to 1." in staff.page)
    staff.sends(f"/classes/{grade.id}/essays", points="0,5", **meant)

    assert "Nothing waits to be read." in staff.page
    assert {"rain": (750, 750, 1)} == results(box, amina, "rain")
    learner.opens("/quiz/rain/rain?show=result")
    assert "75% right" == learner.heading.replace("\xa0", "")


def test_an_essay_that_was_read_meanwhile_is_not_marked_again(
    learner: Any, staff: Any, box: Box, amina: Person, grade: Classroom, essay_quiz: Release
) -> None:
    learner.sends("/quiz/rain/rain", go="hand-in", asked="1", **{"answer-1": "Because"})
    staff.opens(f"/classes/{grade.id}/essays")
    meant = dict(
        re.findall(r'<input type="hidden" name="(learner|course|activity|try|question)" value="([^"]+)"', staff.page)
    )

    for points in ("1", "0"):
        staff.sends(f"/classes/{grade.id}/essays", points=points, **meant)

    assert {"rain": (500, 500, 1)} == results(box, amina, "rain")


def test_an_erased_learner_leaves_no_try(learner: Any, box: Box, amina: Person, essay_quiz: Release) -> None:
    learner.sends("/quiz/rain/rain", go="hand-in", asked="1", **{"answer-1": "Because"})

    box.people.erase(amina.id)

    assert 0 == box.database.read().execute("select count(*) from quiz_try").fetchone()[0]
