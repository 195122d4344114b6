"""Progress: from where a learner was and what they did to where they are, and what is worth telling.

* Decisions only: values in, values out.
* Progress never goes back, a finished activity stays finished; the place itself goes wherever the learner goes.
* A film is finished when nine tenths are seen; a lesson or a book when its reader says so.
* The hub hears of each new page, and of a film each twentieth: enough for a teacher, little enough for the link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from sync.clock import TRUSTED_SINCE_SECONDS

PERMILLE = 1000
SEEN_PERMILLE = 900
"""Of a film: closing words need not be sat through."""

TOLD_PERMILLE = 50
STUCK_OPENINGS = 4
STUCK_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Place:
    """Where one learner is in one activity of a course."""

    learner: str
    course: str
    activity: str
    version: int
    """Of the course, when the learner was last there; 0 before the first time."""
    path: str = ""
    seconds: int = 0
    permille: int = 0
    openings: int = 0
    """How often it was opened since it last moved on."""
    at_seconds: int = 0
    completed_seconds: int | None = None

    @property
    def is_completed(self) -> bool:
        return self.completed_seconds is not None


class State(Enum):
    """The four signs of the channel."""

    TO_COME = "to come"
    BEGUN = "begun"
    STUCK = "stuck"
    DONE = "done"


def opened(place: Place, version: int, path: str, now_seconds: int) -> Place:
    return replace(place, version=version, path=path or place.path, openings=place.openings + 1, at_seconds=now_seconds)


def page_seen(place: Place, version: int, path: str, pages_seen: int, pages_total: int, now_seconds: int) -> Place:
    """The learner is on this page now; pages seen once count for good."""
    share = permille(pages_seen, pages_total)
    return _moved(replace(place, version=version, path=path, at_seconds=now_seconds), share)


def second_seen(place: Place, version: int, seconds: int, duration_seconds: int, now_seconds: int) -> Place:
    """The film is at this second; nine tenths of it finish it."""
    share = permille(seconds, duration_seconds)
    moved = _moved(replace(place, version=version, seconds=seconds, at_seconds=now_seconds), share)
    return completed(moved, version, now_seconds) if share >= SEEN_PERMILLE else moved


def share_seen(place: Place, version: int, permille: int, now_seconds: int) -> Place:
    """The activity itself says how far it was studied."""
    share = min(PERMILLE, max(0, permille))
    return _moved(replace(place, version=version, at_seconds=now_seconds), share)


def completed(place: Place, version: int, now_seconds: int) -> Place:
    if place.is_completed:
        return place
    done = replace(place, version=version, permille=PERMILLE, at_seconds=now_seconds, completed_seconds=now_seconds)
    return replace(done, openings=0)


def is_worth_telling(before: Place, after: Place) -> bool:
    """Tell whether the hub should hear of this move: another page, a twentieth more, or the first step."""
    if after.path != before.path:
        return True
    is_first_step = before.version == 0
    return is_first_step or after.permille // TOLD_PERMILLE > before.permille // TOLD_PERMILLE


def permille(part: int, whole: int) -> int:
    """The share in thousandths, between 0 and 1000; of nothing it is 0."""
    return min(PERMILLE, max(0, part) * PERMILLE // whole) if whole > 0 else 0


def course_permille(activities: Sequence[str], places: Mapping[str, Place]) -> int:
    """How far a learner is in a course: the mean over its activities, each as long as the other."""
    shares = [places[one].permille for one in activities if one in places]
    return sum(shares) // len(activities) if activities else 0


def state(place: Place | None, now_seconds: int) -> State:
    """The sign for one activity. Stuck is opened again and again, or left for a week, without moving on.

    A book has no pages that we could count: opening it often is reading it. Who has seen all there is, is not stuck.
    """
    if place is None:
        return State.TO_COME
    if place.is_completed:
        return State.DONE
    is_left = place.at_seconds >= TRUSTED_SINCE_SECONDS and now_seconds - place.at_seconds >= STUCK_SECONDS
    goes_round = place.permille > 0 and place.openings >= STUCK_OPENINGS
    is_stuck = place.permille < PERMILLE and (goes_round or is_left)
    return State.STUCK if is_stuck else State.BEGUN


def _moved(place: Place, share: int) -> Place:
    if share <= place.permille:
        return place
    return replace(place, permille=share, openings=0)
