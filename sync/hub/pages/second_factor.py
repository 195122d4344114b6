"""The second factor: asked for after the password, set up once, and asked for again on every page until it is.

* Who has proven the password alone is nobody: only the page that asks for the code knows the name.
* From the day on which one account has a second factor, nobody comes in without; before that it can wait, aloud.
* The secret and the recovery codes are shown to this one browser, sealed, and kept once a first code was right. A wrong
  one costs nothing: what was scanned stays.
* A borrowed session sets none: a first one takes the password again, another one a code of the present one.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sync.hub.pages.doors import Doors
from sync.hub.second_factor import Drawn
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
    @takes(query=("next", "plain"))
    def second_factor() -> str:
        if request.args.get("plain") and request.is_secure:
            return _show(hub, drawn=hub.second_factors.draw(session_now().person))
        return _show(hub)

    @pages.post("/second-factor/talk")
    @require("staff")
    @takes("key", gives=JSON)
    def second_factor_talk() -> Response:
        session = session_now()
        shown = asdict(hub.second_factors.draw(session.person))
        return jsonify(hub.staff.talks.begin(session.id_hash, request.form, shown=shown))

    @pages.post("/second-factor")
    @require("staff")
    @takes("shown", "seen", "now", "code", "secret", "codes", "talk", "sealed", "password", query=("next", "plain"))
    def keep_second_factor() -> Response | str | tuple[str, int]:
        session = session_now()
        account = f"second {session.person}"
        if patience := doors.patience(account):
            return _show(hub, patience), 429
        try:
            drawn = _drawn(hub)
            is_theirs = _is_their_own(hub)
        except TalkRefused:
            return _show(hub, gettext("This page was open for too long. Try once more."), is_stale=True), 422
        if not is_theirs:
            doors.failed(account)
            return _show(hub, _not_their_own(hub), drawn), 422
        if not hub.second_factors.keep(session.person, drawn.secret, drawn.codes, request.form.get("code", "")):
            doors.failed(account)
            said = gettext("This is not the code that goes with the picture. Wait for the next one and try again.")
            return _show(hub, said, drawn), 422
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


def _drawn(hub: "Hub") -> Drawn:
    """What was shown here: sealed, or over HTTPS, where no script runs, in the page itself. Raises TalkRefused."""
    if request.form.get("secret") and request.is_secure:
        return hub.second_factors.drawn(session_now().person, request.form["secret"], request.form.getlist("codes"))
    said = hub.staff.talks.hear(
        session_now().id_hash, request.form.get("shown", ""), request.form.get("seen", ""), stays=True
    )
    return hub.second_factors.drawn(
        session_now().person, str(said.shown.get("secret", "")), said.shown.get("codes", [])
    )


def _is_their_own(hub: "Hub") -> bool:
    """Tell whether the account's person sends this, and not somebody with its session. Raises TalkRefused."""
    name = session_now().person
    if hub.second_factors.has(name):
        return hub.second_factors.passes(name, request.form.get("now", ""))
    if request.form.get("sealed"):
        said = hub.staff.talks.hear(session_now().id_hash, request.form.get("talk", ""), request.form["sealed"])
        return hub.staff.proves(name, said)
    return request.is_secure and hub.staff.signs_in(name, request.form.get("password", ""))


def _not_their_own(hub: "Hub") -> str:
    if hub.second_factors.has(session_now().person):
        return gettext("The code of the present authenticator is not right. Try again.")
    return gettext("This is not your password. Try again.")


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


def _show(hub: "Hub", error: str = "", drawn: Drawn | None = None, *, is_stale: bool = False) -> str:
    """The page; `drawn` stands in it over HTTPS where no script runs, and nowhere else."""
    name = session_now().person
    is_plain = request.is_secure and bool(request.args.get("plain"))
    return render_template(
        "hub/second-factor.html",
        error=error,
        is_stale=is_stale,
        name=name,
        drawn=drawn if is_plain else None,
        has_one=hub.second_factors.has(name),
        codes_left=hub.second_factors.codes_left(name),
        is_required=hub.second_factors.is_required(),
        target=safe_next(request.args.get("next")),
        is_private=request.is_secure,
    )
