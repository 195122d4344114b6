"""The doctor's page: what is well with the box and what is not, for staff who stand beside it."""

import io

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from catalog.fault import CallerFault
from edge.box import Box
from sync.web.app import require
from sync.web.language import gettext
from sync.web.takes import OCTETS, takes

DATABASE_BYTES_MAX = 64 << 20
"""What is read through while somebody waits for the page; the command reads more."""


def blueprint(box: Box) -> Blueprint:
    """The page, for the box's application."""
    pages = Blueprint("doctor", __name__, template_folder="templates")

    @pages.get("/staff/doctor")
    @require("staff")
    def examine() -> ResponseReturnValue:
        # Loaded when somebody asks, as below: other pages need none of it.
        from edge.doctor import checks, facts, wording
        from edge.doctor.checks import State

        found = facts.read(box, DATABASE_BYTES_MAX)
        findings = checks.examine(found)
        return render_template(
            "doctor/doctor.html",
            standing=[
                (one, wording.sentence(one), wording.next_step(one, found), wording.seen(one.check, found))
                for one in findings
                if one.stands
            ],
            others={
                state: [
                    (wording.title(one.check), wording.seen(one.check, found)) for one in findings if one.state is state
                ]
                for state in (State.WELL, State.UNSEEN)
            },
            State=State,
            is_well=checks.is_well(findings),
            code=checks.code(found, findings),
            is_enrolled=box.hub is not None,
        )

    @pages.get("/staff/doctor/report.age")
    @require("staff")
    @takes(gives=OCTETS)
    def report() -> ResponseReturnValue:
        if box.hub is None:
            raise CallerFault(
                gettext("A report is sealed for the hub, and this box has none yet."),
                gettext("Enrol the box first; until then read out the letters on this page."),
            )
        from edge.doctor.bundle import write

        # Bounded in all its parts, and made for this one answer: no file that the front could send.
        written = io.BytesIO()
        write(box, written)
        headers = {
            "Content-Disposition": f'attachment; filename="report-{box.id}.age"',
            "Cache-Control": "no-store",
        }
        return Response(written.getvalue(), 200, headers, content_type=OCTETS)

    return pages
