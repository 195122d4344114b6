"""The doctor's page: what is well with the box and what is not, for staff who stand beside it."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.doctor import checks, facts, wording
from edge.doctor.checks import State
from sync.web.app import require

DATABASE_BYTES_MAX = 64 << 20
"""What is read through while somebody waits for the page; the command reads more."""


def blueprint(box: Box) -> Blueprint:
    """The page, for the box's application."""
    pages = Blueprint("doctor", __name__, template_folder="templates")

    @pages.get("/staff/doctor")
    @require("staff")
    def examine() -> ResponseReturnValue:
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
        )

    return pages
