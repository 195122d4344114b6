"""Campuses and boxes: how the fleet is, how learners get on, and tokens for new boxes."""

from typing import TYPE_CHECKING

import segno
from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from catalog.fault import CallerFault
from catalog.manifest import Release, words
from sync.campus.ownership import Side
from sync.hub.fleet import Campus, NoSuchCampus
from sync.hub.keeping.alarms import THE_HUB
from sync.hub.overview import verdict_of
from sync.hub.progress import Line, activity_title
from sync.token_batch import SUFFIX, TOKENS_MAX
from sync.web.app import require, session_now
from sync.web.language import NAMES, gettext, language_now, plain_digits, timecode
from sync.web.takes import OCTETS, takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

BATCH_DAYS = 180
"""How long the tokens of a batch are good: time to make the cards, and to bring them to where they start."""


def create_pages(hub: "Hub") -> Blueprint:
    """The pages about campuses."""
    pages = Blueprint("campuses", __name__, template_folder="../templates")
    pages.add_app_template_filter(lambda text: words(text, language_now()), "words")

    @pages.get("/")
    @require("staff")
    def fleet() -> str:
        return render_template("hub/fleet.html", **_fleet(hub))

    @pages.post("/campuses")
    @require("staff")
    @takes("name")
    def make_campus() -> Response | tuple[str, int]:
        try:
            campus = hub.fleet.campus_called(request.form.get("name", ""))
        except CallerFault:
            error = gettext("Write the name by which its people know it.")
            return render_template("hub/fleet.html", **_fleet(hub), error=error), 422
        return redirect(f"/campuses/{campus.id}", 303)

    @pages.get("/campuses/<campus_id>")
    @require("staff")
    def campus(campus_id: str) -> str:
        one = asked_for(hub, campus_id)
        return render_template(
            "hub/campus.html",
            campus=one,
            lines=hub.overview.boxes(one.id),
            courses=_courses(hub, one),
            learners=hub.progress.learner_count(one.id),
            proposals=sum(proposal.by is Side.CAMPUS for proposal in hub.roster.proposals(one.id)),
            tokens=hub.fleet.open_tokens(one.id),
            read_there=hub.publishing.languages_of(one.id),
            languages=sorted(NAMES.items(), key=lambda named: named[1]),
        )

    @pages.post("/campuses/<campus_id>/tokens")
    @require("staff")
    def make_token(campus_id: str) -> str:
        one = asked_for(hub, campus_id)
        token = str(hub.fleet.make_token(one))
        hub.keeping.note(session_now().person, "token", campus=one.id)
        picture = segno.make(token, error="m").svg_data_uri(scale=6, border=4, dark="#000", light="#fff")
        address = _address()
        return render_template("hub/token.html", campus=one, token=token, picture=picture, address=address)

    @pages.post("/campuses/<campus_id>/batches")
    @require("staff")
    @takes("count", gives=OCTETS)
    def make_batch(campus_id: str) -> Response:
        one = asked_for(hub, campus_id)
        batch = hub.fleet.make_batch(one, _count(request.form.get("count", "")), BATCH_DAYS, _address())
        hub.keeping.note(session_now().person, "token-batch", campus=one.id, batch=batch.id)
        answer = Response(batch.to_bytes(hub.keys), content_type=OCTETS)
        answer.headers["Content-Disposition"] = f"attachment; filename={batch.id}{SUFFIX}"
        return answer

    @pages.post("/campuses/<campus_id>/languages")
    @require("staff")
    @takes("language")
    def languages(campus_id: str) -> Response:
        one = asked_for(hub, campus_id)
        hub.publishing.subscribe(one.id, [tag for tag in request.form.getlist("language") if tag in NAMES])
        hub.keeping.note(session_now().person, "languages-chosen", campus=one.id)
        return redirect(f"/campuses/{one.id}", 303)

    @pages.post("/boxes/<box_id>/revoke")
    @require("staff")
    def revoke(box_id: str) -> Response:
        campus_id = hub.fleet.revoke(box_id)
        hub.keeping.note(session_now().person, "revoked", box=box_id)
        return redirect(f"/campuses/{campus_id}", 303)

    return pages


def asked_for(hub: "Hub", campus_id: str) -> Campus:
    """The campus of an address. Raises NoSuchCampus, in the reader's words."""
    try:
        return hub.fleet.campus(campus_id)
    except NoSuchCampus as fault:
        raise NoSuchCampus(
            gettext("There is no such campus here."), gettext("Open the list of campuses and choose one.")
        ) from fault


def _address() -> str:
    """The hub's own address, as this browser reached it."""
    return request.host_url.rstrip("/")


def _count(text: str) -> int:
    """A number as it was typed, in the digits of any script. Raises CallerFault."""
    digits = plain_digits(text.strip())
    if not (digits.isascii() and digits.isdecimal() and 0 < len(digits) <= 4 and 1 <= int(digits) <= TOKENS_MAX):
        raise CallerFault(
            gettext("The number of boxes is not between 1 and %(most)s.", most=TOKENS_MAX),
            gettext("Go back, and write a number."),
        )
    return int(digits)


def _fleet(hub: "Hub") -> dict[str, object]:
    """What the page of all campuses shows."""
    campuses = hub.overview.campuses()
    alarms = hub.keeping.alarms.standing(hub.clock.now().wall_seconds).get(THE_HUB, [])
    return {"campuses": campuses, "alarms": alarms, "verdict": verdict_of(campuses, alarms).value}


def _courses(hub: "Hub", campus: Campus) -> list[dict[str, object]]:
    """Each course that learners of this campus are at, ready to be laid out as a table."""
    shown: list[dict[str, object]] = []
    for course, lines in hub.progress.of_campus(campus.id).items():
        release = hub.catalog.releases.latest(course)
        title = words(release.title, language_now()) if release is not None else course
        rows = [_row(release, line) for line in lines]
        shown.append({"course": course, "title": title, "rows": rows})
    return shown


def _row(release: Release | None, line: Line) -> dict[str, object]:
    activities = release.activities if release is not None else ()
    latest = line.latest
    place = words(activity_title(release, latest.activity), language_now())
    if latest.seconds:
        place = gettext("%(activity)s, at %(time)s", activity=place, time=timecode(latest.seconds))
    return {
        "name": line.learner.name or gettext("a learner whose name has not come yet"),
        "classroom": line.learner.classroom,
        "permille": line.permille_of(activities) if activities else latest.permille,
        "completed": line.completed_of(activities),
        "activities": len(activities),
        "place": place,
        "active_seconds": line.active_seconds or None,
    }
