"""The hub's pages about a campus's classes and learners, and about what the hub has to say to it.

* Each class and learner says who made it. What the hub made it changes; for the rest it proposes, and shows both values
  until the campus decides.
* Whatever is said here goes down with the next call of each box; the page says so, and never waits for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.fault import CallerFault
from catalog.manifest import words
from sync.campus.kinds import BUDGET_FIELDS
from sync.campus.ownership import Proposal, Side
from sync.hub.campus.roster import Group, Pupil
from sync.web.app import require
from sync.web.language import gettext, language_now, plain_digits
from sync.web.takes import takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

DIGITS_MAX = 9


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal in words: whom it is about, both values, and whether the hub made it."""

    id: str
    who: str
    field: str
    was: str
    value: str
    is_ours: bool


def create_pages(hub: "Hub") -> Blueprint:
    """The pages about what the hub says to campuses."""
    pages = Blueprint("said", __name__, template_folder="../templates")
    _roster_pages(pages, hub)
    _change_pages(pages, hub)
    _notice_pages(pages, hub)
    return pages


def _roster_pages(pages: Blueprint, hub: "Hub") -> None:
    @pages.get("/campuses/<campus_id>/roster")
    @require("staff")
    def roster(campus_id: str) -> ResponseReturnValue:
        return _show_roster(hub, campus_id)

    @pages.post("/campuses/<campus_id>/classes")
    @require("staff")
    @takes("name")
    def add_class(campus_id: str) -> ResponseReturnValue:
        return _tried(hub, campus_id, lambda: hub.roster.add_class(campus_id, _text("name")))

    @pages.post("/campuses/<campus_id>/learners")
    @require("staff")
    @takes("class", "name", "number")
    def add_learner(campus_id: str) -> ResponseReturnValue:
        return _tried(
            hub,
            campus_id,
            lambda: hub.roster.add_learner(campus_id, _text("class"), _text("name"), _text("number")),
        )

    @pages.post("/campuses/<campus_id>/proposals/<proposal>")
    @require("staff")
    @takes("accept")
    def decide(campus_id: str, proposal: str) -> ResponseReturnValue:
        return _tried(hub, campus_id, lambda: hub.roster.decide(campus_id, proposal, _text("accept") == "1"))


def _change_pages(pages: Blueprint, hub: "Hub") -> None:
    @pages.post("/campuses/<campus_id>/classes/<classroom>")
    @require("staff")
    @takes("name")
    def rename_class(campus_id: str, classroom: str) -> ResponseReturnValue:
        return _tried(hub, campus_id, lambda: hub.roster.change(campus_id, "class", classroom, "name", _text("name")))

    @pages.get("/campuses/<campus_id>/learners/<learner>")
    @require("staff")
    def learner(campus_id: str, learner: str) -> ResponseReturnValue:
        return _show_learner(hub, campus_id, learner)

    @pages.post("/campuses/<campus_id>/learners/<learner>")
    @require("staff")
    @takes("name", "number", "class")
    def change_learner(campus_id: str, learner: str) -> ResponseReturnValue:
        try:
            for field, name in (("name", "name"), ("student_number", "number"), ("class", "class")):
                hub.roster.change(campus_id, "learner", learner, field, _text(name))
        except CallerFault as fault:
            return _show_learner(hub, campus_id, learner, fault, request.form)
        return redirect(f"/campuses/{campus_id}/roster", 303)

    @pages.post("/campuses/<campus_id>/learners/<learner>/elsewhere")
    @require("staff")
    @takes("place")
    def study_elsewhere(campus_id: str, learner: str) -> ResponseReturnValue:
        other, _, classroom = _text("place").partition("/")
        try:
            hub.elsewhere.study_at(learner, campus_id, other, classroom)
        except CallerFault as fault:
            return _show_learner(hub, campus_id, learner, fault)
        return redirect(f"/campuses/{other}/roster", 303)


def _notice_pages(pages: Blueprint, hub: "Hub") -> None:
    @pages.get("/campuses/<campus_id>/notices")
    @require("staff")
    def notices(campus_id: str) -> ResponseReturnValue:
        return _show_notices(hub, campus_id)

    @pages.post("/campuses/<campus_id>/announcements")
    @require("staff")
    @takes("text", "days", "class")
    def announce(campus_id: str) -> ResponseReturnValue:
        def act() -> None:
            hub.notices.announce(campus_id, request.form.get("text", ""), _count("days"), _text("class"))

        return _said(hub, campus_id, act, "announce")

    @pages.post("/campuses/<campus_id>/announcements/<announcement>/withdraw")
    @require("staff")
    def withdraw(campus_id: str, announcement: str) -> ResponseReturnValue:
        return _said(hub, campus_id, lambda: hub.notices.withdraw(campus_id, announcement), "announce")

    @pages.post("/campuses/<campus_id>/assignments")
    @require("staff")
    @takes("class", "course", "days")
    def assign(campus_id: str) -> ResponseReturnValue:
        def act() -> None:
            hub.notices.assign(campus_id, _text("class"), _text("course"), _count("days"))

        return _said(hub, campus_id, act, "assign")

    @pages.post("/campuses/<campus_id>/assignments/<assignment>/withdraw")
    @require("staff")
    def unassign(campus_id: str, assignment: str) -> ResponseReturnValue:
        return _said(hub, campus_id, lambda: hub.notices.unassign(campus_id, assignment), "assign")

    @pages.post("/campuses/<campus_id>/budget")
    @require("staff")
    @takes(*BUDGET_FIELDS)
    def budget(campus_id: str) -> ResponseReturnValue:
        def act() -> None:
            settings: dict[str, Any] = {
                name: _count(name) for name in BUDGET_FIELDS if name != "window" and _text(name)
            }
            hub.notices.propose_budget(campus_id, settings | ({"window": _text("window")} if _text("window") else {}))

        return _said(hub, campus_id, act, "budget")

    @pages.post("/campuses/<campus_id>/rules")
    @require("staff")
    @takes("journal_days")
    def rules(campus_id: str) -> ResponseReturnValue:
        return _said(hub, campus_id, lambda: hub.notices.rule_days(campus_id, _count("journal_days")), "rules")


