"""Essays, for teachers: what waits to be read, and a mark for each.

* A mark is in points of its question. The last mark of a try makes its result, which the learner then sees.
* A teacher reads words as they were written: never markup.
"""

from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from catalog.questions.bank import PERMILLE, Question
from catalog.questions.marking import mark, number_in
from edge.box import Box
from edge.learning.quiz import asked
from edge.learning.quiz.sitting import Sitting, sitting_of
from edge.learning.quiz.tries import Subject, Unread, all_of
from edge.library.opened import opened_of
from edge.people.people import Classroom
from sync.web.app import require, session_now
from sync.web.language import gettext
from sync.web.takes import takes


@dataclass(frozen=True, slots=True)
class Essay:
    """One answer that a teacher has to read."""

    unread: Unread
    question: Question
    title: str
    words: Markup
    answer: str

    @property
    def points(self) -> str:
        return format((Decimal(self.question.points) / PERMILLE).normalize(), "f")


def blueprint(box: Box) -> Blueprint:
    """The pages of essays, for the box's application."""
    pages = Blueprint("essays", __name__, template_folder="../templates")

    @pages.get("/classes/<classroom>/essays")
    @require("teacher", "staff")
    def waiting(classroom: str) -> ResponseReturnValue:
        return _show(box, box.people.classroom(classroom) or abort(404))

    @pages.post("/classes/<classroom>/essays")
    @require("teacher", "staff")
    @takes("learner", "course", "activity", "try", "question", "points")
    def read(classroom: str) -> ResponseReturnValue:
        found = box.people.classroom(classroom) or abort(404)
        essay = next((one for one in _essays(box, found) if _is_meant(one)), None)
        if essay is None:
            return redirect(url_for("essays.waiting", classroom=found.id), 303)  # somebody else has read it
        share = _share(essay)
        if share is None:
            wrong = gettext("Write a number from 0 to %(points)s.", points=essay.points)
            return _show(box, found, essay, wrong), 400
        _mark(box, essay, share)
        return redirect(url_for("essays.waiting", classroom=found.id), 303)

    return pages


def _show(box: Box, classroom: Classroom, meant: Essay | None = None, wrong: str = "") -> str:
    return render_template(
        "quiz/essays.html", classroom=classroom, essays=_essays(box, classroom), meant=meant, wrong=wrong
    )


def _essays(box: Box, classroom: Classroom) -> list[Essay]:
    """What waits in this class, the oldest first; of courses that are here."""
    found = []
    for unread in box.tries.unread(classroom.id):
        release = box.shelf.release(unread.course)
        if release is None or release.activity(unread.activity) is None:
            continue
        sitting, subject = _sitting(box, unread)
        given = box.tries.given(subject, unread.number, sitting.bank.questions)
        done = box.tries.marks(subject, unread.number)
        for question in sitting.paper(unread.number):
            answer = given.get(question.id, [])
            if question.id not in done and mark(question, answer).verdict == "waits":
                words = asked.words_alone(question, lambda name: "")
                found.append(Essay(unread, question, sitting.opened.title, words, answer[0]))
    return found


def _sitting(box: Box, unread: Unread) -> tuple[Sitting, Subject]:
    sitting = sitting_of(box, opened_of(box, unread.course, unread.activity), unread.learner)
    assert sitting.subject is not None, "a try is a learner's"
    return sitting, sitting.subject


def _mark(box: Box, essay: Essay, share: int) -> None:
    """Keep the mark, and the result with it where nothing waits any more."""
    unread, now_seconds = essay.unread, box.clock.now().wall_seconds
    sitting, subject = _sitting(box, unread)
    read = box.tries.marks(subject, unread.number) | {essay.question.id: share}
    works = [box.tries.mark_work(subject, unread.number, essay.question.id, share, session_now().person, now_seconds)]
    paper = sitting.paper(unread.number)
    given = box.tries.given(subject, unread.number, sitting.bank.questions)
    permille = sitting.permille(paper, sitting.marks(paper, given, read))
    if permille is not None:
        works.append(box.tries.result_work(subject, unread.number, permille, sitting.is_passed(permille)))
    box.database.write(all_of(works))


def _is_meant(essay: Essay) -> bool:
    form, unread = request.form, essay.unread
    return (
        form.get("learner") == unread.learner
        and form.get("course") == unread.course
        and form.get("activity") == unread.activity
        and form.get("try") == str(unread.number)
        and form.get("question") == essay.question.id
    )


def _share(essay: Essay) -> int | None:
    points = number_in(request.form.get("points", ""))
    if points is None or not 0 <= points * PERMILLE <= essay.question.points:
        return None
    return int(points * PERMILLE * PERMILLE / essay.question.points) if essay.question.points else 0
