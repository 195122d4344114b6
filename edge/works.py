"""What commands may ask of a box: the same work whether a running process does it or the command itself."""

from collections.abc import Mapping
from typing import Any

from catalog.manifest import words
from edge.box import Box
from edge.control import Listener, Work
from edge.keeping import trust, upkeep
from edge.nights.night import Night
from sync import enrolment
from sync.enrolment import Token

NIGHTS_SHOWN = 7


def works(box: Box) -> Mapping[str, Work]:
    """Each request by its name."""
    return {
        "status": lambda request, listener: status(box),
        "courses": lambda request, listener: courses(box),
        "sync": lambda request, listener: sync(box, request, listener),
        "enrol": lambda request, listener: enrol(box, request),
        "adopt": lambda request, listener: adopt(box, request),
        "carry": lambda request, listener: carry(box, request, listener),
        "doctor": lambda request, listener: doctor(box),
        "logs": lambda request, listener: logs(box, request),
        "find": lambda request, listener: find(box, request),
        "scrub": lambda request, listener: scrub(box, listener),
        "backup": lambda request, listener: backup(box, request),
        "export-learner": lambda request, listener: export_learner(box, request),
        "erase-learner": lambda request, listener: erase_learner(box, request),
        "reset": lambda request, listener: reset(box, request),
        "password": lambda request, listener: password(box, request),
        "lrs-key-new": lambda request, listener: lrs_key(box, request),
        "lrs-key-list": lambda request, listener: lrs_key(box, request),
        "lrs-key-revoke": lambda request, listener: lrs_key(box, request),
    }


def status(box: Box) -> Mapping[str, Any]:
    """How the box is, for whoever stands beside it."""
    # Loaded when somebody asks: the pages need none of it.
    from edge.keeping.wording import alarm_rows
    from edge.nights.outlook import budget_document, forecast_document

    hub = box.hub
    return {
        "box": box.id,
        "name": box.config.name,
        "hub": hub.address if hub else "",
        "campus": hub.campus_name if hub else "",
        "is_claimed": box.setup.is_claimed,
        "birth": box.birth.document(),
        "print": list(box.hardware.now().row()),
        "is_syncing": box.nightly.is_running,
        "is_clock_trusted": box.clock.now().is_trusted,
        "window": box.config.window,
        "next_start_seconds": box.nightly.next_start_seconds(),
        "courses": len(box.shelf.holdings()),
        "free_bytes": box.free_bytes,
        "budget": budget_document(box),
        "forecast": forecast_document(box),
        "scrub": {"rounds": box.scrubbing.scrub.rounds(), "rotten": len(box.scrubbing.scrub.rotten())},
        "alarms": alarm_rows(box),
        "catalogue": trust.document(box),
        "secure": box.secure.document(box.clock.now()),
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


def sync(box: Box, request: Mapping[str, Any], listener: Listener) -> Mapping[str, Any]:
    """One session with the hub, now; with "lend_bytes" under that cap, outside the budget.

    Raises NotEnrolled, AtWork, and the Fault that ended it.
    """
    return night_row(box.nightly.run(listener=listener, lend_bytes=request.get("lend_bytes", 0)))


def enrol(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make the box one of the hub's, by a token.

    Raises TokenRefused, EnrolledElsewhere, LinkFault, CallerFault.
    """
    token = Token.parse(request["token"])
    settings = {"hub": request["hub"].rstrip("/")} | ({"name": request["name"]} if request["name"] else {})
    name = box.config.with_changes(settings).name
    with box.open_link(settings["hub"]) as link:
        try:
            # Whoever brings a token vouches for that hub anew: its signed list is believed from its beginning again.
            pin = enrolment.enrol(
                link, box.keys, token, name, settings["hub"], box.database, box.random_bytes, box.catalogues.forget
            )
        finally:
            box.ledger.book(link.traffic.total_bytes)
    box.change_config(settings)
    return {"box": pin.box, "hub": pin.address, "campus": pin.campus, "campus_name": pin.campus_name}


def adopt(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let the box take the place of another of the hub's, by a short code; what the hub has of that one comes home.

    Raises TokenRefused, NotTheHub, EnrolledElsewhere, LinkFault, CallerFault.
    """
    # Loaded once in the life of a box, if ever.
    from sync import adoption

    code = adoption.Code.parse(request["code"])
    address = box.config.with_changes({"hub": request["hub"].rstrip("/")}).hub
    with box.open_link(address) as link:
        try:
            token = adoption.ask(link, box.keys, code, box.random_bytes)
        finally:
            box.ledger.book(link.traffic.total_bytes)
    return enrol(box, {"token": str(token), "hub": address, "name": request.get("name", "")})


def carry(box: Box, request: Mapping[str, Any], listener: Listener) -> Mapping[str, Any]:
    """Exchange with the hub by hand, over a stick or a file.

    Raises CallerFault, NotEnrolled, AtWork, LetterRefused, StickBroken.
    """
    # Loaded when somebody comes with a stick.
    from edge.carrying.works import carry as carry_by_hand

    return carry_by_hand(box, request, listener)


def password(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give somebody of the staff a new password, or a code. Raises CallerFault."""
    # Loaded when somebody asks.
    from edge.people.works import password as new_password

    return new_password(box, request)


def lrs_key(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make, list or revoke keys of the learning record store. Raises CallerFault."""
    # Loaded when somebody asks.
    from edge.learning.lrs import works as lrs

    match request["do"]:
        case "lrs-key-new":
            return lrs.new(box, request)
        case "lrs-key-list":
            return lrs.listed(box)
        case _:
            return lrs.revoke(box, request)


def scrub(box: Box, listener: Listener) -> Mapping[str, Any]:
    """Read every file of the store again, now."""

    def hear(done_bytes: int, total_bytes: int) -> None:
        listener({"doing": "scrubbing", "name": "", "done_bytes": done_bytes, "total_bytes": total_bytes})

    steps = box.scrubbing.all_now(hear)
    upkeep.said_rotten(box)
    return {
        "files": sum(step.files for step in steps),
        "read_bytes": sum(step.read_bytes for step in steps),
        "found": [one.digest for step in steps for one in step.rotten],
        "rotten": [one.digest for one in box.scrubbing.scrub.rotten()],
    }


def backup(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write a backup of the box. Raises CallerFault, DiskFull, BoxFault."""
    # Loaded when somebody asks, as the two below.
    from edge.keeping import works as keeping

    return keeping.backup(box, request)


def doctor(box: Box) -> Mapping[str, Any]:
    """Examine the box."""
    # Loaded when somebody asks.
    from edge.doctor.works import doctor as examined

    return examined(box)


def logs(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write the report for the hub's staff. Raises CallerFault, DiskFull, BoxFault."""
    from edge.doctor.works import logs as report

    return report(box, request)


def reset(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let the box forget everybody. Raises WouldLose."""
    from edge.keeping import works as keeping

    return keeping.reset(box, request)


def find(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """What learners would find of these words."""
    from edge.library import works as library

    return library.find(box, request)


def export_learner(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Everything of one learner, to a zip. Raises NobodyThere, CallerFault, DiskFull, BoxFault."""
    from edge.keeping import works as keeping

    return keeping.export_learner(box, request)


def erase_learner(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Forget one learner. Raises NobodyThere."""
    from edge.keeping import works as keeping

    return keeping.erase_learner(box, request)


def night_row(night: Night) -> Mapping[str, Any]:
    """A session as commands print it."""
    return {
        "started_seconds": night.started_seconds,
        "lanes": night.lanes,
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
