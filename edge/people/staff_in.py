"""Signing in, for teachers and staff: a password that stays in the browser, or a code for one use.

* Over plain HTTP a password is proven by the sign-in script and never sent; one that comes all the same is not read.
* Over HTTPS the plain form will do, so that every browser can.
* A wrong name, a wrong password and a spent code are answered alike, and slowed down alike.
* Who came by a code and has no password yet is led to choosing one.
"""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.people import codes
from edge.people.guard import Guard
from edge.people.people import STAFF_NAME, Person
from edge.people.sign_in import enter, next_path
from sync.web.app import begin_session, session_now
from sync.web.challenge.talks import Said, TalkRefused
from sync.web.language import gettext
from sync.web.takes import JSON, takes

BY_CODE = {"by": "code"}
"""What a session says whose person came by a code: they may choose a password without proving one."""

PROOF = ("talk", "sealed", "password", "now")
"""The fields by which a password is proven: those of a talk, or over HTTPS the password itself, as new and as now."""


def register(pages: Blueprint, box: Box, guard: Guard) -> None:
    @pages.get("/sign-in/password")
    @takes(query=("next",))
    def password() -> ResponseReturnValue:
        return _ask_password(STAFF_NAME)

    @pages.post("/sign-in/talk")
    @takes("key", "first", gives=JSON)
    def talk() -> ResponseReturnValue:
        return jsonify(box.accounts.talks.begin(session_now().id_hash, request.form, box.accounts.find))

    @pages.post("/sign-in/password")
    @takes("name", *PROOF, query=("next",))
    def prove_password() -> ResponseReturnValue:
        name = request.form.get("name", "")
        account = f"password {codes.name_key(name)}"
        wait_seconds = guard.wait_seconds(account)
        if wait_seconds:
            return _ask_password(name, guard.sentence(wait_seconds)), 400
        if not request.form.get("sealed") and not request.is_secure:
            return _ask_password(name, silent()), 400
        person = box.people.with_password(name)
        try:
            is_right = is_proven(box, person)
        except TalkRefused:
            return _ask_password(name, stale()), 400
        if is_right:
            assert person is not None, "nobody has no secret"
            guard.right(account)
            return enter(person)
        guard.wrong(account)
        wrong = gettext("This name and this password do not belong together. Look again.")
        return _ask_password(name, wrong), 400

    @pages.get("/sign-in/code")
    @takes(query=("next",))
    def code_in() -> ResponseReturnValue:
        return render_template("people/code_in.html", name="", next=next_path())

    @pages.post("/sign-in/code")
    @takes("name", "code", query=("next",))
    def spend_code() -> ResponseReturnValue:
        name = request.form.get("name", "")
        account = f"code {codes.name_key(name)}"
        wait_seconds = guard.wait_seconds(account)
        if not wait_seconds:
            person = box.people.with_password(name)
            if box.accounts.spend(person, request.form.get("code", "")):
                assert person is not None, "nobody has no code"
                guard.right(account)
                if box.accounts.verifier(person.id) is not None:
                    return enter(person, BY_CODE)
                begin_session(person.id, person.kind, BY_CODE)
                return redirect(url_for("people.own_password"), 303)
            guard.wrong(account)
        error = guard.sentence(wait_seconds) or gettext(
            "This name and this code do not belong together, or the code was used before."
        )
        return render_template("people/code_in.html", name=name, error=error, next=next_path()), 400


def is_proven(box: Box, person: Person | None) -> bool:
    """Tell whether the form that was sent proves this person's password: by a talk, or over HTTPS as it is.

    Raises TalkRefused.
    """
    if request.form.get("sealed"):
        said = said_now(box)
        return person is not None and box.accounts.proves(person, said)
    typed = request.form.get("password") or request.form.get("now", "")
    return request.is_secure and box.accounts.is_password(person, typed)


def said_now(box: Box) -> Said:
    """What the browser says with this form. Raises TalkRefused."""
    return box.accounts.talks.hear(session_now().id_hash, request.form.get("talk", ""), request.form.get("sealed", ""))


def silent() -> str:
    """What to tell whose browser ran no script, over plain HTTP."""
    return gettext("This browser runs no script here, so the password was not sent. Use one of your codes.")


def stale() -> str:
    """What to tell whose talk is over."""
    return gettext("This page was open for too long. Try once more.")


def _ask_password(name: str, error: str = "") -> str:
    return render_template(
        "people/password.html", name=name, error=error, is_private=request.is_secure, next=next_path()
    )
