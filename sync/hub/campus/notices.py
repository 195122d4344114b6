"""Notices: what the hub has to say to a campus besides its roster. Announcements, assignments, rules, a budget.

* Each is one event of the campus's journal, with an id by which it is taken back.
* What is too long, cannot be, or names what is not there, is refused before anything is said.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

from sync.budget.settings import BUDGET_FIELDS, wanted, wrong_in
from sync.campus.kinds import (
    DAYS_MAX,
    JOURNAL_DAYS,
    TEXT_LETTERS_MAX,
    Announcement,
    Assignment,
    announcements_in,
    assignments_in,
    days_ruled,
)
from sync.campus.ownership import Side
from sync.clock import Clock
from sync.hub import schema
from sync.hub.campus.journals import CampusJournals
from sync.hub.campus.refused import CampusRefused, Why
from sync.hub.campus.words import words_about
from sync.hub.engine import reading, writing

ID_BYTES = 10
DAY_SECONDS = 86_400


class NoticeRefused(CampusRefused):
    """An announcement, an assignment or a proposal for the budget cannot be made so."""


@dataclass(frozen=True, slots=True)
class BudgetSent:
    """The settings of the link that the hub proposed last, and what the campus said: None where nothing yet."""

    settings: Mapping[str, Any]
    is_accepted: bool | None


class Notices:
    """What is announced and assigned."""

    def __init__(
        self, engine: Engine, journals: CampusJournals, clock: Clock, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._engine = engine
        self._journals = journals
        self._clock = clock
        self._random_bytes = random_bytes

    def announcements(self, campus: str) -> list[Announcement]:
        """What is shown there now, the newest first."""
        with reading(self._engine) as connection:
            return announcements_in(words_about(connection, campus, "announcement"), self._clock.now().wall_seconds)

    def assignments(self, campus: str) -> list[Assignment]:
        """What classes of this campus should study, what is due first in front."""
        with reading(self._engine) as connection:
            return assignments_in(words_about(connection, campus, "assignment"))

    def courses(self, campus: str) -> list[str]:
        """The courses that this campus gets."""
        with reading(self._engine) as connection:
            want = schema.want.c
            wanted = select(want.course).where(want.campus == campus, want.withdrawn_seconds.is_(None))
            return list(connection.execute(wanted.order_by(want.course)).scalars())

    def budget_sent(self, campus: str) -> BudgetSent | None:
        with reading(self._engine) as connection:
            words = words_about(connection, campus, "budget", "decision")
        last = max((word for word in words if word.about == "budget"), key=lambda word: word.stamp, default=None)
        if last is None:
            return None
        decided = [word for word in words if word.id == last.id and word.side is Side.CAMPUS]
        is_accepted = decided[0].says["is_accepted"] == 1 if decided else None
        return BudgetSent({name: last.says[name] for name in BUDGET_FIELDS if name in last.says}, is_accepted)

    def announce(self, campus: str, text: str, days: int = 0, classroom: str = "") -> str:
        """Say something to a campus or one class of it, for so many days (0: until withdrawn). Returns its id.

        Raises NoticeRefused.
        """
        text = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
        if not text:
            raise NoticeRefused(
                Why.TEXT_MISSING, "There is nothing to announce.", "Write what the campus should read.", "text"
            )
        if len(text) > TEXT_LETTERS_MAX:
            raise NoticeRefused(
                Why.TEXT_LONG,
                f"This is too long: {TEXT_LETTERS_MAX} letters at most.",
                "Say it in fewer words.",
                "text",
            )
        said: dict[str, Any] = {"announcement": self._new_id(), "text": text}
        if days:
            said["until_seconds"] = self._after(days)
        with writing(self._engine) as connection:
            if classroom:
                _demand_class(connection, campus, classroom)
                said["class"] = classroom
            self._journals.append(connection, campus, "announced", said)
        return str(said["announcement"])

    def withdraw(self, campus: str, announcement: str) -> None:
        """Show an announcement no longer. Withdrawn twice is withdrawn once."""
        with writing(self._engine) as connection:
            known = announcements_in(words_about(connection, campus, "announcement"), None)
            if any(one.id == announcement for one in known):
                self._journals.append(connection, campus, "withdrawn", {"announcement": announcement})

    def assign(self, campus: str, classroom: str, course: str, days: int = 0, activity: str = "") -> str:
        """Ask a class to study a course, or one activity of it, within so many days (0: no day). Returns its id.

        Raises NoticeRefused.
        """
        said: dict[str, Any] = {"assignment": self._new_id(), "class": classroom, "course": course}
        if activity:
            said["activity"] = activity
        if days:
            said["due_seconds"] = self._after(days)
        with writing(self._engine) as connection:
            _demand_class(connection, campus, classroom)
            want = schema.want.c
            wanted = select(want.course).where(
                want.campus == campus, want.course == course, want.withdrawn_seconds.is_(None)
            )
            if connection.execute(wanted).first() is None:
                raise NoticeRefused(
                    Why.NO_SUCH_COURSE,
                    "This campus does not get such a course.",
                    "Choose one of its courses.",
                    "course",
                )
            self._journals.append(connection, campus, "assigned", said)
        return str(said["assignment"])

    def unassign(self, campus: str, assignment: str) -> None:
        """Ask for it no longer. Taken back twice is taken back once."""
        with writing(self._engine) as connection:
            known = assignments_in(words_about(connection, campus, "assignment"))
            if any(one.id == assignment for one in known):
                self._journals.append(connection, campus, "unassigned", {"assignment": assignment})

    def propose_budget(self, campus: str, settings: Mapping[str, Any]) -> None:
        """Propose what the boxes of a campus may spend of their link; their staff decide.

        What a box would not take of its own staff is not proposed. Raises NoticeRefused.
        """
        if not settings:
            raise NoticeRefused(Why.SETTINGS_MISSING, "There is nothing to propose.", "Write at least one setting.")
        if wrong := wrong_in(settings):
            should = "; ".join(f"{name} should be {wanted(name)}" for name in wrong if name in BUDGET_FIELDS)
            raise NoticeRefused(
                Why.SETTING_WRONG, f"A budget cannot be so: {', '.join(wrong)}.", f"Write it anew: {should}.", *wrong
            )
        with writing(self._engine) as connection:
            self._journals.append(connection, campus, "budget", {"proposal": self._new_id(), **settings})

    def days_ruled(self, campus: str) -> int | None:
        """How many days the boxes of a campus keep events by the hub's rule; None: they go by their own setting."""
        with reading(self._engine) as connection:
            return days_ruled(words_about(connection, campus, "policy"))

    def rule_days(self, campus: str, days: int) -> None:
        """Rule how many days the boxes of a campus keep what learners did, event by event; 0 takes the rule back.

        Raises NoticeRefused.
        """
        if not 0 <= days <= DAYS_MAX:
            raise wrong_days(JOURNAL_DAYS)
        with writing(self._engine) as connection:
            own = [word for word in words_about(connection, campus, "policy") if word.id == JOURNAL_DAYS]
            edit = max((word.edit for word in own), default=-1) + 1
            said = {"name": JOURNAL_DAYS, "value": str(days or ""), "edit": edit}
            self._journals.append(connection, campus, "policy", said)

    def tell_of_revoked(self, connection: Connection, campus: str) -> None:
        """Say which boxes of a campus are out of service, each once, in the caller's writing transaction."""
        box, word = schema.box, schema.campus_word
        told = select(word.c.id).where(
            word.c.campus == campus, word.c.about == "box", word.c.id == box.c.id, word.c.side == Side.HUB.value
        )
        gone = select(box.c.id).where(box.c.campus == campus, box.c.revoked_seconds.is_not(None), ~told.exists())
        for name in connection.execute(gone.order_by(box.c.id)).scalars().all():
            self._journals.append(connection, campus, "revoked", {"box": name})

    def _after(self, days: int) -> int:
        if not 0 < days <= DAYS_MAX:
            raise wrong_days()
        return self._clock.now().wall_seconds + days * DAY_SECONDS

    def _new_id(self) -> str:
        return base64.b32encode(self._random_bytes(ID_BYTES)).decode().lower()


def wrong_days(field: str = "days") -> NoticeRefused:
    """What is said where a number of days is none."""
    return NoticeRefused(Why.DAYS_WRONG, f"A number of days is 1 to {DAYS_MAX}.", "Leave it empty for none.", field)


def _demand_class(connection: Connection, campus: str, classroom: str) -> None:
    table = schema.classroom.c
    here = select(table.name).where(table.campus == campus, table.classroom == classroom)
    if connection.execute(here).first() is None:
        raise NoticeRefused(
            Why.NO_SUCH_CLASS, "There is no such class at this campus.", "Choose one of its classes.", "class"
        )
