"""Refused: why the hub cannot say to a campus what somebody asked for, by kind, and beside which field it belongs.

* The kind is what pages put in their reader's words; the sentence is for commands and logs.
"""

from enum import Enum
from typing import ClassVar

from catalog.fault import CallerFault


class Why(Enum):
    """What stands against it."""

    NAME_MISSING = "name missing"
    NAME_LONG = "name too long"
    CLASS_NAME_TAKEN = "name of the class taken"
    LEARNER_NAME_TAKEN = "name of the learner taken"
    NUMBER_TAKEN = "number taken"
    NO_SUCH_CLASS = "no such class"
    GONE = "not known here any more"
    DECIDED = "decided meanwhile"
    CHANGED = "changed meanwhile"
    TEXT_MISSING = "nothing to announce"
    TEXT_LONG = "text too long"
    DAYS_WRONG = "no number of days"
    NO_SUCH_COURSE = "no such course"
    SETTING_WRONG = "a setting that cannot be"
    SETTINGS_MISSING = "nothing to propose"
    KNOWN_THERE = "known there already"
    NO_CLASS_THERE = "no such class there"


class CampusRefused(CallerFault):
    """What the hub cannot say to a campus. `fields`: where in the form it was asked, if in one place."""

    status_code: ClassVar[int] = 422

    def __init__(self, why: Why, sentence: str, hint: str, *fields: str) -> None:
        super().__init__(sentence, hint)
        self.why = why
        self.fields = fields
