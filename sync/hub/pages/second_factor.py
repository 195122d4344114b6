"""The second factor: asked for after the password, set up once, and asked for again on every page until it is.

* Who has proven the password alone is nobody: only the page that asks for the code knows the name.
* From the day on which one account has a second factor, nobody comes in without; before that it can wait, aloud.
* The secret and the recovery codes are shown to this one browser, sealed, and kept once a first code was right.
"""

from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sync.hub.pages.doors import Doors
from sync.web.app import begin_session, require, safe_next, session_now
from sync.web.challenge.talks import TalkRefused
from sync.web.language import gettext
from sync.web.takes import JSON, takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

WAITING = "waiting for a code"
HAS_NONE = {"second factor": "none"}
"""What a session says whose person came without a second factor."""

ALWAYS_OPEN = ("/static/", "/ping", "/language/", "/look/")


def register(pages: Blueprint, hub: "Hub", doors: Doors) -> None:
    @pages.get("/sign-in/code")
    @takes(query=("next",))
    def second_code() -> Response | str:
        return _ask_code() if _waiting() else redirect("/sign-in", 303)

    @pages.post("/sign-in/code")
    @takes("code", query=("next",))
    def prove_code() -> Response | str | tuple[str, int]:
        name = _waiting()
        if not name:
            return redirect("/sign-in", 303)
        account = f"second {name}"
        if patience := doors.patience(account):
            return _ask_code(patience), 429
        if not hub.second_factors.passes(name, request.form.get("code", "")):
            doors.failed(account)
            return _ask_code(gettext("This code does not count, or was used before. Wait for the next one.")), 422
        doors.succeeded(account)
        begin_session(name, "staff")
        return redirect(safe_next(request.args.get("next")), 303)

    @pages.get("/second-factor")
    @require("staff")
    @takes(query=("next",))
    def second_factor() -> str:
        return _show(hub)

    @pages.post("/second-factor/talk")
    @require("staff")
    @takes("key", gives=JSON)
    def second_factor_talk() -> Response:
        session = session_now()
        shown = hub.second_factors.draw(session.person)
        return jsonify(hub.staff.talks.begin(session.id_hash, request.form, shown=shown))

    @pages.post("/second-factor")
    @require("staff")
    @takes("shown", "seen", "now", "code", query=("next",))
    def keep_second_factor() -> Response | str | tuple[str, int]:
        session = session_now()
        account = f"second {session.person}"
        if patience := doors.patience(account):
            return _show(hub, patience), 429
        try:
            said = hub.staff.talks.hear(session.id_hash, request.form.get("shown", ""), request.form.get("seen", ""))
        except TalkRefused:
            return _show(hub, gettext("This page was open for too long. Try once more.")), 422
        # Who has one gives a code of it first: a borrowed session cannot put another in its place.
        now = request.form.get("now", "")
        if hub.second_factors.has(session.person) and not hub.second_factors.passes(session.person, now):
            doors.failed(account)
            return _show(hub, gettext("The code of the present authenticator is not right. Try again.")), 422
        secret, codes = str(said.shown.get("secret", "")), said.shown.get("codes", [])
        if not hub.second_factors.keep(session.person, secret, codes, request.form.get("code", "")):
            doors.failed(account)
            return _show(
                hub, gettext("This is not the code of the picture shown. Scan the new one and try again.")
            ), 422
        doors.succeeded(account)
        begin_session(session.person, "staff")
        return redirect(safe_next(request.args.get("next")), 303)

    @pages.before_app_request
    def lead_to_it() -> Response | None:
        is_own = (request.endpoint or "").startswith("accounts.")
        if is_own or not _comes_without() or request.path.startswith(ALWAYS_OPEN):
            return None
        return redirect(url_for("accounts.second_factor"), 303) if hub.second_factors.is_required() else None

    @pages.app_context_processor
    def whether_to_remind() -> dict[str, Any]:
        return {"lacks_second_factor": _comes_without()}


def _comes_without() -> bool:
    session = session_now()
    return session.kind == "staff" and dict(session.data) == HAS_NONE


def _waiting() -> str:
    """Who has proven the password here and is asked for a code now; "" is nobody."""
    session = session_now()
    return "" if session.kind else session.data.get(WAITING, "")


def _ask_code(error: str = "") -> str:
    target = safe_next(request.args.get("next"))
    return render_template("hub/second-code.html", error=error, target=target)


def _show(hub: "Hub", error: str = "") -> str:
    name = session_now().person
    return render_template(
        "hub/second-factor.html",
        error=error,
        has_one=hub.second_factors.has(name),
        codes_left=hub.second_factors.codes_left(name),
        is_required=hub.second_factors.is_required(),
        target=safe_next(request.args.get("next")),
        is_private=request.is_secure,
    )
