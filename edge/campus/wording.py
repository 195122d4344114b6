"""What the pages say of the campus journal: sentences out of what is known, nothing decided here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from catalog.manifest import words
from edge.box import Box
from edge.campus.campus import BudgetProposed
from sync.campus.kinds import Assignment
from sync.campus.ownership import Proposal, Side
from sync.web.language import day_near, gettext, language_now


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal as a page says it: of whom, what it is about, both values; and whether to decide it is up to us."""

    id: str
    who: str
    field: str
    was: str
    value: str
    is_ours: bool
    """This box proposed it: the hub decides."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something a class should study: its title, where to open it, by when."""

    title: str
    course: str
    activity: str
    note: str
    is_here: bool


def shown(box: Box, proposals: list[Proposal]) -> list[Shown]:
    """Proposals in words; those about somebody who is not here any more are left out."""
    classes = {one.id: one.name for one in box.people.classrooms()}
    found = []
    for one in proposals:
        who = classes.get(one.subject, "") if one.about == "class" else _learner_name(box, one.subject)
        if who:
            was, value = (_value(one.field, text, classes) for text in (one.was, one.value))
            found.append(Shown(one.id, who, field_words(one.about, one.field), was, value, one.by is Side.CAMPUS))
    return found


def field_words(about: str, field: str) -> str:
    """What a field of a class or learner is called."""
    match field:
        case "student_number":
            return gettext("Student number")
        case "class":
            return gettext("Class")
        case _:
            return gettext("Name of the class") if about == "class" else gettext("Name")


def tasks(box: Box, assigned: list[Assignment]) -> list[Task]:
    """What is assigned, in words; a course that has not come yet is said too."""
    zone, now_seconds = box.config.zone, box.clock.now().wall_seconds
    return [_task(box, one, zone, now_seconds) for one in assigned]


def settings_words(proposed: BudgetProposed) -> list[tuple[str, str]]:
    """The settings that the hub proposes, each with its value in words."""
    settings: Mapping[str, Any] = proposed.settings
    rows = {
        "night_mb": (gettext("In a night"), gettext("%(num)s MB", num=settings.get("night_mb", 0))),
        "month_mb": (gettext("In a month"), gettext("%(num)s MB", num=settings.get("month_mb", 0))),
        "rate_kbit": (gettext("At most so fast"), gettext("%(num)s kbit/s", num=settings.get("rate_kbit", 0))),
        "window": (gettext("Between"), str(settings.get("window", ""))),
    }
    none = {name for name, value in settings.items() if value == 0}
    return [(label, gettext("no limit") if name in none else said) for name, (label, said) in rows.items()
            if name in settings]  # fmt: skip


def _task(box: Box, one: Assignment, zone: tzinfo, now_seconds: int) -> Task:
    release = box.shelf.release(one.course)
    activity = release.activity(one.activity) if release is not None and one.activity else None
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


def _value(field: str, text: str, classes: Mapping[str, str]) -> str:
    named = classes.get(text, text) if field == "class" else text
    return named or gettext("nothing")


def _learner_name(box: Box, learner: str) -> str:
    person = box.people.person(learner)
    return person.name if person is not None else ""
