"""A course's pages: the course itself, each of its activities, and the files that our own pages hand out.

* They are the same wherever a course is shown: at a box, and at a hub that shows a draft.
* A place is kept for learners only, and a guest leaves nothing behind.
* A course that is a program never runs here: its page frames another origin, which knows no session.
* Files are named to the front, never read here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from catalog.manifest import words
from edge.learning.progress import Place
from edge.library import rows
from edge.library.house import House
from edge.library.opened import file_answer, is_here, opened_of, tree_of
from edge.library.players.download import saved_as
from edge.library.players.registry import FIELDS, FILES, PLAYERS
from edge.library.players.versions import path_of
from edge.library.way import way_of
from sync.web.app import require, session_now
from sync.web.language import gettext, language_name, language_now
from sync.web.takes import ANYTHING, takes

READERS = ("learner", "guest", "teacher", "staff")
Above = Callable[[], tuple[str, str]]
"""What stands above a course where it is shown: what it is called, and its address."""


def blueprint(house: House, above: Above) -> Blueprint:
    """The pages of the courses in this house; where there are more of a library, they are put on it too."""
    pages = Blueprint("library", __name__, template_folder="templates")
    pages.add_app_template_global(rows.course_title, "course_title")
    pages.add_app_template_global(rows.title, "activity_title")
    pages.add_app_template_global(rows.parts_done, "parts_done")
    pages.add_app_template_global(rows.caption_name, "caption_name")

    @pages.get("/library/<course>")
    @require(*READERS)
    def course(course: str) -> ResponseReturnValue:
        release = house.shelf.release(course) or abort(404)
        tree = tree_of(house, release)
        way = way_of(release, _places(house, course), house.clock.now().wall_seconds, _scores(house, course))
        here = {step.activity.id for step in way.steps if is_here(tree, step.activity)}
        return render_template(
            "library/course.html",
            way=way,
            above=above(),
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
        found = opened_of(house, course, activity)
        if not is_here(tree_of(house, found.release), found.activity):
            return render_template("library/coming.html", opened=found)
        opened = replace(found, place=_places(house, course).get(activity), at=request.args.get("at", ""))
        keeper, session = house.keeper, session_now()
        if keeper is not None and session.kind == "learner":
            keeper.learning.opened(session.person, course, opened.release.version, activity)
        player = PLAYERS.get(opened.activity.kind)
        return player(house, opened) if player else render_template("library/unknown.html", opened=opened)

    @pages.get("/library/<course>/<activity>/file")
    @require(*READERS)
    @takes(query=("version",), gives=ANYTHING)
    def file(course: str, activity: str) -> ResponseReturnValue:
        opened = opened_of(house, course, activity)
        if opened.activity.kind not in FILES:
            abort(404)
        path = path_of(opened.activity, request.args.get("version", "")) or abort(404)
        return file_answer(house, opened.release, path, saved_as(opened.activity, path))

    @pages.get("/library/<course>/<activity>/poster")
    @require(*READERS)
    @takes(gives=ANYTHING)
    def poster(course: str, activity: str) -> ResponseReturnValue:
        opened = opened_of(house, course, activity)
        path = opened.activity.attributes.get("poster")
        return file_answer(house, opened.release, path) if path else abort(404)

    @pages.get("/library/<course>/<activity>/captions/<int:index>")
    @require(*READERS)
    @takes(gives=ANYTHING)
    def captions(course: str, activity: str, index: int) -> ResponseReturnValue:
        opened = opened_of(house, course, activity)
        tracks = opened.activity.attributes.get("captions", [])
        return file_answer(house, opened.release, tracks[index]["path"]) if index < len(tracks) else abort(404)

    return pages


def _places(house: House, course: str) -> Mapping[str, Place]:
    keeper, session = house.keeper, session_now()
    if keeper is None or session.kind != "learner":
        return {}
    return keeper.learning.places(session.person).get(course, {})


def _scores(house: House, course: str) -> dict[str, int | None]:
    keeper, session = house.keeper, session_now()
    if keeper is None or session.kind != "learner":
        return {}
    results = keeper.results.of(session.person).get(course, {})
    return {activity: result.best_permille for activity, result in results.items()}