def _tried(hub: "Hub", campus_id: str, act: Callable[[], object]) -> ResponseReturnValue:
    """Do something to the roster; what cannot be is said on the page."""
    hub.fleet.campus(campus_id)
    try:
        act()
    except CallerFault as fault:
        return _show_roster(hub, campus_id, fault), 422
    return redirect(f"/campuses/{campus_id}/roster", 303)


def _said(hub: "Hub", campus_id: str, act: Callable[[], object], part: str) -> ResponseReturnValue:
    """Say something to the campus; what cannot be is said on the page."""
    hub.fleet.campus(campus_id)
    try:
        act()
    except CallerFault as fault:
        return _show_notices(hub, campus_id, fault, part), 422
    return redirect(f"/campuses/{campus_id}/notices#{part}", 303)


def _show_roster(hub: "Hub", campus_id: str, fault: CallerFault | None = None) -> str:
    groups = hub.roster.classes(campus_id)
    return render_template(
        "hub/roster.html",
        campus=hub.fleet.campus(campus_id),
        groups=groups,
        proposals=_shown(groups, hub.roster.proposals(campus_id)),
        form=request.form,
        fault=fault,
    )


def _show_learner(
    hub: "Hub", campus_id: str, learner: str, fault: CallerFault | None = None, written: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    campus = hub.fleet.campus(campus_id)
    groups = hub.roster.classes(campus_id)
    found = next((one for group in groups for one in group.learners if one.id == learner), None)
    if found is None:
        return redirect(f"/campuses/{campus_id}/roster", 303)
    page = render_template(
        "hub/learner.html",
        campus=campus,
        learner=found,
        classes=[(group.id, group.name) for group in groups if group.id],
        places=_places_elsewhere(hub, campus_id),
        elsewhere=hub.elsewhere.campuses_of(campus_id, learner),
        asked=_asked(found, written or {}),
        fault=fault,
    )
    return page, 200 if fault is None else 422


def _show_notices(hub: "Hub", campus_id: str, fault: CallerFault | None = None, part: str = "") -> str:
    classes = [(group.id, group.name) for group in hub.roster.classes(campus_id) if group.id]
    courses = [(course, _title(hub, course)) for course in hub.notices.courses(campus_id)]
    return render_template(
        "hub/notices.html",
        campus=hub.fleet.campus(campus_id),
        announcements=hub.notices.announcements(campus_id),
        assignments=[(one, _title(hub, one.course)) for one in hub.notices.assignments(campus_id)],
        budget=hub.notices.budget_sent(campus_id),
        days_ruled=hub.notices.days_ruled(campus_id),
        classes=classes,
        names=dict(classes),
        courses=courses,
        form=request.form,
        fault=fault,
        part=part,
    )


def _asked(learner: Pupil, written: Mapping[str, str]) -> dict[str, str]:
    """What stands in the form: what was written, or what is."""
    now = {"name": learner.name, "number": learner.student_number, "class": learner.classroom}
    return {name: written.get(name, value) for name, value in now.items()}


def _places_elsewhere(hub: "Hub", campus_id: str) -> list[tuple[str, str]]:
    """Every class of every other campus, to choose one."""
    others = [campus for campus in hub.fleet.campuses() if campus.id != campus_id]
    return [
        (f"{campus.id}/{group.id}", gettext("%(campus)s, %(name)s", campus=campus.name, name=group.name))
        for campus in others
        for group in hub.roster.classes(campus.id)
        if group.id
    ]


def _shown(groups: list[Group], proposals: list[Proposal]) -> list[Shown]:
    classes = {group.id: group.name for group in groups}
    names = {one.id: one.name for group in groups for one in group.learners}
    found = []
    for one in proposals:
        who = (classes if one.about == "class" else names).get(one.subject, "")
        was, value = (classes.get(text, text) if one.field == "class" else text for text in (one.was, one.value))
        if who:
            field, nothing = _field_words(one.about, one.field), gettext("nothing")
            found.append(Shown(one.id, who, field, was or nothing, value or nothing, one.by is Side.HUB))
    return found


def _field_words(about: str, field: str) -> str:
    match field:
        case "student_number":
            return gettext("Student number")
        case "class":
            return gettext("Class")
        case _:
            return gettext("Name of the class") if about == "class" else gettext("Name")


def _title(hub: "Hub", course: str) -> str:
    release = hub.catalog.releases.latest(course)
    return words(release.title, language_now()) if release is not None else course


def _text(name: str) -> str:
    return " ".join(request.form.get(name, "").split())


def _count(name: str) -> int:
    """A whole number as somebody wrote it, in the digits of any script; 0 where there is none."""
    digits = plain_digits(_text(name))
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= DIGITS_MAX else 0
