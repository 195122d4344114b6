"""Resetting a box, on its page: everybody is forgotten, and the page asks for three things before.

* The name of the box is typed, and the staff's password is proven again: a phone that lies about resets nothing.
* What is not at the hub is sent first. What cannot be sent is counted, and has to be given up by that very number.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.people.guard import Guard
from edge.people.staff_in import PROOF, is_proven, silent, stale
from sync.web.app import require, session_now
from sync.web.challenge.talks import TalkRefused
from sync.web.language import gettext, plain_digits
from sync.web.takes import takes

ACCOUNT = "reset"


def add_pages(pages: Blueprint, box: Box) -> None:
    """The page that asks, and its answer."""
    guard = Guard(box.clock)

    @pages.get("/staff/reset")
    @require("staff")
    def ask_reset() -> ResponseReturnValue:
        return _ask(box, {})

    @pages.post("/staff/reset")
    @require("staff")
    @takes("name", "lose", *PROOF)
    def reset() -> ResponseReturnValue:
        # Loaded when somebody asks.
        from edge.keeping import reset as resetting

        person = box.people.person(session_now().person)
        wait_seconds = guard.wait_seconds(ACCOUNT)
        if wait_seconds:
            return _ask(box, {"now": guard.sentence(wait_seconds)}), 400
        if not request.form.get("sealed") and not request.is_secure:
            return _ask(box, {"now": silent()}), 400
        try:
            is_right = is_proven(box, person)
        except TalkRefused:
            return _ask(box, {"now": stale()}), 400
        if not is_right:
            guard.wrong(ACCOUNT)
            return _ask(box, {"now": gettext("This is not your password of today. Look again.")}), 400
        guard.right(ACCOUNT)
        if " ".join(request.form.get("name", "").split()).casefold() != box.config.name.casefold():
            return _ask(box, {"name": gettext("This is not the name of this box.")}), 400
        unsent = resetting.send_first(box, session_now().person)
        if unsent and plain_digits(request.form.get("lose", "").strip()) != str(unsent):
            wrong = gettext("These steps would be lost. Send them first, or write their number if that may be.")
            return _ask(box, {"lose": wrong}, unsent), 400
        resetting.ask(box, unsent)
        box.open_again()
        return render_template("keeping/reset_done.html")


def _ask(box: Box, wrong: dict[str, str], unsent: int | None = None) -> str:
    # Loaded when somebody asks.
    from edge.keeping.reset import unsent_of_learners

    person = box.people.person(session_now().person)
    return render_template(
        "keeping/reset.html",
        wrong=wrong,
        unsent=unsent_of_learners(box) if unsent is None else unsent,
        box_name=box.config.name,
        person=person,
        is_private=request.is_secure,
    )
