"""Keeping, on the pages: an alarm is seen to, and everything of one learner is handed out.

* Who did so is in the campus's journal.
"""

import io

from flask import Blueprint, Response, abort, redirect
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.keeping import acts, resetting
from edge.keeping.alarms import KINDS
from sync.web.app import require, session_now
from sync.web.takes import takes


def blueprint(box: Box) -> Blueprint:
    """These pages, for the box's application."""
    pages = Blueprint("keeping", __name__, template_folder="templates")

    @pages.post("/staff/alarms/<kind>")
    @require("staff")
    def settle(kind: str) -> ResponseReturnValue:
        found = next((one for one in KINDS if one == kind), None) or abort(404)
        acts.settle(box, found, session_now().person)
        return redirect("/staff", 303)

    resetting.add_pages(pages, box)

    @pages.get("/learners/<learner>/export.zip")
    @require("teacher", "staff")
    @takes(gives="application/zip")
    def export(learner: str) -> ResponseReturnValue:
        # Loaded when somebody asks.
        from edge.keeping.learner import export as write_learner

        person = box.people.person(learner)
        if person is None or person.kind != "learner":
            abort(404)
        acts.exported_learner(box, person.id, session_now().person)
        # One learner's steps are some hundred kilobytes, made for this one answer: no file that the front could send.
        written = io.BytesIO()
        write_learner(box, person, written)
        headers = {
            "Content-Disposition": f'attachment; filename="learner-{person.id}.zip"',
            "Cache-Control": "no-store",
        }
        return Response(written.getvalue(), 200, headers, content_type="application/zip")

    return pages
