"""What a request opened: a release, one of its activities, and the files of both.

* Files are named to the front, never read here.
"""

from dataclasses import dataclass
from pathlib import Path

from flask import abort
from flask.typing import ResponseReturnValue

from catalog.manifest import Activity, Release
from catalog.media import media_type
from edge.learning.progress import Place
from edge.library import rows
from edge.library.house import House
from sync.web.app import send_file


@dataclass(frozen=True, slots=True)
class Opened:
    """What one request is about, and where its learner is in it (None: not begun, or nobody whose place is kept)."""

    release: Release
    activity: Activity
    place: Place | None = None
    at: str = ""
    """Where somebody wants to be led in it, as a search says it; "" for where they were."""

    @property
    def title(self) -> str:
        return rows.title(self.activity)

    @property
    def course_title(self) -> str:
        return rows.course_title(self.release)

    @property
    def following(self) -> Activity | None:
        """The activity after this one."""
        activities = list(self.release.activities)
        return next(iter(activities[activities.index(self.activity) + 1 :]), None)


def opened_of(house: House, course: str, activity: str) -> Opened:
    """The activity of the release that is on the shelf; answers 404 where there is none."""
    release = house.shelf.release(course) or abort(404)
    return Opened(release, release.activity(activity) or abort(404))


def paths_of(activity: Activity) -> list[str]:
    """The files any one of which opens the activity: a film may be here in one of its versions only."""
    versions = activity.attributes.get("renditions", [])
    return [activity.path, *(one["path"] for one in versions if one["path"] != activity.path)]


def is_here(tree: Path, activity: Activity) -> bool:
    """Tell whether something of the activity can be opened."""
    return any((tree / path).is_file() for path in paths_of(activity))


def tree_of(house: House, release: Release) -> Path:
    """The folder of a release's files."""
    house.shelf.tree(release.course)  # made now, should a power cut have left it unmade
    return house.shelf.tree_of(release.root)


def file_answer(house: House, release: Release, path: str, saved_as: str | None = None) -> ResponseReturnValue:
    """One file of a release, sent by the front; `saved_as` has it saved under that name, not shown."""
    return send_file(tree_of(house, release) / path, media_type(path), cache="private", filename=saved_as)
