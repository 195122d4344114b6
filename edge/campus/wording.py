"""What the pages say of the campus journal: sentences out of what is known, nothing decided here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from catalog.manifest import words
from catalog.moved import moved_in
from edge.box import Box
from edge.campus.campus import BudgetProposed
from edge.config import Config
from sync.budget.settings import WINDOW
from sync.campus.kinds import Assignment
from sync.campus.ownership import Proposal, Side
from sync.campus.shown import Shown, shown
from sync.web.language import day_near, gettext, language_now


@dataclass(frozen=True, slots=True)
class Task:
    """Something a class should study: its title, where to open it, by when."""

    title: str
    course: str
    activity: str
    note: str
    is_here: bool


def shown_here(box: Box, proposals: Iterable[Proposal]) -> list[Shown]:
    """Proposals in words; those about somebody who is not here any more are left out."""
    classes = {one.id: one.name for one in box.people.classrooms()}
    return shown(proposals, Side.CAMPUS, classes, lambda learner: _learner_name(box, learner))


def tasks(box: Box, assigned: list[Assignment]) -> list[Task]:
    """What is assigned, in words; a course that has not come yet is said too."""
    zone, now_seconds = box.config.zone, box.clock.now().wall_seconds
    return [_task(box, one, zone, now_seconds) for one in assigned]


def settings_words(proposed: BudgetProposed, config: Config) -> list[tuple[str, str, str]]:
    """The settings that the hub proposes, each in words as it is here and as it would be."""
    return [
        (_setting_words(name), _setting_value(name, getattr(config, name)), _setting_value(name, value))
        for name, value in proposed.settings.items()
    ]


def seen_of(proposed: BudgetProposed, config: Config) -> str:
    """What stands here of the settings that the hub would change: goes back with the decision."""
    return ", ".join(f"{name} {getattr(config, name)}" for name in proposed.settings)


def _setting_words(name: str) -> str:
    match name:
        case "night_mb":
            return gettext("In a night")
        case "month_mb":
            return gettext("In a month")
        case "rate_kbit":
            return gettext("At most so fast")
        case _:
            return gettext("Between")


def _setting_value(name: str, value: int | str) -> str:
    if name == WINDOW:
        return str(value)
    if not value:
        return gettext("no limit")
    return gettext("%(num)s kbit/s", num=value) if name == "rate_kbit" else gettext("%(num)s MB", num=value)


def _task(box: Box, one: Assignment, zone: tzinfo, now_seconds: int) -> Task:
    release = box.shelf.release(one.course)
    activity = None
    if release is not None and one.activity:
        activity = release.activity(moved_in(release).get(one.activity, one.activity))
    title = words((activity or release).title, language_now()) if release is not None else one.course
    note = gettext("Comes at night")
    if release is not None:
        note = _due(one.due_seconds, zone, now_seconds)
    return Task(title, one.course, activity.id if activity else "", note, release is not None)


def _due(due_seconds: int, zone: tzinfo, now_seconds: int) -> str:
    if not due_seconds:
        return ""
    said = day_near(datetime.fromtimestamp(due_seconds, zone).date())
    return gettext("It was due by %(day)s", day=said) if due_seconds < now_seconds else gettext("By %(day)s", day=said)


def _learner_name(box: Box, learner: str) -> str:
    person = box.people.person(learner)
    return person.name if person is not None else ""
