"""Alarms that staff settle, boxes that replace others, and the page of who did what."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from sync.hub.keeping.adoptions import BY_CODE
from sync.hub.keeping.alarms import HINTS, N_, THE_HUB, Alarm, Kind
from sync.hub.keeping.audit import COMMAND_LINE
from sync.web.app import require, session_now
from sync.web.language import gettext
from sync.web.takes import takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

LINES = 100

_ACTS = {
    "adoption-code": N_("A code was made by which a spare box takes another's place"),
    "catalogue-mirrored": N_("Courses of another hub were mirrored"),
    "draft-thrown-away": N_("A course that was not published yet was thrown away"),
    "erased": N_("A learner was erased"),
    "exported-learner": N_("Everything of one learner was taken out"),
    "exported-names": N_("An export with names was made"),
    "key-revoked": N_("A key was made to count no more"),
    "keys-offline": N_("The root keys were moved to sticks"),
    "keys-rotated": N_("Keys were replaced by new ones"),
    "languages-chosen": N_("The languages of a campus were chosen"),
    "password-changed": N_("Somebody was given a new password"),
    "published": N_("A course was published"),
    "publisher-named": N_("A publisher was given a key"),
    "publisher-signed": N_("A publisher signed its courses"),
    "replaced": N_("One box replaced another"),
    "reset-ordered": N_("A stick was written that makes a box forget everybody"),
    "restored": N_("The hub was put back from a backup"),
    "revoked": N_("A box was taken out of service"),
    "rolled-back": N_("A former version of a course was published again"),
    "second-factor-reset": N_("A second factor was taken off"),
    "second-factor-set": N_("A second factor was set up"),
    "settled": N_("An alarm was settled"),
    "software-listed": N_("Software for boxes was listed"),
    "staff-added": N_("Somebody was given an account"),
    "token": N_("A token was made"),
    "twin-allowed": N_("A copied card was let be a box of its own"),
    "token-batch": N_("A batch of tokens was made"),
    "withdrawn": N_("A course was withdrawn"),
}
"""What a line of the log says; an act of another part that is not here stands there as it is."""

_SETTLED: Mapping[Kind, str] = {
    Kind.CARD_CLONED: N_("a copied card"),
    Kind.TOKEN_REUSED: N_("a token that came twice"),
    Kind.JOURNAL_CONTRADICTS: N_("two journals under one name"),
    Kind.HUB_RESTORED: N_("a hub that was put back"),
    Kind.BACKUP_FAILED: N_("a backup that failed"),
    Kind.KEYS_FORGOTTEN: N_("keys that the hub forgot"),
    Kind.LIST_REFUSED: N_("a list that a box refused"),
    Kind.ERASURE_UNLISTED: N_("backups that do not say who was erased"),
    Kind.GAP: N_("events that are in no copy"),
    Kind.CARD_RESTORED: N_("an older card"),
    Kind.HARDWARE_CHANGED: N_("another card"),
    Kind.CLOCK_WRONG: N_("a wrong clock"),
    Kind.CERTIFICATE_REFUSED: N_("a request for a certificate"),
    Kind.CERTIFICATE_FAILED: N_("a certificate that did not come"),
    Kind.SILENT_BOX: N_("a silent box"),
}
"""The alarm that was settled, in a few words."""

AT_THE_MACHINE = N_("command line")
BY_A_CODE = N_("short code")


def create_pages(hub: "Hub") -> Blueprint:
    """The pages by which staff keep a hub."""
    pages = Blueprint("keeping", __name__, template_folder="../templates")
    pages.add_app_template_global(alarm_sentence, "alarm_sentence")
    pages.add_app_template_global(alarm_hint, "alarm_hint")

    @pages.post("/alarms/settle")
    @require("staff")
    @takes("box", "kind")
    def settle() -> Response:
        box, kind = request.form.get("box", THE_HUB), _kind(request.form.get("kind", ""))
        hub.keeping.settle(box, kind, session_now().person)
        campuses = {one.id: one.campus.id for one in hub.fleet.boxes()}
        return redirect(f"/campuses/{campuses[box]}" if box in campuses else "/", 303)

    @pages.post("/boxes/<box_id>/replace")
    @require("staff")
    @takes("new")
    def replace(box_id: str) -> Response:
        # Where that cannot be, the fault's own page says why.
        campus_id = hub.keeping.history.replace(box_id, request.form.get("new", ""), session_now().person)
        return redirect(f"/campuses/{campus_id}", 303)

    @pages.post("/boxes/<box_id>/adoption")
    @require("staff")
    def adoption(box_id: str) -> str:
        shown = hub.adoptions.make(box_id, session_now().person)
        address = request.host_url.rstrip("/")
        return render_template("hub/adoption.html", shown=shown, address=address)

    @pages.get("/audit")
    @require("staff")
    @takes(query=("before",))
    def audit() -> str:
        before = request.args.get("before", type=int)
        lines = hub.keeping.audit.lines(before, LINES)
        names = {one.id: one.name for one in hub.fleet.campuses()} | {one.id: one.name for one in hub.fleet.boxes()}
        rows = [
            {
                "moment": one.moment_seconds,
                "who": _who(one.who),
                "act": _act(one.act),
                "about": [_about(kind, value, names) for kind, value in one.about.items() if value],
            }
            for one in lines
        ]
        older = lines[-1].number if len(lines) == LINES else None
        backups = hub.keeping.backups
        return render_template(
            "hub/audit.html", rows=rows, older=older, last=backups.last_seconds(), restored=backups.restored_from()
        )

    return pages


def alarm_sentence(alarm: Alarm) -> str:
    """What an alarm says, in the reader's language."""
    return gettext(alarm.plain_sentence, **alarm.numbers)


def alarm_hint(alarm: Alarm) -> str:
    """What to do about it, in the reader's language."""
    return gettext(HINTS[alarm.kind])


def _who(who: str) -> str:
    named = {COMMAND_LINE: AT_THE_MACHINE, BY_CODE: BY_A_CODE}
    return gettext(named[who]) if who in named else who


def _act(act: str) -> str:
    return gettext(_ACTS[act]) if act in _ACTS else act


def _about(kind: str, value: str, names: Mapping[str, str]) -> str:
    """What an act was about: what we have a name for by its name, an alarm in words, all else as it is."""
    if kind == "alarm" and value in {one.value for one in Kind}:
        return gettext(_SETTLED[Kind(value)])
    return names.get(value, value)


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        abort(404)
