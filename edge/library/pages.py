"""The library's pages: home, the shelf, and the pages of the courses on it.

* Whoever is signed in may read.
* Each page has one thing first: to go on where the learner was. It works without a script.
"""

from datetime import datetime

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.campus import wording
from edge.library import course_pages, rows
from edge.library.course_pages import READERS
from edge.library.way import Places, Way, mine, next_of, ways_of
from sync.web.app import require, session_now
from sync.web.language import gettext

MINE_SHOWN_MAX = 12
DOORS_AT_HOME_MAX = 6
MORNING_UNTIL_HOUR = 12
EVENING_FROM_HOUR = 18


def blueprint(box: Box) -> Blueprint:
    """The library's pages, for the box's application."""
    pages = course_pages.blueprint(box, lambda: (gettext("Library"), url_for("library.shelf")))

    @pages.get("/")
    @require(*READERS)
    def home() -> ResponseReturnValue:
        ways = _ways(box)
        begun = mine(ways)
        classroom = _classroom(box)
        return render_template(
            "library/home.html",
            announcements=box.campus.announcements(classroom),
            tasks=wording.tasks(box, box.campus.assignments(classroom)) if classroom else [],
            greeting=_greeting(box),
            next=rows.next_card(next_of(ways)),
            begun=begun[:MINE_SHOWN_MAX],
            others=[way for way in ways if not way.is_begun][:DOORS_AT_HOME_MAX],
            courses_total=len(ways),
        )

    @pages.get("/library")
    @require(*READERS)
    def shelf() -> ResponseReturnValue:
        return render_template("library/shelf.html", ways=_ways(box))

    return pages


def _places(box: Box) -> Places:
    session = session_now()
    return box.learning.places(session.person) if session.kind == "learner" else {}


def _ways(box: Box) -> list[Way]:
    return ways_of(box.shelf.courses(), _places(box), box.clock.now().wall_seconds)


def _classroom(box: Box) -> str:
    """The class of whoever asks; "" where they are in none."""
    session = session_now()
    person = box.people.person(session.person) if session.kind == "learner" else None
    return person.classroom if person is not None else ""


def _greeting(box: Box) -> str:
    """By the time of day, where anybody knows it; by name, where there is one."""
    person = box.people.person(session_now().person)
    moment = box.clock.now()
    hour = datetime.fromtimestamp(moment.wall_seconds, box.config.zone).hour if moment.is_told else None
    match (person, hour):
        case (None, _):
            return gettext("Welcome")
        case (_, None):
            return gettext("Welcome, %(name)s", name=person.name)
        case _ if hour < MORNING_UNTIL_HOUR:
            return gettext("Good morning, %(name)s", name=person.name)
        case _ if hour < EVENING_FROM_HOUR:
            return gettext("Good afternoon, %(name)s", name=person.name)
        case _:
            return gettext("Good evening, %(name)s", name=person.name)
