"""One learner, for the hub's staff: everything handed out, or everything away.

* Both are written to the audit log, in the transaction of the act.
* Before anybody is erased a page names them and says what goes and what stays.
* Whoever is not on the roster of the campus that the address names has no such pages.
"""

import io
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, render_template
from flask.typing import ResponseReturnValue

from sync.hub.fleet import Campus
from sync.hub.pages.campuses import asked_for
from sync.web.app import require, session_now
from sync.web.takes import takes

if TYPE_CHECKING:
    from sync.hub.campus.roster import Pupil
    from sync.hub.hub import Hub


def create_pages(hub: "Hub") -> Blueprint:
    """The pages about what the hub holds of one learner."""
    pages = Blueprint("learners", __name__, template_folder="../templates")

    @pages.post("/campuses/<campus_id>/learners/<learner>/export.zip")
    @require("staff")
    @takes(gives="application/zip")
    def export(campus_id: str, learner: str) -> ResponseReturnValue:
        # Loaded when somebody asks.
        from sync.hub.exporting.one import hand_out

        campus, pupil = _found(hub, campus_id, learner)
        # One learner's steps are some hundred kilobytes, made for this one answer: no file that the front could send.
        written = io.BytesIO()
        hand_out(hub.engine, hub.intake.readout, hub.clock, campus.id, pupil.id, written, session_now().person)
        headers = {
            "Content-Disposition": f'attachment; filename="learner-{pupil.id}.zip"',
            "Cache-Control": "no-store",
        }
        return Response(written.getvalue(), 200, headers, content_type="application/zip")

    @pages.get("/campuses/<campus_id>/learners/<learner>/erase")
    @require("staff")
    def ask_erase(campus_id: str, learner: str) -> ResponseReturnValue:
        campus, pupil = _found(hub, campus_id, learner)
        elsewhere = hub.elsewhere.campuses_of(campus.id, pupil.id)
        return render_template("hub/erase.html", campus=campus, learner=pupil, elsewhere=elsewhere)

    @pages.post("/campuses/<campus_id>/learners/<learner>/erase")
    @require("staff")
    def erase(campus_id: str, learner: str) -> ResponseReturnValue:
        campus, pupil = _found(hub, campus_id, learner)
        hub.keeping.erasing.erase(campus.id, pupil.id, session_now().person)
        return redirect(f"/campuses/{campus.id}/roster", 303)

    return pages


def _found(hub: "Hub", campus_id: str, learner: str) -> "tuple[Campus, Pupil]":
    campus = asked_for(hub, campus_id)
    pupils = [one for group in hub.roster.classes(campus.id) for one in group.learners]
    return campus, next((one for one in pupils if one.id == learner), None) or abort(404)
