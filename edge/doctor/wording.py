"""The words of the doctor: what each check is about, what is wrong where it stands, what to do next, what was seen.

* What the verdict and the alarms have their own sentences for is said in those.
* `wrong` and `step` need no facts: whoever hears a code on the phone says the same as the box's page.
"""

from collections.abc import Mapping

from edge.doctor.checks import Check, Finding
from edge.doctor.facts import Facts
from edge.keeping import wording as alarm_words
from edge.keeping.alarms import Kind
from edge.staff.verdict import Matter
from edge.staff.wording import advice, said
from sync.web.language import gettext, ngettext, number, percent, size

SAID_BY_MATTER: Mapping[Check, Matter] = {
    Check.ROOM: Matter.DISK_LOW,
    Check.HUB: Matter.NO_HUB,
    Check.CLOCK: Matter.CLOCK,
    Check.BUDGET: Matter.MONTH_SPENT,
}
"""Those with sentences that name no number."""
SAID_BY_ALARM: Mapping[Check, Kind] = {
    Check.CARD_CLONED: "card-cloned",
    Check.JOURNAL: "journal-damaged",
    Check.CARD_RESTORED: "card-restored",
    Check.CATALOGUE: "catalogue-expired",
}


def title(check: Check) -> str:
    """What is looked at."""
    match check:
        case Check.DATA_MOUNT:
            return gettext("Data partition")
        case Check.ROOM:
            return gettext("Room on the disk")
        case Check.DISK_ERRORS:
            return gettext("Errors of the disk")
        case Check.DISK_WORN:
            return gettext("Age of the card")
        case Check.DATABASE:
            return gettext("Database")
        case Check.KEY:
            return gettext("Key of the box")
        case Check.CLOCK:
            return gettext("Time")
        case Check.CLOCK_WENT_BACK:
            return gettext("Clock that went wrong")
        case Check.HUB:
            return gettext("Hub")
        case Check.NIGHTS:
            return gettext("Sessions with the hub")
        case Check.LAST_NIGHT:
            return gettext("Last night")
        case Check.BUDGET:
            return gettext("Quota of the month")
        case Check.UPLINK:
            return gettext("Metered link")
        case Check.WIFI:
            return gettext("Wi-Fi")
        case Check.NGINX:
            return gettext("Web server before the box")
        case Check.SOFTWARE:
            return gettext("Software")
        case Check.WARMTH:
            return gettext("Warmth")
        case Check.POWER:
            return gettext("Power supply")
        case Check.MEMORY:
            return gettext("Memory")
        case Check.SHELF:
            return gettext("Courses to come")
        case Check.UNSENT:
            return gettext("Progress not sent yet")
        case Check.BACKUP:
            return gettext("Backup at the hub")
        case Check.CARD_CLONED:
            return gettext("One box under this name")
        case Check.JOURNAL:
            return gettext("Journal of the learners")
        case Check.FILES:
            return gettext("Files of the courses")
        case Check.CATALOGUE:
            return gettext("The hub's list of courses")
        case Check.CARD_RESTORED:
            return gettext("Card as it was left")
        case Check.HUB_RESTORED:
            return gettext("Hub as it was left")
        case Check.CLAIMED:
            return gettext("Staff of the box")
        case Check.OPENED:
            return gettext("The box opens")


def wrong(check: Check) -> str:
    """What it means that a check stands, whatever the numbers are."""
    if matter := SAID_BY_MATTER.get(check):
        return said(matter, 0)
    if kind := SAID_BY_ALARM.get(check):
        return alarm_words.sentence(alarm_words.plain(kind))
    match check:
        case Check.DATA_MOUNT:
            return gettext("The data lies in the memory or on the system's own disk, not on its own partition.")
        case Check.DISK_ERRORS:
            return gettext("The card makes errors, or can only be read any more.")
        case Check.DISK_WORN:
            return gettext("The card is nearly worn out.")
        case Check.DATABASE:
            return gettext("The database of the box is damaged.")
        case Check.KEY:
            return gettext("The key of the box is missing, open to others, or not the one that the hub knows.")
        case Check.CLOCK_WENT_BACK:
            return gettext("The clock of the box was wrong by days.")
        case Check.NIGHTS:
            return gettext("No session with the hub has come through for some nights, or none ever has.")
        case Check.LAST_NIGHT:
            return gettext("The last session with the hub did not come to its end.")
        case Check.UPLINK:
            return gettext("The metered link that is set is not there.")
        case Check.WIFI:
            return gettext("The Wi-Fi does not know in which country it is.")
        case Check.NGINX:
            return gettext("The web server before the box does not run.")
        case Check.SOFTWARE:
            return gettext("New software is on trial.")
        case Check.WARMTH:
            return gettext("The box is too hot.")
        case Check.POWER:
            return gettext("The power supply is too weak.")
        case Check.MEMORY:
            return gettext("The memory is nearly full.")
        case Check.SHELF:
            return gettext("Parts of courses are still to come.")
        case Check.UNSENT:
            return gettext("Progress of learners waits here for more than a week.")
        case Check.BACKUP:
            return gettext("The hub has this box's progress, but in no backup yet.")
        case Check.FILES:
            return gettext("The card did not keep some files of the courses as they were; they were taken off.")
        case Check.HUB_RESTORED:
            return gettext("The hub was put back to an older state.")
        case Check.CLAIMED:
            return gettext("Nobody has claimed this box yet.")
        case _:
            assert check is Check.OPENED, "every check has its sentence"
            return gettext("The box cannot be opened.")


