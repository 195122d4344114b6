"""A film or sound, at the second where the learner was, in the version that the reader chose among those here."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from edge.library.at import second_of
from edge.library.house import House
from edge.library.opened import Opened, tree_of
from edge.library.players.page import player_page
from edge.library.players.versions import Version, chosen, name_of, versions_of

PLACE_SECONDS_MIN = 5
"""Nobody wants to be led back to the first seconds of a film."""


def show(house: House, opened: Opened) -> ResponseReturnValue:
    place = opened.place
    seconds = place.seconds if place is not None and not place.is_completed else 0
    asked_seconds = second_of(opened.at) if opened.at else None
    attributes = opened.activity.attributes
    versions = versions_of(opened.activity, tree_of(house, opened.release))
    saves_data = request.headers.get("Save-Data", "").lower() == "on"
    playing = chosen(versions, opened.activity.kind, request.args.get("play", ""), saves_data=saves_data)
    return player_page(
        "library/video.html",
        opened,
        resumes=asked_seconds is None and seconds >= PLACE_SECONDS_MIN,
        start_seconds=asked_seconds if asked_seconds is not None else seconds if seconds >= PLACE_SECONDS_MIN else 0,
        captions=attributes.get("captions", []),
        chapters=attributes.get("chapters", []),
        has_poster=bool(attributes.get("poster")),
        playing=playing,
        address=_file(opened, playing),
        versions=[_offered(opened, one, playing) for one in versions] if len(versions) > 1 else [],
    )


def _file(opened: Opened, version: Version) -> str:
    name = version.name if version.path != opened.activity.path else None
    return url_for("library.file", course=opened.release.course, activity=opened.activity.id, version=name)


def _offered(opened: Opened, version: Version, playing: Version) -> dict[str, Any]:
    course, activity = opened.release.course, opened.activity
    return {
        "name": name_of(version, activity.kind),
        "size_bytes": version.size_bytes,
        "href": url_for("library.activity", course=course, activity=activity.id, play=version.name),
        "is_playing": version is playing,
    }
