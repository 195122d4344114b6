"""Teachers' accounts, for staff; and one's own password and codes.

* A teacher is let in by a code that works once, and chooses a password that nobody else ever sees.
* A new password ends every session of its person; on the device where it was changed a new one begins.
* A new password or sheet takes the password of today or a code, so that a borrowed session cannot stay for good.
"""

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.people import codes
from edge.people.guard import Guard
from edge.people.people import NAME_LETTERS_MAX, PASSWORD_LETTERS_MIN, NameTaken, Person
from edge.people.staff_in import BY_CODE, PROOF, is_proven, said_now, silent, stale
from sync.web.app import begin_session, require, session_now
from sync.web.challenge.sheet import draw_sheet
from sync.web.challenge.talks import TalkRefused
from sync.web.challenge.verifier import Verifier
from sync.web.language import gettext
from sync.web.takes import JSON, takes


def register(pages: Blueprint, box: Box, guard: Guard) -> None:
    @pages.get("/teachers")
    @require("staff")
    def teachers() -> ResponseReturnValue:
        return render_template("people/teachers.html", teachers=box.people.teachers())

    @pages.post("/teachers")
    @require("staff")
    @takes("name")
    def add_teacher() -> ResponseReturnValue:
        name = " ".join(request.form.get("name", "").split())
        error = ""
        if not codes.name_key(name) or len(name) > NAME_LETTERS_MAX:
            error = gettext("Write the teacher's name, as in Kadra Ismail.")
        else:
            try:
                return _let_in(box, box.people.add_teacher(name))
            except NameTaken:
                error = gettext("There is a %(name)s already. Add one more name to tell them apart.", name=name)
        return render_template("people/teachers.html", teachers=box.people.teachers(), name=name, error=error), 400

    @pages.post("/teachers/<teacher>/password")
    @require("staff")
    def let_in(teacher: str) -> ResponseReturnValue:
        return _let_in(box, _teacher(box, teacher))

    @pages.get("/teachers/<teacher>/remove")
    @require("staff")
    def ask_remove(teacher: str) -> ResponseReturnValue:
        return render_template("people/remove_teacher.html", teacher=_teacher(box, teacher))

    @pages.post("/teachers/<teacher>/remove")
    @require("staff")
    def remove(teacher: str) -> ResponseReturnValue:
        box.people.remove_teacher(_teacher(box, teacher).id)
        return redirect(url_for("people.teachers"), 303)

    @pages.get("/password")
    @require("teacher", "staff")
    def own_password() -> ResponseReturnValue:
        return _ask_password(_myself(box), {})

    @pages.post("/password")
    @require("teacher", "staff")
    @takes(*PROOF)
    def change_own_password() -> ResponseReturnValue:
        person = _myself(box)
        account = f"own {person.id}"
        wait_seconds = guard.wait_seconds(account)
        if wait_seconds:
            return _ask_password(person, {"now": guard.sentence(wait_seconds)}), 400
        try:
            is_known, password = _new_password(box, person)
        except TalkRefused:
            return _ask_password(person, {"page": stale()}), 400
        if error := wrong_password(password):
            return _ask_password(person, {"password": error}), 400
        if not is_known:
            guard.wrong(account)
            return _ask_password(person, {"now": gettext("This is not your password of today. Look again.")}), 400
        guard.right(account)
        box.accounts.change_password(person.id, password)
        begin_session(person.id, person.kind)
        return render_template("people/password_changed.html", person=person)

    @pages.get("/codes")
    @require("teacher", "staff")
    def sheet() -> ResponseReturnValue:
        return _show_sheet(box, _myself(box))

    @pages.post("/codes/talk")
    @require("teacher", "staff")
    @takes("key", gives=JSON)
    def sheet_talk() -> ResponseReturnValue:
        shown = {"codes": draw_sheet(box.random_bytes)}
        return jsonify(box.accounts.talks.begin(session_now().id_hash, request.form, shown=shown))

    @pages.post("/codes")
    @require("teacher", "staff")
    @takes("code", "shown", "seen", *PROOF)
    def keep_sheet() -> ResponseReturnValue:
        person = _myself(box)
        account = f"own {person.id}"
        wait_seconds = guard.wait_seconds(account)
        if wait_seconds:
            return _show_sheet(box, person, guard.sentence(wait_seconds)), 400
        try:
            is_known = (
                box.accounts.spend(person, request.form["code"]) if "code" in request.form else is_proven(box, person)
            )
            shown = _codes_shown(box)
        except TalkRefused:
            return _show_sheet(box, person, stale()), 400
        if not is_known:
            guard.wrong(account)
            return _show_sheet(box, person, gettext("This is not your password or one of your codes. Look again.")), 400
        guard.right(account)
        made = shown or draw_sheet(box.random_bytes)
        box.accounts.keep_sheet(person.id, made)
        if shown:
            return render_template("people/sheet_kept.html", person=person, left=len(made))
        return render_template("people/sheet.html", person=person, codes=made)


def wrong_password(password: str | Verifier) -> str:
    """What is wrong with a password that somebody chose, in words; nothing when it will do.

    Of one that stays in the browser only the page there can tell how long it is.
    """
    if isinstance(password, str) and not password and not request.is_secure:
        return silent()
    if isinstance(password, str) and len(password) < PASSWORD_LETTERS_MIN:
        return gettext(
            "Use %(num)s letters or more. Three or four words are easy to remember.", num=PASSWORD_LETTERS_MIN
        )
    return ""


def _new_password(box: Box, person: Person) -> tuple[bool, str | Verifier]:
    """Whether the person is known by what was sent, and the password they chose. Raises TalkRefused."""
    if request.form.get("sealed"):
        said = said_now(box)
        is_known = not _needs_proof() or box.accounts.proves(person, said)
        return is_known, said.verifier or ""
    if not request.is_secure:
        return False, ""
    is_known = not _needs_proof() or box.accounts.is_password(person, request.form.get("now", ""))
    return is_known, request.form.get("password", "")


def _codes_shown(box: Box) -> list[str]:
    """The codes that this browser was shown, sealed; none where it ran no script. Raises TalkRefused."""
    if "shown" not in request.form:
        return []
    said = box.accounts.talks.hear(session_now().id_hash, request.form["shown"], request.form.get("seen", ""))
    return list(said.shown["codes"])


def _needs_proof() -> bool:
    """Whether the password of today must be proven: not by who has just come by a code."""
    return dict(session_now().data) != BY_CODE


def _let_in(box: Box, teacher: Person) -> str:
    return render_template("people/let_in.html", teacher=teacher, code=box.accounts.let_in(teacher.id))


def _ask_password(person: Person, wrong: dict[str, str]) -> str:
    return render_template(
        "people/own_password.html",
        person=person,
        needs_proof=_needs_proof(),
        wrong=wrong,
        letters=PASSWORD_LETTERS_MIN,
        is_private=request.is_secure,
    )


def _show_sheet(box: Box, person: Person, wrong: str = "") -> str:
    left = box.accounts.codes_left(person.id)
    return render_template("people/sheet.html", person=person, left=left, wrong=wrong, is_private=request.is_secure)


def _myself(box: Box) -> Person:
    return box.people.person(session_now().person) or abort(404)


def _teacher(box: Box, teacher: str) -> Person:
    found = box.people.person(teacher)
    return found if found is not None and found.kind == "teacher" else abort(404)
