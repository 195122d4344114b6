"""The outlook: what is still to come to this box, what the budget leaves for it, and by when.

* Gathers what the box knows; the deciding is done in `sync.budget.forecast` and `sync.budget.allowance`, from values.
* Sentences here are for commands and faults; pages have their own, in the reader's language.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sync.budget.allowance import Limit, day_date, local_day, month_bytes_max, month_of, next_night_seconds
from sync.budget.forecast import Forecast, PastNight, Prospect, forecast
from sync.budget.windows import DAY_MINUTES, local_minute, local_seconds

if TYPE_CHECKING:
    from edge.box import Box

PAST_NIGHTS = 30
"""Nights that are looked at for the link's speed."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def forecast_of(box: "Box") -> Forecast:
    """By which day the rest will be here."""
    return forecast(box.wants.coming_bytes(), _prospect(box))


def days_of(box: "Box", sizes: Sequence[int]) -> list[date | None]:
    """By which day each of these would be here, were it asked for now: behind what is on its way already."""
    coming_bytes, prospect = box.wants.coming_bytes(), _prospect(box)
    return [forecast(coming_bytes + size_bytes, prospect).by for size_bytes in sizes]


def _prospect(box: "Box") -> Prospect:
    config = box.config
    past = [
        PastNight(night.bytes_down + night.bytes_up, night.seconds)
        for night in box.nights.last(PAST_NIGHTS)
        if night.outcome in ("well", "short")
    ]
    return Prospect(
        box.id,
        config.windows,
        config.budget,
        box.ledger.spent(),
        past,
        local_seconds(box.clock.now().wall_seconds, config.zone),
        box.nightly.is_running,
    )


def budget_document(box: "Box") -> Mapping[str, Any]:
    """The budget and what is spent of it, as commands print it; a maximum of 0 is no limit."""
    spent = box.ledger.spent()
    budget = box.config.budget
    return {
        "night_bytes_max": budget.night_bytes_max,
        "night_bytes_spent": spent.night_bytes,
        "month_bytes_max": month_bytes_max(budget, spent),
        "month_bytes_spent": spent.month_bytes,
        "rate_kbit": box.config.rate_kbit,
        "windows": [str(window) for window in box.config.windows],
    }


def forecast_document(box: "Box") -> Mapping[str, Any]:
    """What is still to come and by when, as commands print it."""
    found = forecast_of(box)
    return {
        "remaining_bytes": found.remaining_bytes,
        "parcels": len(box.wants.lacking()),
        "by": found.by.isoformat() if found.by else None,
        "sentence": sentence(found, day_date(local_day(local_seconds(box.clock.now().wall_seconds, box.config.zone)))),
    }


def sentence(found: Forecast, today: date) -> str:
    """The forecast in a few words."""
    if not found.remaining_bytes:
        return "Nothing is missing."
    if found.by is None:
        return "When the rest will be here cannot be said yet."
    return f"The rest by {day_words(found.by, today)}."


def goes_on(box: "Box") -> Mapping[Limit | None, str]:
    """When there are bytes again, for each limit that may end them; None is the window."""
    config = box.config
    counted_seconds = box.ledger.local_seconds()
    today = day_date(local_day(counted_seconds))
    night_seconds = next_night_seconds(config.windows, counted_seconds)
    month = day_date(month_of(local_day(counted_seconds), config.month_begins).next_day)
    minute = local_minute(box.clock.now().wall_seconds, config.zone)
    opening = min(config.windows, key=lambda window: (window.start_minute - minute) % DAY_MINUTES)
    return {
        Limit.NIGHT: f"{day_words(day_date(local_day(night_seconds)), today)} from {_time(night_seconds // 60)} on",
        Limit.MONTH: f"from {day_words(month, today)} on",
        Limit.LENT: "in the next night",
        None: f"from {_time(opening.start_minute)} on",
    }


def day_words(day: date, today: date) -> str:
    """A day as people say it: by its name while it is near."""
    if day == today:
        return "today"
    if today < day < today + timedelta(days=7):
        return WEEKDAYS[day.weekday()]
    return f"{day.day} {MONTHS[day.month - 1]}"


def _time(minute: int) -> str:
    return "{:02}:{:02}".format(*divmod(minute % DAY_MINUTES, 60))
