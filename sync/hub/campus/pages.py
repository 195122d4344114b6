"""The hub's pages about a campus's classes and learners, and about what the hub has to say to it.

* Each class and learner says who made it. What the hub made it changes; for the rest it proposes, and shows both values
  until the campus decides.
* Whatever is said here goes down with the next call of each box; the page says so, and never waits for it.
* What cannot be is said beside its field, and the form keeps what was written. Nothing is read as something else.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.manifest import words
from sync.budget.settings import BUDGET_FIELDS, NUMBERS, WINDOW
from sync.campus.kinds import DAYS_MAX
from sync.hub.campus import wording
from sync.hub.campus.notices import wrong_days
from sync.hub.campus.refused import CampusRefused
from sync.hub.campus.roster import Pupil
from sync.hub.pages.campuses import asked_for
from sync.web.app import require
from sync.web.language import gettext, language_now, plain_digits, whole_number
from sync.web.takes import takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

ANNOUNCE, ASSIGN, BUDGET, RULES = "announce", "assign", "budget", "rules"
PROPOSALS, ADD_CLASS, ADD_LEARNER = "proposals", "add-class", "add-learner"
"""Parts of the pages, by the names of their headings; what was wrong is said in the part where it was asked."""
NOTHING: Mapping[str, str] = MappingProxyType({})


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
        return _tried(hub, campus_id, lambda: hub.roster.add_class(campus_id, _text("name")), ADD_CLASS)

    @pages.post("/campuses/<campus_id>/learners")
    @require("staff")
    @takes("class", "name", "number")
    def add_learner(campus_id: str) -> ResponseReturnValue:
        def act() -> None:
            hub.roster.add_learner(campus_id, _text("class"), _text("name"), _text("number"))

        return _tried(hub, campus_id, act, ADD_LEARNER)

    @pages.post("/campuses/<campus_id>/proposals/<proposal>")
    @require("staff")
    @takes("accept", "seen")
    def decide(campus_id: str, proposal: str) -> ResponseReturnValue:
        def act() -> None:
            hub.roster.decide(campus_id, proposal, _text("accept") == "1", request.form.get("seen", ""))

        return _tried(hub, campus_id, act, PROPOSALS)


def _change_pages(pages: Blueprint, hub: "Hub") -> None:
    @pages.post("/campuses/<campus_id>/classes/<classroom>")
    @require("staff")
    @takes("name")
    def rename_class(campus_id: str, classroom: str) -> ResponseReturnValue:
        def act() -> None:
            hub.roster.change(campus_id, "class", classroom, {"name": _text("name")})

        return _tried(hub, campus_id, act, classroom)

    @pages.get("/campuses/<campus_id>/learners/<learner>")
    @require("staff")
    def learner(campus_id: str, learner: str) -> ResponseReturnValue:
        return _show_learner(hub, campus_id, learner)

    @pages.post("/campuses/<campus_id>/learners/<learner>")
    @require("staff")
    @takes("name", "number", "class")
    def change_learner(campus_id: str, learner: str) -> ResponseReturnValue:
        values = {"name": _text("name"), "student_number": _text("number"), "class": _text("class")}
        campus = asked_for(hub, campus_id)
        try:
            hub.roster.change(campus.id, "learner", learner, values)
        except CampusRefused as refused:
            return _show_learner(hub, campus_id, learner, wording.wrong(refused), request.form)
        return redirect(f"/campuses/{campus_id}/roster", 303)

    @pages.post("/campuses/<campus_id>/learners/<learner>/elsewhere")
    @require("staff")
    @takes("place")
    def study_elsewhere(campus_id: str, learner: str) -> ResponseReturnValue:
        other, _, classroom = _text("place").partition("/")
        campus = asked_for(hub, campus_id)
        try:
            hub.elsewhere.study_at(learner, campus.id, other, classroom)
        except CampusRefused as refused:
            return _show_learner(hub, campus_id, learner, wording.wrong(refused))
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
            hub.notices.announce(campus_id, request.form.get("text", ""), _days(), _text("class"))

        return _said(hub, campus_id, act, ANNOUNCE)

    @pages.post("/campuses/<campus_id>/announcements/<announcement>/withdraw")
    @require("staff")
    def withdraw(campus_id: str, announcement: str) -> ResponseReturnValue:
        return _said(hub, campus_id, lambda: hub.notices.withdraw(campus_id, announcement), ANNOUNCE)

    @pages.post("/campuses/<campus_id>/assignments")
    @require("staff")
    @takes("class", "course", "days")
    def assign(campus_id: str) -> ResponseReturnValue:
        def act() -> None:
            hub.notices.assign(campus_id, _text("class"), _text("course"), _days())

        return _said(hub, campus_id, act, ASSIGN)

    @pages.post("/campuses/<campus_id>/assignments/<assignment>/withdraw")
    @require("staff")
    def unassign(campus_id: str, assignment: str) -> ResponseReturnValue:
        return _said(hub, campus_id, lambda: hub.notices.unassign(campus_id, assignment), ASSIGN)

    @pages.post("/campuses/<campus_id>/budget")
    @require("staff")
    @takes(*BUDGET_FIELDS)
    def budget(campus_id: str) -> ResponseReturnValue:
        return _said(hub, campus_id, lambda: hub.notices.propose_budget(campus_id, _settings()), BUDGET)

    @pages.post("/campuses/<campus_id>/rules")
    @require("staff")
    @takes("journal_days")
    def rules(campus_id: str) -> ResponseReturnValue:
        return _said(hub, campus_id, lambda: hub.notices.rule_days(campus_id, _days("journal_days")), RULES)


def _tried(hub: "Hub", campus_id: str, act: Callable[[], object], part: str) -> ResponseReturnValue:
    """Do something to the roster; what cannot be is said in that part of the page."""
    campus = asked_for(hub, campus_id)
    try:
        act()
    except CampusRefused as refused:
        return _show_roster(hub, campus_id, wording.wrong(refused), part), 422
    return redirect(f"/campuses/{campus.id}/roster", 303)


def _said(hub: "Hub", campus_id: str, act: Callable[[], object], part: str) -> ResponseReturnValue:
    """Say something to the campus; what cannot be is said in that part of the page."""
    campus = asked_for(hub, campus_id)
    try:
        act()
    except CampusRefused as refused:
        return _show_notices(hub, campus_id, wording.wrong(refused), part), 422
    return redirect(f"/campuses/{campus.id}/notices#{part}", 303)


def _show_roster(hub: "Hub", campus_id: str, wrong: Mapping[str, str] = NOTHING, part: str = "") -> str:
    campus = asked_for(hub, campus_id)
    groups = hub.roster.classes(campus.id)
    return render_template(
        "hub/roster.html",
        campus=campus,
        groups=groups,
        proposals=wording.shown_here(groups, hub.roster.proposals(campus.id)),
        form=request.form,
        wrong=wrong,
        part=part,
    )


def _show_learner(
    hub: "Hub", campus_id: str, learner: str, wrong: Mapping[str, str] = NOTHING, written: Mapping[str, str] = NOTHING
) -> ResponseReturnValue:
    campus = asked_for(hub, campus_id)
    groups = hub.roster.classes(campus.id)
    found = next((one for group in groups for one in group.learners if one.id == learner), None)
    if found is None:
        return redirect(f"/campuses/{campus.id}/roster", 303)
    page = render_template(
        "hub/learner.html",
        campus=campus,
        learner=found,
        classes=[(group.id, group.name) for group in groups if group.id],
        places=_places_elsewhere(hub, campus.id),
        elsewhere=hub.elsewhere.campuses_of(campus.id, learner),
        asked=_asked(found, written),
        wrong=wrong,
    )
    return page, 422 if wrong else 200


def _show_notices(hub: "Hub", campus_id: str, wrong: Mapping[str, str] = NOTHING, part: str = "") -> str:
    campus = asked_for(hub, campus_id)
    classes = [(group.id, group.name) for group in hub.roster.classes(campus.id) if group.id]
    courses = [(course, _title(hub, course)) for course in hub.notices.courses(campus.id)]
    return render_template(
        "hub/notices.html",
        campus=campus,
        announcements=hub.notices.announcements(campus.id),
        assignments=[(one, _title(hub, one.course)) for one in hub.notices.assignments(campus.id)],
        budget=hub.notices.budget_sent(campus.id),
        days_ruled=hub.notices.days_ruled(campus.id),
        classes=classes,
        names=dict(classes),
        courses=courses,
        form=request.form,
        wrong=wrong,
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


def _title(hub: "Hub", course: str) -> str:
    release = hub.catalog.releases.latest(course)
    return words(release.title, language_now()) if release is not None else course


def _text(name: str) -> str:
    return " ".join(request.form.get(name, "").split())


def _days(field: str = "days") -> int:
    """How many days; 0 where the field is empty. Raises NoticeRefused."""
    written = _text(field)
    days = whole_number(written) if written else 0
    if days is None or (written and not 0 < days <= DAYS_MAX):
        raise wrong_days(field)
    return days


def _settings() -> dict[str, int | str]:
    """What was written of a budget; what is no number is given on as it is written, and refused there."""
    written = {name: _text(name) for name in BUDGET_FIELDS}
    numbers = {name: whole_number(written[name]) for name in NUMBERS}
    read = {name: written[name] if number is None else number for name, number in numbers.items()}
    return {name: value for name, value in {**read, WINDOW: plain_digits(written[WINDOW])}.items() if written[name]}
