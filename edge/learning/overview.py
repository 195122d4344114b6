"""The overview: how a class is doing, course by course, and who is stuck.

* Decisions only: learners, releases and places in, rows out.
* A course appears once somebody of the class has begun it, the latest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.manifest import Activity, Release
from edge.learning.progress import Place, State, course_permille, state
from edge.people.people import Person

COURSES_SHOWN_MAX = 12
STUCK_SHOWN_MAX = 20

Places = Mapping[str, Mapping[str, Place]]
"""By course and activity."""


@dataclass(frozen=True, slots=True)
class CourseProgress:
    """One learner in one course."""

    release: Release
    states: tuple[State, ...]
    """Activity by activity, in the order of the course."""
    permille: int
    at_seconds: int
    """When the learner was last here; 0 for never."""

    @property
    def done(self) -> int:
        return sum(one is State.DONE for one in self.states)

    @property
    def wells(self) -> float:
        """Wells filled, for the channel; one that is begun counts half."""
        return self.done + (0.5 if State.BEGUN in self.states or State.STUCK in self.states else 0)

    @property
    def is_begun(self) -> bool:
        return any(one is not State.TO_COME for one in self.states)


@dataclass(frozen=True, slots=True)
class Row:
    """One learner's line in the class table; None for a course not begun."""

    learner: Person
    courses: tuple[CourseProgress | None, ...]


@dataclass(frozen=True, slots=True)
class Stuck:
    """A learner who opened something again and again, or left it a week ago, without moving on."""

    learner: Person
    release: Release
    activity: Activity
    place: Place


@dataclass(frozen=True, slots=True)
class Overview:
    """A class at a glance."""

    courses: tuple[Release, ...]
    rows: tuple[Row, ...]
    stuck: tuple[Stuck, ...]


def progress_in(release: Release, places: Mapping[str, Place], now_seconds: int) -> CourseProgress:
    """How far one learner is in one course."""
    ids = [activity.id for activity in release.activities]
    return CourseProgress(
        release,
        tuple(state(places.get(one), now_seconds) for one in ids),
        course_permille(ids, places),
        max((places[one].at_seconds for one in ids if one in places), default=0),
    )


def progress_of(releases: Sequence[Release], places: Places, now_seconds: int) -> list[CourseProgress]:
    """The courses that one learner has begun, the latest first."""
    rows = [progress_in(release, places.get(release.course, {}), now_seconds) for release in releases]
    return sorted((row for row in rows if row.is_begun), key=lambda row: -row.at_seconds)


def overview_of(
    learners: Sequence[Person], releases: Sequence[Release], places: Mapping[str, Places], now_seconds: int
) -> Overview:
    """The class in the order of its names."""
    courses = _begun(releases, places)
    rows = []
    for learner in learners:
        own = places.get(learner.id, {})
        cells = tuple(
            progress_in(release, own[release.course], now_seconds) if release.course in own else None
            for release in courses
        )
        rows.append(Row(learner, cells))
    return Overview(courses, tuple(rows), _stuck(learners, releases, places, now_seconds))


def _begun(releases: Sequence[Release], places: Mapping[str, Places]) -> tuple[Release, ...]:
    latest: dict[str, int] = {}
    for own in places.values():
        for course, activities in own.items():
            at_seconds = max(place.at_seconds for place in activities.values())
            latest[course] = max(latest.get(course, 0), at_seconds)
    begun = [release for release in releases if release.course in latest]
    return tuple(sorted(begun, key=lambda release: -latest[release.course])[:COURSES_SHOWN_MAX])


def _stuck(
    learners: Sequence[Person], releases: Sequence[Release], places: Mapping[str, Places], now_seconds: int
) -> tuple[Stuck, ...]:
    found = [
        Stuck(learner, release, activity, own[activity.id])
        for learner in learners
        for release in releases
        if (own := places.get(learner.id, {}).get(release.course))
        for activity in release.activities
        if activity.id in own and state(own[activity.id], now_seconds) is State.STUCK
    ]
    return tuple(sorted(found, key=lambda one: -one.place.at_seconds)[:STUCK_SHOWN_MAX])
