"""The pages of the campus: what the hub says and proposes, and the names of classes and learners.

* Whoever made a class or a learner may change it; for the others a change is a proposal, and the page says so before.
* Both values of a proposal stand side by side until it is decided; to keep what is takes one tap, as does the other.
* What is for everybody stands on everybody's home; what is for a class, on the home of its learners.
"""

from collections.abc import Mapping
from types import MappingProxyType

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.fault import CallerFault
from edge.box import Box
from edge.campus import wording
from edge.campus.campus import AlreadyDecided, ChangedMeanwhile
from edge.people import codes
from edge.people.classes import wrong_class_name
from edge.people.people import NAME_LETTERS_MAX, NUMBER_LETTERS_MAX, NameTaken, NumberTaken, Person
from sync.campus.ownership import Side
from sync.web.app import require, session_now
from sync.web.language import gettext
from sync.web.takes import takes

TEACHING = ("teacher", "staff")
NOTHING: Mapping[str, str] = MappingProxyType({})


def blueprint(box: Box) -> Blueprint:
    """The pages of the campus, for the box's application."""
    pages = Blueprint("campus", __name__, template_folder="templates")
    _said_pages(pages, box)
    _class_pages(pages, box)
    _learner_pages(pages, box)
    return pages


def _said_pages(pages: Blueprint, box: Box) -> None:
    @pages.get("/campus")
    @require(*TEACHING)
    def said() -> ResponseReturnValue:
        return _show_said(box)

    @pages.post("/campus/proposals/<proposal>")
    @require(*TEACHING)
    @takes("accept", "seen")
    def decide(proposal: str) -> ResponseReturnValue:
        try:
            box.campus.decide(proposal, request.form.get("accept") == "1", request.form.get("seen", ""))
        except AlreadyDecided:
            return redirect(url_for("campus.said"), 303)
        except CallerFault as fault:
            return _show_said(box, _in_words(fault)), 409
        return redirect(url_for("campus.said"), 303)

    @pages.post("/campus/budget/<proposal>")
    @require("staff")
    @takes("accept", "seen")
    def decide_budget(proposal: str) -> ResponseReturnValue:
        proposed = box.campus.budget_proposed()
        if proposed is None or proposed.id != proposal:
            return redirect(url_for("campus.said"), 303)
        is_accepted = request.form.get("accept") == "1"
        if is_accepted and not proposed.can_be:
            return _show_said(box, _unusable()), 409
        if is_accepted and request.form.get("seen", "") != wording.seen_of(proposed, box.config):
            return _show_said(box, _changed()), 409
        if is_accepted:
            box.change_config(proposed.settings)
        box.campus.decide_budget(proposal, is_accepted)
        return redirect(url_for("campus.said"), 303)


def _class_pages(pages: Blueprint, box: Box) -> None:
    @pages.get("/classes/<classroom>/names")
    @require(*TEACHING)
    def names(classroom: str) -> ResponseReturnValue:
        return _show_names(box, classroom)

    @pages.post("/classes/<classroom>/names")
    @require(*TEACHING)
    @takes("name")
    def rename(classroom: str) -> ResponseReturnValue:
        name = " ".join(request.form.get("name", "").split())
        error = wrong_class_name(name)
        if not error:
            try:
                box.campus.change("class", classroom, {"name": name})
                return redirect(url_for("campus.names", classroom=classroom), 303)
            except CallerFault as fault:
                error = _in_words(fault)
        return _show_names(box, classroom, name, error), 400


