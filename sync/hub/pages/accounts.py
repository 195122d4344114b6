"""Claiming the hub, signing in and out.

* Over plain HTTP a password is proven and never sent; over HTTPS the plain form will do.
* Who has a second factor is asked for it after the password, and is nobody until it is right.
"""

from typing import TYPE_CHECKING

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sync.hub.pages import second_factor
from sync.hub.pages.doors import Doors
from sync.hub.pages.second_factor import HAS_NONE, WAITING
from sync.hub.staff import CODE_FILE, PASSWORD_LETTERS_MIN, ClaimRefused
from sync.web.app import begin_session, end_session, safe_next, session_now
from sync.web.challenge.talks import TalkRefused
from sync.web.challenge.verifier import Verifier
from sync.web.language import gettext
from sync.web.takes import JSON, takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

PROOF = ("talk", "sealed", "password")
"""The fields by which a password is proven: those of a talk, or over HTTPS the password itself."""


def create_pages(hub: "Hub") -> Blueprint:
    """The pages that anyone may open, and those of one's own account."""
    pages = Blueprint("accounts", __name__, template_folder="../templates")
    doors = Doors(hub.clock)
    second_factor.register(pages, hub, doors)

    @pages.get("/claim")
    def claim_page() -> Response | str:
        return redirect("/sign-in", 303) if hub.staff.is_claimed() else _claim_form()

    @pages.post("/claim")
    @takes("code", "name", *PROOF)
    def claim() -> Response | str | tuple[str, int]:
        if patience := doors.patience("claim"):
            return _claim_form(patience), 429
        code, name = request.form.get("code", ""), request.form.get("name", "")
        try:
            name = hub.staff.claim(code, name, _chosen_password(hub))
        except TalkRefused:
            return _claim_form(_stale()), 422
        except ClaimRefused as refused:
            doors.failed("claim")
            return _claim_form(_error_of(refused)), 422
        begin_session(name, "staff", HAS_NONE)
        return redirect(url_for("accounts.second_factor", next="/"), 303)

    @pages.get("/sign-in")
    @takes(query=("next",))
    def sign_in_page() -> Response | str:
        if not hub.staff.is_claimed():
            return redirect("/claim", 303)
        return redirect("/", 303) if session_now().kind else _sign_in_form()

    @pages.post("/sign-in/talk")
    @takes("key", "first", gives=JSON)
    def talk() -> Response:
        return jsonify(hub.staff.talks.begin(session_now().id_hash, request.form, hub.staff.find))

    @pages.post("/sign-in")
    @takes("name", *PROOF, query=("next",))
    def sign_in() -> Response | str | tuple[str, int]:
        name = request.form.get("name", "")
        if patience := doors.patience(name):
            return _sign_in_form(patience), 429
        if not request.form.get("sealed") and not request.is_secure:
            return _sign_in_form(_silent()), 422
        try:
            is_right = _is_proven(hub, name)
        except TalkRefused:
            return _sign_in_form(_stale()), 422
        if not is_right:
            doors.failed(name)
            return _sign_in_form(gettext("Name and password do not belong together. Try again.")), 422
        doors.succeeded(name)
        name, target = hub.staff.find(name)[0], safe_next(request.args.get("next"))
        if hub.second_factors.has(name):
            begin_session("", "", {WAITING: name})
            return redirect(url_for("accounts.second_code", next=target), 303)
        begin_session(name, "staff", HAS_NONE)
        return redirect(url_for("accounts.second_factor", next=target), 303)

    @pages.post("/sign-out")
    def sign_out() -> Response:
        end_session()
        return redirect("/sign-in", 303)

    return pages


def _is_proven(hub: "Hub", name: str) -> bool:
    """Tell whether the form that was sent proves this account's password. Raises TalkRefused."""
    if not request.form.get("sealed"):
        return hub.staff.signs_in(name, request.form.get("password", ""))
    said = hub.staff.talks.hear(session_now().id_hash, request.form.get("talk", ""), request.form["sealed"])
    return hub.staff.proves(name, said)


def _chosen_password(hub: "Hub") -> str | Verifier:
    """The password that was chosen, or what a browser made of it. Raises TalkRefused."""
    if request.form.get("sealed"):
        said = hub.staff.talks.hear(session_now().id_hash, request.form.get("talk", ""), request.form["sealed"])
        return said.verifier or ""
    return request.form.get("password", "") if request.is_secure else ""


def _error_of(refused: ClaimRefused) -> str:
    match refused.code:
        case "code":
            return gettext("This is not the hub's code. It is in the file %(file)s.", file=CODE_FILE)
        case "password" if not request.is_secure and not request.form.get("sealed"):
            return _silent()
        case "password":
            return gettext("The password needs at least %(count)s letters.", count=PASSWORD_LETTERS_MIN)
        case "name":
            return gettext("Write the name that you will sign in with.")
        case _:
            return gettext("This hub has been claimed already. Sign in instead.")


def _silent() -> str:
    return gettext("This browser runs no script here, so the password was not sent. Open the hub over HTTPS.")


def _stale() -> str:
    return gettext("This page was open for too long. Try once more.")


def _claim_form(error: str = "") -> str:
    return render_template(
        "hub/claim.html",
        error=error,
        name=request.form.get("name", ""),
        code=request.form.get("code", ""),
        letters=PASSWORD_LETTERS_MIN,
        is_private=request.is_secure,
    )


def _sign_in_form(error: str = "") -> str:
    target = safe_next(request.args.get("next"))
    name = request.form.get("name", "")
    return render_template("hub/sign-in.html", error=error, name=name, target=target, is_private=request.is_secure)
