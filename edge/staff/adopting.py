"""A spare box in the first hour: it takes the place of a dead one, by a short code that the hub's staff read out.

* Only a box that is nobody's yet offers it, and only to whoever has the code on its label: a passer-by on the Wi-Fi
  cannot give it to a hub of their own. Guesses are slowed.
* It comes before the five questions: once the box belongs to its campus, staff make it theirs as any new box.
"""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.fault import CallerFault, Fault, LinkFault
from edge.box import Box
from edge.people.guard import Guard
from edge.staff.claim import ClaimedAlready, WrongStaffCode
from sync.enrolment import EnrolledElsewhere, TokenRefused
from sync.link import NotTheHub
from sync.web.language import gettext
from sync.web.takes import takes

ADOPT = "adopt"


def add_pages(pages: Blueprint, box: Box, guard: Guard) -> None:
    """The page of three questions, and its answer."""

    @pages.get("/claim/adopt")
    def adopt() -> ResponseReturnValue:
        if box.setup.is_claimed:
            return redirect("/sign-in")
        return _ask(box, {"hub": box.config.hub}, {})

    @pages.post("/claim/adopt")
    @takes("label", "hub", "code")
    def take_place() -> ResponseReturnValue:
        # Loaded once in the life of a box, if ever.
        from edge.works import adopt as take_place_of

        if box.setup.is_claimed:
            return redirect("/sign-in", 303)
        asked = {name: request.form.get(name, "").strip() for name in ("label", "hub", "code")}
        wait_seconds = guard.wait_seconds(ADOPT)
        if wait_seconds:
            return _ask(box, asked, {"label": guard.sentence(wait_seconds)}), 400
        try:
            box.setup.check(asked["label"])
        except WrongStaffCode:
            guard.wrong(ADOPT)
            wrong = gettext("This is not the code on the label. It has ten letters, as in KMTRD-XWPCF.")
            return _ask(box, asked, {"label": wrong}), 400
        except ClaimedAlready:
            return redirect("/sign-in", 303)
        try:
            take_place_of(box, asked)
        except Fault as fault:
            return _ask(box, asked, _wrong(fault)), 400
        guard.right(ADOPT)
        return redirect("/claim", 303)


def _ask(box: Box, asked: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    return render_template("staff/adopt.html", asked=asked, wrong=wrong)


def _wrong(fault: Fault) -> Mapping[str, str]:
    """What to say, and beside which question."""
    match fault:
        case TokenRefused():
            return {
                "code": gettext("The hub has no such code: it is mistyped, was used, or has run out. It lasts a day.")
            }
        case NotTheHub():
            return {
                "code": gettext(
                    "The code does not fit what the hub has. Let it be read out again, or ask for a new one."
                )
            }
        case EnrolledElsewhere():
            return {"hub": gettext("This box belongs to another hub already.")}
        case LinkFault():
            return {
                "hub": gettext("The hub does not answer there. Look at the address, and whether the internet works.")
            }
        case CallerFault():
            return {"hub": gettext("Write the address as the hub's staff have it, as in https://hub.example.")}
        case _:
            raise fault
