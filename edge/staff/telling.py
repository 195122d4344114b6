"""Telling the time: staff set the clock of a box that does not know it, forward only.

* What they say proves nothing: it is shown, and written beside what learners do as not to be trusted.
* It is never before what the box knows to have been, and never so far ahead that it must be a slip.
* Once the hub has told the time, nobody needs to.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from catalog.fault import CallerFault
from edge.box import Box
from sync.clock import Moment, Source
from sync.web.app import require
from sync.web.language import gettext
from sync.web.takes import takes

AHEAD_SECONDS_MAX = 10 * 366 * 86_400
"""No box waits longer than this for the next word of the time."""

YEAR_MIN = 2000
WRITTEN = "%Y-%m-%dT%H:%M"
"""As browsers send a date and a time; people who write it by hand may put a space between."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page says of the clock, where it may be set."""

    shown: str
    """Now, as the box believes, in its own time zone."""
    now_seconds: int
    offset_seconds: int
    """Of that time zone: what a browser adds to its own time."""
    is_trusted: bool
    is_told: bool
    """Whether somebody has told it already: offered again only to whom it seems behind."""


def offer(now: Moment, zone: tzinfo) -> Offer | None:
    """Decide whether staff may set the clock; None where the hub has told the time."""
    if now.source is Source.HUB:
        return None
    local = datetime.fromtimestamp(now.wall_seconds, zone)
    offset = local.utcoffset()
    assert offset is not None, "a time zone has an offset at any time"
    return Offer(
        local.strftime("%Y-%m-%d %H:%M"), now.wall_seconds, int(offset.total_seconds()), now.is_trusted, now.is_told
    )


def seconds_of(text: str, zone: tzinfo) -> int | None:
    """The moment that was written, in seconds since 1970; None where it is none.

    >>> from datetime import UTC
    >>> seconds_of("2026-11-28 17:40", UTC), seconds_of("tomorrow", UTC)
    (1795887600, None)
    """
    try:
        written = datetime.strptime(text.strip().replace(" ", "T", 1)[:16], WRITTEN).replace(tzinfo=zone)
    except ValueError:
        return None
    return int(written.timestamp()) if written.year >= YEAR_MIN else None


def add_pages(pages: Blueprint, box: Box) -> None:
    """The form on the status page is answered here."""

    @pages.post("/staff/clock")
    @require("staff")
    @takes("at")
    def set_clock() -> ResponseReturnValue:
        now, zone = box.clock.now(), box.config.zone
        told = offer(now, zone)
        if told is None:
            raise CallerFault(
                gettext("The hub has told the box the time."), gettext("Nobody needs to set it; go back.")
            )
        said = seconds_of(request.form.get("at", ""), zone)
        if said is None:
            raise CallerFault(
                gettext("This is no date with a time."), gettext("Write it as in 2026-11-28 17:40, and send it again.")
            )
        earliest_seconds = max(now.wall_seconds, box.earliest_seconds)
        if said < earliest_seconds:
            raise CallerFault(
                gettext("The clock goes forward only, and the time that was written is past here already."),
                gettext("Look at the date and the year; the hub puts right a clock that is ahead."),
            )
        if said > earliest_seconds + AHEAD_SECONDS_MAX:
            raise CallerFault(gettext("This is more than ten years ahead."), gettext("Look at the year."))
        box.clock.hear(said)
        return redirect("/staff", 303)
