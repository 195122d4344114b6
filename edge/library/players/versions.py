"""Versions: which of a film's or a sound's files are on this box, what they are called, and which one plays first.

* Only what is here is offered; a release without versions has the one that it always had.
* The first to play is the largest that a phone's screen needs; who saves data gets the smallest.
"""

from dataclasses import dataclass
from pathlib import Path

from catalog.manifest import Activity
from sync.web.language import gettext

SMALL_HEIGHT_MAX = 360
MEDIUM_HEIGHT_MAX = 480


@dataclass(frozen=True, slots=True)
class Version:
    """One file that can be played."""

    name: str
    path: str
    kind: str
    height: int
    size_bytes: int


def versions_of(activity: Activity, tree: Path) -> list[Version]:
    """What is here, smallest first."""
    told = [
        Version(one["name"], one["path"], one["kind"], one["height"], one["size_bytes"])
        for one in activity.attributes.get("renditions", [])
    ]
    whole = Version("", activity.path, activity.kind, 0, 0)
    here = [one for one in told or [whole] if (tree / one.path).is_file()]
    return sorted(here, key=lambda one: (one.kind != "audio", one.height, one.size_bytes))


def chosen(versions: list[Version], kind: str, wanted: str, *, saves_data: bool) -> Version:
    """The version to play: the wanted one where it is here."""
    named = [one for one in versions if one.name == wanted]
    seen = [one for one in versions if one.kind == kind] or versions
    fitting = [one for one in seen if one.height <= MEDIUM_HEIGHT_MAX]
    return (named or ([seen[0]] if saves_data or not fitting else [fitting[-1]]))[0]


def name_of(version: Version, kind: str) -> str:
    """What a version is called beside its size."""
    if version.kind == "audio" and kind != "audio":
        return gettext("Only sound")
    if version.kind == "audio":
        return gettext("Large") if version.name == "full" else gettext("Small")
    if version.height <= SMALL_HEIGHT_MAX:
        return gettext("Small")
    return gettext("Medium") if version.height <= MEDIUM_HEIGHT_MAX else gettext("Large")


def path_of(activity: Activity, version: str) -> str:
    """The file of the version of this name; the activity's own without one; "" where there is none of this name."""
    if not version:
        return activity.path
    versions = activity.attributes.get("renditions", [])
    return next((str(one["path"]) for one in versions if one["name"] == version), "")
