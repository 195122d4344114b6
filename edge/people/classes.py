"""Classes, for teachers and staff: the code to show, who is in it, a new PIN in one tap, and erasing a learner.

* A new PIN is shown once, on the page that answers the tap; it is kept nowhere but as a hash.
* Before anybody is erased a page names them and says what goes and what stays.
"""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.people import codes
from edge.people.people import NAME_LETTERS_MAX, Classroom, NameTaken, Person
from sync.campus.ownership import Side
from sync.web.app import require
from sync.web.language import gettext
from sync.web.takes import takes


def register(pages: Blueprint, box: Box) -> None:
    @pages.get("/classes")
    @require("teacher", "staff")
    def classes() -> ResponseReturnValue:
        return _show_classes(box)

    @pages.post("/classes")
    @require("teacher", "staff")
    @takes("name")
    def add_class() -> ResponseReturnValue:
        name = " ".join(request.form.get("name", "").split())
        error = wrong_class_name(name)
        if not error:
            try:
                classroom = box.people.add_classroom(name)
                return redirect(url_for("people.classroom", classroom=classroom.id), 303)
            except NameTaken:
                error = gettext("There is a class called %(name)s already. Give this one another name.", name=name)
        return _show_classes(box, name, error), 400

    @pages.get("/classes/<classroom>")
    @require("teacher", "staff")
    def classroom(classroom: str) -> ResponseReturnValue:
        found = _class(box, classroom)
        return render_template(
            "people/class.html",
            classroom=found,
            learners=box.people.learners(found.id),
            without_pin=box.campus.without_pin(found.id),
            is_hubs=box.campus.owner_of_class(found.id) is Side.HUB,
            proposals=len(box.campus.proposals_for_class(found.id)),
        )

    @pages.get("/classes/<classroom>/code")
    @require("teacher", "staff")
    def code(classroom: str) -> ResponseReturnValue:
        return render_template("people/code.html", classroom=_class(box, classroom), address=request.host)

    @pages.post("/classes/<classroom>/code")
    @require("teacher", "staff")
    def new_code(classroom: str) -> ResponseReturnValue:
        box.people.new_code(_class(box, classroom).id)
        return redirect(url_for("people.code", classroom=classroom), 303)

    @pages.post("/learners/<learner>/pin")
    @require("teacher", "staff")
    def new_pin(learner: str) -> ResponseReturnValue:
        found = _learner(box, learner)
        pin = box.people.new_pin(found.id)
        return render_template("people/new_pin.html", learner=found, classroom=_class(box, found.classroom), pin=pin)

    @pages.get("/learners/<learner>/erase")
    @require("teacher", "staff")
    def ask_erase(learner: str) -> ResponseReturnValue:
        found = _learner(box, learner)
        return render_template("people/erase.html", learner=found, classroom=_class(box, found.classroom))

    @pages.post("/learners/<learner>/erase")
    @require("teacher", "staff")
    def erase(learner: str) -> ResponseReturnValue:
        found = _learner(box, learner)
        box.people.erase(found.id)
        return redirect(url_for("people.classroom", classroom=found.classroom), 303)


def _show_classes(box: Box, name: str = "", error: str = "") -> str:
    return render_template(
        "people/classes.html",
        classrooms=box.people.classrooms(),
        waiting=box.campus.waiting_by_class(),
        name=name,
        error=error,
    )


def wrong_class_name(name: str) -> str:
    """What is wrong with the name of a class, in words; nothing when it will do."""
    if not codes.name_key(name):
        return gettext("Write the name of the class, as in Grade 8 B.")
    if len(name) > NAME_LETTERS_MAX:
        return gettext("This name is too long: %(num)s letters at most.", num=NAME_LETTERS_MAX)
    return ""


def _class(box: Box, classroom: str) -> Classroom:
    return box.people.classroom(classroom) or abort(404)


def _learner(box: Box, learner: str) -> Person:
    found = box.people.person(learner)
    return found if found is not None and found.kind == "learner" else abort(404)
