"""What the pages say of courses and their activities: words from what is known, nothing decided here."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from flask import url_for

from catalog.manifest import Activity, Release, words
from edge.learning.progress import State
from edge.library.way import Step, Way
from sync.web.language import duration, gettext, language_name, language_now, ngettext, percent, timecode

ICONS = {
    "html": "course", "video": "play", "audio": "sound", "pdf": "page", "epub": "page", "quiz": "ask", "link": "globe",
    "download": "kept", "scorm": "course", "h5p": "course", "cmi5": "course",
    "xapi": "course",
}  # fmt: skip
TIMED = ("video", "audio")
SIGNS = {State.DONE: "done", State.BEGUN: "begun", State.STUCK: "begun", State.TO_COME: ""}


def row(release: Release, step: Step, is_here: bool) -> dict[str, Any]:
    """One activity as a well of the course's channel."""
    activity = step.activity
    bar = step.place.permille if step.place and step.state in (State.BEGUN, State.STUCK) else 0
    return {
        "state": "here" if step.is_here and is_here else SIGNS[step.state],
        "icon": ICONS.get(activity.kind, "files"),
        "title": title(activity),
        "note": gettext(" · ").join([*facts(activity), *filter(None, (where(step), score(step)))]),
        "href": address(release, activity) if is_here else "",
        "value": bar,
        "total": 1000 if bar else 0,
        "end": "" if is_here else gettext("Comes at night"),
    }


def sections(release: Release, steps: Sequence[Step], here: Container[str]) -> list[dict[str, Any]]:
    """The course's way under its headings, in its order: what stands in no section stands under none."""
    found: list[dict[str, Any]] = []
    for step in steps:
        heading = str(step.activity.attributes.get("section", ""))
        if not found or found[-1]["heading"] != heading:
            found.append({"heading": heading, "rows": [], "done": 0, "is_here": False})
        found[-1]["rows"].append(row(release, step, step.activity.id in here))
        found[-1]["done"] += step.state is State.DONE
        found[-1]["is_here"] |= step.is_here
    return found


def next_card(way: Way | None) -> dict[str, Any] | None:
    """The one thing first: where to go on, in which course."""
    if way is None or way.here is None:
        return None
    step = way.here
    return {
        "over": gettext("Next in %(course)s", course=words(way.release.title, language_now())),
        "title": title(step.activity),
        "href": address(way.release, step.activity),
        "action": action(step),
        "tile": way.release.course,
        "note": gettext(" · ").join(facts(step.activity)),
        "icon": ICONS.get(step.activity.kind, "go"),
    }


def first(way: Way) -> dict[str, str] | None:
    """The course's one button: where to go on. A course of one part is called what its part is called."""
    step = way.here
    if step is None:
        return None
    icon = ICONS.get(step.activity.kind, "go")
    name = title(step.activity)
    says = action(step)
    return {
        "says": says if len(way.steps) == 1 else gettext("%(action)s: %(title)s", action=says, title=name),
        "href": address(way.release, step.activity),
        "icon": icon,
    }


def action(step: Step) -> str:
    """What the button says."""
    place = step.place
    if place is None or place.is_completed:
        return gettext("Begin")
    if step.activity.kind in TIMED and place.seconds:
        return gettext("Go on at %(place)s", place=timecode(place.seconds))
    return gettext("Go on")


def where(step: Step) -> str:
    """Where the learner is in it, in a few words."""
    place = step.place
    if place is None or place.is_completed:
        return ""
    if step.activity.kind in TIMED and place.seconds:
        return gettext("you are at %(place)s", place=timecode(place.seconds))
    return gettext("%(share)s seen", share=percent(place.permille)) if place.permille else gettext("begun")


def score(step: Step) -> str:
    """The learner's best result in it, in a few words."""
    return gettext("best result %(share)s", share=percent(step.best_permille)) if step.best_permille is not None else ""


def facts(activity: Activity) -> list[str]:
    """Its kind, and its length where that is known."""
    kinds = {
        "cmi5": gettext("Interactive lesson"),
        "h5p": gettext("Exercise"),
        "html": gettext("Lessons"),
        "video": gettext("Video"),
        "audio": gettext("Sound"),
        "pdf": gettext("Book (PDF)"),
        "epub": gettext("Book"),
        "quiz": gettext("Quiz"),
        "scorm": gettext("Interactive lesson"),
        "xapi": gettext("Interactive lesson"),
        "download": gettext("File"),
        "link": gettext("On the internet"),
    }
    seconds = activity.attributes.get("seconds", 0)
    return [kinds.get(activity.kind, gettext("File")), *([duration(seconds)] if seconds else [])]


def parts_done(way: Way) -> str:
    total = len(way.steps)
    return ngettext("%(done)s of %(num)s part done", "%(done)s of %(num)s parts done", total, done=way.done)


def caption_name(track: Mapping[str, str]) -> str:
    """What captions are called; those that are called by their tag get their language's own name."""
    label, tag = track.get("label", ""), track.get("language", "")
    return language_name(tag) if label in ("", tag) else label


def title(activity: Activity) -> str:
    return words(activity.title, language_now())


def course_title(release: Release) -> str:
    return words(release.title, language_now())


def address(release: Release, activity: Activity) -> str:
    return url_for("library.activity", course=release.course, activity=activity.id)
