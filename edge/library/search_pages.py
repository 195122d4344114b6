"""The page for finding: one field, what was found, and what to choose by.

* A plain form that is sent by GET: an answer has an address, and works without a script.
* Nothing is read of any course while somebody waits: a few statements, and what they found.
* What was typed is shown again as it was typed, and nothing else of it is kept anywhere.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from edge.box import Box
from sync.web.app import require
from sync.web.takes import takes

READERS = ("learner", "guest", "teacher", "staff")
FIELDS = ("q", "subject", "language", "level", "minutes", "mb")
LETTERS_MAX = 200


def blueprint(box: Box) -> Blueprint:
    """The page for finding, for the box's application."""
    pages = Blueprint("search", __name__, template_folder="templates")

    @pages.get("/search")
    @require(*READERS)
    @takes(query=FIELDS)
    def search() -> ResponseReturnValue:
        # Loaded when somebody first searches: the first page needs none of it.
        from edge.library.found import answer

        fields = {name: request.args.get(name, "").strip()[:LETTERS_MAX] for name in FIELDS}
        return render_template("library/search.html", **answer(box, fields))

    return pages
