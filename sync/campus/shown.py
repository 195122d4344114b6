"""Shown: a proposal as the pages of hub and box say it, both in the same words.

* Both values stand side by side: what is proposed, and what is at present; and what it was before, where that changed.
* What whoever decides was shown goes back with the decision: nothing else gives way to it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sync.campus.ownership import Proposal, Side
from sync.web.language import gettext


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal in words: whom it is about, both values, what changed since, and whose it is."""

    id: str
    who: str
    field: str
    now: str
    value: str
    before: str
    """What it was when it was proposed, where it is something else by now; else ""."""
    seen: str
    """What stands there at present, as the owner's fact says it: goes back with the decision."""
    is_ours: bool
    """This side proposed it: the other one decides."""


def shown(
    proposals: Iterable[Proposal], own: Side, classes: Mapping[str, str], learner_name: Callable[[str], str]
) -> list[Shown]:
    """Proposals in the words of side `own`; those about a class or learner that has no name there are left out.

    `classes` are the names of classes by id, `learner_name` gives a learner's, or "".
    """
    found = []
    for one in proposals:
        who = classes.get(one.subject, "") if one.about == "class" else learner_name(one.subject)
        if who:
            was, now, value = (_value(one.field, text, classes) for text in (one.was, one.now, one.value))
            before = was if one.has_changed else ""
            field = _field_words(one.about, one.field)
            found.append(Shown(one.id, who, field, now, value, before, one.now, one.by is own))
    return found


def _value(field: str, text: str, classes: Mapping[str, str]) -> str:
    named = classes.get(text, text) if field == "class" else text
    return named or gettext("nothing")


def _field_words(about: str, field: str) -> str:
    match field:
        case "student_number":
            return gettext("Student number")
        case "class":
            return gettext("Class")
        case _:
            return gettext("Name of the class") if about == "class" else gettext("Name")
