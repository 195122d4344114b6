"""The words of alarms: what happened, sentence by sentence, and what to do, or that nothing is to be done."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edge.keeping.alarms import Alarm, Kind
from edge.keeping.rot import Rot, rot_of
from sync.web.language import gettext, ngettext, when

if TYPE_CHECKING:
    from edge.box import Box


def sentence(alarm: Alarm) -> str:
    """What happened."""
    match alarm.kind:
        case "card-cloned":
            return gettext("Another machine speaks to the hub as this box.")
        case "journal-damaged":
            return gettext("The card has damaged what was written in the journal.")
        case "card-restored":
            return _restored(alarm.numbers.get("events", 0))
        case "hub-rewound-journal":
            return gettext("The hub was put back to an older state, and has told other things since.")
        case "hub-restored":
            events = alarm.numbers.get("events", 0)
            return ngettext(
                "The hub was restored from a backup; %(num)s step of progress is sent again.",
                "The hub was restored from a backup; %(num)s steps of progress are sent again.",
                events,
            )
        case "scrub-found":
            files = alarm.numbers.get("files", 0)
            return ngettext(
                "The card did not keep %(num)s file of the courses as it was; it was taken off.",
                "The card did not keep %(num)s files of the courses as they were; they were taken off.",
                files,
            )
        case "clock-replaced":
            days = alarm.numbers.get("days", 0)
            return ngettext(
                "The clock of the box is wrong by about %(num)s day.",
                "The clock of the box is wrong by about %(num)s days.",
                days,
            )
        case "catalogue-expired":
            if until_seconds := alarm.numbers.get("until_seconds"):
                return gettext(
                    "The hub's list of courses has run out. New ones are still taken until %(day)s.",
                    day=when(until_seconds),
                )
            return gettext("The hub's list of courses is too old to be trusted for new ones.")
        case "hardware-changed":
            return gettext("This box runs from another card than before, or from a copy of it in another machine.")
        case "machine-changed":
            return gettext("The card of this box was put in another machine.")
        case "token-refused":
            return gettext("The hub does not take the token that was put on this box's card.")
        case "seed-refused":
            return gettext("The seed on this box's card cannot be used.")


def hint(alarm: Alarm, rot: Rot | None = None) -> str:
    """What to do about it; `rot` is what of the courses is not back yet, as far as somebody looked."""
    match alarm.kind:
        case "card-cloned":
            return gettext(
                "Look whether a copy of this card runs elsewhere, and switch one of the two off. "
                "Nothing is lost: the hub keeps both histories apart."
            )
        case "journal-damaged":
            return gettext("Let the box sync, make a backup if it still can, and replace the card soon.")
        case "card-restored":
            return gettext("Nothing is to be done: what is missing is exchanged with the hub by itself.")
        case "hub-rewound-journal":
            return gettext("Nothing is to be done here; the hub's staff see it too. What was known here is given back.")
        case "hub-restored":
            return gettext("Nothing is to be done: it goes along with the next sessions by itself.")
        case "scrub-found":
            return _fetched_again(rot)
        case "clock-replaced":
            return gettext("Sync with the hub, which knows the time. The battery of the clock may be empty.")
        case "catalogue-expired":
            return gettext("What is here can be used as before. Let the box sync, or carry a newer list on a stick.")
        case "hardware-changed":
            return gettext(
                "If the card was replaced, nothing is to be done. "
                "If the former one is still in use, switch one of the two off."
            )
        case "machine-changed":
            return gettext("Nothing is to be done: all that people did is here.")
        case "token-refused":
            return gettext("Everything else works. Ask the hub's staff for a new token, and enrol the box with it.")
        case "seed-refused":
            return gettext("The box works without it. Have a new seed made for this card, or set the box up by hand.")


def plain(kind: Kind) -> Alarm:
    """An alarm of which nothing is known but that it stands."""
    return Alarm(kind, 0, 0)


def alarm_rows(box: "Box") -> list[Mapping[str, Any]]:
    """The alarms that stand, as commands print them."""
    rot = rot_of(box)
    return [
        {
            "kind": alarm.kind,
            "sentence": sentence(alarm),
            "hint": hint(alarm, rot),
            "since_seconds": alarm.since_seconds,
        }
        for alarm in box.alarms.standing()
    ]


def _fetched_again(rot: Rot | None) -> str:
    if rot is not None and not rot.files:
        return gettext("They were fetched again and are back. If there are more each month, replace the card.")
    if rot is None or not rot.titles:
        return gettext("The next session fetches them again. If there are more each month, replace the card.")
    return gettext(
        "The next session fetches them again, for %(courses)s. If there are more each month, replace the card.",
        courses=gettext(" · ").join(rot.titles),
    )


def _restored(events: int) -> str:
    if not events:
        return gettext("This box was brought back from a copy, or its hub was.")
    return ngettext(
        "This box was brought back from a copy; the hub has %(num)s step of progress that is not here.",
        "This box was brought back from a copy; the hub has %(num)s steps of progress that are not here.",
        events,
    )
