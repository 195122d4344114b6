"""Kinds: what may be said to a campus, its limits, and how it is read.

* Everything that a person writes has a limit, the same at both ends.
* What was withdrawn is not read; what has passed is read by nobody after its day.
* What is not as we write it is passed by: a newer hub may say more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from sync.campus.ownership import Word

TEXT_LETTERS_MAX = 1000
"""Of an announcement: what a phone shows without much scrolling."""
NAME_LETTERS_MAX = 60
NUMBER_LETTERS_MAX = 32
DAY_SECONDS = 86_400

FIELDS = {"class": ("name",), "learner": ("name", "student_number", "class")}
"""What of a fact the other side may propose to change."""
JOURNAL_DAYS = "journal_days"
"""The hub's rule how many days a box keeps, event by event, what learners did and the hub has in a backup."""
DAYS_MAX = 3650
"""Of an announcement, of an assignment, and of that rule: ten years."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the hub has to say to a campus, or to one class of it."""

    id: str
    text: str
    until_seconds: int = 0
    """Shown until then; 0: until it is withdrawn."""
    classroom: str = ""
    """"": to everybody, guests too."""

    @classmethod
    def of(cls, word: Word) -> Self | None:
        """None where it was withdrawn."""
        says = word.says
        if word.about != "announcement" or "text" not in says:
            return None
        return cls(word.id, says["text"], says.get("until_seconds", 0), says.get("class", ""))

    def is_current(self, now_seconds: int | None) -> bool:
        """Tell whether it is to be shown now; with a clock that nobody trusts (None), it is."""
        return now_seconds is None or not self.until_seconds or now_seconds < self.until_seconds


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a class should study, and by when."""

    id: str
    classroom: str
    course: str
    activity: str = ""
    """"": the whole course."""
    due_seconds: int = 0
    """0: no day."""

    @classmethod
    def of(cls, word: Word) -> Self | None:
        """None where it is no longer asked for."""
        says = word.says
        if word.about != "assignment" or "course" not in says:
            return None
        return cls(word.id, says["class"], says["course"], says.get("activity", ""), says.get("due_seconds", 0))


def announcements_in(words: Iterable[Word], now_seconds: int | None) -> list[Announcement]:
    """Those that are to be shown now, the newest first."""
    found = [(word.stamp, one) for word in words if (one := Announcement.of(word)) is not None]
    return [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True) if one.is_current(now_seconds)]


def days_ruled(words: Iterable[Word]) -> int | None:
    """How many days events stay on a box by the hub's rule; None where it rules nothing, or nothing that we know."""
    said = max((word for word in words if word.id == JOURNAL_DAYS), key=lambda word: word.stamp, default=None)
    value = "" if said is None else said.says["value"]
    return int(value) if value.isascii() and value.isdecimal() and 1 <= int(value) <= DAYS_MAX else None


def assignments_in(words: Iterable[Word]) -> list[Assignment]:
    """All that is asked for, what is due first in front; without a day last."""
    found = [one for word in words if (one := Assignment.of(word)) is not None]
    return sorted(found, key=lambda one: (one.due_seconds == 0, one.due_seconds, one.id))