def _learner_pages(pages: Blueprint, box: Box) -> None:
    @pages.get("/learners/<learner>/name")
    @require(*TEACHING)
    def learner(learner: str) -> ResponseReturnValue:
        found = _learner(box, learner)
        return _show_learner(box, found, {"name": found.name, "number": found.student_number, "to": found.classroom})

    @pages.post("/learners/<learner>/name")
    @require(*TEACHING)
    @takes("name", "number", "to")
    def change_learner(learner: str) -> ResponseReturnValue:
        found = _learner(box, learner)
        asked = {name: " ".join(request.form.get(name, "").split()) for name in ("name", "number", "to")}
        wrong = _wrong_learner(asked)
        if not wrong:
            values = {"name": asked["name"], "student_number": asked["number"], "class": asked["to"]}
            try:
                box.campus.change("learner", found.id, values)
                return redirect(url_for("campus.names", classroom=found.classroom), 303)
            except CallerFault as fault:
                wrong = {_field(fault): _in_words(fault)}
        return _show_learner(box, found, asked, wrong), 400


def _show_said(box: Box, error: str = "") -> str:
    is_staff = session_now().kind == "staff"
    budget = box.campus.budget_proposed() if is_staff else None
    open_now = [*box.campus.proposals(Side.HUB), *box.campus.proposals(Side.CAMPUS)]
    return render_template(
        "campus/said.html",
        announcements=box.campus.announcements(None),
        classes={one.id: one.name for one in box.people.classrooms()},
        proposals=wording.shown_here(box, open_now),
        budget=budget,
        offered=wording.settings_words(budget, box.config) if budget else [],
        seen=wording.seen_of(budget, box.config) if budget else "",
        unusable="" if budget is None or budget.can_be else _unusable(),
        hub=box.hub,
        error=error,
    )


def _show_names(box: Box, classroom: str, name: str | None = None, error: str = "") -> str:
    found = box.people.classroom(classroom) or abort(404)
    return render_template(
        "campus/names.html",
        classroom=found,
        learners=box.people.learners(found.id),
        is_hubs=box.campus.owner_of_class(found.id) is Side.HUB,
        hub_learners=box.campus.hub_learners(),
        proposals=wording.shown_here(box, box.campus.proposals_for_class(found.id)),
        name=found.name if name is None else name,
        error=error,
    )


def _show_learner(box: Box, learner: Person, asked: dict[str, str], wrong: Mapping[str, str] = NOTHING) -> str:
    return render_template(
        "campus/learner.html",
        learner=learner,
        classroom=box.people.classroom(learner.classroom) or abort(404),
        classes=[(one.id, one.name) for one in box.people.classrooms()],
        is_hubs=learner.id in box.campus.hub_learners(),
        asked=asked,
        wrong=wrong,
    )


def _wrong_learner(asked: dict[str, str]) -> dict[str, str]:
    """What is wrong with what somebody wrote about a learner, by its field; nothing when it will do."""
    wrong = {}
    if not codes.name_key(asked["name"]):
        wrong["name"] = gettext("Write the learner's name.")
    if len(asked["name"]) > NAME_LETTERS_MAX:
        wrong["name"] = gettext("This name is too long: %(num)s letters at most.", num=NAME_LETTERS_MAX)
    if len(asked["number"]) > NUMBER_LETTERS_MAX:
        wrong["number"] = gettext("This number is too long: %(num)s letters at most.", num=NUMBER_LETTERS_MAX)
    return wrong


def _field(fault: CallerFault) -> str:
    """Beside which field of a learner it belongs; "" where it belongs to none."""
    match fault:
        case NameTaken():
            return "name"
        case NumberTaken():
            return "number"
        case _:
            return ""


def _unusable() -> str:
    return gettext("This box cannot use what the hub proposes. Keep what is, and tell the hub's staff.")


def _changed() -> str:
    return gettext("This has been changed meanwhile. Look at both values again, then decide.")


def _in_words(fault: CallerFault) -> str:
    """What stood against a change, in the reader's language."""
    match fault:
        case NameTaken():
            return gettext("This name is taken. Add one more word to tell them apart.")
        case NumberTaken():
            return gettext("Another learner has this student number.")
        case ChangedMeanwhile():
            return _changed()
        case _:
            return gettext("This class or learner is not on this box any more.")


def _learner(box: Box, learner: str) -> Person:
    found = box.people.person(learner)
    return found if found is not None and found.kind == "learner" else abort(404)
