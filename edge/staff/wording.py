"""The words of the staff page: the verdict and its matters, and how a night went.

* What is judged is judged in `verdict`; here it is only said, whole sentence by whole sentence.
"""

from collections.abc import Sequence

from edge.staff.verdict import Matter
from sync.web.language import gettext, ngettext


def headline(sentences: Sequence[str], is_well: bool) -> str:
    """The verdict: two sentences at most, so that it can be taken in at a glance."""
    if is_well:
        return " ".join([gettext("All is well."), *sentences[:1]])
    return " ".join(sentences[:2])


def said(matter: Matter, number: int) -> str:
    """A matter in words, as it stands in the verdict."""
    match matter:
        case Matter.DISK_LOW:
            return gettext("The disk is nearly full.")
        case Matter.NO_HUB:
            return gettext("This box has no hub yet.")
        case Matter.SILENT:
            return ngettext("Nothing came for %(num)s night.", "Nothing came for %(num)s nights.", number)
        case Matter.LAST_NIGHT_FAILED:
            return gettext("Last night did not work.")
        case Matter.LAST_NIGHT_CUT:
            return gettext("The power went last night.")
        case Matter.CLOCK:
            return gettext("The box does not know what time it is.")
        case Matter.NO_NIGHT_YET:
            return gettext("The first night is still to come.")
        case Matter.MONTH_SPENT:
            return gettext("What may be sent this month is used up.")
        case Matter.LATE:
            return ngettext("One course is late.", "%(num)s courses are late.", number)


def advice(matter: Matter) -> str:
    """What to do about a matter, or what happens by itself."""
    match matter:
        case Matter.DISK_LOW:
            return gettext("New courses may not fit. Take a larger card, or ask the hub to send fewer.")
        case Matter.NO_HUB:
            return gettext("Ask the hub's staff for a token and enrol the box with it.")
        case Matter.SILENT:
            return gettext("Look whether the internet works at night, and ask the provider. All progress is kept here.")
        case Matter.LAST_NIGHT_FAILED:
            return gettext("It is tried again by itself. All progress is kept here until then.")
        case Matter.LAST_NIGHT_CUT:
            return gettext("Nothing is lost; it goes on tonight where it stopped.")
        case Matter.CLOCK:
            return gettext("It will when it has heard from the hub. Until then only progress is sent.")
        case Matter.NO_NIGHT_YET:
            return gettext("Courses come in the night. To have some sooner, begin a session now.")
        case Matter.MONTH_SPENT:
            return gettext(
                "Progress still goes every night. Courses go on next month, or when somebody lends megabytes."
            )
        case Matter.LATE:
            return gettext("The rest comes in the next nights. What is here can be used.")


def outcome_words(outcome: str) -> str:
    """How a night went; "" is a night without a session."""
    return {
        "well": gettext("well"),
        "short": gettext("something had to wait"),
        "failed": gettext("did not work"),
        "cut": gettext("the power went"),
        "begun": gettext("at work"),
        "": gettext("no session"),
    }[outcome]
