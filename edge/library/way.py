"""A learner's way through the shelf: what is done, where they are, what comes next.

* Decisions only: releases and places in, values out. Words and links are for the pages.
* Places belong to an activity's id, so a new version of a course shows the way as it was.
* What was touched last is offered first; who has begun nothing is offered nothing in particular.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.manifest import Activity, Release
from edge.learning.progress import Place, State, state

Places = Mapping[str, Mapping[str, Place]]
"""By course and activity, as `Learning.places` gives them."""
NO_SCORES: Mapping[str, int | None] = {}


@dataclass(frozen=True, slots=True)
class Step:
    """One activity of a course, and where the learner is in it."""

    activity: Activity
    place: Place | None
    state: State
    is_here: bool = False
    """Whether the course goes on with this one."""
    best_permille: int | None = None
    """The learner's best score in it, in thousandths; None: none yet."""


@dataclass(frozen=True, slots=True)
class Way:
    """One course, step by step."""

    release: Release
    steps: tuple[Step, ...]
    touched_seconds: int
    """When the learner was last here; 0 for never."""

    @property
    def done(self) -> int:
        return sum(step.state is State.DONE for step in self.steps)

    @property
    def wells(self) -> float:
        """Wells filled: a step that is begun counts half, but only behind those that are done."""
        has_begun = any(step.state in (State.BEGUN, State.STUCK) for step in self.steps)
        return self.done + (0.5 if has_begun else 0)

    @property
    def here(self) -> Step | None:
        """The step to go on with; None when all are done."""
        return next((step for step in self.steps if step.is_here), None)

    @property
    def is_begun(self) -> bool:
        return any(step.place is not None for step in self.steps)


def way_of(
    release: Release, places: Mapping[str, Place], now_seconds: int, scores: Mapping[str, int | None] = NO_SCORES
) -> Way:
    """One course as this learner sees it; `scores` are their best in its activities."""
    states = {one.id: state(places.get(one.id), now_seconds) for one in release.activities}
    here = _here(release, places, states)
    steps = tuple(
        Step(one, places.get(one.id), states[one.id], one.id == here, scores.get(one.id)) for one in release.activities
    )
    touched = [places[one.id].at_seconds for one in release.activities if one.id in places]
    return Way(release, steps, max(touched, default=0))


def ways_of(releases: Sequence[Release], places: Places, now_seconds: int) -> list[Way]:
    """Every course, in the order of the shelf."""
    return [way_of(release, places.get(release.course, {}), now_seconds) for release in releases]


def mine(ways: Sequence[Way]) -> list[Way]:
    """The courses that the learner has begun, the latest first."""
    return sorted((way for way in ways if way.is_begun), key=lambda way: -way.touched_seconds)


def next_of(ways: Sequence[Way]) -> Way | None:
    """The course to go on with: the latest that is not finished."""
    return next((way for way in mine(ways) if way.here is not None), None)


def _here(release: Release, places: Mapping[str, Place], states: Mapping[str, State]) -> str:
    """The step begun last; else the first to come after the last one done; else the first that is not done."""
    begun = [one.id for one in release.activities if states[one.id] in (State.BEGUN, State.STUCK)]
    if begun:
        return max(begun, key=lambda one: places[one].at_seconds)
    ids = [one.id for one in release.activities]
    last_done = max((index for index, one in enumerate(ids) if states[one] is State.DONE), default=-1)
    after_then_before = ids[last_done + 1 :] + ids[: last_done + 1]
    return next((one for one in after_then_before if states[one] is not State.DONE), "")
