"""Signing in, for learners: the class by its code, the own name in it, then a PIN or three pictures.

* Names show only to a phone that typed the class code; the phone remembers the class by its id, which nobody can guess.
* Every wrong secret and every wrong code slows the next try of that account or that phone, never a class.
* A wrong secret is answered alike whether the person exists or not.
* Each picture is one POST that adds to the session on the box: it needs no script.
"""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from edge.box import Box
from edge.people import codes
from edge.people.guard import Guard
from edge.people.people import NAMES_LISTED_MAX, Classroom, Person, Secret
from sync.web.app import begin_session, end_session, safe_next, session_now
from sync.web.language import gettext
from sync.web.takes import takes

CLASS_COOKIE = "qanat-class"
CLASS_COOKIE_SECONDS = 180 * 24 * 3600
HOME = {"learner": "/", "guest": "/", "teacher": "/classes", "staff": "/staff"}
CHOSEN = "pictures"
"""Where the session keeps the pictures tapped so far."""

CHOOSING_AS = "choosing as"


def register(pages: Blueprint, box: Box, guard: Guard) -> None:
    @pages.get("/sign-in")
    @takes(query=("letters", "next"))
    def sign_in() -> ResponseReturnValue:
        if not box.setup.is_claimed:
            return redirect("/claim")
        classroom = remembered_class(box)
        if classroom is None:
            return render_template("people/class_code.html", next=next_path())
        letters = request.args.get("letters", "").strip()
        is_big = classroom.learners > NAMES_LISTED_MAX
        names = [] if is_big and not letters else box.people.learners(classroom.id, letters, NAMES_LISTED_MAX)
        return render_template(
            "people/names.html", classroom=classroom, names=names, letters=letters, is_big=is_big, next=next_path()
        )

    @pages.get("/sign-in/class")
    @takes(query=("next",))
    def class_code() -> ResponseReturnValue:
        return render_template("people/class_code.html", next=next_path())

    @pages.post("/sign-in/class")
    @takes("code", query=("next",))
    def find_class() -> ResponseReturnValue:
        typed = request.form.get("code", "")
        attempt = f"class {session_now().id_hash}"
        wait_seconds = guard.wait_seconds(attempt)
        classroom = None if wait_seconds else box.people.classroom_of_code(typed)
        if classroom is not None:
            guard.right(attempt)
            return remember_class(redirect(url_for("people.sign_in", next=next_path())), classroom, box)
        if not wait_seconds:
            guard.wrong(attempt)
        error = guard.sentence(wait_seconds) or gettext(
            "No class here has this code. It has five letters, as in KMTRD."
        )
        return render_template("people/class_code.html", code=typed, error=error, next=next_path()), 400

    @pages.get("/sign-in/as/<person>")
    @takes(query=("again", "next"))
    def secret(person: str) -> ResponseReturnValue:
        learner = _learner_of_class(box, person)
        if learner is None:
            return redirect(url_for("people.sign_in", next=next_path()))
        if request.args.get("again") and not session_now().kind:
            begin_session("", "")
        return _ask_secret(box, learner, chosen_as(person))

    @pages.post("/sign-in/as/<person>")
    @takes("pin", "picture", query=("next",))
    def prove(person: str) -> ResponseReturnValue:
        learner = _learner_of_class(box, person)
        if learner is None:
            return redirect(url_for("people.sign_in", next=next_path()))
        wait_seconds = guard.wait_seconds(learner.id)
        if wait_seconds:
            return _ask_secret(box, learner, [], guard.sentence(wait_seconds)), 429
        if learner.has_pin:
            given = Secret("pin", codes.typed_pin(request.form.get("pin", "")))
        else:
            chosen = [*chosen_as(person), request.form.get("picture", "")]
            if not set(chosen) <= set(codes.PICTURES):
                return _ask_secret(box, learner, chosen_as(person)), 400
            begin_session("", "", {CHOSEN: " ".join(chosen), CHOOSING_AS: person})
            if len(chosen) < codes.PICTURES_CHOSEN:
                return redirect(url_for("people.secret", person=person, next=next_path()))
            given = Secret("pictures", " ".join(chosen))
        if box.people.is_secret(learner, given):
            guard.right(learner.id)
            return enter(learner)
        guard.wrong(learner.id)
        begin_session("", "")
        if learner.has_pin:
            error = gettext("This is not your PIN. Try again, or ask your teacher for a new one.")
        else:
            error = gettext("These are not your pictures. Try again, or ask your teacher for a PIN.")
        return _ask_secret(box, learner, [], error), 400

    @pages.get("/sign-in/number")
    @takes(query=("next",))
    def number() -> ResponseReturnValue:
        return render_template("people/number.html", next=next_path())

    @pages.post("/sign-in/number")
    @takes("number", "pin", query=("next",))
    def prove_number() -> ResponseReturnValue:
        typed = request.form.get("number", "")
        account = f"number {codes.typed_number(typed)}"
        wait_seconds = guard.wait_seconds(account)
        if not wait_seconds:
            learner = box.people.learner_of_number(typed)
            if box.people.is_secret(learner, Secret("pin", codes.typed_pin(request.form.get("pin", "")))):
                assert learner is not None, "nobody has no secret"
                guard.right(account)
                classroom = box.people.classroom(learner.classroom)
                return remember_class(enter(learner), classroom, box) if classroom else enter(learner)
            guard.wrong(account)
        error = guard.sentence(wait_seconds) or gettext("This number and this PIN do not belong together. Look again.")
        return render_template("people/number.html", number=typed, error=error, next=next_path()), 400

    @pages.post("/guest")
    @takes(query=("next",))
    def guest() -> ResponseReturnValue:
        begin_session("", "guest")
        return redirect(next_path() or HOME["guest"], 303)

    @pages.post("/sign-out")
    def sign_out() -> ResponseReturnValue:
        end_session()
        return redirect(url_for("people.sign_in"), 303)


def enter(person: Person, data: Mapping[str, str] | None = None) -> Response:
    """Let this person in, under a new session."""
    begin_session(person.id, person.kind, data)
    return redirect(next_path() or HOME[person.kind], 303)


def remembered_class(box: Box) -> Classroom | None:
    """The class whose code was typed on this phone before."""
    classroom = request.cookies.get(CLASS_COOKIE, "")
    return box.people.classroom(classroom) if classroom else None


def remember_class(answer: Response, classroom: Classroom, box: Box) -> Response:
    answer.set_cookie(
        CLASS_COOKIE,
        classroom.id,
        max_age=CLASS_COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=box.config.is_behind_tls,
    )
    return answer


def next_path() -> str:
    """Where the reader wanted to go before signing in: a page of this box, or nowhere."""
    return safe_next(request.args.get("next"), "")


def chosen_as(purpose: str) -> list[str]:
    """The pictures tapped so far for this purpose."""
    data = session_now().data
    return data.get(CHOSEN, "").split() if data.get(CHOOSING_AS) == purpose else []


def _learner_of_class(box: Box, person: str) -> Person | None:
    classroom = remembered_class(box)
    learner = box.people.person(person)
    is_here = learner is not None and classroom is not None and learner.classroom == classroom.id
    return learner if is_here else None


def _ask_secret(box: Box, learner: Person, chosen: list[str], error: str = "") -> str:
    return render_template(
        "people/secret.html",
        learner=learner,
        classroom=box.people.classroom(learner.classroom),
        chosen=chosen,
        pictures_total=codes.PICTURES_CHOSEN,
        error=error,
        next=next_path(),
    )
