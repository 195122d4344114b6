"""In the midst: what an update does to a course's activities, and how many learners of each campus it would meet there.

* Counts and no names: a publisher sees how many, and the campus knows who.
* Nothing is counted where nothing goes away: an activity that stays keeps everybody's place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from catalog.manifest import Activity, Release
from catalog.moved import Changes, changes
from sync.hub import schema
from sync.hub.engine import reading


@dataclass(frozen=True, slots=True)
class Met:
    """How many learners of a campus are in an activity: begun and not finished, and finished."""

    campus: str
    begun: int
    finished: int


@dataclass(frozen=True, slots=True)
class Update:
    """What an update does. `met` is by the id of the former activity that went."""

    former: Release
    changes: Changes
    met: Mapping[str, Sequence[Met]]

    def document(self, moved: Mapping[str, str]) -> dict[str, object]:
        return {
            "from_version": self.former.version,
            "went": [self._row(activity, moved) for activity in self.changes.gone],
            "came": [activity.id for activity in self.changes.came],
        }

    def _row(self, activity: Activity, moved: Mapping[str, str]) -> dict[str, object]:
        met = self.met.get(activity.id, ())
        learners = {one.campus: {"begun": one.begun, "finished": one.finished} for one in met}
        return {"id": activity.id, "moves_to": moved.get(activity.id), "learners": learners}


def update_of(engine: Engine, former: Release, activities: Sequence[Activity]) -> Update:
    """What `activities` in the place of a former release's would do."""
    found = changes(former, activities)
    return Update(former, found, _met(engine, former.course, [activity.id for activity in found.gone]))


def _met(engine: Engine, course: str, gone: Sequence[str]) -> dict[str, list[Met]]:
    if not gone:
        return {}
    progress, campus = schema.progress, schema.campus
    finished = func.sum(progress.c.is_completed)
    query = (
        select(progress.c.activity, campus.c.name, func.count().label("learners"), finished.label("finished"))
        .join(campus, campus.c.id == progress.c.campus)
        .where(progress.c.course == course, progress.c.activity.in_(gone))
        .group_by(progress.c.activity, campus.c.name)
        .order_by(progress.c.activity, campus.c.name)
    )
    met: dict[str, list[Met]] = {}
    with reading(engine) as connection:
        for row in connection.execute(query):
            done = int(row.finished or 0)
            met.setdefault(row.activity, []).append(Met(row.name, row.learners - done, done))
    return met
