"""The library's pages: home, the shelf, a course, and each of its activities.

* Whoever is signed in may read; a place is kept for learners only, and a guest leaves nothing behind.
* Each page has one thing first: to go on where the learner was. It works without a script.
* A course that is a program never runs here: its page frames another origin, which knows no session.
* Files are named to the front, never read here.
"""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from catalog.manifest import words
from edge.box import Box
from edge.campus import wording
from edge.library import rows
from edge.library.opened import file_answer, is_here, opened_of, tree_of
from edge.library.players.download import saved_as
from edge.library.players.registry import FIELDS, FILES, PLAYERS
from edge.library.players.versions import path_of
from edge.library.way import Places, Way, mine, next_of, way_of, ways_of
from sync.web.app import require, session_now
from sync.web.language import gettext, language_name, language_now
from sync.web.takes import ANYTHING, takes

READERS = ("learner", "guest", "teacher", "staff")
MINE_SHOWN_MAX = 12
DOORS_AT_HOME_MAX = 6
MORNING_UNTIL_HOUR = 12
EVENING_FROM_HOUR = 18


def blueprint(box: Box) -> Blueprint:
    """The library's pages, for the box's application."""
    pages = Blueprint("library", __name__, template_folder="templates")
    pages.add_app_template_global(rows.course_title, "course_title")
    pages.add_app_template_global(rows.title, "activity_title")
    pages.add_app_template_global(rows.parts_done, "parts_done")
    pages.add_app_template_global(rows.caption_name, "caption_name")

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

    @pages.get("/library/<course>")
    @require(*READERS)
    def course(course: str) -> ResponseReturnValue:
        release = box.shelf.release(course) or abort(404)
        tree = tree_of(box, release)
        way = way_of(release, _places(box).get(course, {}), box.clock.now().wall_seconds, _scores(box, course))
        here = {step.activity.id for step in way.steps if is_here(tree, step.activity)}
        return render_template(
            "library/course.html",
            way=way,
            first=rows.first(way) if way.here and way.here.activity.id in here else None,
            sections=rows.sections(release, way.steps, here),
            description=words(release.description, language_now()),
            languages=gettext(" · ").join(language_name(tag) for tag in release.languages),
            is_whole=len(here) == len(way.steps),
        )

    @pages.get("/library/<course>/<activity>")
    @require(*READERS)
    @takes(query=FIELDS)
    def activity(course: str, activity: str) -> ResponseReturnValue:
        found = opened_of(box, course, activity)
        if not is_here(tree_of(box, found.release), found.activity):
            return render_template("library/coming.html", opened=found)
        opened = replace(found, place=_places(box).get(course, {}).get(activity), at=request.args.get("at", ""))
        if session_now().kind == "learner":
            box.learning.opened(session_now().person, course, opened.release.version, activity)
        player = PLAYERS.get(opened.activity.kind)
        return player(box, opened) if player else render_template("library/unknown.html", opened=opened)

    @pages.get("/library/<course>/<activity>/file")
    @require(*READERS)
    @takes(query=("version",), gives=ANYTHING)
    def file(course: str, activity: str) -> ResponseReturnValue:
        opened = opened_of(box, course, activity)
        if opened.activity.kind not in FILES:
            abort(404)
        path = path_of(opened.activity, request.args.get("version", "")) or abort(404)
        return file_answer(box, opened.release, path, saved_as(opened.activity, path))

    @pages.get("/library/<course>/<activity>/poster")
    @require(*READERS)
    @takes(gives=ANYTHING)
    def poster(course: str, activity: str) -> ResponseReturnValue:
        opened = opened_of(box, course, activity)
        path = opened.activity.attributes.get("poster")
        return file_answer(box, opened.release, path) if path else abort(404)

    @pages.get("/library/<course>/<activity>/captions/<int:index>")
    @require(*READERS)
    @takes(gives=ANYTHING)
    def captions(course: str, activity: str, index: int) -> ResponseReturnValue:
        opened = opened_of(box, course, activity)
        tracks = opened.activity.attributes.get("captions", [])
        return file_answer(box, opened.release, tracks[index]["path"]) if index < len(tracks) else abort(404)

    return pages


def _places(box: Box) -> Places:
    session = session_now()
    return box.learning.places(session.person) if session.kind == "learner" else {}


def _scores(box: Box, course: str) -> dict[str, int | None]:
    session = session_now()
    results = box.results.of(session.person).get(course, {}) if session.kind == "learner" else {}
    return {activity: result.best_permille for activity, result in results.items()}


def _ways(box: Box) -> list[Way]:
    return ways_of(box.shelf.courses(), _places(box), box.clock.now().wall_seconds)


def _classroom(box: Box) -> str:
    """The class of whoever asks; "" where they are in none."""
    session = session_now()
    person = box.people.person(session.person) if session.kind == "learner" else None
    return person.classroom if person is not None else ""


def _greeting(box: Box) -> str:
    """By the time of day, where the clock can be trusted; by name, where there is one."""
    person = box.people.person(session_now().person)
    moment = box.clock.now()
    hour = datetime.fromtimestamp(moment.wall_seconds, box.config.zone).hour if moment.is_trusted else None
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
