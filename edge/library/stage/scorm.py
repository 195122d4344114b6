"""The scene of a SCORM package: the list of its parts, the runtime, and what is there from before.

* The runtime finds its data in the page: nothing has to be asked for before a part may start.
"""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from catalog.manifest import words
from edge.learning.packages.states import SHARED, Kept, Sitting
from edge.library.house import House
from edge.library.stage import files
from edge.library.stage.launched import Launched
from sync.web.language import direction, gettext, language_now

MARK_LETTERS = 24
GIVEN_BYTES_MAX = 512 << 10
"""States of parts that the page brings along; those of further parts are asked for when they are opened."""


def scene(found: Launched) -> dict[str, Any]:
    """What the page is made of."""
    play = found.play()
    is_2004 = play.get("version") == "2004"
    folder = found.activity.path.partition("/")[0]
    title = words(found.activity.title, language_now())
    runtime = files.player("scorm-again", "scorm2004.min.js" if is_2004 else "scorm12.min.js")
    return {
        "title": title,
        "language": language_now(),
        "direction": direction(language_now()),
        "runtime": runtime,
        "has_list": _count(found) > 1,
        "scene": {
            "version": "2004" if is_2004 else "1.2",
            "id": str(play.get("id", "")),
            "title": title,
            "parts": _parts(play.get("parts"), f"/{found.token}/{quote(folder)}/"),
            "sequencing": play.get("sequencing") if is_2004 else None,
            **of_sitting(found, found.sit_down(_count(found))),
        },
    }


def of_sitting(found: Launched, sitting: Sitting) -> dict[str, Any]:
    """What every player is told of whoever sits there: who it is, what is kept, and the words it may need."""
    keeper = found.keeper
    person = keeper.people.person(found.learner) if keeper is not None else None
    study = (found.learner, found.launch.course)
    given_bytes = 0
    states: dict[str, str] = {}
    for name, kept in sorted(sitting.parts.items(), key=lambda one: one[0] != SHARED):
        if given_bytes + len(kept.state) <= GIVEN_BYTES_MAX or name == SHARED:
            states[name] = kept.state
            given_bytes += len(kept.state)
    return {
        "learner": {"id": found.learner or "guest", "name": person.name if person else gettext("Guest")},
        "language": language_now(),
        "sitting": sitting.number,
        "states": states,
        "kept": {name: _mark(kept) for name, kept in sitting.parts.items()},
        "course": _name(found.house, found.launch.course),
        # A guest's storage is never the next one's: it is emptied whenever a guest sits down.
        "owner": _name(found.house, *study) if found.learner else "",
        "registration": _name(found.house, *study, found.activity.id) if found.learner else "",
        "words": {
            "waiting": gettext("Your work is kept in this phone; it is sent when the box is near again."),
            "ended": gettext("This page is no longer yours to send from. Load it again; what you did waits here."),
            "done": gettext("finished"),
            "begun": gettext("begun"),
            "locked": gettext("Comes after the parts before it."),
            "choose": gettext("Choose a part."),
            **_endings(is_kept=keeper is not None),
        },
    }


def _endings(*, is_kept: bool) -> dict[str, str]:
    if not is_kept:
        return {"closed": gettext("This part is closed."), "over": gettext("You have come to the end.")}
    return {
        "closed": gettext("This part is closed, and what you did is kept."),
        "over": gettext("You have come to the end. What you did is kept."),
    }


def _mark(kept: Kept) -> dict[str, Any]:
    standing = kept.standing
    return {
        "sitting": kept.sitting,
        "number": kept.number,
        "is_completed": standing.is_completed,
        "is_passed": standing.is_passed,
        "progress": standing.progress_permille,
    }


def _parts(parts: Any, base: str) -> list[dict[str, Any]]:
    """The tree of parts, with the address of each that opens something."""
    told: list[dict[str, Any]] = []
    for one in parts if isinstance(parts, list) else []:
        if not isinstance(one, Mapping) or not isinstance(one.get("id"), str):
            continue
        part = {name: value for name, value in one.items() if name not in ("path", "suffix", "parts")}
        if isinstance(one.get("path"), str):
            part["address"] = base + quote(one["path"]) + str(one.get("suffix", ""))
        part["parts"] = _parts(one.get("parts"), base)
        told.append(part)
    return told


def _count(found: Launched) -> int:
    parts = found.activity.attributes.get("parts", 1)
    return parts if isinstance(parts, int) else 1


def _name(house: House, *parts: str) -> str:
    """A name that tells apart and tells nothing: browsers keep it beside what is not sent yet."""
    return hmac.digest(house.id.encode(), "\n".join(parts).encode(), "sha256").hex()[:MARK_LETTERS]
