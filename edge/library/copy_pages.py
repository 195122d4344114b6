"""Copying a copy on a phone: what there is for an activity, and the file itself.

* The size is said before anything is fetched; where nothing may be kept, why not is said.
* Files are named to the front, never read here.
"""

from typing import Any

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue

from catalog.copying import Copying, copying
from catalog.manifest import Activity, Release, words
from edge.library.books import WHOLE, part_of
from edge.library.copies import Copy, copies
from edge.library.house import House
from sync.web.app import require, send_file
from sync.web.language import gettext, language_now
from sync.web.takes import ANYTHING, takes

READERS = ("learner", "guest", "teacher", "staff")


def blueprint(house: House) -> Blueprint:
    """What there is to keep, for the application of a box, or of a hub with drafts."""
    pages = Blueprint("copy", __name__)

    def offer(release: Release, activity: Activity) -> dict[str, Any]:
        """For a page: the files to keep, or why there are none."""
        found = copies_of(house, release, activity)
        return {"files": [_shown(release, activity, number, one) for number, one in enumerate(found)],
                "why_not": "" if found else _why_not(copying(release))}  # fmt: skip

    pages.add_app_template_global(offer, "copies_of")
    pages.add_app_template_global(lambda release: part_of(release, WHOLE), "whole_course")

    @pages.get("/library/<course>/<activity>/copy/<int:which>")
    @require(*READERS)
    @takes(gives=ANYTHING)
    def fetch(course: str, activity: str, which: int) -> ResponseReturnValue:
        release = house.shelf.release(course) or abort(404)
        found = part_of(release, activity) or abort(404)
        here = copies_of(house, release, found)
        return copy_answer(found, here[which]) if which < len(here) else abort(404)

    return pages


def copies_of(house: House, release: Release, activity: Activity) -> list[Copy]:
    """The files that somebody may keep of an activity on the shelf."""
    return copies(release, activity, house.shelf.tree_of(release.root), house.books)


def copy_answer(activity: Activity, one: Copy) -> ResponseReturnValue:
    """The file, to be saved under the activity's name."""
    name = f"{words(activity.title, language_now())}{one.path.suffix}"
    return send_file(one.path, one.media_type, cache="private", filename=name)


def _shown(release: Release, activity: Activity, number: int, one: Copy) -> dict[str, Any]:
    return {
        "says": _says(one),
        "size_bytes": one.size_bytes,
        "href": url_for("copy.fetch", course=release.course, activity=activity.id, which=number),
    }


def _says(one: Copy) -> str:
    match one.kind:
        case "film" if one.height:
            return gettext("Film, %(height)sp", height=one.height)
        case "film":
            return gettext("Film")
        case "sound":
            return gettext("Sound only")
        case "book":
            return gettext("Book (EPUB)")
        case _:
            return gettext("Book (PDF)")


def _why_not(said: Copying) -> str:
    match said:
        case Copying.FORBIDDEN:
            return gettext("Its publisher does not allow copies on phones.")
        case Copying.RESERVED:
            return gettext("Its licence does not allow copies on phones.")
        case Copying.UNSAID:
            return gettext("It has no licence that would allow copies on phones.")
        case _:
            return ""
