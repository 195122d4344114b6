"""Joining: a new learner with the class code types a name and chooses a PIN or three pictures.

* Only a phone that typed the class code sees these pages.
* What was typed waits in the anonymous session, in memory; nothing is on the disk before the secret is chosen.
* Mistakes are told beside their field, with what was written still there.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.people import codes
from edge.people.people import NAME_LETTERS_MAX, NUMBER_LETTERS_MAX, Classroom, NameTaken, NumberTaken, Person, Secret
from edge.people.sign_in import CHOOSING_AS, CHOSEN, HOME, chosen_as, next_path, remembered_class
from sync.web.app import begin_session, session_now
from sync.web.language import gettext
from sync.web.takes import takes

JOINING = "joining"


def register(pages: Blueprint, box: Box) -> None:
    @pages.get("/join")
    @takes(query=("next",))
    def join() -> ResponseReturnValue:
        classroom = remembered_class(box)
        if classroom is None:
            return redirect(url_for("people.class_code", next=next_path()))
        return render_template("people/join.html", classroom=classroom, wrong={}, next=next_path())

    @pages.post("/join")
    @takes("name", "number", "by", query=("next",))
    def say_name() -> ResponseReturnValue:
        classroom = remembered_class(box)
        if classroom is None:
            return redirect(url_for("people.class_code", next=next_path()))
        name = " ".join(request.form.get("name", "").split())
        student_number = codes.typed_number(request.form.get("number", ""))
        wrong = _wrong(box, classroom, name, student_number)
        if wrong:
            return render_template(
                "people/join.html", classroom=classroom, wrong=wrong, name=name, number=student_number, next=next_path()
            ), 400
        kind = "pictures" if request.form.get("by") == "pictures" else "pin"
        begin_session("", "", {CHOOSING_AS: JOINING, "name": name, "number": student_number})
        return redirect(url_for("people.choose_secret", kind=kind, next=next_path()), 303)

    @pages.get("/join/<any(pin, pictures):kind>")
    @takes(query=("again", "next"))
    def choose_secret(kind: str) -> ResponseReturnValue:
        classroom = remembered_class(box)
        data = session_now().data
        if classroom is None or "name" not in data:
            return redirect(url_for("people.join", next=next_path()))
        if request.args.get("again"):
            begin_session("", "", {**data, CHOSEN: ""})
        return _ask(classroom, kind, chosen_as(JOINING))

    @pages.post("/join/<any(pin, pictures):kind>")
    @takes("pin", "picture", query=("next",))
    def enrol(kind: str) -> ResponseReturnValue:
        classroom = remembered_class(box)
        data = session_now().data
        if classroom is None or "name" not in data:
            return redirect(url_for("people.join", next=next_path()))
        if kind == "pin":
            pin = codes.typed_pin(request.form.get("pin", ""))
            if error := _wrong_pin(pin):
                return _ask(classroom, kind, [], error), 400
            secret = Secret("pin", pin)
        else:
            chosen = [*chosen_as(JOINING), request.form.get("picture", "")]
            if not set(chosen) <= set(codes.PICTURES):
                return _ask(classroom, kind, chosen_as(JOINING)), 400
            begin_session("", "", {**data, CHOSEN: " ".join(chosen)})
            if len(chosen) < codes.PICTURES_CHOSEN:
                return redirect(url_for("people.choose_secret", kind=kind, next=next_path()), 303)
            if not codes.are_pictures(chosen):
                begin_session("", "", {**data, CHOSEN: ""})
                return _ask(classroom, kind, [], gettext("Three times the same is easy to guess. Choose again.")), 400
            secret = Secret("pictures", " ".join(chosen))
        try:
            learner = box.people.enrol_learner(classroom.id, data["name"], secret, data["number"])
        except (NameTaken, NumberTaken):
            # Somebody else took the name or number since it was typed: the form says which.
            return redirect(url_for("people.join", next=next_path()), 303)
        begin_session(learner.id, learner.kind)
        return _welcome(learner, classroom, secret)


def _welcome(learner: Person, classroom: Classroom, secret: Secret) -> str:
    return render_template(
        "people/joined.html",
        learner=learner,
        classroom=classroom,
        chosen=secret.text.split() if secret.kind == "pictures" else [],
        pin=secret.text if secret.kind == "pin" else "",
        start=next_path() or HOME["learner"],
    )


def _ask(classroom: Classroom, kind: str, chosen: list[str], error: str = "") -> str:
    return render_template(
        "people/choose_secret.html",
        classroom=classroom,
        kind=kind,
        name=session_now().data.get("name", ""),
        chosen=chosen,
        pictures_total=codes.PICTURES_CHOSEN,
        error=error,
        next=next_path(),
    )


def _wrong(box: Box, classroom: Classroom, name: str, student_number: str) -> dict[str, str]:
    wrong = {}
    if not codes.name_key(name):
        wrong["name"] = gettext("Write your name, as in Amina Warsame.")
    elif len(name) > NAME_LETTERS_MAX:
        wrong["name"] = gettext("This name is too long: %(num)s letters at most.", num=NAME_LETTERS_MAX)
    elif codes.name_key(name) in [codes.name_key(one.name) for one in box.people.learners(classroom.id)]:
        wrong["name"] = gettext(
            "There is a %(name)s in this class. If it is you, go back and choose your name.", name=name
        )
    if len(student_number) > NUMBER_LETTERS_MAX:
        wrong["number"] = gettext("This number is too long. Look at the card again, or leave it out.")
    elif student_number and box.people.learner_of_number(student_number):
        wrong["number"] = gettext("Another learner has this number. Look at the card again, or leave it out.")
    return wrong


def _wrong_pin(pin: str) -> str:
    if not codes.is_pin(pin):
        return gettext("A PIN is four numbers, as in 4719.")
    if codes.is_easy_pin(pin):
        return gettext("This PIN is easy to guess. Choose another.")
    return ""
