"""What commands may ask of a box: the same work whether a running process does it or the command itself."""

from collections.abc import Mapping
from typing import Any

from catalog.manifest import words
from edge.box import Box
from edge.control import Listener, Work
from edge.night import Night
from sync import enrolment
from sync.enrolment import Token

NIGHTS_SHOWN = 7


def works(box: Box) -> Mapping[str, Work]:
    """Each request by its name."""
    return {
        "status": lambda request, listener: status(box),
        "courses": lambda request, listener: courses(box),
        "sync": lambda request, listener: sync(box, listener),
        "enrol": lambda request, listener: enrol(box, request),
    }


def status(box: Box) -> Mapping[str, Any]:
    """How the box is, for whoever stands beside it."""
    hub = box.hub
    return {
        "box": box.id,
        "name": box.config.name,
        "hub": hub.address if hub else "",
        "campus": hub.campus_name if hub else "",
        "is_claimed": box.setup.is_claimed,
        "is_syncing": box.nightly.is_running,
        "is_clock_trusted": box.clock.now().is_trusted,
        "window": box.config.window,
        "next_start_seconds": box.nightly.next_start_seconds(),
        "courses": len(box.shelf.holdings()),
        "free_bytes": box.free_bytes,
        "nights": [night_row(night) for night in box.nights.last(NIGHTS_SHOWN)],
    }


def courses(box: Box) -> Mapping[str, Any]:
    """What is on the shelf."""
    layers = {course: list(names) for course, _, names in box.shelf.holdings()}
    return {
        "courses": [
            {
                "course": release.course,
                "version": release.version,
                "root": release.root,
                "title": words(release.title, box.config.language),
                "languages": list(release.languages),
                "activities": len(release.activities),
                "layers": layers[release.course],
                "size_bytes": release.size_bytes,
            }
            for release in box.shelf.courses()
        ]
    }


def sync(box: Box, listener: Listener) -> Mapping[str, Any]:
    """One session with the hub, now.

    Raises NotEnrolled, AtWork, and the Fault that ended it.
    """
    return night_row(box.nightly.run(listener=listener))


def enrol(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make the box one of the hub's, by a token.

    Raises TokenRefused, EnrolledElsewhere, LinkFault, CallerFault.
    """
    token = Token.parse(request["token"])
    settings = {"hub": request["hub"].rstrip("/")} | ({"name": request["name"]} if request["name"] else {})
    name = box.config.with_changes(settings).name
    with box.open_link(settings["hub"]) as link:
        pin = enrolment.enrol(link, box.keys, token, name, settings["hub"], box.database, box.random_bytes)
    box.change_config(settings)
    return {"box": pin.box, "hub": pin.address, "campus": pin.campus, "campus_name": pin.campus_name}


def night_row(night: Night) -> Mapping[str, Any]:
    """A session as commands print it."""
    return {
        "started_seconds": night.started_seconds,
        "outcome": night.outcome,
        "sentence": night.sentence,
        "hint": night.hint,
        "courses": night.courses,
        "bytes_down": night.bytes_down,
        "bytes_up": night.bytes_up,
        "requests": night.requests,
        "events_up": night.events_up,
        "seconds": night.seconds,
    }
