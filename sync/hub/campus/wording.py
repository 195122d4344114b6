"""What the hub's pages say of a campus: proposals and refusals in words, nothing decided here."""

from collections.abc import Iterable, Sequence

from sync.budget.settings import NUMBERS
from sync.campus.kinds import DAYS_MAX, NAME_LETTERS_MAX, TEXT_LETTERS_MAX
from sync.campus.ownership import Proposal, Side
from sync.campus.shown import Shown, shown
from sync.hub.campus.refused import CampusRefused, Why
from sync.hub.campus.roster import Group
from sync.web.language import gettext


def shown_here(groups: Sequence[Group], proposals: Iterable[Proposal]) -> list[Shown]:
    """Proposals in words; those about somebody who is in no class that is known are left out."""
    names = {one.id: one.name for group in groups for one in group.learners}
    classes = {group.id: group.name for group in groups}
    return shown(proposals, Side.HUB, classes, lambda learner: names.get(learner, ""))


def wrong(refused: CampusRefused) -> dict[str, str]:
    """What stood against it, by the field beside which it belongs; under "" where it belongs to none."""
    return {field: in_words(refused.why, field) for field in refused.fields or ("",)}


def in_words(why: Why, field: str = "") -> str:
    """What stood against it and what to do next, in the reader's language."""
    match why:
        case Why.NAME_MISSING:
            return gettext("Write a name.")
        case Why.NAME_LONG:
            return gettext("This name is too long: %(num)s letters at most.", num=NAME_LETTERS_MAX)
        case Why.CLASS_NAME_TAKEN | Why.LEARNER_NAME_TAKEN:
            return gettext("This name is taken. Add one more word to tell them apart.")
        case Why.NUMBER_TAKEN:
            return gettext("Another learner has this number. Look at the card again, or leave it out.")
        case Why.NO_SUCH_CLASS | Why.NO_CLASS_THERE:
            return gettext("There is no such class any more. Choose another.")
        case Why.GONE:
            return gettext("This class or learner is not known here any more. Open the classes again.")
        case Why.DECIDED:
            return gettext("Somebody has decided this meanwhile. What is still open stands below.")
        case Why.CHANGED:
            return gettext("This has been changed meanwhile. Look at both values again, then decide.")
        case Why.TEXT_MISSING:
            return gettext("Write what the campus should read.")
        case Why.TEXT_LONG:
            return gettext("This is too long: %(num)s letters at most. Say it in fewer words.", num=TEXT_LETTERS_MAX)
        case Why.DAYS_WRONG:
            return gettext("Write a whole number from %(least)s to %(most)s, or nothing.", least=1, most=DAYS_MAX)
        case Why.NO_SUCH_COURSE:
            return gettext("This campus does not get this course. Choose one of its courses.")
        case Why.SETTING_WRONG if field in NUMBERS:
            return gettext("Write a whole number from %(least)s to %(most)s, or nothing.", least=0, most=NUMBERS[field])
        case Why.SETTING_WRONG:
            return gettext("Write two times, as in 01:00-05:00; put a comma between two windows.")
        case Why.SETTINGS_MISSING:
            return gettext("There is nothing to propose yet. Fill in one field at least.")
        case Why.KNOWN_THERE:
            return gettext("This learner is known there already. Choose another campus.")
