"""What moved: activities of a former version that a later one has under another id.

* A release says it in its field `moved`, {former id: id}; so places and results of learners live on.
* It says it for every former version at once: a box that comes from long ago needs none of those in between.
* Nothing moves to what is not there, and nothing moves away from what is there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from catalog.fault import CallerFault
from catalog.manifest import Activity, Release

MOVED = "moved"
MOVED_MAX = 10_000


class MoveRefused(CallerFault):
    """An activity cannot be said to have moved so."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update does to a course's activities. `moved` are those that seem to have another id now."""

    gone: tuple[Activity, ...]
    came: tuple[Activity, ...]
    moved: Mapping[str, str]


def moved_in(release: Release) -> dict[str, str]:
    """Under which id the former activities of this course are now; what is no such table is passed by."""
    said = release.extra.get(MOVED)
    if not isinstance(said, dict) or len(said) > MOVED_MAX:
        return {}
    ids = {activity.id for activity in release.activities}
    return {old: new for old, new in said.items() if isinstance(new, str) and new in ids and old not in ids}


def composed(former: Mapping[str, str], moved: Mapping[str, str], ids: Collection[str]) -> dict[str, str]:
    """All that has moved up to a release whose activities are `ids`: what had moved before, and now `moved`.

    >>> composed({"a": "b", "x": "y"}, {"b": "c"}, {"c", "y"})
    {'a': 'c', 'b': 'c', 'x': 'y'}
    """
    both = {old: moved.get(new, new) for old, new in former.items()} | dict(moved)
    return {old: both[old] for old in sorted(both) if both[old] in ids and old not in ids}


def inverse(moved: Mapping[str, str]) -> dict[str, str]:
    """The way back. Of several that came together, the first by name gets the place.

    >>> inverse({"b": "c", "a": "c"})
    {'c': 'a'}
    """
    back: dict[str, str] = {}
    for old, new in sorted(moved.items()):
        back.setdefault(new, old)
    return back


def way_back(present: Release, former: Release) -> dict[str, str]:
    """What moves where a former release comes into use again in the place of the present one."""
    ids = {activity.id for activity in former.activities}
    back = {new: old for new, old in inverse(moved_in(present)).items() if old in ids}
    return composed(moved_in(former), back, ids)


def changes(former: Release, activities: Collection[Activity]) -> Changes:
    """Compare the activities of two versions.

    One that went and one that came are taken for the same where both open one file, or have one kind and title.
    """
    here = {activity.id for activity in activities}
    known = {activity.id for activity in former.activities}
    gone = tuple(activity for activity in former.activities if activity.id not in here)
    came = tuple(activity for activity in activities if activity.id not in known)
    moved: dict[str, str] = {}
    for alike in (_opens_the_same, _is_called_the_same):
        for old in gone:
            left = [new for new in came if new.id not in moved.values()]
            found = [new for new in left if alike(old, new)]
            if old.id not in moved and len(found) == 1:
                moved[old.id] = found[0].id
    return Changes(gone, came, moved)


def demand_moves(moved: Mapping[str, str], former: Release, ids: Collection[str]) -> None:
    """Raises MoveRefused where something moves that never was, that is still there, or to what is not there."""
    known = {activity.id for activity in former.activities} | moved_in(former).keys()
    for old, new in moved.items():
        if old not in known or old in ids:
            raise MoveRefused(
                f"{old} is no activity of the former version that went.",
                f"Those that went: {', '.join(sorted(known - set(ids))) or 'none'}.",
            )
        if new not in ids:
            raise MoveRefused(
                f"{new} is no activity of the new version.", f"Those that are in it: {', '.join(sorted(ids))}."
            )


def _opens_the_same(old: Activity, new: Activity) -> bool:
    return old.kind == new.kind and old.path.partition("/")[2] == new.path.partition("/")[2] != ""


def _is_called_the_same(old: Activity, new: Activity) -> bool:
    return old.kind == new.kind and any(new.title.get(language) == words for language, words in old.title.items())
