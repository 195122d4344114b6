"""The library's pages: home, the shelf, a course, and each of its activities.

* Whoever is signed in may read; a place is kept for learners only, and a guest leaves nothing behind.
* Each page has one thing first: to go on where the learner was. It works without a script.
* A course that is a program never runs here: its page frames another origin, which knows no session.
* Files are named to the front, never read here.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from catalog.manifest import Activity, Release, is_safe_path, words
from catalog.media import media_type
from edge.box import Box
from edge.campus import wording
from edge.library import rows
from edge.library.launches import Address
from edge.library.search import page_of, path_of, second_of
from edge.library.way import Places, Way, mine, next_of, way_of, ways_of
from sync.web.app import frame_content, require, send_file, session_now
from sync.web.language import gettext, language_name, language_now
from sync.web.takes import ANYTHING, takes

READERS = ("learner", "guest", "teacher", "staff")
MINE_SHOWN_MAX = 12
DOORS_AT_HOME_MAX = 6
PLACE_SECONDS_MIN = 5
"""Nobody wants to be led back to the first seconds of a film."""

MORNING_UNTIL_HOUR = 12
EVENING_FROM_HOUR = 18


@dataclass(frozen=True, slots=True)
class Opened:
    """What one request is about."""

    release: Release
    activity: Activity

    @property
    def title(self) -> str:
        return rows.title(self.activity)

    @property
    def course_title(self) -> str:
        return rows.course_title(self.release)


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
        tree = _tree(box, release)
        way = way_of(release, _places(box).get(course, {}), box.clock.now().wall_seconds)
        here = {step.activity.id for step in way.steps if (tree / step.activity.path).is_file()}
        return render_template(
            "library/course.html",
            way=way,
            first=rows.first(way) if way.here and way.here.activity.id in here else None,
            rows=[rows.row(release, step, step.activity.id in here) for step in way.steps],
            description=words(release.description, language_now()),
            languages=gettext(" · ").join(language_name(tag) for tag in release.languages),
            is_whole=len(here) == len(way.steps),
        )

    @pages.get("/library/<course>/<activity>")
    @require(*READERS)
    @takes(query=("at",))
    def activity(course: str, activity: str) -> ResponseReturnValue:
        opened = _opened(box, course, activity)
        if not (_tree(box, opened.release) / opened.activity.path).is_file():
            return render_template("library/coming.html", opened=opened)
        place = _places(box).get(course, {}).get(activity)
        seconds = place.seconds if place and not place.is_completed else 0
        if session_now().kind == "learner":
            box.learning.opened(session_now().person, course, opened.release.version, activity)
        at = request.args.get("at", "")
        page: dict[str, Any] = {
            "opened": opened,
            "place": place,
            "is_done": place is not None and place.is_completed,
            "following_activity": _following(opened),
        }
        match opened.activity.kind:
            case "video":
                start = second_of(at) or (seconds if seconds >= PLACE_SECONDS_MIN else 0)
                captions = opened.activity.attributes.get("captions", [])
                return render_template("library/video.html", start_seconds=start, captions=captions, **page)
            case "pdf":
                size_bytes = (_tree(box, opened.release) / opened.activity.path).stat().st_size
                return render_template("library/pdf.html", size_bytes=size_bytes, page_number=page_of(at), **page)
            case "html":
                origin, path = _launch(box, opened, path_of(at) or (place.path if place else ""))
                frame_content(origin)
                return render_template("library/frame.html", address=origin + path, **page)
            case _:
                return render_template("library/unknown.html", **page)

    @pages.get("/library/<course>/<activity>/file")
    @require(*READERS)
    @takes(gives=ANYTHING)
    def file(course: str, activity: str) -> ResponseReturnValue:
        opened = _opened(box, course, activity)
        if opened.activity.kind not in ("video", "pdf"):
            abort(404)
        return _file(box, opened.release, opened.activity.path)

    @pages.get("/library/<course>/<activity>/captions/<int:index>")
    @require(*READERS)
    @takes(gives=ANYTHING)
    def captions(course: str, activity: str, index: int) -> ResponseReturnValue:
        opened = _opened(box, course, activity)
        tracks = opened.activity.attributes.get("captions", [])
        return _file(box, opened.release, tracks[index]["path"]) if index < len(tracks) else abort(404)

    return pages


def _opened(box: Box, course: str, activity: str) -> Opened:
    release = box.shelf.release(course) or abort(404)
    return Opened(release, release.activity(activity) or abort(404))


def _tree(box: Box, release: Release) -> Path:
    box.shelf.tree(release.course)  # made now, should a power cut have left it unmade
    return box.shelf.tree_of(release.root)


def _file(box: Box, release: Release, path: str) -> ResponseReturnValue:
    return send_file(_tree(box, release) / path, media_type(path), cache="private")


def _launch(box: Box, opened: Opened, place: str) -> tuple[str, str]:
    """Open the course on its own origin; says that origin, and the path of the page to begin with."""
    release, activity = opened.release, opened.activity
    # A new version may have lost the page where the learner was: then the course begins at its first.
    is_kept = bool(place) and is_safe_path(place) and (_tree(box, release) / place).is_file()
    address = box.launches.open(session_now(), release.course, release.root, activity.id)
    return _origin(box, address), f"/{address.token}/{quote(place if is_kept else activity.path)}"


def _origin(box: Box, address: Address) -> str:
    scheme = "https" if box.config.is_behind_tls else request.scheme
    host = address.host or re.sub(r":\d*\Z", "", request.host)
    return f"{scheme}://{host}:{box.config.content_port_as_seen(address.port)}"


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


def _following(opened: Opened) -> Activity | None:
    """The activity after this one."""
    activities = list(opened.release.activities)
    return next(iter(activities[activities.index(opened.activity) + 1 :]), None)
