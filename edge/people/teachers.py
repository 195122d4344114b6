"""Teachers' accounts, for staff; and one's own password.

* A teacher's first password is drawn by the box and shown once; the teacher makes it their own.
* A new password ends every session of its person; on the device where it was changed a new one begins.
"""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.people import codes
from edge.people.guard import Guard
from edge.people.people import NAME_LETTERS_MAX, PASSWORD_LETTERS_MIN, NameTaken, Person, Secret
from sync.web.app import begin_session, require, session_now
from sync.web.language import gettext


def register(pages: Blueprint, box: Box, guard: Guard) -> None:
    @pages.get("/teachers")
    @require("staff")
    def teachers() -> ResponseReturnValue:
        return render_template("people/teachers.html", teachers=box.people.teachers())

    @pages.post("/teachers")
    @require("staff")
    def add_teacher() -> ResponseReturnValue:
        name = " ".join(request.form.get("name", "").split())
        password = codes.new_staff_code(box.random_bytes)
        error = ""
        if not codes.name_key(name) or len(name) > NAME_LETTERS_MAX:
            error = gettext("Write the teacher's name, as in Kadra Ismail.")
        else:
            try:
                teacher = box.people.add_teacher(name, password)
                return render_template("people/new_password.html", teacher=teacher, password=password)
            except NameTaken:
                error = gettext("There is a %(name)s already. Add one more name to tell them apart.", name=name)
        return render_template("people/teachers.html", teachers=box.people.teachers(), name=name, error=error), 400

    @pages.post("/teachers/<teacher>/password")
    @require("staff")
    def new_password(teacher: str) -> ResponseReturnValue:
        found = _teacher(box, teacher)
        password = codes.new_staff_code(box.random_bytes)
        box.people.change_secret(found.id, Secret("password", password))
        return render_template("people/new_password.html", teacher=found, password=password)

    @pages.get("/teachers/<teacher>/remove")
    @require("staff")
    def ask_remove(teacher: str) -> ResponseReturnValue:
        return render_template("people/remove_teacher.html", teacher=_teacher(box, teacher))

    @pages.post("/teachers/<teacher>/remove")
    @require("staff")
    def remove(teacher: str) -> ResponseReturnValue:
        box.people.remove_teacher(_teacher(box, teacher).id)
        return redirect(url_for("people.teachers"), 303)

    @pages.get("/password")
    @require("teacher", "staff")
    def own_password() -> ResponseReturnValue:
        return render_template("people/own_password.html", wrong={}, letters=PASSWORD_LETTERS_MIN)

    @pages.post("/password")
    @require("teacher", "staff")
    def change_own_password() -> ResponseReturnValue:
        session = session_now()
        person = box.people.person(session.person) or abort(404)
        account = f"own {person.id}"
        wrong = {}
        wait_seconds = guard.wait_seconds(account)
        if wait_seconds:
            wrong["now"] = guard.sentence(wait_seconds)
        elif error := wrong_password(request.form.get("password", "")):
            wrong["password"] = error
        elif not box.people.is_secret(person, Secret("password", request.form.get("now", ""))):
            guard.wrong(account)
            wrong["now"] = gettext("This is not your password of today. Look again.")
        if wrong:
            return render_template("people/own_password.html", wrong=wrong, letters=PASSWORD_LETTERS_MIN), 400
        guard.right(account)
        box.people.change_secret(person.id, Secret("password", request.form["password"]))
        begin_session(person.id, person.kind)
        return render_template("people/password_changed.html", person=person)


def wrong_password(password: str) -> str:
    """What is wrong with a password that somebody chose, in words; nothing when it will do."""
    if len(password) < PASSWORD_LETTERS_MIN:
        return gettext(
            "Use %(num)s letters or more. Three or four words are easy to remember.", num=PASSWORD_LETTERS_MIN
        )
    return ""


def _teacher(box: Box, teacher: str) -> Person:
    found = box.people.person(teacher)
    return found if found is not None and found.kind == "teacher" else abort(404)
