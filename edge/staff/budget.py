"""The budget on the pages of staff: what has been spent, when the rest will be here, and what somebody lends.

* What is spent stands beside what may be; without a limit there is no bar, and the page says so.
* A change holds from the next session on; a wrong answer changes nothing and is told beside its field.
* Whoever lends megabytes sees afterwards what they bought.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.fault import CallerFault
from edge.box import Box
from edge.config import MEGABYTE_BYTES, Config
from edge.nights.night import LENT, Night
from sync.budget.allowance import Allowance, Limit, month_bytes_max
from sync.budget.settings import BUDGET_FIELDS, NUMBERS, WINDOW, can_be
from sync.web.app import require
from sync.web.language import day_near, gettext, plain_digits, size, whole_number
from sync.web.takes import takes

LENT_MB = (5, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Purse:
    """What the box has spent and may spend, and what is still to come; a quota of 0 is none."""

    night_bytes: int
    night_bytes_max: int
    month_bytes: int
    month_bytes_max: int
    forecast: str


def add_pages(pages: Blueprint, box: Box) -> None:
    """The page where the budget is changed, and the lending of megabytes."""

    @pages.get("/staff/budget")
    @require("staff")
    def budget() -> ResponseReturnValue:
        return _ask(box, _written(box.config), {})

    @pages.post("/staff/budget")
    @require("staff")
    @takes(*BUDGET_FIELDS)
    def change_budget() -> ResponseReturnValue:
        asked = {name: text.strip() for name, text in request.form.items()}
        settings, wrong = _read(asked)
        if wrong:
            return _ask(box, asked, wrong), 400
        box.change_config(settings)
        return redirect("/staff#budget", 303)

    @pages.post("/staff/lend")
    @require("staff")
    @takes("mb")
    def lend() -> ResponseReturnValue:
        lent_mb = request.form.get("mb", "")
        if lent_mb not in map(str, LENT_MB):
            raise CallerFault(
                gettext("So much cannot be lent at once."), gettext("Go back and choose one of the amounts.")
            )
        box.nightly.begin(lend_bytes=int(lent_mb) * MEGABYTE_BYTES)
        return redirect("/staff", 303)


def purse(box: Box) -> Purse:
    """How the budget stands now."""
    spent, budget = box.ledger.spent(), box.config.budget
    return Purse(
        spent.night_bytes, budget.night_bytes_max, spent.month_bytes, month_bytes_max(budget, spent), _forecast(box)
    )


def is_month_spent(allowance: Allowance) -> bool:
    """Whether the month has nothing left for courses; a night that is spent is over by tomorrow, and is not said."""
    return allowance.course_bytes == 0 and allowance.limit is Limit.MONTH


def last_lent(nights: Sequence[Night]) -> Night | None:
    """The latest session, if it lived on lent bytes and is over: then the page says what they bought."""
    finished = [night for night in nights if night.outcome != "begun"]
    return finished[0] if finished and finished[0].lanes == LENT else None


def _forecast(box: Box) -> str:
    """When the rest will be here, in one sentence."""
    forecast = box.forecast()
    rest = size(forecast.remaining_bytes)
    match forecast.by:
        case _ if box.hub is None or not box.nights.last(1):
            return gettext("What should come is known after the first session.")
        case _ if not forecast.remaining_bytes:
            return gettext("All that should be here is here.")
        case date() as by if box.clock.now().is_trusted:
            return gettext("The rest, %(size)s, by %(day)s.", size=rest, day=day_near(by))
        case _:
            return gettext("%(size)s are still to come; when they will be here cannot be said yet.", size=rest)


def _ask(box: Box, asked: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    return render_template("staff/budget.html", asked=asked, wrong=wrong, purse=purse(box))


def _written(config: Config) -> dict[str, str]:
    """The settings as they stand in the form: no limit is an empty field."""
    return {name: str(getattr(config, name) or "") for name in NUMBERS} | {"window": config.window}


def _read(asked: Mapping[str, str]) -> tuple[dict[str, int | str], dict[str, str]]:
    """What was answered, and what is wrong with it."""
    settings: dict[str, int | str] = {WINDOW: plain_digits(asked.get(WINDOW, ""))}
    wrong: dict[str, str] = {}
    for name in NUMBERS:
        number = whole_number(asked.get(name, "") or "0")
        if number is not None and can_be(name, number):
            settings[name] = number
        else:
            wrong[name] = gettext(
                "Write a whole number from %(least)s to %(most)s, or nothing.", least=0, most=NUMBERS[name]
            )
    if not can_be(WINDOW, settings[WINDOW]):
        wrong[WINDOW] = gettext("Write two times, as in 01:00-05:00; put a comma between two windows.")
    return settings, wrong