def step(check: Check) -> str:
    """What to do next."""
    if matter := SAID_BY_MATTER.get(check):
        return advice(matter)
    if kind := SAID_BY_ALARM.get(check):
        return alarm_words.hint(alarm_words.plain(kind))
    match check:
        case Check.DATA_MOUNT:
            return gettext("Let nobody learn here yet: it would be lost. Restart once; if it stays, take another card.")
        case Check.DISK_ERRORS:
            return gettext("Make a backup now, then put the box onto another card.")
        case Check.DISK_WORN:
            return gettext("Have another card ready, and make a backup on a stick.")
        case Check.DATABASE:
            return gettext(
                "Make a backup if it still can, then restore it on another card, or replace the box from the hub."
            )
        case Check.KEY:
            return gettext("Restore the box from its backup; without one, replace it from the hub by a short code.")
        case Check.CLOCK_WENT_BACK:
            return gettext("Sync with the hub, which knows the time. The battery of the clock may be empty.")
        case Check.NIGHTS:
            return advice(Matter.SILENT)
        case Check.LAST_NIGHT:
            return advice(Matter.LAST_NIGHT_FAILED)
        case Check.UPLINK:
            return gettext("Plug the modem in, or change the setting uplink to the one that is there.")
        case Check.WIFI:
            return gettext("Set the country in the seed of the card: without it some channels and phones do not work.")
        case Check.NGINX:
            return gettext("Restart the box. If it stays so, send a report to the hub's staff.")
        case Check.SOFTWARE:
            return gettext(
                "Nothing is to be done: it stays if the box is well with it, else the former one comes back."
            )
        case Check.WARMTH:
            return gettext("Put it into the shade, give it air, and take off what covers it.")
        case Check.POWER:
            return gettext("Take a stronger power supply and a shorter cable; else the card may be damaged.")
        case Check.MEMORY:
            return gettext("Restart the box. If it comes back, send a report to the hub's staff.")
        case Check.SHELF:
            return advice(Matter.LATE)
        case Check.UNSENT:
            return gettext("Carry it to the hub with a stick or a phone. Nothing is lost meanwhile.")
        case Check.BACKUP:
            return gettext("The hub's staff make backups; what is here stays here until then.")
        case Check.FILES:
            return gettext("The next session fetches them again. If there are more each month, replace the card.")
        case Check.HUB_RESTORED:
            return gettext("Nothing is to be done: it goes along with the next sessions by itself.")
        case Check.CLAIMED:
            return gettext("Open the box's page and answer its five questions, with the code on its label.")
        case _:
            assert check is Check.OPENED, "every check has its next step"
            return gettext("Take the card to the desk: `qanat provision rescue` reads what is not sent yet off it.")


def sentence(finding: Finding) -> str:
    """What is wrong, with its numbers where they are known."""
    if finding.matter is not None:
        return said(*finding.matter)
    return alarm_words.sentence(finding.alarm) if finding.alarm else wrong(finding.check)


def next_step(finding: Finding, facts: Facts) -> str:
    """What to do about it here."""
    if finding.matter is not None:
        return advice(finding.matter[0])
    if finding.alarm is not None:
        return alarm_words.hint(finding.alarm, facts.inside.rot if facts.inside else None)
    return step(finding.check)


def seen(check: Check, facts: Facts) -> str:
    """What was seen, in numbers and names; "" where there is nothing to add."""
    inside, machine = facts.inside, facts.machine
    match check:
        case Check.DATA_MOUNT if machine.mount:
            return f"{machine.mount.point} ({machine.mount.kind})"
        case Check.ROOM:
            free = size(facts.free_bytes)
            return gettext("%(size)s free", size=free)
        case Check.DISK_WORN if machine.mount and machine.mount.worn_tenths is not None:
            return gettext("%(share)s of its life is over", share=percent(100 * min(machine.mount.worn_tenths, 10)))
        case Check.DATABASE if facts.database_problem is None:
            return gettext("too large to be read through here; a little of it is proven each night")
        case Check.NIGHTS if inside and inside.days_since_well is not None:
            return ngettext(
                "%(num)s day since one went well", "%(num)s days since one went well", inside.days_since_well
            )
        case Check.UPLINK if inside:
            return inside.uplink
        case Check.WIFI if machine.wifi:
            return _wifi(facts)
        case Check.SOFTWARE if machine.slot:
            return f"{machine.slot.version} ({machine.slot.name})"
        case Check.WARMTH if machine.warmest_millidegrees is not None:
            return gettext("%(degrees)s °C", degrees=number(machine.warmest_millidegrees // 1000))
        case Check.MEMORY if machine.memory_free_bytes is not None:
            return gettext("%(size)s free", size=size(machine.memory_free_bytes))
        case Check.UNSENT if inside:
            return number(inside.unsent)
        case _:
            return ""


def _wifi(facts: Facts) -> str:
    wifi = facts.machine.wifi
    assert wifi is not None, "only a Wi-Fi that was seen is told of"
    parts = [wifi.interface, *([wifi.country] if wifi.country else [])]
    if wifi.guests is not None:
        parts.append(gettext("guests now: %(count)s", count=number(wifi.guests)))
    return gettext(" · ").join(parts)
