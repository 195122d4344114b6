"""The pages of learning: what a page of a course sends back, one's own progress, and that of a class.

* A learner's word is acknowledged once it is on the disk; the page's key makes a repeat harmless.
* Others may read and try everything; nothing of theirs is kept.
* Every form works without a script: with `next` it leads back to a page, without it the answer is empty.
"""

from collections.abc import Callable

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.manifest import Activity, Release, words
from edge.box import Box
from edge.learning.learning import ANSWER_BYTES_MAX, ITEM_LETTERS_MAX, SECONDS_MAX
from edge.learning.overview import overview_of, progress_in, progress_of
from edge.learning.quiz.told import told
from edge.learning.repeats import KEY_LETTERS_MAX
from sync.web.app import require, safe_next, session_now
from sync.web.language import language_now
from sync.web.lasting import write_then_answer
from sync.web.takes import takes

READERS = ("learner", "guest", "teacher", "staff")
STUDIED = ("course", "activity", "key", "next")
"""The fields of every form about an activity."""


def blueprint(box: Box) -> Blueprint:
    """The pages of learning, for the box's application."""
    pages = Blueprint("learning", __name__, template_folder="templates")
    _keep_progress(pages, box)
    _show_progress(pages, box)

    @pages.context_processor
    def titles() -> dict[str, Callable[[Release | Activity], str]]:
        return {"title_of": lambda what: words(what.title, language_now())}

    return pages


def _keep_progress(pages: Blueprint, box: Box) -> None:
    @pages.post("/learn/place")
    @require(*READERS)
    @takes(*STUDIED, "seconds", "duration")
    def keep_place() -> ResponseReturnValue:
        release, activity = _studied(box)
        seconds = _count("seconds")
        duration_seconds = activity.attributes.get("seconds") or _count("duration")
        if learner := _learner():
            box.learning.reached_second(
                learner, release.course, release.version, activity.id, seconds, duration_seconds, _key()
            )
        return _kept()

    @pages.post("/learn/completed")
    @require(*READERS)
    @takes(*STUDIED)
    def complete() -> ResponseReturnValue:
        release, activity = _studied(box)
        if learner := _learner():
            box.learning.completed(learner, release.course, release.version, activity.id, _key())
        return _kept()

    @pages.post("/learn/answer")
    @require(*READERS)
    @takes(*STUDIED, "item", "answer")
    def answer() -> ResponseReturnValue:
        release, activity = _studied(box)
        item, given = request.form.get("item", ""), request.form.get("answer", "")
        if not 0 < len(item) <= ITEM_LETTERS_MAX:
            abort(400)
        if len(given.encode()) > ANSWER_BYTES_MAX:
            abort(413)
        if learner := _learner():
            work = box.learning.answer_work(learner, release.course, activity.id, item, given, _key())
            write_then_answer(box.database, work)
        return _kept()


def _show_progress(pages: Blueprint, box: Box) -> None:
    @pages.get("/me")
    @require(*READERS)
    def me() -> ResponseReturnValue:
        session = session_now()
        person = box.people.person(session.person) if session.person else None
        learner = _learner()
        places = box.learning.places(learner) if learner else {}
        return render_template(
            "learning/me.html",
            person=person,
            classroom=box.people.classroom(person.classroom) if person and person.classroom else None,
            courses=progress_of(box.shelf.courses(), places, _now(box)),
        )

    @pages.get("/classes/<classroom>/progress")
    @require("teacher", "staff")
    def class_progress(classroom: str) -> ResponseReturnValue:
        found = box.people.classroom(classroom) or abort(404)
        learners = box.people.learners(found.id)
        places = box.learning.places_of_class(found.id)
        return render_template(
            "learning/class.html",
            classroom=found,
            overview=overview_of(learners, box.shelf.courses(), places, _now(box)),
        )

    @pages.get("/classes/<classroom>/progress/<course>")
    @require("teacher", "staff")
    def class_course(classroom: str, course: str) -> ResponseReturnValue:
        found = box.people.classroom(classroom) or abort(404)
        release = box.shelf.release(course) or abort(404)
        places = box.learning.places_of_class(found.id)
        rows = [
            (learner, progress_in(release, places.get(learner.id, {}).get(course, {}), _now(box)))
            for learner in box.people.learners(found.id)
        ]
        best = box.results.of_class(found.id, release.course)
        scores = {learner: sum(own.values()) // len(own) for learner, own in best.items()}
        return render_template("learning/class_course.html", classroom=found, release=release, rows=rows, scores=scores)

    @pages.get("/learners/<learner>/progress")
    @require("teacher", "staff")
    def learner_progress(learner: str) -> ResponseReturnValue:
        person = box.people.person(learner)
        if person is None or person.kind != "learner":
            abort(404)
        courses = progress_of(box.shelf.courses(), box.learning.places(person.id), _now(box))
        return render_template(
            "learning/learner.html",
            learner=person,
            classroom=box.people.classroom(person.classroom),
            courses=courses,
            results=box.results.of(person.id),
            answers={
                one.release.course: list(told(box, one.release, box.learning.answers(person.id, one.release.course)))
                for one in courses
            },
        )


def _studied(box: Box) -> tuple[Release, Activity]:
    release = box.shelf.release(request.form.get("course", "")) or abort(404)
    return release, release.activity(request.form.get("activity", "")) or abort(404)


def _learner() -> str:
    """Whose progress is kept: a learner's, and nobody else's."""
    session = session_now()
    return session.person if session.kind == "learner" else ""


def _key() -> str:
    key = request.form.get("key", "")
    return key if len(key) <= KEY_LETTERS_MAX else abort(400)


def _count(name: str) -> int:
    text = request.form.get(name, "0").partition(".")[0]
    return min(int(text), SECONDS_MAX) if text.isascii() and text.isdecimal() and len(text) < 10 else abort(400)


def _kept() -> ResponseReturnValue:
    target = request.form.get("next")
    return redirect(safe_next(target), 303) if target else Response(status=204)


def _now(box: Box) -> int:
    return box.clock.now().wall_seconds
