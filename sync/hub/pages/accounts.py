"""Claiming the hub, signing in and out."""

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from sync.hub.staff import CODE_FILE, PASSWORD_LETTERS_MIN, ClaimRefused
from sync.web.app import begin_session, end_session, safe_next, session_now
from sync.web.language import duration, gettext
from sync.web.throttle import Throttle

if TYPE_CHECKING:
    from sync.hub.hub import Hub


def create_pages(hub: "Hub") -> Blueprint:
    """The pages that anyone may open."""
    pages = Blueprint("accounts", __name__, template_folder="../templates")
    throttle = Throttle()

    @pages.get("/claim")
    def claim_page() -> Response | str:
        return redirect("/sign-in", 303) if hub.staff.is_claimed() else _claim_form()

    @pages.post("/claim")
    def claim() -> Response | str | tuple[str, int]:
        wait_seconds = _wait_seconds("claim")
        if wait_seconds > 0:
            return _claim_form(_patience(wait_seconds)), 429
        try:
            name = hub.staff.claim(*(request.form.get(field, "") for field in ("code", "name", "password")))
        except ClaimRefused as refused:
            _failed("claim")
            return _claim_form(_error_of(refused)), 422
        begin_session(name, "staff")
        return redirect("/", 303)

    @pages.get("/sign-in")
    def sign_in_page() -> Response | str:
        if not hub.staff.is_claimed():
            return redirect("/claim", 303)
        return redirect("/", 303) if session_now().kind else _sign_in_form()

    @pages.post("/sign-in")
    def sign_in() -> Response | str | tuple[str, int]:
        name, password = request.form.get("name", ""), request.form.get("password", "")
        wait_seconds = _wait_seconds(name)
        if wait_seconds > 0:
            return _sign_in_form(_patience(wait_seconds)), 429
        if not hub.staff.signs_in(name, password):
            _failed(name)
            return _sign_in_form(gettext("Name and password do not belong together. Try again.")), 422
        throttle.succeeded(name, _device())
        begin_session(name, "staff")
        return redirect(safe_next(request.args.get("next")), 303)

    @pages.post("/sign-out")
    def sign_out() -> Response:
        end_session()
        return redirect("/sign-in", 303)

    def _wait_seconds(account: str) -> float:
        return throttle.wait_seconds(account, _device(), hub.clock.now().monotonic_seconds)

    def _failed(account: str) -> None:
        throttle.failed(account, _device(), hub.clock.now().monotonic_seconds)

    return pages


def _device() -> str:
    # A session is easily thrown away and staff are few: whoever guesses is told by the address.
    return request.remote_addr or ""


def _patience(wait_seconds: float) -> str:
    return gettext("Too many tries. Wait %(time)s, then try again.", time=duration(wait_seconds + 1))


def _error_of(refused: ClaimRefused) -> str:
    match refused.code:
        case "code":
            return gettext("This is not the hub's code. It is in the file %(file)s.", file=CODE_FILE)
        case "password":
            return gettext("The password needs at least %(count)s letters.", count=PASSWORD_LETTERS_MIN)
        case "name":
            return gettext("Write the name that you will sign in with.")
        case _:
            return gettext("This hub has been claimed already. Sign in instead.")


def _claim_form(error: str = "") -> str:
    name, code = request.form.get("name", ""), request.form.get("code", "")
    return render_template("hub/claim.html", error=error, name=name, code=code, letters=PASSWORD_LETTERS_MIN)


def _sign_in_form(error: str = "") -> str:
    target = safe_next(request.args.get("next"))
    return render_template("hub/sign-in.html", error=error, name=request.form.get("name", ""), target=target)
